//! JSON-RPC 2.0 in all three dialects: the same requests, the same replies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use support::{Lines, TestDaemon, World};
use tokio::net::UnixStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

/// A dialect, as a test uses it: one message in, at most one out.
#[derive(Debug, Clone, Copy)]
enum Dialect {
    Stream,
    Http,
    WebSocket,
}

const DIALECTS: [Dialect; 3] = [Dialect::Stream, Dialect::Http, Dialect::WebSocket];

async fn websocket(daemon: &TestDaemon) -> WebSocketStream<UnixStream> {
    let stream = UnixStream::connect(&daemon.socket).await.unwrap();
    tokio_tungstenite::client_async("ws://kisd/", stream).await.unwrap().0
}

fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

async fn post(daemon: &TestDaemon, body: &str) -> reqwest::Response {
    let client = http().unix_socket(daemon.socket.clone()).build().unwrap();
    client.post("http://kisd/").body(body.to_owned()).send().await.unwrap()
}

impl Dialect {
    /// The reply to a message. That there is none is known from the reply to a second message, which follows at once.
    async fn reply(self, daemon: &TestDaemon, message: &str) -> Option<Value> {
        const PROBE: &str = r#"{"jsonrpc":"2.0","id":"probe","method":"token.status"}"#;
        let is_probe = |reply: &Value| reply["id"] == "probe";
        match self {
            Self::Stream => {
                let mut client = daemon.client().await;
                client.send(&format!("{message}\n")).await;
                let first = tokio::time::timeout(Duration::from_millis(200), client.receive()).await;
                if let Ok(first) = first {
                    return first;
                }
                client.send(PROBE).await;
                client.receive().await.filter(|reply| !is_probe(reply))
            }
            Self::Http => {
                let response = post(daemon, message).await;
                let status = response.status();
                let text = response.text().await.unwrap();
                assert_eq!(status == 204, text.is_empty(), "{status}: {text}");
                (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap())
            }
            Self::WebSocket => {
                let mut client = websocket(daemon).await;
                client.send(Message::text(message)).await.unwrap();
                let first = tokio::time::timeout(Duration::from_millis(200), client.next()).await;
                if let Ok(first) = first {
                    return Some(serde_json::from_str(first?.unwrap().to_text().unwrap()).unwrap());
                }
                client.send(Message::text(PROBE)).await.unwrap();
                let reply = serde_json::from_str(client.next().await?.unwrap().to_text().unwrap()).unwrap();
                Some(reply).filter(|reply| !is_probe(reply))
            }
        }
    }
}

async fn daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    (world, daemon)
}

#[tokio::test]
async fn a_request_is_answered_in_every_dialect() {
    let (_world, daemon) = daemon().await;
    for dialect in DIALECTS {
        let request = r#"{"jsonrpc":"2.0","id":7,"method":"account.balance","params":{"max_age_ms":60000}}"#;
        let reply = dialect.reply(&daemon, request).await.unwrap();
        assert_eq!((&reply["jsonrpc"], &reply["id"]), (&json!("2.0"), &json!(7)), "{dialect:?}");
        assert_eq!(reply["result"]["total_evaluation"], 10_000_000, "{dialect:?}");
    }
}

#[tokio::test]
async fn an_id_comes_back_as_it_was_written() {
    let (_world, daemon) = daemon().await;
    for dialect in DIALECTS {
        for id in ["null", "\"\"", "\"가\\u0041\"", "0", "-1", "-9223372036854775808", "18446744073709551615"] {
            let reply =
                dialect.reply(&daemon, &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"token.status"}}"#)).await;
            let reply = reply.unwrap_or_else(|| panic!("{dialect:?} took id {id} for a notification"));
            assert_eq!(reply["id"], serde_json::from_str::<Value>(id).unwrap(), "{dialect:?}");
            assert_eq!(reply["result"]["state"], "valid", "{dialect:?}");
        }
    }
}

#[tokio::test]
async fn any_other_id_is_an_invalid_request_and_not_a_notification() {
    let (_world, daemon) = daemon().await;
    for dialect in DIALECTS {
        for id in ["1.5", "1e3", "18446744073709551616", "[1]", "{}", "true"] {
            let reply =
                dialect.reply(&daemon, &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"token.status"}}"#)).await;
            let reply = reply.unwrap_or_else(|| panic!("{dialect:?} took id {id} for a notification"));
            assert_eq!((&reply["id"], &reply["error"]["code"]), (&Value::Null, &json!(-32600)), "{dialect:?}: {reply}");
        }
    }
}

#[tokio::test]
async fn the_standard_errors_are_those_of_json_rpc() {
    let (_world, daemon) = daemon().await;
    let cases = [
        (r#"{"jsonrpc":"2.0","id":1,"method":"foobar"}"#, json!(1), -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"acount":"x"}}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":-1}}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":[1,2]}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"token.status","params":[1]}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"token.status","params":{"x":1}}"#, json!(1), -32602),
        (r#"{"jsonrpc":"2.0","id":1,"method":"token.status","params":"x"}"#, json!(1), -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":1}"#, json!(1), -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"token.status"}"#, json!(1), -32600),
        (r#"{"id":1,"method":"token.status"}"#, json!(1), -32600),
        (r#"{"foo":"boo"}"#, Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"token.status"}"#, Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]"#, Value::Null, -32700),
        (r#"{"jsonrpc":}"#, Value::Null, -32700),
        ("1", Value::Null, -32600),
        ("hello", Value::Null, -32700),
        ("[]", Value::Null, -32600),
    ];
    for dialect in DIALECTS {
        for (request, id, code) in &cases {
            let reply = dialect.reply(&daemon, request).await.unwrap_or_else(|| panic!("{dialect:?}: {request}"));
            assert_eq!((&reply["id"], &reply["error"]["code"]), (id, &json!(code)), "{dialect:?}: {request}: {reply}");
        }
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_by_its_name() {
    let (_world, daemon) = daemon().await;
    let error = daemon.error("account.balance", json!({ "acount": "x" })).await;
    assert!(error["message"].as_str().unwrap().contains("acount"), "{error}");
}

#[tokio::test]
async fn parameters_by_position_by_name_empty_null_or_none_are_all_taken() {
    let (_world, daemon) = daemon().await;
    for params in [
        "",
        r#","params":null"#,
        r#","params":{}"#,
        r#","params":[]"#,
        r#","params":[5000]"#,
        r#","params":{"max_age_ms":5000}"#,
    ] {
        let mut client = daemon.client().await;
        client.send(&format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\"{params}}}\n")).await;
        let reply = client.receive().await.unwrap();
        assert_eq!(reply["result"]["deposit"], 5_000_000, "{params}: {reply}");
    }
}

#[tokio::test]
async fn a_notification_is_carried_out_and_not_answered() {
    let (world, daemon) = daemon().await;
    for (round, dialect) in DIALECTS.into_iter().enumerate() {
        let notification = r#"{"jsonrpc":"2.0","method":"account.balance","params":{"max_age_ms":0}}"#;
        assert_eq!(dialect.reply(&daemon, notification).await, None, "{dialect:?}");
        support::eventually("the call to KIS", || world.simulator.calls_to("inquire-balance").len() == round + 2).await;
        assert_eq!(dialect.reply(&daemon, r#"{"jsonrpc":"2.0","method":"no.such"}"#).await, None, "{dialect:?}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_whole_and_without_its_notifications() {
    let (_world, daemon) = daemon().await;
    let batch = r#"[
        {"jsonrpc":"2.0","id":"1","method":"token.status"},
        {"jsonrpc":"2.0","method":"token.status"},
        1,
        [],
        {"foo":"boo"},
        {"jsonrpc":"2.0","id":-9,"method":"no.such"}
    ]"#;
    for dialect in DIALECTS {
        let replies = dialect.reply(&daemon, batch).await.unwrap();
        let replies: Vec<(Value, Value)> = replies
            .as_array()
            .unwrap()
            .iter()
            .map(|reply| (reply["id"].clone(), reply["error"]["code"].clone()))
            .collect();
        let expected = [
            (json!("1"), Value::Null),
            (Value::Null, json!(-32600)),
            (Value::Null, json!(-32600)),
            (Value::Null, json!(-32600)),
            (json!(-9), json!(-32601)),
        ];
        assert_eq!(replies, expected, "{dialect:?}");
        let notifications = r#"[{"jsonrpc":"2.0","method":"token.status"},{"jsonrpc":"2.0","method":"token.status"}]"#;
        assert_eq!(dialect.reply(&daemon, notifications).await, None, "{dialect:?}");
    }
}

#[tokio::test]
async fn too_much_at_once_is_refused_as_overload() {
    let (_world, daemon) = daemon().await;
    let long = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"token.status","params":["{}"]}}"#, "x".repeat(70_000));
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"token.status"}"#;
    let many = format!("[{}]", vec![request; 101].join(","));
    for dialect in DIALECTS {
        for message in [&many, &long] {
            let reply = dialect.reply(&daemon, message).await.unwrap();
            assert_eq!(reply["error"]["code"], -32058, "{dialect:?}: {reply}");
        }
    }
    assert_eq!(post(&daemon, &long).await.status(), 413);
}

#[tokio::test]
async fn requests_need_nothing_between_them_and_a_bad_one_does_not_spoil_the_next() {
    let (_world, daemon) = daemon().await;
    let mut client = daemon.client().await;
    let request = |id| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"token.status"}}"#);
    client.send(&format!("{}{}\n{{\"oops\":]\n{}", request(1), request(2), request(3))).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(client.receive().await.unwrap()["id"].to_string());
    }
    ids.sort();
    assert_eq!(ids, ["1", "2", "3", "null"]);
}

#[tokio::test]
async fn a_request_may_come_a_byte_at_a_time() {
    let (_world, daemon) = daemon().await;
    let mut client = daemon.client().await;
    for byte in r#"{"jsonrpc":"2.0","id":1,"method":"token.status"}"#.chars() {
        client.send(&byte.to_string()).await;
    }
    assert_eq!(client.receive().await.unwrap()["id"], 1);
}

#[tokio::test]
async fn a_client_that_has_said_everything_still_gets_its_answers() {
    let (world, daemon) = daemon().await;
    let gate = world.simulator.hold_next("inquire-balance");
    let mut client = daemon.client().await;
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":0}}"#).await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.writer).await.unwrap();
    gate.arrived().await;
    gate.open();
    assert_eq!(client.receive().await.unwrap()["result"]["deposit"], 5_000_000);
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn answers_of_one_connection_overtake_each_other() {
    let (world, daemon) = daemon().await;
    let gate = world.simulator.hold_next("inquire-balance");
    let mut client = daemon.client().await;
    client.send(r#"{"jsonrpc":"2.0","id":"slow","method":"account.balance","params":{"max_age_ms":0}}"#).await;
    gate.arrived().await;
    client.send(r#"{"jsonrpc":"2.0","id":"quick","method":"token.status"}"#).await;
    assert_eq!(client.receive().await.unwrap()["id"], "quick");
    gate.open();
    assert_eq!(client.receive().await.unwrap()["id"], "slow");
}

#[tokio::test]
async fn half_a_request_followed_by_silence_is_given_up() {
    let (world, daemon) = daemon().await;
    let mut client = daemon.client().await;
    client.send(r#"{"jsonrpc":"2.0","id":1"#).await;
    let reply = world.while_time_passes(client.receive()).await.unwrap();
    assert_eq!(reply["error"]["code"], -32700);
    assert_eq!(client.receive().await, None);
    assert!(world.elapsed() >= Duration::from_secs(30));
}

#[tokio::test]
async fn http_says_what_is_wrong_with_a_request_that_is_no_call() {
    let (_world, daemon) = daemon().await;
    let client = http().unix_socket(daemon.socket.clone()).build().unwrap();
    assert_eq!(client.get("http://kisd/elsewhere").send().await.unwrap().status(), 404);
    assert_eq!(client.put("http://kisd/").send().await.unwrap().status(), 405);
    let from_a_browser = client.post("http://kisd/").header("Origin", "https://example.com").body("{}");
    let refused = from_a_browser.send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], -32056);
}

#[tokio::test]
async fn an_http_body_whose_framing_is_wrong_is_a_parse_error() {
    let (_world, daemon) = daemon().await;
    let mut client = Lines::connect(&daemon.socket).await;
    client.send("POST / HTTP/1.1\r\nhost: kisd\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n").await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("-32700"), "{answer}");
}

#[tokio::test]
async fn http_keeps_its_connection_open() {
    let (_world, daemon) = daemon().await;
    let client = http().unix_socket(daemon.socket.clone()).build().unwrap();
    for _ in 0..3 {
        let request = client.post("http://kisd/").body(r#"{"jsonrpc":"2.0","id":1,"method":"daemon.status"}"#);
        let reply: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(reply["result"]["connections"], 1);
    }
}

#[tokio::test]
async fn a_websocket_answers_pings_and_binary_messages() {
    let (_world, daemon) = daemon().await;
    let mut client = websocket(&daemon).await;
    client.send(Message::Ping(b"?"[..].into())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong(b"?"[..].into()));
    client.send(Message::binary(r#"{"jsonrpc":"2.0","id":1,"method":"token.status"}"#)).await.unwrap();
    assert!(client.next().await.unwrap().unwrap().to_text().unwrap().contains("\"id\":1"));
    client.close(None).await.unwrap();
    assert!(matches!(client.next().await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn invalid_utf_8_is_a_parse_error() {
    let (_world, daemon) = daemon().await;
    let mut client = Lines::connect(&daemon.socket).await;
    tokio::io::AsyncWriteExt::write_all(&mut client.writer, b"{\"id\":\"\xff\"}\n").await.unwrap();
    assert_eq!(client.receive().await.unwrap()["error"]["code"], -32700);
}

#[tokio::test]
async fn an_http_client_that_has_said_everything_still_gets_its_answers() {
    let (world, daemon) = daemon().await;
    let gate = world.simulator.hold_next("inquire-balance");
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":0}}"#;
    let mut client = Lines::connect(&daemon.socket).await;
    let request = format!("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    client.send(&request.repeat(2)).await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.writer).await.unwrap();
    gate.arrived().await;
    gate.open();
    let answers = client.rest().await;
    assert_eq!(answers.matches("\"total_evaluation\"").count(), 2, "{answers}");
}
