//! The gateway: programs that speak to KIS are served by the one token, and see nothing of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "what is not proved on this machine is said loudly")]

mod apart;
mod hold;
mod hostile;
mod hosts;
mod keys;
mod program;
mod remote;
mod rest;
mod secured;
#[path = "../support/mod.rs"]
mod support;
mod unchanged;
mod unknown;
mod usage;

use serde_json::json;

use self::{
    program::Program,
    support::{TestDaemon, World},
};

/// What opens the gateway, on any port.
const OPEN: &str = "[gateway]\nlisten = \"127.0.0.1:0\"\n";

/// A daemon with an open gateway, and more settings for it.
async fn open(world: &World, settings: &str) -> TestDaemon {
    let daemon = world.daemon_with(world.config("kisd", &format!("{OPEN}{settings}"))).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    daemon.status_until(|status| status["gateway"]["state"] == "serving").await;
    daemon
}

/// A world, a daemon with an open gateway, and a program with a client of its own.
async fn served() -> (World, TestDaemon, Program) {
    let world = World::new().await;
    let daemon = open(&world, "").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    (world, daemon, program)
}
