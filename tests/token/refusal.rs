//! What becomes of a token, or of credentials, that KIS refuses.

use std::{fs, time::Duration};

use kisd::simulator::Fault;
use serde_json::{Value, json};

use crate::{
    HOUR, MINUTE, is_valid,
    support::{World, eventually},
};

fn refused() -> Fault {
    let body = r#"{"rt_cd":"1","msg1":"기간이 만료된 token 입니다.","msg_cd":"EGW00123"}"#.to_owned();
    Fault::Answer { status: 500, body }
}

/// The whole minutes between five issuances, whose tokens KIS all refuses at their first use.
async fn minutes_between_replacements(world: &World) -> Vec<u64> {
    let daemon = world.daemon("kisd").await;
    daemon.token_until(is_valid).await;
    while world.simulator.issuances() < 5 {
        world.simulator.revoke_token();
        let reply = daemon.call("account.balance", json!({ "max_age_ms": 0 })).await;
        let wait = reply["error"]["data"]["retry_after_ms"].as_u64().unwrap_or(0);
        world.clock.advance(Duration::from_millis(wait));
        daemon.token_until(is_valid).await;
    }
    world.between_issuances().iter().map(|between| between.as_secs() / 60).collect()
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
async fn a_token_that_was_refused_by_mistake_is_used_again_within_the_call() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(HOUR);
    world.simulator.fail_next("inquire-balance", refused());
    daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(world.simulator.issuances(), 2, "KIS was asked once, and handed out the same token");
    assert_eq!(daemon.token_status().await["state"], "valid");
}

#[tokio::test]
async fn a_token_that_proves_alive_is_forgiven_by_this_process_and_the_next() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(HOUR);
    world.simulator.fail_next("inquire-balance", refused());
    daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    let status = daemon.token_until(|status| status["last_error"].is_null()).await;
    assert_eq!(status["next_refresh_at"], "2026-01-24T11:50:00+09:00");
    eventually("a mirror that forgives", || !fs::read_to_string(world.mirror()).unwrap().contains("refused_at")).await;
    daemon.stop().await;
    world.clock.advance(5 * MINUTE);
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    assert_eq!(world.simulator.issuances(), 2, "the restart cost none");

    world.simulator.fail_next("inquire-balance", refused());
    daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(world.simulator.issuances(), 3, "a second mistake is like the first");
}

#[tokio::test]
async fn a_dead_token_that_is_handed_out_again_is_tried_again_every_few_minutes_without_an_issuance() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(HOUR);
    for _ in 0..4 {
        world.simulator.fail_next("inquire-balance", refused());
    }
    for (refusals, minutes) in [(2, 1), (3, 2), (4, 4)] {
        let error = daemon.error("account.balance", json!({ "max_age_ms": 0 })).await;
        assert_eq!(
            (error["code"].as_i64(), error["data"]["retry_after_ms"].as_u64()),
            (Some(-32050), Some(minutes * 60_000))
        );
        assert_eq!(world.simulator.calls_to("inquire-balance").len(), 1 + refusals);
        world.clock.advance(u32::try_from(minutes).unwrap() * MINUTE);
        daemon.token_until(is_valid).await;
    }
    daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn tokens_that_never_served_are_replaced_less_and_less_often_whatever_their_age_is_said_to_be() {
    let world = World::new().await;
    // Half of a usual life, so that each looks twelve hours old.
    world.simulator.reconfigure(|options| options.token_life = 12 * HOUR);
    assert_eq!(minutes_between_replacements(&world).await, [1, 2, 4, 8]);
}

#[tokio::test]
async fn a_token_that_lives_for_less_than_a_minute_is_replaced_when_the_minute_is_over() {
    let world = World::new().await;
    world.simulator.reconfigure(|options| options.token_life = Duration::from_secs(30));
    let daemon = world.daemon("kisd").await;
    daemon.token_until(is_valid).await;
    for issuances in 2..5 {
        world.while_time_passes(eventually("a renewal", || world.simulator.issuances() == issuances)).await;
    }
    let between = world.between_issuances();
    assert!(
        between.iter().all(|between| *between >= MINUTE && *between < MINUTE + Duration::from_secs(5)),
        "{between:?}"
    );
}

#[tokio::test]
async fn a_restart_remembers_that_the_mirrored_token_is_dead_and_asks_kis_before_it_is_tried() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(HOUR);
    world.simulator.kill_token();
    daemon.error("account.balance", json!({ "max_age_ms": 0 })).await;
    daemon.stop().await;
    world.clock.advance(2 * MINUTE);
    let gate = world.simulator.hold_next("tokenP");
    let daemon = world.daemon("kisd").await;
    gate.arrived().await;
    assert_eq!(daemon.token_status().await["state"], "renewing", "the dead token is not offered");
    let before = world.simulator.calls_to("inquire-balance").len();
    gate.open();
    daemon.error("account.balance", json!({})).await;
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), before + 1, "handed out again, it was tried once");
    assert_eq!(daemon.token_status().await["state"], "waiting");
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
async fn tokens_that_die_young_are_replaced_less_and_less_often() {
    let world = World::new().await;
    assert_eq!(minutes_between_replacements(&world).await, [1, 2, 4, 8]);
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
