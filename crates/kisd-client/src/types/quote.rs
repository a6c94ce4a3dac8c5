//! Market data. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Fault,
    market::Session,
    stock::{Market, StockStatus},
};
use crate::{number::Number, whole};

/// Parameters of `quote.price` and `quote.orderbook`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteParams {
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
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000, and 0 for
    /// an order book.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account with whose app key KIS is asked. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A price that was reached on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extreme {
    /// The price.
    pub price: Number,
    /// The day; null where KIS does not say it.
    pub date: Option<NaiveDate>,
}

/// A stock with its price. Amounts are in `currency`. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Price {
    /// The code.
    pub stock_code: String,
    /// Its name; null until KIS's lists of stocks have been needed and loaded, as by `stock.search`.
    pub name: Option<String>,
    /// The market that was asked.
    pub market: Market,
    /// Its currency: KRW, USD, HKD, JPY, CNY or VND.
    pub currency: String,
    /// The last price; null while there is none.
    pub price: Option<Number>,
    /// What it has changed since the base price.
    pub change: Option<Number>,
    /// The same in percent.
    pub change_rate: Option<Number>,
    /// The first price of the session.
    pub open: Option<Number>,
    /// Its highest.
    pub high: Option<Number>,
    /// Its lowest.
    pub low: Option<Number>,
    /// The price from which change and limits count; on the day of a right or a dividend it is not the close before.
    pub base_price: Option<Number>,
    /// Highest price of the day.
    pub upper_limit: Option<Number>,
    /// Lowest price of the day.
    pub lower_limit: Option<Number>,
    /// Shares traded in the session.
    pub volume: Option<Number>,
    /// What was paid for them.
    pub trade_value: Option<Number>,
    /// Highest price of 52 weeks.
    pub high_52w: Option<Extreme>,
    /// Lowest price of 52 weeks.
    pub low_52w: Option<Extreme>,
    /// Price to earnings.
    pub per: Option<Number>,
    /// Price to book value.
    pub pbr: Option<Number>,
    /// Earnings a share.
    pub eps: Option<Number>,
    /// Shares listed.
    pub shares: Option<Number>,
    /// What the company is worth; at home KIS gives it in units of 100 million won.
    pub market_cap: Option<Number>,
    /// The least step of the price, as KIS states it.
    pub tick: Option<Number>,
    /// The least number of shares in an order, as KIS states it.
    pub lot: Option<Number>,
    /// What is out of the ordinary.
    pub status: Vec<StockStatus>,
    /// What its market does at `as_of` by kisd's calendar, as `market.session` tells it with more: of one that is `closed` the price
    /// is that of its close. Null: the day or its hours are not known.
    #[serde(default)]
    pub session: Option<Session>,
    /// The name of the account with whose app key KIS was asked.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}

/// A step of an order book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// The price.
    pub price: Number,
    /// Shares that wait at it.
    pub quantity: Number,
}

/// The order book of a stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Orderbook {
    /// The code.
    pub stock_code: String,
    /// The market that was asked.
    pub market: Market,
    /// Its currency.
    pub currency: String,
    /// Who would sell: the lowest price first, up to ten.
    pub asks: Vec<Level>,
    /// Who would buy: the highest price first, up to ten.
    pub bids: Vec<Level>,
    /// All shares for sale.
    pub total_ask_quantity: Option<Number>,
    /// All shares wanted.
    pub total_bid_quantity: Option<Number>,
    /// The price at which an auction would end now; null outside of one.
    pub expected_price: Option<Number>,
    /// How many shares it would trade.
    pub expected_volume: Option<Number>,
    /// The last price.
    pub price: Option<Number>,
    /// When the book was so, by the market's clock; null where KIS does not say it.
    pub time: Option<String>,
    /// The name of the account with whose app key KIS was asked.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}

/// Parameters of `quote.prices`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PricesParams {
    /// The stocks, up to 30: codes as of `quote.price`.
    #[schemars(length(min = 1, max = 30))]
    pub stock_codes: Vec<String>,
    /// Where they are traded. Left out: as for `quote.price`, each for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// Greatest age of an answer from memory, in milliseconds. Left out: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account with whose app key KIS is asked. Left out: the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Result of `quote.prices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prices {
    /// One for each stock, in the order asked.
    pub prices: Vec<ShortPrice>,
    /// The name of the account with whose app key KIS was asked.
    pub account_name: String,
}

/// A price in short. Amounts are in `currency`. What KIS does not say is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShortPrice {
    /// The code.
    pub stock_code: String,
    /// The market that was asked; null where it cannot be told.
    pub market: Option<Market>,
    /// The name; null where this call of KIS does not say it.
    pub name: Option<String>,
    /// Its currency.
    pub currency: Option<String>,
    /// The last price.
    pub price: Option<Number>,
    /// What it has changed since the base price.
    pub change: Option<Number>,
    /// The same in percent.
    pub change_rate: Option<Number>,
    /// The first price of the session.
    pub open: Option<Number>,
    /// Its highest.
    pub high: Option<Number>,
    /// Its lowest.
    pub low: Option<Number>,
    /// The close of the session before, from which the change counts.
    pub previous_close: Option<Number>,
    /// Highest price of the day.
    pub upper_limit: Option<Number>,
    /// Lowest price of the day.
    pub lower_limit: Option<Number>,
    /// Shares traded in the session.
    pub volume: Option<Number>,
    /// What was paid for them.
    pub trade_value: Option<Number>,
    /// The lowest price that somebody would sell at.
    pub best_ask: Option<Number>,
    /// The highest price that somebody would buy at.
    pub best_bid: Option<Number>,
    /// When KIS answered, Korean time; null where it did not.
    pub as_of: Option<DateTime<FixedOffset>>,
    /// Why there is no price of this stock; null where there is one.
    pub error: Option<Fault>,
}
