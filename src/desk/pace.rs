//! How long an answer of many pages takes at the quota of its app key, and until when it may.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{Errand, ReadError};
use crate::clock::Instant;

/// For waiting in line and slow answers, beside a fifth of the time that the calls take.
const SLACK: Duration = Duration::from_secs(1);

/// What is known of the size of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// A figure of the answer when that was, such as a total: with another one it may have become smaller.
    pub figure: Option<i64>,
    /// Pages that there are at least,
    pub pages: usize,
    /// as many as there will be, by what has been read,
    pub expected: usize,
    /// and the longest time into which they did not fit.
    pub too_short: Duration,
}

impl Size {
    /// The pages that there will be when `sum` of `total` won have been listed on the first `read`; `None` before it is half.
    pub fn expected(read: usize, sum: i128, total: i64) -> Option<usize> {
        let (read, total) = (i128::try_from(read).ok()?, i128::from(total));
        let is_half = sum > 0 && sum.saturating_mul(2) >= total;
        is_half.then(|| usize::try_from(read.saturating_mul(total) / sum).ok()).flatten().map(|pages| pages + 1)
    }
}

/// When a fetch must be over: later, when somebody joins who has more time.
#[derive(Debug)]
pub struct Deadline(AtomicU64);

impl Deadline {
    pub(super) fn new(at: Instant) -> Self {
        Self(AtomicU64::new(nanos(at)))
    }

    /// When it is now.
    pub fn get(&self) -> Instant {
        Instant::at(Duration::from_nanos(self.0.load(Ordering::Relaxed)))
    }

    pub(super) fn extend(&self, at: Instant) {
        self.0.fetch_max(nanos(at), Ordering::Relaxed);
    }
}

fn nanos(at: Instant) -> u64 {
    u64::try_from(at.after_start().as_nanos()).unwrap_or(u64::MAX)
}

/// How fast the pages of one fetch come.
#[derive(Debug, Default)]
pub struct Pace {
    answered_at: Option<Instant>,
    /// The quickest, from the one before.
    cycle: Option<Duration>,
}

impl<A> Errand<A> {
    /// Tells the desk that `read` pages are there, and at least one more follows.
    pub fn tell(&self, read: usize, size: Size, pace: &mut Pace) {
        let now = self.client.clock().monotonic();
        let took = pace.answered_at.replace(now).map(|before| now.since(before));
        pace.cycle = took.map(|took| pace.cycle.map_or(took, |least| least.min(took)));
        let progress = Progress::after(read, size, self.client.calls_per_second(), pace.cycle, now);
        self.progress.send_replace(Some(progress));
    }
}

/// How far a read has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub(super) size: Size,
    /// It cannot be there sooner,
    not_before: Instant,
    /// and is not expected sooner.
    expected_at: Instant,
    /// The least time that the whole of it takes.
    least: Duration,
    /// The time to give it.
    usual: Duration,
}

impl Progress {
    /// After `read` pages, of which the last was there `now`; the quickest took `cycle` from the one before, if there were two.
    pub(super) fn after(read: usize, size: Size, calls_per_second: u32, cycle: Option<Duration>, now: Instant) -> Self {
        let least = |calls| least(calls, calls_per_second, cycle);
        let whole = size.pages.max(size.expected);
        let usual = least(whole).max(Duration::from_secs(1).saturating_mul(count(whole)) / calls_per_second.max(1));
        Self {
            size,
            not_before: now.saturating_add(least(size.pages.saturating_sub(read))),
            expected_at: now.saturating_add(least(whole.saturating_sub(read))),
            least: least(whole.saturating_sub(1)),
            usual: usual.saturating_add(usual / 5).saturating_add(SLACK),
        }
    }

    /// Whether it fits into a caller's `timeout`, which is over at `until`. What is only expected counts if so much time was too
    /// short before: then it need not be tried again.
    pub(super) fn fits(&self, timeout: Duration, until: Instant) -> bool {
        let was_too_short = timeout <= self.size.too_short;
        self.not_before <= until && !(was_too_short && self.expected_at > until)
    }

    /// Whether another fetch after this one fits into that.
    pub(super) fn fits_next(&self, until: Instant) -> bool {
        self.not_before.saturating_add(self.least) <= until
    }

    /// What to tell a caller whose time it does not fit into.
    pub(super) fn does_not_fit<F>(&self, calls_per_second: u32, timeout: Duration) -> ReadError<F> {
        let (pages, needed, may_fit) = (self.size.pages, self.usual, self.least < timeout);
        ReadError::DoesNotFit { pages, calls_per_second, needed, timeout, may_fit }
    }
}

/// The least time that so many calls take, each of which has to wait for the one before: in each second as many as are allowed.
fn least(calls: usize, calls_per_second: u32, cycle: Option<Duration>) -> Duration {
    let by_quota = Duration::from_secs(u64::from(count(calls) / calls_per_second.max(1)));
    by_quota.max(cycle.unwrap_or_default().saturating_mul(count(calls)))
}

fn count(calls: usize) -> u32 {
    u32::try_from(calls).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::at(Duration::from_secs(100));

    fn progress(read: usize, pages: usize, calls_per_second: u32, cycle: Option<u64>) -> Progress {
        let size = Size { figure: Some(1), pages, expected: 0, too_short: Duration::ZERO };
        Progress::after(read, size, calls_per_second, cycle.map(Duration::from_millis), START)
    }

    #[test]
    fn pages_to_come_are_expected_once_half_of_what_was_paid_is_listed() {
        for (read, sum, total, expected) in [
            (1, 10, 100, None),
            (5, 49, 100, None),
            (5, 50, 100, Some(11)),
            (29, 687, 1_000, Some(43)),
            (3, 100, 100, Some(4)),
            (3, 0, 0, None),
            (3, -5, 100, None),
        ] {
            assert_eq!(Size::expected(read, sum, total), expected, "{sum} of {total} on {read}");
        }
    }

    #[test]
    fn what_is_only_expected_ends_a_read_for_whom_so_much_time_was_too_short() {
        let timeout = Duration::from_secs(30);
        let size = Size { figure: Some(1), pages: 30, expected: 43, too_short: Duration::ZERO };
        let fits =
            |size, timeout| Progress::after(1, size, 1, None, START).fits(timeout, START.saturating_add(timeout));
        assert!(fits(size, timeout), "it may be thirty pages");
        let tried = Size { too_short: timeout, ..size };
        assert!(!fits(tried, timeout) && fits(tried, Duration::from_secs(31)));
        assert!(!fits(size, Duration::from_secs(28)), "and is not less");
    }

    #[test]
    fn a_page_takes_its_share_of_a_second_or_as_long_as_kis_takes() {
        // Pages read, pages in all, calls a second, quickest page; seconds from now, least and usual time of the whole.
        for (read, pages, rate, cycle, rest, least, usual) in [
            (1, 35, 1, None, 34, 34, 43),
            (29, 30, 1, Some(1_000), 1, 29, 37),
            (1, 35, 1, Some(3_000), 102, 102, 127),
            (1, 10, 18, None, 0, 0, 1),
            (1, 20, 18, None, 1, 1, 2),
            (1, 40, 18, None, 2, 2, 3),
            (1, 10, 18, Some(2_000), 18, 18, 25),
        ] {
            let progress = progress(read, pages, rate, cycle);
            assert_eq!(progress.not_before.since(START).as_secs(), rest, "{read}/{pages} at {rate}");
            assert_eq!((progress.least.as_secs(), progress.usual.as_secs()), (least, usual), "{pages} at {rate}");
        }
    }
}
