//! Reserved orders abroad: each market enters them when its session begins. Neither money nor holdings are looked at before.

use std::str::FromStr;

use chrono::Timelike;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Call, Desk, account_of,
    order::Side,
    place::whole,
    refusal::Refused,
    reserved::{Reserved, done, side},
};
use crate::{Hours, clock::kst, http::Answer, listing, market::market_of};

/// The minutes of the day in which none is taken.
const CLOSED: std::ops::Range<u32> = 990..1_005;

/// Exchanges that reservations of Asia are taken for, with the types of product that name them.
const ASIA: [(&str, &[&str]); 6] = [
    ("TKSE", &["515"]),
    ("SEHK", &["501", "543", "558"]),
    ("HASE", &["507"]),
    ("VNSE", &["508"]),
    ("SHAA", &["551"]),
    ("SZAA", &["552"]),
];

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct American {
    odno: String,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Asian {
    rsvn_ord_rcit_dt: String,
    ovrs_rsvn_odno: String,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Cancelled {
    ovrs_rsvn_odno: String,
}

fn check_hours(call: &Call<'_>) -> Result<(), Refused> {
    let local = kst(call.now);
    let minute = local.hour() * 60 + local.minute();
    match call.market.hours() {
        Hours::Krx if CLOSED.contains(&minute) => Err(Refused::ClosedAbroad),
        _ => Ok(()),
    }
}

impl Desk {
    /// `POST …/overseas-stock/v1/trading/order-resv` of the United States.
    pub(super) fn reserve_american(&mut self, side: Side, call: Call<'_>) -> Result<Answer, Refused> {
        check_hours(&call)?;
        let exchange = call.param("OVRS_EXCG_CD");
        if !matches!(exchange, "NASD" | "NYSE" | "AMEX") {
            return Err(Refused::Input("OVRS_EXCG_CD"));
        }
        let order_type = match (call.param("ORD_DVSN"), side) {
            ("" | "00", _) => "00",
            ("31", Side::Sell) => "31",
            ("35", _) => "35",
            ("36", _) => "36",
            _ => return Err(Refused::TypeAbroad),
        };
        let number = self.reserve_abroad(exchange, side, order_type, &call)?;
        Ok(done("APBK0013", "주문 전송 완료 되었습니다.", American { odno: format!("{number:010}") }))
    }

    /// The same path for Asia, by which reservations are cancelled too.
    pub(super) fn reserve_asian(&mut self, call: Call<'_>) -> Result<Answer, Refused> {
        check_hours(&call)?;
        let number = match call.param("RVSE_CNCL_DVSN_CD") {
            "02" => {
                let number = self.cancel_reserved_abroad(&call)?;
                return Ok(done("APBK1711", "취소주문이 접수되었습니다.", asian(number, &call)));
            }
            "00" => {
                let (exchange, kind) = (call.param("OVRS_EXCG_CD"), call.param("PRDT_TYPE_CD"));
                let known = ASIA.iter().find(|(known, _)| *known == exchange).ok_or(Refused::Input("OVRS_EXCG_CD"))?;
                if !known.1.contains(&kind) {
                    return Err(Refused::Input("PRDT_TYPE_CD"));
                }
                self.reserve_abroad(exchange, side(call.param("SLL_BUY_DVSN_CD"))?, "00", &call)?
            }
            _ => return Err(Refused::Input("RVSE_CNCL_DVSN_CD")),
        };
        Ok(done("APBK0013", "주문 전송 완료 되었습니다.", asian(number, &call)))
    }

    /// `POST …/overseas-stock/v1/trading/order-resv-ccnl`, which cancels. The number that it gives is the cancellation's.
    pub(super) fn cancel_reserved_american(&mut self, call: Call<'_>) -> Result<Answer, Refused> {
        let number = self.cancel_reserved_abroad(&call)?;
        let output = Cancelled { ovrs_rsvn_odno: format!("{number:010}") };
        Ok(done("APBK1711", "취소주문이 접수되었습니다.", output))
    }

    fn cancel_reserved_abroad(&mut self, call: &Call<'_>) -> Result<u64, Refused> {
        let at = self.waiting(call.param("OVRS_RSVN_ODNO"), true, call)?;
        let stated = [call.param("RSYN_ORD_RCIT_DT"), call.param("RSVN_ORD_RCIT_DT")].concat();
        let Some(reserved) = self.reserved.get_mut(at) else { return Err(Refused::NoOrder) };
        if kst(reserved.received).format("%Y%m%d").to_string() != stated {
            return Err(Refused::NoOrder);
        }
        reserved.cancelled = Some(call.now);
        Ok(self.number_abroad())
    }

    fn reserve_abroad(
        &mut self,
        exchange: &str,
        side: Side,
        order_type: &str,
        call: &Call<'_>,
    ) -> Result<u64, Refused> {
        let market = market_of(exchange).ok_or(Refused::Input("OVRS_EXCG_CD"))?;
        let listed = listing::overseas(market, call.param("PDNO")).ok_or(Refused::NoIssue)?;
        let quote = call.market.quote_abroad(listed, call.now);
        let quantity = whole(call, "FT_ORD_QTY")?;
        if quantity == 0 || quantity % listed.lot.max(1) != 0 {
            return Err(Refused::Quantity);
        }
        let stated = Decimal::from_str(call.param("FT_ORD_UNPR3")).map_err(|_| Refused::Input("FT_ORD_UNPR3"))?;
        let price = if order_type == "31" { Decimal::ZERO } else { stated };
        if order_type != "31" && !quote.is_step(super::order::units(price, quote.decimals)) {
            return Err(Refused::Step);
        }
        let number = self.number_abroad();
        self.reserved.push(Reserved {
            account: account_of(call.options),
            number,
            side,
            code: listed.code.to_owned(),
            name: quote.name.clone(),
            exchange: exchange.to_owned(),
            abroad: Some(listed),
            order_type: order_type.to_owned(),
            quantity,
            price,
            received: call.now,
            due: quote.next_opening(call.now),
            until: None,
            cancelled: None,
            made: Vec::new(),
            refused: None,
        });
        Ok(number)
    }
}

fn asian(number: u64, call: &Call<'_>) -> Asian {
    Asian { rsvn_ord_rcit_dt: kst(call.now).format("%Y%m%d").to_string(), ovrs_rsvn_odno: format!("{number:010}") }
}
