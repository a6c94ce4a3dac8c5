//! What every benchmark stands on: a daemon as a process of its own, a floor beside it, a load generator, a table.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    missing_debug_implementations,
    reason = "each benchmark uses its part, and measures"
)]

pub mod floor;
pub mod load;
pub mod table;
#[path = "../../tests/support/mod.rs"]
pub mod world;

use std::{fs, time::Duration};

use kisd::simulator::{Mode, Options, Portfolio};
use serde_json::json;

use self::world::{World, process::Process};

/// A balance from memory, as a line of the JSON stream.
pub const BALANCE: &str =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\",\"params\":{\"max_age_ms\":86400000}}\n";

/// A price from memory, in the words of the contract.
pub const QUOTE: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"quote.price\",\"params\":{\"stock_code\":\"005930\",\
     \"max_age_ms\":86400000}}\n";

/// A price by `kis.call` from memory.
pub const CALL: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"kis.call\",\"params\":{\"operation\":\
     \"domestic-stock-quotations-inquire-price\",\"params\":{\"FID_COND_MRKT_DIV_CODE\":\"J\",\"FID_INPUT_ISCD\":\
     \"005930\"},\"max_age_ms\":86400000}}\n";

/// A request as one of HTTP.
pub fn http(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A daemon on a simulated account of so many holdings, which has its balance in memory.
pub async fn daemon(world: &World, holdings: usize) -> Process {
    world.simulator.set_portfolio(Portfolio::of_size(holdings));
    let process = Process::start(world, "kisd", "max_connections = 20000\n").await;
    let reply = process.call("account.balance", json!({ "max_age_ms": 0 })).await;
    assert_eq!(reply["result"]["holdings"].as_array().unwrap().len(), holdings);
    process
}

/// A simulated KIS that is no limit.
pub async fn world() -> World {
    World::in_real_time(Options { calls_per_second: 100_000, ..Options::demo(Mode::Real) }).await
}

/// CPU time that a process has used so far, all its threads together.
pub fn cpu(pid: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanoseconds = tasks.flatten().filter_map(|task| {
        // A thread may have ended since the directory was read.
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Memory that a process occupies, in KiB.
pub fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The value at a percentage of a sorted list.
pub fn percentile<T: Copy>(sorted: &[T], percent: usize) -> T {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// The middle of a list of ratios.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(&values, 50)
}
