//! What operators watch: counters by TR and kind, the token, the quota, the clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use chrono::TimeDelta;
use kisd::simulator::Fault;
use serde_json::{Value, json};
use support::{TestDaemon, World};

/// The value of one line of the text.
fn value<'a>(text: &'a str, series: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is missing in:\n{text}"))
}

async fn metrics(daemon: &TestDaemon) -> String {
    daemon.ok("daemon.metrics", json!({})).await.as_str().unwrap().to_owned()
}

async fn fails(world: &World, daemon: &TestDaemon, times: usize) {
    for _ in 0..times {
        world.simulator.fail_next("inquire-balance", Fault::Reset);
    }
    world.while_time_passes(daemon.error("account.balance", json!({ "max_age_ms": 0 }))).await;
}

#[tokio::test]
async fn calls_are_counted_by_tr_and_failed_ones_by_kind() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    fails(&world, &daemon, 3).await;
    let text = metrics(&daemon).await;
    assert_eq!(value(&text, r#"kisd_upstream_calls_total{tr_id="tokenP"}"#), "1");
    assert_eq!(value(&text, r#"kisd_upstream_calls_total{tr_id="TTTC8434R"}"#), "4");
    assert_eq!(value(&text, r#"kisd_upstream_seconds_count{tr_id="TTTC8434R"}"#), "4");
    assert_eq!(value(&text, r#"kisd_upstream_failures_total{tr_id="TTTC8434R",kind="upstream_unreachable"}"#), "3");
    assert_eq!((value(&text, "kisd_token_issuances_total"), value(&text, "kisd_upstream_failing")), ("1", "1.0"));
}

#[tokio::test]
async fn token_age_and_expiry_are_told_in_seconds() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    world.clock.advance(Duration::from_secs(90));
    let text = metrics(&daemon).await;
    assert_eq!((value(&text, "kisd_token_age_seconds"), value(&text, "kisd_token_usable")), ("90.0", "1.0"));
    let expiry = (support::noon() + TimeDelta::hours(24)).timestamp();
    assert_eq!(value(&text, "kisd_token_expiry_time_seconds"), format!("{expiry}.0"));
}

#[tokio::test]
async fn a_wait_for_the_quota_is_told() {
    let world = World::new().await;
    world.simulator.reconfigure(|options| options.calls_per_second = 1);
    let config = world.config_file("kisd", "");
    let text = std::fs::read_to_string(&config).unwrap().replace("[token]", "calls_per_second = 1\n[token]");
    std::fs::write(&config, text).unwrap();
    let config = kisd::config::load(Some(&config), &kisd::config::Variables::default()).unwrap();
    let daemon = world.daemon_with(config).await;
    daemon.token_until(|status| status["state"] == "valid").await;
    world.while_time_passes(daemon.balance()).await;
    let text = metrics(&daemon).await;
    assert_eq!((value(&text, "kisd_quota_limit"), value(&text, "kisd_quota_waiting")), ("1.0", "0.0"));
    let waited: f64 = value(&text, "kisd_quota_wait_seconds_sum").parse().unwrap();
    // The token call took the slot, and no time has passed since.
    assert!((0.2..1.5).contains(&waited), "{waited}");
}

#[tokio::test]
async fn the_socket_serves_the_same_text_to_http_and_nothing_private_is_in_it() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let http = reqwest::Client::builder().no_proxy().unix_socket(daemon.socket.clone()).build().unwrap();
    let response = http.get("http://kisd/metrics").send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = response.text().await.unwrap();
    let names = |text: &str| text.lines().filter(|line| line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(&text), names(&metrics(&daemon).await));
    assert!(text.ends_with("# EOF\n"));
    let private = [&world.options.cano, &world.options.app_key, "10000000"];
    assert!(private.iter().all(|word| !text.contains(*word)));
}

#[tokio::test]
async fn the_status_says_why_the_last_gathering_failed_until_one_succeeds() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!((&status["upstream_error"], &status["calls"]["issuances"]), (&Value::Null, &json!(1)));
    fails(&world, &daemon, 3).await;
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!(status["upstream_error"]["code"], -32053, "{status}");
    world.while_time_passes(daemon.status_until(|status| status["upstream_error"].is_null())).await;
}

#[tokio::test]
async fn the_status_says_how_far_the_machines_clock_is_behind() {
    let world = World::new().await;
    world.clock.step_wall(TimeDelta::hours(-2));
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!(status["clock_offset_ms"], 2 * 3600 * 1000, "{status}");
    assert_eq!(value(&metrics(&daemon).await, "kisd_clock_offset_seconds"), "7200.0");
}
