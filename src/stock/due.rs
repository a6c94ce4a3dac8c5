//! When the master files are worth another look.

use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveTime, Utc, Weekday};

use crate::clock::{after, from_kst, kst};

/// KIS makes new ones on each business day before the market opens; by then they are there.
const READY: (u32, u32) = (7, 30);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// When files that were looked at then are due again. With a greatest age of a day that is the next business day at 07:30 in Korea,
/// with a shorter one it is that age, and a longer one skips days. A holiday costs a question whose answer is "the same".
pub(super) fn due_at(looked_at: DateTime<Utc>, max_age: Duration) -> DateTime<Utc> {
    match max_age.checked_sub(DAY) {
        None => after(looked_at, max_age),
        Some(more) => next_made(after(looked_at, more)),
    }
}

/// When files are made next.
fn next_made(now: DateTime<Utc>) -> DateTime<Utc> {
    let (hour, minute) = READY;
    let at = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    let here = kst(now).naive_local();
    let mut day = here.date();
    if here.time() >= at {
        day = day + Days::new(1);
    }
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day = day + Days::new(1);
    }
    // Korea has one offset, so every reading is an instant.
    from_kst(day.and_time(at)).unwrap_or_else(|| after(now, DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_due_in_the_morning_of_the_next_business_day() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        for (looked_at, max_age, due) in [
            ("2026-11-26T10:00:00+09:00", DAY, "2026-11-27T07:30:00+09:00"),
            ("2026-11-27T07:29:59+09:00", DAY, "2026-11-27T07:30:00+09:00"),
            ("2026-11-27T07:30:00+09:00", DAY, "2026-11-30T07:30:00+09:00"),
            ("2026-11-28T23:00:00+09:00", DAY, "2026-11-30T07:30:00+09:00"),
            ("2026-11-26T10:00:00+09:00", 3 * DAY, "2026-11-30T07:30:00+09:00"),
            ("2026-11-26T10:00:00+09:00", DAY / 24, "2026-11-26T11:00:00+09:00"),
        ] {
            assert_eq!(due_at(at(looked_at), max_age), at(due), "{looked_at} {max_age:?}");
        }
    }
}
