//! `stock.search` and `stock.info`: from KIS's master files, kept and renewed, whatever their host does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fs, future::Future, path::PathBuf, time::Duration};

use kisd::{
    config::Config,
    simulator::{
        Fault, Scripted, Target,
        listing::{self, Listed, Market},
        masters::{text, zipped},
    },
    wire::types::{StockInfo, StockSearchResult},
};
use serde_json::{Value, json};
use support::{TestDaemon, World};

const FILES: usize = 12;

/// A week day, after the files are made.
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn world_and_daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    (world, daemon)
}

fn kept(config: &Config) -> PathBuf {
    config.stocks.directory.clone()
}

fn downloads(world: &World) -> Vec<(String, u16)> {
    let calls = world.simulator.calls();
    let of_masters = calls.iter().filter(|call| call.path.contains("/common/master/"));
    of_masters.map(|call| (call.path.rsplit('/').next().unwrap().to_owned(), call.status)).collect()
}

async fn first(daemon: &TestDaemon, query: &str) -> Value {
    daemon.ok("stock.search", json!({ "query": query })).await["stocks"][0].clone()
}

/// Lets everything go wrong that is asked of a file.
fn always(world: &World, file: &str, fault: Fault) {
    let target = Target::PathEnding(file.to_owned());
    world.simulator.script(Scripted { target, fault, times: u32::MAX, after_effect: false });
}

/// Waits until something holds.
async fn eventually<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "not within twenty seconds");
        tokio::task::yield_now().await;
    }
}

/// The daemon asks again once the files are due, and the first question after that has it look.
async fn look_again(world: &World, daemon: &TestDaemon, expected: usize) {
    // A Friday, a weekend, and no longer than the pauses between tries may grow.
    world.clock.advance(4 * DAY);
    eventually(|| async {
        daemon.ok("stock.search", json!({ "query": "005930" })).await;
        downloads(world).len() >= expected
    })
    .await;
}

#[tokio::test]
async fn nothing_is_downloaded_before_somebody_asks_and_then_once() {
    let (world, daemon) = world_and_daemon().await;
    daemon.balance().await;
    assert_eq!(downloads(&world), []);
    let samsung = first(&daemon, "삼성전자").await;
    assert_eq!(
        samsung,
        json!({
            "stock_code": "005930", "standard_code": "KR7005930003", "name": "삼성전자", "english_name": null, "market": "KRX",
            "board": "KOSPI", "kind": "stock", "currency": "KRW", "base_price": 75000, "tick": 100, "lot": 1, "halted": false,
        })
    );
    assert_eq!(downloads(&world).len(), FILES);
    for (query, code) in [("ㅅㅅㅈㅈ", "005930"), ("삼선전자", "005930"), ("apple", "AAPL"), ("KR7005931001", "005935")]
    {
        assert_eq!(first(&daemon, query).await["stock_code"], code, "{query}");
    }
    let found = daemon.ok("stock.search", json!({ "query": "삼성전자", "market": "NXT", "limit": 2 })).await;
    let codes: Vec<_> = found["stocks"].as_array().unwrap().iter().map(|stock| stock["stock_code"].clone()).collect();
    assert_eq!(codes, ["005930", "005935"]);
    assert_eq!((&found["missing_markets"], &found["as_of"]), (&json!([]), &json!("2026-01-23T12:00:00+09:00")));
    let none = daemon.ok("stock.search", json!({ "query": "삼성전자", "market": "NYSE" })).await;
    assert_eq!(none["stocks"], json!([]));
    assert_eq!(downloads(&world).len(), FILES, "from memory");
}

#[tokio::test]
async fn info_has_all_that_the_files_say() {
    let (_world, daemon) = world_and_daemon().await;
    let samsung = daemon.ok("stock.info", json!({ "stock_code": "005930" })).await;
    for (member, value) in [
        ("par_value", json!(100)),
        ("listed_on", json!("1975-06-11")),
        ("listed_shares", json!(5_919_638_000_i64)),
        ("market_cap", json!(443_972_800_000_000_i64)),
        ("margin_rate", json!(40)),
        ("status", json!([])),
        ("preferred", json!(false)),
        ("credit", json!(true)),
        ("decimals", json!(0)),
    ] {
        assert_eq!(samsung[member], value, "{member}");
    }
    let halted = daemon.ok("stock.info", json!({ "stock": "대동전자" })).await;
    assert_eq!((&halted["halted"], &halted["status"]), (&json!(true), &json!(["halted"])));
    let managed = daemon.ok("stock.info", json!({ "stock": "글로본" })).await;
    assert_eq!(managed["status"], json!(["managed", "investor_caution"]));
    let apple = daemon.ok("stock.info", json!({ "stock_code": "aapl" })).await;
    assert_eq!(
        (&apple["market"], &apple["name"], &apple["english_name"]),
        (&json!("NASDAQ"), &json!("애플"), &json!("APPLE INC"))
    );
    assert_eq!((&apple["status"], &apple["halted"], &apple["par_value"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&apple["base_price"], &apple["tick"], &apple["lot"]), (&json!(232.51), &json!(0.01), &json!(1)));
    let xiaomi = daemon.ok("stock.info", json!({ "stock_code": "01810", "market": "HKEX" })).await;
    assert_eq!((&xiaomi["lot"], &xiaomi["currency"], &xiaomi["tick"]), (&json!(200), &json!("HKD"), &json!(0.02)));
}

#[tokio::test]
async fn answers_are_what_the_published_types_say() {
    let (_world, daemon) = world_and_daemon().await;
    let info = daemon.ok("stock.info", json!({ "stock_code": "005930" })).await;
    let info: StockInfo = serde_json::from_value(info).unwrap();
    let found = daemon.ok("stock.search", json!({ "query": "005930" })).await;
    let found: StockSearchResult = serde_json::from_value(found).unwrap();
    assert_eq!(found.stocks, [info.entry()]);
}

#[tokio::test]
async fn a_reload_changes_how_old_the_files_may_be() {
    let (world, daemon) = world_and_daemon().await;
    first(&daemon, "삼성전자").await;
    let config = world.config("kisd", "\n[stocks]\nmaster_max_age = \"1m\"\n");
    daemon.reloads.send(config).await.unwrap();
    eventually(|| async {
        world.clock.advance(Duration::from_secs(5));
        first(&daemon, "삼성전자").await;
        downloads(&world).len() >= 2 * FILES
    })
    .await;
    assert!(world.elapsed() < DAY / 2, "by the old age they were fresh");
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_told() {
    let (world, daemon) = world_and_daemon().await;
    let long = "x".repeat(301);
    for (method, params, words) in [
        ("stock.search", json!({ "query": "" }), "query must have from 1"),
        ("stock.search", json!({ "query": long }), "query must have from 1 to 300"),
        ("stock.search", json!({ "query": "삼성", "limit": 1_000_000 }), "limit must be from 1 to 100"),
        ("stock.search", json!({ "query": "삼성", "limit": 0 }), "limit must be from 1 to 100"),
        ("stock.search", json!({ "query": "삼성", "market": "LSE" }), "market must be one of KRX, NXT, UN, NASDAQ"),
        ("stock.search", json!({ "query": 5930 }), "invalid type"),
        ("stock.search", json!({}), "query"),
        ("stock.search", json!({ "query": "삼성", "timeout_ms": 1 }), "timeout_ms must be from"),
        ("stock.info", json!({}), "either stock_code or stock"),
        ("stock.info", json!({ "stock_code": "005930", "stock": "삼성전자" }), "either stock_code or stock"),
        ("stock.info", json!({ "stock_code": " " }), "from 1 to 300"),
        ("stock.info", json!({ "stock_code": "005930", "account": "default" }), "account"),
    ] {
        let error = daemon.error(method, params.clone()).await;
        assert_eq!(error["code"], -32602, "{params}: {error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{words} is missing: {error}");
    }
    assert_eq!(downloads(&world), [], "what is wrong is told before anything is looked for");
    for (params, what, suggestion) in [
        (json!({ "stock_code": "005931" }), "stock", "KRX 005930 (삼성전자)"),
        (json!({ "stock": "삼성전쟈" }), "stock", "KRX 005930 (삼성전자)"),
        (json!({ "stock_code": "AAPL", "market": "NYSE" }), "stock", "NASDAQ AAPL (애플)"),
        (json!({ "stock_code": "005930", "market": "TSE" }), "stock", "KRX 005930 (삼성전자)"),
        (json!({ "stock": "비야디" }), "market", "HKEX 01211 (비야디)"),
    ] {
        let error = daemon.error("stock.info", params.clone()).await;
        assert_eq!((&error["code"], &error["data"]["kind"]), (&json!(-32063), &json!("not_found")), "{error}");
        assert_eq!((&error["data"]["what"], &error["data"]["retryable"]), (&json!(what), &json!(false)), "{error}");
        let suggestions = error["data"]["suggestions"].as_array().unwrap();
        assert!(suggestions.contains(&json!(suggestion)), "{params}: {error}");
    }
}

#[tokio::test]
async fn files_are_kept_over_a_restart_and_looked_at_on_the_next_business_day() {
    let (world, daemon) = world_and_daemon().await;
    first(&daemon, "삼성전자").await;
    assert_eq!(downloads(&world).len(), FILES);
    daemon.stop().await;
    let daemon = world.daemon("kisd").await;
    assert_eq!(first(&daemon, "삼성전자").await["stock_code"], "005930");
    assert_eq!(downloads(&world).len(), FILES, "they are fresh");
    look_again(&world, &daemon, 2 * FILES).await;
    assert!(downloads(&world)[FILES..].iter().all(|(_, status)| *status == 304), "nothing has changed");
}

#[tokio::test]
async fn new_stocks_are_there_once_a_file_has_changed() {
    let (world, daemon) = world_and_daemon().await;
    assert_eq!(daemon.ok("stock.search", json!({ "query": "새싹전자" })).await["stocks"], json!([]));
    let mut issues = listing::all().to_vec();
    issues.push(Listed { code: "0999Z0", korean: "새싹전자", ..issues[0].clone() });
    let zip = zipped("kospi_code.mst", &text("kospi_code.mst", &issues).unwrap());
    world.simulator.set_master("kospi_code.mst.zip", zip);
    look_again(&world, &daemon, 2 * FILES).await;
    eventually(|| async { first(&daemon, "새싹전자").await["stock_code"] == "0999Z0" }).await;
    assert_eq!(first(&daemon, "삼성전자").await["stock_code"], "005930");
}

#[tokio::test]
async fn while_the_host_is_away_the_last_good_files_serve() {
    let (world, daemon) = world_and_daemon().await;
    first(&daemon, "삼성전자").await;
    daemon.stop().await;
    always(&world, ".zip", Fault::Reset);
    world.clock.advance(4 * DAY);
    let daemon = world.daemon("kisd").await;
    assert_eq!(first(&daemon, "삼성전자").await["stock_code"], "005930");
    eventually(|| async { downloads(&world).len() >= 2 * FILES }).await;
    assert_eq!(first(&daemon, "애플").await["stock_code"], "AAPL");
    // And it does not try again and again.
    for _ in 0..20 {
        first(&daemon, "애플").await;
    }
    assert_eq!(downloads(&world).len(), 2 * FILES);
}

#[tokio::test]
async fn without_any_file_the_error_says_why_and_when_to_try_again() {
    let (world, daemon) = world_and_daemon().await;
    always(&world, ".zip", Fault::Reset);
    let error = daemon.error("stock.search", json!({ "query": "삼성전자" })).await;
    assert_eq!((&error["code"], &error["data"]["kind"]), (&json!(-32053), &json!("upstream_unreachable")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("kospi_code.mst.zip"), "{error}");
    let wait = error["data"]["retry_after_ms"].as_u64().unwrap();
    assert!(error["data"]["retryable"] == true && (1..=60_000).contains(&wait), "{error}");
    let asked = downloads(&world).len();
    assert_eq!(daemon.error("stock.info", json!({ "stock_code": "005930" })).await["code"], -32053);
    assert_eq!(downloads(&world).len(), asked, "not before that time");
    daemon.balance().await;
}

#[tokio::test]
async fn a_file_that_is_no_master_file_is_refused_whole_and_the_last_good_one_stays() {
    let (world, daemon) = world_and_daemon().await;
    first(&daemon, "삼성전자").await;
    let directory = kept(&world.config("kisd", ""));
    let good = fs::read(directory.join("kospi_code.mst.zip")).unwrap();
    let plain = text("kospi_code.mst", listing::all()).unwrap();
    let few: Vec<Listed> =
        listing::all().iter().filter(|listed| listed.market == Market::Kospi).take(3).cloned().collect();
    let utf8 = "005930   KR7005930003삼성전자".to_owned() + &" ".repeat(300) + "\n";
    let zip = |content: &[u8]| zipped("kospi_code.mst", content);
    let mut asked = FILES;
    for (what, bad) in [
        ("torn zip", good[..good.len() / 2].to_vec()),
        ("torn text", zip(&plain[..plain.len() - 100])),
        ("UTF-8", zip(utf8.as_bytes())),
        ("a page", b"<html><body>Service unavailable</body></html>".to_vec()),
        ("nothing", Vec::new()),
        ("100 MB zipped", zip(&vec![b'0'; 100 << 20])),
        ("100 MB", vec![b'0'; 100 << 20]),
        ("another market", zip(&text("kosdaq_code.mst", listing::all()).unwrap())),
        ("three stocks", zip(&text("kospi_code.mst", &few).unwrap())),
    ] {
        world.simulator.set_master("kospi_code.mst.zip", bad);
        asked += FILES;
        look_again(&world, &daemon, asked).await;
        assert_eq!(first(&daemon, "삼성전자").await["stock_code"], "005930", "{what}");
        assert_eq!(fs::read(directory.join("kospi_code.mst.zip")).unwrap(), good, "{what}");
        asked = downloads(&world).len();
    }
    daemon.stop().await;
    let daemon = world.daemon("kisd").await;
    assert_eq!(first(&daemon, "삼성전자").await["stock_code"], "005930");
}

#[tokio::test]
async fn a_market_whose_file_never_came_is_named_and_a_torn_file_on_disk_is_fetched_again() {
    let (world, daemon) = world_and_daemon().await;
    world.simulator.set_master("nysmst.cod.zip", b"<html>".to_vec());
    let found = daemon.ok("stock.search", json!({ "query": "JPM" })).await;
    assert_eq!(
        (&found["stocks"], &found["missing_markets"], &found["as_of"]),
        (&json!([]), &json!(["NYSE"]), &Value::Null)
    );
    let error = daemon.error("stock.info", json!({ "stock_code": "JPM" })).await;
    assert_eq!(error["code"], -32053);
    assert!(error["message"].as_str().unwrap().contains("nysmst.cod.zip"), "{error}");
    assert_eq!(daemon.ok("stock.info", json!({ "stock_code": "005930" })).await["name"], "삼성전자");
    daemon.stop().await;
    let file = kept(&world.config("kisd", "")).join("nasmst.cod.zip");
    let good = fs::read(&file).unwrap();
    fs::write(&file, &good[..good.len() / 2]).unwrap();
    let daemon = world.daemon("kisd").await;
    first(&daemon, "삼성전자").await;
    eventually(|| async { first(&daemon, "애플").await["stock_code"] == "AAPL" }).await;
    assert_eq!(fs::read(&file).unwrap(), good);
}

#[tokio::test]
async fn a_host_that_never_ends_holds_up_nobody_else() {
    let (world, daemon) = world_and_daemon().await;
    let gate = world.simulator.hold_next("kospi_code.mst.zip");
    let waiting = tokio::spawn({
        let mut client = daemon.client().await;
        async move {
            client.send(r#"{"jsonrpc":"2.0","id":1,"method":"stock.search","params":{"query":"005930"}}"#).await;
            client.receive().await.unwrap()
        }
    });
    gate.arrived().await;
    daemon.balance().await;
    // All others are there before time passes.
    eventually(|| async { downloads(&world).len() >= FILES - 1 }).await;
    daemon.balance().await;
    // Each file has its own time; the caller's is longer.
    world.clock.advance(Duration::from_secs(26));
    let answer = waiting.await.unwrap();
    assert_eq!(answer["result"]["missing_markets"], json!(["KRX"]), "{answer}");
    gate.open();
}

#[tokio::test]
async fn files_of_another_host_are_not_used() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    first(&daemon, "삼성전자").await;
    daemon.stop().await;
    let other = format!("{}/common/master/", world.simulator.base_url());
    let config = world.config("kisd", &format!("\n[stocks]\nmaster_url = \"{other}\"\n"));
    let daemon = world.daemon_with(config).await;
    first(&daemon, "삼성전자").await;
    assert_eq!(downloads(&world).len(), 2 * FILES);
}
