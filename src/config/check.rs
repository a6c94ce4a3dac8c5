//! From what was written to settings in which nothing is left to guess. Collects every fault before it refuses.

use std::{fmt::Display, path::PathBuf, time::Duration};

use url::Url;

use super::{
    Config, ConfigError, Fault,
    load::Sources,
    mark,
    raw::{RawConfig, RawKis, RawLog, RawRpc, RawToken},
};
use crate::{
    account::{self, AccountFault, AccountId},
    kis::{self, Credentials, Environment, balance::PriceBasis},
    server::{self, socket::MAX_PATH_BYTES},
    telemetry, token,
    wire::place::User,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn check(raw: RawConfig, sources: &Sources<'_>) -> Result<Config, ConfigError> {
    let mut check = Check { sources, handed_over: false, faults: Vec::new() };
    let kis = check.kis(&raw.kis);
    if let Some(problem) = kis.as_ref().and_then(mark::refused) {
        check.fault("kis.app_key", problem);
    }
    let account = check.account(&raw.kis);
    let on_loopback = kis.as_ref().is_some_and(|kis| kis::is_loopback(&kis.base_url));
    let token = check.token(raw.token, on_loopback);
    let balance = account::Settings {
        max_age: check.duration("balance.max_age", raw.balance.max_age, SECOND, Duration::ZERO, 24 * HOUR),
        call_timeout: check.duration(
            "rpc.call_timeout",
            raw.rpc.call_timeout.clone(),
            30 * SECOND,
            SECOND,
            10 * MINUTE,
        ),
        prices: check.prices(raw.balance.prices.as_deref()),
        accept_difference: raw.kis.accept_difference.unwrap_or_default(),
    };
    let rpc = check.rpc(raw.rpc);
    let log = check.log(raw.log);
    match (kis, account) {
        (Some(kis), Some(account)) if check.faults.is_empty() => {
            Ok(Config { file: None, handed_over: check.handed_over, kis, account, token, balance, rpc, log })
        }
        _ => Err(ConfigError { faults: check.faults }),
    }
}

pub(super) struct Check<'a> {
    pub(super) sources: &'a Sources<'a>,
    /// Whether a key was found among the credentials that systemd, or a container, hands over at start.
    pub(super) handed_over: bool,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, key: &str, problem: impl Display) {
        self.faults.push(Fault { source: self.sources.of(key), key: key.to_owned(), problem: problem.to_string() });
    }

    fn kis(&mut self, raw: &RawKis) -> Option<kis::Settings> {
        let environment = match raw.mode.as_deref() {
            Some("paper") => Some(Environment::Paper),
            Some("real") => Some(Environment::Real),
            Some(_) => self.none("kis.mode", "is not a mode; allowed are \"paper\" and \"real\""),
            None => self.none("kis.mode", "is missing; allowed are \"paper\" and \"real\""),
        };
        let app_key = self.app_key(raw.app_key.as_ref(), raw.app_key_file.as_ref());
        let app_secret = self.app_secret(raw.app_secret.as_ref(), raw.app_secret_file.as_ref());
        let base_url = match (raw.base_url.as_deref(), environment) {
            (Some(text), _) => self.base_url(text),
            // One of ours, which parse.
            (None, Some(environment)) => Url::parse(environment.base_url()).ok(),
            (None, None) => None,
        };
        let default = environment.map_or(1, Environment::default_calls_per_second);
        let calls_per_second = self.number("kis.calls_per_second", raw.calls_per_second, default, 1, 100);
        let request_timeout =
            self.duration("kis.request_timeout", raw.request_timeout.clone(), 10 * SECOND, SECOND, 2 * MINUTE);
        Some(kis::Settings {
            environment: environment?,
            base_url: base_url?,
            credentials: Credentials { app_key: app_key?, app_secret: app_secret? },
            calls_per_second,
            request_timeout,
        })
    }

    fn base_url(&mut self, text: &str) -> Option<Url> {
        const ALLOWED: &str = "allowed is https://HOST[:PORT], and http:// for a loopback host";
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(_) => return self.none("kis.base_url", format!("is not a URL; {ALLOWED}")),
        };
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.host().is_some();
        match url.scheme() {
            "https" if bare => Some(url),
            "http" if bare && kis::is_loopback(&url) => Some(url),
            "http" if bare => self.none("kis.base_url", format!("would send the app secret in the clear; {ALLOWED}")),
            _ => self.none("kis.base_url", ALLOWED),
        }
    }

    fn account(&mut self, raw: &RawKis) -> Option<AccountId> {
        let Some(number) = raw.account_no.as_deref() else {
            return self.none("kis.account_no", "is missing; it must be the first 8 digits of the account number");
        };
        match AccountId::try_new(number, raw.account_product_code.as_deref().unwrap_or("01")) {
            Ok(account) => Some(account),
            Err(fault @ AccountFault::Number) => self.none("kis.account_no", fault),
            Err(fault @ AccountFault::ProductCode) => self.none("kis.account_product_code", fault),
        }
    }

    fn token(&mut self, raw: RawToken, on_loopback: bool) -> token::Settings {
        let variables = self.sources.variables;
        let directory = variables
            .directory("STATE_DIRECTORY")
            .or_else(|| variables.xdg("XDG_STATE_HOME", ".local/state").map(|state| state.join("kisd")))
            .unwrap_or_else(|| PathBuf::from("/var/lib/kisd"));
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

    fn rpc(&mut self, raw: RawRpc) -> server::Settings {
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
        let allow_uids = raw.allow_uids.unwrap_or_default();
        let allow_gids = raw.allow_gids.unwrap_or_default();
        let allow_refresh_uids = raw.allow_refresh_uids.unwrap_or_default();
        let admits_others = !(allow_uids.is_empty() && allow_gids.is_empty() && allow_refresh_uids.is_empty());
        server::Settings {
            socket,
            // Who is let in must be able to reach the socket; the peer's credentials decide about the others.
            socket_mode: self.socket_mode(raw.socket_mode, if admits_others { 0o666 } else { 0o600 }),
            allow_uids,
            allow_gids,
            allow_refresh_uids,
            max_connections: self.number("rpc.max_connections", raw.max_connections, 1024, 1, 65_536),
            max_request_bytes: self.number("rpc.max_request_bytes", raw.max_request_bytes, 65_536, 1024, 16 << 20),
        }
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

    fn path(&mut self, key: &str, raw: Option<PathBuf>, default: impl FnOnce() -> PathBuf) -> PathBuf {
        let Some(path) = raw else { return default() };
        if !path.is_absolute() {
            self.fault(key, "is not an absolute path");
        }
        path
    }

    fn duration(
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

    fn number<T: TryFrom<i64> + PartialOrd + Display + Copy>(
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
