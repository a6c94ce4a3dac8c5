//! The doctor blames what is to blame.

use std::{fs, path::Path, time::Duration};

use kisd::simulator::{Fault, Options, Setup};
use serde_json::{Value, json};

use super::{kisctl, said, text};
use crate::support::{World, chmod, process::Process};

/// The findings of the doctor, by subject, and its exit code.
async fn findings(socket: &Path, variables: &[(&str, &Path)]) -> (Option<i32>, Value) {
    let mut command = kisctl();
    command.arg("--socket").arg(socket).args(["--json", "doctor"]).envs(variables.iter().copied());
    let output = command.output().await.unwrap();
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code(), found.into_iter().map(|one| (one["subject"].as_str().unwrap().to_owned(), one)).collect())
}

fn advice<'a>(found: &'a Value, subject: &str) -> &'a str {
    found[subject]["advice"].as_str().unwrap_or_else(|| panic!("{found}"))
}

/// Where nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_network_that_does_not_reach_kis_is_not_another_program_and_no_clock_agrees_with_it() {
    let world = World::in_real_time(kisd::simulator::Options::demo(kisd::simulator::Mode::Real)).await;
    let config = world.config_file("kisd", "call_timeout = \"2s\"\n");
    let text = fs::read_to_string(&config).unwrap().replace(&world.simulator.base_url(), &nowhere());
    fs::write(&config, text).unwrap();
    let process = Process::start_configured(&world, "kisd").await;
    let (code, found) = findings(&process.socket, &[("KISD_CONFIG", &config)]).await;
    assert_eq!(code, Some(1), "{found}");
    for subject in ["token", "kis"] {
        let advice = advice(&found, subject);
        assert!(advice.contains("network") && !advice.contains("another program"), "{subject}: {found}");
    }
    assert_eq!(found["clock"]["mark"], "unknown", "{found}");
    assert!(found["clock"]["found"].as_str().unwrap().contains("has not answered"), "{found}");
}

#[tokio::test]
async fn a_key_of_the_other_mode_is_told_by_its_code() {
    for code in ["EGW02004", "EGW02007"] {
        let world = World::new().await;
        let body = json!({ "error_code": code, "error_description": "모의투자 TR 이 아닙니다." }).to_string();
        world.simulator.fail_next("tokenP", Fault::Answer { status: 500, body });
        let daemon = world.daemon("kisd").await;
        daemon.token_until(|token| token["state"] == "rejected").await;
        let (_, found) = findings(&daemon.socket, &[]).await;
        for subject in ["token", "kis"] {
            assert!(advice(&found, subject).contains("mode and app key do not fit"), "{found}");
        }
    }
}

#[tokio::test]
async fn only_a_token_that_another_program_was_issued_is_blamed_on_one() {
    for (code, blamed) in [("EGW00133", true), ("EGW00002", false)] {
        let world = World::new().await;
        let body = json!({ "error_code": code, "error_description": "잠시 후 다시 시도하세요" }).to_string();
        for _ in 0..500 {
            world.simulator.fail_next("tokenP", Fault::Answer { status: 403, body: body.clone() });
        }
        let daemon = world.daemon("kisd").await;
        daemon.token_until(|token| token["last_error"].as_str().is_some_and(|error| error.contains(code))).await;
        let (_, found) = world.while_time_passes(findings(&daemon.socket, &[])).await;
        for subject in ["token", "kis"] {
            assert_eq!(advice(&found, subject).contains("another program"), blamed, "{code}: {found}");
        }
    }
}

#[tokio::test]
async fn a_balance_from_memory_does_not_hide_that_kis_has_failed_since() {
    let world = World::new().await;
    let daemon = world.daemon_with(world.config("kisd", "[balance]\nmax_age = \"1h\"\n")).await;
    daemon.balance().await;
    for _ in 0..3 {
        world.simulator.fail_next("inquire-balance", Fault::Reset);
    }
    world
        .while_time_passes_by(Duration::from_millis(1), daemon.error("account.balance", json!({ "max_age_ms": 0 })))
        .await;
    let (code, found) = findings(&daemon.socket, &[]).await;
    assert_eq!((code, &found["kis"]["mark"]), (Some(1), &json!("bad")), "{found}");
    assert!(advice(&found, "kis").contains("network"), "{found}");
    let mut check = kisctl();
    let check = check.arg("--socket").arg(&daemon.socket).args(["status", "--check"]).output().await.unwrap();
    assert_eq!(check.status.code(), Some(1), "and the monitor says the same: {check:?}");
}

/// A systemctl that says this of the service.
fn systemd_says(world: &World, properties: &str) -> String {
    fs::write(world.path("systemctl"), format!("#!/bin/sh\nprintf '{properties}'\n")).unwrap();
    chmod(&world.path("systemctl"), 0o755);
    format!("{}:/usr/bin:/bin", world.path("").display())
}

#[tokio::test]
async fn who_has_a_service_that_refused_its_configuration_is_not_sent_to_init() {
    let world = World::new().await;
    let path = systemd_says(&world, "LoadState=loaded\\nActiveState=failed\\nExecMainStatus=78\\n");
    let variables = [("PATH", Path::new(&path)), ("HOME", &world.path("home"))];
    let (code, found) = findings(&world.path("none.sock"), &variables).await;
    assert_eq!((code, &found["configuration"]["mark"]), (Some(3), &json!("bad")), "{found}");
    assert!(advice(&found, "configuration").contains("kisctl logs"), "{found}");
    assert!(!found.to_string().contains("kisctl init"), "{found}");
    // One that only does not run is no reason for it either.
    let path = systemd_says(&world, "LoadState=loaded\\nActiveState=inactive\\nExecMainStatus=0\\n");
    let variables = [("PATH", Path::new(&path)), ("HOME", &world.path("home"))];
    let (_, found) = findings(&world.path("none.sock"), &variables).await;
    assert!(!found.to_string().contains("kisctl init"), "{found}");
}

#[tokio::test]
async fn the_configuration_of_another_daemon_is_not_taken_for_that_of_this_one() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let mine = world.path("kisd.toml");
    let (code, found) = findings(&daemon.socket, &[("KISD_CONFIG", &mine)]).await;
    assert_eq!((code, &found["configuration"]["mark"]), (Some(0), &json!("good")), "{found}");
    let other = world.config_file("other", "");
    let (code, found) = findings(&daemon.socket, &[("KISD_CONFIG", &other)]).await;
    assert_eq!((code, &found["configuration"]["mark"]), (Some(0), &json!("unknown")), "{found}");
    assert!(found["configuration"]["found"].as_str().unwrap().contains("is not that of the daemon"), "{found}");
}

#[tokio::test]
async fn status_is_told_within_seconds_that_the_daemon_is_silent() {
    let world = World::new().await;
    let socket = world.path("mute.sock");
    let _mute = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for arguments in [&["status"][..], &["token", "status"], &["discover"]] {
        let mut command = kisctl();
        let asked = command.arg("--socket").arg(&socket).args(arguments).output();
        let output = tokio::time::timeout(Duration::from_secs(9), asked).await.expect("an end").unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(text(&output.stderr).contains("does not answer in time"), "{output:?}");
    }
}

#[tokio::test]
async fn a_first_balance_without_kis_is_refused_at_once_with_the_reason() {
    let world = World::in_real_time(kisd::simulator::Options::demo(kisd::simulator::Mode::Real)).await;
    let config = world.config_file("kisd", "");
    let text = fs::read_to_string(&config).unwrap().replace(&world.simulator.base_url(), &nowhere());
    fs::write(&config, text).unwrap();
    let process = Process::start_configured(&world, "kisd").await;
    let mut command = kisctl();
    let asked = command.arg("--socket").arg(&process.socket).arg("balance").output();
    let output = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("within five seconds").unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("refused"), "{output:?}");
}

#[tokio::test]
async fn the_doctor_looks_at_the_token_of_the_account_that_is_asked_about() {
    let setup = Setup::both();
    let Ok([real, paper]) = <[Options; 2]>::try_from(setup.keys.clone()) else { panic!("two keys") };
    let world = World::of_keys(setup).await;
    world.simulator.reconfigure_key(&paper.app_key, |key| key.app_secret = "x".repeat(180));
    let accounts = format!(
        "default_account = \"main\"\n{}{}",
        world.account("main", &real, &real.cano),
        world.account("practice", &paper, &paper.cano)
    );
    let daemon = world.daemon_with(world.config_of("kisd", &accounts)).await;
    daemon.token_until_of("practice", |status| status["state"] == "rejected").await;
    for (account, mark) in [("main", "good"), ("practice", "bad")] {
        let (_, found) = findings(&daemon.socket, &[("KISD_ACCOUNT", Path::new(account))]).await;
        assert_eq!(
            (&found["token"]["mark"], &found["kis"]["mark"]),
            (&json!(mark), &json!(mark)),
            "{account}: {found}"
        );
    }
}

#[tokio::test]
async fn the_doctor_finds_an_outage_that_nobody_has_met_yet() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for _ in 0..20 {
        world.simulator.fail_next("inquire-balance", Fault::Reset);
    }
    let (code, found) = world.while_time_passes(findings(&daemon.socket, &[])).await;
    assert_eq!((code, &found["kis"]["mark"]), (Some(1), &json!("bad")), "{found}");
}

#[tokio::test]
async fn the_error_of_a_token_has_a_code_that_programs_can_read() {
    let world = World::new().await;
    let body = json!({ "error_code": "EGW02004", "error_description": "x" }).to_string();
    world.simulator.fail_next("tokenP", Fault::Answer { status: 500, body });
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "rejected").await;
    let status = daemon.ok("daemon.status", json!({})).await;
    // Wherever it stands: a member of its own, and not a part of a sentence.
    assert!(status.to_string().contains("\"msg_cd\":\"EGW02004\""), "{status}");
}
