//! What is known of KIS's servers: hosts, TR ids, headers, answers, error codes, limits. Nothing of daemons or sockets.
//!
//! The way of a call: [`client::KisClient`] waits for a slot of the [`quota::Quota`], sends, reads a [`reply::Reply`] whose
//! body is parsed on *every* HTTP status before anything is decided, and classifies it once ([`error::KisError`]).
//!
//! Must never: hold a policy about when to issue a token, know a client of kisd, or follow a redirect (the app secret
//! travels in a header).

pub mod after;
pub mod auth;
pub mod balance;
pub mod client;
mod codes;
pub mod error;
pub mod field;
mod http;
pub mod masters;
pub mod paging;
pub mod quota;
pub mod reach;
pub mod reply;
mod resolver;
pub mod row;
pub mod totals;

use std::time::Duration;

use url::Url;

use crate::secret::{AppKey, AppSecret};

pub use kis_catalog::Effect;

pub use self::{
    after::{After, SHORTLY, Sent, after, begins_minute},
    client::{Call, Failed, KisClient, Query, Trade},
    error::{Answer, FailureKind, KisError},
    http::{Exchange, Http, SetupError, is_loopback},
};

/// KIS's host names: REST of real and of paper accounts, and the WebSocket of both.
pub const HOSTS: [&str; 3] =
    ["openapi.koreainvestment.com", "openapivts.koreainvestment.com", "ops.koreainvestment.com"];

/// Which of KIS's two environments: it chooses the host and the TR ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real money.
    Real,
    /// "모의투자": paper trading.
    Paper,
}

impl Environment {
    /// The name used in the configuration, the mirror and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Paper => "paper",
        }
    }

    /// The host that serves this environment.
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::Real => "https://openapi.koreainvestment.com:9443",
            Self::Paper => "https://openapivts.koreainvestment.com:29443",
        }
    }

    /// Calls a second that KIS allows one app key, by its notice of 2026-04-20 (older sources say 20 and 2: the smaller is safe).
    pub const fn default_calls_per_second(self) -> u32 {
        match self {
            Self::Real => 18,
            Self::Paper => 1,
        }
    }
}

/// A transaction of KIS, whose id differs between the environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tr {
    /// `tr_id` for real accounts.
    pub real: &'static str,
    /// `tr_id` for paper accounts.
    pub paper: &'static str,
}

impl Tr {
    /// Balance of a domestic stock account.
    pub const INQUIRE_BALANCE: Self = Self { real: "TTTC8434R", paper: "VTTC8434R" };

    /// The `tr_id` to send.
    pub const fn id(self, environment: Environment) -> &'static str {
        match environment {
            Environment::Real => self.real,
            Environment::Paper => self.paper,
        }
    }
}

/// App key and secret, which are only valid together.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `appkey`.
    pub app_key: AppKey,
    /// `appsecret`; `secretkey` in one call.
    pub app_secret: AppSecret,
}

/// Everything the client of one app key needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The environment.
    pub environment: Environment,
    /// Where it is served.
    pub base_url: Url,
    /// The key pair.
    pub credentials: Credentials,
    /// Calls in any sliding second.
    pub calls_per_second: u32,
    /// Longest wait for one HTTP answer, connecting included.
    pub request_timeout: Duration,
}
