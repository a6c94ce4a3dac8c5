//! KIS away and back, and calls over a restart.

use std::time::Duration;

use kisd::simulator::{Fault, Gate, Mode, Options, Portfolio};
use serde_json::json;

use super::{asked, daemon, fresh, refused, script, served};
use crate::support::{
    TestDaemon, World,
    process::{Process, kisd},
};

/// Asks until there is a balance.
async fn until_served(daemon: &TestDaemon) {
    while daemon.call("account.balance", json!({ "max_age_ms": 1 })).await.get("error").is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_end_of_a_silence_is_noticed_within_five_seconds() {
    for silent in 12..16 {
        let world = World::new().await;
        let daemon = daemon(&world).await;
        let gates: Vec<Gate> = (0..silent).map(|_| world.simulator.hold_next("inquire-balance")).collect();
        refused(&world, &daemon).await;
        let (mut last_silent, mut back) = (Duration::ZERO, Duration::ZERO);
        let watch = async {
            for gate in &gates {
                gate.arrived().await;
            }
            // From now on KIS answers.
            last_silent = world.elapsed();
            until_served(&daemon).await;
            back = world.elapsed();
        };
        let asking = async {
            loop {
                let _ = daemon.call("account.balance", fresh()).await;
                tokio::task::yield_now().await;
            }
        };
        world
            .while_time_passes(async {
                tokio::select! {
                    () = watch => {}
                    () = asking => {}
                }
            })
            .await;
        assert!(back - last_silent <= Duration::from_secs(5), "{silent}: {:?}", back - last_silent);
    }
}

#[tokio::test]
async fn a_balance_of_many_pages_is_joined_as_soon_as_kis_answers_the_first() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    world.simulator.set_portfolio(Portfolio::of_size(200));
    let daemon = daemon(&world).await;
    script(&world, (0..3).map(|_| Fault::Reset));
    refused(&world, &daemon).await;
    let (before, asked_before) = (world.elapsed(), asked(&world));
    world.while_time_passes(until_served(&daemon)).await;
    // Ten pages, a second each.
    assert!(world.elapsed() - before < Duration::from_secs(18), "{:?}", world.elapsed() - before);
    assert!((10..13).contains(&(asked(&world) - asked_before)), "by the calls of the probe");
}

#[tokio::test]
async fn a_kis_that_is_slow_is_not_taken_for_a_silent_one() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    script(&world, (0..3).map(|_| Fault::Reset));
    refused(&world, &daemon).await;
    script(&world, (0..100).map(|_| Fault::Delay(Duration::from_secs(6))));
    let before = world.elapsed();
    world.while_time_passes(until_served(&daemon)).await;
    assert!(world.elapsed() - before < Duration::from_secs(20), "{:?}", world.elapsed() - before);
}

#[tokio::test]
async fn a_token_regained_closes_what_its_lack_has_opened() {
    for _ in 0..3 {
        let world = World::new().await;
        for _ in 0..25 {
            world.simulator.fail_next("tokenP", Fault::Raw { status: 503, headers: Vec::new(), body: String::new() });
        }
        let daemon = world.daemon("kisd").await;
        let (error, _) = refused(&world, &daemon).await;
        assert_eq!(error["data"]["kind"], "token_unavailable");
        while daemon.token_status().await["state"] != "valid" {
            world.clock.advance(Duration::from_millis(100));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // No time passes any more.
        assert_eq!(daemon.balance().await["total_evaluation"], 10_000_000);
    }
}

#[tokio::test]
async fn calls_of_the_process_before_count_after_a_restart() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let first = daemon(&world).await;
    served(&world, &first).await;
    first.stop().await;
    let second = world.daemon("kisd").await;
    served(&world, &second).await;
    let calls = world.simulator.calls();
    assert!(calls.iter().all(|call| call.msg_cd != "EGW00201"), "{calls:?}");
    assert!(calls.windows(2).all(|pair| pair[1].at.since(pair[0].at) >= Duration::from_secs(1)), "{calls:?}");
    // After a quiet second nothing is waited for.
    world.clock.advance(Duration::from_secs(2));
    second.stop().await;
    let (third, before) = (world.daemon("kisd").await, world.elapsed());
    assert_eq!(third.ok("account.balance", fresh()).await["total_evaluation"], 10_000_000);
    assert_eq!((world.elapsed(), asked(&world)), (before, 3));
}

#[tokio::test]
async fn calls_of_a_process_that_was_killed_count_after_its_restart() {
    let world = World::in_real_time(Options { calls_per_second: 3, ..Options::demo(Mode::Real) }).await;
    for _ in 0..4 {
        let config = world.config_file("kisd", "");
        let mut command = kisd();
        command.arg("--config").arg(config).env("KISD_KIS__CALLS_PER_SECOND", "3");
        let mut process = Process::start_with(&world, "kisd", &mut command).await;
        for _ in 0..3 {
            process.call("account.balance", json!({ "max_age_ms": 0 })).await;
        }
        process.child.kill().await.unwrap();
    }
    let calls = world.simulator.calls();
    assert!(calls.iter().all(|call| call.msg_cd != "EGW00201"), "{calls:?}");
}
