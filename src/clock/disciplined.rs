//! The machine's clocks, with a wall time that holds although the machine's own is wrong or is stepped.
//!
//! What a server says of the time is carried on by the time since boot, which neither steps nor stops. A wall clock that agrees
//! with the server to a few seconds is better than the server's whole seconds, and is taken instead. Once a server has been believed,
//! an answer that contradicts it is believed only when the next one says the same: a single one may come from a gateway that is wrong.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use super::{Clock, Instant, SharedClock, Wait, after};

/// A wall clock that is off by less is left alone. Far less than the minute between issuances, which two processes may take to
/// be over by two clocks; more than `Date`, in whole seconds, is off by itself.
const TOLERATED: TimeDelta = TimeDelta::seconds(5);

/// A clock that listens to [`discipline`](Clock::discipline).
#[derive(Debug)]
pub struct DisciplinedClock {
    machine: SharedClock,
    /// The last time that was known to be right; none: the machine's wall clock is all there is.
    anchor: ArcSwapOption<Anchor>,
    /// The last time that a server said and that contradicted it.
    contradiction: ArcSwapOption<Anchor>,
}

#[derive(Debug)]
struct Anchor {
    wall: DateTime<Utc>,
    boottime: Duration,
    /// Whether it is the server's time and not the machine's.
    corrected: bool,
}

impl Anchor {
    /// What time it is, now that the time since boot is `boottime`.
    fn now(&self, boottime: Duration) -> DateTime<Utc> {
        after(self.wall, boottime.saturating_sub(self.boottime))
    }

    fn agrees(&self, told: DateTime<Utc>, boottime: Duration) -> bool {
        self.now(boottime).signed_duration_since(told).abs() <= TOLERATED
    }
}

impl DisciplinedClock {
    /// The clocks of `machine`, which are believed until a server says otherwise.
    pub fn shared(machine: SharedClock) -> SharedClock {
        Arc::new(Self { machine, anchor: ArcSwapOption::empty(), contradiction: ArcSwapOption::empty() })
    }
}

impl Clock for DisciplinedClock {
    fn now(&self) -> DateTime<Utc> {
        match &*self.anchor.load() {
            Some(anchor) => anchor.now(self.machine.boottime()),
            None => self.machine.now(),
        }
    }

    fn monotonic(&self) -> Instant {
        self.machine.monotonic()
    }

    fn boottime(&self) -> Duration {
        self.machine.boottime()
    }

    fn sleep_until(&self, at: Instant) -> Wait {
        self.machine.sleep_until(at)
    }

    fn offset(&self) -> TimeDelta {
        let anchor = self.anchor.load();
        match anchor.as_ref().filter(|anchor| anchor.corrected) {
            Some(anchor) => anchor.now(self.machine.boottime()).signed_duration_since(self.machine.now()),
            None => TimeDelta::zero(),
        }
    }

    fn discipline(&self, told: DateTime<Utc>, at: Duration) {
        let (machine, boottime) = (self.machine.now(), self.machine.boottime());
        let told = after(told, boottime.saturating_sub(at));
        let contradicts = self.anchor.load().as_ref().is_some_and(|anchor| !anchor.agrees(told, boottime));
        let confirmed = self.contradiction.swap(None).is_some_and(|before| before.agrees(told, boottime));
        if contradicts && !confirmed {
            self.contradiction.store(Some(Arc::new(Anchor { wall: told, boottime, corrected: true })));
            return;
        }
        let ahead = machine.signed_duration_since(told);
        let corrected = ahead.abs() > TOLERATED;
        let anchor = Anchor { wall: if corrected { told } else { machine }, boottime, corrected };
        let before = self.anchor.swap(Some(Arc::new(anchor)));
        match (before.is_some_and(|before| before.corrected), corrected) {
            (false, true) => {
                let by = humantime::format_duration(Duration::from_secs(ahead.num_seconds().unsigned_abs()));
                let way = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
                warn!("this machine's clock is {by} {way} KIS's; kisd goes by KIS's until it is right");
            }
            (true, false) => info!("this machine's clock is right again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn clocks() -> (ManualClock, ManualClock, SharedClock) {
        let right = ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let machine = right.twin();
        (right.clone(), machine.clone(), DisciplinedClock::shared(machine.shared()))
    }

    #[test]
    fn until_somebody_says_otherwise_the_machine_is_believed() {
        let (_, machine, clock) = clocks();
        machine.step_wall(TimeDelta::hours(30));
        assert_eq!(clock.now(), machine.now());
    }

    #[test]
    fn a_wall_clock_that_is_wrong_or_stepped_is_corrected_either_way() {
        for step in [TimeDelta::hours(30), TimeDelta::hours(-60), TimeDelta::days(400)] {
            let (right, machine, clock) = clocks();
            machine.step_wall(step);
            clock.discipline(right.now(), clock.boottime());
            assert_eq!(clock.now(), right.now(), "{step}");
            machine.step_wall(step);
            right.advance(Duration::from_secs(3600));
            right.suspend(Duration::from_secs(86_400));
            assert_eq!(clock.now(), right.now(), "stepped again, suspended, and nobody has said anything");
        }
    }

    #[test]
    fn a_single_answer_that_contradicts_the_others_is_not_believed_and_two_are() {
        let (right, _, clock) = clocks();
        clock.discipline(right.now(), clock.boottime());
        let wrong = |hours| right.now() - TimeDelta::hours(hours);
        for told in [wrong(24), right.now(), wrong(24), wrong(-48), wrong(24), right.now()] {
            clock.discipline(told, clock.boottime());
            assert_eq!(clock.now(), right.now(), "{told}");
        }
        clock.discipline(wrong(24), clock.boottime());
        clock.discipline(wrong(24), clock.boottime());
        assert_eq!(clock.now(), wrong(24));
    }

    #[test]
    fn a_wall_clock_that_is_off_by_a_few_seconds_is_left_alone() {
        let (right, machine, clock) = clocks();
        machine.step_wall(TimeDelta::seconds(-4));
        clock.discipline(right.now(), clock.boottime());
        assert_eq!(clock.now(), machine.now());
    }
}
