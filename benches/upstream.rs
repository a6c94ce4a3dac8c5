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
        Credentials, Environment, Http, KisClient, Settings, auth, balance,
        paging::PageKey,
        quota::{CallerId, Claim},
    },
    secret::{AccessToken, AppKey, AppSecret},
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
        beside(&mut table).await;
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

/// Calls a second that the simulator allows.
const CALLS_PER_SECOND: u32 = 18;

/// Somebody who asks KIS by kisd's own client.
#[derive(Clone)]
struct Asker {
    client: Arc<KisClient>,
    token: Arc<AccessToken>,
    cano: String,
    deadline: kisd::clock::Instant,
}

impl Asker {
    async fn new(world: &World) -> Self {
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
        let client = Arc::new(KisClient::new(settings, &Http::default(), clock.clone()).unwrap());
        let deadline = clock.monotonic().saturating_add(Duration::from_secs(300));
        let issued = auth::issue(&client, &credentials, deadline, std::future::ready(())).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        Self { client, token: Arc::new(issued.access_token), cano: world.options.cano.clone(), deadline }
    }

    /// Makes a call for a caller, and tells how long it took.
    async fn ask(&self, caller: CallerId) -> f64 {
        let page = PageKey::default();
        let query = balance::query(&self.cano, "01", balance::PriceBasis::Krx, &page);
        let (call, claim) = (balance::call(Environment::Real, &query, false), Claim::waiting(caller));
        let asked = Instant::now();
        self.client.call(&call, &self.token, &claim.into(), self.deadline).await.unwrap();
        asked.elapsed().as_secs_f64()
    }
}

/// 200 callers who ask for different things for 30 seconds at 18 calls a second.
async fn quota(table: &mut Table) {
    const LASTING: Duration = Duration::from_secs(30);
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let asker = Asker::new(&world).await;
    let started = Instant::now();
    let callers: Vec<_> = (0..200)
        .map(|caller| {
            let asker = asker.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while started.elapsed() < LASTING {
                    waits.push(asker.ask(CallerId::Connection(caller)).await);
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

/// One call at a time beside a caller with a thousand that wait.
async fn beside(table: &mut Table) {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let asker = Asker::new(&world).await;
    let many: Vec<_> = (0..1_000)
        .map(|_| {
            let asker = asker.clone();
            tokio::spawn(async move { asker.ask(CallerId::Connection(1)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut waits = Vec::new();
    for pause in 0..20 {
        waits.push(asker.ask(CallerId::Connection(2)).await);
        tokio::time::sleep(Duration::from_millis(50 * pause)).await;
    }
    for call in many {
        call.abort();
    }
    let slowest = waits.iter().copied().fold(0.0, f64::max);
    table.add("one call beside 1,000 of another caller, the slowest", slowest, " s", Goal::AtMost(1.1));
    table.add("one call beside 1,000 of another caller, the median", median(waits), " s", Goal::None);
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
