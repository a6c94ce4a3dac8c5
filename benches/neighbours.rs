//! A well-behaved client among 1,000 idle and 200 hostile connections: how long it waits, beside how long it waits in quiet.
//!
//! And what clients that never read make it hold. `cargo bench --bench neighbours`; with `-- unread` only the latter. The daemon is a process of its own; the hostile clients run as fast as they are let.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark"
)]
#![allow(clippy::disallowed_methods, reason = "it measures")]

mod support;
#[path = "support/unread.rs"]
mod unread;

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use kisd::simulator::{Mode, Options};
use serde_json::json;
use support::{
    percentile,
    world::{Lines, World, process::Process},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

const IDLE: usize = 1000;
const HOSTILE_OF_EACH_KIND: usize = 40;
const SAMPLES: usize = 2000;
const GOAL: Duration = Duration::from_millis(50);

const BALANCE: &str =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\",\"params\":{\"max_age_ms\":86400000}}\n";
const DISCOVER: &str = r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#;

/// What a hostile client does, again and again.
#[derive(Debug, Clone, Copy)]
enum Hostile {
    /// Sends a request a byte at a time.
    Slow,
    /// Sends half a request and falls silent.
    Half,
    /// Asks for much and never reads.
    Deaf,
    /// Sends noise as fast as it can.
    Noise,
    /// Sends batches of a hundred as fast as they are answered.
    Batches,
}

const KINDS: [Hostile; 5] = [Hostile::Slow, Hostile::Half, Hostile::Deaf, Hostile::Noise, Hostile::Batches];

impl Hostile {
    /// One connection's worth of harm.
    async fn harm(self, socket: &Path) -> std::io::Result<()> {
        let mut stream = tokio::net::UnixStream::connect(socket).await?;
        match self {
            Self::Slow => {
                for byte in BALANCE.bytes().cycle() {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Self::Half => {
                stream.write_all(b"POST / HTTP/1.1\r\ncontent-length: 99\r\n\r\n{").await?;
                stream.read_to_end(&mut Vec::new()).await?;
            }
            Self::Deaf => loop {
                stream.write_all(DISCOVER.as_bytes()).await?;
            },
            Self::Noise => {
                let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(60_000).collect();
                let mut answers = vec![0; 65_536];
                loop {
                    stream.write_all(&noise).await?;
                    while stream.try_read(&mut answers).is_ok_and(|length| length > 0) {}
                }
            }
            Self::Batches => {
                let batch = format!("[{}]", vec![r#"{"jsonrpc":"2.0","id":1,"method":"token.status"}"#; 100].join(","));
                let mut stream = tokio::io::BufReader::new(stream);
                let mut reply = Vec::new();
                loop {
                    stream.write_all(batch.as_bytes()).await?;
                    reply.clear();
                    tokio::io::AsyncBufReadExt::read_until(&mut stream, b'\n', &mut reply).await?;
                }
            }
        }
        Ok(())
    }
}

/// How long a fresh client waits for its balance, connecting included; sorted.
fn waits(socket: &Path) -> Vec<Duration> {
    let mut waits: Vec<Duration> = (0..SAMPLES)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(1));
            let started = Instant::now();
            let mut stream = UnixStream::connect(socket).unwrap();
            stream.write_all(BALANCE.as_bytes()).unwrap();
            let mut reply = String::new();
            BufReader::new(stream).read_line(&mut reply).unwrap();
            let waited = started.elapsed();
            assert!(reply.contains("\"result\""), "{reply}");
            waited
        })
        .collect();
    waits.sort();
    waits
}

async fn measured(socket: &Path) -> Vec<Duration> {
    let socket: PathBuf = socket.to_owned();
    tokio::task::spawn_blocking(move || waits(&socket)).await.unwrap()
}

fn line(name: &str, waits: &[Duration]) -> String {
    let at = |percent| percentile(waits, percent).as_secs_f64() * 1e3;
    format!("{name:<42} {:>8.3} {:>8.3} {:>8.3} ms", at(50), at(99), at(100))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    unread::measure().await;
    if std::env::args().any(|argument| argument == "unread") {
        return ExitCode::SUCCESS;
    }
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let process = Process::start(&world, "kisd", "max_connections = 4096\n").await;
    process.call("account.balance", json!({})).await;
    let quiet = measured(&process.socket).await;

    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(Lines::connect(&process.socket).await);
    }
    let with_idle = measured(&process.socket).await;

    let mut hostile = JoinSet::new();
    for kind in KINDS.into_iter().cycle().take(KINDS.len() * HOSTILE_OF_EACH_KIND) {
        let socket = process.socket.clone();
        hostile.spawn(async move {
            loop {
                // Thrown out, it comes back.
                let _ = kind.harm(&socket).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let crowded = measured(&process.socket).await;
    hostile.abort_all();

    println!("{:<42} {:>8} {:>8} {:>8}", "a fresh client asks for the balance", "p50", "p99", "max");
    println!("{}", line("in quiet", &quiet));
    println!("{}", line("among 1,000 idle connections", &with_idle));
    println!("{}", line("among 1,000 idle and 200 hostile ones", &crowded));
    let p99 = percentile(&crowded, 99);
    let met = p99 <= GOAL;
    println!("goal: p99 of at most {} ms among them: {}", GOAL.as_millis(), if met { "met" } else { "not met" });
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
