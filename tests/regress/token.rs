//! The access token and the clocks.

use std::{fs, process::Stdio, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use kisd::{
    clock::{Clock, ManualClock},
    simulator::{Fault, Mode, Options},
};
use serde_json::{Value, json};

use crate::support::{Lines, TestDaemon, World, eventually, process::kisd};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn fresh() -> Value {
    json!({ "max_age_ms": 0 })
}

fn is_valid(status: &Value) -> bool {
    status["state"] == "valid"
}

/// A daemon that found a good token in the mirror and has not called KIS yet.
async fn restarted(world: &World) -> TestDaemon {
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    world.clock.advance(MINUTE);
    world.daemon("kisd").await
}

fn token_calls(world: &World) -> usize {
    world.simulator.calls_to("tokenP").len()
}

/// An empty balance, or one page of several, that is dated `date`.
fn dated(date: DateTime<Utc>, tr_cont: &str) -> Fault {
    let headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Date".to_owned(), date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ("tr_cont".to_owned(), tr_cont.to_owned()),
    ];
    let totals = [
        "tot_evlu_amt",
        "dnca_tot_amt",
        "nxdy_excc_amt",
        "prvs_rcdl_excc_amt",
        "nass_amt",
        "pchs_amt_smtl_amt",
        "evlu_amt_smtl_amt",
        "evlu_pfls_smtl_amt",
    ];
    let totals: serde_json::Map<String, Value> = totals.iter().map(|name| ((*name).to_owned(), json!("0"))).collect();
    let key = if tr_cont == "F" { "000050" } else { "" };
    let body = json!({
        "ctx_area_fk100": "", "ctx_area_nk100": key, "output1": [], "output2": [totals],
        "rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "",
    });
    Fault::Raw { status: 200, headers, body: body.to_string() }
}

#[tokio::test]
async fn an_answer_dated_two_days_ahead_after_a_restart_costs_no_call_and_no_issuance() {
    for answers in [vec!["D"], vec!["D", "D"], vec!["F", "E"]] {
        let world = World::new().await;
        let daemon = restarted(&world).await;
        for tr_cont in &answers {
            world.simulator.fail_next("inquire-balance", dated(world.clock.now() + TimeDelta::days(2), tr_cont));
        }
        for _ in 0..20 {
            daemon.ok("account.balance", fresh()).await;
            world.clock.advance(30 * SECOND);
        }
        assert_eq!(daemon.token_status().await["state"], "valid", "{answers:?}");
        assert_eq!(token_calls(&world), 1, "{answers:?}");
    }
}

#[tokio::test]
async fn a_kis_that_never_dates_its_answers_costs_no_call_on_a_machine_whose_clock_is_wrong() {
    for hours in [-40, 40] {
        let world = World::new().await;
        let daemon = world.daemon("kisd").await;
        daemon.balance().await;
        daemon.stop().await;
        world.simulator.reconfigure(|options| options.dates_answers = false);
        world.clock.advance(MINUTE);
        world.clock.step_wall(TimeDelta::hours(hours));
        let daemon = world.daemon("kisd").await;
        for _ in 0..10 {
            daemon.ok("account.balance", fresh()).await;
            world.clock.advance(MINUTE);
        }
        assert_eq!(token_calls(&world), 1, "{hours}");
    }
}

#[tokio::test]
async fn a_token_with_minutes_left_when_it_is_handed_out_is_followed_by_another_as_soon_as_there_is_one() {
    let world = World::with(Options { token_life: 6 * HOUR + 5 * MINUTE, ..Options::demo(Mode::Real) });
    let world = world.await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    fs::remove_file(world.mirror()).unwrap();
    world.clock.advance(6 * HOUR - 4 * MINUTE);
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    assert_eq!(world.simulator.issuances(), 2, "the same token, with nine minutes left");
    for _ in 0..12 {
        world.clock.advance(MINUTE);
        daemon.ok("account.balance", fresh()).await;
    }
    assert_eq!(world.simulator.issuances(), 3);
}

#[tokio::test]
async fn a_body_with_a_token_is_an_issuance_whatever_else_it_says() {
    for (status, more) in [(200, r#""error_code":"EGW00002""#), (500, r#""rt_cd":"1","msg_cd":"EGW00001""#)] {
        let world = World::new().await;
        let token = r#""access_token":"a.b.c","expires_in":86400,"access_token_token_expired":"2026-01-24 12:00:00""#;
        world.simulator.fail_next("tokenP", Fault::Answer { status, body: format!("{{{token},{more}}}") });
        let daemon = world.daemon("kisd").await;
        let status = daemon.token_until(is_valid).await;
        assert_eq!(status["expires_at"], "2026-01-24T12:00:00+09:00");
        assert_eq!(token_calls(&world), 1);
    }
}

#[tokio::test]
async fn a_server_error_at_the_token_call_counts_for_the_minute() {
    for status in [500, 403] {
        let world = World::new().await;
        for _ in 0..3 {
            let body = r#"{"error_description":"server error","error_code":"EGW00002"}"#.to_owned();
            world.simulator.fail_next("tokenP", Fault::Answer { status, body });
        }
        let daemon = world.daemon("kisd").await;
        world.while_time_passes(daemon.token_until(is_valid)).await;
        let calls = world.simulator.calls_to("tokenP");
        assert!(calls.windows(2).all(|pair| pair[1].at.since(pair[0].at) >= MINUTE), "{calls:?}");
    }
}

#[tokio::test]
async fn a_step_of_the_wall_clock_and_a_restart_do_not_shorten_the_minute() {
    for seconds in [65, -65, 3] {
        let world = World::new().await;
        let daemon = world.daemon("kisd").await;
        daemon.balance().await;
        daemon.stop().await;
        fs::remove_file(world.mirror()).unwrap();
        world.clock.step_wall(TimeDelta::seconds(seconds));
        let daemon = world.daemon("kisd").await;
        world.while_time_passes(daemon.token_until(is_valid)).await;
        let between = world.between_issuances()[0];
        assert!(between >= MINUTE && between < MINUTE + 5 * SECOND, "{seconds}: {between:?}");
    }
}

#[tokio::test]
async fn after_a_reboot_with_a_clock_that_is_a_little_fast_the_minute_is_longer_and_never_shorter() {
    for (name, disturb) in
        [("another boot", ManualClock::reboot as fn(&ManualClock)), ("no boot id", ManualClock::hide_boot_id)]
    {
        let world = World::new().await;
        world.simulator.reconfigure(|options| options.dates_answers = false);
        let daemon = world.daemon("kisd").await;
        daemon.balance().await;
        daemon.stop().await;
        fs::remove_file(world.mirror()).unwrap();
        disturb(&world.clock);
        world.clock.step_wall(TimeDelta::seconds(4));
        let daemon = world.daemon("kisd").await;
        world.while_time_passes(daemon.token_until(is_valid)).await;
        let between = world.between_issuances()[0];
        assert!(between >= MINUTE && between < MINUTE + 5 * SECOND, "{name}: {between:?}");
    }
}

#[tokio::test]
async fn a_lock_that_nobody_lets_go_of_is_waited_for_half_a_minute_and_its_holder_is_named() {
    let world = World::new().await;
    fs::create_dir(world.path("state")).unwrap();
    fs::write(world.lock(), "{}").unwrap();
    let stray = fs::OpenOptions::new().write(true).open(world.lock()).unwrap();
    crate::support::chmod(&world.lock(), 0o600);
    stray.lock().unwrap();
    let daemon = world.daemon("kisd").await;
    let holder = format!("process {} holds", std::process::id());
    let named = |status: &Value| status["last_error"].as_str().is_some_and(|error| error.contains(&holder));
    world.while_time_passes(daemon.token_until(named)).await;
    world.while_time_passes(daemon.token_until(is_valid)).await;
    assert!(world.elapsed() >= 30 * SECOND && world.elapsed() < MINUTE + 10 * SECOND, "{:?}", world.elapsed());
    let restarted = world.daemon("other").await;
    world.while_time_passes(restarted.token_until(is_valid)).await;
    assert!(world.between_issuances().iter().all(|between| *between >= MINUTE), "{:?}", world.between_issuances());
}

#[tokio::test]
async fn suspended_within_a_minute_of_an_issuance_it_serves_at_the_first_call_after_waking() {
    let world = World::new().await;
    let daemon = world.daemon_with(world.config("kisd", "call_timeout = \"1s\"\n")).await;
    daemon.balance().await;
    for _ in 0..3 {
        world.clock.advance(10 * SECOND);
        world.clock.suspend(25 * HOUR);
        daemon.ok("account.balance", fresh()).await;
    }
    assert_eq!(world.simulator.issuances(), 4);
}

#[tokio::test]
async fn a_token_with_which_every_call_fails_without_a_reason_is_replaced_once_within_minutes() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(HOUR);
    world.simulator.break_token();
    let healed = async {
        while daemon.call("account.balance", fresh()).await.get("error").is_some() {
            tokio::task::yield_now().await;
        }
    };
    let broken = world.elapsed();
    world.while_time_passes(healed).await;
    assert!(world.elapsed() - broken < 6 * MINUTE, "{:?}", world.elapsed() - broken);
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn a_token_type_of_two_hundred_kilobytes_is_not_mirrored() {
    let world = World::new().await;
    let body = json!({ "access_token": "a.b.c", "expires_in": 86_400, "token_type": "B".repeat(200_000) });
    world.simulator.fail_next("tokenP", Fault::Answer { status: 200, body: body.to_string() });
    let daemon = world.daemon("kisd").await;
    daemon.token_until(is_valid).await;
    daemon.stop().await;
    world.clock.advance(10 * SECOND);
    let daemon = world.daemon("kisd").await;
    let status = daemon.token_until(is_valid).await;
    assert_eq!((status["source"].as_str(), token_calls(&world)), (Some("mirror"), 1));
}

#[tokio::test]
async fn the_stated_day_wins_over_seconds_that_contradict_it() {
    for seconds in [60, 7_776_000] {
        let world = World::new().await;
        let body = json!({
            "access_token": "a.b.c", "token_type": "Bearer", "expires_in": seconds,
            "access_token_token_expired": "2026-01-24 12:00:00",
        });
        world.simulator.fail_next("tokenP", Fault::Answer { status: 200, body: body.to_string() });
        let daemon = world.daemon("kisd").await;
        let status = daemon.token_until(is_valid).await;
        assert_eq!(status["expires_at"], "2026-01-24T12:00:00+09:00", "{seconds}");
    }
}

#[tokio::test]
async fn two_app_keys_with_one_token_file_keep_both_their_tokens() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;

    let (first, second) = (world.options.app_key.clone(), world.options.app_key.replace('1', "2"));
    let text = fs::read_to_string(world.config_file("second", "")).unwrap().replace(&first, &second);
    fs::write(world.path("second.toml"), text).unwrap();
    let config = || kisd::config::load(Some(&world.path("second.toml")), &Default::default()).unwrap();
    world.simulator.reconfigure(|options| options.app_key = second);
    world.clock.advance(MINUTE);
    for source in ["issued", "mirror"] {
        let daemon = world.daemon_with(config()).await;
        daemon.token_until(|status| status["source"] == source).await;
        daemon.stop().await;
    }
    assert_eq!(token_calls(&world), 2);

    world.simulator.reconfigure(|options| options.app_key = first);
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|status| status["source"] == "mirror").await;
    assert_eq!(token_calls(&world), 2, "neither had to ask again");
}

#[tokio::test]
async fn a_mirror_that_is_a_mounted_file_is_written_in_place() {
    // Needs the right to mount, which CI has; without it there is nothing to try.
    let mounts = std::process::Command::new("unshare").args(["--mount", "true"]).status();
    if !mounts.is_ok_and(|status| status.success()) {
        return eprintln!("skipped: this user may not mount");
    }
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let (config, mirror) = (world.config_file("kisd", ""), world.mirror());
    fs::create_dir(world.path("state")).unwrap();
    for (path, mode) in [(world.path("outside"), 0o600), (mirror.clone(), 0o600)] {
        fs::write(&path, "").unwrap();
        crate::support::chmod(&path, mode);
    }
    let start = || {
        let mut command = tokio::process::Command::new("unshare");
        command.args(["--mount", "sh", "-c", "mount --bind \"$1\" \"$2\" && exec \"$3\" run --config \"$4\"", "sh"]);
        command.arg(world.path("outside")).arg(&mirror).arg(kisd().as_std().get_program()).arg(&config);
        command.kill_on_drop(true).stderr(Stdio::null()).spawn().unwrap()
    };
    let socket = world.path("kisd.sock");
    for source in ["issued", "mirror"] {
        let mut process = start();
        eventually("a socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok()).await;
        let reply = Lines::connect(&socket).await.call("account.balance", json!({})).await;
        assert!(reply.get("error").is_none(), "{reply}");
        let status = Lines::connect(&socket).await.call("token.status", json!({})).await;
        assert_eq!(status["result"]["source"], source, "{status}");
        process.kill().await.unwrap();
        assert!(fs::read_to_string(world.path("outside")).unwrap().contains("access_token"));
    }
    assert_eq!(token_calls(&world), 1);
}
