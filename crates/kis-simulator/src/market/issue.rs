//! What is traded: an issue of the listing, or one that only an account holds.

use super::{
    Market,
    calendar::Country,
    hours::Venue,
    noise::{mix, number},
    ticks::Ticks,
};
use crate::{
    Options,
    listing::{self, Kind, Listed, Market as Board},
};

/// One issue as the market sees it.
#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) listed: Option<&'static Listed>,
    /// Where its price starts from, in the smallest unit that is printed.
    pub(super) anchor: i64,
    /// Places of a printed price.
    pub(super) decimals: u32,
    pub(super) ticks: Ticks,
    pub(super) venue: Venue,
    /// What its noise is made of.
    pub(super) seed: u64,
    /// Whether steering has a say: not in the price that an account alone has for it.
    pub(super) is_pinned: bool,
    /// Whether its price never moves.
    pub(super) is_still: bool,
}

impl Issue {
    pub(super) fn of_listed(market: &Market, listed: &'static Listed) -> Self {
        let unit = rust_decimal::Decimal::from(10_i64.pow(listed.decimals));
        let ticks = Ticks::of(Some(listed));
        let anchor = ticks.cut(i64::try_from((listed.price * unit).trunc()).unwrap_or(i64::MAX));
        let place = format!("{} {}", if listed.is_domestic() { "KRX" } else { listed.market.code() }, listed.code);
        Self {
            code: listed.code.to_owned(),
            name: listed.korean.to_owned(),
            listed: Some(listed),
            anchor,
            decimals: listed.decimals,
            ticks,
            venue: Venue::of(listed.market, market.hours),
            seed: mix(market.seed, number(&place)),
            is_pinned: listed.is_domestic(),
            is_still: market.is_still,
        }
    }

    /// One that nobody lists and an account holds, at the price that it has there.
    pub(super) fn of_holding(market: &Market, code: &str, name: &str, price: i64) -> Self {
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            listed: None,
            anchor: price.max(1),
            decimals: 0,
            ticks: Ticks::of(None),
            venue: Venue::of(Board::Kospi, market.hours),
            seed: mix(market.seed, number(code)),
            is_pinned: true,
            is_still: true,
        }
    }

    /// The issue of the Korea Exchange with this code, as an account sees it: a market that stands still takes the price that
    /// the account has.
    pub(super) fn domestic(market: &Market, code: &str, options: &Options) -> Option<Self> {
        // ETNs go by the code with Q, and by the six digits alone.
        let listed = listing::domestic(code);
        let held = options.portfolio.positions.iter().find(|position| position.code == code);
        match (listed, held) {
            (Some(listed), Some(held)) if market.is_still && held.price != 0 => {
                let issue = Self::of_listed(market, listed);
                let is_same = issue.anchor == held.price || market.is_pinned_to(code, held.price);
                let name = held.name.clone();
                Some(if is_same {
                    Self { name, ..issue }
                } else {
                    Self { name, anchor: held.price, is_pinned: false, ..issue }
                })
            }
            (Some(listed), _) => Some(Self::of_listed(market, listed)),
            (None, Some(held)) => Some(Self::of_holding(market, code, &held.name, held.price)),
            (None, None) => None,
        }
    }

    /// Shares that there are.
    pub(super) fn shares(&self) -> i64 {
        self.listed.map_or(100_000_000, |listed| listed.thousand_shares * 1_000)
    }

    /// Whether trading has been halted by a day.
    pub(super) fn is_halted(&self, day: chrono::NaiveDate) -> bool {
        self.listed.is_some_and(|listed| listed.halted) && day >= halted_since()
    }

    /// How strongly it sways, in hundredths: some more than others, and those with narrow limits less.
    pub(super) fn strength(&self) -> i64 {
        let own = 60 + super::noise::below(mix(self.seed, 1), 90);
        match self.listed.map(|listed| (listed.market, listed.kind)) {
            Some((Board::Konex | Board::Overseas("SHS" | "SZS" | "HNX" | "HSX"), _)) => own / 3,
            Some((_, Kind::Etf | Kind::Etn | Kind::Reit | Kind::Spac)) => own / 2,
            _ => own,
        }
    }

    /// The day of its listing.
    pub(super) fn first_day(&self) -> chrono::NaiveDate {
        let stated = self.listed.and_then(|listed| chrono::NaiveDate::parse_from_str(listed.listed, "%Y%m%d").ok());
        stated.unwrap_or_else(|| super::day_of(1990, 1, 3))
    }

    /// Whether it trades at NXT: the larger companies do, funds do not.
    pub(super) fn is_on_nxt(&self) -> bool {
        match self.listed {
            Some(listed) => {
                matches!(listed.market, Board::Kospi | Board::Kosdaq)
                    && matches!(listed.kind, Kind::Common | Kind::Preferred)
                    && !listed.administrative
            }
            None => true,
        }
    }

    pub(super) fn country(&self) -> Country {
        self.venue.country
    }
}

/// From when on the halted issues are.
fn halted_since() -> chrono::NaiveDate {
    super::day_of(2026, 9, 1)
}
