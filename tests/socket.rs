//! The socket: one daemon on it, private, given back at the end; limits and admission; shutdown with calls in flight.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt, MetadataExt},
        net::UnixListener,
    },
    time::Duration,
};

use serde_json::json;
use support::{Lines, World};

/// Time passes slowly enough for a busy machine to keep up with shutdowns that are measured.
const STEP: Duration = Duration::from_millis(5);

const FRESH: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\",\"params\":{\"max_age_ms\":0}}\n";

#[tokio::test]
async fn the_socket_is_private_and_gone_after_the_end() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let metadata = fs::metadata(&daemon.socket).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.mode() & 0o777, 0o600);
    let socket = daemon.socket.clone();
    daemon.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn the_socket_has_the_configured_mode() {
    let world = World::new().await;
    let daemon = world.daemon_with(world.config("kisd", "socket_mode = \"0660\"\n")).await;
    assert_eq!(fs::metadata(&daemon.socket).unwrap().mode() & 0o777, 0o660);
}

#[tokio::test]
async fn a_second_daemon_on_the_same_socket_is_refused_and_the_first_goes_on() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let error = world.try_daemon(world.config("kisd", "")).await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("another kisd is already serving") && error.contains("kisd.sock"), "{error}");
    daemon.balance().await;
}

#[tokio::test]
async fn a_socket_on_which_anybody_answers_is_left_alone() {
    let world = World::new().await;
    let _other = UnixListener::bind(world.path("kisd.sock")).unwrap();
    assert!(world.try_daemon(world.config("kisd", "")).await.is_err());
    assert!(world.path("kisd.sock").exists());
}

#[tokio::test]
async fn a_stale_socket_is_replaced() {
    let world = World::new().await;
    drop(UnixListener::bind(world.path("kisd.sock")).unwrap());
    world.daemon("kisd").await.balance().await;
}

#[tokio::test]
async fn what_is_not_a_socket_is_left_alone() {
    let world = World::new().await;
    fs::write(world.path("kisd.sock"), "precious").unwrap();
    let error = world.try_daemon(world.config("kisd", "")).await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("is not a socket"), "{error}");
    assert_eq!(fs::read_to_string(world.path("kisd.sock")).unwrap(), "precious");
}

#[tokio::test]
async fn a_socket_that_took_our_place_is_not_removed() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    fs::remove_file(&daemon.socket).unwrap();
    let _other = UnixListener::bind(&daemon.socket).unwrap();
    let socket = daemon.socket.clone();
    daemon.stop().await;
    assert!(socket.exists());
}

#[tokio::test]
async fn a_shutdown_lets_calls_in_flight_finish() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let gate = world.simulator.hold_next("inquire-balance");
    let mut lines = daemon.client().await;
    lines.send(FRESH).await;
    gate.arrived().await;
    let socket = daemon.socket.clone();
    let http = tokio::spawn(async move { post(&socket, FRESH).await });
    // The HTTP call waits for the gathering after the one that is held.
    daemon.status_until(|status| status["connections"] == 3).await;
    daemon.shutdown.cancel();
    gate.open();
    assert_eq!(lines.receive().await.unwrap()["result"]["deposit"], 5_000_000);
    assert_eq!(lines.receive().await, None);
    let answer = http.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"deposit\":5000000"), "{answer}");
    daemon.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_that_does_not_finish_within_the_shutdown_is_told_so() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let gate = world.simulator.hold_next("inquire-balance");
    let mut client = daemon.client().await;
    client.send(FRESH).await;
    gate.arrived().await;
    daemon.shutdown.cancel();
    let reply = world.while_time_passes_by(STEP, client.receive()).await.unwrap();
    assert_eq!((&reply["error"]["code"], &reply["error"]["data"]["kind"]), (&json!(-32057), &json!("shutting_down")));
    world.while_time_passes_by(STEP, daemon.running).await.unwrap().unwrap();
    assert!(world.elapsed() <= Duration::from_millis(5500), "{:?}", world.elapsed());
}

#[tokio::test]
async fn a_shutdown_with_an_issuance_and_its_caller_under_way_takes_no_longer() {
    let world = World::in_real_time(kisd::simulator::Options::demo(kisd::simulator::Mode::Real)).await;
    let gate = world.simulator.hold_next("tokenP");
    let daemon = world.daemon("kisd").await;
    gate.arrived().await;
    let mut client = daemon.client().await;
    client.send(FRESH).await;
    // Answered after the call before it has been read.
    client.call("token.status", json!({})).await;
    let started = tokio::time::Instant::now();
    daemon.shutdown.cancel();
    assert_eq!(client.receive().await.unwrap()["error"]["code"], -32057);
    daemon.running.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_millis(5500), "{:?}", started.elapsed());
}

#[tokio::test]
async fn half_sent_requests_do_not_hold_up_a_shutdown() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let mut halves = Vec::new();
    for half in ["", "{\"jsonrpc\":", "POST / HT", "POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: 50\r\n\r\n{\"js"] {
        let mut client = daemon.client().await;
        client.send(half).await;
        halves.push(client);
    }
    // All four are there.
    daemon.status_until(|status| status["connections"] == 5).await;
    daemon.shutdown.cancel();
    world.while_time_passes_by(STEP, daemon.running).await.unwrap().unwrap();
    assert!(world.elapsed() <= Duration::from_millis(5500), "{:?}", world.elapsed());
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_in_its_dialect() {
    let world = World::new().await;
    let daemon = world.daemon_with(world.config("kisd", "max_connections = 2\n")).await;
    let mut first = daemon.client().await;
    first.call("token.status", json!({})).await;
    let mut second = daemon.client().await;
    second.call("token.status", json!({})).await;
    let reply = daemon.call("token.status", json!({})).await;
    assert_eq!(reply["id"], 1, "a client that waits for its id is answered: {reply}");
    assert_eq!((&reply["error"]["code"], &reply["error"]["data"]["kind"]), (&json!(-32058), &json!("overloaded")));
    assert!(post(&daemon.socket, FRESH).await.starts_with("HTTP/1.1 503"));
    drop(second);
    // Its place is free as soon as the daemon has seen that it went.
    while daemon.call("token.status", json!({})).await.get("error").is_some() {}
}

/// A POST by hand; everything that comes back.
async fn post(socket: &std::path::Path, body: &str) -> String {
    let mut client = Lines::connect(socket).await;
    let head = format!("POST / HTTP/1.1\r\nhost: kisd\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    client.send(&format!("{head}{body}")).await;
    client.rest().await
}
