//! How long a balance of many pages takes at the quota of its app key, as pure functions.

use std::time::Duration;

use crate::clock::Instant;

/// For waiting in line and slow answers, beside a fifth of the time that the calls take.
const SLACK: Duration = Duration::from_secs(1);

/// What is known of the size of a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// `pchs_amt_smtl_amt` when that was: with another one it may have become smaller.
    pub(super) purchase_total: Option<i64>,
    /// Pages that there are at least.
    pub(super) pages: usize,
}

/// How far a read has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) size: Size,
    /// It cannot be there sooner.
    pub(super) not_before: Instant,
    /// The least time that the whole of it takes.
    pub(super) least: Duration,
    /// The time to give it.
    pub(super) usual: Duration,
}

impl Progress {
    /// After `read` pages of at least `size.pages`, of which the last was there `now`; the quickest took `cycle` from the one
    /// before, if there were two.
    pub(super) fn after(read: usize, size: Size, calls_per_second: u32, cycle: Option<Duration>, now: Instant) -> Self {
        let least = |calls| least(calls, calls_per_second, cycle);
        let usual =
            least(size.pages).max(Duration::from_secs(1).saturating_mul(count(size.pages)) / calls_per_second.max(1));
        Self {
            size,
            not_before: now.saturating_add(least(size.pages.saturating_sub(read))),
            least: least(size.pages.saturating_sub(1)),
            usual: usual.saturating_add(usual / 5).saturating_add(SLACK),
        }
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

    fn progress(read: usize, pages: usize, calls_per_second: u32, cycle: Option<u64>) -> Progress {
        let size = Size { purchase_total: Some(1), pages };
        Progress::after(read, size, calls_per_second, cycle.map(Duration::from_millis), Duration::from_secs(100))
    }

    #[test]
    fn a_page_takes_its_share_of_a_second_or_as_long_as_kis_takes() {
        // Pages read, pages in all, calls a second, quickest page; seconds from now, least and usual time of the whole.
        for (read, pages, rate, cycle, rest, least, usual) in [
            (1, 35, 1, None, 34, 34, 43),
            (29, 30, 1, Some(1_000), 1, 29, 37),
            (1, 35, 1, Some(3_000), 102, 102, 127),
            (1, 15, 18, None, 0, 0, 2),
            (1, 40, 18, None, 2, 2, 3),
            (1, 10, 18, Some(2_000), 18, 18, 25),
        ] {
            let progress = progress(read, pages, rate, cycle);
            assert_eq!(progress.not_before.as_secs() - 100, rest, "{read}/{pages} at {rate}");
            assert_eq!((progress.least.as_secs(), progress.usual.as_secs()), (least, usual), "{pages} at {rate}");
        }
    }
}
