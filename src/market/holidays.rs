//! The tables: weekdays without trading, and days with hours of their own, by country and year.
//!
//! They hold what was published by November 2026. A day that could not be verified is `unsure`, and the years after the last one
//! are not known at all. Closings that nobody plans (a storm, mourning) are in no table; of Korea's, KIS tells.

use chrono::NaiveDate;

use crate::wire::types::Market;

/// Whose holidays and hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Country {
    Korea,
    UnitedStates,
    HongKong,
    Japan,
    China,
    Vietnam,
}

impl Country {
    pub(super) fn of(market: Market) -> Self {
        match market {
            Market::Nasdaq | Market::Nyse | Market::Amex => Self::UnitedStates,
            Market::Hkex => Self::HongKong,
            Market::Tse => Self::Japan,
            Market::Sse | Market::Szse => Self::China,
            Market::Hnx | Market::Hsx => Self::Vietnam,
            // No caller can name another.
            Market::Krx | Market::Nxt | Market::Un | Market::Unknown => Self::Korea,
        }
    }

    /// The years of its table.
    pub(super) fn years(self) -> &'static [Year] {
        match self {
            Self::Korea => &KOREA,
            Self::UnitedStates => &UNITED_STATES,
            Self::HongKong => &HONG_KONG,
            Self::Japan => &JAPAN,
            Self::China => &CHINA,
            Self::Vietnam => &VIETNAM,
        }
    }
}

/// Month and day.
type MonthDay = (u32, u32);

/// A year of a country.
#[derive(Debug)]
pub(super) struct Year {
    pub(super) year: i32,
    /// Weekdays without trading.
    closed: &'static [MonthDay],
    /// Days with hours of their own.
    special: &'static [(MonthDay, Special)],
    /// Weekdays of which it could not be verified whether there is trading.
    unsure: &'static [MonthDay],
    /// Days of trading on which nothing is settled, since banks are closed.
    unsettled: &'static [MonthDay],
}

/// What is special about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// Korea: the first day of the year, an hour later in the morning.
    FirstDay,
    /// Korea: the day of the university entrance examination, an hour later throughout.
    Examination,
    /// It ends early.
    Half,
    /// Its hours are not the usual ones, and not published.
    NotPublished,
}

const NONE: Year = Year { year: 0, closed: &[], special: &[], unsure: &[], unsettled: &[] };

impl Year {
    fn has(days: &[MonthDay], day: NaiveDate) -> bool {
        days.contains(&month_day(day))
    }

    /// Whether a weekday is one of trading; `None`: that could not be verified.
    pub(super) fn is_open(&self, day: NaiveDate) -> Option<bool> {
        (!Self::has(self.unsure, day)).then(|| !Self::has(self.closed, day))
    }

    pub(super) fn special(&self, day: NaiveDate) -> Option<Special> {
        self.special.iter().find(|(known, _)| *known == month_day(day)).map(|(_, special)| *special)
    }

    /// Days of the table that are closed, and those that are not sure.
    #[cfg(test)]
    pub(super) fn lengths(&self) -> (usize, usize) {
        (self.closed.len(), self.unsure.len())
    }

    /// Whether trades are settled on a day of trading.
    pub(super) fn settles(&self, day: NaiveDate) -> bool {
        !Self::has(self.unsettled, day)
    }
}

fn month_day(day: NaiveDate) -> MonthDay {
    use chrono::Datelike as _;
    (day.month(), day.day())
}

/// Constitution Day is a holiday again since 2026. Whether Labour Day is made up for in 2027 could not be verified.
const KOREA: [Year; 2] = [
    Year {
        year: 2026,
        closed: &[
            (1, 1),
            (2, 16),
            (2, 17),
            (2, 18),
            (3, 2),
            (5, 1),
            (5, 5),
            (5, 25),
            (6, 3),
            (7, 17),
            (8, 17),
            (9, 24),
            (9, 25),
            (10, 5),
            (10, 9),
            (12, 25),
            (12, 31),
        ],
        special: &[((1, 2), Special::FirstDay), ((11, 19), Special::Examination)],
        ..NONE
    },
    Year {
        year: 2027,
        closed: &[
            (1, 1),
            (2, 8),
            (2, 9),
            (3, 1),
            (5, 5),
            (5, 13),
            (7, 19),
            (8, 16),
            (9, 14),
            (9, 15),
            (9, 16),
            (10, 4),
            (10, 11),
            (12, 27),
            (12, 31),
        ],
        special: &[((1, 4), Special::NotPublished), ((11, 18), Special::NotPublished)],
        unsure: &[(5, 3)],
        ..NONE
    },
];

/// As the New York Stock Exchange has published them. On two days of autumn banks are closed and markets open.
const UNITED_STATES: [Year; 3] = [
    Year {
        year: 2026,
        closed: &[(1, 1), (1, 19), (2, 16), (4, 3), (5, 25), (6, 19), (7, 3), (9, 7), (11, 26), (12, 25)],
        special: &[((11, 27), Special::Half), ((12, 24), Special::Half)],
        unsettled: &[(10, 12), (11, 11)],
        ..NONE
    },
    Year {
        year: 2027,
        closed: &[(1, 1), (1, 18), (2, 15), (3, 26), (5, 31), (6, 18), (7, 5), (9, 6), (11, 25), (12, 24)],
        special: &[((11, 26), Special::Half)],
        unsettled: &[(10, 11), (11, 11)],
        ..NONE
    },
    Year {
        year: 2028,
        closed: &[(1, 17), (2, 21), (4, 14), (5, 29), (6, 19), (7, 4), (9, 4), (11, 23), (12, 25)],
        special: &[((7, 3), Special::Half), ((11, 24), Special::Half)],
        unsettled: &[(10, 9)],
        ..NONE
    },
];

/// Lists of 2027 differ on the fourth day of the lunar year.
const HONG_KONG: [Year; 2] = [
    Year {
        year: 2026,
        closed: &[
            (1, 1),
            (2, 17),
            (2, 18),
            (2, 19),
            (4, 3),
            (4, 6),
            (4, 7),
            (5, 1),
            (5, 25),
            (6, 19),
            (7, 1),
            (10, 1),
            (10, 19),
            (12, 25),
        ],
        special: &[((2, 16), Special::Half), ((12, 24), Special::Half), ((12, 31), Special::Half)],
        ..NONE
    },
    Year {
        year: 2027,
        closed: &[
            (1, 1),
            (2, 8),
            (3, 26),
            (3, 29),
            (4, 5),
            (5, 13),
            (6, 9),
            (7, 1),
            (9, 16),
            (10, 1),
            (10, 8),
            (12, 27),
        ],
        special: &[((2, 5), Special::Half), ((12, 24), Special::Half), ((12, 31), Special::Half)],
        unsure: &[(2, 9)],
        ..NONE
    },
];

/// Holidays by law, and the exchange's own days at the turn of the year.
const JAPAN: [Year; 2] = [
    Year {
        year: 2026,
        closed: &[
            (1, 1),
            (1, 2),
            (1, 12),
            (2, 11),
            (2, 23),
            (3, 20),
            (4, 29),
            (5, 4),
            (5, 5),
            (5, 6),
            (7, 20),
            (8, 11),
            (9, 21),
            (9, 22),
            (9, 23),
            (10, 12),
            (11, 3),
            (11, 23),
            (12, 31),
        ],
        ..NONE
    },
    Year {
        year: 2027,
        closed: &[
            (1, 1),
            (1, 11),
            (2, 11),
            (2, 23),
            (3, 22),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
            (7, 19),
            (8, 11),
            (9, 20),
            (9, 23),
            (10, 11),
            (11, 3),
            (11, 23),
            (12, 31),
        ],
        ..NONE
    },
];

/// The State Council arranges each year's in the autumn before.
const CHINA: [Year; 1] = [Year {
    year: 2026,
    closed: &[
        (1, 1),
        (1, 2),
        (2, 16),
        (2, 17),
        (2, 18),
        (2, 19),
        (2, 20),
        (2, 23),
        (4, 6),
        (5, 1),
        (5, 4),
        (5, 5),
        (6, 19),
        (9, 25),
        (10, 1),
        (10, 2),
        (10, 5),
        (10, 6),
        (10, 7),
    ],
    ..NONE
}];

/// The exchanges announce each year's at the end of the one before.
const VIETNAM: [Year; 1] = [Year {
    year: 2026,
    closed: &[(1, 1), (2, 16), (2, 17), (2, 18), (2, 19), (2, 20), (4, 27), (4, 30), (5, 1), (8, 31), (9, 1), (9, 2)],
    ..NONE
}];
