//! The access token. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;

/// The state of the access token, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenState {
    /// A usable token is held.
    Valid,
    /// None is usable, and KIS is being asked.
    Renewing,
    /// None is usable, and KIS may not be asked yet.
    Waiting,
    /// KIS refuses the app key or secret; nothing is tried until they change or `token.refresh` is called.
    Rejected,
    /// None is usable.
    Missing,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Where the held token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenSource {
    /// KIS issued it to this daemon.
    Issued,
    /// It was found in the mirror on disk.
    Mirror,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The access token as an operator sees it; never the token itself. Instants are in Korean time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenStatus {
    /// The account number with its middle hidden.
    #[serde(default)]
    pub account: String,
    /// The name of the account. Accounts over one app key have one token.
    #[serde(default)]
    pub account_name: String,
    /// In one word.
    pub state: TokenState,
    /// When the held token ends.
    pub expires_at: Option<DateTime<FixedOffset>>,
    /// When the held token was issued.
    pub issued_at: Option<DateTime<FixedOffset>>,
    /// When the daemon will next ask KIS for a token by itself.
    pub next_refresh_at: Option<DateTime<FixedOffset>>,
    /// Where the held token came from.
    pub source: Option<TokenSource>,
    /// The last thing that went wrong, until something goes right.
    pub last_error: Option<String>,
    /// The same by its code, as the error of a call has it.
    #[serde(default)]
    pub last_fault: Option<Fault>,
}
