//! Everything that can go wrong with the token call, with and without a token in hand.

use std::{fs, time::Duration};

use futures_util::future::join_all;
use kisd::simulator::Fault;
use serde_json::json;

use crate::{
    HOUR, MINUTE, is_valid,
    support::{self, World, chmod},
};

/// Each fault with the longest time from its end to the next try: five seconds, or the minute where KIS may have issued a token.
fn faults() -> Vec<(&'static str, Fault, Duration)> {
    const SOON: Duration = Duration::from_secs(5);
    let later = MINUTE + SOON;
    let raw = |status, body: &str| Fault::Raw { status, headers: Vec::new(), body: body.to_owned() };
    let code = |code: &str| {
        let body = format!(r#"{{"error_description":"잠시 후 다시 시도하세요","error_code":"{code}"}}"#);
        Fault::Answer { status: 403, body }
    };
    let half = r#"{"access_token":"eyJ0eXAi"#;
    vec![
        ("EGW00133", code("EGW00133"), later),
        ("EGW00002", code("EGW00002"), later),
        ("EGW00201", code("EGW00201"), SOON),
        ("an unknown code", code("EGW99999"), later),
        ("500 and nothing", raw(500, ""), later),
        ("502 and HTML", raw(502, "<html>Bad Gateway</html>"), later),
        ("503 and JSON that is not KIS's", raw(503, "{}"), SOON),
        ("504", raw(504, ""), later),
        ("a reset", Fault::Reset, later),
        ("200 and nothing", raw(200, ""), later),
        ("200 and HTML", raw(200, "<html>maintenance</html>"), later),
        ("200 and half a token", raw(200, half), later),
        ("200 and no token", raw(200, r#"{"token_type":"Bearer","expires_in":86400}"#), later),
        ("200 and a token that no header can hold", raw(200, r#"{"access_token":"a\nb","expires_in":86400}"#), later),
        ("200 and nine megabytes", raw(200, &" ".repeat(9 << 20)), later),
        ("a redirect", raw(302, ""), SOON),
        ("no answer within 10 s", Fault::Delay(10 * HOUR), later),
    ]
}

/// Time passes slowly enough for a disk that is busy with others.
const STEP: Duration = Duration::from_millis(10);

#[tokio::test]
async fn with_a_good_token_in_hand_no_fault_of_a_renewal_fails_a_call() {
    join_all(faults().into_iter().map(|(name, fault, within)| async move {
        let world = World::new().await;
        let daemon = world.daemon("kisd").await;
        daemon.balance().await;
        world.simulator.fail_next("tokenP", fault);
        world.clock.advance(24 * HOUR - 9 * MINUTE);
        let failed = daemon.token_until(|status| !status["last_error"].is_null());
        let status = world.while_time_passes_by(STEP, failed).await;
        let failed = world.elapsed();
        assert_eq!(status["state"], "valid", "{name}: {status}");
        // EGW00201 is KIS counting too many calls, after which nothing is sent for a moment.
        let balance = daemon.ok("account.balance", json!({ "max_age_ms": 0 }));
        world.while_time_passes_by(STEP, balance).await;
        let renewed = daemon.token_until(|status| status["expires_at"] != "2026-01-24T12:00:00+09:00");
        world.while_time_passes_by(STEP, renewed).await;
        assert!(world.elapsed() - failed <= within, "{name}: {:?}", world.elapsed() - failed);
        daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    }))
    .await;
}

#[tokio::test]
async fn without_a_token_the_first_good_moment_is_used_and_never_within_the_minute_of_an_issuance() {
    join_all(faults().into_iter().map(|(name, fault, within)| async move {
        let (world, hangs) = (World::new().await, fault.clone());
        world.simulator.fail_next("tokenP", fault);
        let daemon = world.daemon("kisd").await;
        world.while_time_passes_by(STEP, daemon.token_until(|status| !status["last_error"].is_null())).await;
        let failed = world.elapsed();
        world.while_time_passes_by(STEP, daemon.token_until(is_valid)).await;
        assert!(world.elapsed() - failed <= within, "{name}: {:?}", world.elapsed() - failed);
        let calls = world.simulator.calls_to("tokenP");
        // A call that was never answered is not recorded.
        let answered = if matches!(hangs, Fault::Delay(_)) { 1 } else { 2 };
        assert_eq!(calls.len(), answered, "{name}: {calls:?}");
        // The first was made at once.
        if within > MINUTE {
            assert!(calls[answered - 1].at.after_start() >= MINUTE, "{name}: {calls:?}");
        }
    }))
    .await;
}

#[tokio::test]
async fn a_name_that_cannot_be_resolved_costs_the_calls_and_not_the_token() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    let mut config = world.config("kisd", "");
    // Longer than a label of the DNS may be: no resolver sends it anywhere.
    config.keys[0].kis.base_url = format!("https://{}.invalid", "a".repeat(64)).parse().unwrap();
    let daemon = world.daemon_with(config).await;
    let error = world.while_time_passes(daemon.error("account.balance", json!({}))).await;
    assert_eq!((error["code"].as_i64(), error["data"]["retryable"].as_bool()), (Some(-32053), Some(true)), "{error}");
    assert_eq!(daemon.token_status().await["state"], "valid");
}

#[tokio::test]
async fn nobody_who_listens_costs_the_calls_and_not_the_token() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    let mut config = world.config("kisd", "");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    config.keys[0].kis.base_url = format!("http://127.0.0.1:{port}").parse().unwrap();
    let daemon = world.daemon_with(config).await;
    let error = world.while_time_passes(daemon.error("account.balance", json!({}))).await;
    assert_eq!(error["code"], -32053);
    assert!(error["message"].as_str().unwrap().contains("refused"), "{error}");
    assert_eq!(daemon.token_status().await["state"], "valid");
}

#[tokio::test]
async fn a_state_directory_that_vanishes_or_becomes_read_only_costs_no_call() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let directory = world.path("state");
    fs::remove_dir_all(&directory).unwrap();
    world.clock.advance(24 * HOUR - 9 * MINUTE);
    support::eventually("a renewal", || world.simulator.issuances() == 2).await;
    daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    support::eventually("a new mirror", || world.mirror().exists()).await;

    chmod(&directory, 0o500);
    world.clock.advance(24 * HOUR - 9 * MINUTE);
    world.while_time_passes(support::eventually("a renewal", || world.simulator.issuances() == 3)).await;
    daemon.token_until(is_valid).await;
    daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    chmod(&directory, 0o700);
}
