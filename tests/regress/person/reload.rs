//! A reload that changes nothing says so, and the advice for refused keys is one that works.

use std::fs;

use kisd::simulator::{Mode, Options};
use serde_json::json;

use super::{kisd, said};
use crate::support::{World, chmod, eventually, process::Process};

async fn world() -> World {
    World::in_real_time(Options::demo(Mode::Real)).await
}

/// A daemon whose keys are handed over, as systemd and containers do it.
async fn with_credentials(world: &World, secret: &str) -> Process {
    let config = world.config_file("kisd", "");
    let keys = ["app_key = ", "app_secret = "];
    let text = fs::read_to_string(&config).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !keys.iter().any(|key| line.starts_with(key))).collect();
    fs::write(&config, without.join("\n")).unwrap();
    let credentials = world.path("credentials");
    fs::create_dir_all(&credentials).unwrap();
    for (name, content) in [("app_key", world.options.app_key.as_str()), ("app_secret", secret)] {
        fs::write(credentials.join(name), content).unwrap();
        chmod(&credentials.join(name), 0o440);
    }
    let mut command = kisd();
    command.arg("--config").arg(config).env("CREDENTIALS_DIRECTORY", credentials);
    Process::start_with(world, "kisd", &mut command).await
}

#[tokio::test]
async fn a_reload_of_what_is_handed_over_at_start_says_restart() {
    let world = world().await;
    let process = with_credentials(&world, &world.options.app_secret).await;
    process.signal(rustix::process::Signal::HUP);
    eventually("a word on it", || process.log().contains("nothing has changed")).await;
    let log = process.log();
    let line = log.lines().find(|line| line.contains("nothing has changed")).unwrap();
    assert!(line.contains("restart kisd") && !log.contains("has been reloaded"), "{log}");
}

#[tokio::test]
async fn a_reload_of_an_unchanged_file_says_that_nothing_has_changed() {
    let world = world().await;
    let process = Process::start(&world, "kisd", "").await;
    process.signal(rustix::process::Signal::HUP);
    eventually("a word on it", || process.log().contains("nothing has changed")).await;
    assert!(!process.log().contains("has been reloaded"), "{}", process.log());
    world.config_file("kisd", "max_connections = 12\n");
    process.signal(rustix::process::Signal::HUP);
    eventually("the reload", || process.log().contains("has been reloaded")).await;
}

#[tokio::test]
async fn the_advice_for_refused_keys_fits_how_the_daemon_was_started() {
    let world = world().await;
    let process = with_credentials(&world, &"x".repeat(180)).await;
    let reply = process.call("account.balance", json!({})).await;
    let message = reply["error"]["message"].as_str().unwrap();
    assert!(message.contains("restart") && !message.contains("reload"), "{message}");
    process.stop().await;

    let config = world.config_file("kisd", "");
    let wrong = fs::read_to_string(&config).unwrap().replace(&world.options.app_secret, &"x".repeat(180));
    fs::write(&config, wrong).unwrap();
    let process = Process::start_configured(&world, "kisd").await;
    let reply = process.call("account.balance", json!({})).await;
    let message = reply["error"]["message"].as_str().unwrap();
    assert!(message.contains("reload") && message.contains("kisctl token refresh"), "{message}");
    assert!(!message.contains("restart"), "{message}");
}

#[tokio::test]
async fn systemctl_reload_of_the_service_fails_and_says_restart() {
    let unit = include_str!("../../../systemd/kisd.service");
    let reload = unit.lines().find_map(|line| line.strip_prefix("ExecReload=")).unwrap();
    // What systemd runs, by way of a shell that splits the words as systemd does.
    let output = tokio::process::Command::new("/bin/sh").args(["-c", reload]).output().await.unwrap();
    assert!(!output.status.success() && said(&output).contains("systemctl restart kisd"), "{output:?}");
    assert!(!unit.contains("-HUP"));
}

#[tokio::test]
async fn variables_that_are_no_keys_are_not_refused() {
    let world = world().await;
    let mut command = kisd();
    command.arg("check").arg("--config").arg(world.config_file("kisd", ""));
    for name in ["KISD_BOOT_ID", "KISD_ACCOUNT", "KISD_SOCKET", "KISD_CONFIG"] {
        command.env(name, "b7e1c0f2d5a34c0f8c6f2b1a9d8e7f60");
    }
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
}
