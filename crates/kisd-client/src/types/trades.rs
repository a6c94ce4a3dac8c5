//! What an account has traded, as KIS lists it. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stock::Market;
use crate::{number::Number, whole};

/// Parameters of `account.orders`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountOrdersParams {
    /// The day, such as 2026-11-27: that of Korea or of the market, whichever an order was given on. Left out: today, and of the
    /// US its own today as well, which ends in the Korean afternoon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// At home or abroad alone. Left out: both, where the account has both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<TradeRegion>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Parameters of `account.executions`, `account.profits` and `account.transactions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountPeriodParams {
    /// The first day, such as 2026-11-02. Left out: the same as `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, at most 366 days later. Left out: today in Korea.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// At home or abroad alone. Left out: both, where KIS and the account have both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<TradeRegion>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// At home or abroad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TradeRegion {
    /// KRX and NXT.
    Domestic,
    /// The US, Hong Kong, Japan, China and Vietnam.
    Overseas,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Buying or selling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TradeSide {
    /// Buying.
    Buy,
    /// Selling.
    Sell,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What a row of KIS's list asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountOrderKind {
    /// An order.
    New,
    /// Another price or type for what was left of `original_order_no`. It is an order of its own from then on.
    Amend,
    /// An end for what was left of `original_order_no`.
    Cancel,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// How far an order has come, by its quantities and the rows that name it: of KIS's flags none says it reliably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountOrderState {
    /// KIS has it, and nothing is filled; of a cancellation: it is not confirmed.
    Accepted,
    /// A part is filled, and the rest waits.
    PartlyFilled,
    /// All is filled.
    Filled,
    /// It was cancelled; `filled_quantity` was filled before.
    Cancelled,
    /// What was left has a new number, and a confirmed row says so.
    Amended,
    /// It was refused after KIS had taken it.
    Rejected,
    /// Its day is over.
    Expired,
    /// Nothing is left of it, and no row says why: it was cancelled, or ended with the session. At home only.
    Closed,
    /// Of a cancellation: it is confirmed.
    Confirmed,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Who gave an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderOrigin {
    /// This daemon.
    Kisd,
    /// Somebody else: the owner in KIS's own programs, another program, or another daemon.
    Other,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// A row of KIS's list of orders. Prices and amounts are in `currency`. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountOrder {
    /// KIS's number of it, as KIS wrote it: with zeros before it or without. It is unique together with date and branch.
    pub order_no: String,
    /// The number of the order that it amends or cancels.
    pub original_order_no: Option<String>,
    /// The branch that gave the number.
    pub branch: Option<String>,
    /// The day of the order on its market.
    pub order_date: NaiveDate,
    /// When it was given, Korean time.
    pub ordered_at: Option<DateTime<FixedOffset>>,
    /// At home or abroad.
    pub region: TradeRegion,
    /// The market; null where KIS names none that is known.
    pub market: Option<Market>,
    /// Where it was sent, at home: krx, nxt or sor.
    pub route: Option<String>,
    /// The code.
    pub stock_code: String,
    /// The name.
    pub stock_name: Option<String>,
    /// KRW, USD, HKD, JPY, CNY or VND.
    pub currency: Option<String>,
    /// Buying or selling.
    pub side: Option<TradeSide>,
    /// What it asks for.
    pub kind: AccountOrderKind,
    /// Whether an amendment or a cancellation is confirmed; null for an order.
    pub confirmed: Option<bool>,
    /// How far it has come.
    pub state: AccountOrderState,
    /// KIS's code of the type of order, such as 00 for a limit; at home only.
    pub type_code: Option<String>,
    /// Its name, Korean.
    pub type_name: Option<String>,
    /// Shares ordered.
    pub quantity: Number,
    /// The price; null where it has none, as at the market.
    pub price: Option<Number>,
    /// The price at which a stop becomes an order.
    pub stop_price: Option<Number>,
    /// Shares filled.
    pub filled_quantity: Number,
    /// What they cost on average; null while none is filled.
    pub average_price: Option<Number>,
    /// What they cost together, without fees and taxes.
    pub filled_amount: Option<Number>,
    /// Shares that wait.
    pub remaining_quantity: Number,
    /// Shares that were refused; at home only.
    pub rejected_quantity: Option<Number>,
    /// KIS's words for why it was refused or ended; abroad only.
    pub reason: Option<String>,
    /// With what it was given, in KIS's words: OpnAPI or OpenAPI is a program.
    pub placed_with: Option<String>,
    /// The day of the loan, of a margin order.
    pub loan_date: Option<NaiveDate>,
    /// The number of it in kisd; null where kisd does not know that it is its own.
    pub order_id: Option<String>,
    /// Who gave it; null where kisd does not know.
    pub origin: Option<OrderOrigin>,
}

/// An order that KIS passes on at the next session, or each day until a last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReservedOrder {
    /// KIS's number of the reservation; it is no order number.
    pub reservation_no: String,
    /// The day on which KIS took it.
    pub received_date: Option<NaiveDate>,
    /// When, Korean time.
    pub received_at: Option<DateTime<FixedOffset>>,
    /// The day for which it is.
    pub order_date: Option<NaiveDate>,
    /// The last day of one for several.
    pub until: Option<NaiveDate>,
    /// At home or abroad.
    pub region: TradeRegion,
    /// The market; null where KIS names none that is known.
    pub market: Option<Market>,
    /// The code.
    pub stock_code: String,
    /// The name.
    pub stock_name: Option<String>,
    /// Buying or selling.
    pub side: Option<TradeSide>,
    /// KIS's code of the type of order; at home only.
    pub type_code: Option<String>,
    /// Shares.
    pub quantity: Number,
    /// The price; null where it has none.
    pub price: Option<Number>,
    /// Shares filled of the order that was made of it.
    pub filled_quantity: Option<Number>,
    /// The number of the order that was made of it; null until then.
    pub order_no: Option<String>,
    /// How far it has come, in KIS's words.
    pub status: Option<String>,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// KIS's words for why no order was made of it.
    pub reason: Option<String>,
}

/// The orders of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountOrders {
    /// Everybody's orders, amendments and cancellations, oldest first.
    pub orders: Vec<AccountOrder>,
    /// Reservations that were open on that day; null where they are not known.
    pub reserved: Option<Vec<ReservedOrder>>,
    /// Why they are not known.
    pub reserved_reason: Option<String>,
    /// The day.
    pub date: NaiveDate,
    /// Which lists of KIS were read.
    pub regions: Vec<TradeRegion>,
    /// Whether they were read to their end; false only of lists of hundreds of pages.
    pub complete: bool,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered, Korean time; of several answers the first.
    pub as_of: DateTime<FixedOffset>,
}

/// A single fill of an order, of which KIS has sent a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fill {
    /// When, Korean time.
    pub at: DateTime<FixedOffset>,
    /// Shares.
    pub quantity: Number,
    /// The price of one.
    pub price: Number,
}

/// What was filled of an order. Prices and amounts are in `currency`. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountExecution {
    /// KIS's number of the order, as in `account.orders`.
    pub order_no: String,
    /// The branch that gave the number.
    pub branch: Option<String>,
    /// The day of the order on its market.
    pub order_date: NaiveDate,
    /// When the order was given, Korean time. Of a fill KIS's lists tell no time.
    pub ordered_at: Option<DateTime<FixedOffset>>,
    /// At home or abroad.
    pub region: TradeRegion,
    /// The market; null where KIS names none that is known.
    pub market: Option<Market>,
    /// Where it was sent, at home: krx, nxt or sor.
    pub route: Option<String>,
    /// The code.
    pub stock_code: String,
    /// The name.
    pub stock_name: Option<String>,
    /// KRW, USD, HKD, JPY, CNY or VND.
    pub currency: Option<String>,
    /// Buying or selling.
    pub side: Option<TradeSide>,
    /// Shares filled.
    pub quantity: Number,
    /// What they cost on average.
    pub price: Option<Number>,
    /// What they cost together, without fees and taxes.
    pub amount: Option<Number>,
    /// Shares ordered.
    pub order_quantity: Number,
    /// How far the order has come.
    pub state: AccountOrderState,
    /// The day of the loan, of a margin order.
    pub loan_date: Option<NaiveDate>,
    /// The single fills, oldest first; null where no notice told of them.
    pub fills: Option<Vec<Fill>>,
    /// The number of the order in kisd; null where kisd does not know that it is its own.
    pub order_id: Option<String>,
    /// Who gave it; null where kisd does not know.
    pub origin: Option<OrderOrigin>,
}

/// What was filled on some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountExecutions {
    /// An entry for each order of which something was filled, by the time of the order, oldest first.
    pub executions: Vec<AccountExecution>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Which lists of KIS were read.
    pub regions: Vec<TradeRegion>,
    /// Whether they were read to their end; false only of lists of hundreds of pages.
    pub complete: bool,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered, Korean time; of several answers the first.
    pub as_of: DateTime<FixedOffset>,
}
