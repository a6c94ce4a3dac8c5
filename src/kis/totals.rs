//! Counters of upstream calls since the start, for `daemon.status`.

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{FailureKind, KisError};

/// Counters that are only ever added to.
#[derive(Debug, Default)]
pub struct Totals {
    sent: AtomicU64,
    token_refused: AtomicU64,
    credentials_rejected: AtomicU64,
    throttled: AtomicU64,
    rejected: AtomicU64,
    unreachable: AtomicU64,
    malformed: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls sent to KIS, token calls and repetitions included.
    pub sent: u64,
    /// Answers that refuse the access token.
    pub token_refused: u64,
    /// Answers that refuse the app key or secret.
    pub credentials_rejected: u64,
    /// Answers that count too many calls.
    pub throttled: u64,
    /// Other refusals and faults that KIS reports.
    pub rejected: u64,
    /// Calls without an answer, or with one that is not KIS's.
    pub unreachable: u64,
    /// Answers that do not parse.
    pub malformed: u64,
}

impl Totals {
    pub(crate) fn count_sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a failure by its kind.
    pub fn count_failure(&self, error: &KisError) {
        let counter = match error.failure_kind() {
            Some(FailureKind::TokenRefused) => &self.token_refused,
            Some(FailureKind::CredentialsRejected) => &self.credentials_rejected,
            Some(FailureKind::Throttled) => &self.throttled,
            Some(FailureKind::Rejected) => &self.rejected,
            Some(FailureKind::Unreachable) => &self.unreachable,
            Some(FailureKind::Malformed) => &self.malformed,
            None => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters now.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            sent: read(&self.sent),
            token_refused: read(&self.token_refused),
            credentials_rejected: read(&self.credentials_rejected),
            throttled: read(&self.throttled),
            rejected: read(&self.rejected),
            unreachable: read(&self.unreachable),
            malformed: read(&self.malformed),
        }
    }
}
