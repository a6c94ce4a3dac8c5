//! The configuration: layers of what was written ([`raw`]), merged by [`load`](mod@load), and turned once, at start, into settings in
//! which nothing is left to guess ([`check`]).
//!
//! | layer, the later wins | |
//! |---|---|
//! | defaults | documented in `config.toml.example` |
//! | file | `--config`, `$KISD_CONFIG`, `$XDG_CONFIG_HOME/kisd/config.toml`, `/etc/kisd/config.toml`: the first that is there |
//! | environment | `KISD_<TABLE>__<KEY>` |
//! | credential files | `app_key`, `app_secret` in `$CREDENTIALS_DIRECTORY`; `app_key_file`, `app_secret_file` |
//!
//! Must never: put a value into a message (it may be a secret in the wrong place), or read the process environment by itself:
//! it is handed in as [`Variables`].

mod accounts;
mod check;
mod credential;
mod environment;
mod gateway;
mod grants;
mod load;
mod mark;
mod orders;
mod quotes;
mod raw;
mod report;
mod stocks;

use std::{collections::BTreeMap, path::PathBuf};

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    account::{self, AccountId, AccountName, HtsId},
    kis, order, quote, server, stock, telemetry, token,
};

pub use self::{
    load::{found, load, load_as_service},
    report::Report,
};

/// Everything the daemon needs to know, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Whether systemd, or a container, hands over keys or file at start: a reload meets the same ones.
    pub handed_over: bool,
    /// The app keys, each once.
    pub keys: Vec<KeyConfig>,
    /// The accounts, by name.
    pub accounts: Vec<AccountConfig>,
    /// The account that is meant where none is named.
    pub default: AccountName,
    /// The tokens.
    pub token: token::Settings,
    /// Asking accounts, but for what each has of its own.
    pub balance: account::Settings,
    /// The socket.
    pub rpc: server::Settings,
    /// The gateway for programs that speak to KIS.
    pub gateway: crate::gateway::Settings,
    /// KIS's lists of stocks.
    pub stocks: stock::Settings,
    /// Orders, but for what each account has of its own.
    pub orders: Orders,
    /// What is kept of candles.
    pub quotes: quote::Settings,
    /// Logs.
    pub log: telemetry::Settings,
}

/// Orders of all accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orders {
    /// The ledger.
    pub ledger: PathBuf,
    /// Whether no account trades, whatever it says itself.
    pub read_only: bool,
}

/// An app key, and how KIS is asked with it.
#[derive(Debug, Clone)]
pub struct KeyConfig {
    /// KIS and the key pair.
    pub kis: kis::Settings,
    /// The day on which KIS ends the app key, if the owner has said so.
    pub expires_on: Option<NaiveDate>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountConfig {
    /// Its name.
    pub name: AccountName,
    /// Its number.
    pub id: AccountId,
    /// The owner's HTS id, where it is known.
    pub hts_id: Option<HtsId>,
    /// Its app key, as a place in [`Config::keys`].
    pub key: usize,
    /// How it is asked.
    pub settings: account::Settings,
    /// Which orders its owner allows.
    pub orders: order::Settings,
}

impl KeyConfig {
    fn same_as(&self, other: &Self) -> bool {
        // Member by member, so that one that is added is not forgotten.
        let Self { kis, expires_on } = self;
        let kis::Settings { environment, base_url, credentials, calls_per_second, request_timeout } = kis;
        let kis::Credentials { app_key, app_secret } = credentials;
        let theirs = &other.kis;
        *environment == theirs.environment
            && *base_url == theirs.base_url
            && app_key.same_as(&theirs.credentials.app_key)
            && app_secret.same_as(&theirs.credentials.app_secret)
            && *calls_per_second == theirs.calls_per_second
            && *request_timeout == theirs.request_timeout
            && *expires_on == other.expires_on
    }
}

impl Config {
    /// Whether both say the same, wherever it was written.
    pub fn same_as(&self, other: &Self) -> bool {
        // Member by member, so that one that is added is not forgotten.
        let Self {
            file: _,
            handed_over: _,
            keys,
            accounts,
            default,
            token,
            balance,
            rpc,
            gateway,
            stocks,
            orders,
            quotes,
            log,
        } = self;
        keys.len() == other.keys.len()
            && keys.iter().zip(&other.keys).all(|(key, other)| key.same_as(other))
            && *accounts == other.accounts
            && *default == other.default
            && *token == other.token
            && *balance == other.balance
            && *rpc == other.rpc
            && *gateway == other.gateway
            && *stocks == other.stocks
            && *orders == other.orders
            && *quotes == other.quotes
            && *log == other.log
    }
}

/// The environment variables that configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of a process, or of a test. Values that are not UTF-8 are of no use to any key.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// A variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// With others besides, which count more.
    fn with<const N: usize>(&self, others: [(&str, &str); N]) -> Self {
        let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(self.0.clone().into_iter().chain(others).collect())
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A directory given in a variable of systemd, which may list several.
    fn directory(&self, name: &str) -> Option<PathBuf> {
        self.get(name).and_then(|list| list.split(':').next()).map(PathBuf::from)
    }

    /// A directory of the XDG specification: the variable if it is absolute, else the place under the home directory.
    fn xdg(&self, name: &str, under_home: &str) -> Option<PathBuf> {
        let set = self.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        set.or_else(|| self.get("HOME").map(|home| PathBuf::from(home).join(under_home)))
    }
}

/// What there is of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// It is in order.
    Sound,
    /// It is there, and refused.
    Refused,
    /// There is no file.
    Missing,
    /// The system's file, which this user may not read.
    Hidden,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file or environment variable it was written in.
    pub source: String,
    /// The key, as `table.key`; empty if it is about the whole file.
    pub key: String,
    /// What is wrong and what is allowed; never the value.
    pub problem: String,
}

/// Everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// At least one.
    pub faults: Vec<Fault>,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the configuration is refused:")?;
        for Fault { source, key, problem } in &self.faults {
            match key.as_str() {
                "" => write!(f, "\n  {source}: {problem}")?,
                key => write!(f, "\n  {source}: {key}: {problem}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod odd_tests;
#[cfg(test)]
mod tests;
