//! Why there is no token, or why a call with one failed.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::kis::{Answer, KisError};

/// Why no usable token can be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None yet: it is being waited for, or KIS cannot be reached.
    #[error("no usable access token yet: {reason}")]
    Unavailable {
        /// What is in the way.
        reason: String,
        /// When it is worth asking again.
        retry_after: Duration,
    },
    /// A renewal that was asked for has to wait; the token held is good.
    #[error("the token is not renewed yet: {reason}")]
    TooEarly {
        /// What is in the way.
        reason: String,
        /// When it is worth asking again.
        retry_after: Duration,
    },
    /// KIS refuses the app key or secret.
    #[error("KIS refuses the app key or secret ({0}); correct them in the configuration, then {then}", then = what_then())]
    Rejected(Answer),
    /// kisd is going down.
    #[error("kisd is shutting down")]
    Stopped,
}

/// Whether this process is handed its credentials at start only: a fact of how it was started, as its number is.
static HANDED_OVER: AtomicBool = AtomicBool::new(false);

impl TokenError {
    /// Notes that systemd, or a container, hands this process its credentials, so that no reload can change them.
    pub fn credentials_are_handed_over() {
        HANDED_OVER.store(true, Ordering::Relaxed);
    }
}

/// What puts corrected credentials into force.
fn what_then() -> &'static str {
    match HANDED_OVER.load(Ordering::Relaxed) {
        true => "restart kisd (a service: `sudo systemctl restart kisd`), which is handed them at its start only",
        false => "reload kisd (SIGHUP, or `systemctl --user reload kisd`) or run `kisctl token refresh`",
    }
}

/// Why a call that needs a token failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There was no token to make it with.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// KIS was asked, and it went wrong.
    #[error(transparent)]
    Kis(#[from] KisError),
}
