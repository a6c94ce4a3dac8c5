//! The gateway and `kis.call` beside nginx, which passes the same requests on to the same simulated KIS in the same run.
//! `cargo bench --bench gateway`. Without nginx there is no floor, and it is skipped.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, clippy::print_stdout, reason = "a benchmark")]
#![allow(clippy::disallowed_methods, reason = "it measures")]

mod support;

use std::{
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{
    cpu, median, percentile, resident_kib,
    table::{Goal, Table},
    world as any_world,
    world::{World, eventually, process::Process},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    process::{Child, Command},
};

/// Different questions, so that none shares the answer of another.
const QUESTIONS: usize = 64;

/// Times that each figure is taken; the middle counts.
const ROUNDS: usize = 5;

/// Requests one after another in a round.
const CALLS: usize = 1000;

/// How long a round of many connections lasts.
const LASTING: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run())
}

async fn run() -> ExitCode {
    let world = any_world().await;
    let Some((mut nginx, floor)) = nginx(&world).await else {
        println!("skipped: there is no nginx");
        return ExitCode::SUCCESS;
    };
    let path = world
        .config_file("kisd", "max_connections = 4096\n[gateway]\nlisten = \"127.0.0.1:0\"\nmax_connections = 4096\n");
    let text = std::fs::read_to_string(&path).unwrap().replace("[token]", "calls_per_second = 100000\n[token]");
    std::fs::write(&path, text).unwrap();
    let process = Process::start_configured(&world, "kisd").await;
    process.call("account.balance", json!({})).await;
    let (ours, theirs) = (gateway_requests(&process).await, nginx_requests(&world, floor));
    let pids = (process.child.id().unwrap(), nginx.id().unwrap());
    let mut table = Table::default();
    one_client(&mut table, &process, &ours, &theirs).await;
    many_clients(&mut table, &process, &ours, &theirs, pids).await;
    idle(&mut table, &ours, pids.0).await;
    nginx.kill().await.unwrap();
    table.finish()
}

/// The same requests at an address.
struct Requests {
    address: SocketAddr,
    texts: Vec<String>,
}

fn requests(address: SocketAddr, credentials: [&str; 3]) -> Requests {
    let [key, secret, token] = credentials;
    let request = |at: usize| {
        format!(
            "GET /uapi/domestic-stock/v1/quotations/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD={at:06} HTTP/1.1\r\n\
             Host: localhost\r\nauthorization: Bearer {token}\r\nappkey: {key}\r\nappsecret: {secret}\r\ntr_id: FHKST01010100\r\n\
             custtype: P\r\n\r\n"
        )
    };
    Requests { address, texts: (0..QUESTIONS).map(request).collect() }
}

/// As a client of the gateway asks.
async fn gateway_requests(process: &Process) -> Requests {
    let setup = process.call("client.add", json!({ "name": "bench" })).await["result"].clone();
    let text = |name: &str| setup[name].as_str().unwrap().to_owned();
    let (key, secret) = (text("app_key"), text("app_secret"));
    let url = setup["gateway"]["base_url"].as_str().unwrap().to_owned();
    let body = json!({ "grant_type": "client_credentials", "appkey": key, "appsecret": secret });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(format!("{url}/oauth2/tokenP")).json(&body).send().await.unwrap().bytes().await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    requests(address, [&key, &secret, answer["access_token"].as_str().unwrap()])
}

/// As kisd itself asks, by way of nginx.
fn nginx_requests(world: &World, address: SocketAddr) -> Requests {
    let mirror: Value = serde_json::from_slice(&std::fs::read(world.mirror()).unwrap()).unwrap();
    let token = mirror["access_token"].as_str().unwrap();
    requests(address, [&world.options.app_key, &world.options.app_secret, token])
}

/// nginx as a reverse proxy that keeps its connections to the simulated KIS, in one process.
async fn nginx(world: &World) -> Option<(Child, SocketAddr)> {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let directory = world.path("nginx");
    std::fs::create_dir(&directory).unwrap();
    let text = format!(
        "daemon off; master_process off; worker_processes 1; pid {directory}/pid; error_log stderr crit;\nevents {{ worker_connections 8192; }}\n\
         http {{ access_log off; client_body_temp_path {directory}/a; proxy_temp_path {directory}/b; fastcgi_temp_path {directory}/c;\n\
         uwsgi_temp_path {directory}/d; scgi_temp_path {directory}/e; underscores_in_headers on; keepalive_requests 1000000;\n\
         upstream kis {{ server {}; keepalive 128; keepalive_requests 1000000; }}\n\
         server {{ listen {free}; location / {{ proxy_pass http://kis; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }} }}\n",
        world.simulator.address(),
        directory = directory.display(),
    );
    let file = directory.join("nginx.conf");
    std::fs::write(&file, text).unwrap();
    let child = Command::new("nginx").arg("-c").arg(&file).kill_on_drop(true).spawn().ok()?;
    eventually("nginx", || std::net::TcpStream::connect(free).is_ok()).await;
    Some((child, free))
}

/// Sends a request, and reads the answer to it.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, request: &str, buffer: &mut Vec<u8>) {
    stream.write_all(request.as_bytes()).await.unwrap();
    buffer.clear();
    let whole = loop {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the connection was closed");
        if !request.starts_with("GET") {
            if buffer.ends_with(b"\n") {
                break buffer.len();
            }
            continue;
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{}", String::from_utf8_lossy(buffer));
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        break head + 4 + length.parse::<usize>().unwrap();
    };
    while buffer.len() < whole {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the connection was closed");
    }
}

/// `kis.call` for the same questions.
fn calls() -> Vec<String> {
    let call = |at: usize| {
        let params = json!({ "FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": format!("{at:06}") });
        let params = json!({ "operation": "FHKST01010100", "params": params });
        format!("{}\n", json!({ "jsonrpc": "2.0", "id": 1, "method": "kis.call", "params": params }))
    };
    (0..QUESTIONS).map(call).collect()
}

/// The middle of how long each of these takes, one after another.
async fn p50<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, texts: &[String]) -> f64 {
    let (mut waits, mut buffer) = (Vec::new(), Vec::new());
    for at in 0..CALLS {
        let started = Instant::now();
        ask(stream, &texts[at % texts.len()], &mut buffer).await;
        waits.push(started.elapsed());
    }
    waits.sort();
    percentile(&waits, 50).as_secs_f64() * 1e6
}

async fn one_client(table: &mut Table, process: &Process, ours: &Requests, theirs: &Requests) {
    let (mut floors, mut gateway, mut socket) = (Vec::new(), Vec::new(), Vec::new());
    let calls = calls();
    for _ in 0..ROUNDS {
        let floor = p50(&mut TcpStream::connect(theirs.address).await.unwrap(), &theirs.texts).await;
        gateway.push(p50(&mut TcpStream::connect(ours.address).await.unwrap(), &ours.texts).await / floor);
        socket.push(p50(&mut UnixStream::connect(&process.socket).await.unwrap(), &calls).await / floor);
        floors.push(floor);
    }
    table.add("nginx, one client, p50", median(floors), " µs", Goal::None);
    table.add("gateway, one client, p50 ÷ nginx", median(gateway), "", Goal::AtMost(1.3));
    table.add("kis.call, one client, p50 ÷ nginx", median(socket), "", Goal::AtMost(1.3));
}

/// Requests a second, and the middle of how long one takes in microseconds, where each connection asks a question of its own.
async fn flood<S, F>(connect: impl Fn() -> F, texts: &[String]) -> (f64, f64)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = S>,
{
    let mut clients = tokio::task::JoinSet::new();
    let started = Instant::now();
    for text in texts {
        let (mut stream, text) = (connect().await, text.clone());
        clients.spawn(async move {
            let (mut waits, mut buffer) = (Vec::new(), Vec::new());
            while started.elapsed() < LASTING {
                let asked = Instant::now();
                ask(&mut stream, &text, &mut buffer).await;
                waits.push(asked.elapsed());
            }
            waits
        });
    }
    let mut waits: Vec<Duration> = clients.join_all().await.into_iter().flatten().collect();
    let rate = waits.len() as f64 / started.elapsed().as_secs_f64();
    waits.sort();
    (rate, percentile(&waits, 50).as_secs_f64() * 1e6)
}

async fn many_clients(
    table: &mut Table,
    process: &Process,
    ours: &Requests,
    theirs: &Requests,
    (kisd, nginx): (u32, u32),
) {
    let (mut rates, mut costs, mut middles, mut floors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let calls = calls();
    for _ in 0..ROUNDS {
        let before = cpu(nginx);
        let (rate, middle) = flood(async || TcpStream::connect(theirs.address).await.unwrap(), &theirs.texts).await;
        let cost = (cpu(nginx) - before).as_secs_f64() / rate;
        let before = cpu(kisd);
        let (ours_rate, _) = flood(async || TcpStream::connect(ours.address).await.unwrap(), &ours.texts).await;
        costs.push((cpu(kisd) - before).as_secs_f64() / ours_rate / cost);
        let (_, called) = flood(async || UnixStream::connect(&process.socket).await.unwrap(), &calls).await;
        rates.push(ours_rate / rate);
        middles.push(called / middle);
        floors.push(rate);
    }
    table.add("nginx, 64 connections, requests a second", median(floors), "", Goal::None);
    table.add("gateway, 64 connections, requests a second ÷ nginx", median(rates), "", Goal::AtLeast(0.6));
    table.add("gateway, 64 connections, CPU a request ÷ nginx", median(costs), "", Goal::AtMost(2.0));
    table.add("kis.call, 64 connections, p50 ÷ nginx", median(middles), "", Goal::AtMost(1.5));
}

/// What a thousand connections take that have asked once and say nothing more.
async fn idle(table: &mut Table, ours: &Requests, kisd: u32) {
    const IDLE: usize = 1000;
    let mut buffer = Vec::new();
    let before = resident_kib(kisd);
    let mut held = Vec::new();
    for at in 0..IDLE {
        let mut stream = TcpStream::connect(ours.address).await.unwrap();
        ask(&mut stream, &ours.texts[at % QUESTIONS], &mut buffer).await;
        held.push(stream);
    }
    let each = (resident_kib(kisd) as f64 - before as f64) / IDLE as f64;
    table.add("memory of each of 1,000 idle connections to the gateway", each, " KiB", Goal::AtMost(12.0));
}
