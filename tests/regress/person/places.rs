//! Who has a daemon of their own is never answered by the system's unasked.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use kisd::simulator::{Mode, Options};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{is_in, machine, said, text};
use crate::support::World;

/// What the daemon of the system shows that one's own does not.
const SYSTEMS: &str = "87****21-01";
const OWN: &str = "12****78-01";

/// A world whose account is another.
async fn of_system() -> World {
    World::with(Options { cano: "87654321".to_owned(), ..Options::demo(Mode::Real) }).await
}

fn own_socket(world: &World) -> PathBuf {
    let directory = world.path("home/.local/state/kisd");
    fs::create_dir_all(&directory).unwrap();
    directory.join("kisd.sock")
}

/// What kisctl says on a machine where the daemon of the system serves `system`.
async fn ask(world: &World, system: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> Option<Output> {
    let script = "mkdir /run/kisd && ln -s \"$SYSTEM\" /run/kisd/kisd.sock && exec \"$KISCTL\" $ARGUMENTS";
    let mut command = machine(world, script).await?;
    command.env("SYSTEM", system).env("ARGUMENTS", arguments.join(" ")).envs(variables.iter().copied());
    Some(command.output().await.unwrap())
}

#[tokio::test]
async fn the_systems_daemon_answers_who_has_none_of_their_own_and_others_only_when_chosen() {
    let (world, other) = (World::new().await, of_system().await);
    let system = other.daemon("kisd").await;
    let status = async |arguments: &[&str]| ask(&world, &system.socket, arguments, &[]).await;
    let Some(output) = status(&["status"]).await else { return };
    assert!(output.status.success() && text(&output.stdout).contains(SYSTEMS), "{output:?}");

    let config = world.path("home/.config/kisd/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, "").unwrap();
    for arguments in [&["status"][..], &["balance"], &["status", "--check"], &["doctor"], &["call", "token.status"]] {
        let output = status(arguments).await.unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?} {output:?}");
        let said = said(&output);
        assert!(said.contains(config.to_str().unwrap()) && !said.contains(SYSTEMS), "{arguments:?} {said}");
        assert!(arguments.contains(&"--check") || said.contains("--system"), "{said}");
    }
    let chosen = status(&["--system", "status"]).await.unwrap();
    assert!(text(&chosen.stdout).contains(SYSTEMS), "{chosen:?}");
    let chosen = status(&["status", "--user"]).await.unwrap();
    assert_eq!((chosen.status.code(), chosen.stdout.len()), (Some(3), 0), "{chosen:?}");
    let both = status(&["status", "--user", "--system"]).await.unwrap();
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

#[tokio::test]
async fn a_socket_of_ones_own_that_refuses_is_a_daemon_of_ones_own() {
    let (world, other) = (World::new().await, of_system().await);
    let system = other.daemon("kisd").await;
    // Left behind by a daemon that was killed.
    drop(std::os::unix::net::UnixListener::bind(own_socket(&world)).unwrap());
    let Some(output) = ask(&world, &system.socket, &["balance"], &[]).await else { return };
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{output:?}");
    assert!(is_in(&output.stderr, &own_socket(&world)) && said(&output).contains("--system"), "{output:?}");
}

#[tokio::test]
async fn places_are_looked_at_in_their_order() {
    let (world, other) = (World::new().await, of_system().await);
    let (own, system) = (world.daemon("own").await, other.daemon("kisd").await);
    symlink(&own.socket, own_socket(&world)).unwrap();
    let account = async |arguments: &[&str], variables: &[(&str, &Path)]| {
        let output = ask(&world, &system.socket, arguments, variables).await?;
        Some((output.status.code().unwrap(), text(&output.stdout).contains(OWN), said(&output)))
    };
    let Some((code, is_own, said)) = account(&["status"], &[]).await else { return };
    assert!(code == 0 && is_own, "cron has no XDG_RUNTIME_DIR: {said}");
    // The session's comes before it, and the socket that is named before everything.
    let session = world.path("session");
    fs::create_dir_all(session.join("kisd")).unwrap();
    symlink(&system.socket, session.join("kisd/kisd.sock")).unwrap();
    assert!(!account(&["status"], &[("XDG_RUNTIME_DIR", &session)]).await.unwrap().1);
    assert!(account(&["status"], &[("XDG_RUNTIME_DIR", &session), ("KISD_SOCKET", &own.socket)]).await.unwrap().1);
    let named = own.socket.to_str().unwrap();
    assert!(account(&["--socket", named, "status"], &[("KISD_SOCKET", &system.socket)]).await.unwrap().1);
    let (_, is_own, said) = account(&["--system", "status"], &[("KISD_SOCKET", &own.socket)]).await.unwrap();
    assert!(is_own && said.contains("KISD_SOCKET names the socket"), "{said}");
    assert_eq!(account(&["--socket", named, "--system", "status"], &[]).await.unwrap().0, 2);
}

#[tokio::test]
async fn a_daemon_that_goes_away_within_a_call_is_not_replaced_by_the_systems() {
    let (world, other) = (World::new().await, of_system().await);
    let (own, system) = (world.daemon("own").await, other.daemon("kisd").await);
    own.balance().await;
    symlink(&own.socket, own_socket(&world)).unwrap();
    let held = world.simulator.hold_next("inquire-balance");
    let asking = ask(&world, &system.socket, &["balance", "--max-age", "0s"], &[]);
    let stopping = async {
        tokio::select! {
            () = held.arrived() => {}
            () = tokio::time::sleep(std::time::Duration::from_secs(10)) => {}
        }
        world.while_time_passes(own.stop()).await;
        held.open();
    };
    let (output, ()) = tokio::join!(asking, stopping);
    let Some(output) = output else { return };
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{output:?}");
}

#[tokio::test]
async fn an_agents_bridge_finds_the_daemon_without_a_session() {
    let (world, other) = (World::new().await, of_system().await);
    let (own, system) = (world.daemon("own").await, other.daemon("kisd").await);
    symlink(&own.socket, own_socket(&world)).unwrap();
    let script = "mkdir /run/kisd && ln -s \"$SYSTEM\" /run/kisd/kisd.sock && exec \"$KISCTL\" mcp";
    let Some(mut command) = machine(&world, script).await else { return };
    command.env("SYSTEM", &system.socket).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut bridge = command.spawn().unwrap();
    let (mut stdin, stdout) = (bridge.stdin.take().unwrap(), bridge.stdout.take().unwrap());
    let mut lines = BufReader::new(stdout).lines();
    let hello =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    for message in [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "daemon_status", "arguments": {} } }),
    ] {
        stdin.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }
    let mut answer = async || {
        let line = lines.next_line().await.unwrap().unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    assert_eq!(answer().await["id"], 1);
    assert_eq!(answer().await["result"]["structuredContent"]["account"], OWN);
}

#[tokio::test]
async fn the_daemon_serves_where_kisctl_looks() {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let directory = world.path("home/.config/kisd");
    fs::create_dir_all(&directory).unwrap();
    let config = fs::read_to_string(world.config_file("kisd", "")).unwrap();
    let without_socket: Vec<&str> = config.lines().filter(|line| !line.starts_with("socket = ")).collect();
    fs::write(directory.join("config.toml"), without_socket.join("\n")).unwrap();
    crate::support::chmod(&directory.join("config.toml"), 0o600);
    let serve = "\"$KISD\" run 2>\"$HOME/log\" & for i in $(seq 100); do \"$KISCTL\" balance 2>/dev/null && break; sleep 0.1; done; \
                 kill $!; wait";
    for (prepare, place) in [
        ("", world.path("home/.local/state/kisd/kisd.sock")),
        ("mkdir -p -m 700 /run/user/$(id -u)", PathBuf::from("/run/user")),
        ("export XDG_RUNTIME_DIR=$HOME", world.path("home/kisd/kisd.sock")),
    ] {
        let Some(mut command) = machine(&world, &format!("{prepare}\n{serve}")).await else { return };
        let output = command.output().await.unwrap();
        let log = fs::read_to_string(world.path("home/log")).unwrap();
        assert!(text(&output.stdout).contains(OWN), "{place:?} {output:?} {log}");
        assert!(log.contains(&format!("socket={}", place.display())), "{log}");
    }
}
