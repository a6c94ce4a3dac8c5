//! Error codes of kisd beside the standard ones of JSON-RPC. A code is never given another meaning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{Check, Order};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No usable token yet, or KIS makes us wait.
    TokenUnavailable,
    /// KIS refuses the app key or secret.
    CredentialsRejected,
    /// The call could not be fitted into KIS's quota before its deadline.
    RateLimited,
    /// Network failure, timeout, or an answer that is not KIS's.
    UpstreamUnreachable,
    /// KIS answered with a business error.
    UpstreamRejected,
    /// KIS answered something that does not parse.
    UpstreamMalformed,
    /// The peer is not allowed this.
    PermissionDenied,
    /// The daemon is going down.
    ShuttingDown,
    /// A limit of ours was reached.
    Overloaded,
    /// A check of kisd has said no to an order, or a person.
    OrderRefused,
    /// An order was sent, and KIS's answer is not known: it must not be sent again.
    OutcomeUnknown,
    /// There is no account of this name; the message names those that there are.
    UnknownAccount,
    /// The mode, market or product has no such operation.
    NotSupported,
    /// There is nothing of this name; suggestions are given.
    NotFound,
    /// A kind that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Kind {
    /// All that a daemon sends, in the order of their codes.
    pub const ALL: [Self; 14] = [
        Self::TokenUnavailable,
        Self::CredentialsRejected,
        Self::RateLimited,
        Self::UpstreamUnreachable,
        Self::UpstreamRejected,
        Self::UpstreamMalformed,
        Self::PermissionDenied,
        Self::ShuttingDown,
        Self::Overloaded,
        Self::OrderRefused,
        Self::OutcomeUnknown,
        Self::UnknownAccount,
        Self::NotSupported,
        Self::NotFound,
    ];

    /// The JSON-RPC error code.
    pub const fn code(self) -> i32 {
        match self {
            Self::TokenUnavailable => -32050,
            Self::CredentialsRejected => -32051,
            Self::RateLimited => -32052,
            Self::UpstreamUnreachable => -32053,
            Self::UpstreamRejected => -32054,
            Self::UpstreamMalformed => -32055,
            Self::PermissionDenied => -32056,
            Self::ShuttingDown => -32057,
            Self::Overloaded => -32058,
            Self::OrderRefused => -32059,
            Self::OutcomeUnknown => -32060,
            Self::UnknownAccount => -32061,
            Self::NotSupported => -32062,
            Self::NotFound => -32063,
            // Never sent: a client alone meets it.
            Self::Unknown => INTERNAL_ERROR,
        }
    }

    /// One line for documents.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::TokenUnavailable => "no usable token yet, or KIS makes us wait",
            Self::CredentialsRejected => "KIS refuses the app key or secret",
            Self::RateLimited => "the call could not be fitted into KIS's quota before its deadline",
            Self::UpstreamUnreachable => "network failure, timeout, or an answer that is not KIS's",
            Self::UpstreamRejected => "KIS answered with a business error",
            Self::UpstreamMalformed => "KIS answered something that does not parse; the field is named",
            Self::PermissionDenied => "the peer is not allowed this",
            Self::ShuttingDown => "the daemon is shutting down",
            Self::Overloaded => "a limit of the daemon was reached",
            Self::OrderRefused => "a check of kisd has said no to an order; `checks` says which",
            Self::OutcomeUnknown => "an order was sent and KIS's answer is not known; it must not be sent again",
            Self::UnknownAccount => "there is no account of that name; the message lists the names",
            Self::NotSupported => "the mode, market or product has no such operation",
            Self::NotFound => "nothing of that name; suggestions are given",
            Self::Unknown => "a kind that this version does not know",
        }
    }
}

/// The `data` of kisd's own errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorData {
    /// What went wrong.
    pub kind: Kind,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// When it is worth trying again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The account that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// What there is none of: `operation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Names that are near, or that there are, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// What KIS said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kis: Option<KisAnswer>,
    /// The order that it is about, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Box<Order>>,
    /// What was looked at before an order, and what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// What KIS said when it refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KisAnswer {
    /// KIS's code.
    pub msg_cd: String,
    /// KIS's message.
    pub msg1: String,
    /// HTTP status.
    pub http_status: u16,
    /// The transaction.
    pub tr_id: String,
}

/// Invalid JSON.
pub const PARSE_ERROR: i32 = -32700;
/// JSON that is not a request.
pub const INVALID_REQUEST: i32 = -32600;
/// No such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// Wrong or unknown parameters.
pub const INVALID_PARAMS: i32 = -32602;
/// A fault of kisd.
pub const INTERNAL_ERROR: i32 = -32603;
