//! Why there is no balance.

use std::time::Duration;

use super::whole::Contradiction;
use crate::{
    kis::KisError,
    token::{CallError, TokenError},
};

/// Why there is no balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BalanceError {
    /// The fetch that was to answer failed.
    Call(CallError),
    /// KIS has just failed others and is probed in the background; it was not asked for this caller.
    CircuitOpen {
        /// What the last fetch met.
        last: CallError,
        /// When KIS will have been asked again.
        retry_after: Duration,
    },
    /// What KIS answers cannot be a whole balance.
    NotWhole {
        /// What contradicts what.
        contradiction: Contradiction,
        /// How often it was read.
        reads: usize,
        /// Whether it was so each time, and only an owner who accepts it gets the balance.
        settled: bool,
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
    /// The account is of a product whose balance KIS gives by another operation.
    NotSupported {
        /// `ACNT_PRDT_CD`.
        product_code: String,
    },
}

impl BalanceError {
    /// Whether a caller with more time may get what this one did not.
    pub(super) fn is_about_time(&self) -> bool {
        matches!(
            self,
            Self::Call(CallError::Kis(KisError::NoSlot { .. }) | CallError::Token(TokenError::Unavailable { .. }))
                | Self::DoesNotFit { .. }
        )
    }
}

impl From<CallError> for BalanceError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl std::error::Error for BalanceError {}

impl std::fmt::Display for BalanceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::CircuitOpen { last, .. } => {
                write!(f, "{last}; kisd asks again by itself, and tells callers so at once until KIS answers")
            }
            Self::NotWhole { contradiction, reads, settled } => {
                write!(f, "the balance that KIS gives is not whole: {contradiction}; it was read {reads} times")?;
                if *settled {
                    f.write_str(
                        ", alike each time. If the account has short, lent or pledged shares, KIS may add them up in another way: \
                         accept_difference = true in [kis], beside mode, serves the balance, marked \"reconciled\": false",
                    )?;
                }
                Ok(())
            }
            Self::DoesNotFit { pages, calls_per_second, needed, timeout, may_fit } => {
                let (needed, timeout) = (seconds(*needed), humantime::format_duration(*timeout));
                write!(
                    f,
                    "this balance has {pages} pages or more, which take about {needed} at {calls_per_second} calls a second, \
                     and the call may take {timeout}"
                )?;
                if *may_fit {
                    f.write_str(" and had to wait for others; ask again, or ")?;
                } else {
                    f.write_str("; ")?;
                }
                write!(f, "give it timeout_ms (up to 600000), or set rpc.call_timeout to more than {needed}")
            }
            Self::NotSupported { product_code } => {
                write!(
                    f,
                    "account.balance is for stock accounts (product codes 01, 21 and 22), and this one has {product_code}: "
                )?;
                match product_code.as_str() {
                    "03" => f.write_str("KIS's operation for domestic futures and options is CTFO6118R (domestic-futureoption/v1/trading/inquire-balance)"),
                    "08" => f.write_str("KIS's operation for futures abroad is OTFM1412R (overseas-futureoption/v1/trading/inquire-unpd)"),
                    "29" => f.write_str("KIS's operation for retirement pensions is TTTC2202R (domestic-stock/v1/trading/pension/inquire-present-balance)"),
                    _ => f.write_str("KIS's operation for what an account has of every kind is CTRP6548R (domestic-stock/v1/trading/inquire-account-balance)"),
                }
            }
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> humantime::FormattedDuration {
    let up = u64::from(time.subsec_nanos() > 0);
    humantime::format_duration(Duration::from_secs(time.as_secs().saturating_add(up)))
}

/// Whether the balance of such an account is what `account.balance` gives.
pub(super) fn is_supported(product_code: &str) -> bool {
    matches!(product_code, "01" | "21" | "22")
}
