//! A machine whose clock is wrong, is stepped, or stands still.

use std::{fs, time::Duration};

use chrono::TimeDelta;
use kisd::simulator::Fault;
use serde_json::json;

use crate::{
    HOUR, MINUTE, is_valid,
    support::{self, World},
};

#[tokio::test]
async fn a_machine_whose_clock_is_wrong_either_way_serves_and_renews_by_the_clock_of_kis() {
    for hours in [-40, -5, 5, 40] {
        let world = World::new().await;
        world.clock.step_wall(TimeDelta::hours(hours));
        let daemon = world.daemon("kisd").await;
        let balance = daemon.balance().await;
        assert_eq!(balance["as_of"], "2026-01-23T12:00:00+09:00", "{hours}");
        let status = daemon.token_status().await;
        assert_eq!(status["expires_at"], "2026-01-24T12:00:00+09:00", "{hours}");
        assert_eq!(status["next_refresh_at"], "2026-01-24T11:50:00+09:00", "{hours}");
        world.clock.advance(24 * HOUR - 11 * MINUTE);
        daemon.balance().await;
        assert_eq!(world.simulator.issuances(), 1, "{hours}");
        world.while_time_passes(support::eventually("a renewal", || world.simulator.issuances() == 2)).await;
        assert!(world.elapsed() < 24 * HOUR - 9 * MINUTE, "{hours}: {:?}", world.elapsed());
    }
}

#[tokio::test]
async fn a_clock_that_is_stepped_while_running_costs_no_issuance_and_no_call() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for hours in [25, -100, 75] {
        world.clock.step_wall(TimeDelta::hours(hours));
        world.clock.advance(MINUTE);
        assert_eq!(daemon.token_status().await["state"], "valid", "{hours}");
        daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    }
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1);
}

#[tokio::test]
async fn a_restart_with_a_clock_that_is_days_ahead_uses_the_mirrored_token_all_the_same() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    world.clock.step_wall(TimeDelta::days(400));
    world.clock.advance(Duration::from_secs(10));
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    assert_eq!(daemon.token_status().await["source"], "mirror");
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1);
}

#[tokio::test]
async fn restarts_on_a_machine_whose_clock_is_wrong_keep_the_minute_even_without_a_mirror() {
    for hours in [-30, 30] {
        let world = World::new().await;
        world.clock.step_wall(TimeDelta::hours(hours));
        for _ in 0..4 {
            let daemon = world.daemon("kisd").await;
            daemon.token_until(|status| status["state"] != "renewing").await;
            daemon.stop().await;
            fs::remove_file(world.mirror()).unwrap_or_default();
            world.clock.advance(Duration::from_secs(5));
        }
        assert_eq!(world.simulator.calls_to("tokenP").len(), 1, "{hours}");
    }
}

#[tokio::test]
async fn a_kis_that_does_not_say_what_time_it_is_costs_three_seconds_and_not_the_token() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    fs::remove_file(world.mirror()).unwrap();
    world.clock.advance(10 * MINUTE);
    let mut config = world.config("kisd", "");
    config.kis.request_timeout = 2 * MINUTE;
    let gate = world.simulator.hold_next("/");
    let daemon = world.daemon_with(config).await;
    let started = world.elapsed();
    world.while_time_passes_by(Duration::from_millis(10), daemon.token_until(is_valid)).await;
    assert!(world.elapsed() - started < Duration::from_secs(6), "{:?}", world.elapsed() - started);
    drop(gate);
}

#[tokio::test]
async fn a_note_from_the_future_is_waited_out_for_a_minute_and_no_longer() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    daemon.stop().await;
    let lock = world.lock();
    let (noted, year) = (fs::read_to_string(&lock).unwrap(), "2026-");
    assert!(noted.contains(year), "{noted}");
    fs::write(&lock, noted.replace(year, "2099-")).unwrap();
    fs::remove_file(world.mirror()).unwrap();
    world.clock.advance(10 * MINUTE);
    // Within one boot the wall time of the note says nothing.
    world.clock.reboot();
    let daemon = world.daemon("kisd").await;
    let started = world.elapsed();
    world.while_time_passes(daemon.token_until(is_valid)).await;
    let waited = world.elapsed() - started;
    assert!(waited >= MINUTE && waited < MINUTE + Duration::from_secs(5), "{waited:?}");
}

#[tokio::test]
async fn one_answer_with_a_wrong_date_changes_nothing() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(7 * HOUR);
    let headers = vec![("date".to_owned(), "Thu, 22 Jan 2026 03:00:00 GMT".to_owned())];
    let body = r#"{"rt_cd":"1","msg1":"기간이 만료된 token 입니다.","msg_cd":"EGW00123"}"#.to_owned();
    world.simulator.fail_next("inquire-balance", Fault::Raw { status: 500, headers, body });
    let balance = daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(balance["as_of"], "2026-01-23T19:00:00+09:00");
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn a_machine_that_was_suspended_for_a_day_has_a_new_token_at_the_first_call() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(MINUTE);
    world.clock.suspend(25 * HOUR);
    daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(world.simulator.issuances(), 2);
    daemon.token_until(is_valid).await;
}

#[tokio::test]
async fn a_token_just_handed_out_is_taken_to_be_alive_whatever_is_said_of_its_end() {
    let good = |expiry: &str| {
        let body = format!(r#"{{"access_token":"a.b.c","token_type":"Bearer",{expiry}}}"#);
        Fault::Answer { status: 200, body }
    };
    for (expiry, ends) in [
        (r#""access_token_token_expired":"2020-01-01 00:00:00","expires_in":86400"#, "2026-01-24T12:00:00+09:00"),
        (r#""access_token_token_expired":"9999-12-31 23:59:59","expires_in":86400"#, "2026-01-24T12:00:00+09:00"),
        (r#""access_token_token_expired":"tomorrow","expires_in":3600"#, "2026-01-23T13:00:00+09:00"),
        (r#""access_token_token_expired":"2020-01-01 00:00:00""#, "2026-01-24T12:00:00+09:00"),
        (r#""expires_in":"7200""#, "2026-01-23T14:00:00+09:00"),
    ] {
        let world = World::new().await;
        world.simulator.fail_next("tokenP", good(expiry));
        let daemon = world.daemon("kisd").await;
        let status = daemon.token_until(is_valid).await;
        assert_eq!(status["expires_at"], ends, "{expiry}");
    }
}
