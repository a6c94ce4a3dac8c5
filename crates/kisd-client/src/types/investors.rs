//! What markets do: indices, investors, rankings. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    quote::Extreme,
    stock::{Board, Market},
};
use crate::{number::Number, whole};

/// Parameters of `quote.index`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexParams {
    /// KOSPI, KOSDAQ, KOSPI200, KRX100, KOSDAQ150, SP500, NASDAQ, NASDAQ100, DOW, SOX, VIX, NIKKEI225, HANGSENG or SHANGHAI; or the
    /// four digits of one of KIS's sectors, as in 0002.
    pub index: String,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
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

/// An index. What KIS does not say of it is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Index {
    /// Its name here, or the digits of the sector.
    pub index: String,
    /// KIS's code of it.
    pub code: String,
    /// KIS's name of it.
    pub name: Option<String>,
    /// What it is now.
    pub value: Option<Number>,
    /// What it has changed since the close before, with its sign.
    pub change: Option<Number>,
    /// The same in percent.
    pub change_rate: Option<Number>,
    /// The first of the session.
    pub open: Option<Number>,
    /// Its highest.
    pub high: Option<Number>,
    /// Its lowest.
    pub low: Option<Number>,
    /// The close before.
    pub previous_close: Option<Number>,
    /// Shares traded, as KIS says it: to the thousand. Null abroad, where it does not say the unit.
    pub volume: Option<Number>,
    /// Won paid for them: to the million. Null abroad.
    pub trade_value: Option<Number>,
    /// Stocks that have risen, as KIS counts them.
    pub rising: Option<Number>,
    /// Stocks that stand where they stood.
    pub unchanged: Option<Number>,
    /// Stocks that have fallen.
    pub falling: Option<Number>,
    /// The highest of this year.
    pub high_of_year: Option<Extreme>,
    /// The lowest of this year.
    pub low_of_year: Option<Extreme>,
    /// The name of the account with whose app key KIS was asked.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}

/// What a kind of investor did with a stock on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trading {
    /// Shares bought less shares sold; null until KIS says it.
    pub net_quantity: Option<Number>,
    /// Won of that, to the million, negative where more was sold.
    pub net_value: Option<Number>,
    /// Shares bought.
    pub bought_quantity: Option<Number>,
    /// Won paid for them, to the million.
    pub bought_value: Option<Number>,
    /// Shares sold.
    pub sold_quantity: Option<Number>,
    /// Won received for them, to the million.
    pub sold_value: Option<Number>,
}

/// A day of a stock by kinds of investors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvestorsDay {
    /// The day.
    pub date: NaiveDate,
    /// Whether the day was over when KIS was asked. KIS says nothing of today until about 15:40, and what it says then may change
    /// until the evening.
    pub complete: bool,
    /// The close, or the last price of today.
    pub close: Option<Number>,
    /// What it has changed since the day before, with its sign.
    pub change: Option<Number>,
    /// Private persons.
    pub individual: Trading,
    /// Foreigners.
    pub foreign: Trading,
    /// Institutions, all together.
    pub institution: Trading,
}

/// Result of `quote.investors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Investors {
    /// The code.
    pub stock_code: String,
    /// The market that was asked.
    pub market: Market,
    /// The days, newest first: as many as KIS gives, about thirty.
    pub days: Vec<InvestorsDay>,
    /// The name of the account with whose app key KIS was asked.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}

/// What stocks are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ranking {
    /// Shares traded.
    Volume,
    /// How much more is traded than on the day before, in percent.
    VolumeIncrease,
    /// Shares traded of all shares, in percent.
    Turnover,
    /// What was paid for the shares traded.
    TradeValue,
    /// What rose most, in percent.
    Rise,
    /// What fell most, in percent.
    Fall,
    /// What the company is worth.
    MarketCap,
    /// Buyers for a hundred sellers.
    VolumePower,
    /// Shares sold short.
    ShortSale,
    /// Shares bought by foreigners less those sold, as counted up so far today.
    ForeignBuys,
    /// The same, the most sold first.
    ForeignSells,
    /// Shares bought by institutions less those sold, as counted up so far today.
    InstitutionBuys,
    /// The same, the most sold first.
    InstitutionSells,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Ranking {
    /// All that a daemon takes.
    pub const ALL: [Self; 13] = [
        Self::Volume,
        Self::VolumeIncrease,
        Self::Turnover,
        Self::TradeValue,
        Self::Rise,
        Self::Fall,
        Self::MarketCap,
        Self::VolumePower,
        Self::ShortSale,
        Self::ForeignBuys,
        Self::ForeignSells,
        Self::InstitutionBuys,
        Self::InstitutionSells,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::VolumeIncrease => "volume_increase",
            Self::Turnover => "turnover",
            Self::TradeValue => "trade_value",
            Self::Rise => "rise",
            Self::Fall => "fall",
            Self::MarketCap => "market_cap",
            Self::VolumePower => "volume_power",
            Self::ShortSale => "short_sale",
            Self::ForeignBuys => "foreign_buys",
            Self::ForeignSells => "foreign_sells",
            Self::InstitutionBuys => "institution_buys",
            Self::InstitutionSells => "institution_sells",
            Self::Unknown => "?",
        }
    }
}

/// Parameters of `market.ranking`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RankingParams {
    /// What stocks are ranked by. Abroad: volume, trade_value, rise, fall and market_cap.
    pub ranking: Ranking,
    /// The market: KRX, NXT (not for short_sale and what investors do), or one abroad. Left out: KRX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// One board of the Korea Exchange: KOSPI or KOSDAQ. Left out: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<Board>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
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

/// What a number of a ranking counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Shares.
    Shares,
    /// An amount in the currency of the market.
    Currency,
    /// Percent.
    Percent,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// A stock in a ranking. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ranked {
    /// Its place, from 1.
    pub rank: u64,
    /// The code.
    pub stock_code: String,
    /// Its name.
    pub name: Option<String>,
    /// The last price.
    pub price: Option<Number>,
    /// What it has changed since the base price, with its sign.
    pub change: Option<Number>,
    /// The same in percent.
    pub change_rate: Option<Number>,
    /// Shares traded.
    pub volume: Option<Number>,
    /// What it is ranked by, in the unit of the ranking.
    pub value: Option<Number>,
}

/// Result of `market.ranking`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RankingResult {
    /// What stocks are ranked by.
    pub ranking: Ranking,
    /// The market.
    pub market: Market,
    /// The board; null: all.
    pub board: Option<Board>,
    /// The currency of prices.
    pub currency: String,
    /// What `value` counts.
    pub unit: Unit,
    /// The stocks, the first of the ranking first: thirty at most at home, and a page of KIS abroad.
    pub stocks: Vec<Ranked>,
    /// The name of the account with whose app key KIS was asked.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}
