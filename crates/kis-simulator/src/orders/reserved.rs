//! Reserved orders: they wait for their day, and are entered then as any other, or refused.

use chrono::{DateTime, NaiveDate, TimeDelta, Timelike, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    AccountId, Call, Desk, account_of,
    money::{is_covered, reserves},
    order::{Order, Side, units},
    place::{Meant, Terms, new, whole},
    refusal::Refused,
    session,
};
use crate::{
    Hours, Options,
    clock::{Instant, kst},
    http::{Answer, Request},
    listing::Listed,
    market::{Market, Quote},
};

/// The longest that a reservation may go on.
const LONGEST: TimeDelta = TimeDelta::days(30);

/// When reserved orders are entered at home, as a minute of the day.
const ENTERED: i64 = 510;

/// A reserved order.
#[derive(Debug, Clone)]
pub(super) struct Reserved {
    pub(super) account: AccountId,
    pub(super) number: u64,
    pub(super) side: Side,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) exchange: String,
    pub(super) abroad: Option<&'static Listed>,
    pub(super) order_type: String,
    pub(super) quantity: i64,
    pub(super) price: Decimal,
    pub(super) received: DateTime<Utc>,
    /// When it is entered, or is so once more.
    pub(super) due: DateTime<Utc>,
    /// The last day on which it is, at home.
    pub(super) until: Option<NaiveDate>,
    pub(super) cancelled: Option<DateTime<Utc>>,
    /// Numbers of the orders that were made of it.
    pub(super) made: Vec<u64>,
    /// Why it was refused when it was entered.
    pub(super) refused: Option<&'static str>,
}

/// A reserved order as the simulated KIS knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedState {
    /// `RSVN_ORD_SEQ`; abroad `OVRS_RSVN_ODNO`, ten digits.
    pub number: String,
    /// Whether it sells or buys.
    pub side: Side,
    /// The issue.
    pub code: String,
    /// Shares.
    pub quantity: i64,
    /// Its price; 0 for types that have none.
    pub price: Decimal,
    /// When it is entered, or is so once more.
    pub due: DateTime<Utc>,
    /// Whether it was cancelled.
    pub is_cancelled: bool,
    /// Numbers of the orders that were made of it.
    pub made: Vec<String>,
    /// Why it was refused when it was entered.
    pub refused: Option<&'static str>,
}

#[derive(Serialize)]
struct Body<T> {
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: &'static str,
    output: T,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Sequence {
    rsvn_ord_seq: String,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Done {
    nrml_prcs_yn: &'static str,
}

impl Reserved {
    /// Whether it will still be entered.
    pub(super) fn waits(&self) -> bool {
        self.cancelled.is_none() && (self.made.is_empty() && self.refused.is_none() || self.goes_on())
    }

    /// Whether it is entered again after it was.
    fn goes_on(&self) -> bool {
        self.until.is_some_and(|until| kst(self.due).date_naive() <= until)
    }

    /// Its number as answers have it.
    pub(super) fn written(&self) -> String {
        if self.abroad.is_some() { format!("{:010}", self.number) } else { self.number.to_string() }
    }

    pub(super) fn state(&self) -> ReservedState {
        ReservedState {
            number: self.written(),
            side: self.side,
            code: self.code.clone(),
            quantity: self.quantity,
            price: self.price,
            due: self.due,
            is_cancelled: self.cancelled.is_some(),
            made: self.made.iter().map(|number| format!("{number:010}")).collect(),
            refused: self.refused,
        }
    }
}

/// An answer that was accepted.
pub(super) fn done<T: Serialize>(msg_cd: &'static str, msg1: &'static str, output: T) -> Answer {
    Answer::of(200, &Body { rt_cd: "0", msg_cd, msg1, output })
}

/// What a call at home reserves: side, shares, price, type and last day.
struct Asked {
    side: Side,
    quantity: i64,
    price: i64,
    order_type: String,
    until: Option<NaiveDate>,
    quote: Quote,
}

impl Asked {
    fn of(call: &Call<'_>) -> Result<Self, Refused> {
        let side = side(call.param("SLL_BUY_DVSN_CD"))?;
        let order_type = call.param("ORD_DVSN_CD");
        if !matches!(order_type, "00" | "01" | "02" | "05") {
            return Err(Refused::Input("ORD_DVSN_CD"));
        }
        // Orders on credit are not simulated.
        if call.param("ORD_OBJT_CBLC_DVSN_CD") != "10" {
            return Err(Refused::Input("ORD_OBJT_CBLC_DVSN_CD"));
        }
        let until = match call.param("RSVN_ORD_END_DT") {
            "" => None,
            text => Some(NaiveDate::parse_from_str(text, "%Y%m%d").map_err(|_| Refused::Input("RSVN_ORD_END_DT"))?),
        };
        let today = kst(call.now).date_naive();
        if until.is_some_and(|until| until <= today || until - today > LONGEST) {
            return Err(Refused::Input("RSVN_ORD_END_DT"));
        }
        let quantity = whole(call, "ORD_QTY")?;
        let quote = call.market.quote(call.param("PDNO"), call.options, call.now).ok_or(Refused::NoIssue)?;
        if quantity == 0 {
            return Err(Refused::Quantity);
        }
        let stated = whole(call, "ORD_UNPR")?;
        let price = if session::is_priced(order_type) { stated } else { 0 };
        if session::is_priced(order_type) && (price == 0 || !quote.is_step(price)) {
            return Err(Refused::Step);
        }
        Ok(Self { side, quantity, price, order_type: order_type.to_owned(), until, quote })
    }
}

/// The side that a parameter names.
pub(super) fn side(code: &str) -> Result<Side, Refused> {
    match code {
        "01" => Ok(Side::Sell),
        "02" => Ok(Side::Buy),
        _ => Err(Refused::Input("SLL_BUY_DVSN_CD")),
    }
}

/// Whether reservations are taken at home: from 15:40 until 07:30, but for half an hour around midnight.
fn check_hours(call: &Call<'_>) -> Result<(), Refused> {
    let local = kst(call.now);
    let minute = local.hour() * 60 + local.minute();
    let is_day = call.market.trades_on(local.date_naive());
    let is_taken = match minute {
        0..10 | 1_420.. => false,
        10..450 | 940..1_420 => true,
        _ => !is_day,
    };
    match call.market.hours() {
        Hours::Krx if !is_taken => Err(Refused::ReservedHours),
        _ => Ok(()),
    }
}

/// When a reservation that is received now is entered: on the day of trading whose morning is next.
fn due(market: &Market, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = kst(now).date_naive();
    let this_morning = session::moment(today, ENTERED);
    match now < this_morning && market.trades_on(today) {
        true => this_morning,
        false => session::moment(market.day_after(today), ENTERED),
    }
}

impl Desk {
    /// `POST …/trading/order-resv`.
    pub(super) fn reserve(&mut self, call: Call<'_>) -> Result<Answer, Refused> {
        check_hours(&call)?;
        let asked = Asked::of(&call)?;
        self.last_reserved += 1;
        self.reserved.push(Reserved {
            account: account_of(call.options),
            number: self.last_reserved,
            side: asked.side,
            code: call.param("PDNO").to_owned(),
            name: asked.quote.name.clone(),
            exchange: "KRX".to_owned(),
            abroad: None,
            order_type: asked.order_type,
            quantity: asked.quantity,
            price: asked.price.into(),
            received: call.now,
            due: due(call.market, call.now),
            until: asked.until,
            cancelled: None,
            made: Vec::new(),
            refused: None,
        });
        let output = Sequence { rsvn_ord_seq: self.last_reserved.to_string() };
        Ok(done("APBK2938", "예약주문이 접수되었습니다.", output))
    }

    /// `POST …/trading/order-resv-rvsecncl`: it touches no order that was made of the reservation.
    pub(super) fn change_reserved(&mut self, cancels: bool, call: Call<'_>) -> Result<Answer, Refused> {
        check_hours(&call)?;
        let asked = if cancels { None } else { Some(Asked::of(&call)?) };
        let at = self.waiting(call.param("RSVN_ORD_SEQ"), false, &call)?;
        let Some(reserved) = self.reserved.get_mut(at) else { return Err(Refused::NoOrder) };
        match asked {
            None => reserved.cancelled = Some(call.now),
            Some(asked) => {
                reserved.side = asked.side;
                reserved.code = call.param("PDNO").to_owned();
                reserved.name.clone_from(&asked.quote.name);
                reserved.order_type = asked.order_type;
                reserved.quantity = asked.quantity;
                reserved.price = asked.price.into();
                reserved.until = asked.until;
            }
        }
        Ok(done("KIOK0430", "정상적으로 처리되었습니다", Done { nrml_prcs_yn: "Y" }))
    }

    /// Where a reservation is that a call names and that still waits.
    pub(super) fn waiting(&self, number: &str, is_abroad: bool, call: &Call<'_>) -> Result<usize, Refused> {
        let number = super::order::number(number).ok_or(Refused::NoOrder)?;
        let account = account_of(call.options);
        let is_meant = |reserved: &Reserved| {
            reserved.account == account && reserved.number == number && reserved.abroad.is_some() == is_abroad
        };
        let at = self.reserved.iter().position(is_meant).ok_or(Refused::NoOrder)?;
        match self.reserved.get(at).is_some_and(Reserved::waits) {
            true => Ok(at),
            false => Err(Refused::NoRest),
        }
    }

    /// Enters the reservations whose time has come.
    pub(super) fn enter_due(&mut self, own: &mut Options, market: &Market, now: DateTime<Utc>, arrived: Instant) {
        for at in 0..self.reserved.len() {
            while let Some(due) = self.reserved.get(at).filter(|reserved| reserved.waits()).map(|reserved| reserved.due)
            {
                if due > now {
                    break;
                }
                self.enter(at, own, market, due, arrived);
            }
        }
    }

    /// Enters a reservation.
    pub(super) fn enter(
        &mut self,
        at: usize,
        own: &mut Options,
        market: &Market,
        now: DateTime<Utc>,
        arrived: Instant,
    ) {
        let Some(reserved) = self.reserved.get(at).cloned() else { return };
        let (cano, product_code) = (reserved.account.0.as_str(), reserved.account.1.as_str());
        let options = self.seen(own, (cano, product_code), market, now);
        let call = Call { request: &Request::default(), market, options: &options, now, arrived };
        let made = self.order_of(&reserved, &call);
        let number = made.as_ref().ok().map(|order| order.number);
        if let Some(reserved) = self.reserved.get_mut(at) {
            reserved.made.extend(number);
            reserved.refused = made.as_ref().err().map(|refused| refused.text(options.mode));
            reserved.due = due(market, now.max(reserved.due) + TimeDelta::minutes(1));
        }
        if let Ok(order) = made {
            self.accept(order, own, &call);
        }
    }

    /// The order that a reservation becomes, if it can be one.
    fn order_of(&mut self, reserved: &Reserved, call: &Call<'_>) -> Result<Order, Refused> {
        let terms = Terms { order_type: reserved.order_type.clone(), price: reserved.price, condition: Decimal::ZERO };
        let (exchange, abroad) = (reserved.exchange.as_str(), reserved.abroad);
        let meant = Meant { code: &reserved.code, name: &reserved.name, exchange, abroad };
        let quantity = reserved.quantity;
        if let Some(listed) = abroad {
            let unit = if reserved.side == Side::Buy { units(reserved.price, listed.decimals) } else { 0 };
            if !super::money_abroad::is_covered(reserved.side, exchange, listed, (quantity, reserved.price), call) {
                return Err(if reserved.side == Side::Sell { Refused::Sellable } else { Refused::Funds });
            }
            let number = self.number_abroad();
            return Ok(Order { reserves: unit, ..new(number, reserved.side, &meant, &terms, quantity, call) });
        }
        let quote = call.market.quote(&reserved.code, call.options, call.now).ok_or(Refused::NoIssue)?;
        let price = units(reserved.price, 0);
        if price != 0 && !(quote.limits.1..=quote.limits.0).contains(&price) {
            return Err(Refused::Limits);
        }
        let unit = reserves(reserved.side, price, quote.limits);
        if !is_covered(reserved.side, &reserved.code, quantity, unit, call) {
            return Err(if reserved.side == Side::Sell { Refused::Sellable } else { Refused::Funds });
        }
        let number = self.number();
        Ok(Order { reserves: unit, ..new(number, reserved.side, &meant, &terms, quantity, call) })
    }
}
