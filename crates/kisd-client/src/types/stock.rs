//! Stocks: which there are. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{number::Number, whole};

/// A market. NXT trades stocks of KRX, and UN is both as KIS unifies them: a stock of either is one of KRX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Market {
    /// Korea Exchange.
    Krx,
    /// Nextrade.
    Nxt,
    /// KRX and NXT as KIS unifies them.
    Un,
    /// Nasdaq.
    Nasdaq,
    /// New York.
    Nyse,
    /// NYSE American.
    Amex,
    /// Hong Kong.
    Hkex,
    /// Tokyo.
    Tse,
    /// Shanghai.
    Sse,
    /// Shenzhen.
    Szse,
    /// Hanoi.
    Hnx,
    /// Ho Chi Minh.
    Hsx,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Market {
    /// All that a daemon takes.
    pub const ALL: [Self; 12] = [
        Self::Krx,
        Self::Nxt,
        Self::Un,
        Self::Nasdaq,
        Self::Nyse,
        Self::Amex,
        Self::Hkex,
        Self::Tse,
        Self::Sse,
        Self::Szse,
        Self::Hnx,
        Self::Hsx,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Krx => "KRX",
            Self::Nxt => "NXT",
            Self::Un => "UN",
            Self::Nasdaq => "NASDAQ",
            Self::Nyse => "NYSE",
            Self::Amex => "AMEX",
            Self::Hkex => "HKEX",
            Self::Tse => "TSE",
            Self::Sse => "SSE",
            Self::Szse => "SZSE",
            Self::Hnx => "HNX",
            Self::Hsx => "HSX",
            Self::Unknown => "?",
        }
    }
}

/// The board of the Korea Exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Board {
    /// The main one.
    Kospi,
    /// Of younger companies.
    Kosdaq,
    /// Of the youngest.
    Konex,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockKind {
    /// Shares of a company.
    Stock,
    /// An exchange traded fund.
    Etf,
    /// An exchange traded note.
    Etn,
    /// An equity-linked warrant.
    Elw,
    /// A real estate investment trust.
    Reit,
    /// A depositary receipt.
    DepositaryReceipt,
    /// Another fund or trust.
    Fund,
    /// A right or warrant to buy shares.
    Warrant,
    /// An index, which cannot be traded.
    Index,
    /// A kind of KIS's that kisd does not know.
    Other,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What is out of the ordinary with a stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockStatus {
    /// Trading is halted (거래정지).
    Halted,
    /// In its last days of trading (정리매매).
    Liquidation,
    /// Under administration (관리종목).
    Managed,
    /// Market warning of the first level (투자주의).
    Caution,
    /// Market warning of the second level (투자경고).
    Warning,
    /// Market warning of the third level (투자위험).
    Risk,
    /// A market warning is announced (투자경고·위험 예고).
    WarningAnnounced,
    /// Overheating is announced (단기과열 예고).
    OverheatingAnnounced,
    /// Overheated for the short term (단기과열).
    Overheated,
    /// KOSDAQ's caution for investors (투자주의 환기종목).
    InvestorCaution,
    /// Short sales are overheated (공매도과열).
    ShortSalesOverheated,
    /// An abnormal rise (이상급등).
    AbnormalRise,
    /// A volatility interruption (VI): traded by auction for two minutes.
    VolatilityInterruption,
    /// Bought with its whole price only (증거금 100 %).
    FullMargin,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Parameters of `stock.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockSearchParams {
    /// What is looked for: a name or a part of it, Korean or English, a code, a standard code, or initials such as ㅅㅅㅈㅈ. One letter
    /// may be wrong. KIS's lists have English names of stocks abroad only.
    pub query: String,
    /// The market. Left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// Stocks at most, from 1 to 100. Left out: 10.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
}

/// Result of `stock.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockSearchResult {
    /// The stocks, best first.
    pub stocks: Vec<StockEntry>,
    /// Markets whose stocks could not be looked through, since their list has never come.
    pub missing_markets: Vec<Market>,
    /// When KIS's lists were last looked at, Korean time; null while some of them have not come.
    pub as_of: Option<DateTime<FixedOffset>>,
}

/// A stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockEntry {
    /// Its code: opaque text.
    pub stock_code: String,
    /// Its standard code (ISIN); null abroad.
    pub standard_code: Option<String>,
    /// Its name, Korean where it has one.
    pub name: String,
    /// Its English name; null at home.
    pub english_name: Option<String>,
    /// Its market.
    pub market: Market,
    /// Its board at home; null abroad.
    pub board: Option<Board>,
    /// What it is.
    pub kind: StockKind,
    /// The currency it is traded in.
    pub currency: String,
    /// The price that today's change and limits are counted from; null where KIS does not say it.
    pub base_price: Option<Number>,
    /// The least step between prices near the base price, by the table of its market; null where there is none.
    pub tick: Option<Number>,
    /// What quantities are multiples of; null where it is not known.
    pub lot: Option<u64>,
    /// Whether trading is halted; null abroad, where KIS's lists do not say it.
    pub halted: Option<bool>,
}

/// Parameters of `stock.info`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StockInfoParams {
    /// Its code. Either this or `stock`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_code: Option<String>,
    /// Its code, its standard code, its name, or a part of a name that no other has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<String>,
    /// The market. Left out: KRX if it knows the code, else the only market that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
}

/// Everything that KIS's lists say of a stock. What they do not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockInfo {
    /// Its code: opaque text.
    pub stock_code: String,
    /// Its standard code (ISIN); null abroad.
    pub standard_code: Option<String>,
    /// Its name, Korean where it has one.
    pub name: String,
    /// Its English name; null at home.
    pub english_name: Option<String>,
    /// Its market.
    pub market: Market,
    /// Its board at home; null abroad.
    pub board: Option<Board>,
    /// What it is.
    pub kind: StockKind,
    /// The currency it is traded in.
    pub currency: String,
    /// The price that today's change and limits are counted from; null where KIS does not say it.
    pub base_price: Option<Number>,
    /// The least step between prices near the base price, by the table of its market; null where there is none.
    pub tick: Option<Number>,
    /// What quantities are multiples of; null where it is not known.
    pub lot: Option<u64>,
    /// Whether trading is halted; null abroad, where KIS's lists do not say it.
    pub halted: Option<bool>,
    /// Places behind the point of its prices.
    pub decimals: u64,
    /// What is out of the ordinary with it, by the list of this morning; null abroad.
    pub status: Option<Vec<StockStatus>>,
    /// What quantities to sell are multiples of.
    pub sell_lot: Option<u64>,
    /// Whether it is a preferred share.
    pub preferred: Option<bool>,
    /// Whether it is a company listed to buy another (SPAC).
    pub spac: Option<bool>,
    /// Par value in won.
    pub par_value: Option<i64>,
    /// The day of its listing.
    pub listed_on: Option<NaiveDate>,
    /// Listed shares, to a thousand.
    pub listed_shares: Option<i64>,
    /// Worth of all shares on the business day before, in won, to a hundred million.
    pub market_cap: Option<i64>,
    /// Shares traded on the business day before.
    pub previous_volume: Option<i64>,
    /// Percent of an order's amount that has to be there (증거금률).
    pub margin_rate: Option<u64>,
    /// Whether it may be bought on credit.
    pub credit: Option<bool>,
    /// When KIS's lists were last looked at, Korean time; null while some of them have not come.
    pub as_of: Option<DateTime<FixedOffset>>,
}

impl StockInfo {
    /// What a search says of the same stock.
    pub fn entry(&self) -> StockEntry {
        let info = self.clone();
        StockEntry {
            stock_code: info.stock_code,
            standard_code: info.standard_code,
            name: info.name,
            english_name: info.english_name,
            market: info.market,
            board: info.board,
            kind: info.kind,
            currency: info.currency,
            base_price: info.base_price,
            tick: info.tick,
            lot: info.lot,
            halted: info.halted,
        }
    }
}
