//! What `kisd check` says: the settings in use, secrets and account number masked.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::Serialize;

use super::{AccountConfig, Config, ConfigError, Fault, Found, KeyConfig, load::NO_FILE};
use crate::{order, quote};

/// Width of the column of names; longer names make it wider.
const LEAST_WIDTH: usize = 23;

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_ref();
        let file = file.map_or_else(|| "none; environment and defaults".to_owned(), |path| path.display().to_string());
        let rows = [("configuration file".to_owned(), file)].into_iter().chain(self.rows()).collect::<Vec<_>>();
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default().max(LEAST_WIDTH);
        for (name, value) in rows {
            writeln!(f, "{name:<width$} {value}")?;
        }
        for note in self.notes() {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}

/// What `kisd check --json` says.
#[derive(Debug, Serialize)]
pub struct Report {
    state: Found,
    file: Option<PathBuf>,
    settings: BTreeMap<String, String>,
    notes: Vec<String>,
    faults: Vec<Fault>,
}

impl Report {
    /// Of what came of reading the configuration, and of what there is of its file.
    pub fn of(read: &Result<Config, ConfigError>, found: Found) -> Self {
        match read {
            Ok(config) => Self {
                state: Found::Sound,
                file: config.file.clone(),
                settings: config.rows().into_iter().collect(),
                notes: config.notes(),
                faults: Vec::new(),
            },
            Err(ConfigError { faults }) => {
                let is_nowhere = |fault: &Fault| fault.source.starts_with(NO_FILE);
                let mut faults = faults.clone();
                // What is written nowhere comes first: it says where the file was looked for.
                faults.sort_by_key(|fault| !is_nowhere(fault));
                let state = match found {
                    // The environment says all that is needed, and is wrong.
                    Found::Missing if !faults.iter().any(is_nowhere) => Found::Refused,
                    found => found,
                };
                Self { state, file: None, settings: BTreeMap::new(), notes: Vec::new(), faults }
            }
        }
    }
}

impl Config {
    /// The settings by name, in the order in which they are shown.
    fn rows(&self) -> Vec<(String, String)> {
        let mut rows = Vec::new();
        for account in &self.accounts {
            rows.extend(self.account(account));
        }
        if self.accounts.len() > 1 {
            rows.push(("default_account".to_owned(), self.default.to_string()));
        }
        let others: [(&str, String); 18] = [
            ("token.file", self.token.file.display().to_string()),
            ("token.refresh_before", humantime::format_duration(self.token.refresh_before).to_string()),
            ("token.issue_interval", humantime::format_duration(self.token.issue_interval).to_string()),
            ("balance.max_age", humantime::format_duration(self.balance.max_age).to_string()),
            ("balance.prices", self.balance.prices.name().to_owned()),
            ("rpc.socket", self.rpc.socket.display().to_string()),
            ("rpc.socket_mode", format!("{:04o}", self.rpc.socket_mode)),
            ("rpc.allow_uids", format!("{:?}", self.rpc.allow_uids)),
            ("rpc.allow_gids", format!("{:?}", self.rpc.allow_gids)),
            ("rpc.allow_refresh_uids", format!("{:?}", self.rpc.allow_refresh_uids)),
            ("rpc.max_connections", self.rpc.max_connections.to_string()),
            ("rpc.max_request_bytes", self.rpc.max_request_bytes.to_string()),
            ("rpc.call_timeout", humantime::format_duration(self.balance.call_timeout).to_string()),
            ("stocks.master_url", self.stocks.master_url.to_string()),
            ("stocks.master_max_age", humantime::format_duration(self.stocks.master_max_age).to_string()),
            ("quotes.candles_file", self.quotes.file.display().to_string()),
            ("quotes.candles_max_mb", (self.quotes.max_bytes / 1_000_000).to_string()),
            ("log.level", self.log.level.clone()),
        ];
        rows.extend(others.map(|(name, value)| (name.to_owned(), value)));
        rows.extend(self.grants());
        let dir = self.log.dir.as_ref().map_or_else(|| "none; stderr only".to_owned(), |dir| dir.display().to_string());
        rows.push(("log.format".to_owned(), self.log.format.name().to_owned()));
        rows.push(("log.dir".to_owned(), dir));
        rows
    }

    /// What is no fault, and worth knowing.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.handed_over {
            notes.push(
                "credentials are handed over at start; a change of them takes effect when kisd is restarted".to_owned(),
            );
        }
        if self.rpc.socket_mode & 0o066 != 0 && !self.rpc.admits_others() {
            notes.push(
                "rpc.socket_mode lets others reach the socket, but rpc.allow_uids, rpc.allow_gids and grants admit nobody"
                    .to_owned(),
            );
        }
        notes.extend(quote::trouble(&self.quotes));
        notes.extend(self.warnings());
        notes
    }

    /// The table of an account, for messages.
    pub(super) fn table(&self, account: &AccountConfig) -> String {
        match self.accounts.len() {
            1 => "kis".to_owned(),
            _ => format!("accounts.{}", account.name),
        }
    }

    /// The rows of an account. A single one is told as in `[kis]`.
    fn account(&self, account: &AccountConfig) -> Vec<(String, String)> {
        let KeyConfig { kis, expires_on } = &self.keys[account.key];
        let table = self.table(account);
        let row = |key: &str, value: String| (format!("{table}.{key}"), value);
        let number = if self.accounts.len() == 1 { "account".to_owned() } else { format!("{table}.account_no") };
        let mut rows = vec![
            row("mode", kis.environment.name().to_owned()),
            row("base_url", kis.base_url.to_string()),
            row("app_key", "set, not shown".to_owned()),
            row("app_secret", "set, not shown".to_owned()),
            (number, account.id.to_string()),
            row("calls_per_second", kis.calls_per_second.to_string()),
            row("request_timeout", humantime::format_duration(kis.request_timeout).to_string()),
            row("accept_difference", account.settings.accept_difference.to_string()),
        ];
        rows.extend(account.hts_id.is_some().then(|| row("hts_id", "set, not shown".to_owned())));
        rows.extend(expires_on.map(|day| row("key_expires_on", day.to_string())));
        rows.extend(orders(&account.orders).into_iter().map(|(key, value)| row(&format!("orders.{key}"), value)));
        rows
    }
}

/// Which orders an account's owner allows. Of one that has none, nothing else matters.
fn orders(settings: &order::Settings) -> Vec<(&'static str, String)> {
    let mut rows = vec![("enabled", settings.enabled.to_string())];
    if !settings.enabled {
        return rows;
    }
    let won = |amount: Option<u64>| amount.map_or_else(|| "no limit".to_owned(), |amount| format!("{amount} won"));
    rows.extend([
        ("max_order_amount", won(settings.max_order_amount)),
        ("max_daily_amount", won(settings.max_daily_amount)),
        ("max_sell_amount", won(settings.max_sell_amount)),
        ("max_daily_sell_amount", won(settings.max_daily_sell_amount)),
        (
            "approve",
            match settings.approve {
                order::Approve::Always => "always".to_owned(),
                order::Approve::Never => "never".to_owned(),
                order::Approve::Above(most) => format!("above {most}"),
            },
        ),
    ]);
    rows
}
