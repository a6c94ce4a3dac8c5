//! What kisd adds to a call to KIS, and how much of KIS's quota it uses. `cargo bench --bench upstream`.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, clippy::print_stdout, reason = "a benchmark")]
#![allow(clippy::disallowed_methods, reason = "it measures")]

mod support;

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use kisd::{
    clock::SystemClock,
    kis::{
        Credentials, Environment, KisClient, Settings, auth, balance,
        paging::PageKey,
        quota::{CallerId, Claim},
    },
    secret::{AppKey, AppSecret},
    simulator::{Mode, Options},
};
use serde_json::json;
use support::{
    BALANCE, cpu, floor,
    load::Exchange,
    median, percentile,
    table::{Goal, Table},
    world as any_world,
    world::{Lines, World, process::Process},
};

fn main() -> ExitCode {
    floor::serve_if_asked();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut table = Table::default();
        added(&mut table).await;
        quota(&mut table).await;
        same(&mut table).await;
        table.finish()
    })
}

/// The same page by reqwest alone and through kisd, in turn.
async fn added(table: &mut Table) {
    const CALLS: u32 = 1000;
    let world = any_world().await;
    let path = world.config_file("kisd", "");
    let text = std::fs::read_to_string(&path).unwrap().replace("[token]", "calls_per_second = 100\n[token]");
    std::fs::write(&path, text).unwrap();
    let process = Process::start_configured(&world, "kisd").await;
    process.call("account.balance", json!({})).await;
    let mirror: serde_json::Value = serde_json::from_slice(&std::fs::read(world.mirror()).unwrap()).unwrap();
    let page = PageKey::default();
    let query = balance::query(&world.options.cano, "01", balance::PriceBasis::Krx, &page);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let plain = async || {
        let request = client
            .get(format!("{}/uapi/domestic-stock/v1/trading/inquire-balance", world.simulator.base_url()))
            .header("authorization", format!("Bearer {}", mirror["access_token"].as_str().unwrap()))
            .header("appkey", &world.options.app_key)
            .header("appsecret", &world.options.app_secret)
            .header("tr_id", "TTTC8434R")
            .query(&query);
        let started = Instant::now();
        request.send().await.unwrap().bytes().await.unwrap();
        started.elapsed()
    };
    // What a call over a Unix socket costs by itself, when there is one in 10 ms and both ends have fallen asleep meanwhile.
    let balance = Exchange::learn(&process.socket, BALANCE);
    let floor_socket = world.path("floor.sock");
    let _floor = floor::start(&floor_socket, balance.reply).await;
    let mut floor = Lines::connect(&floor_socket).await;
    let mut line = Lines::connect(&process.socket).await;
    let (mut bare, mut through, mut socket) = (Vec::new(), Vec::new(), Vec::new());
    let pid = process.child.id().unwrap();
    let before = cpu(pid);
    for _ in 0..CALLS {
        let started = Instant::now();
        floor.send(BALANCE).await;
        floor.receive_line().await;
        socket.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
        bare.push(plain().await);
        tokio::time::sleep(Duration::from_millis(10)).await;
        let started = Instant::now();
        line.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\",\"params\":{\"max_age_ms\":0}}\n")
            .await;
        assert!(line.receive_line().await.contains("result"));
        through.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let [bare, through, socket] = [bare, through, socket].map(|mut waits: Vec<Duration>| {
        waits.sort();
        percentile(&waits, 50).as_secs_f64() * 1e6
    });
    let used = (cpu(pid) - before).as_secs_f64() * 1e6 / f64::from(CALLS);
    table.add("a page by reqwest alone, p50", bare, " µs", Goal::None);
    table.add("an echo over the socket alone, p50", socket, " µs", Goal::None);
    table.add("added by kisd, p50", through - bare, " µs", Goal::AtMost((bare / 10.0).max(100.0)));
    table.add("added by kisd beside the socket's own time, p50", through - bare - socket, " µs", Goal::None);
    table.add("CPU that kisd uses for such a call", used, " µs", Goal::None);
}

/// 200 callers who ask for different things for 30 seconds at 18 calls a second.
async fn quota(table: &mut Table) {
    const CALLS_PER_SECOND: u32 = 18;
    const LASTING: Duration = Duration::from_secs(30);
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let clock = SystemClock::shared();
    let credentials = Credentials {
        app_key: AppKey::try_new(world.options.app_key.clone()).unwrap(),
        app_secret: AppSecret::try_new(world.options.app_secret.clone()).unwrap(),
    };
    let settings = Settings {
        environment: Environment::Real,
        base_url: world.simulator.base_url().parse().unwrap(),
        credentials: credentials.clone(),
        calls_per_second: CALLS_PER_SECOND,
        request_timeout: Duration::from_secs(10),
    };
    let client = Arc::new(KisClient::new(settings, clock.clone()).unwrap());
    let deadline = clock.monotonic().saturating_add(Duration::from_secs(300));
    let token =
        Arc::new(auth::issue(&client, &credentials, deadline, std::future::ready(())).await.unwrap().access_token);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let started = Instant::now();
    let callers: Vec<_> = (0..200)
        .map(|_| {
            let (client, token, cano) = (client.clone(), token.clone(), world.options.cano.clone());
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while started.elapsed() < LASTING {
                    let page = PageKey::default();
                    let query = balance::query(&cano, "01", balance::PriceBasis::Krx, &page);
                    let asked = Instant::now();
                    let (call, claim) =
                        (balance::call(Environment::Real, &query, false), Claim::waiting(CallerId::Daemon));
                    client.call(&call, &token, &claim.into(), deadline).await.unwrap();
                    waits.push(asked.elapsed().as_secs_f64());
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::new();
    for caller in callers {
        waits.extend(caller.await.unwrap());
    }
    let calls = world.simulator.calls_to("inquire-balance");
    let begin = calls[0].at;
    let made = calls.iter().filter(|call| call.at.since(begin) < LASTING).count() as f64;
    let refused = calls.iter().filter(|call| call.status != 200).count() as f64;
    let allowed = f64::from(CALLS_PER_SECOND) * LASTING.as_secs_f64();
    table.add("200 callers, calls made of those allowed", made / allowed * 100.0, " %", Goal::AtLeast(98.0));
    table.add("refused by a simulator that counts strictly", refused, "", Goal::AtMost(0.0));
    // Whoever asked first waited for nobody: what counts is the queue of 200.
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    let slowest = waits.iter().copied().fold(0.0, f64::max);
    table.add("slowest wait ÷ mean", slowest / mean, "", Goal::AtMost(2.0));
    table.add("mean wait of a caller among 200", median(waits), " s", Goal::None);
}

/// 200 callers who ask for the same thing.
async fn same(table: &mut Table) {
    let world = any_world().await;
    let process = Process::start(&world, "kisd", "").await;
    process.call("account.balance", json!({})).await;
    let before = world.simulator.calls_to("inquire-balance").len();
    let started = Instant::now();
    let callers: Vec<_> = (0..200)
        .map(|_| {
            let socket = process.socket.clone();
            tokio::spawn(async move {
                let mut line = Lines::connect(&socket).await;
                while started.elapsed() < Duration::from_secs(5) {
                    line.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\"}\n").await;
                    assert!(line.receive_line().await.contains("result"));
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let gatherings = (world.simulator.calls_to("inquire-balance").len() - before) as f64;
    table.add("200 callers of one thing, gatherings in each max_age (1 s)", gatherings / 5.0, "", Goal::AtMost(1.0));
}
