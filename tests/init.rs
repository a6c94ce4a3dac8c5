//! kisctl init: what it writes, what it leaves alone, and what it never shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Output, Stdio},
};

use kisd::{
    config::{self, Variables},
    simulator::{Mode, Options, Setup},
};
use serde_json::json;
use support::World;
use tokio::{io::AsyncWriteExt, process::Command};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Answers to the questions of `kisctl init`.
async fn init(directory: &Path, answers: &[&str]) -> Output {
    init_with(directory, &[], answers).await
}

/// The same with these arguments.
async fn init_with(directory: &Path, arguments: &[&str], answers: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().args(["init", "--directory"]).arg(directory).args(arguments).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have ended before it has read everything.
    let _ = stdin.write_all((answers.join("\n") + "\n").as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

#[tokio::test]
async fn init_writes_what_kisd_accepts_for_its_owner_only_and_shows_no_secret() {
    let world = World::new().await;
    let directory = world.path("etc/kisd");
    let (key, secret) = (world.options.app_key.clone(), world.options.app_secret.clone());
    let output = init(&directory, &["paper", "too short", &key, &secret, "12345678-01"]).await;
    assert!(output.status.success(), "{output:?}");
    for name in ["config.toml", "app_key", "app_secret"] {
        assert_eq!(fs::metadata(directory.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    // A rehearsal: the key is the simulator's, and is refused for KIS's own host.
    let file = directory.join("config.toml");
    let refused = config::load(Some(&file), &Variables::default()).unwrap_err().to_string();
    assert!(refused.contains("kis.app_key") && refused.contains("kisd simulate"), "{refused}");
    let simulated = ("KISD_KIS__BASE_URL".to_owned(), world.simulator.base_url());
    let config = config::load(Some(&file), &Variables::new([simulated])).unwrap();
    assert_eq!(config.accounts[0].id.to_string(), "12****78-01");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(!said.contains(&key) && !said.contains(&secret) && said.contains("36 letters"), "{said}");
    assert!(!fs::read_to_string(directory.join("config.toml")).unwrap().contains(&key));
}

#[tokio::test]
async fn init_replaces_nothing_without_a_yes_and_writes_nothing_by_half() {
    let world = World::new().await;
    let directory = world.path("kisd");
    let output = init(&directory, &["real", "too short"]).await;
    assert_eq!((output.status.code(), directory.exists()), (Some(1), false), "{output:?}");
    fs::create_dir(&directory).unwrap();
    let app_key = directory.join("app_key");
    fs::write(&app_key, "mine").unwrap();
    for answers in [&["n"][..], &[""], &[]] {
        assert!(text(&init(&directory, answers).await.stderr).contains("Replace it?"));
        assert_eq!(fs::read_to_string(&app_key).unwrap(), "mine");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn a_set_up_that_cannot_be_completed_leaves_what_was_there() {
    let world = World::new().await;
    let directory = world.path("kisd");
    fs::create_dir_all(directory.join("app_key")).unwrap();
    fs::write(directory.join("config.toml"), "old").unwrap();
    let (key, secret) = (world.options.app_key.clone(), world.options.app_secret.clone());
    let answers = ["y", "y", "모의", &key, &secret, "1234567801"];
    let output = init(&directory, &answers).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(fs::read_to_string(directory.join("config.toml")).unwrap(), "old");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "nothing else is left there");
    fs::remove_dir(directory.join("app_key")).unwrap();
    assert!(init(&directory, &answers[1..]).await.status.success());
    assert_eq!(fs::read_to_string(directory.join("config.toml.bak")).unwrap(), "old");
}

#[tokio::test]
async fn a_relative_directory_is_written_as_an_absolute_one() {
    let world = World::new().await;
    let (key, secret) = (world.options.app_key.clone(), world.options.app_secret.clone());
    let script = r#"cd "$1" && printf '%s\n' real "$2" "$3" 1234567801 | "$0" init --directory here | true"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_kisctl")]).arg(world.path("")).args([key, secret]);
    shell.output().await.unwrap();
    let config = fs::read_to_string(world.path("here/config.toml")).unwrap();
    assert!(config.contains(world.path("here/app_key").to_str().unwrap()), "{config}");
    assert!(world.path("here/app_secret").exists(), "a reader that has gone keeps nothing from being written");
}

/// A configuration as people write it, with `[kis]` for the simulator's real key.
fn odd(world: &World) -> String {
    format!(
        "# mine\n\n[log]   # here\nlevel = \"info\"\n\n[kis]\nmode='real'\napp_key = \"{}\" # the key\napp_secret = \"{}\"\n\
         account_no = \"12345678\"\nbase_url = \"{}\"\n\n\n[token]\nfile = \"{}\"\n# the end\n",
        world.options.app_key,
        world.options.app_secret,
        world.simulator.base_url(),
        world.path("token.json").display(),
    )
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn init_adds_an_account_to_what_is_there_which_stays_as_it_is_and_both_are_served() {
    let setup = Setup::both();
    let (real, paper) = (setup.keys[0].clone(), setup.keys[1].clone());
    let world = World::of_keys(setup).await;
    let directory = world.path("kisd");
    fs::create_dir(&directory).unwrap();
    let (file, before) = (directory.join("config.toml"), odd(&world));
    write_private(&file, &before);
    let url = world.simulator.base_url();
    let arguments = ["--account", "practice", "--base-url", &url];
    let number = format!("{}-01", paper.cano);
    let output = init_with(&directory, &arguments, &["paper", &paper.app_key, &paper.app_secret, &number]).await;
    assert!(output.status.success(), "{output:?}");
    let after = fs::read_to_string(&file).unwrap();
    let kept: Vec<&str> = before.lines().filter(|line| !line.is_empty()).collect();
    assert!(kept.iter().all(|line| after.contains(line)), "{after}");
    assert!(after.contains("[accounts.practice]") && !after.contains(&paper.app_key), "{after}");
    for name in ["practice.app_key", "practice.app_secret", "config.toml"] {
        assert_eq!(fs::metadata(directory.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let second = format!("{}-01", real.more_accounts[0].cano);
    let output = init_with(&directory, &["--account", "child", "--key-of", "default"], &[&second]).await;
    assert!(output.status.success(), "{output:?}");
    let mut config = config::load(Some(&file), &Variables::default()).unwrap();
    config.rpc.socket = world.path("kisd.sock");
    let daemon = world.daemon_with(config).await;
    for (account, cano) in
        [(None, &real.cano), (Some("practice"), &paper.cano), (Some("child"), &real.more_accounts[0].cano)]
    {
        let balance = world.while_time_passes(daemon.ok("account.balance", json!({ "account": account }))).await;
        assert_eq!(balance["account"], format!("{}****{}-01", &cano[..2], &cano[6..]), "{balance}");
    }
    let said = text(&output.stderr);
    assert!(!said.contains(&paper.app_secret), "{said}");
}

#[tokio::test]
async fn the_second_account_leaves_what_a_call_without_a_name_means() {
    let world = World::of_keys(Setup::both()).await;
    let directory = world.path("kisd");
    let keys = Setup::both().keys;
    let url = world.simulator.base_url();
    for (name, mode, key) in [("main", "real", &keys[0]), ("practice", "paper", &keys[1])] {
        let number = format!("{}01", key.cano);
        let arguments = ["--account", name, "--base-url", &url];
        let output = init_with(&directory, &arguments, &[mode, &key.app_key, &key.app_secret, &number]).await;
        assert!(output.status.success(), "{output:?}");
        let says_so = text(&output.stderr).contains("go on meaning main");
        assert_eq!(says_so, name == "practice");
    }
    let config = config::load(Some(&directory.join("config.toml")), &Variables::default()).unwrap();
    assert_eq!((config.default.as_str(), config.accounts.len()), ("main", 2));
}

#[tokio::test]
async fn keys_alone_are_replaced_and_whatever_cannot_be_is_said_before_anything_is_asked() {
    let world = World::new().await;
    let directory = world.path("kisd");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("config.toml");
    write_private(&file, &(odd(&world) + "[accounts.child]\nkey_of = \"default\"\naccount_no = \"87654321\"\n"));
    let before = fs::read_to_string(&file).unwrap();
    for (arguments, words) in [
        (&["--account", "child"][..], "an account child already") as (&[&str], &str),
        (&["--account", "child", "--keys"], "has the app key of default"),
        (&["--account", "gone", "--keys"], "there is no account gone"),
        (&["--account", "new", "--key-of", "gone"], "there is no account gone"),
        (&["--account", "No Name"], "up to 32 of"),
    ] {
        let output = init_with(&directory, arguments, &[]).await;
        let said = text(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains(words) && !said.contains("hidden"),
            "{arguments:?}: {said}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
    let key = world.options.app_key.replace('1', "2");
    let output = init_with(&directory, &["--keys"], &[&key, &world.options.app_secret]).await;
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("reload kisd") && !said.contains(&key), "{said}");
    assert_eq!(fs::read_to_string(directory.join("app_key")).unwrap().trim(), key);
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.contains("app_key_file") && !after.contains(&key) && after.contains("level = \"info\""), "{after}");
    assert!(after.contains("account_no = \"12345678\"") && after.contains("mode='real'"), "{after}");
    // Another account's file is not replaced, and what does not stand the check is put back.
    let shared = after.clone()
        + &format!("[accounts.other]\nmode = \"real\"\napp_key_file = \"{}\"\n", directory.join("app_key").display());
    write_private(&file, &shared);
    let refused = init_with(&directory, &["--keys"], &[&key, &world.options.app_secret]).await;
    assert!(text(&refused.stderr).contains("the key file of other as well"), "{refused:?}");
    write_private(&file, &(after.clone() + "[balance]\nbogus = 1\n"));
    let (third, old) = (key.replace('2', "3"), fs::read_to_string(directory.join("app_key")).unwrap());
    let refused = init_with(&directory, &["--keys"], &[&third, &world.options.app_secret]).await;
    assert!(
        text(&refused.stderr).contains("everything is as it was") && refused.status.code() == Some(1),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(directory.join("app_key")).unwrap(), old);
    write_private(&file, "[kis\n");
    for arguments in [&["--account", "third"][..], &["--keys"]] {
        let refused = init_with(&directory, arguments, &[]).await;
        assert!(text(&refused.stderr).contains("mend it first"), "{refused:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "[kis\n");
    let nowhere = init_with(&world.path("nowhere"), &["--service"], &[]).await;
    assert!(text(&nowhere.stderr).contains("run kisctl init first"), "{nowhere:?}");
}

#[tokio::test]
async fn every_byte_that_was_not_asked_about_stays_and_a_link_stays_a_link() {
    let setup = Setup::both();
    let paper = setup.keys[1].clone();
    let world = World::of_keys(setup).await;
    let number = format!("{}-01", paper.cano);
    let url = world.simulator.base_url();
    let usual = odd(&world);
    let main = usual.replace("[kis]", "[accounts.main]");
    for (at, before) in [
        usual.clone(),
        usual.replace('\n', "\r\n"),
        format!("\u{feff}{usual}"),
        usual.trim_end().to_owned(),
        format!("{usual}\n\n"),
        main.clone(),
        main.replace('\n', "\r\n").trim_end().to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let directory = world.path(&format!("kisd{at}"));
        fs::create_dir(&directory).unwrap();
        let (link, file) = (directory.join("config.toml"), world.path(&format!("kept{at}.toml")));
        write_private(&file, &before);
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let arguments = ["--account", "practice", "--base-url", &url];
        let output = init_with(&directory, &arguments, &["paper", &paper.app_key, &paper.app_secret, &number]).await;
        assert!(output.status.success(), "{output:?}");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        let after = fs::read_to_string(&file).unwrap();
        let mut added = Vec::new();
        let mut left = before.split_inclusive('\n').peekable();
        for line in after.split_inclusive('\n') {
            // The last of before may have had no end, which it needs where something follows.
            match left
                .next_if(|kept| *kept == line || line.strip_suffix(['\n']).is_some_and(|line| line.trim_end() == *kept))
            {
                Some(_) => {}
                None => added.push(line.trim_end()),
            }
        }
        assert_eq!(left.next(), None, "{before}\n{after}");
        let keys = |line: &&str| line.split(['=', ' ']).next().unwrap().to_owned();
        let mut expected = vec![
            "[accounts.practice]",
            "mode",
            "app_key_file",
            "app_secret_file",
            "account_no",
            "account_product_code",
            "base_url",
        ];
        if before.contains("[accounts.main]") {
            expected.insert(0, "default_account");
            assert!(after.starts_with("# mine"), "the heading stays the first: {after}");
        }
        added.retain(|line| !line.is_empty());
        assert_eq!(added.iter().map(keys).collect::<Vec<_>>(), expected, "{after}");
        assert_eq!(after.matches('\n').count() == after.matches("\r\n").count(), before.contains("\r\n"), "{after:?}");
        assert!(config::load(Some(&link), &Variables::default()).is_ok());
    }
}

#[tokio::test]
async fn a_write_that_fails_half_way_leaves_the_old_key_pair() {
    let world = World::new().await;
    let directory = world.path("kisd");
    fs::create_dir(&directory).unwrap();
    let [key, secret] = ["app_key", "app_secret"].map(|name| directory.join(name));
    write_private(&key, &world.options.app_key);
    write_private(&secret, &world.options.app_secret);
    let config = format!(
        "[kis]\nmode = \"real\"\napp_key_file = \"{}\"\napp_secret_file = \"{}\"\naccount_no = \"12345678\"\nbase_url = \"{}\"\n",
        key.display(),
        secret.display(),
        world.simulator.base_url()
    );
    write_private(&directory.join("config.toml"), &config);
    let immutable = |flag: &str| std::process::Command::new("chattr").arg(flag).arg(&secret).status();
    if !immutable("+i").is_ok_and(|status| status.success()) {
        // Not every file system can.
        return;
    }
    let other = world.options.app_key.replace('1', "2");
    let output = init_with(&directory, &["--keys"], &[&other, &world.options.app_secret]).await;
    immutable("-i").unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(fs::read_to_string(&key).unwrap(), world.options.app_key);
    assert_eq!(fs::read_to_string(directory.join("config.toml")).unwrap(), config);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 3, "nothing else is left there");
}

#[tokio::test]
async fn a_secret_that_was_replaced_is_in_no_copy_and_one_account_beside_others_can_be_the_default() {
    let world = World::new().await;
    let directory = world.path("kisd");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("config.toml");
    write_private(&file, &odd(&world));
    let key = world.options.app_key.replace('1', "2");
    let output = init_with(&directory, &["--keys"], &[&key, &world.options.app_secret]).await;
    assert!(output.status.success(), "{output:?}");
    let texts = fs::read_dir(&directory).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    assert!(texts.into_iter().all(|text| !text.contains(&world.options.app_key)));
    // Keys in the configuration of one account do not hinder files of another.
    let directory = world.path("other");
    fs::create_dir(&directory).unwrap();
    write_private(&directory.join("config.toml"), &odd(&world).replace("[kis]", "[accounts.main]"));
    let arguments = ["--account", "default", "--base-url", &world.simulator.base_url()];
    let output = init_with(&directory, &arguments, &["real", &key, &world.options.app_secret, "8765432101"]).await;
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn keys_that_kis_takes_cost_one_issuance_and_those_that_it_refuses_are_not_written() {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let directory = world.path("kisd");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("config.toml");
    write_private(&file, &odd(&world));
    let (key, secret) = (world.options.app_key.as_str(), world.options.app_secret.as_str());
    let wrong = secret.chars().rev().collect::<String>();
    let before = fs::read_to_string(&file).unwrap();
    let refused = init_with(&directory, &["--keys", "--try"], &[key, &wrong]).await;
    let said = text(&refused.stderr);
    assert!(
        refused.status.code() == Some(1) && said.contains("EGW00105") && said.contains("nothing was written"),
        "{said}"
    );
    assert!(!said.contains(&wrong) && !said.contains(key), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing else is left there");
    let output = init_with(&directory, &["--keys", "--try"], &[key, secret]).await;
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("a balance of 12****78-01 (default) has come"), "{said}");
    assert_eq!(world.simulator.issuances(), 1);
    let mut config = config::load(Some(&file), &Variables::default()).unwrap();
    config.rpc.socket = world.path("kisd.sock");
    let daemon = world.daemon_with(config).await;
    assert_eq!(daemon.balance().await["total_evaluation"], 10_000_000);
    assert_eq!(world.simulator.issuances(), 1, "the daemon goes on with the token");
}

#[tokio::test]
async fn an_added_account_becomes_the_default_where_that_is_said() {
    let world = World::of_keys(Setup::both()).await;
    let directory = world.path("kisd");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("config.toml");
    write_private(&file, &odd(&world));
    let paper = Setup::both().keys[1].clone();
    let arguments = ["--account", "practice", "--default", "--base-url", &world.simulator.base_url()];
    let output = init_with(&directory, &arguments, &["paper", &paper.app_key, &paper.app_secret, "5012345601"]).await;
    assert!(output.status.success(), "{output:?}");
    let config = config::load(Some(&file), &Variables::default()).unwrap();
    assert_eq!((config.default.as_str(), config.accounts.len()), ("practice", 2));
}
