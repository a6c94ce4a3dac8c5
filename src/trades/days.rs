//! The days that are asked about, and where KIS keeps them.

use chrono::{DateTime, Days as Count, Months, NaiveDate, Utc};
use chrono_tz::Tz;

/// Days from one to another at most: a year and the day of a leap year.
const MOST: i64 = 366;

/// Months back that KIS keeps at hand; what is older has an operation of its own.
const AT_HAND: Months = Months::new(3);

/// Days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

/// Why there are no such days.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongDays {
    /// It is none.
    #[error("{0} must be a day such as 2026-11-27")]
    NoDay(&'static str),
    /// It has not come.
    #[error("{0} is in the future: in Korea it is {1}")]
    Future(&'static str, NaiveDate),
    /// They go backwards.
    #[error("from is after to")]
    Backwards,
    /// They are too many.
    #[error("from and to must be at most {MOST} days apart; ask for a part at a time")]
    TooMany,
}

impl Days {
    /// A single day.
    pub fn one(day: NaiveDate) -> Self {
        Self { first: day, last: day }
    }

    /// The day that is named, or today in Korea.
    pub fn named(name: &'static str, text: Option<&str>, today: NaiveDate) -> Result<Self, WrongDays> {
        Ok(Self::one(text.map(|text| parsed(name, text, today)).transpose()?.unwrap_or(today)))
    }

    /// From a day to another; without the first it is the last, and without the last it is today in Korea.
    pub fn between(from: Option<&str>, to: Option<&str>, today: NaiveDate) -> Result<Self, WrongDays> {
        let last = to.map(|to| parsed("to", to, today)).transpose()?.unwrap_or(today);
        let first = from.map(|from| parsed("from", from, today)).transpose()?.unwrap_or(last);
        match (last - first).num_days() {
            ..0 => Err(WrongDays::Backwards),
            0..=MOST => Ok(Self { first, last }),
            _ => Err(WrongDays::TooMany),
        }
    }

    /// Whether a day is among them.
    pub fn has(self, day: NaiveDate) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// Those that KIS keeps at hand, and those that are older.
    pub(super) fn by_age(self, today: NaiveDate) -> (Option<Self>, Option<Self>) {
        let edge = today.checked_sub_months(AT_HAND).unwrap_or(NaiveDate::MIN);
        let before = edge.pred_opt().unwrap_or(NaiveDate::MIN);
        let recent = Self { first: self.first.max(edge), ..self };
        let old = Self { last: self.last.min(before), ..self };
        let some = |days: Self| (days.first <= days.last).then_some(days);
        (some(recent), some(old))
    }

    /// So many more before and after.
    pub(super) fn wider(self, before: u64, after: u64) -> Self {
        let first = self.first.checked_sub_days(Count::new(before)).unwrap_or(self.first);
        Self { first, last: self.last.checked_add_days(Count::new(after)).unwrap_or(self.last) }
    }

    /// The first and the last as KIS writes them.
    pub(super) fn written(self) -> [String; 2] {
        [self.first, self.last].map(|day| day.format("%Y%m%d").to_string())
    }
}

fn parsed(name: &'static str, text: &str, today: NaiveDate) -> Result<NaiveDate, WrongDays> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    let day = day.ok_or(WrongDays::NoDay(name))?;
    if day > today { Err(WrongDays::Future(name, today)) } else { Ok(day) }
}

/// The day in New York, where the last of the markets' days ends.
pub(super) fn in_the_us(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&Tz::America__New_York).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(first: &str, last: &str) -> Days {
        Days { first: day(first), last: day(last) }
    }

    #[test]
    fn days_are_from_one_to_another_and_today_unless_said() {
        let today = day("2026-11-27");
        assert_eq!(Days::between(None, None, today), Ok(Days::one(today)));
        assert_eq!(Days::between(None, Some("2026-11-02"), today), Ok(Days::one(day("2026-11-02"))));
        assert_eq!(Days::between(Some("2025-11-26"), None, today), Ok(days("2025-11-26", "2026-11-27")));
        for (from, to, wrong) in [
            (Some("2025-11-25"), None, WrongDays::TooMany),
            (Some("2026-11-03"), Some("2026-11-02"), WrongDays::Backwards),
            (None, Some("2026-11-28"), WrongDays::Future("to", today)),
            (Some("20261127"), None, WrongDays::NoDay("from")),
            (Some("2026-11-1"), None, WrongDays::NoDay("from")),
            (None, Some("2026-02-30"), WrongDays::NoDay("to")),
        ] {
            assert_eq!(Days::between(from, to, today), Err(wrong));
        }
    }

    #[test]
    fn what_is_older_than_three_months_is_asked_for_apart_and_no_day_twice() {
        let today = day("2026-05-31");
        let edge = "2026-02-28";
        assert_eq!(days("2026-05-01", "2026-05-31").by_age(today), (Some(days("2026-05-01", "2026-05-31")), None));
        assert_eq!(days("2026-01-01", "2026-02-27").by_age(today), (None, Some(days("2026-01-01", "2026-02-27"))));
        assert_eq!(
            days("2026-01-01", "2026-03-31").by_age(today),
            (Some(days(edge, "2026-03-31")), Some(days("2026-01-01", "2026-02-27")))
        );
    }

    #[test]
    fn the_day_of_the_us_ends_in_the_korean_afternoon() {
        let at = |text: &str| in_the_us(DateTime::parse_from_rfc3339(text).unwrap().to_utc());
        assert_eq!(at("2026-01-23T13:59:59+09:00"), day("2026-01-22"));
        assert_eq!(at("2026-01-23T14:00:00+09:00"), day("2026-01-23"));
        assert_eq!(at("2026-07-23T13:00:00+09:00"), day("2026-07-23"), "in summer");
    }
}
