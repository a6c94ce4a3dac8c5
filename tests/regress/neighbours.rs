//! Many programs on one socket.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use kisd::simulator::{Mode, Options, Portfolio};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    process::Command,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::support::{
    Lines, TestDaemon, World,
    dialect::DIALECTS,
    eventually,
    process::{self, Process},
    users,
};

const READER: u32 = 40_001;
const OTHER: u32 = 40_002;

const FRESH: &str = r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":0}}"#;
const STATUS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"token.status"}"#;
const REFRESH: &str = r#"{"jsonrpc":"2.0","id":1,"method":"token.refresh"}"#;

async fn websocket(socket: &Path) -> WebSocketStream<UnixStream> {
    let stream = UnixStream::connect(socket).await.unwrap();
    tokio_tungstenite::client_async("ws://kisd/", stream).await.unwrap().0
}

/// A world that other users may enter; `None` for who cannot be another user.
async fn world_of_many() -> Option<World> {
    if !users::are_at_hand() {
        return None;
    }
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    users::let_into(&world);
    Some(world)
}

/// Connections of a user, until one is refused, with what that is told.
async fn as_many_as_let(uid: u32, socket: &Path) -> (Vec<Lines>, Value) {
    let mut open = Vec::new();
    loop {
        let mut client = users::connect(uid, socket);
        client.send(STATUS).await;
        let reply = client.receive().await.expect("a reply");
        if reply.get("error").is_some() {
            return (open, reply["error"].clone());
        }
        open.push(client);
    }
}

async fn kisctl(arguments: &[&str], socket: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().arg("--socket").arg(socket).args(arguments).output().await.unwrap()
}

#[tokio::test]
async fn one_user_takes_half_of_the_connections_and_a_full_daemon_is_healthy() {
    let Some(world) = world_of_many().await else { return };
    let admit = format!("socket_mode = \"0666\"\nallow_uids = [{READER}, {OTHER}]\nmax_connections = 16\n");
    let process = Process::start(&world, "kisd", &admit).await;
    process.call("account.balance", json!({})).await;
    let (readers, told) = as_many_as_let(READER, &process.socket).await;
    assert_eq!(readers.len(), 8);
    assert_eq!((&told["code"], &told["data"]["retryable"]), (&json!(-32058), &json!(true)));
    assert!(told["message"].as_str().unwrap().contains("uid 40001 has 8 connections"), "{told}");
    let (others, told) = as_many_as_let(OTHER, &process.socket).await;
    assert_eq!(others.len(), 6, "two are kept");
    assert_eq!(told["code"], -32058);
    // Root is the daemon's own user here.
    let checked = kisctl(&["status", "--check"], &process.socket).await;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert_eq!(process.call("daemon.status", json!({})).await["result"]["connections"], 15);
    drop(readers);
    // As soon as the daemon has seen that they are gone.
    let freed = async { while as_many_as_let(OTHER, &process.socket).await.0.is_empty() {} };
    tokio::time::timeout(Duration::from_secs(10), freed).await.expect("a place that is left is free");
}

#[tokio::test]
async fn a_refused_crowd_of_one_user_leaves_a_word_for_another() {
    let Some(world) = world_of_many().await else { return };
    let process = Process::start(&world, "kisd", "socket_mode = \"0666\"\n").await;
    // Each waits to be told in its dialect, which it does not show.
    let crowd: Vec<Lines> = (0..200).map(|_| users::connect(READER, &process.socket)).collect();
    let mut other = users::connect(OTHER, &process.socket);
    other.send(STATUS).await;
    assert_eq!(other.receive().await.expect("a word")["error"]["code"], -32056);
    drop(crowd);
}

async fn daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    (world, daemon)
}

#[tokio::test]
async fn a_caller_that_has_gone_frees_its_place_while_kis_hangs_and_its_call_goes_on() {
    for dialect in DIALECTS {
        let (world, daemon) = daemon().await;
        let gate = world.simulator.hold_next("inquire-balance");
        let first = dialect.ask(&daemon.socket, FRESH).await;
        gate.arrived().await;
        // In the middle of another request, too, which is not read.
        let mut second = dialect.ask(&daemon.socket, FRESH).await;
        second.write_all(b"P").await.unwrap();
        daemon.status_until(|status| status["connections"] == 3).await;
        drop((first, second));
        daemon.status_until(|status| status["connections"] == 1).await;
        let asked = world.simulator.calls_to("inquire-balance").len();
        gate.open();
        // What was set in motion is in memory, without another call.
        let young = json!({ "max_age_ms": 600_000 });
        world.simulator.set_portfolio(Portfolio::of_size(3));
        eventually("the second gathering", || world.simulator.calls_to("inquire-balance").len() > asked).await;
        daemon.status_until(|status| status["quota"]["waiting"] == 0).await;
        let balance = daemon.ok("account.balance", young).await;
        assert!(balance["holdings"].is_array(), "{dialect:?}: {balance}");
    }
}

#[tokio::test]
async fn a_caller_that_has_only_said_everything_gets_its_answer_in_every_dialect() {
    for dialect in DIALECTS {
        let (world, daemon) = daemon().await;
        let gate = world.simulator.hold_next("inquire-balance");
        let mut client = dialect.ask(&daemon.socket, FRESH).await;
        gate.arrived().await;
        client.shutdown().await.unwrap();
        // So that a daemon that took this for the end would have had its time.
        daemon.status_until(|status| status["connections"] == 2).await;
        gate.open();
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains("\"deposit\":5000000"), "{dialect:?}: {answer}");
    }
}

#[tokio::test]
async fn a_caller_that_says_everything_and_goes_later_frees_its_place_too() {
    for dialect in DIALECTS {
        let (world, daemon) = daemon().await;
        let gate = world.simulator.hold_next("inquire-balance");
        let mut client = dialect.ask(&daemon.socket, FRESH).await;
        gate.arrived().await;
        client.shutdown().await.unwrap();
        daemon.status_until(|status| status["connections"] == 2).await;
        drop(client);
        daemon.status_until(|status| status["connections"] == 1).await;
        gate.open();
    }
}

#[tokio::test]
async fn an_answer_that_had_to_be_waited_for_is_written_whole() {
    let world = World::new().await;
    world.simulator.set_portfolio(Portfolio::of_size(40));
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let young = r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":600000}}"#;
    let batch = format!("[{FRESH},{}]", vec![young; 99].join(","));
    for dialect in DIALECTS {
        let gate = world.simulator.hold_next("inquire-balance");
        let mut client = dialect.ask(&daemon.socket, &batch).await;
        gate.arrived().await;
        daemon.status_until(|status| status["connections"] == 2).await;
        gate.open();
        client.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // Slowly, so that the daemon has to wait for room again and again.
        let mut chunk = vec![0; 30_000];
        while let Ok(read @ 1..) = client.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..read]);
            tokio::task::yield_now().await;
        }
        let text = String::from_utf8_lossy(&answer);
        let json = &text[text.find("[{").unwrap()..=text.rfind("}]").unwrap() + 1];
        let replies: Vec<Value> = serde_json::from_str(json).unwrap();
        let whole = |reply: &Value| reply["result"]["holdings"].as_array().is_some_and(|rows| rows.len() == 40);
        assert!(replies.len() == 100 && replies.iter().all(whole), "{dialect:?}");
        world.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_long_batch_over_websocket_is_one_message_among_pongs() {
    let world = World::new().await;
    world.simulator.set_portfolio(Portfolio::of_size(70));
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":600000}}"#;
    let batch = format!("[{}]", vec![request; 100].join(","));
    let mut client = websocket(&daemon.socket).await;
    for round in 0..5_u8 {
        client.feed(Message::text(batch.clone())).await.unwrap();
        client.feed(Message::Ping(vec![round].into())).await.unwrap();
        client.flush().await.unwrap();
    }
    let (mut messages, mut pongs) = (0, 0);
    while messages < 5 || pongs < 5 {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => {
                let replies: Vec<Value> = serde_json::from_str(&text).unwrap();
                assert!(text.len() > 1_000_000 && replies.len() == 100);
                messages += 1;
            }
            Message::Pong(_) => pongs += 1,
            other => panic!("{other:?}"),
        }
    }
}

/// Refusals that the log accounts for: lines of this text, and the counts in lines that say so.
fn accounted_for(log: &str, text: &str) -> (usize, u64) {
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(text)).collect();
    let again = |line: &&str| line.split("again=").nth(1)?.split(' ').next()?.parse::<u64>().ok();
    let first = lines.iter().filter(|line| again(line).is_none()).count() as u64;
    (lines.len(), first + lines.iter().filter_map(again).sum::<u64>())
}

#[tokio::test]
async fn a_reader_that_asks_for_renewals_as_fast_as_it_can_fills_no_log() {
    let Some(world) = world_of_many().await else { return };
    let admit = format!("socket_mode = \"0666\"\nallow_uids = [{READER}]\n");
    let process = Process::start(&world, "kisd", &admit).await;
    eventually("a token", || process.log().contains("KIS issued an access token")).await;
    let mut reader = users::connect(READER, &process.socket);
    for _ in 0..50 {
        reader.send(&format!("{REFRESH}\n").repeat(20)).await;
        for _ in 0..20 {
            assert_eq!(reader.receive().await.unwrap()["error"]["code"], -32056);
        }
    }
    let text = "a renewal of the token was asked for";
    eventually("all refusals in the log", || accounted_for(&process.log(), text).1 == 1000).await;
    let log = process.log();
    assert!(accounted_for(&log, text).0 <= 10, "{log}");
    assert!(log.contains("peer.uid=40001") && log.contains("allowed=false"), "{log}");
}

#[tokio::test]
async fn renewals_within_the_minute_and_connections_over_the_limit_fill_no_log_either() {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let process = Process::start(&world, "kisd", "max_connections = 1\n").await;
    eventually("a token", || process.log().contains("KIS issued an access token")).await;
    let mut client = Lines::connect(&process.socket).await;
    for _ in 0..100 {
        client.send(REFRESH).await;
        assert_eq!(client.receive().await.unwrap()["error"]["data"]["kind"], "token_unavailable");
    }
    for _ in 0..100 {
        let told = process.call("token.status", json!({})).await;
        assert_eq!(told["error"]["code"], -32058, "{told}");
    }
    let (socket, log_file) = (process.socket.clone(), process.log.clone());
    let log = || fs::read_to_string(&log_file).unwrap();
    for text in ["a renewal of the token was asked for", "over rpc.max_connections"] {
        eventually(text, || accounted_for(&log(), text).1 == 100).await;
        assert!(accounted_for(&log(), text).0 <= 10, "{}", log());
    }
    // The last counts are not lost when the daemon stops.
    for _ in 0..5 {
        Lines::connect(&socket).await.call("token.status", json!({})).await;
    }
    assert_eq!(process.stop().await, Some(0));
    assert_eq!(accounted_for(&log(), "over rpc.max_connections").1, 105, "{}", log());
}

/// A kisd for which the group database is silent: what says where it is, is a pipe that nobody writes to yet.
async fn with_a_silent_group_database(world: &World) -> (Process, PathBuf) {
    let (pipe, groups) = (world.path("nsswitch.conf"), world.path("group"));
    let made = Command::new("mkfifo").arg(&pipe).status().await.unwrap();
    assert!(made.success());
    fs::write(&groups, "root:x:0:\nkis:x:77:daemon\n").unwrap();
    world.config_file("kisd", "socket_mode = \"0666\"\nallow_gids = [77]\n");
    let mut command = process::kisd_by("unshare");
    let script =
        "mount --bind \"$1\" /etc/nsswitch.conf && mount --bind \"$2\" /etc/group && exec \"$3\" --config \"$4\"";
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&pipe).arg(&groups);
    command.arg(env!("CARGO_BIN_EXE_kisd")).arg(world.path("kisd.toml"));
    (Process::start_with(world, "kisd", &mut command).await, pipe)
}

#[tokio::test]
async fn a_silent_group_database_keeps_only_those_waiting_who_need_it() {
    // On every Debian: user `daemon`, uid 1.
    const MEMBER: u32 = 1;
    let Some(world) = world_of_many().await else { return };
    let (process, pipe) = with_a_silent_group_database(&world).await;
    let mut waiting: Vec<Lines> = (0..10).map(|_| users::connect(MEMBER, &process.socket)).collect();
    for client in &mut waiting {
        client.send(STATUS).await;
    }
    for _ in 0..3 {
        let own = process.call("token.status", json!({}));
        let own = tokio::time::timeout(Duration::from_secs(2), own).await.expect("others are served meanwhile");
        assert!(own["result"].is_object());
    }
    // The database speaks, as often as it is asked.
    std::thread::spawn(move || {
        while fs::write(&pipe, "passwd: files\ngroup: files\n").is_ok() {
            // Whoever reads must find the end of it before it begins again.
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    for client in &mut waiting {
        let mut reply = client.receive().await.unwrap();
        // On a busy machine it may have spoken too late for the five seconds that it is waited for.
        while reply["error"]["data"]["kind"] == "overloaded" {
            let mut again = users::connect(MEMBER, &process.socket);
            again.send(STATUS).await;
            reply = again.receive().await.unwrap();
        }
        assert!(reply["result"].is_object(), "{reply}");
    }
}

#[tokio::test]
async fn in_a_user_namespace_nobody_is_let_in_as_the_user_that_stands_for_all_others() {
    let Some(world) = world_of_many().await else { return };
    let admit = "socket_mode = \"0666\"\nallow_uids = [65534]\nallow_refresh_uids = [65534]\nallow_gids = [65534]\n";
    world.config_file("kisd", admit);
    let mut command = process::kisd_by("unshare");
    command.args(["--user", "--map-root-user"]).arg(env!("CARGO_BIN_EXE_kisd"));
    command.arg("--config").arg(world.path("kisd.toml"));
    let process = Process::start_with(&world, "kisd", &mut command).await;
    for stranger in [READER, 65_534] {
        let mut client = users::connect(stranger, &process.socket);
        client.send(STATUS).await;
        let error = &client.receive().await.unwrap()["error"];
        assert_eq!(error["code"], -32056, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("user namespace") && !message.contains("allow_uids"), "{message}");
    }
    assert!(process.call("token.status", json!({})).await["result"].is_object(), "who is mapped is served");
    let log = process.log();
    assert!(log.contains("rpc.allow_uids and rpc.allow_refresh_uids do not admit it"), "{log}");
    assert!(log.contains("is not known in this user namespace"), "{log}");
}
