//! Memory stays flat, however many calls are made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::fs;

use kisd::simulator::{Mode, Options};
use serde_json::json;
use support::{Lines, World, process::Process};

/// Requests that are under way together.
const TOGETHER: usize = 50;

/// A call from memory, a refused one, a batch, and something that is no request.
const REQUESTS: [&str; 4] = [
    r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":3600000}}"#,
    r#"{"jsonrpc":"2.0","id":"two","method":"account.orders"}"#,
    r#"[{"jsonrpc":"2.0","id":3,"method":"token.status"}]"#,
    r#"{"jsonrpc":"1.0"}"#,
];

fn resident_kib(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.child.id().unwrap())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Makes so many calls, from two clients side by side.
async fn calls(process: &Process, number: usize) {
    tokio::join!(calls_of_one(process, number / 2), calls_of_one(process, number / 2));
}

/// Makes so many calls, on a few connections one after another.
async fn calls_of_one(process: &Process, number: usize) {
    const CONNECTIONS: usize = 5;
    let together = REQUESTS.iter().cycle().take(TOGETHER).copied().collect::<Vec<_>>().join("\n") + "\n";
    for _ in 0..CONNECTIONS {
        let mut client = Lines::connect(&process.socket).await;
        for _ in 0..number / TOGETHER / CONNECTIONS {
            client.send(&together).await;
            for _ in 0..TOGETHER {
                client.receive_line().await;
            }
        }
    }
}

#[tokio::test]
async fn two_hundred_thousand_calls_leave_no_memory_behind() {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let process = Process::start(&world, "kisd", "").await;
    process.call("account.balance", json!({})).await;
    calls(&process, 20_000).await;
    let before = resident_kib(&process);
    calls(&process, 200_000).await;
    let after = resident_kib(&process);
    assert!(after <= before + 1024, "{before} KiB before, {after} KiB after");
    println!("{before} KiB before, {after} KiB after");
}

#[tokio::test]
async fn a_client_that_asks_for_much_and_never_reads_holds_little_memory() {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let process = Process::start(&world, "kisd", "").await;
    process.call("account.balance", json!({})).await;
    calls(&process, 20_000).await;
    let before = resident_kib(&process);
    // Each batch ends with a call that takes a while, so that its other replies have to be kept meanwhile.
    let discover = vec![r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#; 99].join(",");
    let batch =
        format!(r#"[{discover},{{"jsonrpc":"2.0","id":2,"method":"account.balance","params":{{"max_age_ms":0}}}}]"#);
    let mut deaf = Vec::new();
    for _ in 0..4 {
        let mut client = Lines::connect(&process.socket).await;
        for _ in 0..64 {
            let sent = tokio::time::timeout(std::time::Duration::from_millis(50), client.send(&batch)).await;
            if sent.is_err() {
                break;
            }
        }
        deaf.push(client);
    }
    process.call("account.balance", json!({ "max_age_ms": 0 })).await;
    let after = resident_kib(&process);
    assert!(after <= before + 16 * 1024, "{before} KiB before, {after} KiB after");
}
