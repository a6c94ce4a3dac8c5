//! `account.balance` from memory over the real socket, beside a floor that only echoes. `cargo bench --bench socket`.
//!
//! Each repetition measures both sides one after the other and takes their ratio; the table shows the median of the ratios.
//! For the latency of one connection both ends are pinned, each to a core.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, clippy::print_stdout, reason = "a benchmark")]

mod support;

use std::{path::Path, process::ExitCode, time::Duration};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use support::{
    BALANCE, CALL, QUOTE, cpu, daemon, floor, http,
    load::{Exchange, flood, one_at_a_time},
    median, percentile, resident_kib,
    table::{Goal, Table},
    world as any_world,
    world::Lines,
};

const REPETITIONS: usize = 7;
const LASTING: Duration = Duration::from_millis(700);

/// Puts all threads of a process on one core, or back on all.
fn pin(pid: Option<u32>, cores: &CpuSet) {
    let pid = pid.unwrap_or_else(std::process::id);
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let id = task.file_name().to_str().unwrap().parse().unwrap();
        sched_setaffinity(rustix::thread::Pid::from_raw(id), cores).unwrap();
    }
}

fn core(number: usize) -> CpuSet {
    let mut cores = CpuSet::new();
    cores.set(number);
    cores
}

/// What one side did in one repetition.
struct Side {
    per_second: f64,
    cpu_per_request: f64,
}

fn side(socket: &Path, exchange: &Exchange, pid: u32, connections: usize, in_flight: usize) -> Side {
    let before = cpu(pid);
    let per_second = flood(socket, exchange, connections, in_flight, LASTING);
    let used = cpu(pid) - before;
    Side { per_second, cpu_per_request: used.as_secs_f64() / (per_second * LASTING.as_secs_f64()) }
}

fn main() -> ExitCode {
    floor::serve_if_asked();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (world, process) = runtime.block_on(async {
        let world = any_world().await;
        let process = daemon(&world, 10).await;
        (world, process)
    });
    let pid = process.child.id().unwrap();
    let ours = process.socket.clone();
    let balance = Exchange::learn(&ours, BALANCE);
    let floor_socket = world.path("floor.sock");
    let floor = runtime.block_on(floor::start(&floor_socket, balance.reply));
    let floor_pid = floor.id().unwrap();
    let mut table = Table::default();
    println!(
        "account.balance from memory, 10 holdings, {} bytes a reply; floor: a tokio echo of that length",
        balance.reply
    );

    // One connection, pinned.
    let all = sched_getaffinity(None).unwrap();
    pin(None, &core(0));
    pin(Some(pid), &core(1));
    pin(Some(floor_pid), &core(1));
    let mut ratios = Vec::new();
    let mut floor_p50 = Vec::new();
    for _ in 0..REPETITIONS {
        let bare = percentile(&one_at_a_time(&floor_socket, &balance, 5000), 50).as_secs_f64();
        let kisd = percentile(&one_at_a_time(&ours, &balance, 5000), 50).as_secs_f64();
        ratios.push(kisd / bare);
        floor_p50.push(bare * 1e6);
    }
    pin(None, &all);
    pin(Some(pid), &all);
    pin(Some(floor_pid), &all);
    table.add("floor, one connection, p50", median(floor_p50), " µs", Goal::None);
    table.add("one connection, p50 ÷ floor", median(ratios), "", Goal::AtMost(1.2));

    for (name, connections, in_flight, least) in
        [("64 connections", 64, 1, 0.75), ("16 connections × 32 in flight", 16, 32, 0.6)]
    {
        let (mut rates, mut cpus, mut floors, mut kisds) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            let bare = side(&floor_socket, &balance, floor_pid, connections, in_flight);
            let kisd = side(&ours, &balance, pid, connections, in_flight);
            rates.push(kisd.per_second / bare.per_second);
            cpus.push(kisd.cpu_per_request / bare.cpu_per_request);
            floors.push(bare.per_second / 1e3);
            kisds.push(kisd.per_second / 1e3);
        }
        table.add(&format!("floor, {name}"), median(floors), " k/s", Goal::None);
        table.add(&format!("kisd, {name}"), median(kisds), " k/s", Goal::None);
        table.add(&format!("{name}, requests a second ÷ floor"), median(rates), "", Goal::AtLeast(least));
        let goal = if in_flight == 1 { Goal::AtMost(1.3) } else { Goal::None };
        table.add(&format!("{name}, CPU a request ÷ floor"), median(cpus), "", goal);
    }

    let over_http = Exchange::learn(&ours, &http(BALANCE.trim()));
    let mut rates = Vec::new();
    for _ in 0..REPETITIONS {
        let bare = side(&floor_socket, &balance, floor_pid, 64, 1);
        let kisd = side(&ours, &over_http, pid, 64, 1);
        rates.push(kisd.per_second / bare.per_second);
    }
    table.add("HTTP, 64 connections, requests a second ÷ floor", median(rates), "", Goal::AtLeast(0.4));

    // From the second on it is answered from memory.
    Exchange::learn(&ours, CALL);
    let call = Exchange::learn(&ours, CALL);
    for (name, connections, in_flight) in [("64 connections", 64, 1), ("16 connections × 32 in flight", 16, 32)] {
        let (mut rates, mut cpus) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            let balance = side(&ours, &balance, pid, connections, in_flight);
            let call = side(&ours, &call, pid, connections, in_flight);
            rates.push(balance.per_second / call.per_second);
            cpus.push(call.cpu_per_request / balance.cpu_per_request);
        }
        table.add(&format!("kis.call, {name}, time ÷ balance"), median(rates), "", Goal::AtMost(1.15));
        table.add(&format!("kis.call, {name}, CPU ÷ balance"), median(cpus), "", Goal::None);
    }

    quote(&runtime, &world.path("quote-floor.sock"), (&ours, pid), &all, &mut table);
    idle(&runtime, &ours, pid, &balance, &mut table);
    for connections in [1, 10, 100, 1000] {
        let name = format!("{connections} connections");
        cost(&name, (&ours, pid), (&floor_socket, floor_pid), &balance, connections, &mut table);
    }
    for holdings in [1, 50, 500] {
        let (world, process) = runtime.block_on(async {
            let world = any_world().await;
            let process = daemon(&world, holdings).await;
            (world, process)
        });
        let balance = Exchange::learn(&process.socket, BALANCE);
        let socket = world.path("floor.sock");
        let floor = runtime.block_on(floor::start(&socket, balance.reply));
        let name = format!("{holdings} holdings ({} bytes)", balance.reply);
        let (ours, bare) = ((&*process.socket, process.child.id().unwrap()), (&*socket, floor.id().unwrap()));
        cost(&name, ours, bare, &balance, 16, &mut table);
    }
    table.finish()
}

/// A price from memory beside a floor that echoes as many bytes.
fn quote(runtime: &tokio::runtime::Runtime, socket: &Path, (ours, pid): (&Path, u32), all: &CpuSet, table: &mut Table) {
    // From the second on it is answered from memory.
    Exchange::learn(ours, QUOTE);
    let quote = Exchange::learn(ours, QUOTE);
    let floor = runtime.block_on(floor::start(socket, quote.reply));
    let floor_pid = floor.id().unwrap();
    pin(None, &core(0));
    pin(Some(pid), &core(1));
    pin(Some(floor_pid), &core(1));
    let mut ratios = Vec::new();
    for _ in 0..REPETITIONS {
        let bare = percentile(&one_at_a_time(socket, &quote, 5000), 50).as_secs_f64();
        let kisd = percentile(&one_at_a_time(ours, &quote, 5000), 50).as_secs_f64();
        ratios.push(kisd / bare);
    }
    for pid in [None, Some(pid), Some(floor_pid)] {
        pin(pid, all);
    }
    table.add(
        &format!("quote.price, {} bytes, one connection, p50 ÷ floor", quote.reply),
        median(ratios),
        "",
        Goal::AtMost(1.2),
    );
    let mut rates = Vec::new();
    for _ in 0..REPETITIONS {
        let bare = side(socket, &quote, floor_pid, 64, 1);
        let kisd = side(ours, &quote, pid, 64, 1);
        rates.push(kisd.per_second / bare.per_second);
    }
    table.add("quote.price, 64 connections, requests a second ÷ floor", median(rates), "", Goal::AtLeast(0.75));
}

/// CPU time of a request beside the floor's: a point of the curves over connections and holdings.
fn cost(
    name: &str,
    ours: (&Path, u32),
    bare: (&Path, u32),
    exchange: &Exchange,
    connections: usize,
    table: &mut Table,
) {
    let (mut kisd, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let floor = side(bare.0, exchange, bare.1, connections, 1).cpu_per_request;
        let cost = side(ours.0, exchange, ours.1, connections, 1).cpu_per_request;
        kisd.push(cost * 1e6);
        ratios.push(cost / floor);
    }
    table.add(&format!("{name}, CPU a request"), median(kisd), " µs", Goal::None);
    table.add(&format!("{name}, CPU a request ÷ floor"), median(ratios), "", Goal::None);
}

/// 10,000 connections that do nothing: what they weigh, and what they cost an active one.
fn idle(runtime: &tokio::runtime::Runtime, socket: &Path, pid: u32, balance: &Exchange, table: &mut Table) {
    const IDLE: usize = 10_000;
    let quiet = percentile(&one_at_a_time(socket, balance, 5000), 50);
    let before = resident_kib(pid);
    let silent: Vec<Lines> = runtime.block_on(async {
        let mut clients = Vec::new();
        for _ in 0..IDLE / 2 {
            clients.push(Lines::connect(socket).await);
        }
        // Half of them have asked once, and fallen silent.
        for _ in 0..IDLE / 2 {
            let mut client = Lines::connect(socket).await;
            client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"token.status\"}\n").await;
            client.receive_line().await;
            clients.push(client);
        }
        clients
    });
    let each = (resident_kib(pid) - before) as f64 / IDLE as f64;
    table.add("memory of each of 10,000 idle connections", each, " KiB", Goal::AtMost(12.0));
    let ratios = (0..REPETITIONS)
        .map(|_| percentile(&one_at_a_time(socket, balance, 3000), 50).as_secs_f64() / quiet.as_secs_f64());
    table.add("p50 of an active one among them ÷ in quiet", median(ratios.collect()), "", Goal::AtMost(1.2));
    drop(silent);
}
