//! The simulator's clock: a machine's clock, moved forward by the test that steers the simulator.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::clock::{Instant, SharedClock, after};

/// A clock that can be moved on while it runs.
#[derive(Debug)]
pub(super) struct Steered {
    machine: SharedClock,
    moved: watch::Sender<Moved>,
}

/// How far the clock is from the machine's.
#[derive(Debug, Clone, Copy, Default)]
struct Moved {
    /// Time that has passed here only.
    passed: Duration,
    /// How far the wall clock has been set besides.
    set: TimeDelta,
}

impl Steered {
    pub(super) fn new(machine: SharedClock) -> Self {
        Self { machine, moved: watch::Sender::new(Moved::default()) }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        let moved = *self.moved.borrow();
        let now = after(self.machine.now(), moved.passed);
        now.checked_add_signed(moved.set).unwrap_or(now)
    }

    pub(super) fn monotonic(&self) -> Instant {
        self.machine.monotonic().saturating_add(self.moved.borrow().passed)
    }

    /// Waits for `duration`, less what is passed meanwhile by steering.
    pub(super) async fn sleep(&self, duration: Duration) {
        let until = self.monotonic().saturating_add(duration);
        let mut moved = self.moved.subscribe();
        loop {
            let passed = moved.borrow_and_update().passed;
            tokio::select! {
                () = self.machine.sleep_until(until.saturating_sub(passed)) => return,
                // The sender is ours, so the only change is one of the clock.
                _ = moved.changed() => {}
            }
        }
    }

    /// Lets time pass.
    pub(super) fn advance(&self, by: Duration) {
        self.moved.send_modify(|moved| moved.passed = moved.passed.saturating_add(by));
    }

    /// Sets the wall clock. Time passes until then if it is later; if it is earlier, only the wall clock goes back.
    pub(super) fn set(&self, to: DateTime<Utc>) {
        let ahead = to.signed_duration_since(self.now());
        match ahead.to_std() {
            Ok(ahead) => self.advance(ahead),
            Err(_) => self.moved.send_modify(|moved| moved.set += ahead),
        }
    }

    /// Puts the wall clock right. Time that has passed stays so: no interval ends before it began.
    pub(super) fn put_right(&self) {
        let off = self.now().signed_duration_since(self.machine.now());
        self.moved.send_modify(|moved| moved.set -= off);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, poll_fn},
        pin::Pin,
        task::Poll,
    };

    use super::*;
    use crate::clock::{Clock as _, ManualClock};

    fn clock() -> (ManualClock, Steered) {
        let machine = ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        (machine.clone(), Steered::new(machine.shared()))
    }

    async fn is_over(mut wait: Pin<&mut impl Future<Output = ()>>) -> bool {
        poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await
    }

    #[tokio::test]
    async fn a_wait_ends_by_the_machine_and_by_steering_together() {
        let (machine, clock) = clock();
        let wait = clock.sleep(Duration::from_secs(10));
        tokio::pin!(wait);
        assert!(!is_over(wait.as_mut()).await);
        machine.advance(Duration::from_secs(4));
        clock.advance(Duration::from_secs(5));
        assert!(!is_over(wait.as_mut()).await);
        machine.advance(Duration::from_secs(1));
        assert!(is_over(wait.as_mut()).await);
        assert_eq!(clock.monotonic().after_start(), Duration::from_secs(10));
    }

    #[test]
    fn setting_the_clock_lets_time_pass_forward_only() {
        let (machine, clock) = clock();
        let begin = machine.now();
        clock.set(begin + TimeDelta::hours(3));
        assert_eq!(
            (clock.now(), clock.monotonic().after_start()),
            (begin + TimeDelta::hours(3), Duration::from_secs(3 * 3600))
        );
        clock.set(begin - TimeDelta::hours(1));
        assert_eq!(
            (clock.now(), clock.monotonic().after_start()),
            (begin - TimeDelta::hours(1), Duration::from_secs(3 * 3600))
        );
        clock.put_right();
        assert_eq!((clock.now(), clock.monotonic().after_start()), (begin, Duration::from_secs(3 * 3600)));
    }
}
