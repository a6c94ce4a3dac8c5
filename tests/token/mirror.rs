//! What a restart finds on disk.

use std::{fs, time::Duration};

use kisd::simulator::Fault;

use crate::{
    HOUR, MINUTE, is_valid,
    support::{self, World},
};

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
async fn a_token_taken_over_when_it_is_due_is_renewed_at_once() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    world.clock.advance(24 * HOUR - 5 * MINUTE);
    fs::rename(world.mirror(), world.path("aside")).unwrap();
    world.simulator.fail_next("tokenP", Fault::Raw { status: 503, headers: Vec::new(), body: String::new() });
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|status| !status["last_error"].is_null()).await;
    fs::rename(world.path("aside"), world.mirror()).unwrap();
    let started = world.elapsed();
    let renewed = |status: &serde_json::Value| status["source"] == "issued";
    world.while_time_passes(daemon.token_until(renewed)).await;
    assert!(world.elapsed() - started < MINUTE, "{:?}", world.elapsed() - started);
}

#[tokio::test]
async fn files_beside_the_mirror_that_are_not_its_own_are_left_alone() {
    let world = World::new().await;
    fs::create_dir(world.path("state")).unwrap();
    let others =
        [".token-github", ".other.json.kisd-abc", "token.json.kisd-abc"].map(|name| world.path("state").join(name));
    others.iter().for_each(|path| fs::write(path, "somebody's").unwrap());
    let lock = world.lock().file_stem().unwrap().to_str().unwrap().to_owned();
    let digits = lock.rsplit('-').next().unwrap();
    let left_over = world.path(&format!("state/.token.json.kisd-{digits}-abc"));
    fs::write(&left_over, "half a token").unwrap();
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    assert!(others.iter().all(|path| path.exists()) && !left_over.exists());
}

#[tokio::test]
async fn a_lock_file_that_others_could_write_is_not_used() {
    let world = World::new().await;
    fs::create_dir(world.path("state")).unwrap();
    let lock = world.lock();
    fs::write(&lock, "{}").unwrap();
    support::chmod(&lock, 0o666);
    let daemon = world.daemon("kisd").await;
    let held = fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    // As when nothing can be noted: after a first minute, so that restarts do not issue again and again.
    world.while_time_passes(daemon.token_until(is_valid)).await;
    assert!(world.elapsed() >= MINUTE);
}
