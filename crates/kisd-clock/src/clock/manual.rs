//! A clock that moves only when told to: for tests, and for a simulator whose time is steered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{BootId, BootTime, Clock, Instant, SharedClock, Wait, after};

/// A clock that moves only when told to.
#[derive(Debug, Clone)]
pub struct ManualClock {
    /// Shared by all twins.
    reading: Arc<watch::Sender<Reading>>,
    /// How far this one's wall clock has been stepped.
    stepped: Arc<AtomicI64>,
    /// Whether this machine's boot id cannot be read.
    without_boot_id: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: DateTime<Utc>,
    monotonic: Instant,
    boottime: BootTime,
    boots: u32,
}

impl ManualClock {
    /// A clock that stands at `wall`.
    pub fn at(wall: DateTime<Utc>) -> Self {
        let reading = Reading { wall, monotonic: Instant::ZERO, boottime: BootTime::ZERO, boots: 1 };
        Self {
            reading: Arc::new(watch::Sender::new(reading)),
            stepped: Arc::default(),
            without_boot_id: Arc::default(),
        }
    }

    /// The clock of another machine: the same time passes there, and a step of the wall clock here is not seen.
    pub fn twin(&self) -> Self {
        Self { reading: self.reading.clone(), stepped: Arc::default(), without_boot_id: Arc::default() }
    }

    /// This clock for a part that takes any clock.
    pub fn shared(&self) -> SharedClock {
        Arc::new(self.clone())
    }

    /// Lets time pass: all clocks move, and whoever waited long enough wakes.
    pub fn advance(&self, by: Duration) {
        self.reading.send_modify(|reading| {
            reading.wall = after(reading.wall, by);
            reading.monotonic = reading.monotonic.saturating_add(by);
            reading.boottime = reading.boottime.saturating_add(by);
        });
    }

    /// Lets time pass while the machine is suspended: nobody wakes.
    pub fn suspend(&self, by: Duration) {
        self.reading.send_modify(|reading| {
            reading.wall = after(reading.wall, by);
            reading.boottime = reading.boottime.saturating_add(by);
        });
    }

    /// Restarts the machine: the time since boot starts again, under another boot id. Monotonic time goes on, since the parts
    /// of a test do.
    pub fn reboot(&self) {
        self.reading.send_modify(|reading| {
            reading.boottime = BootTime::ZERO;
            reading.boots += 1;
        });
    }

    /// Hides this machine's boot id.
    pub fn hide_boot_id(&self) {
        self.without_boot_id.store(true, Ordering::Relaxed);
    }

    /// Steps the wall clock of this machine alone, either way, as an administrator or NTP does.
    pub fn step_wall(&self, by: TimeDelta) {
        self.stepped.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        let by = TimeDelta::milliseconds(self.stepped.load(Ordering::Relaxed));
        let wall = self.reading.borrow().wall;
        wall.checked_add_signed(by).unwrap_or(wall)
    }

    fn monotonic(&self) -> Instant {
        self.reading.borrow().monotonic
    }

    fn boottime(&self) -> BootTime {
        self.reading.borrow().boottime
    }

    fn boot_id(&self) -> Option<BootId> {
        let hidden = self.without_boot_id.load(Ordering::Relaxed);
        BootId::parse(&format!("{:032x}", self.reading.borrow().boots)).filter(|_| !hidden)
    }

    fn sleep_until(&self, at: Instant) -> Wait {
        let mut reading = self.reading.subscribe();
        Box::pin(async move {
            if reading.wait_for(|reading| reading.monotonic >= at).await.is_err() {
                // The clock is gone, so time never comes.
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_sleeper_wakes_when_its_instant_is_reached_and_not_for_a_wall_step() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let mut sleeper = tokio::spawn(clock.sleep_until(Instant::at(Duration::from_secs(60))));
        clock.step_wall(TimeDelta::hours(5));
        clock.advance(Duration::from_secs(59));
        assert!(tokio::time::timeout(Duration::from_millis(5), &mut sleeper).await.is_err());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
    }
}
