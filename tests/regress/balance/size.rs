//! Balances of many pages, and the time that they take.

use std::time::Duration;

use kisd::simulator::{Mode, Options, Portfolio};
use serde_json::{Value, json};

use super::{asked, codes, daemon, fresh, refused, served};
use crate::support::{TestDaemon, World};

/// A paper account, of one call a second, with so many holdings: 20 to a page.
async fn paper(holdings: usize) -> (World, TestDaemon) {
    let world = World::with(Options::demo(Mode::Paper)).await;
    world.simulator.set_portfolio(Portfolio::of_size(holdings));
    let daemon = daemon(&world).await;
    (world, daemon)
}

fn within(timeout: Duration) -> Value {
    json!({ "max_age_ms": 0, "timeout_ms": u64::try_from(timeout.as_millis()).unwrap() })
}

/// Waits until KIS has been asked for so many pages.
async fn until_asked(world: &World, pages: usize) {
    while asked(world) < pages {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_balance_that_does_not_fit_is_told_at_once_with_the_time_that_it_takes_and_fits_into_that() {
    let (world, daemon) = paper(700).await;
    // How many pages there are is found out, once most of them were there: slowly, so that a busy machine comes as far.
    let first = daemon.error("account.balance", fresh());
    let error = world.while_time_passes_by(Duration::from_millis(10), first).await;
    let message = error["message"].as_str().unwrap();
    assert_eq!((&error["code"], &error["data"]["kind"]), (&json!(-32052), &json!("rate_limited")), "{message}");
    for words in ["timeout_ms", "rpc.call_timeout", "1 calls a second", "may take 30s"] {
        assert!(message.contains(words), "{words}: {message}");
    }
    for _ in 0..3 {
        let (calls, elapsed) = (asked(&world), world.elapsed());
        let (error, _) = refused(&world, &daemon).await;
        // One call says that it is as large as before, and a second how long a page takes.
        assert_eq!(error["code"], -32052);
        assert!((1..=2).contains(&(asked(&world) - calls)), "{} calls", asked(&world) - calls);
        assert!(world.elapsed() - elapsed < Duration::from_secs(6));
    }
    let reply = world.while_time_passes(daemon.call("account.balance", within(Duration::from_secs(60)))).await;
    assert_eq!(codes(&reply["result"]).len(), 700, "{reply}");
    let (error, message) = refused(&world, &daemon).await;
    assert!(message.contains("35 pages"), "{error}");
}

#[tokio::test]
async fn an_account_that_has_become_smaller_is_served_again() {
    let (world, daemon) = paper(700).await;
    refused(&world, &daemon).await;
    world.simulator.set_portfolio(Portfolio::of_size(100));
    assert_eq!(codes(&served(&world, &daemon).await).len(), 100);
}

#[tokio::test]
async fn a_caller_with_little_time_is_told_at_once_and_one_with_more_is_served_by_the_same_calls() {
    let (world, daemon) = paper(200).await;
    // It is known how large it is.
    assert_eq!(codes(&served(&world, &daemon).await).len(), 200);
    world.clock.advance(Duration::from_secs(2));
    let patient = daemon.ok("account.balance", fresh());
    let hasty = async {
        until_asked(&world, 11).await;
        let (error, before) = (json!({ "max_age_ms": 1000, "timeout_ms": 8000 }), world.elapsed());
        let error = daemon.error("account.balance", error).await;
        (error, world.elapsed() - before)
    };
    let (balance, (error, waited)) = world.while_time_passes(async { tokio::join!(patient, hasty) }).await;
    assert_eq!((codes(&balance).len(), &error["code"]), (200, &json!(-32052)), "{error}");
    assert!(waited < Duration::from_secs(6), "{waited:?}");
    assert!(asked(&world) < 25, "the calls of one served both");
}

#[tokio::test]
async fn who_joins_with_more_time_gives_it_to_the_fetch() {
    let (world, daemon) = paper(700).await;
    let hasty = daemon.error("account.balance", json!({}));
    let patient = async {
        until_asked(&world, 2).await;
        daemon.ok("account.balance", json!({ "timeout_ms": 60_000 })).await
    };
    let (error, balance) = world.while_time_passes(async { tokio::join!(hasty, patient) }).await;
    assert_eq!((&error["code"], codes(&balance).len()), (&json!(-32052), 700), "{error}");
    assert!(asked(&world) < 45, "it did not begin anew");
}

#[tokio::test]
async fn a_subscriber_gets_a_balance_that_takes_longer_than_a_call_may() {
    let (world, daemon) = paper(700).await;
    let mut client = daemon.client().await;
    client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.subscribeBalance\"}\n").await;
    client.receive().await.unwrap();
    let state = world.while_time_passes(client.receive()).await.unwrap();
    assert_eq!(codes(&state["params"]["result"]["balance"]).len(), 700, "{}", state["params"]["result"]["error"]);
}

#[tokio::test]
async fn a_timeout_out_of_range_is_refused_by_name() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    for timeout in [0, 999, 600_001] {
        let error = daemon.error("account.balance", json!({ "timeout_ms": timeout })).await;
        assert_eq!(error["code"], -32602);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("timeout_ms") && message.contains("1000") && message.contains("600000"), "{message}");
    }
    daemon.ok("account.balance", json!({ "timeout_ms": 600_000 })).await;
}
