//! The daemon, its accounts and its counters. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, GatewayStatus, Mode, TokenState, TokenStatus};

/// The version of what clients may rely on: a client of the same `major` works, and `minor` counts what was added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contract {
    /// Raised when something that clients rely on changes.
    pub major: u32,
    /// Raised when something is added.
    pub minor: u32,
}

/// The version of this contract.
pub const CONTRACT: Contract = Contract { major: 1, minor: 4 };

/// Result of `account.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountList {
    /// The accounts that the caller may read, by name.
    pub accounts: Vec<AccountEntry>,
}

/// An account as `account.list` tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountEntry {
    /// Its name.
    pub name: String,
    /// Whether it is the account that a call of this caller means which names none.
    pub default: bool,
    /// Its number with its middle hidden.
    pub account: String,
    /// The last two digits of the account number.
    pub product_code: String,
    /// Real money or paper trading.
    pub mode: Mode,
    /// Eight digits that tell its app key from others and say nothing of it. Accounts with the same share token and quota.
    pub key: String,
    /// The day on which KIS ends the app key, if the owner has said so.
    pub key_expires_on: Option<String>,
    /// The state of its token.
    pub token: TokenState,
    /// Why calls for it fail now, as far as is known: for want of a token, or as the last fetch of its balance did. Null: it is
    /// well.
    pub fault: Option<Fault>,
    /// What the caller may do with it.
    pub rights: Vec<Right>,
}

/// What a method does beyond answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing: it may be called again.
    Read,
    /// It has KIS issue a token, of which KIS sends the owner a message.
    Issue,
    /// It trades, or changes something else at KIS.
    Trade,
    /// It changes what the daemon does, and nothing at KIS.
    Control,
    /// An effect that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Something that a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Every method that only reads.
    Read,
    /// `token.refresh`.
    Refresh,
    /// To place, amend and cancel orders.
    Trade,
    /// To approve orders that wait for it.
    Approve,
    /// To manage clients of the gateway.
    Admin,
    /// A right that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Right {
    /// All that there are.
    pub const ALL: [Self; 5] = [Self::Read, Self::Refresh, Self::Trade, Self::Approve, Self::Admin];

    /// As it is written in the configuration and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Refresh => "refresh",
            Self::Trade => "trade",
            Self::Approve => "approve",
            Self::Admin => "admin",
            Self::Unknown => "?",
        }
    }
}

/// Parameters of `daemon.hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HelloParams {
    /// What the program calls itself, as in "my-bot 1.2": up to 64 letters. It is shown as its own claim.
    pub client: String,
}

/// Result of `daemon.hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// Version of kisd.
    pub version: String,
    /// The version of what clients may rely on.
    pub contract: Contract,
}

/// The state of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DaemonStatus {
    /// Version of kisd.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// When it started, Korean time.
    pub started_at: DateTime<FixedOffset>,
    /// Real money or paper trading.
    pub mode: Mode,
    /// The account number with its middle hidden.
    pub account: String,
    /// The name of that account: the default one, or the first that the caller may read.
    #[serde(default)]
    pub account_name: String,
    /// Every account that the caller may read.
    #[serde(default)]
    pub accounts: Vec<AccountEntry>,
    /// The version of what clients may rely on.
    #[serde(default)]
    pub contract: Contract,
    /// The access token.
    pub token: TokenStatus,
    /// Calls since the start.
    pub calls: Calls,
    /// Open connections, the one that asks included.
    pub connections: u64,
    /// Subscriptions to the balance.
    pub subscriptions: u64,
    /// The limit of calls to KIS, and who waits for it.
    pub quota: Quota,
    /// Why the last fetch of the balance failed; null if it succeeded, or there was none.
    pub upstream_error: Option<Fault>,
    /// By how much this machine's clock was found to be behind KIS's, in milliseconds; 0 if they agree to five seconds.
    pub clock_offset_ms: i64,
    /// The gateway for programs that speak to KIS.
    #[serde(default)]
    pub gateway: GatewayStatus,
}

/// The limit of calls to KIS at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quota {
    /// Calls that are made within any second at most.
    pub calls_per_second: u32,
    /// What KIS is known to allow of that; null from a daemon that does not say.
    #[serde(default)]
    pub learned: Option<LearnedRate>,
    /// Slots that are taken.
    pub taken: u64,
    /// Calls that wait for a slot.
    pub waiting: u64,
}

impl Quota {
    /// What KIS allows, if it is known to be less than is configured.
    pub fn lowered(&self) -> Option<LearnedRate> {
        self.learned.filter(|learned| learned.calls < self.calls_per_second || learned.in_ms > 1000)
    }
}

/// A rate of calls that was learned from KIS's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LearnedRate {
    /// So many calls,
    pub calls: u32,
    /// in any so many milliseconds: 1000, and up to 2000 where KIS does not even allow one call a second.
    pub in_ms: u64,
}

/// Calls since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Calls {
    /// Sent to KIS, token calls and repetitions included.
    pub sent: u64,
    /// Tokens that KIS handed out; it messages the owner of each.
    pub issuances: u64,
    /// Calls that failed, by kind.
    pub failed: FailedCalls,
    /// Answered by KIS with "too many calls" (EGW00201, EGW00215).
    pub rate_limited: u64,
    /// Calls of clients that shared a fetch which another had set in motion.
    pub coalesced: u64,
}

/// Calls to KIS that failed, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailedCalls {
    /// KIS refused the access token.
    pub token_refused: u64,
    /// KIS refused the app key or secret.
    pub credentials_rejected: u64,
    /// No answer, or one that is not KIS's.
    pub upstream_unreachable: u64,
    /// KIS refused the call or had a fault.
    pub upstream_rejected: u64,
    /// KIS's answer did not parse.
    pub upstream_malformed: u64,
}
