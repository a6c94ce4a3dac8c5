//! The token: one issuance for everybody, never two within a minute, renewed in time, healed when KIS kills it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fs, time::Duration};

use chrono::TimeDelta;
use kisd::simulator::Fault;
use serde_json::{Value, json};
use support::World;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn too_soon() -> Fault {
    let body = r#"{"error_description":"접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)","error_code":"EGW00133"}"#;
    Fault::Answer { status: 403, body: body.to_owned() }
}

fn is_valid(status: &Value) -> bool {
    status["state"] == "valid"
}

#[tokio::test]
async fn three_cold_daemons_that_share_a_mirror_serve_with_one_issuance() {
    let world = World::new().await;
    let configs = ["a", "b", "c"].map(|name| world.config(name, ""));
    let [a, b, c] = configs.map(|config| world.daemon_with(config));
    let (a, b, c) = tokio::join!(a, b, c);
    let (one, two, three) = tokio::join!(a.balance(), b.balance(), c.balance());
    assert_eq!(one["holdings"], two["holdings"]);
    assert_eq!(two["holdings"], three["holdings"]);
    assert_eq!(world.simulator.issuances(), 1);
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1, "KIS was not even asked twice");
}

#[tokio::test]
async fn a_restart_reuses_the_mirrored_token() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let before = daemon.token_status().await;
    daemon.stop().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let after = daemon.token_status().await;
    assert_eq!((before["source"].as_str(), after["source"].as_str()), (Some("issued"), Some("mirror")));
    assert_eq!(before["expires_at"], after["expires_at"]);
    assert_eq!(after["expires_at"], "2026-01-24T12:00:00+09:00");
    assert_eq!(world.simulator.issuances(), 1);
}

#[tokio::test]
async fn the_token_is_renewed_ten_minutes_before_it_ends_without_anybody_asking() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let status = daemon.token_until(is_valid).await;
    assert_eq!(status["next_refresh_at"], "2026-01-24T11:50:00+09:00");
    world.clock.advance(24 * HOUR - 11 * MINUTE);
    world.while_time_passes(support::eventually("a renewal", || world.simulator.issuances() == 2)).await;
    let renewed = daemon.token_until(|status| status["expires_at"] != "2026-01-24T12:00:00+09:00").await;
    assert_eq!(renewed["state"], "valid");
    let at = world.simulator.calls_to("tokenP")[1].at;
    assert!(at >= 24 * HOUR - 10 * MINUTE && at < 24 * HOUR - 9 * MINUTE, "{at:?}");
}

#[tokio::test]
async fn the_scheduler_sees_that_a_suspended_machine_has_woken() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(is_valid).await;
    world.clock.advance(MINUTE);
    // The wall clock runs on while the monotonic one stands: no sleep of the keeper's own ends.
    world.clock.step_wall(TimeDelta::hours(30));
    support::eventually("a renewal", || world.simulator.issuances() == 2).await;
    daemon.token_until(is_valid).await;
}

#[tokio::test]
async fn a_token_revoked_behind_our_back_heals_in_one_call_with_one_issuance() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(MINUTE);
    world.simulator.revoke_token();
    let balance = daemon.balance().await;
    assert_eq!(balance["total_evaluation"], 10_000_000);
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn a_dead_token_is_recognised_by_its_code_whatever_the_http_status() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for (round, (code, status)) in [("EGW00121", 500), ("EGW00122", 401), ("EGW00123", 200)].into_iter().enumerate() {
        world.clock.advance(7 * HOUR);
        let body = format!(r#"{{"rt_cd":"1","msg1":"token","msg_cd":"{code}"}}"#);
        world.simulator.fail_next("inquire-balance", Fault::Answer { status, body });
        daemon.balance().await;
        assert_eq!(world.simulator.issuances(), round + 2, "{code}");
    }
}

#[tokio::test]
async fn many_callers_that_meet_a_dead_token_cause_one_issuance() {
    let world = World::new().await;
    let (a, b) = tokio::join!(world.daemon("a"), world.daemon("b"));
    tokio::join!(a.balance(), b.balance());
    world.clock.advance(MINUTE);
    world.simulator.revoke_token();
    let fresh = json!({ "max_age_ms": 0 });
    let (one, two, three, four) = tokio::join!(
        a.ok("account.balance", fresh.clone()),
        a.ok("account.balance", fresh.clone()),
        b.ok("account.balance", fresh.clone()),
        b.ok("account.balance", fresh.clone()),
    );
    assert!([one, two, three, four].iter().all(|balance| balance["deposit"] == 5_000_000));
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn a_token_that_dies_within_its_first_minute_is_replaced_when_the_minute_is_over() {
    let world = World::new().await;
    let daemon = world.daemon_with(world.config("kisd", "call_timeout = \"2m\"\n")).await;
    daemon.balance().await;
    world.clock.advance(Duration::from_secs(10));
    world.simulator.revoke_token();
    world.while_time_passes(daemon.balance()).await;
    assert_eq!(world.simulator.calls_to("tokenP").len(), 2, "KIS was not asked in vain");
    assert!(world.between_issuances()[0] >= MINUTE, "{:?}", world.between_issuances());
}

#[tokio::test]
async fn a_caller_whose_deadline_comes_before_the_next_token_is_told_when_to_ask_again() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(Duration::from_secs(10));
    world.simulator.revoke_token();
    let error = daemon.error("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!((error["code"].as_i64(), error["data"]["kind"].as_str()), (Some(-32050), Some("token_unavailable")));
    assert_eq!(error["data"]["retry_after_ms"], 50_000);
    assert_eq!(daemon.token_status().await["state"], "waiting");
}

#[tokio::test]
async fn a_restart_without_a_mirror_still_keeps_the_minute() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    fs::remove_file(world.mirror()).unwrap();
    world.clock.advance(Duration::from_secs(20));
    let daemon = world.daemon("kisd").await;
    let waiting = daemon.token_until(|status| status["state"] == "waiting").await;
    assert_eq!(waiting["next_refresh_at"], "2026-01-23T12:01:00+09:00");
    world.while_time_passes(daemon.token_until(is_valid)).await;
    assert!(world.between_issuances()[0] >= MINUTE);
    assert!(world.simulator.calls_to("tokenP").iter().all(|call| call.status == 200));
}

#[tokio::test]
async fn a_wall_clock_that_jumps_ahead_does_not_shorten_the_minute() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.simulator.revoke_token();
    world.clock.step_wall(TimeDelta::hours(2));
    daemon.error("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(world.simulator.issuances(), 1);
    world.while_time_passes(daemon.token_until(is_valid)).await;
    assert!(world.elapsed() >= MINUTE, "{:?}", world.elapsed());
}

#[tokio::test]
async fn when_another_program_was_just_issued_a_token_the_minute_is_waited_out() {
    let world = World::new().await;
    world.simulator.fail_next("tokenP", too_soon());
    let daemon = world.daemon("kisd").await;
    let waiting = daemon.token_until(|status| status["state"] == "waiting").await;
    assert!(waiting["last_error"].as_str().unwrap().contains("EGW00133"), "{waiting}");
    world.while_time_passes(daemon.token_until(is_valid)).await;
    let calls = world.simulator.calls_to("tokenP");
    assert_eq!(calls.len(), 2);
    assert!(calls[1].at - calls[0].at >= MINUTE + Duration::from_secs(1));
}

#[tokio::test]
async fn with_a_good_token_in_hand_a_failing_renewal_fails_no_call() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for _ in 0..3 {
        world.simulator.fail_next("tokenP", too_soon());
    }
    world.clock.advance(24 * HOUR - 9 * MINUTE);
    support::eventually("a renewal in vain", || world.simulator.calls_to("tokenP").len() == 2).await;
    let status = daemon.token_until(|status| !status["last_error"].is_null()).await;
    assert_eq!(status["state"], "valid");
    daemon.balance().await;
}

#[tokio::test]
async fn after_an_outage_the_first_good_moment_is_used_within_five_seconds() {
    let world = World::new().await;
    let outage = || Fault::Raw { status: 503, headers: Vec::new(), body: "<html>busy</html>".to_owned() };
    for _ in 0..6 {
        world.simulator.fail_next("tokenP", outage());
    }
    let daemon = world.daemon("kisd").await;
    world.while_time_passes(daemon.token_until(is_valid)).await;
    let calls = world.simulator.calls_to("tokenP");
    assert_eq!(calls.len(), 7);
    assert!(calls.windows(2).all(|pair| pair[1].at - pair[0].at <= Duration::from_secs(5)), "{calls:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_counts_as_an_issuance() {
    let world = World::new().await;
    world.simulator.fail_next("tokenP", Fault::Cut { after: 20 });
    let daemon = world.daemon("kisd").await;
    world.while_time_passes(daemon.token_until(is_valid)).await;
    let calls = world.simulator.calls_to("tokenP");
    assert_eq!(calls.len(), 2);
    assert!(calls[1].at - calls[0].at >= MINUTE, "{calls:?}");
}

#[tokio::test]
async fn a_dead_token_that_is_handed_out_again_is_waited_out_for_six_hours() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(HOUR);
    world.simulator.kill_token();
    let error = daemon.error("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(error["code"], -32050);
    let status = daemon.token_until(|status| status["state"] == "waiting").await;
    assert_eq!(status["next_refresh_at"], "2026-01-23T18:00:00+09:00");
    assert!(status["last_error"].as_str().unwrap().contains("six hours"), "{status}");
    world.clock.advance(4 * HOUR);
    daemon.error("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(world.simulator.issuances(), 2, "no spinning");
    world.clock.advance(HOUR);
    world.while_time_passes(daemon.token_until(is_valid)).await;
    assert_eq!(world.simulator.issuances(), 3);
}

#[tokio::test]
async fn a_restart_remembers_that_the_mirrored_token_is_dead() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(HOUR);
    world.simulator.kill_token();
    daemon.error("account.balance", json!({ "max_age_ms": 0 })).await;
    daemon.stop().await;
    world.clock.advance(2 * MINUTE);
    let before = world.simulator.calls_to("inquire-balance").len();
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|status| status["state"] == "waiting").await;
    daemon.error("account.balance", json!({})).await;
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), before, "the dead token was not tried");
}

#[tokio::test]
async fn wrong_credentials_are_tried_once_and_a_reload_with_right_ones_heals() {
    let world = World::new().await;
    world.simulator.reconfigure(|options| options.app_secret = "x".repeat(180));
    let daemon = world.daemon("kisd").await;
    let status = daemon.token_until(|status| status["state"] == "rejected").await;
    assert!(status["last_error"].as_str().unwrap().contains("EGW00105"), "{status}");
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!((error["code"].as_i64(), error["data"]["retryable"].as_bool()), (Some(-32051), Some(false)));
    assert_eq!(error["data"]["kis"]["msg_cd"], "EGW00105");
    world.clock.advance(2 * HOUR);
    daemon.error("account.balance", json!({})).await;
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1, "no loop");

    let secret = world.options.app_secret.clone();
    world.simulator.reconfigure(|options| options.app_secret = secret);
    daemon.reloads.send(world.config("kisd", "")).await.unwrap();
    daemon.token_until(is_valid).await;
    daemon.balance().await;
}

#[tokio::test]
async fn a_refresh_says_when_it_is_allowed_and_renews_when_it_is() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(Duration::from_secs(15));
    let error = daemon.error("token.refresh", json!({})).await;
    assert_eq!((error["code"].as_i64(), error["data"]["retry_after_ms"].as_u64()), (Some(-32050), Some(45_000)));
    daemon.balance().await;
    world.clock.advance(7 * HOUR);
    let status = daemon.ok("token.refresh", json!({})).await;
    assert_eq!((status["state"].as_str(), status["source"].as_str()), (Some("valid"), Some("issued")));
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_stop_an_issuance() {
    let world = World::new().await;
    let gate = world.simulator.hold_next("tokenP");
    let daemon = world.daemon("kisd").await;
    gate.arrived().await;
    let mut client = daemon.client().await;
    client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\"}\n").await;
    drop(client);
    gate.open();
    daemon.token_until(is_valid).await;
    assert_eq!(world.simulator.issuances(), 1);
}

#[tokio::test]
async fn a_shutdown_brings_an_issuance_to_its_end_and_mirrors_it() {
    let world = World::new().await;
    let gate = world.simulator.hold_next("tokenP");
    let daemon = world.daemon("kisd").await;
    gate.arrived().await;
    daemon.shutdown.cancel();
    gate.open();
    daemon.running.await.unwrap().unwrap();
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    assert_eq!(world.simulator.issuances(), 1);
}

#[tokio::test]
async fn a_mirror_that_cannot_be_written_costs_the_mirror_and_not_the_service() {
    let world = World::new().await;
    fs::write(world.path("state"), "a file where the directory should be").unwrap();
    // Nobody could tell a restart of this issuance, so it is not made within the first minute.
    let daemon = world.daemon("kisd").await;
    world.while_time_passes(daemon.token_until(is_valid)).await;
    assert!(world.elapsed() >= MINUTE, "{:?}", world.elapsed());
    daemon.balance().await;
}

#[tokio::test]
async fn a_mirror_that_others_can_read_is_not_sent_to_kis() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    support::chmod(&world.mirror(), 0o644);
    world.clock.advance(7 * HOUR);
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn tokens_that_die_young_are_replaced_less_and_less_often() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(is_valid).await;
    while world.simulator.issuances() < 5 {
        world.simulator.revoke_token();
        let reply = daemon.call("account.balance", json!({ "max_age_ms": 0 })).await;
        let wait = reply["error"]["data"]["retry_after_ms"].as_u64().unwrap_or(0);
        world.clock.advance(Duration::from_millis(wait));
        daemon.token_until(is_valid).await;
    }
    let minutes: Vec<u64> = world.between_issuances().iter().map(|between| between.as_secs() / 60).collect();
    assert_eq!(minutes, [1, 2, 4, 8]);
}

#[tokio::test]
async fn asking_for_a_refresh_again_and_again_does_not_make_kisd_ask_kis_again_and_again() {
    let world = World::new().await;
    let refusals = [("EGW00103", 1), ("EGW00002", 1), ("EGW99999", 1)];
    for (code, _) in refusals {
        let body = format!(r#"{{"error_description":"no","error_code":"{code}"}}"#);
        world.simulator.fail_next("tokenP", Fault::Answer { status: 403, body });
    }
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|status| status["state"] == "rejected").await;
    for _ in 0..20 {
        assert_eq!(daemon.error("token.refresh", json!({})).await["code"], -32051);
    }
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1, "credentials were refused");
    world.clock.advance(Duration::from_secs(10));
    for _ in 0..20 {
        assert_eq!(daemon.error("token.refresh", json!({})).await["code"], -32050);
    }
    assert_eq!(world.simulator.calls_to("tokenP").len(), 2, "a passing fault");
    world.clock.advance(Duration::from_secs(5));
    support::eventually("the next try", || world.simulator.calls_to("tokenP").len() == 3).await;
    let error = daemon.error("token.refresh", json!({})).await;
    assert_eq!(error["data"]["retry_after_ms"], 60_000, "a refusal that nobody knows: {error}");
}

#[tokio::test]
async fn a_timeout_between_here_and_the_issuer_counts_as_an_issuance() {
    let world = World::new().await;
    world.simulator.fail_next("tokenP", Fault::Raw { status: 504, headers: Vec::new(), body: "<html>".to_owned() });
    let body = r#"{"error_description":"timeout","error_code":"EGW00302"}"#.to_owned();
    world.simulator.fail_next("tokenP", Fault::Answer { status: 500, body });
    let daemon = world.daemon("kisd").await;
    world.while_time_passes(daemon.token_until(is_valid)).await;
    let calls = world.simulator.calls_to("tokenP");
    assert!(calls.windows(2).all(|pair| pair[1].at - pair[0].at >= MINUTE), "{calls:?}");
}

#[tokio::test]
async fn a_token_that_arrives_for_the_key_before_a_reload_is_not_used_with_the_new_one() {
    let world = World::new().await;
    let gate = world.simulator.hold_next("tokenP");
    let daemon = world.daemon("kisd").await;
    gate.arrived().await;
    let old_key = world.options.app_key.clone();
    let new_key = old_key.replace('1', "2");
    let text = fs::read_to_string(world.config_file("kisd", "")).unwrap().replace(&old_key, &new_key);
    fs::write(world.path("kisd.toml"), text).unwrap();
    let config = kisd::config::load(Some(&world.path("kisd.toml")), &Default::default()).unwrap();
    daemon.reloads.send(config).await.unwrap();
    // It is known to have been taken when a call with the new configuration's key is what KIS sees next.
    daemon.status_until(|status| status["token"]["state"] == "renewing").await;
    gate.open();
    let status = daemon.token_until(|status| status["state"] == "rejected").await;
    assert!(status["last_error"].as_str().unwrap().contains("EGW00103"), "the new key is unknown: {status}");
    assert_eq!(status["expires_at"], Value::Null);
}

#[tokio::test]
async fn a_token_that_has_expired_on_arrival_points_at_the_clock() {
    let world = World::new().await;
    let body = r#"{"access_token":"a.b.c","access_token_token_expired":"2026-01-22 12:00:00","token_type":"Bearer","expires_in":86400}"#;
    world.simulator.fail_next("tokenP", Fault::Answer { status: 200, body: body.to_owned() });
    let daemon = world.daemon("kisd").await;
    let status = daemon.token_until(|status| status["state"] == "waiting").await;
    assert!(status["last_error"].as_str().unwrap().contains("clock"), "{status}");
}

#[tokio::test]
async fn egw00133_is_shared_with_the_other_daemons_on_the_mirror() {
    let world = World::new().await;
    world.simulator.fail_next("tokenP", too_soon());
    let (a, b) = tokio::join!(world.daemon("a"), world.daemon("b"));
    a.token_until(|status| status["state"] == "waiting").await;
    b.token_until(|status| status["state"] == "waiting").await;
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1);
}
