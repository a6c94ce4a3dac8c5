//! Steps that prices are multiples of, and how far a day may go. Prices are whole numbers of the smallest unit that is printed.

use crate::listing::{Kind, Listed, Market};

/// A price from which a step holds on.
type Table = &'static [(i64, i64)];

/// The tables of the markets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticks {
    table: Table,
    /// How far a day may go, in percent; none abroad, where KIS states none.
    limit: Option<i64>,
}

const SHARES: Table = &[(0, 1), (2_000, 5), (5_000, 10), (20_000, 50), (50_000, 100), (200_000, 500), (500_000, 1_000)];
const FUNDS: Table = &[(0, 1), (2_000, 5)];
/// In hundredths of a cent.
const UNITED_STATES: Table = &[(0, 1), (10_000, 100)];
/// In thousandths of a dollar.
const HONG_KONG: Table = &[
    (0, 1),
    (250, 5),
    (500, 10),
    (20_000, 20),
    (50_000, 50),
    (100_000, 100),
    (200_000, 200),
    (500_000, 500),
    (1_000_000, 1_000),
    (2_000_000, 2_000),
    (5_000_000, 5_000),
];
/// In tenths of a yen.
const JAPAN: Table = &[(0, 10), (30_000, 50), (50_000, 100), (300_000, 500), (500_000, 1_000)];
/// In thousandths of a yuan.
const CHINA: Table = &[(0, 10)];
const HANOI: Table = &[(0, 100)];
const HO_CHI_MINH: Table = &[(0, 10), (10_000, 50), (50_000, 100)];

impl Ticks {
    /// An index moves by hundredths of a point.
    pub(super) const OF_INDICES: Self = Self { table: &[(0, 1)], limit: None };

    /// Those of an issue; without one those of a share.
    pub(super) fn of(listed: Option<&Listed>) -> Self {
        let Some(listed) = listed else { return Self { table: SHARES, limit: Some(30) } };
        let (table, limit) = match (listed.market, listed.kind) {
            (Market::Konex, _) => (SHARES, Some(15)),
            (Market::Kospi | Market::Kosdaq, Kind::Etf | Kind::Etn) => (FUNDS, Some(30)),
            (Market::Kospi | Market::Kosdaq, _) => (SHARES, Some(30)),
            (Market::Overseas("HKS"), _) => (HONG_KONG, None),
            (Market::Overseas("TSE"), _) => (JAPAN, None),
            (Market::Overseas("SHS" | "SZS"), _) => (CHINA, None),
            (Market::Overseas("HNX"), _) => (HANOI, None),
            (Market::Overseas("HSX"), _) => (HO_CHI_MINH, None),
            (Market::Overseas(_), _) => (UNITED_STATES, None),
        };
        Self { table, limit }
    }

    /// The step that holds from this price on.
    pub(super) fn at(self, price: i64) -> i64 {
        self.table.iter().rev().find(|(from, _)| price >= *from).map_or(1, |(_, tick)| *tick)
    }

    /// The next price down to which it is cut; never below the first.
    pub(super) fn cut(self, price: i64) -> i64 {
        let tick = self.at(price);
        (price - price.rem_euclid(tick)).max(self.at(0))
    }

    /// The price some steps above, or below for a negative number.
    pub(super) fn step(self, price: i64, steps: i64) -> i64 {
        (0..steps.abs()).fold(price, |price, _| match steps > 0 {
            true => price + self.at(price),
            false => (price - self.at(price - 1)).max(self.at(0)),
        })
    }

    /// The highest and the lowest price of a day: the width is cut to the step of the base price, and both are rounded inwards.
    pub(super) fn limits(self, base: i64) -> Option<(i64, i64)> {
        let width = base * self.limit? / 100;
        let width = width - width % self.at(base);
        let lowest = base - width;
        let tick = self.at(lowest);
        Some((self.cut(base + width), (lowest + tick - 1).div_euclid(tick) * tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing;

    #[test]
    fn a_step_crosses_every_boundary_and_comes_back() {
        for table in [SHARES, FUNDS, UNITED_STATES, HONG_KONG, JAPAN, CHINA, HANOI, HO_CHI_MINH] {
            let ticks = Ticks { table, limit: None };
            for pair in table.windows(2) {
                let [(_, below), (from, above)] = pair else { panic!("a pair") };
                assert_eq!(from % below, 0);
                assert_eq!(from % above, 0);
                assert_eq!((ticks.at(from - 1), ticks.at(*from)), (*below, *above));
                assert_eq!((ticks.step(*from, -1), ticks.step(*from, 1)), (from - below, from + above));
                assert_eq!(ticks.step(ticks.step(*from, -3), 3), *from);
                assert_eq!(ticks.cut(from - 1), from - below);
            }
        }
    }

    #[test]
    fn limits_are_those_that_were_recorded() {
        let share = Ticks::of(listing::domestic("005930"));
        assert_eq!(share.limits(1_252), Some((1_627, 877)));
        assert_eq!(share.limits(70_700), Some((91_900, 49_500)));
        for base in [1, 3, 1_999, 2_000, 4_995, 5_000, 19_990, 49_950, 50_000, 199_900, 200_000, 499_500, 1_500_000] {
            let (upper, lower) = share.limits(base).unwrap();
            assert!(upper * 100 <= base * 130 && lower * 100 >= base * 70, "{base}: {upper} {lower}");
            assert_eq!((share.cut(upper), share.cut(lower)), (upper, lower));
        }
        assert_eq!(Ticks::of(listing::overseas("NAS", "AAPL")).limits(2_325_100), None);
    }
}
