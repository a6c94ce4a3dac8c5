//! A KIS that has failed keeps nobody waiting, and is used again as soon as it is back.

use std::time::Duration;

use kisd::simulator::{Fault, Gate};
use serde_json::{Value, json};

use crate::{
    fresh,
    support::{TestDaemon, World},
};

/// A daemon with a token, whose balance has just failed three times over.
async fn failed(world: &World) -> TestDaemon {
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for _ in 0..3 {
        world.simulator.fail_next("inquire-balance", Fault::Reset);
    }
    let error = world.while_time_passes(daemon.error("account.balance", fresh())).await;
    assert_eq!(error["code"], -32053);
    daemon
}

fn asked(world: &World) -> usize {
    world.simulator.calls_to("inquire-balance").len()
}

fn outage(world: &World, calls: usize) {
    for _ in 0..calls {
        let html = "<html>502</html>".to_owned();
        world.simulator.fail_next("inquire-balance", Fault::Raw { status: 502, headers: Vec::new(), body: html });
    }
}

#[tokio::test]
async fn when_kis_has_failed_callers_are_told_at_once_and_when_to_ask_again() {
    let world = World::new().await;
    let daemon = failed(&world).await;
    let (calls, elapsed) = (asked(&world), world.elapsed());
    for _ in 0..20 {
        let error = daemon.error("account.balance", fresh()).await;
        assert_eq!((error["code"].as_i64(), error["data"]["retryable"].as_bool()), (Some(-32053), Some(true)));
        assert!((1000..=4000).contains(&error["data"]["retry_after_ms"].as_u64().unwrap()), "{error}");
        assert!(error["message"].as_str().unwrap().contains("kisd asks again by itself"), "{error}");
    }
    assert_eq!((asked(&world), world.elapsed()), (calls, elapsed), "KIS was not asked, and nobody waited");
}

#[tokio::test]
async fn kis_is_probed_in_the_background_and_used_within_five_seconds_of_its_return() {
    let world = World::new().await;
    let daemon = failed(&world).await;
    outage(&world, 30);
    let answered = async {
        loop {
            let reply = daemon.call("account.balance", fresh()).await;
            match reply["result"]["deposit"].as_i64() {
                Some(deposit) => return deposit,
                None => tokio::task::yield_now().await,
            }
        }
    };
    assert_eq!(world.while_time_passes(answered).await, 5_000_000);
    let calls = world.simulator.calls_to("inquire-balance");
    let back = calls.iter().rposition(|call| call.status == 502).unwrap();
    assert!(calls.len() >= back + 2 && back >= 33);
    assert!(calls[back + 1].at.since(calls[back].at) <= Duration::from_secs(5), "{calls:?}");
}

#[tokio::test]
async fn memory_is_served_while_kis_is_away() {
    let world = World::new().await;
    let daemon = failed(&world).await;
    let balance = daemon.ok("account.balance", json!({ "max_age_ms": 60_000 })).await;
    assert_eq!(balance["deposit"], 5_000_000);
}

#[tokio::test]
async fn who_waited_for_the_next_gathering_is_told_when_the_one_before_fails() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let gate = world.simulator.hold_next("inquire-balance");
    let first = async { daemon.error("account.balance", fresh()).await };
    let second = async {
        gate.arrived().await;
        outage(&world, 3);
        // Asked while the first gathering is under way, so by the rule of freshness it waits for the next.
        let mut client = daemon.client().await;
        client
            .send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\",\"params\":{\"max_age_ms\":0}}\n")
            .await;
        client.receive().await.unwrap()
    };
    let (first, second) = world.while_time_passes(async { tokio::join!(first, second) }).await;
    assert_eq!((first["code"].as_i64(), second["error"]["code"].as_i64()), (Some(-32053), Some(-32053)));
    assert!(world.elapsed() < Duration::from_secs(25), "the second did not wait for a gathering of its own");
}

#[tokio::test]
async fn without_a_token_and_without_kis_only_the_first_caller_waits() {
    let world = World::new().await;
    for _ in 0..200 {
        world.simulator.fail_next("tokenP", Fault::Raw { status: 503, headers: Vec::new(), body: String::new() });
    }
    let daemon = world.daemon("kisd").await;
    let error = world.while_time_passes(daemon.error("account.balance", json!({}))).await;
    assert_eq!(error["data"]["kind"], "token_unavailable");
    let elapsed = world.elapsed();
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!((error["data"]["kind"].as_str(), world.elapsed()), (Some("token_unavailable"), elapsed));
    assert!(error["data"]["retry_after_ms"].as_u64().unwrap() <= 4000, "{error}");
}

#[tokio::test]
async fn a_business_error_does_not_open_the_circuit() {
    let world = World::new().await;
    world.simulator.reconfigure(|options| options.cano = "87654321".to_owned());
    let daemon = world.daemon("kisd").await;
    for asked_before in 0..3 {
        assert_eq!(asked(&world), asked_before);
        assert_eq!(daemon.error("account.balance", fresh()).await["code"], -32054);
    }
}

#[tokio::test]
async fn an_answer_that_hangs_holds_up_its_own_caller_and_the_next_are_told() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let gates: Vec<Gate> = (0..20).map(|_| world.simulator.hold_next("inquire-balance")).collect();
    let error: Value = world.while_time_passes(daemon.error("account.balance", fresh())).await;
    assert_eq!(error["code"], -32053);
    let elapsed = world.elapsed();
    for _ in 0..5 {
        assert_eq!(daemon.error("account.balance", fresh()).await["code"], -32053);
    }
    assert_eq!(world.elapsed(), elapsed);
    drop(gates);
}
