//! The token: one issuance for everybody, never two within a minute, renewed in time, healed when KIS kills it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod clock;
mod faults;
mod issuance;
mod mirror;
mod refusal;
mod renewal;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use kisd::simulator::Fault;
use serde_json::Value;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn too_soon() -> Fault {
    let body = r#"{"error_description":"접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)","error_code":"EGW00133"}"#;
    Fault::Answer { status: 403, body: body.to_owned() }
}

fn is_valid(status: &Value) -> bool {
    status["state"] == "valid"
}
