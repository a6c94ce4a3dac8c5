use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::wire::place::User;

const KEY: &str = "PSabcdefghijklmnopqrstuvwxyz01234567";

fn secret() -> String {
    "s3cr3t/+=".repeat(20)
}

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn load(&self, text: &str) -> Result<Config, ConfigError> {
        self.load_with(text, &[])
    }

    fn load_with(&self, text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let path = self.write("config.toml", text, 0o600);
        load(Some(&path), &self.variables(variables))
    }

    fn variables(&self, variables: &[(&str, &str)]) -> Variables {
        let home = ("HOME", self.directory.path().to_str().unwrap());
        Variables::new(variables.iter().chain([&home]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }
}

fn whole() -> String {
    format!("[kis]\nmode = \"paper\"\napp_key = \"{KEY}\"\napp_secret = \"{}\"\naccount_no = \"12345678\"\n", secret())
}

#[track_caller]
fn refused(result: Result<Config, ConfigError>, key: &str, words: &[&str]) -> String {
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
    assert_eq!(config.kis.base_url.as_str(), "https://openapivts.koreainvestment.com:29443/");
    assert_eq!((config.kis.calls_per_second, config.kis.request_timeout.as_secs()), (1, 10));
    assert_eq!((config.token.refresh_before.as_secs(), config.token.issue_interval.as_secs()), (600, 60));
    assert_eq!(config.token.file, place.directory.path().join(".local/state/kisd/token.json"));
    assert_eq!((config.balance.max_age.as_secs(), config.balance.call_timeout.as_secs()), (1, 30));
    let user = User::new(|name| place.variables(&[]).get(name).map(Into::into));
    assert_eq!(config.rpc.socket, user.daemon(Some(&place.directory.path().join("config.toml"))));
    assert_eq!(
        (config.rpc.socket_mode, config.rpc.max_connections, config.rpc.max_request_bytes),
        (0o600, 1024, 65_536)
    );
    assert_eq!(config.account.to_string(), "12****78-01");
    let real = place.load(&whole().replace("paper", "real")).unwrap();
    assert_eq!((real.kis.base_url.port(), real.kis.calls_per_second), (Some(9443), 18));
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
        ("KISD_TOKEN__REFRESH_BEFORE", "20m"),
        ("KISD_RPC__ALLOW_UIDS", "[1000, 1001]"),
        ("KISD_LOG__LEVEL", "debug"),
        ("KISD_CONFIG", "/not/read"),
        ("KISD_SOCKET", "/for/kisctl"),
        ("KISD_ACCOUNT", "practice"),
        ("KISD_BOOT_ID", "0123456789abcdef0123456789abcdef"),
    ];
    let config = place.load_with(&whole(), &variables).unwrap();
    assert_eq!(config.kis.environment.name(), "real");
    assert_eq!((config.account.cano(), config.kis.calls_per_second), ("01234567", 7));
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
    assert_eq!(config.kis.credentials.app_key.expose(), KEY);
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

#[test]
fn a_file_over_a_mebibyte_is_refused_by_name_and_one_below_is_read_to_its_end() {
    let place = Place::new();
    let padded = |length: usize| {
        let last = "[log]\nlevel = \"debug\"\n";
        let comments = "#\n".repeat((length - whole().len() - last.len()) / 2);
        format!("{}{comments}{last}", whole())
    };
    let config = place.load(&padded((1 << 20) - 1)).unwrap();
    assert_eq!(config.log.level, "debug");
    refused(place.load(&padded((1 << 20) + 4)), "", &["config.toml", "larger than 1 MiB"]);
    let key = place.write("key", &format!("{KEY}{}", "\n".repeat(1 << 20)), 0o600);
    let text = whole().replace(&format!("app_key = \"{KEY}\""), &format!("app_key_file = \"{}\"", key.display()));
    refused(place.load(&text), "kis.app_key_file", &["/key", "larger than 1 MiB"]);
}

#[test]
fn a_secret_in_the_place_of_a_name_is_never_shown() {
    let place = Place::new();
    let bare = "s3cr3t_AbC".repeat(18);
    for (text, key) in [
        (format!("{}{KEY} = \"app_key\"\n", whole()), "kis"),
        (format!("{}\"{}\" = 1\n", whole(), secret()), "kis"),
        (format!("{}{bare} = 1\n", whole()), "kis"),
        (format!("{}[{KEY}]\nx = 1\n", whole()), ""),
        (format!("{KEY}.x = 1\n{}", whole()), ""),
        // Half of a key, as a torn paste leaves it.
        (format!("{}{} = 1\n", whole(), &KEY[..18].replace("defgh", "D3FGH")), "kis"),
    ] {
        let message = refused(place.load(&text), key, &["line ", "characters", "not shown"]);
        assert!(!message.contains(&bare[..30]) && !message.contains("PSabcD3FGH"), "{message}");
    }
    let variable = format!("KISD_KIS__{KEY}");
    let message =
        refused(place.load_with(&whole(), &[(&variable, "1")]), "kis", &["environment variable", "not shown"]);
    assert!(!message.contains(&KEY.to_uppercase()) && !message.contains(&KEY.to_lowercase()), "{message}");
    let message = refused(place.load_with(&whole(), &[(&format!("KISD_{KEY}"), "1")]), "", &["KISD_<TABLE>__<KEY>"]);
    assert!(!message.contains(KEY), "{message}");
    // The value of a key that should be a path.
    let swapped = whole().replace("app_key =", "app_key_file =");
    refused(place.load(&swapped), "kis.app_key_file", &["like a credential itself"]);
    let swapped = whole().replace("app_secret =", "app_secret_file =");
    refused(place.load(&swapped), "kis.app_secret_file", &["like a credential itself"]);
    // A name that is only mistyped is shown.
    refused(
        place.load(&format!("{}account_number_of_mine = 1\n", whole())),
        "kis.account_number_of_mine",
        &["is not a key"],
    );
}

#[test]
fn deep_lists_are_refused_wherever_they_are_written() {
    let place = Place::new();
    for deep in ["[".repeat(100_000), "[{a=".repeat(30_000), format!("{}1{}", "[".repeat(60), "]".repeat(60))] {
        let result = place.load_with(&whole(), &[("KISD_RPC__ALLOW_UIDS", &deep)]);
        refused(result, "rpc.allow_uids", &["KISD_RPC__ALLOW_UIDS", "a list such as [1000]"]);
    }
    for deep in ["[".repeat(100_000), format!("{}1", "a.".repeat(100_000)), "{a=".repeat(100_000)] {
        refused(
            place.load(&format!("{}[rpc]\nallow_uids = {deep}\n", whole())),
            "",
            &["config.toml", "not valid TOML"],
        );
        refused(place.load(&format!("{}{deep} = 1\n", whole())), "", &["config.toml", "not valid TOML"]);
    }
}

#[test]
fn what_pasting_and_saving_add_to_a_credential_is_told_by_its_name() {
    let place = Place::new();
    let base = whole().replace(&format!("app_key = \"{KEY}\""), "app_key_file = \"app_key\"");
    for (content, words) in [
        (format!("\u{feff}{KEY}\n"), "byte order mark"),
        (format!("\"{KEY}\"\n"), "is in quotes"),
        (format!("‘{KEY}’"), "is in quotes"),
        (format!("{KEY}\u{200b}"), "invisible character (U+200B)"),
        (format!("{}\u{200d}{}", &KEY[..9], &KEY[9..]), "invisible character (U+200D)"),
        (format!("{KEY}\n{}\n", secret()), "more than one line"),
        (format!("{} {}", &KEY[..9], &KEY[9..]), "white space"),
        (KEY.replace('a', "а"), "not ASCII"),
        (secret(), "it may be the app_secret"),
        (String::new(), "is empty"),
        (KEY[1..].to_owned(), "has 35 characters, KIS issues 36"),
    ] {
        place.write("app_key", &content, 0o600);
        let message = refused(place.load(&base), "kis.app_key_file", &["config.toml", words]);
        assert!(words.contains("35") || !message.contains("has 3"), "{message}");
    }
    fs::write(place.write("app_key", "", 0o600), KEY.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
        .unwrap();
    // ASCII in UTF-16 is text, with a control character after each letter.
    refused(place.load(&base), "kis.app_key_file", &["invisible character (U+0000)"]);
    fs::write(place.write("app_key", "", 0o600), [0xff, 0xfe, b'P', 0]).unwrap();
    refused(place.load(&base), "kis.app_key_file", &["UTF-16"]);
    // As docker's env files leave it.
    let quoted = format!("'{KEY}'");
    refused(
        place.load_with(&whole(), &[("KISD_KIS__APP_KEY", &quoted)]),
        "kis.app_key",
        &["KISD_KIS__APP_KEY", "quotes"],
    );
    // What only surrounds it is no part of it.
    place.write("app_key", &format!("\r\n {KEY}\t\r\n"), 0o600);
    assert_eq!(place.load(&base).unwrap().kis.credentials.app_key.expose(), KEY);
}

#[test]
fn a_relative_path_is_meant_from_the_directory_of_the_file_that_names_it() {
    let place = Place::new();
    fs::create_dir(place.directory.path().join("keys")).unwrap();
    place.write("keys/key", KEY, 0o600);
    let text = whole().replace(&format!("app_key = \"{KEY}\""), "app_key_file = \"keys/key\"");
    assert_eq!(place.load(&text).unwrap().kis.credentials.app_key.expose(), KEY);
    let missing = text.replace("keys/key", "keys/none");
    let there = place.directory.path().join("keys/none");
    refused(place.load(&missing), "kis.app_key_file", &[there.to_str().unwrap(), "cannot be read"]);
}

#[test]
fn two_configurations_are_the_same_if_they_say_the_same() {
    let place = Place::new();
    let one = place.load(&whole()).unwrap();
    assert!(one.same_as(&place.load(&format!("# again\n{}", whole())).unwrap()));
    let other_secret = secret().replace("s3", "S3");
    for other in [whole().replace(&secret(), &other_secret), format!("{}[balance]\nmax_age = \"2s\"\n", whole())] {
        assert!(!one.same_as(&place.load(&other).unwrap()));
    }
}
