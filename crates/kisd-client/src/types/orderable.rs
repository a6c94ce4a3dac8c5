//! What can be bought and sold. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{order::OrderType, stock::Market};
use crate::{number::Number, whole};

/// Parameters of `account.buyable`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyableParams {
    /// The stock: a code such as 005930, 0126Z0, Q530036 or AAPL. Either this or `stock`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_code: Option<String>,
    /// The stock by its name or a part of it that no other has, its code or its standard code. Either this or `stock_code`; which it
    /// was is in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<String>,
    /// Where it is traded. Left out: KRX for a code of KRX's form that no other market alone has, else the only market that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// The kind of order. Left out: `limit` with a price, `market` without. Abroad KIS knows `limit` only.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub order_type: Option<OrderType>,
    /// The price of the order; needed abroad. Left out at home: KIS reckons with the highest price of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Number>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// What can be bought with a kind of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Purchase {
    /// The amount, in the currency of the stock; fees come on top.
    pub amount: Option<Number>,
    /// Shares that it buys, in whole lots.
    pub quantity: Option<Number>,
}

/// How a quantity was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuantityFrom {
    /// KIS says it.
    Kis,
    /// KIS reckons with another price than that of the order, so kisd has divided the amount by the price of the order.
    Amount,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What can be bought of a stock. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Buyable {
    /// The code.
    pub stock_code: String,
    /// Its market.
    pub market: Market,
    /// The currency of the amounts.
    pub currency: String,
    /// The kind of order that was meant.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// The price of the order, if it has one.
    pub price: Option<Number>,
    /// With the account's own money: at home without 미수 (nrcvb_buy_amt, nrcvb_buy_qty), abroad in the currency of the stock
    /// (ovrs_ord_psbl_amt, max_ord_psbl_qty).
    pub without_margin: Purchase,
    /// With 미수, which has to be paid in two days or is sold by force (max_buy_amt, max_buy_qty); null abroad.
    pub with_margin: Option<Purchase>,
    /// Abroad: with won and other currencies, which KIS exchanges by itself for an account of integrated margin (frcr_ord_psbl_amt1,
    /// ovrs_max_ord_psbl_qty); null at home.
    pub with_exchange: Option<Purchase>,
    /// How the quantities were found.
    pub quantity_from: QuantityFrom,
    /// The price that they are reckoned with.
    pub calculation_price: Option<Number>,
    /// What quantities are multiples of; null: it is not known, and they are not cut down to it.
    pub lot: Option<u32>,
    /// Abroad: won for one of the currency (exrt); null at home.
    pub exchange_rate: Option<Number>,
    /// The account number with its middle hidden.
    pub account: String,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}

/// Parameters of `account.sellable`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SellableParams {
    /// The stock: a code such as 005930, 0126Z0, Q530036 or AAPL. Either this or `stock`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_code: Option<String>,
    /// The stock by its name or a part of it that no other has, its code or its standard code. Either this or `stock_code`; which it
    /// was is in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<String>,
    /// Where it is traded. Left out: KRX for a code of KRX's form that no other market alone has, else the only market that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// What can be sold of a stock that is held in cash. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sellable {
    /// The code.
    pub stock_code: String,
    /// Its name, if any is held.
    pub stock_name: Option<String>,
    /// Its market.
    pub market: Market,
    /// The currency of the prices.
    pub currency: String,
    /// Shares that can be sold now, open orders taken off (ord_psbl_qty). Shares bought on margin, pledged or of mini-stock are not
    /// among them.
    pub quantity: Number,
    /// Shares that are held (cblc_qty, hldg_qty, ovrs_cblc_qty): more than can be sold where some wait in orders or are not settled.
    pub held_quantity: Option<Number>,
    /// Average purchase price.
    pub avg_price: Option<Number>,
    /// The last price.
    pub current_price: Option<Number>,
    /// KIS's operation that has said it: where a mode has none for what can be sold, its balance does.
    pub operation: String,
    /// The account number with its middle hidden.
    pub account: String,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}
