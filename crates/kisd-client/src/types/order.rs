//! Orders. The doc comments here are the descriptions in the OpenRPC document.

mod asked;
mod words;

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    asked::{
        OrderAmendParams, OrderApproveParams, OrderCancelParams, OrderGetParams, OrderHaltParams, OrderListParams,
        OrderParams, OrderResolveParams, OrderResumeParams, PlaceParams,
    },
    words::{CheckName, CheckOutcome, OrderState, OrderType, Route, Side, TimeInForce},
};
use super::stock::Market;
use crate::number::Number;

/// A check of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Which.
    pub check: CheckName,
    /// What came of it.
    pub outcome: CheckOutcome,
    /// What it saw, in a sentence; null where there is nothing to say.
    #[serde(default)]
    pub message: Option<String>,
}

/// What would be sent, and whether it would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// By which `order.place` sends it, within three minutes. Null where a check has failed.
    pub preview_id: Option<String>,
    /// Until when it can be used.
    pub preview_expires_at: Option<DateTime<FixedOffset>>,
    /// The name of the account.
    pub account_name: String,
    /// The code.
    pub stock_code: String,
    /// The name of the stock, where it is known.
    pub stock_name: Option<String>,
    /// The market.
    pub market: Market,
    /// By which exchange of Korea it goes; null abroad.
    pub route: Option<Route>,
    /// Which way it goes.
    pub side: Side,
    /// How the price is found.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// How many shares.
    pub quantity: u64,
    /// The price a share; null for types without one.
    pub price: Option<Number>,
    /// The price that has to be reached first.
    pub stop_price: Option<Number>,
    /// The last price of the stock, where KIS was asked.
    pub last_price: Option<Number>,
    /// What it costs or brings without fees; without a price, at the upper limit of the day.
    pub amount: Option<Number>,
    /// The currency of prices and amounts.
    pub currency: String,
    /// The amount in won that counts for the limits; of orders abroad at KIS's rate of the day, rounded up.
    pub amount_krw: Option<Number>,
    /// Fees and tax, estimated by `orders.fee_rate` and the tax rates that kisd knows; null where it knows none.
    pub estimated_fees: Option<Number>,
    /// Every check with its outcome.
    pub checks: Vec<Check>,
    /// Whether it would wait for a person.
    pub needs_approval: bool,
    /// Until when it lives once it is sent, where that is known.
    pub expires_at: Option<DateTime<FixedOffset>>,
}

/// Why an order is where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// A code: the check that failed, KIS's own, or what happened.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What KIS calls an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KisOrder {
    /// Its number (ODNO), as KIS wrote it.
    pub order_no: String,
    /// Its day: Korean, and abroad that of the market.
    pub order_date: NaiveDate,
    /// The branch (KRX_FWDG_ORD_ORGNO).
    pub branch: String,
}

/// Who placed an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlacedBy {
    /// The user.
    pub uid: u32,
    /// The process, where it is known.
    pub pid: Option<i32>,
    /// What it called itself.
    pub client: Option<String>,
}

/// Whether a person had to say yes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// Whether it had to wait.
    pub needed: bool,
    /// The user who said yes or no.
    pub by: Option<u32>,
    /// When.
    pub at: Option<DateTime<FixedOffset>>,
}

/// A step in the life of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// When, Korean time.
    pub at: DateTime<FixedOffset>,
    /// What it was then.
    pub state: OrderState,
    /// Why, in a sentence.
    pub why: String,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// kisd's id of it.
    pub order_id: String,
    /// The caller's.
    pub client_order_id: String,
    /// The name of the account.
    pub account_name: String,
    /// The code.
    pub stock_code: String,
    /// The name of the stock, where it is known.
    pub stock_name: Option<String>,
    /// The market.
    pub market: Market,
    /// By which exchange of Korea it went; null abroad.
    pub route: Option<Route>,
    /// Which way it goes.
    pub side: Side,
    /// How the price is found.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// The price a share; null for types without one.
    pub price: Option<Number>,
    /// The price that has to be reached first.
    pub stop_price: Option<Number>,
    /// How many shares.
    pub quantity: u64,
    /// How many are filled.
    pub filled_quantity: u64,
    /// How many may still be filled; 0 once it is over.
    pub remaining_quantity: u64,
    /// The average price of the fills; null without one.
    pub average_price: Option<Number>,
    /// What the fills cost or brought, without fees.
    pub amount: Option<Number>,
    /// The currency of prices and amounts.
    pub currency: String,
    /// The amount in won that counts for the limits.
    pub amount_krw: Option<Number>,
    /// Where it stands.
    pub state: OrderState,
    /// Why, where that has a reason.
    pub reason: Option<Reason>,
    /// What KIS calls it; null while KIS has not taken it.
    pub kis: Option<KisOrder>,
    /// How it was found at KIS when the answer was lost: `fields`, `notice` or `person`.
    pub matched_by: Option<String>,
    /// Who placed it.
    pub placed_by: PlacedBy,
    /// The preview that it was placed by.
    pub preview_id: Option<String>,
    /// Whether a person had to say yes.
    pub approval: Approval,
    /// Whether a cancellation of it is under way: asked for, and not confirmed by KIS's list.
    pub cancelling: bool,
    /// Until when it lives, where that is known; while it waits for a person, until when that may be.
    pub expires_at: Option<DateTime<FixedOffset>>,
    /// When it was asked for, Korean time.
    pub created_at: DateTime<FixedOffset>,
    /// When something last became known of it.
    pub updated_at: DateTime<FixedOffset>,
    /// Its life so far, the oldest first.
    pub history: Vec<Step>,
}

/// Result of `order.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderList {
    /// The name of the account.
    pub account_name: String,
    /// The orders, the newest first.
    pub orders: Vec<Order>,
    /// Where it goes on; null: these are all.
    pub next: Option<String>,
    /// Whether new orders are halted, and why.
    pub halted: Option<Reason>,
}

/// An account whose orders were halted or go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Halted {
    /// Its name.
    pub account_name: String,
    /// Whether new orders are refused now.
    pub halted: bool,
    /// Orders whose cancellation KIS has received.
    pub cancelled: Vec<String>,
    /// Orders that could not be cancelled, with the reason.
    pub not_cancelled: Vec<NotCancelled>,
    /// Orders of which it is not known whether KIS has them: they may live.
    pub may_live: Vec<String>,
}

/// An order that could not be cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotCancelled {
    /// The order.
    pub order_id: String,
    /// Why.
    pub why: String,
}

/// Result of `order.halt` and `order.resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HaltResult {
    /// One for each account.
    pub accounts: Vec<Halted>,
}
