//! Everything that can go wrong between a call and its answer, sorted by what the caller can do about it.
//!
//! Classified once, in [`reply`](super::reply); nobody above looks at a code again. Cloneable, since one failed fetch
//! answers many callers. No variant carries a URL, a header or a body: they hold account numbers and secrets.

use std::{fmt, time::Duration};

use super::quota::Rate;

/// What an answer is called that is for people.
pub(crate) const A_PAGE: &str = "a page of HTML or XML";

/// What a success is called whose HTTP status denies it.
pub(crate) const DENIED: &str = "it claims success, and its status says otherwise";

/// What KIS said of itself when it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The TR, or the name of the token call.
    pub tr_id: &'static str,
    /// `msg_cd` or `error_code`; empty when KIS gave none.
    pub msg_cd: String,
    /// `msg1` or `error_description`, trimmed.
    pub msg1: String,
    /// HTTP status, for the record: it decides nothing.
    pub http_status: u16,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = if self.msg_cd.is_empty() { "no code" } else { &self.msg_cd };
        write!(f, "{} to {}, HTTP {}", code, self.tr_id, self.http_status)?;
        if !self.msg1.is_empty() {
            write!(f, ": {}", self.msg1)?;
        }
        Ok(())
    }
}

/// A call to KIS that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KisError {
    /// The access token is dead (EGW00121, EGW00122, EGW00123).
    #[error("KIS refuses the access token ({0})")]
    TokenRefused(Answer),
    /// App key or secret are wrong.
    #[error("KIS refuses the app key or secret ({0})")]
    CredentialsRejected(Answer),
    /// A token was asked for within a minute of the last one (EGW00133).
    #[error("KIS issues one token a minute and has just issued one ({0})")]
    IssuedTooSoon(Answer),
    /// KIS counts more calls than it allows (EGW00201, EGW00215).
    #[error("KIS counts too many calls ({0})")]
    Throttled(Answer),
    /// A fault on KIS's side that passes.
    #[error("KIS has a temporary fault ({0})")]
    Transient(Answer),
    /// What is listed has changed since its first page (SYDB0050).
    #[error("the account has changed while KIS was listing it ({0})")]
    Changed(Answer),
    /// A business error.
    #[error("KIS refuses the call ({0})")]
    Rejected(Answer),
    /// An answer that is not KIS's: a gateway page, an empty body.
    #[error("the answer to {tr_id} (HTTP {http_status}) is not one of KIS's: {what}")]
    Foreign {
        /// The TR, or the name of the token call.
        tr_id: &'static str,
        /// HTTP status.
        http_status: u16,
        /// What was found instead.
        what: &'static str,
    },
    /// No answer at all.
    #[error("no answer to {tr_id}: {reason}")]
    Unreachable {
        /// The TR, or the name of the token call.
        tr_id: &'static str,
        /// What the network said.
        reason: String,
        /// Whether KIS may have received the request.
        sent: bool,
    },
    /// KIS's own answer, with a field that does not parse.
    #[error("the answer to {tr_id} does not parse: {field} {problem}")]
    Malformed {
        /// The TR, or the name of the token call.
        tr_id: &'static str,
        /// The field, with its place: `output1[3].hldg_qty`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A trade that failed so that it may have been carried out all the same.
    #[error("whether KIS has carried the call out is not known, and it must not be sent again: {0}")]
    OutcomeUnknown(Box<Self>),
    /// No slot of the quota before the caller's deadline.
    #[error("the call could not be fitted into the quota of {rate} in time")]
    NoSlot {
        /// The quota.
        rate: Rate,
        /// When a slot may be free.
        retry_after: Duration,
    },
}

/// How failures are counted in `daemon.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// The token was refused.
    TokenRefused,
    /// Credentials were refused, or a token asked for too soon.
    CredentialsRejected,
    /// KIS counted too many calls.
    Throttled,
    /// KIS refused, or has a temporary fault.
    Rejected,
    /// No answer, or one that is not KIS's.
    Unreachable,
    /// An answer that does not parse.
    Malformed,
}

impl FailureKind {
    /// Its name in metrics; as the kinds on the wire, where there is one.
    pub fn name(self) -> &'static str {
        match self {
            Self::TokenRefused => "token_refused",
            Self::CredentialsRejected => "credentials_rejected",
            Self::Throttled => "rate_limited",
            Self::Rejected => "upstream_rejected",
            Self::Unreachable => "upstream_unreachable",
            Self::Malformed => "upstream_malformed",
        }
    }
}

impl KisError {
    /// The TR that failed, or the name of the token call; `None` if it is not known, or the call was never sent.
    pub fn tr_id(&self) -> Option<&'static str> {
        match self {
            Self::Foreign { tr_id, .. } | Self::Unreachable { tr_id, .. } | Self::Malformed { tr_id, .. } => {
                Some(tr_id)
            }
            Self::NoSlot { .. } => None,
            Self::OutcomeUnknown(cause) => cause.tr_id(),
            error => error.answer().map(|answer| answer.tr_id),
        }
    }

    /// How the failure is counted; `None` for a call that was never sent.
    pub fn failure_kind(&self) -> Option<FailureKind> {
        Some(match self {
            Self::TokenRefused(_) => FailureKind::TokenRefused,
            Self::CredentialsRejected(_) => FailureKind::CredentialsRejected,
            Self::Throttled(_) => FailureKind::Throttled,
            Self::Rejected(_) | Self::Changed(_) | Self::Transient(_) | Self::IssuedTooSoon(_) => FailureKind::Rejected,
            Self::Foreign { .. } | Self::Unreachable { .. } => FailureKind::Unreachable,
            Self::Malformed { .. } => FailureKind::Malformed,
            Self::OutcomeUnknown(cause) => return cause.failure_kind(),
            Self::NoSlot { .. } => return None,
        })
    }

    /// KIS's own words, where it spoke.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::TokenRefused(answer)
            | Self::CredentialsRejected(answer)
            | Self::IssuedTooSoon(answer)
            | Self::Throttled(answer)
            | Self::Transient(answer)
            | Self::Changed(answer)
            | Self::Rejected(answer) => Some(answer),
            Self::OutcomeUnknown(cause) => cause.answer(),
            _ => None,
        }
    }
}
