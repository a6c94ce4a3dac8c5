//! Which issues the simulator knows: those of `data/listing.tsv`, at home and abroad.

use std::sync::LazyLock;

use rust_decimal::Decimal;

/// Where an issue is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Market {
    /// The main board of the Korea Exchange.
    Kospi,
    /// Its board of younger companies.
    Kosdaq,
    /// Its board of the youngest.
    Konex,
    /// A market abroad, by KIS's code of it, such as `NAS`.
    Overseas(&'static str),
}

/// What an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A common share.
    Common,
    /// A preferred share.
    Preferred,
    /// An exchange traded fund.
    Etf,
    /// An exchange traded note.
    Etn,
    /// A real estate investment trust.
    Reit,
    /// A company listed to buy another.
    Spac,
}

/// A listed issue.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Where.
    pub market: Market,
    /// Its short code; letters occur.
    pub code: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its Korean name.
    pub korean: &'static str,
    /// Its English name.
    pub english: &'static str,
    /// The currency it trades in.
    pub currency: &'static str,
    /// Places behind the point of its prices.
    pub decimals: u32,
    /// Where its price starts from.
    pub price: Decimal,
    /// Par value in won; 0 without one and abroad.
    pub par: i64,
    /// Shares, in thousands.
    pub thousand_shares: i64,
    /// Day of listing, `YYYYMMDD`; empty abroad, where the masters do not say it.
    pub listed: &'static str,
    /// Least quantity of an order, and what quantities are multiples of.
    pub lot: i64,
    /// Trading is halted.
    pub halted: bool,
    /// Under administration.
    pub administrative: bool,
}

/// All issues, in the order of the file.
pub fn all() -> &'static [Listed] {
    static ALL: LazyLock<Vec<Listed>> = LazyLock::new(|| {
        let lines = include_str!("../data/listing.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
        lines.map(|line| Listed::of_line(line).unwrap_or_else(|| panic!("data/listing.tsv: {line}"))).collect()
    });
    &ALL
}

/// The issue of the Korea Exchange that has this code.
pub fn domestic(code: &str) -> Option<&'static Listed> {
    all().iter().find(|listed| listed.code == code && listed.is_domestic())
}

/// The issue of a market abroad that has this symbol.
pub fn overseas(market: &str, symbol: &str) -> Option<&'static Listed> {
    all().iter().find(|listed| listed.code == symbol && listed.market.code() == market && !listed.is_domestic())
}

impl Market {
    /// Its name in the file; abroad that is KIS's code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Kospi => "KOSPI",
            Self::Kosdaq => "KOSDAQ",
            Self::Konex => "KONEX",
            Self::Overseas(code) => code,
        }
    }
}

impl Listed {
    fn of_line(line: &'static str) -> Option<Self> {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [market, code, kind, korean, english, currency, decimals, price, par, shares, listed, lot, marks] =
            cells[..]
        else {
            return None;
        };
        Some(Self {
            market: match market {
                "KOSPI" => Market::Kospi,
                "KOSDAQ" => Market::Kosdaq,
                "KONEX" => Market::Konex,
                "NAS" | "NYS" | "AMS" | "HKS" | "TSE" | "SHS" | "SZS" | "HNX" | "HSX" => Market::Overseas(market),
                _ => return None,
            },
            code,
            kind: match kind {
                "common" => Kind::Common,
                "preferred" => Kind::Preferred,
                "etf" => Kind::Etf,
                "etn" => Kind::Etn,
                "reit" => Kind::Reit,
                "spac" => Kind::Spac,
                _ => return None,
            },
            korean,
            english,
            currency,
            decimals: decimals.parse().ok()?,
            price: price.parse().ok()?,
            par: par.parse().ok()?,
            thousand_shares: shares.parse().ok()?,
            listed,
            lot: lot.parse().ok()?,
            halted: marks.contains("halted"),
            administrative: marks.contains("administrative"),
        })
    }

    /// Listed on the Korea Exchange.
    pub fn is_domestic(&self) -> bool {
        !matches!(self.market, Market::Overseas(_))
    }

    /// Its standard code (ISIN). Abroad KIS's masters have none.
    pub fn standard_code(&self) -> Option<String> {
        let code = self.is_domestic().then_some(self.code)?;
        let head = match (self.kind, code.split_at_checked(5)?) {
            (Kind::Etn, _) => format!("KRG{}00{}", code.get(1..4)?, code.get(4..)?),
            // The company, which of its preferred shares, and a serial number.
            (Kind::Preferred, (company, "5")) => format!("KR7{company}100"),
            (Kind::Preferred, (company, "7")) => format!("KR7{company}200"),
            (Kind::Preferred, (company, "9")) => format!("KR7{company}300"),
            (Kind::Preferred, _) => format!("KR7{code}01"),
            _ => format!("KR7{code}00"),
        };
        let check = check_digit(&head);
        Some(format!("{head}{check}"))
    }
}

/// The check digit of an ISIN: letters count as two digits, every second digit from the right counts twice.
fn check_digit(head: &str) -> u32 {
    let values = head.chars().filter_map(|letter| letter.to_digit(36));
    let digits: Vec<u32> =
        values.flat_map(|value| if value < 10 { vec![value] } else { vec![value / 10, value % 10] }).collect();
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| if place % 2 == 0 { 2 * digit } else { *digit });
    let sum: u32 = weighed.map(|value| value / 10 + value % 10).sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_file_reads_and_has_a_bit_of_everything() {
        let has = |what: &dyn Fn(&Listed) -> bool| all().iter().any(what);
        assert!(all().iter().filter(|listed| listed.is_domestic()).count() >= 250);
        assert!(all().iter().filter(|listed| !listed.is_domestic()).count() >= 80);
        for market in ["KOSPI", "KOSDAQ", "KONEX", "NAS", "NYS", "AMS", "HKS", "TSE", "SHS", "SZS", "HNX", "HSX"] {
            assert!(has(&|listed| listed.market.code() == market), "{market}");
        }
        for kind in [Kind::Common, Kind::Preferred, Kind::Etf, Kind::Etn, Kind::Reit, Kind::Spac] {
            assert!(has(&|listed| listed.kind == kind), "{kind:?}");
        }
        assert!(has(&|listed| listed.halted) && has(&|listed| listed.administrative));
        assert!(domestic("0126Z0").is_some() && domestic("AAPL").is_none() && overseas("NAS", "AAPL").is_some());
        assert!(overseas("NYS", "AAPL").is_none() && overseas("KOSPI", "005930").is_none());
        let market = |listed: &Listed| if listed.is_domestic() { "KRX" } else { listed.market.code() };
        let codes: HashSet<_> = all().iter().map(|listed| (market(listed), listed.code)).collect();
        assert_eq!(codes.len(), all().len(), "no code twice in a market");
        for listed in all() {
            assert!(
                listed.price > Decimal::ZERO && listed.price.scale() <= listed.decimals.max(2) && listed.lot > 0,
                "{listed:?}"
            );
            assert!(
                listed.thousand_shares > 0 && !listed.korean.is_empty() && !listed.english.is_empty(),
                "{listed:?}"
            );
        }
    }

    #[test]
    fn standard_codes_are_the_real_ones() {
        for (code, standard) in [
            ("005930", "KR7005930003"),
            ("005935", "KR7005931001"),
            ("005387", "KR7005382007"),
            ("02826K", "KR702826K016"),
            ("069500", "KR7069500007"),
            ("088260", "KR7088260005"),
            ("Q500067", "KRG500000671"),
        ] {
            assert_eq!(domestic(code).unwrap().standard_code().unwrap(), standard);
        }
        assert_eq!(overseas("NAS", "AAPL").unwrap().standard_code(), None);
        let standard: HashSet<_> = all().iter().filter_map(Listed::standard_code).collect();
        assert_eq!(standard.len(), all().iter().filter(|listed| listed.is_domestic()).count());
    }
}
