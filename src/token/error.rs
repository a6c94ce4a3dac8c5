//! Why there is no token, or why a call with one failed.

use std::{fmt, time::Duration};

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
    #[error("KIS refuses the app key or secret ({answer}); correct them in the configuration, then {remedy}")]
    Rejected {
        /// What KIS said.
        answer: Answer,
        /// What to do then.
        remedy: Remedy,
    },
    /// kisd is going down.
    #[error("kisd is shutting down")]
    Stopped,
}

/// What puts corrected credentials into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Remedy {
    /// They are read again when kisd is told to.
    #[default]
    Reload,
    /// systemd, or a container, hands them over at the start only.
    Restart,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restart => {
                "restart kisd (a service: `sudo systemctl restart kisd`), which is handed them at its start only"
            }
            Self::Reload => "reload kisd (SIGHUP, or `systemctl --user reload kisd`) or run `kisctl token refresh`",
        })
    }
}

/// What last went wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LastError {
    /// What KIS said, or that nobody answered.
    #[error(transparent)]
    Kis(#[from] KisError),
    /// Something of this machine, or what was made of several answers.
    #[error("{0}")]
    Other(String),
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
