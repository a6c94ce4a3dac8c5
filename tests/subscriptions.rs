//! Subscriptions: the whole state first, then what has changed, shared by all and never queued.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use jsonrpsee::core::client::SubscriptionClientT;
use kisd::{
    simulator::{Fault, Portfolio, Position},
    wire::{client, types::TokenStatus},
};
use serde_json::{Value, json};
use support::{Lines, TestDaemon, World, eventually};
use tokio_tungstenite::tungstenite::Message;

const PATH: &str = "inquire-balance";

fn asked(world: &World) -> usize {
    world.simulator.calls_to(PATH).len()
}

fn samsung_at(price: i64) -> Portfolio {
    Portfolio { positions: vec![Position::cash("005930", "삼성전자", 10, 70_000, price)], ..Portfolio::demo() }
}

/// A subscriber who has been given a number and the first state.
async fn subscriber(daemon: &TestDaemon, interval_ms: u64) -> (Lines, u64, Value) {
    let mut lines = daemon.client().await;
    let number = subscribe(&mut lines, "account.subscribeBalance", json!({ "interval_ms": interval_ms })).await;
    let state = state(&mut lines, number).await;
    (lines, number, state)
}

async fn subscribe(lines: &mut Lines, method: &str, params: Value) -> u64 {
    let reply = lines.call(method, params).await;
    reply["result"].as_u64().unwrap_or_else(|| panic!("{reply}"))
}

async fn state(lines: &mut Lines, number: u64) -> Value {
    let notification = lines.receive().await.unwrap();
    assert_eq!(notification["params"]["subscription"], number, "{notification}");
    assert!(notification.get("id").is_none() && notification["jsonrpc"] == "2.0");
    notification["params"]["result"].clone()
}

async fn is_silent(lines: &mut Lines) -> bool {
    tokio::time::timeout(Duration::from_millis(50), lines.receive()).await.is_err()
}

/// Lets time pass until KIS has been asked so many times more.
async fn ask_more(world: &World, times: usize) {
    let wanted = asked(world) + times;
    world.while_time_passes(eventually("another gathering", || asked(world) >= wanted)).await;
}

#[tokio::test]
async fn the_whole_balance_comes_first_and_again_only_when_something_has_changed() {
    let world = World::new().await;
    world.simulator.set_portfolio(samsung_at(75_000));
    let daemon = world.daemon("kisd").await;
    let (mut lines, number, first) = subscriber(&daemon, 1000).await;
    assert_eq!((&first["error"], &first["balance"]["holdings"][0]["current_price"]), (&Value::Null, &json!(75_000)));
    ask_more(&world, 3).await;
    assert!(is_silent(&mut lines).await, "nothing has changed but the time");
    world.simulator.set_portfolio(samsung_at(76_000));
    let changed = world.while_time_passes(state(&mut lines, number)).await;
    assert_eq!(changed["balance"]["holdings"][0]["current_price"], 76_000);
    let whole = daemon.ok("account.balance", json!({ "max_age_ms": 60_000 })).await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&changed["balance"]), keys(&whole), "each is complete");
}

#[tokio::test]
async fn fifty_subscribers_cost_one_gathering_in_each_interval() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let mut all = Vec::new();
    for number in 0..50 {
        all.push(subscriber(&daemon, 2000 + number % 3 * 1000).await);
    }
    let (before, begin) = (asked(&world), world.elapsed());
    ask_more(&world, 5).await;
    let seconds = (world.elapsed() - begin).as_secs_f64();
    let gatherings = asked(&world) - before;
    assert!(seconds >= 8.0, "{gatherings} gatherings in {seconds} s, where the shortest interval is 2 s");
    world.simulator.set_portfolio(samsung_at(1));
    for (lines, number, _) in &mut all {
        let state = world.while_time_passes(state(lines, *number)).await;
        assert_eq!(state["balance"]["holdings"][0]["current_price"], 1);
    }
}

#[tokio::test]
async fn nobody_is_asked_once_the_last_subscriber_has_gone() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let (mut one, number, _) = subscriber(&daemon, 1000).await;
    let (two, ..) = subscriber(&daemon, 1000).await;
    drop(two);
    let reply = one.call("token.unsubscribeStatus", json!([number])).await;
    assert_eq!(reply["result"], false, "it is not one of those");
    let reply = one.call("account.unsubscribeBalance", json!([number])).await;
    assert_eq!(reply["result"], true);
    let reply = one.call("account.unsubscribeBalance", json!({ "subscription": number })).await;
    assert_eq!(reply["result"], false);
    daemon.status_until(|status| status["connections"] == 2).await;
    world.while_time_passes(tokio::time::sleep(Duration::from_millis(100))).await;
    let before = asked(&world);
    world.while_time_passes(tokio::time::sleep(Duration::from_millis(100))).await;
    assert_eq!(asked(&world), before);
}

#[tokio::test]
async fn a_slow_subscriber_gets_the_newest_state_and_no_queue() {
    // Within the half minute that a client has to take something.
    const CHANGES: i64 = 12;
    const STEP: Duration = Duration::from_millis(8);
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    // States of 120 KB: the socket's own buffer holds one or two.
    let portfolio = |price: i64| {
        let mut portfolio = Portfolio::of_size(500);
        portfolio.positions[0].price = price;
        portfolio
    };
    world.simulator.set_portfolio(portfolio(1));
    let (mut slow, number, _) = world.while_time_passes_by(STEP, subscriber(&daemon, 1200)).await;
    let mut quick = world.while_time_passes_by(STEP, subscriber(&daemon, 1200)).await;
    for price in 2..=CHANGES {
        world.simulator.set_portfolio(portfolio(price));
        let newest = world.while_time_passes_by(STEP, async {
            loop {
                let state = state(&mut quick.0, quick.1).await;
                if state["balance"]["holdings"][0]["current_price"] == price {
                    break;
                }
            }
        });
        newest.await;
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&CHANGES) {
        let state = world.while_time_passes_by(STEP, state(&mut slow, number)).await;
        seen.push(state["balance"]["holdings"][0]["current_price"].as_i64().unwrap());
    }
    assert!(seen.len() <= 4 && seen.is_sorted(), "{seen:?}");
}

#[tokio::test]
async fn an_outage_is_a_state_and_its_end_is_another() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let (mut lines, number, first) = subscriber(&daemon, 1000).await;
    let (deposit, failing) = (first["balance"]["deposit"].clone(), 12);
    for _ in 0..failing {
        world.simulator.fail_next(PATH, Fault::Reset);
    }
    let away = world.while_time_passes(state(&mut lines, number)).await;
    assert_eq!((&away["error"]["code"], &away["balance"]["deposit"]), (&json!(-32053), &deposit), "{away}");
    assert_eq!(away["error"]["data"]["retryable"], true);
    let back = world.while_time_passes(state(&mut lines, number)).await;
    assert_eq!(
        (&back["error"], &back["balance"]["deposit"]),
        (&Value::Null, &deposit),
        "it is told once, not at each try"
    );
}

#[tokio::test]
async fn an_interval_that_the_quota_does_not_allow_is_refused_with_the_shortest() {
    let world = World::new().await;
    world.simulator.set_portfolio(Portfolio::of_size(500));
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let error = daemon.error("account.subscribeBalance", json!({ "interval_ms": 100 })).await;
    assert_eq!(error["code"], -32602);
    // Ten pages of 50 at 9 of 18 calls a second.
    assert!(error["message"].as_str().unwrap().contains("at least 1112:"), "{error}");
    world.while_time_passes(subscriber(&daemon, 1112)).await;
}

#[tokio::test]
async fn half_of_the_quota_is_left_to_others_also_when_it_is_lowered() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let (_subscriber, ..) = subscriber(&daemon, 112).await;
    let config = world.config_file("kisd", "");
    let text = std::fs::read_to_string(&config).unwrap().replace("[token]", "calls_per_second = 2\n[token]");
    std::fs::write(&config, text).unwrap();
    let lowered = kisd::config::load(Some(&config), &kisd::config::Variables::default()).unwrap();
    daemon.reloads.send(lowered).await.unwrap();
    daemon.status_until(|status| status["quota"]["calls_per_second"] == 2).await;
    let (before, begin) = (asked(&world), world.elapsed());
    ask_more(&world, 5).await;
    let rate = (asked(&world) - before) as f64 / (world.elapsed() - begin).as_secs_f64();
    assert!(rate <= 1.3, "{rate} calls a second of 2");
}

#[tokio::test]
async fn a_subscriber_that_sends_nonsense_without_end_is_let_go_with_all_it_had() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    for nonsense in [format!("\"{}", "a".repeat(70_000)), r#"{"jsonrpc":"#.to_owned()] {
        let (mut lines, ..) = subscriber(&daemon, 1000).await;
        subscribe(&mut lines, "token.subscribeStatus", json!({})).await;
        lines.send(&nonsense).await;
        let rest = world.while_time_passes(tokio::time::timeout(Duration::from_secs(10), lines.rest())).await;
        let rest = rest.expect("the end of the connection");
        assert!(rest.contains(r#""error""#), "{rest}");
    }
    let status = daemon.status_until(|status| status["connections"] == 1).await;
    assert_eq!(status["subscriptions"], 0);
}

#[tokio::test]
async fn another_reason_of_the_same_kind_is_told() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let (mut lines, number, _) = subscriber(&daemon, 1000).await;
    for code in ["APBK0001", "APBK0001", "APBK0002"] {
        let body = format!(r#"{{"rt_cd":"1","msg_cd":"{code}","msg1":"no"}}"#);
        world.simulator.fail_next(PATH, Fault::Raw { status: 200, headers: Vec::new(), body });
    }
    for code in [json!("APBK0001"), json!("APBK0002"), Value::Null] {
        let state = world.while_time_passes(state(&mut lines, number)).await;
        assert_eq!(state["error"]["data"]["kis"]["msg_cd"], code, "{state}");
    }
}

#[tokio::test]
async fn the_state_of_the_token_is_told_when_it_changes() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let mut lines = daemon.client().await;
    let number = subscribe(&mut lines, "token.subscribeStatus", json!({})).await;
    let first = state(&mut lines, number).await;
    assert_eq!(first, daemon.token_status().await);
    assert!(is_silent(&mut lines).await);
    world.clock.advance(Duration::from_secs(7 * 3600));
    daemon.ok("token.refresh", json!({})).await;
    let mut last = first.clone();
    while last["state"] != "valid" || last["issued_at"] == first["issued_at"] {
        last = state(&mut lines, number).await;
    }
}

#[tokio::test]
async fn one_connection_cannot_end_the_subscription_of_another_and_has_at_most_sixteen() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let (mut one, number, _) = subscriber(&daemon, 1000).await;
    assert_eq!(daemon.ok("account.unsubscribeBalance", json!([number])).await, json!(false));
    world.simulator.set_portfolio(samsung_at(1));
    world.while_time_passes(state(&mut one, number)).await;
    let mut many = daemon.client().await;
    let mut replies = Vec::new();
    for id in 0..17 {
        many.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"token.subscribeStatus"}}"#)).await;
    }
    while replies.len() < 17 {
        replies.extend(many.receive().await.filter(|message| message.get("id").is_some()));
    }
    let refused: Vec<&Value> = replies.iter().filter(|reply| reply.get("error").is_some()).collect();
    assert_eq!((refused.len(), &refused[0]["error"]["code"]), (1, &json!(-32058)));
}

#[tokio::test]
async fn a_client_that_has_said_everything_gets_the_first_state_and_the_end() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let mut lines = daemon.client().await;
    lines.send(r#"{"jsonrpc":"2.0","id":1,"method":"account.subscribeBalance"}"#).await;
    tokio::io::AsyncWriteExt::shutdown(&mut lines.writer).await.unwrap();
    let text = lines.rest().await;
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.lines().nth(1).unwrap().contains(r#""holdings":["#));
}

#[tokio::test]
async fn over_http_and_within_a_batch_there_are_none() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"token.subscribeStatus"}"#;
    let http = reqwest::Client::builder().no_proxy().unix_socket(daemon.socket.clone()).build().unwrap();
    let reply: Value = http.post("http://kisd/").body(request).send().await.unwrap().json().await.unwrap();
    assert_eq!((&reply["error"]["code"], &reply["id"]), (&json!(-32600), &json!(1)), "{reply}");
    let mut lines = daemon.client().await;
    lines.send(&format!("[{request}]")).await;
    assert_eq!(lines.receive().await.unwrap()[0]["error"]["code"], -32600);
    assert!(is_silent(&mut lines).await);
}

#[tokio::test]
async fn over_websocket_a_subscriber_is_told_the_same() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let stream = tokio::net::UnixStream::connect(&daemon.socket).await.unwrap();
    let mut socket = tokio_tungstenite::client_async("ws://kisd/", stream).await.unwrap().0;
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"account.subscribeBalance","params":{"interval_ms":1000}}"#;
    socket.send(Message::text(request)).await.unwrap();
    let mut next = async || -> Value {
        let message = world.while_time_passes(socket.next()).await.unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    };
    let number = next().await["result"].as_u64().unwrap();
    assert_eq!(next().await["params"]["result"]["balance"]["deposit"], 5_000_000);
    world.simulator.set_portfolio(samsung_at(77_000));
    let changed = next().await;
    assert_eq!(changed["params"]["subscription"], number);
    assert_eq!(changed["params"]["result"]["balance"]["holdings"][0]["current_price"], 77_000);
}

#[tokio::test]
async fn jsonrpsees_own_client_subscribes_and_unsubscribes() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let client = client::connect(&daemon.socket).await.unwrap();
    let none = client::RawParams(None);
    let mut states =
        client.subscribe::<TokenStatus, _>("token.subscribeStatus", none, "token.unsubscribeStatus").await.unwrap();
    assert!(states.next().await.unwrap().unwrap().expires_at.is_some());
    states.unsubscribe().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_ends_subscriptions_at_once() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let (lines, ..) = subscriber(&daemon, 1000).await;
    let begin = world.elapsed();
    world.while_time_passes(daemon.stop()).await;
    assert!(world.elapsed() - begin < Duration::from_secs(2));
    assert_eq!(lines.rest().await, "");
}
