//! Counters of upstream calls since the start, for `daemon.status` and `daemon.metrics`.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus_client::metrics::{
    family::Family,
    histogram::{Histogram, exponential_buckets},
};

use super::error::{FailureKind, KisError};

/// Durations by the TR that they belong to.
pub type DurationsByTr = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

/// Counters that are only ever added to.
#[derive(Debug)]
pub struct Totals {
    /// Held for a few instructions, never across an await.
    by_tr: Mutex<BTreeMap<&'static str, Calls>>,
    issuances: AtomicU64,
    /// Calls that wait for a slot of the quota at this moment.
    waiting: AtomicUsize,
    /// Seconds from the moment that a call is sent to the end of its answer.
    pub durations: DurationsByTr,
    /// Seconds that calls have waited for a slot of the quota.
    pub waits: Histogram,
}

/// Calls of one TR.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    /// Calls sent, repetitions included.
    pub sent: u64,
    /// Those of them that failed, by reason.
    pub failed: BTreeMap<FailureKind, u64>,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            by_tr: Mutex::default(),
            issuances: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            durations: Family::new_with_constructor(seconds),
            waits: seconds(),
        }
    }
}

/// From a millisecond to about half a minute.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Totals {
    pub(crate) fn count_sent(&self, tr_id: &'static str) {
        self.by_tr().entry(tr_id).or_default().sent += 1;
    }

    pub(crate) fn count_issuance(&self) {
        self.issuances.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_duration(&self, tr_id: &'static str, took: Duration) {
        self.durations.get_or_create(&[("tr_id", tr_id)]).observe(took.as_secs_f64());
    }

    /// Counts a wait for the quota until the returned guard is dropped.
    pub(crate) fn begin_wait(&self) -> impl Drop {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.waiting)
    }

    /// Counts a failure by its kind.
    pub fn count_failure(&self, error: &KisError) {
        if let Some((tr_id, kind)) = error.tr_id().zip(error.failure_kind()) {
            *self.by_tr().entry(tr_id).or_default().failed.entry(kind).or_default() += 1;
        }
    }

    /// The calls now, by TR.
    pub fn calls(&self) -> BTreeMap<&'static str, Calls> {
        self.by_tr().clone()
    }

    /// All calls sent, and those that failed, by kind.
    pub fn sum(&self) -> Calls {
        let mut sum = Calls::default();
        for calls in self.by_tr().values() {
            sum.sent += calls.sent;
            for (kind, count) in &calls.failed {
                *sum.failed.entry(*kind).or_default() += count;
            }
        }
        sum
    }

    /// Tokens that KIS has handed out to this process, the same one again included.
    pub fn issuances(&self) -> u64 {
        self.issuances.load(Ordering::Relaxed)
    }

    /// Calls that wait for a slot of the quota.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn by_tr(&self) -> MutexGuard<'_, BTreeMap<&'static str, Calls>> {
        // Every change leaves the map whole, so a panic elsewhere while it was held has broken nothing.
        self.by_tr.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
