//! What clients have done is known after a restart.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use serde_json::{Value, json};

use super::{
    Program, open, served,
    support::{TestDaemon, chmod, eventually},
};

/// The file of it.
const FILE: &str = "state/clients-usage.json";

/// Calls, refusals and last use of the first client.
async fn used(daemon: &TestDaemon) -> (u64, u64, Value) {
    let client = daemon.ok("client.list", json!({})).await["clients"][0].clone();
    (client["calls"].as_u64().unwrap(), client["refused"].as_u64().unwrap(), client["used_at"].clone())
}

/// The program, at the address of another daemon.
async fn at(daemon: &TestDaemon, program: &Program) -> Program {
    let list = daemon.ok("client.list", json!({})).await;
    let url = list["gateway"]["base_url"].as_str().unwrap().strip_prefix("http://").unwrap();
    Program { address: url.parse().unwrap(), ..program.clone() }
}

#[tokio::test]
async fn what_a_client_has_done_is_known_after_a_restart_and_with_other_keys_and_belongs_to_it_alone() {
    let (world, daemon, program) = served().await;
    assert_eq!(program.price().await.status(), 200);
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(program.get("/uapi/nothing", "X").await.status(), 404);
    let before = used(&daemon).await;
    // The token call is one too.
    assert_eq!(before, (2, 1, json!("2026-01-23T12:00:05+09:00")));
    daemon.stop().await;
    let daemon = open(&world, "").await;
    assert_eq!(used(&daemon).await, before);
    assert_eq!(at(&daemon, &program).await.price().await.status(), 200);
    daemon.ok("client.rotate", json!({ "name": "bot" })).await;
    assert_eq!(used(&daemon).await.0, 3);
    daemon.stop().await;
    let daemon = open(&world, "").await;
    assert_eq!(used(&daemon).await.0, 3);
    daemon.ok("client.remove", json!({ "name": "bot" })).await;
    daemon.ok("client.add", json!({ "name": "bot" })).await;
    assert_eq!(used(&daemon).await, (0, 0, Value::Null), "another of the same name");
    daemon.stop().await;
    assert_eq!(used(&open(&world, "").await).await, (0, 0, Value::Null));
}

#[tokio::test]
async fn it_is_written_once_a_minute_at_most_and_only_where_it_has_changed() {
    let (world, daemon, program) = served().await;
    let file = world.path(FILE);
    let calls = || {
        let text = fs::read(&file).ok()?;
        serde_json::from_slice::<Value>(&text).unwrap()["clients"][0]["calls"].as_u64()
    };
    assert_eq!(program.price().await.status(), 200);
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(program.price().await.status(), 200);
    assert_eq!(calls(), None, "not within the first minute");
    world.clock.advance(Duration::from_secs(1));
    eventually("the use of three calls", || calls() == Some(3)).await;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(program.price().await.status(), 200);
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(program.price().await.status(), 200);
    assert_eq!(calls(), Some(3));
    world.clock.advance(Duration::from_secs(1));
    eventually("the use of five calls", || calls() == Some(5)).await;
    fs::remove_file(&file).unwrap();
    world.clock.advance(Duration::from_secs(60));
    daemon.stop().await;
    assert_eq!(calls(), None, "nothing has changed");
}

#[tokio::test]
async fn a_file_of_it_that_is_none_of_ours_is_ignored_and_replaced() {
    let (world, daemon, program) = served().await;
    assert_eq!(program.price().await.status(), 200);
    daemon.stop().await;
    let file = world.path(FILE);
    let whole = fs::read_to_string(&file).unwrap();
    assert!(!whole.contains(&program.app_key) && !whole.contains(&program.cano), "{whole}");
    let broken = [
        (whole[..whole.len() / 2].to_owned(), 0o600),
        (whole.replace("\"version\": 1", "\"version\": 2"), 0o600),
        (whole.replace("\"calls\": 2", "\"calls\": -2"), 0o600),
        (whole.clone(), 0o666),
        (" ".repeat(2 << 20), 0o600),
    ];
    for (text, mode) in broken {
        fs::write(&file, &text).unwrap();
        chmod(&file, mode);
        let daemon = open(&world, "").await;
        assert_eq!(used(&daemon).await, (0, 0, Value::Null), "{} bytes, {mode:o}", text.len());
        assert_eq!(at(&daemon, &program).await.price().await.status(), 200);
        daemon.stop().await;
        let daemon = open(&world, "").await;
        assert_eq!(used(&daemon).await.0, 1);
        daemon.stop().await;
    }
}

#[tokio::test]
async fn what_clients_have_done_stays_written_while_they_themselves_cannot_be_read() {
    let (world, daemon, program) = served().await;
    assert_eq!(program.price().await.status(), 200);
    let before = used(&daemon).await;
    daemon.stop().await;
    let clients = world.path("state/clients.json");
    let whole = fs::read(&clients).unwrap();
    fs::write(&clients, "{").unwrap();
    open(&world, "").await.stop().await;
    fs::write(&clients, whole).unwrap();
    assert_eq!(used(&open(&world, "").await).await, before);
}
