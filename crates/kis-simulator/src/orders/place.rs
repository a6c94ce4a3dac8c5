//! `POST …/trading/order-cash`.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Call, Desk, account_of,
    money::{is_covered, reserves},
    order::{Kind, Order, Side, Stranger, units},
    refusal::Refused,
    session,
};
use crate::{
    Mode, Options,
    clock::Instant,
    http::{Answer, Request},
    listing::{self, Listed},
    market::{Market, Quote, market_of},
};

#[derive(Serialize)]
struct Accepted<'a> {
    rt_cd: &'a str,
    msg_cd: &'a str,
    msg1: String,
    output: Output,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Output {
    krx_fwdg_ord_orgno: String,
    odno: String,
    ord_tmd: String,
    /// For smart order routing, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sor_odno: Option<&'static str>,
}

/// Type, price and condition of an order.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    pub(super) order_type: String,
    pub(super) price: Decimal,
    pub(super) condition: Decimal,
}

/// What is ordered, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant<'a> {
    pub(super) code: &'a str,
    pub(super) name: &'a str,
    pub(super) exchange: &'a str,
    /// The issue, if it is one abroad.
    pub(super) abroad: Option<&'static Listed>,
}

impl Desk {
    pub(super) fn place(&mut self, side: Side, own: &mut Options, call: Call<'_>) -> Result<Answer, Refused> {
        let options = call.options;
        let exchange = exchange(&call)?;
        if side == Side::Sell && !matches!(call.param("SLL_TYPE"), "" | "01" | "02" | "05") {
            return Err(Refused::Input("SLL_TYPE"));
        }
        let quantity = whole(&call, "ORD_QTY")?;
        let code = call.param("PDNO");
        let quote = call.market.quote(code, options, call.now).ok_or(Refused::NoIssue)?;
        let terms = terms(&call, &quote, exchange)?;
        let lot = quote.listed.map_or(1, |listed| listed.lot.max(1));
        if quantity == 0 || quantity % lot != 0 {
            return Err(Refused::Quantity);
        }
        let reserves = reserves(side, units(terms.price, 0), quote.limits);
        if !is_covered(side, code, quantity, reserves, &call) {
            return Err(if side == Side::Sell { Refused::Sellable } else { Refused::Funds });
        }
        let number = self.number();
        let meant = Meant { code, name: &quote.name, exchange, abroad: None };
        let order = Order { reserves, ..new(number, side, &meant, &terms, quantity, &call) };
        Ok(self.accept(order, own, &call))
    }

    /// An order that has passed all checks: its answer.
    pub(super) fn accept(&mut self, order: Order, own: &mut Options, call: &Call<'_>) -> Answer {
        let shown_from = self.steering.shown_from(order.number, call.market, call.arrived);
        let order = Order { shown_from, ..order };
        let answer = accepted(&order, call.options.mode);
        self.orders.push(order);
        self.meet(self.orders.len() - 1, own, call);
        answer
    }
}

/// Enters somebody else's order, whatever the account can pay for; its number.
pub(super) fn stranger(
    desk: &mut Desk,
    own: &Options,
    of: &Stranger,
    market: &Market,
    (now, arrived): (DateTime<Utc>, Instant),
) -> String {
    let (cano, product) = of.account.clone().unwrap_or((own.cano.clone(), own.product_code.clone()));
    let options = own.of_account(&cano, &product);
    let abroad = market_of(&of.exchange).and_then(|market| listing::overseas(market, &of.code));
    let quote = match abroad {
        Some(listed) => Some(market.quote_abroad(listed, now)),
        None => market.quote(&of.code, &options, now),
    };
    let terms = Terms { order_type: of.order_type.clone(), price: of.price, condition: Decimal::ZERO };
    let name = quote.as_ref().map_or(of.code.as_str(), |quote| &quote.name);
    let call = Call { request: &Request::default(), market, options: &options, now: of.placed.unwrap_or(now), arrived };
    let number = if abroad.is_some() { desk.number_abroad() } else { desk.number() };
    let meant = Meant { code: &of.code, name, exchange: &of.exchange, abroad };
    let mut order = new(number, of.side, &meant, &terms, of.quantity, &call);
    let limits = quote.as_ref().map_or((order.units(), 0), |quote| quote.limits);
    order.reserves = reserves(of.side, order.units(), limits);
    order.entered_by.clone_from(&of.entered_by);
    order.shown_from = desk.steering.shown_from(number, market, arrived);
    let odno = order.odno();
    desk.orders.push(order);
    odno
}

/// A new order of a call, which holds no money yet and is not shown.
pub(super) fn new(number: u64, side: Side, meant: &Meant<'_>, terms: &Terms, quantity: i64, call: &Call<'_>) -> Order {
    let branch = match (call.options.mode, meant.abroad) {
        (Mode::Real, None) => "03930",
        (Mode::Real, Some(_)) => "01790",
        (Mode::Paper, _) => "00950",
    };
    Order {
        account: account_of(call.options),
        number,
        original: None,
        branch: branch.to_owned(),
        kind: Kind::New,
        side,
        code: meant.code.to_owned(),
        name: meant.name.to_owned(),
        exchange: meant.exchange.to_owned(),
        abroad: meant.abroad,
        is_by_day: false,
        order_type: terms.order_type.clone(),
        quantity,
        price: terms.price,
        condition: terms.condition,
        placed: call.now,
        looked: call.now,
        filled: 0,
        amount: Decimal::ZERO,
        charges: Decimal::ZERO,
        rest: quantity,
        rejected: 0,
        cancelled: 0,
        pending: None,
        reserves: 0,
        entered_by: "OpnAPI".to_owned(),
        shown_from: None,
        is_over: false,
        limit: None,
        is_awake: false,
    }
}

/// A whole number that a parameter is.
pub(super) fn whole(call: &Call<'_>, name: &'static str) -> Result<i64, Refused> {
    let text = call.param(name);
    let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).ok_or(Refused::Input(name))
}

/// The exchange of a call; the Korea Exchange if none is named.
pub(super) fn exchange<'a>(call: &'a Call<'_>) -> Result<&'a str, Refused> {
    match (call.param("EXCG_ID_DVSN_CD"), call.options.mode) {
        ("" | "KRX", _) => Ok("KRX"),
        (exchange @ ("NXT" | "SOR"), Mode::Real) => Ok(exchange),
        ("NXT" | "SOR", Mode::Paper) => Err(Refused::NotOnPaper),
        _ => Err(Refused::Input("EXCG_ID_DVSN_CD")),
    }
}

/// Type and price of a call, if there are such and they are taken now.
pub(super) fn terms(call: &Call<'_>, quote: &Quote, exchange: &str) -> Result<Terms, Refused> {
    let order_type = call.param("ORD_DVSN");
    if !session::is_known(order_type) {
        return Err(Refused::Type);
    }
    let stated = whole(call, "ORD_UNPR")?;
    let condition = if order_type == "22" { whole(call, "CNDT_PRIC")? } else { 0 };
    if exchange == "NXT" && !quote.is_on_nxt {
        return Err(Refused::NotThere);
    }
    if quote.is_halted {
        return Err(Refused::Halted);
    }
    session::check(call.market, call.options.mode, (exchange, order_type), quote, call.now)?;
    // What has no price of its own ignores the one that is given.
    let price = if session::is_priced(order_type) { stated } else { 0 };
    for price in [(session::is_priced(order_type)).then_some(price), (order_type == "22").then_some(condition)] {
        let Some(price) = price else { continue };
        let (upper, lower) = quote.limits;
        if !(lower..=upper).contains(&price) {
            return Err(Refused::Limits);
        }
        if !quote.is_step(price) {
            return Err(Refused::Step);
        }
    }
    Ok(Terms { order_type: order_type.to_owned(), price: price.into(), condition: condition.into() })
}

/// The answer to an order that was accepted.
pub(super) fn accepted(order: &Order, mode: Mode) -> Answer {
    let what = match order.kind {
        Kind::New => order.side.name(),
        Kind::Amend => "정정",
        Kind::Cancel => "취소",
    };
    // Only at home there is a choice of exchanges.
    let sor_odno = (mode == Mode::Real && order.abroad.is_none()).then_some("");
    let (msg_cd, msg1) = match mode {
        Mode::Real => ("APBK0013", "주문 전송 완료 되었습니다.".to_owned()),
        Mode::Paper => ("40600000", format!("모의투자 {what}주문이 완료 되었습니다.")),
    };
    let output =
        Output { krx_fwdg_ord_orgno: order.branch.clone(), odno: order.odno(), ord_tmd: order.time(), sor_odno };
    Answer::of(200, &Accepted { rt_cd: "0", msg_cd, msg1, output })
}
