//! When markets trade. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stock::Market;
use crate::whole;

/// What a market does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// Before the regular hours: NXT's pre-market, or that of the United States.
    Pre,
    /// Continuous trading in the regular hours.
    Regular,
    /// Orders are collected for one price: at the open, at the close, or before NXT's after-market.
    Auction,
    /// After the regular hours.
    After,
    /// The day market of American stocks, in Korean daytime.
    Day,
    /// Nothing is traded.
    Closed,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Which part of a session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the regular hours.
    PreMarket,
    /// Orders are collected for the first price.
    OpeningAuction,
    /// Continuous trading.
    Continuous,
    /// Orders are collected for the last price.
    ClosingAuction,
    /// Trading at the price of the close.
    ClosingPrice,
    /// Auctions every ten minutes after the regular hours: KRX until 2026-09-11.
    SinglePrice,
    /// Continuous trading after the regular hours.
    AfterMarket,
    /// The day market of American stocks: until 18:00 Korean time by KIS's page of orders, until 16:00 by its page of prices.
    DayMarket,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// How it is known whether a day is one of trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// KIS has said so; of the Korea Exchange only, and to real accounts only.
    Kis,
    /// By kisd's own table of holidays, which has certain years.
    Table,
    /// It is a Saturday or a Sunday.
    Weekend,
    /// It is not known: the day is none of the table's years, or one that could not be verified.
    #[serde(other)]
    Unknown,
}

/// Parameters of `market.calendar`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CalendarParams {
    /// The market. Left out: KRX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// The first day, as in 2026-11-27. Left out: today, by the market's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day, at most 366 days after the first. Left out: 13 days after the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout. KIS is waited for
    /// five seconds at most; then the answer is by the table.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account with whose app key KIS is asked. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Parameters of `market.session`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionParams {
    /// The market. Left out: KRX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// Longest time that the answer may take, as of market.calendar.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account with whose app key KIS is asked. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A part of a day of trading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionHours {
    /// What it is.
    pub session: Session,
    /// Which part of it.
    pub phase: Phase,
    /// When it begins, Korean time; null where that is not known.
    pub from: Option<DateTime<FixedOffset>>,
    /// When it is over; null where that is not known.
    pub to: Option<DateTime<FixedOffset>>,
}

/// A day of a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarDay {
    /// The market's own date.
    pub date: NaiveDate,
    /// Whether there is trading; null where that is not known.
    pub open: Option<bool>,
    /// How that is known.
    pub known_by: KnownBy,
    /// What there is on that day, in the order of time; none on a day without trading, or of which that is not known. Of a day with
    /// hours of its own that are not published, a part has no hours.
    pub sessions: Vec<SessionHours>,
    /// When a trade of that day is settled: KRX two of its days later, the United States one; null elsewhere, and where a day in
    /// between is not known.
    pub settlement_date: Option<NaiveDate>,
}

/// Result of `market.calendar`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Calendar {
    /// The market.
    pub market: Market,
    /// Its clock, as in America/New_York.
    pub timezone: String,
    /// The years of kisd's table of this market. Hours are told of these only.
    pub table_years: Vec<i32>,
    /// The days, from the first to the last.
    pub days: Vec<CalendarDay>,
    /// When KIS was last asked for its days, Korean date; null: never. It is asked once a day.
    pub kis_asked_on: Option<NaiveDate>,
    /// The name of the account that was meant.
    pub account_name: String,
    /// Now, by the daemon's clock.
    pub as_of: DateTime<FixedOffset>,
}

/// Result of `market.session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MarketSession {
    /// The market.
    pub market: Market,
    /// What it does now; null where that is not known.
    pub session: Option<Session>,
    /// Which part of that; null when it is closed or not known.
    pub phase: Option<Phase>,
    /// The day of trading that it belongs to. In New York it changes at eight in the evening.
    pub date: NaiveDate,
    /// When the session changes next, Korean time; null where that is not known.
    pub next_change_at: Option<DateTime<FixedOffset>>,
    /// What it does then; null where that is not known.
    pub next_session: Option<Session>,
    /// How it is known whether that day is one of trading; unknown where the session is not known.
    pub known_by: KnownBy,
    /// The market's clock.
    pub timezone: String,
    /// The name of the account that was meant.
    pub account_name: String,
    /// Now, by the daemon's clock.
    pub as_of: DateTime<FixedOffset>,
}
