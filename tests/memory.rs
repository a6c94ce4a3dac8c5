//! Memory stays flat, however many calls are made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fs, time::Duration};

use kisd::simulator::{Mode, Options, Portfolio, crowd};
use serde_json::json;
use support::{Lines, World, dialect::DIALECTS, process::Process};

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
async fn the_lists_of_all_stocks_take_ten_mebibytes_and_nothing_before_somebody_asks() {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    for (name, zip) in crowd::masters() {
        world.simulator.set_master(&name, zip);
    }
    let process = Process::start(&world, "kisd", "").await;
    process.call("account.balance", json!({})).await;
    calls(&process, 20_000).await;
    let before = resident_kib(&process);
    assert!(world.simulator.calls_to(".zip").is_empty());
    let search = json!({ "query": "ㅅㅅㅈㅈ", "limit": 1 });
    let found = process.call("stock.search", search.clone()).await;
    assert_eq!(found["result"]["stocks"][0]["stock_code"], "005930", "{found}");
    let after = resident_kib(&process);
    for _ in 0..200 {
        process.call("stock.search", search.clone()).await;
    }
    let searched = resident_kib(&process);
    println!("{before} KiB before, {after} KiB with all stocks, {searched} KiB after searches");
    assert!(after <= before + 10 * 1024, "{before} KiB before, {after} KiB with all stocks");
    assert!(searched <= after + 1024, "{after} KiB before, {searched} KiB after searches");
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

/// The memory of a process once it has stopped to grow or shrink.
async fn settled(process: &Process) -> u64 {
    let mut last = resident_kib(process);
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = resident_kib(process);
        if now.abs_diff(last) <= 128 {
            return now;
        }
        last = now;
    }
}

#[tokio::test]
async fn clients_that_never_read_hold_little_memory_and_leave_none_behind() {
    let shared = r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":3600000}}"#;
    let own = r#"{"jsonrpc":"2.0","id":1,"method":"daemon.metrics"}"#;
    for (request, held_at_most) in [(shared, 20 * 1024), (own, 40 * 1024)] {
        for dialect in DIALECTS {
            let world = World::in_real_time(Options::demo(Mode::Real)).await;
            world.simulator.set_portfolio(Portfolio::of_size(70));
            let process = Process::start(&world, "kisd", "").await;
            process.call("account.balance", json!({})).await;
            calls(&process, 20_000).await;
            let batch = format!("[{}]", vec![request; 100].join(","));
            let before = settled(&process).await;
            let mut crowds = Vec::new();
            for _ in 0..2 {
                let mut deaf = Vec::new();
                for _ in 0..300 {
                    deaf.push(dialect.ask(&process.socket, &batch).await);
                }
                crowds.push(settled(&process).await);
                drop(deaf);
                while process.call("daemon.status", json!({})).await["result"]["connections"] != 1 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            let [first, second] = crowds[..] else { panic!("two crowds") };
            let what = format!("{dialect:?}: {before} KiB before, {first} KiB with a crowd, {second} KiB with another");
            println!("{what}");
            // The allocator keeps some of what the first crowd held; the second has to do with that.
            assert!(first.max(second) <= before + held_at_most, "{what}");
        }
    }
}
