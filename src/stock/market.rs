//! Markets and kinds of stocks: their names here, and KIS's codes of them.

/// Where a stock is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Market {
    /// Korea Exchange, all boards.
    Krx,
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
}

impl Market {
    /// All of them, Korea first.
    pub const ALL: [Self; 10] = [
        Self::Krx,
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

    /// Its name in requests and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Krx => "KRX",
            Self::Nasdaq => "NASDAQ",
            Self::Nyse => "NYSE",
            Self::Amex => "AMEX",
            Self::Hkex => "HKEX",
            Self::Tse => "TSE",
            Self::Sse => "SSE",
            Self::Szse => "SZSE",
            Self::Hnx => "HNX",
            Self::Hsx => "HSX",
        }
    }

    /// KIS's code in questions for quotes (`EXCD`); none for Korea.
    pub const fn quote_code(self) -> Option<&'static str> {
        match self {
            Self::Krx => None,
            Self::Nasdaq => Some("NAS"),
            Self::Nyse => Some("NYS"),
            Self::Amex => Some("AMS"),
            Self::Hkex => Some("HKS"),
            Self::Tse => Some("TSE"),
            Self::Sse => Some("SHS"),
            Self::Szse => Some("SZS"),
            Self::Hnx => Some("HNX"),
            Self::Hsx => Some("HSX"),
        }
    }

    /// KIS's code in orders and balances (`OVRS_EXCG_CD`); none for Korea.
    pub const fn order_code(self) -> Option<&'static str> {
        match self {
            Self::Krx => None,
            Self::Nasdaq => Some("NASD"),
            Self::Nyse => Some("NYSE"),
            Self::Amex => Some("AMEX"),
            Self::Hkex => Some("SEHK"),
            Self::Tse => Some("TKSE"),
            Self::Sse => Some("SHAA"),
            Self::Szse => Some("SZAA"),
            Self::Hnx => Some("HASE"),
            Self::Hsx => Some("VNSE"),
        }
    }

    /// KIS's code of the kind of product (`PRDT_TYPE_CD`).
    pub const fn product_type(self) -> &'static str {
        match self {
            Self::Krx => "300",
            Self::Nasdaq => "512",
            Self::Nyse => "513",
            Self::Amex => "529",
            Self::Hkex => "501",
            Self::Tse => "515",
            Self::Sse => "551",
            Self::Szse => "552",
            Self::Hnx => "507",
            Self::Hsx => "508",
        }
    }

    /// The currency of all but a few of its stocks.
    pub const fn currency(self) -> &'static str {
        match self {
            Self::Krx => "KRW",
            Self::Nasdaq | Self::Nyse | Self::Amex => "USD",
            Self::Hkex => "HKD",
            Self::Tse => "JPY",
            Self::Sse | Self::Szse => "CNY",
            Self::Hnx | Self::Hsx => "VND",
        }
    }
}

/// The board of the Korea Exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Board {
    /// The main one.
    Kospi,
    /// Of younger companies.
    Kosdaq,
    /// Of the youngest.
    Konex,
}

/// What is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
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
    /// A kind that KIS has and this version does not know.
    Other,
}
