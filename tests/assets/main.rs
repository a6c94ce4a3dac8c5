//! Money and holdings beside the balance: each figure is the one that KIS gives, by its name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod classes;
mod orderable;
mod overseas;
mod shown;
#[path = "../support/mod.rs"]
mod support;

use kisd::simulator::Fault;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use support::{TestDaemon, World};

async fn daemon_of(world: &World) -> TestDaemon {
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    daemon
}

async fn real() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = daemon_of(&world).await;
    (world, daemon)
}

/// KIS's own answer to a question.
async fn kis(daemon: &TestDaemon, operation: &str, params: Value) -> Value {
    daemon.ok("kis.call", json!({ "operation": operation, "params": params, "pages": 0 })).await["body"].clone()
}

/// A number as KIS or kisd writes it; nothing is nothing.
fn number(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    (!text.is_empty()).then(|| text.parse().unwrap())
}

/// Each member of a list of rows.
fn all(rows: &Value) -> &[Value] {
    rows.as_array().unwrap()
}

/// Each member is the number in a field of KIS's.
fn assert_same(typed: &Value, row: &Value, pairs: &[(&str, &str)]) {
    for (member, field) in pairs {
        let value = typed.pointer(member).unwrap_or_else(|| panic!("no {member} in {typed}"));
        let said = row.get(field).unwrap_or_else(|| panic!("no {field} in {row}"));
        assert!(number(value).is_some() && number(value) == number(said), "{member} is {value}, {field} is {said}");
    }
}

/// An answer with these containers.
fn answer(containers: &Value) -> Fault {
    let mut body = containers.clone();
    (body["rt_cd"], body["msg_cd"], body["msg1"]) = (json!("0"), json!("KIOK0510"), json!("조회가 완료되었습니다"));
    let headers = vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
    Fault::Raw { status: 200, headers, body: body.to_string() }
}
