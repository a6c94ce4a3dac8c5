//! Candles. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stock::Market;
use crate::{number::Number, whole};

/// How long a candle lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Interval {
    /// A minute.
    #[serde(rename = "1m")]
    OneMinute,
    /// Three minutes.
    #[serde(rename = "3m")]
    ThreeMinutes,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// Ten minutes.
    #[serde(rename = "10m")]
    TenMinutes,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    QuarterHour,
    /// Half an hour.
    #[serde(rename = "30m")]
    HalfHour,
    /// An hour.
    #[serde(rename = "60m")]
    Hour,
    /// A day.
    #[serde(rename = "1d")]
    Day,
    /// A week.
    #[serde(rename = "1w")]
    Week,
    /// A month.
    #[serde(rename = "1mo")]
    Month,
    /// A year.
    #[serde(rename = "1y")]
    Year,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Parameters of `quote.candles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CandlesParams {
    /// The stock: a code such as 005930, 0126Z0, Q530036 or AAPL. Either this or `stock`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_code: Option<String>,
    /// The stock by its name or a part of it that no other has, its code or its standard code. Either this or `stock_code`; which it
    /// was is in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<String>,
    /// Where it is traded. Left out: KRX for a code of KRX's form that no other market alone has, else the only market that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// How long a candle lasts.
    pub interval: Interval,
    /// The first candle: a day of the market such as 2026-11-27, or an instant such as 2026-11-27T09:00:00+09:00. Left out: as far
    /// back as limit goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last candle, of the same form. Left out: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether prices before a split and the like are adjusted to those after it; candles of minutes never are. Left out: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<bool>,
    /// Candles at most, from 1 to 10000: the newest of those asked for. Left out: 100.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1, max = 10_000))]
    pub limit: Option<u64>,
    /// What an answer before said: the candles before those. Everything else stays as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout. When it is over,
    /// the candles that are there are answered, and next leads to the others.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account with whose app key KIS is asked. Left out: the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// What a stock did in a time. Prices are null where it was not traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candle {
    /// When it begins: Korean time, or of days and longer the market's day.
    pub time: String,
    /// The first price.
    pub open: Option<Number>,
    /// The highest.
    pub high: Option<Number>,
    /// The lowest.
    pub low: Option<Number>,
    /// The last, which is there also where nothing was traded.
    pub close: Number,
    /// Shares traded; null of the minute that is not over.
    pub volume: Option<Number>,
    /// What was paid for them; null where KIS does not tell it apart.
    pub trade_value: Option<Number>,
}

/// Result of `quote.candles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candles {
    /// The code.
    pub stock_code: String,
    /// The market that was asked.
    pub market: Market,
    /// Its currency.
    pub currency: String,
    /// How long a candle lasts.
    pub interval: Interval,
    /// Whether prices are adjusted.
    pub adjusted: bool,
    /// The candles, oldest first. A minute without a trade is not there.
    pub candles: Vec<Candle>,
    /// Where it goes on, further back; null at the end.
    pub next: Option<String>,
    /// The name of the account with whose app key KIS was asked.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}
