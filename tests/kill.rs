//! `kill -9` at any moment of a renewal leaves a mirror that is whole, the old one or the new.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fs, time::Duration};

use kisd::{
    kis::{Credentials, Environment},
    secret::{AppKey, AppSecret},
    simulator::{Mode, Options},
    token::store::{Mirrored, Store},
};
use serde_json::json;
use support::{Lines, World, eventually, process::Process};

/// Kills in each of the worlds that are run side by side.
const KILLS: usize = 125;
const WORLDS: usize = 4;

/// A KIS that issues as often as it is asked, so that renewals are all that happens.
fn generous() -> Options {
    let none = Duration::ZERO;
    Options { issue_interval: none, same_token_for: none, calls_per_second: 1000, ..Options::demo(Mode::Real) }
}

/// The serial number of the token in the mirror; a mirror that is not whole fails the test.
async fn mirrored(world: &World, store: &Store) -> usize {
    match store.mirror.read().await {
        Ok(Some(Mirrored::Usable(token))) => world
            .simulator
            .serial_number(token.access_token.expose())
            .expect("a token that was issued, to its last byte"),
        other => panic!("the mirror is not whole: {other:?}"),
    }
}

/// Kills daemons in the middle of renewals; how often the mirror was then the old one, and how often a new one.
async fn kill_again_and_again(mut random: fastrand::Rng) -> (usize, usize) {
    let world = World::in_real_time(generous()).await;
    let options = &world.options;
    let credentials = Credentials {
        app_key: AppKey::try_new(options.app_key.clone()).unwrap(),
        app_secret: AppSecret::try_new(options.app_secret.clone()).unwrap(),
    };
    let store = Store::files(world.mirror(), Environment::Real, &credentials);
    let path = world.config_file("kisd", "");
    let text = fs::read_to_string(&path).unwrap().replace("[token]\n", "[token]\nissue_interval = \"0s\"\n");
    fs::write(&path, text).unwrap();
    let start = || Process::start_configured(&world, "kisd");

    let mut process = start().await;
    eventually("a first mirror", || world.mirror().exists()).await;
    process.child.kill().await.unwrap();
    let (mut old, mut new) = (0, 0);
    for _ in 0..KILLS {
        let mut process = start().await;
        let (before, issued) = (mirrored(&world, &store).await, world.simulator.issuances());
        let mut client = Lines::connect(&process.socket).await;
        client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"token.refresh\"}").await;
        // Anywhere from before the issuance to well after the mirror was replaced.
        if random.bool() {
            eventually("an issuance", || world.simulator.issuances() > issued).await;
        }
        tokio::time::sleep(Duration::from_micros(random.u64(0..6000))).await;
        process.child.kill().await.unwrap();
        let after = mirrored(&world, &store).await;
        assert!(after >= before, "token {after} took the place of the later {before}");
        if after == before { old += 1 } else { new += 1 }
    }

    // Whatever the killed ones had half written is gone after the next renewal.
    let process = start().await;
    let renewed = process.call("token.refresh", json!({})).await;
    assert_eq!(renewed["result"]["state"], "valid", "{renewed}");
    let mut left: Vec<_> = fs::read_dir(world.path("state")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let (calls, lock) = (world.lock().with_extension("calls"), world.lock());
    assert_eq!(left, [calls.file_name().unwrap(), lock.file_name().unwrap(), "token.json".as_ref()]);
    (old, new)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_five_hundred_moments_of_renewals_it_leaves_a_whole_mirror_each_time() {
    let worlds = (0..WORLDS).map(|seed| tokio::spawn(kill_again_and_again(fastrand::Rng::with_seed(seed as u64))));
    let (mut old, mut new) = (0, 0);
    for world in worlds.collect::<Vec<_>>() {
        let (kept, replaced) = world.await.unwrap();
        (old, new) = (old + kept, new + replaced);
    }
    assert_eq!(old + new, KILLS * WORLDS);
    assert!(old >= 50 && new >= 50, "the kills came at all moments: {old} old mirrors, {new} new ones");
    println!("{old} old mirrors, {new} new ones");
}
