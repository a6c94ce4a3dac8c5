//! A KIS that cannot be reached is found out once for all operations of its app key, and one operation in trouble stops no other.

use std::time::Duration;

use kisd::simulator::{Fault, Gate};
use serde_json::{Value, json};

use crate::{
    fresh,
    support::{TestDaemon, World},
};

fn price() -> Value {
    json!({
        "operation": "domestic-stock-quotations-inquire-price",
        "params": { "FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930" },
        "max_age_ms": 0,
    })
}

fn book(code: &str) -> Value {
    json!({
        "operation": "domestic-stock-quotations-inquire-asking-price-exp-ccn",
        "params": { "FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": code },
        "max_age_ms": 0,
    })
}

/// Cuts so many connections within a call whose path ends so.
fn cut(world: &World, path: &str, times: usize) {
    for _ in 0..times {
        world.simulator.fail_next(path, Fault::Reset);
    }
}

async fn world_and_daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    (world, daemon)
}

async fn fails(world: &World, daemon: &TestDaemon, method: &str, params: Value) {
    let error = world.while_time_passes(daemon.error(method, params)).await;
    assert_eq!(error["code"], -32053, "{error}");
}

#[tokio::test]
async fn when_kis_answers_no_operation_callers_of_every_other_are_told_so_at_once_until_it_answers_one() {
    let (world, daemon) = world_and_daemon().await;
    cut(&world, "inquire-price", 3);
    cut(&world, "inquire-balance", 100);
    fails(&world, &daemon, "kis.call", price()).await;
    fails(&world, &daemon, "account.balance", fresh()).await;
    // From now on no time passes. What has passed since may let this one through to find out.
    cut(&world, "inquire-asking-price-exp-ccn", 1);
    assert_eq!(daemon.error("kis.call", book("035720")).await["code"], -32053);
    let (asked, elapsed) = (world.simulator.calls_to("inquire-asking-price-exp-ccn").len(), world.elapsed());
    let error = daemon.error("kis.call", book("005930")).await;
    assert_eq!((&error["data"]["kind"], &error["data"]["retryable"]), (&json!("upstream_unreachable"), &json!(true)));
    assert!((1_000..=4_000).contains(&error["data"]["retry_after_ms"].as_u64().unwrap()), "{error}");
    assert!(error["message"].as_str().unwrap().contains("asks again by itself"), "{error}");
    let now = (world.simulator.calls_to("inquire-asking-price-exp-ccn").len(), world.elapsed());
    assert_eq!(now, (asked, elapsed), "KIS was not asked, and nobody waited");
    let back = async {
        while daemon.call("kis.call", book("005930")).await.get("error").is_some() {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_passes(back).await;
    assert!(world.elapsed() - elapsed <= Duration::from_secs(5), "{:?}", world.elapsed() - elapsed);
    let elapsed = world.elapsed();
    daemon.ok("kis.call", book("000660")).await;
    daemon.ok("kis.call", book("000270")).await;
    assert_eq!(world.elapsed(), elapsed, "and so is everything else");
}

#[tokio::test]
async fn an_operation_that_kis_always_fails_stops_no_other() {
    let (world, daemon) = world_and_daemon().await;
    cut(&world, "inquire-price", 1_000);
    for _ in 0..3 {
        fails(&world, &daemon, "kis.call", price()).await;
        // It has its own circuit.
        daemon.ok("kis.call", book("005930")).await;
        assert_eq!(daemon.ok("account.balance", fresh()).await["deposit"], daemon.balance().await["deposit"]);
        world.clock.advance(Duration::from_secs(5));
    }
}

#[tokio::test]
async fn who_finds_out_whether_a_silent_kis_is_back_does_not_wait_long() {
    let (world, daemon) = world_and_daemon().await;
    cut(&world, "inquire-price", 3);
    cut(&world, "inquire-balance", 3);
    fails(&world, &daemon, "kis.call", price()).await;
    fails(&world, &daemon, "account.balance", fresh()).await;
    let _silent: Vec<Gate> = ["inquire-balance", "inquire-asking-price-exp-ccn"]
        .iter()
        .flat_map(|path| (0..20).map(|_| world.simulator.hold_next(path)))
        .collect();
    world.clock.advance(Duration::from_secs(4));
    let before = world.elapsed();
    fails(&world, &daemon, "kis.call", book("005930")).await;
    let waited = world.elapsed() - before;
    assert!((9..13).contains(&waited.as_secs()), "{waited:?}");
    // Meanwhile another one is told at once, or finds out itself.
    let before = world.elapsed();
    fails(&world, &daemon, "kis.call", book("000660")).await;
    assert!(world.elapsed() - before < Duration::from_secs(13));
}
