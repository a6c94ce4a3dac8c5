//! `account.balance`: exact, whole, shared, never older than asked for; and what becomes of KIS's faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod balance;
mod circuit;
mod odd;
mod quota;
#[path = "../support/mod.rs"]
mod support;
mod upstream;

use serde_json::{Value, json};

fn fresh() -> Value {
    json!({ "max_age_ms": 0 })
}
