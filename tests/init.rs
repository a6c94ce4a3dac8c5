//! kisctl init: what it writes, what it leaves alone, and what it never shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Output, Stdio},
};

use kisd::config::{self, Variables};
use support::World;
use tokio::{io::AsyncWriteExt, process::Command};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Answers to the questions of `kisctl init`.
async fn init(directory: &Path, answers: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().args(["init", "--directory"]).arg(directory).stdin(Stdio::piped());
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
