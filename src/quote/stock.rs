//! Which stock is meant, and what KIS calls its market.

use crate::{stock as listed, wire::types::Market};

/// Longest code; KIS's own have at most 12 characters.
const LONGEST: usize = 16;

/// A stock on a market.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stock {
    /// Its code, as KIS writes it.
    pub code: String,
    /// Where.
    pub market: Market,
}

/// No stock is meant, or none that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownStock {
    /// It is no code.
    #[error("\"{0}\" is not a stock code: letters, digits, dots and hyphens, up to {LONGEST}")]
    NoCode(String),
    /// The market is not clear.
    #[error(
        "{0} has not the form of KRX's codes, which are six letters or digits that begin with a digit, or Q and six: name its market, for example NASDAQ"
    )]
    NoMarket(String),
    /// It is named twice, or not at all.
    #[error("either stock_code or stock must be given")]
    NotOne,
    /// There is no such market.
    #[error("market must be one of {}", Market::ALL.map(Market::name).join(", "))]
    NoSuchMarket,
    /// KIS does not know it.
    #[error("KIS knows no {code} on {}", market.name())]
    NotKnown {
        /// Its code.
        code: String,
        /// Where it was looked for.
        market: Market,
    },
}

/// What KIS calls a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Venue {
    /// At home: `FID_COND_MRKT_DIV_CODE`.
    Domestic(&'static str),
    /// Abroad: `EXCD`.
    Overseas(&'static str),
}

impl Stock {
    /// The stock of a code, on the market that is named or that its form tells.
    pub fn of(code: &str, market: Option<Market>) -> Result<Self, UnknownStock> {
        let code = code.trim();
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/');
        if !(1..=LONGEST).contains(&code.len()) || !code.bytes().all(is_letter) {
            let shown = code.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
            return Err(UnknownStock::NoCode(shown));
        }
        let code = code.to_ascii_uppercase();
        let market = match market {
            Some(Market::Unknown) => return Err(UnknownStock::NoSuchMarket),
            Some(market) => market,
            None if is_of_krx(&code) => Market::Krx,
            None => return Err(UnknownStock::NoMarket(code)),
        };
        Ok(Self { code, market })
    }

    pub(super) fn venue(&self) -> Venue {
        match self.market {
            Market::Nxt => Venue::Domestic("NX"),
            Market::Un => Venue::Domestic("UN"),
            Market::Nasdaq => Venue::Overseas("NAS"),
            Market::Nyse => Venue::Overseas("NYS"),
            Market::Amex => Venue::Overseas("AMS"),
            Market::Hkex => Venue::Overseas("HKS"),
            Market::Tse => Venue::Overseas("TSE"),
            Market::Sse => Venue::Overseas("SHS"),
            Market::Szse => Venue::Overseas("SZS"),
            Market::Hnx => Venue::Overseas("HNX"),
            Market::Hsx => Venue::Overseas("HSX"),
            // No caller can name another.
            Market::Krx | Market::Unknown => Venue::Domestic("J"),
        }
    }

    /// What its prices are in.
    pub fn currency(&self) -> &'static str {
        currency_of(self.market)
    }

    /// KIS does not know it.
    pub(super) fn not_known(&self) -> UnknownStock {
        UnknownStock::NotKnown { code: self.code.clone(), market: self.market }
    }
}

/// Where a stock of this market is listed; `None`: there is no such market.
pub fn listed_on(market: Market) -> Option<listed::Market> {
    Some(match market {
        Market::Krx | Market::Nxt | Market::Un => listed::Market::Krx,
        Market::Nasdaq => listed::Market::Nasdaq,
        Market::Nyse => listed::Market::Nyse,
        Market::Amex => listed::Market::Amex,
        Market::Hkex => listed::Market::Hkex,
        Market::Tse => listed::Market::Tse,
        Market::Sse => listed::Market::Sse,
        Market::Szse => listed::Market::Szse,
        Market::Hnx => listed::Market::Hnx,
        Market::Hsx => listed::Market::Hsx,
        Market::Unknown => return None,
    })
}

/// KIS's code of a market abroad for orders and balances (`OVRS_EXCG_CD`); none at home.
pub fn order_code(market: Market) -> Option<&'static str> {
    listed_on(market)?.order_code()
}

/// What the prices of a market are in.
pub fn currency_of(market: Market) -> &'static str {
    listed_on(market).unwrap_or(listed::Market::Krx).currency()
}

/// The market abroad of such a code.
pub fn market_of(code: &str) -> Option<Market> {
    Market::ALL.into_iter().find(|market| order_code(*market) == Some(code))
}

/// Whether a code has the form of KRX's: six characters of which the first is a digit, or an ETN's with its Q.
fn is_of_krx(code: &str) -> bool {
    let digits = code.strip_prefix('Q').unwrap_or(code);
    digits.len() == 6
        && digits.as_bytes()[0].is_ascii_digit()
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_code_tells_krx_and_nothing_else() {
        for code in ["005930", "0126Z0", "57LABS", "q530036", " 000660 "] {
            assert_eq!(Stock::of(code, None).map(|stock| stock.market), Ok(Market::Krx), "{code}");
        }
        for code in ["AAPL", "7203", "00700", "BRK.B", "ABCDEF"] {
            assert!(matches!(Stock::of(code, None), Err(UnknownStock::NoMarket(_))), "{code}");
        }
        for code in ["", "삼성전자", "005930&EXCD=NAS", "A B", &"1".repeat(17)] {
            assert!(matches!(Stock::of(code, None), Err(UnknownStock::NoCode(_))), "{code}");
        }
        assert_eq!(Stock::of("aapl", Some(Market::Nasdaq)).map(|stock| stock.code).as_deref(), Ok("AAPL"));
    }
}
