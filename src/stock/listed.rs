//! A stock as the master files tell of it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::market::{Board, Kind, Market};

/// What a master file says of a stock beside names and numbers: a set of marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks(pub(super) u16);

macro_rules! marks {
    ($($(#[doc = $about:literal])+ $name:ident = $bit:literal;)*) => {
        impl Marks {
            $($(#[doc = $about])+ pub const $name: Self = Self(1 << $bit);)*
        }
    };
}

marks! {
    /// Trading is halted (trht_yn).
    HALTED = 0;
    /// Its last days of trading before it is delisted (sltr_yn).
    LIQUIDATION = 1;
    /// Under administration (mang_issu_yn).
    ADMINISTRATIVE = 2;
    /// Market warning: caution (투자주의).
    CAUTION = 3;
    /// Market warning: warning (투자경고).
    WARNING = 4;
    /// Market warning: risk (투자위험).
    RISK = 5;
    /// A market warning is announced.
    WARNING_ANNOUNCED = 6;
    /// Overheated for the short term, announced.
    OVERHEATING = 7;
    /// Overheated for the short term.
    OVERHEATED = 8;
    /// KOSDAQ's own caution for investors (투자주의 환기종목).
    INVESTOR_CAUTION = 9;
    /// Short sales overheated.
    SHORT_SALES_OVERHEATED = 10;
    /// An abnormal rise.
    ABNORMAL_RISE = 11;
    /// May be bought on credit.
    CREDIT = 12;
    /// A preferred share.
    PREFERRED = 13;
    /// A company listed to buy another (SPAC).
    SPAC = 14;
}

impl Marks {
    /// With others.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With another where something holds.
    #[must_use]
    pub const fn when(self, holds: bool, other: Self) -> Self {
        if holds { self.and(other) } else { self }
    }

    /// Whether it has all of these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What only the files of the Korea Exchange say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Its board.
    pub board: Board,
    /// Par value in won; none where there is none.
    pub par: Option<i64>,
    /// Day of listing.
    pub listed: Option<NaiveDate>,
    /// Listed shares in thousands; none where KIS does not say it.
    pub thousand_shares: Option<i64>,
    /// Volume of the day before.
    pub previous_volume: Option<i64>,
    /// Worth of all shares on the day before, in hundreds of millions of won.
    pub market_cap: Option<i64>,
    /// Percent of the price that an order needs in cash or shares.
    pub margin_rate: Option<u16>,
}

/// A stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// Its code: opaque text.
    pub code: String,
    /// Its standard code (ISIN); none abroad, where KIS's files lack it.
    pub standard_code: Option<String>,
    /// Its Korean name, or the English one where there is no Korean.
    pub name: String,
    /// Its English name; none at home, where KIS's files lack it.
    pub english_name: Option<String>,
    /// Its market.
    pub market: Market,
    /// What it is.
    pub kind: Kind,
    /// The currency it is traded in.
    pub currency: String,
    /// Places behind the point of its prices.
    pub decimals: u8,
    /// The price that the day's changes and limits are counted from.
    pub base_price: Option<Decimal>,
    /// Least quantity to buy, and what quantities are multiples of.
    pub lot: Option<u32>,
    /// The same for selling.
    pub sell_lot: Option<u32>,
    /// What else it is.
    pub marks: Marks,
    /// What only the files of the Korea Exchange say.
    pub facts: Option<Facts>,
}
