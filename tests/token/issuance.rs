//! One issuance for everybody, and never two within a minute.

use std::time::Duration;

use chrono::TimeDelta;
use kisd::simulator::Fault;
use serde_json::json;

use crate::{MINUTE, is_valid, support::World, too_soon};

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
    assert!(calls[1].at.since(calls[0].at) >= MINUTE + Duration::from_secs(1));
}

#[tokio::test]
async fn an_answer_that_breaks_off_counts_as_an_issuance() {
    let world = World::new().await;
    world.simulator.fail_next("tokenP", Fault::Cut { after: 20 });
    let daemon = world.daemon("kisd").await;
    world.while_time_passes(daemon.token_until(is_valid)).await;
    let calls = world.simulator.calls_to("tokenP");
    assert_eq!(calls.len(), 2);
    assert!(calls[1].at.since(calls[0].at) >= MINUTE, "{calls:?}");
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
async fn a_timeout_between_here_and_the_issuer_counts_as_an_issuance() {
    let world = World::new().await;
    world.simulator.fail_next("tokenP", Fault::Raw { status: 504, headers: Vec::new(), body: "<html>".to_owned() });
    let body = r#"{"error_description":"timeout","error_code":"EGW00302"}"#.to_owned();
    world.simulator.fail_next("tokenP", Fault::Answer { status: 500, body });
    let daemon = world.daemon("kisd").await;
    world.while_time_passes(daemon.token_until(is_valid)).await;
    let calls = world.simulator.calls_to("tokenP");
    assert!(calls.windows(2).all(|pair| pair[1].at.since(pair[0].at) >= MINUTE), "{calls:?}");
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
