//! Clients of the gateway. The doc comments here are the descriptions in the OpenRPC document.

use std::fmt;

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Mode, Right};
use crate::whole;

/// A program that speaks to KIS, where what it needs is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// python-kis.
    PythonKis,
    /// KIS's own samples, and what is built upon their `kis_auth.py`.
    Official,
    /// mojito2.
    Mojito,
    /// kis-agent.
    KisAgent,
    /// kis-trader.
    KisTrader,
    /// kispilot.
    Kispilot,
    /// kis-utils.
    KisUtils,
    /// kis-wrapper.
    KisWrapper,
    /// kstock-mcp.
    KstockMcp,
    /// koreainvestment-cli.
    KoreainvestmentCli,
    /// curl.
    Curl,
    /// A program that this version does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Program {
    /// All that are known.
    pub const ALL: [Self; 11] = [
        Self::PythonKis,
        Self::Official,
        Self::Mojito,
        Self::KisAgent,
        Self::KisTrader,
        Self::Kispilot,
        Self::KisUtils,
        Self::KisWrapper,
        Self::KstockMcp,
        Self::KoreainvestmentCli,
        Self::Curl,
    ];

    /// As it is written on the wire and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PythonKis => "python-kis",
            Self::Official => "official",
            Self::Mojito => "mojito",
            Self::KisAgent => "kis-agent",
            Self::KisTrader => "kis-trader",
            Self::Kispilot => "kispilot",
            Self::KisUtils => "kis-utils",
            Self::KisWrapper => "kis-wrapper",
            Self::KstockMcp => "kstock-mcp",
            Self::KoreainvestmentCli => "koreainvestment-cli",
            Self::Curl => "curl",
            Self::Unknown => "?",
        }
    }
}

/// Parameters of `client.add`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientAddParams {
    /// Its name: up to 32 of a-z, 0-9 and -.
    pub name: String,
    /// The accounts that it may use. The first is meant where a request names none. Left out: the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<String>>,
    /// What it may do, of read, refresh and trade; never more than the caller. Left out: read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<Vec<Right>>,
    /// The user whose program it is, as a number. Left out: the caller's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub uid: Option<u64>,
    /// Whether programs of any user may use it, and those of other machines, whose users are not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_user: bool,
    /// Which program it is: of some it is known what they need.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
    /// Calls a second that it may make at most. Left out: its fair share of what KIS allows.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1, max = 100))]
    pub calls_per_second: Option<u64>,
    /// How long its key is good for, in milliseconds. Left out: until it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub expires_in_ms: Option<u64>,
}

/// Parameters of the methods about one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientParams {
    /// Its name.
    pub name: String,
}

/// Result of `client.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientList {
    /// The clients, by name; those alone in all of whose accounts the caller has the right to manage them.
    pub clients: Vec<ClientEntry>,
    /// How the gateway stands.
    pub gateway: GatewayStatus,
}

/// A client of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientEntry {
    /// Its name.
    pub name: String,
    /// The names of its accounts; the first is meant where a request names none.
    pub accounts: Vec<String>,
    /// What it may do.
    pub rights: Vec<Right>,
    /// The user whose program it is.
    pub uid: u32,
    /// Whether programs of any user may use it, and those of other machines.
    #[serde(default)]
    pub any_user: bool,
    /// The user who made it: it has never more rights than that one.
    pub made_by: u32,
    /// Which program it is, if it was said.
    #[serde(rename = "for")]
    pub program: Option<Program>,
    /// Calls a second that it may make at most, if it was said.
    pub calls_per_second: Option<u32>,
    /// When it was made, Korean time.
    pub created_at: DateTime<FixedOffset>,
    /// When its key ends, if it does.
    pub expires_at: Option<DateTime<FixedOffset>>,
    /// Whether it has ended.
    pub expired: bool,
    /// When it was last used.
    pub used_at: Option<DateTime<FixedOffset>>,
    /// Requests that were answered since it was made. After a crash, those of the last minute may be missing.
    pub calls: u64,
    /// Requests that were refused since it was made.
    pub refused: u64,
}

/// Everything that a program needs to be told, in the words of KIS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientSetup {
    /// The client.
    pub client: ClientEntry,
    /// Its local app key.
    pub app_key: String,
    /// Its local app secret, told when it is made and never again.
    pub app_secret: Option<LocalSecret>,
    /// The number of its first account; whole where the secret is told, else with its middle hidden.
    pub account_no: String,
    /// The last two digits of that number.
    pub account_product_code: String,
    /// Real money or paper trading.
    pub mode: Mode,
    /// Whether kisd knows the HTS id of that account, which some programs ask for.
    pub has_hts_id: bool,
    /// How the gateway stands.
    pub gateway: GatewayStatus,
}

/// A local app secret. It does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct LocalSecret(String);

impl LocalSecret {
    /// Of a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LocalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalSecret(…)")
    }
}

/// Result of `client.remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientRemoved {
    /// The client that was.
    pub client: ClientEntry,
}

/// How the gateway stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayStatus {
    /// In one word.
    pub state: GatewayState,
    /// Where programs reach it, in the place of KIS's host.
    pub base_url: Option<String>,
    /// Why it does not serve.
    pub error: Option<String>,
    /// When its TLS certificate ends, if it has one (gateway.certificate), Korean time.
    pub certificate_ends_at: Option<DateTime<FixedOffset>>,
    /// Whole days until then; below zero: it has ended.
    pub certificate_days_left: Option<i64>,
    /// How it serves under KIS's own host names; nothing: gateway.hosts is not set.
    pub hosts: Option<HostsStatus>,
    /// When the certificate under KIS's host names ends, if there is one, Korean time.
    pub trust_ends_at: Option<DateTime<FixedOffset>>,
    /// Whole days until then; below zero: it has ended.
    pub trust_days_left: Option<i64>,
}

/// How the gateway serves under KIS's own host names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostsStatus {
    /// In one word.
    pub state: GatewayState,
    /// The address that the hosts file is to give KIS's hosts.
    pub address: String,
    /// Why it does not serve.
    pub error: Option<String>,
}

/// How the gateway stands, in one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GatewayState {
    /// It is not configured: gateway.listen is not set.
    #[default]
    Off,
    /// It serves.
    Serving,
    /// It cannot serve, and goes on trying.
    Failed,
    /// A state that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}
