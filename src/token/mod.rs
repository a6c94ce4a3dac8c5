//! The one access token of an app key: held, renewed ahead of its expiry, healed when KIS kills it, never issued twice in a minute.
//!
//! [`keeper::TokenKeeper`] is the task that owns the token; the world holds a [`TokenHandle`]. When to act is decided by a state
//! machine without clock, disk or network ([`machine`]) over pure functions ([`policy`]), one try is [`issue`], the mirror and the
//! lease that several processes share are [`store`].
//!
//! Must never: know a business call or a client of kisd, or let a caller that hangs up stop an issuance.

pub mod error;
mod handle;
mod issue;
pub mod keeper;
mod machine;
pub mod policy;
mod session;
pub mod store;

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};

use crate::secret::AccessToken;

pub use self::{
    error::{CallError, LastError, Remedy, TokenError},
    handle::TokenHandle,
    keeper::TokenKeeper,
    session::KeySession,
};

/// How the token is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The mirror.
    pub file: PathBuf,
    /// How long before its expiry a token is renewed.
    pub refresh_before: Duration,
    /// The least time between two issuances.
    pub issue_interval: Duration,
    /// What puts corrected credentials into force.
    pub remedy: Remedy,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// KIS issued it to this process.
    Issued,
    /// It was read from the mirror: an earlier run or another process was issued it.
    Mirror,
}

/// A token with what is known of it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub access_token: AccessToken,
    /// `token_type`.
    pub token_type: String,
    /// When KIS first issued it, as well as can be known.
    pub issued_at: DateTime<Utc>,
    /// When it ends, as KIS states it.
    pub expires_at: DateTime<Utc>,
    /// Where it came from.
    pub source: Source,
}

impl Token {
    /// Whether it has not expired.
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }
}

/// What can be said of the token in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A usable token is held.
    Valid,
    /// None is usable, and one is being asked for.
    Renewing,
    /// None is usable, and KIS may not be asked yet.
    Waiting,
    /// KIS refuses the credentials: nothing is tried until they change or somebody asks.
    Rejected,
    /// None is usable and nothing is under way.
    Missing,
}

/// The token as an operator sees it; never the token itself.
#[derive(Debug, Clone)]
pub struct TokenStatus {
    /// In one word.
    pub state: State,
    /// When the held token ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was issued.
    pub issued_at: Option<DateTime<Utc>>,
    /// When kisd will next ask for one by itself.
    pub next_refresh_at: Option<DateTime<Utc>>,
    /// Where the held token came from.
    pub source: Option<Source>,
    /// The last thing that went wrong, until something goes right.
    pub last_error: Option<LastError>,
}
