//! Clients that mean harm, or are merely broken: whatever they do, the next one is served.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, future::join_all};
use serde_json::{Value, json};
use support::{Lines, TestDaemon, World};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

const STATUS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"token.status"}"#;

async fn daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    (world, daemon)
}

/// What comes back for these bytes when nothing follows them.
async fn answered(daemon: &TestDaemon, bytes: &[u8]) -> String {
    let mut client = daemon.client().await;
    // The daemon may have heard enough before all is sent.
    let _ = client.writer.write_all(bytes).await;
    let _ = client.writer.shutdown().await;
    client.rest().await
}

#[tokio::test]
async fn no_smuggled_request_is_ever_answered() {
    let (_world, daemon) = daemon().await;
    let length = STATUS.len();
    // What would be carried out if the first request ended earlier than it does for somebody else.
    let smuggled = format!("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: {length}\r\n\r\n{STATUS}");
    let chunk = format!("{length:x}\r\n{STATUS}\r\n0\r\n\r\n");
    for (name, head, body) in [
        ("two lengths", format!("content-length: 0\r\ncontent-length: {length}"), smuggled.clone()),
        ("two lengths in one header", format!("content-length: 0, {length}"), smuggled.clone()),
        ("a length with a sign", format!("content-length: +{length}"), smuggled.clone()),
        ("a negative length", "content-length: -1".to_owned(), smuggled.clone()),
        ("a length in hex", "content-length: 0x10".to_owned(), smuggled.clone()),
        (
            "a length and chunks",
            format!("content-length: 4\r\ntransfer-encoding: chunked\r\nx: {length}"),
            chunk.clone(),
        ),
        ("chunks that are not the last coding", "transfer-encoding: chunked, identity".to_owned(), chunk.clone()),
        ("an unknown coding", "transfer-encoding: xchunked".to_owned(), chunk.clone()),
        ("a space before the colon", "content-length : 0".to_owned(), smuggled.clone()),
        ("a folded header", "x: y\r\n content-length: 0".to_owned(), smuggled.clone()),
        ("a bare carriage return", format!("x: y\rcontent-length: {length}"), smuggled.clone()),
        (
            "a chunk length that overflows",
            "transfer-encoding: chunked".to_owned(),
            format!("fffffffffffffffff\r\n{STATUS}"),
        ),
        (
            "a chunk that is longer than it says",
            "transfer-encoding: chunked".to_owned(),
            format!("1\r\n{STATUS}\r\n0\r\n\r\n"),
        ),
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: kisd\r\n{head}\r\n\r\n{body}");
        let answer = answered(&daemon, request.as_bytes()).await;
        // A request may be taken by what the standard says of its length; what is inside another must not be.
        let results = answer.matches("\"result\"").count();
        let statuses = answer.matches("HTTP/1.1 ").count();
        let chunked_wins = name == "a length and chunks";
        assert_eq!(results, usize::from(chunked_wins && answer.starts_with("HTTP/1.1 200")), "{name}: {answer}");
        assert!(statuses <= 1, "{name}: {answer}");
    }
    daemon.balance().await;
}

#[tokio::test]
async fn garbage_of_every_kind_costs_its_own_connection_at_most() {
    let (_world, daemon) = daemon().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(30_000), close.repeat(30_000));
    let garbage: Vec<Vec<u8>> = vec![
        deep("[", "]").into_bytes(),
        deep("{\"a\":", "}").into_bytes(),
        b"[".repeat(60_000),
        vec![0; 70_000],
        vec![0xff; 70_000],
        (0..=255).collect(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000)).into_bytes(),
        format!("POST / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(10_000)).into_bytes(),
        format!("{{\"jsonrpc\":\"2.0\",\"id\":\"{}\",\"method\":\"token.status\"}}", "9".repeat(60_000)).into_bytes(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\ud800\"}\n".to_vec(),
        b"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"token.status\"}\n".to_vec(),
        b"}}}}]]]]\"\"\"\"\n".repeat(1000),
    ];
    let replies = join_all(garbage.iter().map(|bytes| answered(&daemon, bytes))).await;
    for (bytes, reply) in garbage.iter().zip(replies) {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(30)]).into_owned();
        let long_id = start.contains("9999");
        assert_eq!(reply.contains("\"result\""), long_id, "{start:?}: {}", &reply[..reply.len().min(300)]);
    }
    daemon.balance().await;
    daemon.status_until(|status| status["connections"] == 1).await;
}

#[tokio::test]
async fn requests_with_one_id_are_each_answered() {
    let (_world, daemon) = daemon().await;
    let mut client = daemon.client().await;
    client.send(&STATUS.repeat(3)).await;
    for _ in 0..3 {
        assert_eq!(client.receive().await.unwrap()["id"], 1);
    }
    client.send(&format!("[{STATUS},{STATUS}]")).await;
    assert_eq!(client.receive().await.unwrap().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn another_version_of_json_rpc_is_refused() {
    let (_world, daemon) = daemon().await;
    let mut client = daemon.client().await;
    for version in ["", "\"jsonrpc\":\"1.0\",", "\"jsonrpc\":2.0,", "\"jsonrpc\":null,", "\"jsonrpc\":\"2.00\","] {
        client.send(&format!("{{{version}\"id\":7,\"method\":\"token.status\"}}\n")).await;
        let reply = client.receive().await.unwrap();
        assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(7), &json!(-32600)), "{version:?}");
    }
}

#[tokio::test]
async fn a_reader_that_never_reads_is_let_go_in_every_dialect() {
    let (world, daemon) = daemon().await;
    let discover = r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#;
    let mut stream = daemon.client().await;
    let mut http = daemon.client().await;
    let socket = tokio::net::UnixStream::connect(&daemon.socket).await.unwrap();
    let (mut websocket, _) = tokio_tungstenite::client_async("ws://kisd/", socket).await.unwrap();
    let request = format!("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: {}\r\n\r\n{discover}", discover.len());
    let flood = async {
        // Each of these asks for more than any socket buffers, and never takes any of it.
        let ask_stream = async {
            for _ in 0..2000 {
                if stream.writer.write_all(discover.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        let ask_http = async {
            for _ in 0..2000 {
                if http.writer.write_all(request.as_bytes()).await.is_err() {
                    return;
                }
            }
        };
        let ask_websocket = async {
            for _ in 0..2000 {
                if websocket.send(Message::text(discover)).await.is_err() {
                    return;
                }
            }
        };
        tokio::join!(ask_stream, ask_http, ask_websocket);
    };
    let all_gone = async { daemon.status_until(|status| status["connections"] == 1).await };
    world.while_time_passes(async { tokio::join!(flood, all_gone) }).await;
    assert!(world.elapsed() >= Duration::from_secs(30), "{:?}", world.elapsed());
    daemon.balance().await;
}

#[tokio::test]
async fn half_an_http_request_followed_by_silence_is_given_up() {
    let (world, daemon) = daemon().await;
    for (half, within, answer) in [
        ("POST / HTTP/1.1\r\nhost: ki", 75, ""),
        ("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: 50\r\n\r\n{\"js", 30, "HTTP/1.1 408"),
        ("", 75, ""),
    ] {
        let mut client = daemon.client().await;
        if half.is_empty() {
            // A whole request, and nothing after it on a connection that is kept open.
            client
                .send(&format!("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: {}\r\n\r\n{STATUS}", STATUS.len()))
                .await;
        }
        client.send(half).await;
        let before = world.elapsed();
        let rest = world.while_time_passes(client.rest()).await;
        let waited = (world.elapsed() - before).as_secs();
        assert!(rest.contains(answer) && (within - 1..within + 15).contains(&waited), "{half:?}: {waited} s: {rest}");
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_in_the_middle_of_a_call_leaves_nothing_behind() {
    let (world, daemon) = daemon().await;
    for round in 0..20 {
        let gate = world.simulator.hold_next("inquire-balance");
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":0}}"#;
        let mut client = daemon.client().await;
        let http = format!("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        client.send(if round % 2 == 0 { body } else { &http }).await;
        gate.arrived().await;
        drop(client);
        gate.open();
        world.clock.advance(Duration::from_secs(1));
    }
    daemon.status_until(|status| status["connections"] == 1).await;
    let balance: Value = daemon.balance().await;
    assert_eq!(balance["deposit"], 5_000_000);
}

#[tokio::test]
async fn half_a_request_in_any_dialect_keeps_nobody_from_being_served() {
    let (_world, daemon) = daemon().await;
    let halves =
        ["{\"jsonrpc\":", "[[[", "\"", "P", "POST / HTTP/1.1\r\n", "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n{"];
    let mut held: Vec<Lines> = Vec::new();
    for _ in 0..50 {
        for half in halves {
            let mut client = daemon.client().await;
            client.send(half).await;
            held.push(client);
        }
    }
    daemon.status_until(|status| status["connections"] == 301).await;
    daemon.balance().await;
}

#[tokio::test]
async fn what_a_caller_has_sent_is_repeated_in_one_line_and_not_at_length() {
    let (_world, daemon) = daemon().await;
    for name in ["\u{0}\u{1b}[2J\r\n\u{7f}x", &"y".repeat(20_000)] {
        for (method, params) in [
            ("account.balance", json!({ "account": name })),
            ("quote.price", json!({ "stock_code": name })),
            ("quote.prices", json!({ "stock_codes": [name] })),
            ("quote.price", json!({ "stock_code": "005930", "market": name })),
            ("quote.candles", json!({ "stock_code": "005930", "interval": name })),
            ("stock.info", json!({ "stock_code": name })),
            ("stock.search", json!({ "query": name })),
            ("kis.describe", json!({ "operation": name })),
            ("kis.search", json!({ "query": name })),
            ("client.show", json!({ "name": name })),
            ("client.add", json!({ "name": name })),
            ("account.balance", json!({ name: 1 })),
            (name, json!({})),
        ] {
            let reply = daemon.call(method, params).await;
            let Some(message) = reply["error"]["message"].as_str() else { continue };
            assert!(message.len() < 2_000, "{method:.40}: {} bytes: {message:.300}", message.len());
            assert!(!message.chars().any(char::is_control), "{method:.40}: {message:?}");
        }
    }
}
