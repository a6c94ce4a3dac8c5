//! Other users of the machine, and other programs of the same one. Only root can be somebody else: without it, nothing is tried.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fs, path::Path, process::Output};

use kisd::simulator::{Mode, Options};
use serde_json::{Value, json};
use support::{World, chmod, eventually, process::Process};
use tokio::process::Command;

const NOBODY: u32 = 65_534;

/// A world whose directory others may enter, so that what they cannot read is closed by itself; and a kisctl in it.
async fn open_world() -> Option<World> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    chmod(world.path("").parent().unwrap(), 0o755);
    chmod(&world.path(""), 0o755);
    fs::copy(env!("CARGO_BIN_EXE_kisctl"), world.path("kisctl")).unwrap();
    Some(world)
}

/// What a program says when somebody else runs it.
async fn as_nobody(program: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).uid(NOBODY).gid(NOBODY).env_clear().env("PATH", "/usr/bin:/bin");
    command.output().await.unwrap()
}

/// What the socket says to somebody else.
async fn asked_by_nobody(world: &World, method: &str) -> Value {
    let socket = world.path("kisd.sock");
    let arguments = ["--json", "--socket", socket.to_str().unwrap(), "call", method];
    let Output { stdout, stderr, .. } = as_nobody(&world.path("kisctl"), &arguments).await;
    let said = if stdout.is_empty() { &stderr } else { &stdout };
    serde_json::from_slice(said).unwrap_or_else(|_| json!(String::from_utf8_lossy(said)))
}

#[tokio::test]
async fn another_user_reads_no_file_and_no_memory_and_reaches_no_socket() {
    let Some(world) = open_world().await else { return };
    let logs = world.path("logs");
    let process = Process::start(&world, "kisd", &format!("[log]\ndir = \"{}\"\n", logs.display())).await;
    process.call("account.balance", json!({})).await;
    let log = fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path();
    let proc = Path::new("/proc").join(process.child.id().unwrap().to_string());
    let lock = world.lock();
    let closed = [world.mirror(), lock, world.path("kisd.toml"), log]
        .into_iter()
        .chain(["environ", "mem", "maps"].map(|name| proc.join(name)));
    for path in closed {
        assert!(path.exists(), "{}", path.display());
        let read = as_nobody(Path::new("/bin/cat"), &[path.to_str().unwrap()]).await;
        assert!(!read.status.success() && read.stdout.is_empty(), "{} can be read", path.display());
    }
    let said = asked_by_nobody(&world, "token.status").await.to_string();
    assert!(said.contains("Permission denied") || said.contains("permission"), "{said}");
}

#[tokio::test]
async fn who_is_let_in_reads_and_only_who_is_named_asks_for_a_renewal() {
    let Some(world) = open_world().await else { return };
    let open = "socket_mode = \"0666\"\n";
    let process = Process::start(&world, "kisd", open).await;
    eventually("a token", || process.log().contains("KIS issued an access token")).await;
    let refused = asked_by_nobody(&world, "token.status").await;
    assert_eq!((&refused["code"], &refused["data"]["kind"]), (&json!(-32056), &json!("permission_denied")));

    let reload = async |extra: &str, times: usize| {
        world.config_file("kisd", &format!("{open}{extra}"));
        process.signal(rustix::process::Signal::HUP);
        let reloads = || process.log().matches("has been reloaded").count();
        eventually("the reload", || reloads() == times).await;
    };
    reload("allow_uids = [65534]\n", 1).await;
    assert_eq!(asked_by_nobody(&world, "token.status").await["state"], "valid");
    let refused = asked_by_nobody(&world, "token.refresh").await;
    assert_eq!(refused["code"], -32056);
    assert!(refused["message"].as_str().unwrap().contains("rpc.allow_refresh_uids"), "{refused}");

    reload("allow_refresh_uids = [65534]\n", 2).await;
    assert_eq!(asked_by_nobody(&world, "token.status").await["state"], "valid");
    let too_early = asked_by_nobody(&world, "token.refresh").await;
    assert_eq!(too_early["data"]["kind"], "token_unavailable", "asked, and told to wait for the minute: {too_early}");

    let log = process.log();
    assert!(log.contains("refused a peer that is not allowed") && log.contains("peer.uid=65534"), "{log}");
    for allowed in ["allowed=false", "allowed=true"] {
        let line =
            log.lines().find(|line| line.contains("a renewal of the token was asked for") && line.contains(allowed));
        assert!(line.is_some_and(|line| line.contains("INFO")), "{log}");
    }
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1);
}

#[tokio::test]
async fn every_refused_peer_is_in_the_log() {
    let Some(world) = open_world().await else { return };
    let process = Process::start(&world, "kisd", "socket_mode = \"0666\"\n").await;
    for _ in 0..5 {
        assert_eq!(asked_by_nobody(&world, "token.status").await["code"], -32056);
    }
    let accounted = || {
        let log = process.log();
        let again = log.lines().filter_map(|line| line.split("again=").nth(1)?.split(' ').next()?.parse::<u64>().ok());
        let first =
            log.lines().filter(|line| line.ends_with("not allowed") || line.contains("not allowed peer")).count();
        first as u64 + again.sum::<u64>()
    };
    eventually("five refusals in the log", || accounted() == 5).await;
}
