//! Why there is no answer.

use std::{fmt, time::Duration};

use crate::{
    kis::KisError,
    token::{CallError, TokenError},
};

/// Why there is no answer to a question, which may have faults of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError<F> {
    /// The fetch that was to answer failed.
    Call(CallError),
    /// KIS has just failed others and is probed in the background; it was not asked for this caller.
    CircuitOpen {
        /// What the last fetch met.
        last: CallError,
        /// When KIS will have been asked again.
        retry_after: Duration,
    },
    /// So many pages do not fit into the caller's time at the quota.
    DoesNotFit {
        /// Pages that there are at least.
        pages: usize,
        /// Calls in a second.
        calls_per_second: u32,
        /// Time that they take.
        needed: Duration,
        /// The caller's.
        timeout: Duration,
        /// Whether it may fit if nobody else uses the quota.
        may_fit: bool,
    },
    /// A fault of this very question.
    Fault(F),
}

impl<F> ReadError<F> {
    /// Whether a caller with more time may get what this one did not.
    pub fn is_about_time(&self) -> bool {
        matches!(
            self,
            Self::Call(CallError::Kis(KisError::NoSlot { .. }) | CallError::Token(TokenError::Unavailable { .. }))
                | Self::DoesNotFit { .. }
        )
    }
}

impl<F> From<CallError> for ReadError<F> {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl<F: std::error::Error> std::error::Error for ReadError<F> {}

impl<F: fmt::Display> fmt::Display for ReadError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::CircuitOpen { last, .. } => {
                write!(f, "{last}; kisd asks again by itself, and tells callers so at once until KIS answers")
            }
            Self::DoesNotFit { pages, calls_per_second, needed, timeout, may_fit } => {
                let (needed, timeout) = (seconds(*needed), humantime::format_duration(*timeout));
                write!(
                    f,
                    "the answer has {pages} pages or more, which take about {needed} at {calls_per_second} calls a second, \
                     and the call may take {timeout}"
                )?;
                if *may_fit {
                    f.write_str(" and had to wait for others; ask again, or ")?;
                } else {
                    f.write_str("; ")?;
                }
                write!(f, "give it timeout_ms (up to 600000), or set rpc.call_timeout to more than {needed}")
            }
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> humantime::FormattedDuration {
    let up = u64::from(time.subsec_nanos() > 0);
    humantime::format_duration(Duration::from_secs(time.as_secs().saturating_add(up)))
}
