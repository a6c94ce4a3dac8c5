//! Time as a parameter: the wall clock for expiry, the monotonic clock for waiting, both behind one seam.
//!
//! A machine's wall clock may be wrong or stepped; [`DisciplinedClock`] corrects it by what a server says of the time.
//! Nobody else asks the operating system for the time (clippy enforces it). KIS states instants in Korean time without a
//! zone; [`from_kst`] and [`kst`] are the only places that know the offset.

mod boot;
mod disciplined;
mod manual;
mod point;

use std::{fmt, future::Future, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};

pub use self::{
    boot::BootId,
    disciplined::DisciplinedClock,
    manual::ManualClock,
    point::{BootTime, Instant},
};

/// A wait on a clock.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A clock that many parts share.
pub type SharedClock = Arc<dyn Clock>;

/// Wall time, monotonic time and waiting.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Wall time: may jump either way. Only for what is an instant in the world (expiry, time stamps).
    fn now(&self) -> DateTime<Utc>;

    /// Monotonic time: never jumps, and stands still while the machine is suspended. For intervals and deadlines.
    fn monotonic(&self) -> Instant;

    /// Time since the machine was started: never jumps, and runs on while the machine is suspended. It carries a wall time that
    /// was right once over steps of the wall clock.
    fn boottime(&self) -> BootTime;

    /// Completes once [`monotonic`](Clock::monotonic) has reached `at`.
    fn sleep_until(&self, at: Instant) -> Wait;

    /// The start of the machine that [`boottime`](Clock::boottime) counts from; `None` where it cannot be told.
    fn boot_id(&self) -> Option<BootId>;

    /// How far [`now`](Clock::now) is ahead of the machine's own wall clock.
    fn offset(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    /// True if a server that we trust has told this process the time, and [`now`](Clock::now) goes by it.
    fn is_confirmed(&self) -> bool {
        false
    }

    /// Takes a server's statement of the time into account. Most clocks do not listen.
    fn discipline(&self, _told: Told) {}

    /// Takes into account that the wall clock fits what a server told an earlier process. Most clocks do not listen.
    fn vouch(&self) {}
}

/// A server's statement of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The time that the server stated.
    pub wall: DateTime<Utc>,
    /// The time since boot when the statement arrived.
    pub at: BootTime,
    /// The local end of the connection that it came on, which tells connections apart.
    pub connection: Option<SocketAddr>,
}

/// Waits for `duration` on the clock's monotonic time.
pub async fn sleep(clock: &dyn Clock, duration: Duration) {
    clock.sleep_until(clock.monotonic().saturating_add(duration)).await;
}

/// The output of `future`, or `None` once `deadline` has passed.
pub async fn before<F: Future>(clock: &dyn Clock, deadline: Instant, future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = clock.sleep_until(deadline) => None,
    }
}

/// Seconds that Korean time is ahead of UTC; Korea has no daylight saving time.
const KST_OFFSET_SECONDS: i32 = 9 * 3600;

/// Korean Standard Time, UTC+09:00.
pub fn kst_offset() -> FixedOffset {
    #[expect(clippy::expect_used, reason = "nine hours is within the day that an offset may have: it cannot fail")]
    FixedOffset::east_opt(KST_OFFSET_SECONDS).expect("nine hours is a valid offset")
}

/// The instant as Korean clocks show it.
pub fn kst(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    instant.with_timezone(&kst_offset())
}

/// The instant that a Korean clock reading without a zone means.
pub fn from_kst(reading: NaiveDateTime) -> Option<DateTime<Utc>> {
    reading.and_local_timezone(kst_offset()).single().map(|instant| instant.with_timezone(&Utc))
}

/// A monotonic duration as a difference of wall instants; one too long for it becomes the longest there is.
pub fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

/// `instant + duration`, or the last instant there is.
pub fn after(instant: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    instant.checked_add_signed(delta(duration)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// How long until `instant`; zero when it has passed.
pub fn until(now: DateTime<Utc>, instant: DateTime<Utc>) -> Duration {
    instant.signed_duration_since(now).to_std().unwrap_or(Duration::ZERO)
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    origin: tokio::time::Instant,
    boot_id: Option<BootId>,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    pub fn shared() -> SharedClock {
        Self::with_boot_id(None)
    }

    /// Like [`shared`](Self::shared), with the boot id to use where the kernel's cannot be read.
    pub fn with_boot_id(stated: Option<BootId>) -> SharedClock {
        Arc::new(Self { origin: tokio::time::Instant::now(), boot_id: BootId::of_kernel().or(stated) })
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the seam")]
        Utc::now()
    }

    fn monotonic(&self) -> Instant {
        Instant::at(tokio::time::Instant::now().saturating_duration_since(self.origin))
    }

    fn boottime(&self) -> BootTime {
        let reading = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
        // Every Linux that kisd runs on has this clock.
        BootTime::at(reading.map_or_else(|_| self.monotonic().after_start(), Duration::from))
    }

    fn boot_id(&self) -> Option<BootId> {
        self.boot_id.clone()
    }

    fn sleep_until(&self, at: Instant) -> Wait {
        // A deadline beyond what the runtime can hold means "never" to every caller.
        match self.origin.checked_add(at.after_start()) {
            Some(at) => Box::pin(tokio::time::sleep_until(at)),
            None => Box::pin(std::future::pending()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_without_zone_is_korean_time() {
        // The recorded pair of the reference: JWT exp 1738730340 was stated as 13:39:00 on 2025-02-05.
        let reading = NaiveDateTime::parse_from_str("2025-02-05 13:39:00", "%Y-%m-%d %H:%M:%S").unwrap();
        assert_eq!(from_kst(reading).unwrap().timestamp(), 1_738_730_340);
    }
}
