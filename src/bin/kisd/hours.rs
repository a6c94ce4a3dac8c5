//! The clock of `kisd demo`: that of the machine while the Korea Exchange trades, else set back to a day on which it did, so that an
//! order can be tried at any hour.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use kisd::{
    clock::{self, BootId, BootTime, Clock, Instant, SharedClock, Wait},
    market::{Calendar, OpenDays},
    wire::types::{Market, Phase},
};

/// The hour that the clock is set to: late enough for trading, and hours before its end.
const TEN: TimeDelta = TimeDelta::hours(10);

/// A demo that has less than this before the end of trading begins on another day.
const LEFT: TimeDelta = TimeDelta::minutes(30);

/// Days that are looked at: no holidays are longer.
const DAYS: u64 = 30;

/// The machine's clock set back by a fixed time.
#[derive(Debug)]
struct SetBack {
    clock: SharedClock,
    by: TimeDelta,
}

impl Clock for SetBack {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now() - self.by
    }

    fn monotonic(&self) -> Instant {
        self.clock.monotonic()
    }

    fn boottime(&self) -> BootTime {
        self.clock.boottime()
    }

    fn sleep_until(&self, at: Instant) -> Wait {
        self.clock.sleep_until(at)
    }

    fn boot_id(&self) -> Option<BootId> {
        self.clock.boot_id()
    }
}

/// The clock itself while the market trades; else one that is set back, and the time that it shows.
pub(crate) fn of_trading(clock: SharedClock) -> (SharedClock, Option<DateTime<Utc>>) {
    let now = clock.now();
    match set_back(now) {
        Some(begin) => {
            let by = now - begin;
            (std::sync::Arc::new(SetBack { clock, by }), Some(begin))
        }
        None => (clock, None),
    }
}

/// The instant that a demo begins at that cannot begin now. Nothing: it can, or no day is known on which it could.
fn set_back(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let days = OpenDays::default();
    let calendar = Calendar::of(Market::Krx, &days);
    let trades = |at: DateTime<Utc>| calendar.at(at).phase == Some(Phase::Continuous);
    if trades(now) && trades(now + LEFT) {
        return None;
    }
    let today = clock::kst(now).date_naive();
    let mut mornings = (0..DAYS)
        .filter_map(|back| clock::from_kst(today.checked_sub_days(Days::new(back))?.and_time(NaiveTime::MIN + TEN)))
        .filter(|morning| *morning <= now);
    mornings.find(|morning| trades(*morning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{text}:00+09:00")).unwrap().with_timezone(&Utc)
    }

    #[test]
    fn a_demo_begins_while_the_exchange_trades() {
        for (now, begins) in [
            // A Friday: while it trades, shortly before its end, in the evening, and before the opening.
            ("2026-11-27T11:30", None),
            ("2026-11-27T15:10", Some("2026-11-27T10:00")),
            ("2026-11-27T18:00", Some("2026-11-27T10:00")),
            ("2026-11-27T07:00", Some("2026-11-26T10:00")),
            // A Sunday, and the night before the morning after Christmas, which was a Friday.
            ("2026-11-29T12:00", Some("2026-11-27T10:00")),
            ("2026-12-25T23:00", Some("2026-12-24T10:00")),
        ] {
            assert_eq!(set_back(at(now)), begins.map(at), "{now}");
        }
    }
}
