//! Why there is no token, or why a call with one failed.

use std::time::Duration;

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
    #[error(
        "KIS refuses the app key or secret ({0}); correct them in the configuration, then reload kisd or run `kisctl token refresh`"
    )]
    Rejected(Answer),
    /// kisd is going down.
    #[error("kisd is shutting down")]
    Stopped,
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
