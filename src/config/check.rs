//! From what was written to settings in which nothing is left to guess. Collects every fault before it refuses.

use std::{fmt::Display, path::PathBuf, time::Duration};

use super::{
    Config, ConfigError, Fault,
    accounts::Accounts,
    load::Sources,
    raw::{RawConfig, RawLog, RawRpc, RawToken},
};
use crate::{
    account,
    book::Grant,
    kis::{self, balance::PriceBasis},
    server::{self, socket::MAX_PATH_BYTES},
    telemetry, token,
    wire::place::User,
};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn check(mut raw: RawConfig, sources: &Sources<'_>) -> Result<Config, ConfigError> {
    let mut check = Check { sources, handed_over: false, faults: Vec::new() };
    let settings = account::Settings {
        max_age: check.duration("balance.max_age", raw.balance.max_age.take(), SECOND, Duration::ZERO, 24 * HOUR),
        call_timeout: check.duration("rpc.call_timeout", raw.rpc.call_timeout.take(), 30 * SECOND, SECOND, 10 * MINUTE),
        prices: check.prices(raw.balance.prices.as_deref()),
        accept_difference: false,
    };
    let mut accounts = check.accounts(raw.kis, raw.accounts, raw.default_account.as_deref(), settings);
    let on_loopback = accounts.as_ref().is_some_and(|accounts| {
        !accounts.keys.is_empty() && accounts.keys.iter().all(|key| kis::is_loopback(&key.kis.base_url))
    });
    let token = check.token(raw.token, on_loopback);
    let grants = check.grants(raw.grants, accounts.as_ref());
    let rpc = check.rpc(raw.rpc, grants);
    let gateway = check.gateway(raw.gateway);
    let simulator = accounts.as_ref().filter(|_| on_loopback).and_then(|accounts| accounts.keys.first());
    let stocks = check.stocks(raw.stocks, simulator.map(|key| &key.kis.base_url), &token.file);
    let orders = check.orders(raw.orders, accounts.as_mut());
    let quotes = check.quotes(raw.quotes, &token.file);
    let log = check.log(raw.log);
    match accounts.zip(stocks) {
        Some((accounts, stocks)) if check.faults.is_empty() => {
            let Accounts { keys, accounts, default, .. } = accounts;
            let handed_over = check.handed_over;
            Ok(Config {
                file: None,
                handed_over,
                keys,
                accounts,
                default,
                token,
                balance: settings,
                rpc,
                gateway,
                stocks,
                orders,
                quotes,
                log,
            })
        }
        _ => Err(ConfigError { faults: check.faults }),
    }
}

pub(super) struct Check<'a> {
    pub(super) sources: &'a Sources<'a>,
    /// Whether a key was found among the credentials that systemd, or a container, hands over at start.
    pub(super) handed_over: bool,
    pub(super) faults: Vec<Fault>,
}

impl Check<'_> {
    pub(super) fn fault(&mut self, key: &str, problem: impl Display) {
        self.faults.push(Fault { source: self.sources.of(key), key: key.to_owned(), problem: problem.to_string() });
    }

    fn token(&mut self, raw: RawToken, on_loopback: bool) -> token::Settings {
        let directory = self.state_directory();
        // KIS's rule, which only a simulator may relax.
        let least_interval = if on_loopback { Duration::ZERO } else { MINUTE };
        token::Settings {
            file: self.path("token.file", raw.file, || directory.join("token.json")),
            // Within six hours of its issuance KIS would only hand out the same token again.
            refresh_before: self.duration(
                "token.refresh_before",
                raw.refresh_before,
                10 * MINUTE,
                Duration::ZERO,
                12 * HOUR,
            ),
            issue_interval: self.duration("token.issue_interval", raw.issue_interval, MINUTE, least_interval, HOUR),
            remedy: token::Remedy::default(),
        }
    }

    /// Where what is kept over restarts is kept.
    pub(super) fn state_directory(&self) -> PathBuf {
        let variables = self.sources.variables;
        variables
            .directory("STATE_DIRECTORY")
            .or_else(|| variables.xdg("XDG_STATE_HOME", ".local/state").map(|state| state.join("kisd")))
            .unwrap_or_else(|| PathBuf::from("/var/lib/kisd"))
    }

    fn prices(&mut self, raw: Option<&str>) -> PriceBasis {
        let all = [PriceBasis::Krx, PriceBasis::Nxt, PriceBasis::Unified];
        match raw.map(|name| all.into_iter().find(|basis| basis.name() == name)) {
            None => PriceBasis::default(),
            Some(Some(basis)) => basis,
            Some(None) => {
                self.fault("balance.prices", "is not a market; allowed are \"krx\", \"nxt\" and \"unified\"");
                PriceBasis::default()
            }
        }
    }

    fn rpc(&mut self, raw: RawRpc, grants: Vec<Grant>) -> server::Settings {
        let variables = self.sources.variables;
        let file = self.sources.found.then_some(self.sources.file.as_path());
        let socket = self.path("rpc.socket", raw.socket, || match variables.directory("RUNTIME_DIRECTORY") {
            Some(directory) => directory.join("kisd.sock"),
            None => User::new(|name| variables.get(name).map(Into::into)).daemon(file),
        });
        let length = socket.as_os_str().len();
        if length > MAX_PATH_BYTES {
            self.fault("rpc.socket", format!("has {length} bytes; allowed are {MAX_PATH_BYTES} for a socket"));
        }
        let mut settings = server::Settings {
            socket,
            socket_mode: 0o600,
            allow_uids: raw.allow_uids.unwrap_or_default(),
            allow_gids: raw.allow_gids.unwrap_or_default(),
            allow_refresh_uids: raw.allow_refresh_uids.unwrap_or_default(),
            grants,
            max_connections: self.number("rpc.max_connections", raw.max_connections, 1024, 1, 65_536),
            max_request_bytes: self.number("rpc.max_request_bytes", raw.max_request_bytes, 65_536, 1024, 16 << 20),
        };
        // Who is let in must be able to reach the socket; the peer's credentials decide about the others.
        let default = if settings.admits_others() { 0o666 } else { 0o600 };
        settings.socket_mode = self.socket_mode(raw.socket_mode, default);
        settings
    }

    fn socket_mode(&mut self, raw: Option<String>, default: u32) -> u32 {
        let Some(text) = raw else { return default };
        let digits = text.strip_prefix("0o").unwrap_or(&text);
        match u32::from_str_radix(digits, 8) {
            // Without both bits the owner, kisd itself, could not tell a live socket from a stale one.
            Ok(mode) if mode & !0o666 == 0 && mode & 0o600 == 0o600 => mode,
            _ => {
                self.fault("rpc.socket_mode", "is not a mode; allowed is an octal text such as \"0600\" or \"0660\"");
                default
            }
        }
    }

    fn log(&mut self, raw: RawLog) -> telemetry::Settings {
        let level = raw.level.unwrap_or_else(|| "info".to_owned());
        if !telemetry::is_filter(&level) {
            self.fault(
                "log.level",
                "is not a filter; allowed are error, warn, info, debug, trace and tracing's filters",
            );
        }
        let format = match raw.format.as_deref() {
            None | Some("text") => telemetry::Format::Text,
            Some("json") => telemetry::Format::Json,
            Some(_) => {
                self.fault("log.format", "is not a format; allowed are \"text\" and \"json\"");
                telemetry::Format::Text
            }
        };
        let dir = raw.dir.map(|dir| self.path("log.dir", Some(dir), PathBuf::new));
        telemetry::Settings { level, format, dir }
    }

    pub(super) fn path(&mut self, key: &str, raw: Option<PathBuf>, default: impl FnOnce() -> PathBuf) -> PathBuf {
        let Some(path) = raw else { return default() };
        if !path.is_absolute() {
            self.fault(key, "is not an absolute path");
        }
        path
    }

    pub(super) fn duration(
        &mut self,
        key: &str,
        raw: Option<String>,
        default: Duration,
        least: Duration,
        most: Duration,
    ) -> Duration {
        let Some(text) = raw else { return default };
        match humantime::parse_duration(&text) {
            Ok(duration) if (least..=most).contains(&duration) => duration,
            _ => {
                let (least, most) = (humantime::format_duration(least), humantime::format_duration(most));
                self.fault(
                    key,
                    format!(
                        "is not a duration here; allowed is from \"{least}\" to \"{most}\", as in \"90s\" or \"10m\""
                    ),
                );
                default
            }
        }
    }

    pub(super) fn number<T: TryFrom<i64> + PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        raw: Option<i64>,
        default: T,
        least: T,
        most: T,
    ) -> T {
        let Some(number) = raw else { return default };
        match T::try_from(number) {
            Ok(number) if least <= number && number <= most => number,
            _ => {
                self.fault(key, format!("is out of range; allowed is from {least} to {most}"));
                default
            }
        }
    }

    pub(super) fn none<T>(&mut self, key: &str, problem: impl Display) -> Option<T> {
        self.fault(key, problem);
        None
    }
}
