use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::wire::place::User;

pub(super) const KEY: &str = "PSabcdefghijklmnopqrstuvwxyz01234567";

pub(super) fn secret() -> String {
    "s3cr3t/+=".repeat(20)
}

pub(super) struct Place {
    pub(super) directory: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(super) fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    pub(super) fn load(&self, text: &str) -> Result<Config, ConfigError> {
        self.load_with(text, &[])
    }

    pub(super) fn load_with(&self, text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let path = self.write("config.toml", text, 0o600);
        load(Some(&path), &self.variables(variables))
    }

    pub(super) fn variables(&self, variables: &[(&str, &str)]) -> Variables {
        let home = ("HOME", self.directory.path().to_str().unwrap());
        Variables::new(variables.iter().chain([&home]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }
}

pub(super) fn whole() -> String {
    format!("[kis]\nmode = \"paper\"\napp_key = \"{KEY}\"\napp_secret = \"{}\"\naccount_no = \"12345678\"\n", secret())
}

/// A real account, which is the default, and one for paper trading.
pub(super) fn two() -> String {
    let account = |name, mode, number: u32| {
        let (key, secret) = (KEY.replace("abc", &format!("a{number}c")), secret());
        format!(
            "[accounts.{name}]\nmode = \"{mode}\"\napp_key = \"{key}\"\napp_secret = \"{secret}\"\naccount_no = \"1234567{number}\"\n"
        )
    };
    format!("default_account = \"main\"\n{}{}", account("main", "real", 1), account("practice", "paper", 2))
}

#[track_caller]
pub(super) fn refused(result: Result<Config, ConfigError>, key: &str, words: &[&str]) -> String {
    let error = result.map(|_| ()).unwrap_err();
    let message = error.to_string();
    assert!(error.faults.iter().any(|fault| fault.key == key), "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is missing in: {message}");
    }
    assert!(!message.contains("s3cr3t") && !message.contains(KEY) && !message.contains("12345678"), "{message}");
    message
}

#[test]
fn a_short_file_is_enough_and_the_rest_is_what_the_contract_says() {
    let place = Place::new();
    let config = place.load(&whole()).unwrap();
    assert_eq!(config.keys[0].kis.base_url.as_str(), "https://openapivts.koreainvestment.com:29443/");
    assert_eq!((config.keys[0].kis.calls_per_second, config.keys[0].kis.request_timeout.as_secs()), (1, 10));
    assert_eq!((config.token.refresh_before.as_secs(), config.token.issue_interval.as_secs()), (600, 60));
    assert_eq!(config.token.file, place.directory.path().join(".local/state/kisd/token.json"));
    assert_eq!((config.balance.max_age.as_secs(), config.balance.call_timeout.as_secs()), (1, 30));
    let user = User::new(|name| place.variables(&[]).get(name).map(Into::into));
    assert_eq!(config.rpc.socket, user.daemon(Some(&place.directory.path().join("config.toml"))));
    assert_eq!(
        (config.rpc.socket_mode, config.rpc.max_connections, config.rpc.max_request_bytes),
        (0o600, 1024, 65_536)
    );
    let others = place.load(&(whole() + "[rpc]\nallow_gids = [7]\n")).unwrap();
    assert_eq!(others.rpc.socket_mode, 0o666, "who is let in can reach the socket");
    assert_eq!(config.accounts[0].id.to_string(), "12****78-01");
    let real = place.load(&whole().replace("paper", "real")).unwrap();
    assert_eq!((real.keys[0].kis.base_url.port(), real.keys[0].kis.calls_per_second), (Some(9443), 18));
}

#[test]
fn lists_of_stocks_come_from_kis_or_from_the_simulator_and_never_in_the_clear() {
    let place = Place::new();
    let usual = place.load(&whole()).unwrap().stocks;
    assert_eq!(usual.master_url.as_str(), "https://new.real.download.dws.co.kr/common/master");
    assert_eq!(
        (usual.master_max_age.as_secs(), usual.directory),
        (86_400, place.directory.path().join(".local/state/kisd/masters"))
    );
    let simulated = whole().replace("[kis]\n", "[kis]\nbase_url = \"http://127.0.0.1:9\"\n");
    assert_eq!(place.load(&simulated).unwrap().stocks.master_url.as_str(), "http://127.0.0.1:9/common/master");
    let with = |url: &str| place.load(&format!("{}[stocks]\nmaster_url = \"{url}\"\n", whole()));
    assert_eq!(with("https://example.com/m/").unwrap().stocks.master_url.path(), "/m/");
    for (url, words) in [
        ("http://example.com/m", "whoever is on the way"),
        ("ftp://example.com/m", "allowed is https"),
        ("https://u:p@example.com/m", "allowed is https"),
        ("https://example.com/m?a=1", "allowed is https"),
        ("masters", "is not a URL"),
    ] {
        refused(with(url), "stocks.master_url", &[words]);
    }
    let young = place.load(&format!("{}[stocks]\nmaster_max_age = \"1s\"\n", whole()));
    refused(young, "stocks.master_max_age", &["from \"1m\" to \"30days\""]);
}

#[test]
fn only_a_simulator_may_be_called_more_than_a_hundred_times_a_second() {
    let with = |base_url: &str, calls: u32| {
        let keys = format!("[kis]\nbase_url = \"{base_url}\"\ncalls_per_second = {calls}\n");
        Place::new().load(&whole().replace("[kis]\n", &keys))
    };
    assert_eq!(with("http://127.0.0.1:9", 100_000).unwrap().keys[0].kis.calls_per_second, 100_000);
    refused(with("http://127.0.0.1:9", 100_001), "kis.calls_per_second", &["from 1 to 100000"]);
    refused(with("https://openapivts.koreainvestment.com:29443", 101), "kis.calls_per_second", &["from 1 to 100"]);
}

#[test]
fn the_example_file_is_valid_and_its_comments_are_the_defaults() {
    let example = include_str!("../../config.toml.example")
        .replace("app_key = \"…\"", &format!("app_key = \"{KEY}\""))
        .replace("app_secret = \"…\"", &format!("app_secret = \"{}\"", secret()));
    let place = Place::new();
    let as_shipped = place.load(&example).unwrap();
    // A commented key with a value, not a path or an alternative, shows its default.
    let uncommented: String = example
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.contains(" = ") && !key.contains('/') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_ne!(uncommented, example);
    let spelled_out = place.load(&uncommented).unwrap();
    assert_eq!(as_shipped.to_string(), spelled_out.to_string());
}

#[test]
fn systemd_and_xdg_directories_are_used_when_they_are_set() {
    let place = Place::new();
    let config = place.load_with(&whole(), &[("XDG_STATE_HOME", "/x/state"), ("XDG_RUNTIME_DIR", "/x/run")]).unwrap();
    assert_eq!(
        (config.token.file, config.rpc.socket),
        ("/x/state/kisd/token.json".into(), "/x/run/kisd/kisd.sock".into())
    );
    let variables =
        [("STATE_DIRECTORY", "/s/kisd:/s/two"), ("RUNTIME_DIRECTORY", "/r/kisd"), ("XDG_RUNTIME_DIR", "/x")];
    let config = place.load_with(&whole(), &variables).unwrap();
    assert_eq!((config.token.file, config.rpc.socket), ("/s/kisd/token.json".into(), "/r/kisd/kisd.sock".into()));
}

#[test]
fn every_key_can_be_overridden_by_the_environment_and_texts_stay_texts() {
    let place = Place::new();
    let variables = [
        ("KISD_KIS__MODE", "real"),
        ("KISD_KIS__ACCOUNT_NO", "01234567"),
        ("KISD_KIS__CALLS_PER_SECOND", "7"),
        ("KISD_KIS__HTS_ID", "0123"),
        ("KISD_KIS__ACCEPT_DIFFERENCE", "true"),
        ("KISD_BALANCE__PRICES", "unified"),
        ("KISD_TOKEN__REFRESH_BEFORE", "20m"),
        ("KISD_RPC__ALLOW_UIDS", "[1000, 1001]"),
        ("KISD_LOG__LEVEL", "debug"),
        ("KISD_CONFIG", "/not/read"),
        ("KISD_SOCKET", "/for/kisctl"),
        ("KISD_ACCOUNT", "practice"),
        ("KISD_BOOT_ID", "0123456789abcdef0123456789abcdef"),
    ];
    let config = place.load_with(&whole(), &variables).unwrap();
    assert_eq!(config.keys[0].kis.environment.name(), "real");
    assert_eq!((config.accounts[0].id.cano(), config.keys[0].kis.calls_per_second), ("01234567", 7));
    assert_eq!(config.accounts[0].hts_id.as_ref().map(HtsId::as_str), Some("0123"));
    let settings = config.accounts[0].settings;
    assert_eq!((settings.accept_difference, settings.prices.name()), (true, "unified"));
    assert_eq!((config.token.refresh_before.as_secs(), config.rpc.allow_uids), (1200, vec![1000, 1001]));
    assert_eq!(config.log.level, "debug");
}

#[test]
fn a_refusal_names_the_variable_if_the_value_came_from_one() {
    let result = Place::new().load_with(&whole(), &[("KISD_KIS__MODE", "papr")]);
    refused(result, "kis.mode", &["environment variable KISD_KIS__MODE", "\"paper\" and \"real\""]);
    let result = Place::new().load_with(&whole(), &[("KISD_KIS__CALLS_PER_SECOND", "many")]);
    refused(result, "kis.calls_per_second", &["KISD_KIS__CALLS_PER_SECOND", "a text"]);
    let result = Place::new().load_with(&whole(), &[("KISD_MODE", "paper")]);
    refused(result, "", &["KISD_MODE", "KISD_<TABLE>__<KEY>"]);
    let result = Place::new().load_with(&whole(), &[("KISD_KIS__MODES", "paper")]);
    refused(result, "kis.modes", &["KISD_KIS__MODES", "is not a key", "mode"]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_file_key_and_what_is_allowed() {
    let text = "[kis]\nmode = \"demo\"\napp_key = \"short-s3cr3t\"\naccount_no = \"12345678x\"\n\
                base_url = \"http://example.com\"\ncalls_per_second = 0\nrequest_timeout = \"soon\"\n\
                [token]\nfile = \"here\"\nrefresh_before = \"13h\"\nissue_interval = \"1s\"\n\
                [balance]\nprices = \"kosdaq\"\n\
                [rpc]\nsocket_mode = \"rw\"\nmax_connections = 0\n[log]\nlevel = \"verbose\"\nformat = \"xml\"\n";
    let keys = [
        ("kis.mode", "\"paper\" and \"real\""),
        ("kis.app_key", "KIS issues 36"),
        ("kis.app_secret", "is missing"),
        ("kis.account_no", "8 digits"),
        ("kis.base_url", "loopback"),
        ("kis.calls_per_second", "from 1 to 100"),
        ("kis.request_timeout", "from \"1s\" to \"2m\""),
        ("token.file", "absolute"),
        ("token.refresh_before", "to \"12h\""),
        ("token.issue_interval", "from \"1m\""),
        ("balance.prices", "\"krx\", \"nxt\" and \"unified\""),
        ("rpc.socket_mode", "\"0600\""),
        ("rpc.max_connections", "from 1"),
        ("log.level", "info"),
        ("log.format", "\"json\""),
    ];
    for (key, words) in keys {
        refused(Place::new().load(text), key, &["config.toml", words]);
    }
}

#[test]
fn an_unknown_key_or_table_is_refused_by_name() {
    refused(Place::new().load(&format!("{}appkey = \"{KEY}\"\n", whole())), "kis.appkey", &["is not a key", "app_key"]);
    refused(Place::new().load(&format!("{}[tokens]\n", whole())), "tokens", &["is not a key", "token"]);
}

#[test]
fn a_wrong_type_is_refused_without_its_value() {
    let text = whole().replace("\"12345678\"", "12345678");
    refused(Place::new().load(&text), "kis.account_no", &["a number", "a text in quotes"]);
}

#[test]
fn a_syntax_error_is_located_and_not_quoted() {
    let text = whole().replace("account_no = \"12345678\"", "account_no = \"12345678");
    let message = refused(Place::new().load(&text), "", &["config.toml", "line 5"]);
    assert!(message.contains("not valid TOML"), "{message}");
}

#[test]
fn a_file_that_holds_a_secret_must_be_closed_to_others_and_one_without_need_not() {
    let place = Place::new();
    let open = place.write("open.toml", &whole(), 0o640);
    let message = refused(load(Some(&open), &Variables::default()), "", &["open.toml", "0640", "chmod 600"]);
    assert!(message.contains("secret"), "{message}");
    let key = place.write("key", &format!("{KEY}\n"), 0o600);
    let secret = place.write("secret", &secret(), 0o600);
    let text = format!(
        "[kis]\nmode = \"paper\"\naccount_no = \"12345678\"\napp_key_file = \"{}\"\napp_secret_file = \"{}\"\n",
        key.display(),
        secret.display()
    );
    let without = place.write("without.toml", &text, 0o644);
    load(Some(&without), &Variables::default()).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    refused(load(Some(&without), &Variables::default()), "kis.app_secret_file", &["0644", "0600"]);
}

#[test]
fn credentials_of_systemd_come_first() {
    let place = Place::new();
    place.write("app_key", &format!("{KEY}\n"), 0o440);
    place.write("app_secret", &secret(), 0o440);
    let directory = place.directory.path().to_str().unwrap().to_owned();
    let text = "[kis]\nmode = \"paper\"\naccount_no = \"12345678\"\n";
    let config = place.load_with(text, &[("CREDENTIALS_DIRECTORY", &directory)]).unwrap();
    assert_eq!(config.keys[0].kis.credentials.app_key.expose(), KEY);
}

#[test]
fn a_named_file_must_be_there_and_without_any_the_environment_is_enough() {
    let place = Place::new();
    let missing = place.directory.path().join("missing.toml");
    refused(load(Some(&missing), &Variables::default()), "", &["missing.toml", "cannot be read"]);
    let nowhere = place.variables(&[]);
    // A machine on which kisd is installed has one everywhere.
    let is_installed = std::path::Path::new("/etc/kisd/config.toml").exists();
    if !is_installed {
        refused(load(None, &nowhere), "kis.account_no", &["no configuration file (looked for"]);
    }
    let config_home = ("XDG_CONFIG_HOME", place.directory.path().to_str().unwrap());
    let secret = secret();
    let variables = place.variables(&[
        config_home,
        ("KISD_KIS__MODE", "paper"),
        ("KISD_KIS__APP_KEY", KEY),
        ("KISD_KIS__APP_SECRET", &secret),
        ("KISD_KIS__ACCOUNT_NO", "12345678"),
    ]);
    if !is_installed {
        assert_eq!(load(None, &variables).unwrap().file, None);
    }
}

#[test]
fn the_report_masks_secrets_and_account() {
    let report = Place::new().load(&whole()).unwrap().to_string();
    assert!(report.contains("12****78-01") && report.contains("kis.mode"), "{report}");
    assert!(!report.contains(KEY) && !report.contains("s3cr3t") && !report.contains("12345678"), "{report}");
}
