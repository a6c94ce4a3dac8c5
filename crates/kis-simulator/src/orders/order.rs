//! One order, amendment or cancellation: each has a number and a row of its own.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::AccountId;
use crate::{
    clock::{Instant, kst},
    listing::Listed,
};

/// Whether an order sells or buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `SLL_BUY_DVSN_CD` 01.
    Sell,
    /// `SLL_BUY_DVSN_CD` 02.
    Buy,
}

impl Side {
    /// `SLL_BUY_DVSN_CD`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Sell => "01",
            Self::Buy => "02",
        }
    }

    /// Its Korean name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sell => "매도",
            Self::Buy => "매수",
        }
    }
}

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is new.
    New,
    /// It takes the place of another, or of a part of it.
    Amend,
    /// It ends another, or a part of it.
    Cancel,
}

/// An order as the simulated KIS knows it.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) account: AccountId,
    pub(super) number: u64,
    /// The order that it amends or cancels.
    pub(super) original: Option<u64>,
    pub(super) branch: String,
    pub(super) kind: Kind,
    pub(super) side: Side,
    pub(super) code: String,
    pub(super) name: String,
    /// `EXCG_ID_DVSN_CD`: KRX, NXT or SOR; abroad `OVRS_EXCG_CD`.
    pub(super) exchange: String,
    /// The issue, if it is one abroad.
    pub(super) abroad: Option<&'static Listed>,
    /// Whether it is one of the American day market, in the morning and afternoon of Korea.
    pub(super) is_by_day: bool,
    /// `ORD_DVSN`.
    pub(super) order_type: String,
    pub(super) quantity: i64,
    /// 0 for types that have none.
    pub(super) price: Decimal,
    /// `CNDT_PRIC`; 0 without one.
    pub(super) condition: Decimal,
    pub(super) placed: DateTime<Utc>,
    /// Up to when the market was looked at.
    pub(super) looked: DateTime<Utc>,
    pub(super) filled: i64,
    pub(super) amount: Decimal,
    /// Fees and tax of what was filled.
    pub(super) charges: Decimal,
    /// Shares that still wait.
    pub(super) rest: i64,
    pub(super) rejected: i64,
    pub(super) cancelled: i64,
    /// An amendment or a cancellation that the exchange has not confirmed yet, and when it will by itself.
    pub(super) pending: Option<Option<Instant>>,
    /// What is reserved for a share that is to be bought, in the smallest unit of its prices.
    pub(super) reserves: i64,
    /// `ordr_empno`.
    pub(super) entered_by: String,
    /// From when lists show it; `None` if they never do.
    pub(super) shown_from: Option<Instant>,
    /// Whether it has died unfilled, by its day or by its type.
    pub(super) is_over: bool,
    /// The price that its type took from the book.
    pub(super) limit: Option<i64>,
    /// Whether the price of a stop order has come.
    pub(super) is_awake: bool,
}

impl Order {
    /// The day that it is an order of.
    pub(super) fn day(&self) -> NaiveDate {
        kst(self.placed).date_naive()
    }

    /// `ord_tmd`.
    pub(super) fn time(&self) -> String {
        kst(self.placed).format("%H%M%S").to_string()
    }

    /// The number as an answer to an order has it.
    pub(super) fn odno(&self) -> String {
        format!("{:010}", self.number)
    }

    /// Whether some of it can still be filled.
    pub(super) fn is_live(&self) -> bool {
        self.kind != Kind::Cancel && self.rest > 0 && !self.is_over
    }

    /// Places of its prices.
    pub(super) fn decimals(&self) -> u32 {
        self.abroad.map_or(0, |listed| listed.decimals)
    }

    /// Its price in the smallest unit; 0 without one.
    pub(super) fn units(&self) -> i64 {
        units(self.price, self.decimals())
    }

    /// The average price of what was filled.
    pub(super) fn average(&self) -> Decimal {
        self.amount.checked_div(Decimal::from(self.filled)).unwrap_or_default()
    }

    /// What a test is told of it.
    pub(super) fn state(&self) -> OrderState {
        OrderState {
            account_no: self.account.0.clone(),
            product_code: self.account.1.clone(),
            number: self.odno(),
            original: self.original.map(|number| format!("{number:010}")),
            kind: self.kind,
            side: self.side,
            code: self.code.clone(),
            exchange: self.exchange.clone(),
            order_type: self.order_type.clone(),
            quantity: self.quantity,
            price: self.price,
            placed: self.placed,
            filled: self.filled,
            amount: self.amount,
            rest: self.rest,
            rejected: self.rejected,
            cancelled: self.cancelled,
            is_pending: self.pending.is_some(),
            entered_by: self.entered_by.clone(),
        }
    }
}

/// A price in the smallest unit.
pub(super) fn units(price: Decimal, decimals: u32) -> i64 {
    i64::try_from((price * Decimal::from(10_i64.pow(decimals))).trunc()).unwrap_or(0)
}

/// An order number without its zeros and spaces.
pub(super) fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|number| *number > 0)
}

/// An order as the simulated KIS knows it, whatever its lists show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderState {
    /// `CANO`.
    pub account_no: String,
    /// `ACNT_PRDT_CD`.
    pub product_code: String,
    /// Its number, ten digits.
    pub number: String,
    /// The number of the order that it amends or cancels.
    pub original: Option<String>,
    /// What it does.
    pub kind: Kind,
    /// Whether it sells or buys.
    pub side: Side,
    /// The issue.
    pub code: String,
    /// `KRX`, `NXT` or `SOR`; abroad such as `NASD`.
    pub exchange: String,
    /// `ORD_DVSN`.
    pub order_type: String,
    /// Shares ordered.
    pub quantity: i64,
    /// Its price; 0 for types that have none.
    pub price: Decimal,
    /// When it was accepted.
    pub placed: DateTime<Utc>,
    /// Shares filled.
    pub filled: i64,
    /// What was paid for them, without fees.
    pub amount: Decimal,
    /// Shares that still wait.
    pub rest: i64,
    /// Shares that the exchange refused.
    pub rejected: i64,
    /// Shares that were cancelled or amended away.
    pub cancelled: i64,
    /// Whether the exchange has yet to confirm it: amendments and cancellations only.
    pub is_pending: bool,
    /// `ordr_empno`: `OpnAPI`, or what a [`Stranger`] says.
    pub entered_by: String,
}

/// An order that somebody else has entered, at KIS's home trading system for instance. It exists from now on; money and
/// positions follow as with any other.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// The account, by `CANO` and `ACNT_PRDT_CD`; the first of the first key if it is not said.
    pub account: Option<(String, String)>,
    /// Whether it sells or buys.
    pub side: Side,
    /// The issue.
    pub code: String,
    /// `KRX`, `NXT` or `SOR`; abroad such as `NASD`.
    pub exchange: String,
    /// `ORD_DVSN`.
    pub order_type: String,
    /// Shares ordered.
    pub quantity: i64,
    /// Its price; 0 for types that have none.
    pub price: Decimal,
    /// `ordr_empno`.
    pub entered_by: String,
    /// When it was entered; now if it is not said.
    pub placed: Option<DateTime<Utc>>,
}

impl Stranger {
    /// A limit order of the Korea Exchange, entered at a branch.
    pub fn limit(side: Side, code: &str, quantity: i64, price: impl Into<Decimal>) -> Self {
        Self {
            account: None,
            side,
            code: code.to_owned(),
            exchange: "KRX".to_owned(),
            order_type: "00".to_owned(),
            quantity,
            price: price.into(),
            entered_by: "HTS".to_owned(),
            placed: None,
        }
    }
}
