//! Renewed in time, after whatever came between, and on demand.

use std::time::Duration;

use kisd::simulator::Fault;
use serde_json::json;

use crate::{
    HOUR, MINUTE, is_valid,
    support::{self, World},
    too_soon,
};

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
    let at = world.simulator.calls_to("tokenP")[1].at.after_start();
    assert!(at >= 24 * HOUR - 10 * MINUTE && at < 24 * HOUR - 9 * MINUTE, "{at:?}");
}

#[tokio::test]
async fn the_scheduler_sees_that_a_suspended_machine_has_woken() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(is_valid).await;
    world.clock.advance(MINUTE);
    // The wall clock runs on while the monotonic one stands: no sleep of the keeper's own ends.
    world.clock.suspend(30 * HOUR);
    support::eventually("a renewal", || world.simulator.issuances() == 2).await;
    daemon.token_until(is_valid).await;
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
    // Slowly enough for a disk that is busy with others: a try writes its note.
    world.while_time_passes_by(Duration::from_millis(10), daemon.token_until(is_valid)).await;
    let calls = world.simulator.calls_to("tokenP");
    assert_eq!(calls.len(), 7);
    assert!(calls.windows(2).all(|pair| pair[1].at.since(pair[0].at) <= Duration::from_secs(5)), "{calls:?}");
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
async fn asking_for_a_refresh_again_and_again_does_not_make_kisd_ask_kis_again_and_again() {
    let world = World::new().await;
    let refusals = [("EGW00103", 1), ("EGW00201", 1), ("EGW99999", 1)];
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
async fn a_refresh_whose_renewal_hangs_is_answered_within_the_call_timeout() {
    let world = World::new().await;
    let daemon = world.daemon_with(world.config("kisd", "call_timeout = \"3s\"\n")).await;
    daemon.balance().await;
    world.clock.advance(7 * HOUR);
    let gate = world.simulator.hold_next("tokenP");
    let started = world.elapsed();
    let error = world.while_time_passes(daemon.error("token.refresh", json!({}))).await;
    assert_eq!((error["code"].as_i64(), error["data"]["retryable"].as_bool()), (Some(-32050), Some(true)));
    assert!(world.elapsed() - started < Duration::from_secs(5), "{:?}", world.elapsed() - started);
    gate.open();
    support::eventually("the renewal", || world.simulator.issuances() == 2).await;
}
