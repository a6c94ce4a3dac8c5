//! On which days markets are open.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Whose days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Country {
    Korea,
    UnitedStates,
    /// Only weekends and New Year's Day are known.
    Other,
}

/// Day of Seollal and of Chuseok, and Buddha's birthday, by the lunar calendar: year, then month and day of each.
const LUNAR: [(i32, [(u32, u32); 3]); 21] = [
    (2010, [(2, 14), (9, 22), (5, 21)]),
    (2011, [(2, 3), (9, 12), (5, 10)]),
    (2012, [(1, 23), (9, 30), (5, 28)]),
    (2013, [(2, 10), (9, 19), (5, 17)]),
    (2014, [(1, 31), (9, 8), (5, 6)]),
    (2015, [(2, 19), (9, 27), (5, 25)]),
    (2016, [(2, 8), (9, 15), (5, 14)]),
    (2017, [(1, 28), (10, 4), (5, 3)]),
    (2018, [(2, 16), (9, 24), (5, 22)]),
    (2019, [(2, 5), (9, 13), (5, 12)]),
    (2020, [(1, 25), (10, 1), (4, 30)]),
    (2021, [(2, 12), (9, 21), (5, 19)]),
    (2022, [(2, 1), (9, 10), (5, 8)]),
    (2023, [(1, 22), (9, 29), (5, 27)]),
    (2024, [(2, 10), (9, 17), (5, 15)]),
    (2025, [(1, 29), (10, 6), (5, 5)]),
    (2026, [(2, 17), (9, 25), (5, 24)]),
    (2027, [(2, 7), (9, 15), (5, 13)]),
    (2028, [(1, 27), (10, 3), (5, 2)]),
    (2029, [(2, 13), (9, 22), (5, 20)]),
    (2030, [(2, 3), (9, 12), (5, 9)]),
];

/// Days of elections, and holidays that were declared once.
const ONCE: [(i32, u32, u32); 17] = [
    (2012, 4, 11),
    (2012, 12, 19),
    (2014, 6, 4),
    (2015, 8, 14),
    (2016, 4, 13),
    (2016, 5, 6),
    (2017, 5, 9),
    (2018, 6, 13),
    (2020, 4, 15),
    (2020, 8, 17),
    (2022, 3, 9),
    (2022, 6, 1),
    (2023, 10, 2),
    (2024, 4, 10),
    (2024, 10, 1),
    (2025, 1, 27),
    (2025, 6, 3),
];

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

impl Country {
    /// Whether its stock markets are open.
    pub(super) fn is_open(self, day: NaiveDate) -> bool {
        !is_weekend(day)
            && match self {
                // The last day of a year, a bank day without a market.
                Self::Korea => Self::Korea.is_business(day) && (day.month(), day.day()) != (12, 31 - last_weekend(day)),
                Self::UnitedStates => !is_american_holiday(day),
                Self::Other => (day.month(), day.day()) != (1, 1),
            }
    }

    /// Whether banks are open.
    pub(super) fn is_business(self, day: NaiveDate) -> bool {
        match self {
            Self::Korea => !is_weekend(day) && !is_korean_holiday(day) && !is_substitute(day),
            Self::UnitedStates | Self::Other => self.is_open(day),
        }
    }

    /// The last day before this one on which they were open.
    pub(super) fn open_before(self, day: NaiveDate) -> NaiveDate {
        self.open_until(day.pred_opt().unwrap_or(day))
    }

    /// The last day up to this one on which they are open.
    pub(super) fn open_until(self, day: NaiveDate) -> NaiveDate {
        let back = std::iter::successors(Some(day), |day| day.pred_opt());
        back.into_iter().take(30).find(|day| self.is_open(*day)).unwrap_or(day)
    }
}

/// By how many days the last weekday of a year is before its last day.
fn last_weekend(day: NaiveDate) -> u32 {
    let last = NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap_or(day).weekday();
    match last {
        Weekday::Sat => 1,
        Weekday::Sun => 2,
        _ => 0,
    }
}

fn lunar(year: i32) -> [Option<NaiveDate>; 3] {
    let days = LUNAR.iter().find(|(known, _)| *known == year).map(|(_, days)| days);
    [0, 1, 2].map(|at| days.and_then(|days| NaiveDate::from_ymd_opt(year, days[at].0, days[at].1)))
}

/// Whether a day is one of the three of Seollal or Chuseok.
fn is_of_three(day: NaiveDate) -> bool {
    let [seollal, chuseok, _] = lunar(day.year());
    [seollal, chuseok].into_iter().flatten().any(|middle| (day - middle).num_days().abs() <= 1)
}

fn is_korean_holiday(day: NaiveDate) -> bool {
    let fixed = [(1, 1), (3, 1), (5, 1), (5, 5), (6, 6), (8, 15), (10, 3), (10, 9), (12, 25)];
    let election = [(2026, 6, 3), (2028, 4, 12), (2030, 4, 3)];
    let (year, month, date) = (day.year(), day.month(), day.day());
    let named = fixed.contains(&(month, date)) && !((month, date) == (10, 9) && year < 2013);
    let once = ONCE.iter().chain(&election).any(|known| *known == (year, month, date));
    // Constitution Day, since 2026.
    let again = (month, date) == (7, 17) && year >= 2026;
    named || again || once || is_of_three(day) || lunar(year)[2] == Some(day)
}

/// Whether a holiday that fell on a weekend, or on another, is made up for on this day.
fn is_substitute(day: NaiveDate) -> bool {
    let year = day.year();
    let back = std::iter::successors(Some(day), |day| day.pred_opt()).skip(1);
    // The holidays and weekends right before it.
    let run: Vec<NaiveDate> = back.take_while(|day| is_weekend(*day) || is_korean_holiday(*day)).take(10).collect();
    if is_korean_holiday(day) || is_weekend(day) {
        return false;
    }
    run.iter().any(|lost| {
        let sunday = lost.weekday() == Weekday::Sun;
        let weekend = is_weekend(*lost);
        let (month, date) = (lost.month(), lost.day());
        let children = (month, date) == (5, 5) && year >= 2014;
        let national = [(3, 1), (8, 15), (10, 3), (10, 9)].contains(&(month, date))
            && *lost >= NaiveDate::from_ymd_opt(2021, 8, 15).unwrap_or(*lost)
            || (month, date) == (7, 17) && year >= 2026;
        let newer = year >= 2023 && ((month, date) == (12, 25) || lunar(year)[2] == Some(*lost));
        let twice = is_of_three(*lost) && ((month, date) == (10, 3) || (month, date) == (10, 9))
            || children && lunar(year)[2] == Some(*lost);
        year >= 2014 && (sunday && is_of_three(*lost)) || weekend && (children || national || newer) || twice
    })
}

fn is_american_holiday(day: NaiveDate) -> bool {
    let (year, month, date) = (day.year(), day.month(), day.day());
    let nth = |weekday, n| day.weekday() == weekday && (date - 1) / 7 + 1 == n;
    let last = |weekday| day.weekday() == weekday && date + 7 > 31;
    // One on a Saturday is kept the day before, one on a Sunday the day after; New Year's Day never in December.
    let kept = |month: u32, date: u32| {
        NaiveDate::from_ymd_opt(year, month, date).is_some_and(|holiday| {
            let moved = match holiday.weekday() {
                Weekday::Sat if month != 1 => holiday.pred_opt(),
                Weekday::Sun => holiday.succ_opt(),
                _ => Some(holiday),
            };
            moved == Some(day)
        })
    };
    kept(1, 1)
        || kept(7, 4)
        || kept(12, 25)
        || year >= 2022 && kept(6, 19)
        || month == 1 && nth(Weekday::Mon, 3)
        || month == 2 && nth(Weekday::Mon, 3)
        || month == 5 && last(Weekday::Mon)
        || month == 9 && nth(Weekday::Mon, 1)
        || month == 11 && nth(Weekday::Thu, 4)
        || easter(year).and_then(|sunday| sunday.checked_sub_days(Days::new(2))) == Some(day)
}

/// Easter Sunday, by the anonymous Gregorian algorithm.
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century) = (year % 19, year / 100);
    let rest = year % 100;
    let epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let correction = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * correction + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_are_known() {
        let closed = |country: Country, days: &[&str]| {
            for day in days {
                assert!(!country.is_open(day.parse().unwrap()), "{day} is a holiday");
            }
        };
        closed(
            Country::Korea,
            &[
                "2026-01-01",
                "2026-02-16",
                "2026-02-17",
                "2026-02-18",
                "2026-03-02",
                "2026-05-01",
                "2026-05-05",
                "2026-05-25",
                "2026-06-03",
                "2026-07-17",
                "2027-07-19",
                "2026-08-17",
                "2026-09-24",
                "2026-09-25",
                "2026-10-05",
                "2026-10-09",
                "2026-12-25",
                "2026-12-31",
                "2025-10-08",
                "2025-05-06",
                "2025-03-03",
                "2025-10-06",
                "2022-12-30",
                "2027-02-08",
                "2027-02-09",
                "2023-05-29",
                "2024-05-06",
                "2022-09-12",
            ],
        );
        closed(
            Country::UnitedStates,
            &["2026-11-26", "2026-12-25", "2026-07-03", "2026-04-03", "2026-01-19", "2026-05-25", "2026-09-07"],
        );
        for day in ["2026-11-26", "2026-11-27", "2026-10-06", "2025-10-10", "2024-12-30", "2026-05-26", "2026-12-24"] {
            assert!(Country::Korea.is_open(day.parse().unwrap()), "{day} is a working day");
        }
        assert!(Country::UnitedStates.is_open("2026-11-27".parse().unwrap()));
        let opens = |year: i32| {
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            first.iter_days().take_while(|day| day.year() == year).filter(|day| Country::Korea.is_open(*day)).count()
        };
        for year in 2016..=2027 {
            assert!((240..=250).contains(&opens(year)), "{year}: {}", opens(year));
        }
    }
}
