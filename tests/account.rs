//! `account.balance`: exact, whole, shared, never older than asked for; and what becomes of KIS's faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use kisd::{
    clock::SystemClock,
    kis::{self, Credentials, Environment, KisClient, auth, balance},
    secret::{AppKey, AppSecret},
    simulator::{Fault, Mode, Options, Portfolio, Position},
};
use serde_json::{Value, json};
use support::World;

fn fresh() -> Value {
    json!({ "max_age_ms": 0 })
}

#[tokio::test]
async fn the_demo_account_is_the_example_of_the_contract() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let daemon = world.daemon("kisd").await;
    let balance = world.while_time_passes(daemon.balance()).await;
    let figures = [
        ("total_evaluation", 10_000_000),
        ("deposit", 5_000_000),
        ("total_profit_loss", 500_000),
        ("purchase_amount", 9_500_000),
        ("evaluation_amount", 10_000_000),
        ("deposit_d1", 0),
        ("deposit_d2", 0),
        ("net_assets", 10_000_000),
    ];
    for (field, expected) in figures {
        assert_eq!(balance[field], expected, "{field}");
    }
    assert_eq!(balance["profit_loss_rate"].to_string(), "5.26");
    assert_eq!((balance["mode"].as_str(), balance["account"].as_str()), (Some("paper"), Some("12****78-01")));
    let samsung = json!({
        "stock_code": "005930", "stock_name": "삼성전자", "quantity": 10, "avg_price": 70000, "current_price": 75000,
        "evaluation_amount": 750_000, "profit_loss": 50_000, "profit_loss_rate": 7.14, "available_quantity": 10,
        "purchase_amount": 700_000, "position": "현금",
    });
    assert_eq!(balance["holdings"][0], samsung);
    assert!(balance["holdings"].as_array().unwrap().iter().all(|holding| holding["quantity"] != 0));
}

#[tokio::test]
async fn a_hundred_and_twenty_five_holdings_come_in_three_pages() {
    let world = World::new().await;
    world.simulator.set_portfolio(Portfolio::of_size(125));
    let daemon = world.daemon("kisd").await;
    let balance = daemon.balance().await;
    let codes: Vec<&str> =
        balance["holdings"].as_array().unwrap().iter().map(|holding| holding["stock_code"].as_str().unwrap()).collect();
    let expected: Vec<String> = (100_000..100_125).map(|code| code.to_string()).collect();
    assert_eq!(codes, expected);
    let pages = world.simulator.calls_to("inquire-balance");
    assert_eq!(pages.iter().map(|call| call.tr_cont.as_str()).collect::<Vec<_>>(), ["", "N", "N"]);
}

#[tokio::test]
async fn an_empty_account_is_a_balance_without_holdings() {
    let world = World::new().await;
    world.simulator.set_portfolio(Portfolio::of_size(0));
    let balance = world.daemon("kisd").await.balance().await;
    assert_eq!((balance["holdings"].clone(), balance["deposit"].clone()), (json!([]), json!(1_000_000)));
    assert_eq!(balance["profit_loss_rate"].to_string(), "0.0", "nothing was bought");
}

#[tokio::test]
async fn cash_and_margin_positions_of_one_stock_both_stay() {
    let world = World::new().await;
    let mut portfolio = Portfolio::demo();
    let mut margin = Position::cash("005930", "삼성전자", 3, 68_000, 75_000);
    (margin.kind, margin.loan_date) = ("자기융자".to_owned(), "20260102".to_owned());
    margin.avg_price = "68213.5135".parse().unwrap();
    portfolio.positions.push(margin);
    world.simulator.set_portfolio(portfolio);
    let balance = world.daemon("kisd").await.balance().await;
    let both: Vec<&Value> =
        balance["holdings"].as_array().unwrap().iter().filter(|holding| holding["stock_code"] == "005930").collect();
    assert_eq!(both.iter().map(|row| row["position"].as_str().unwrap()).collect::<Vec<_>>(), ["현금", "자기융자"]);
    assert_eq!(both[1]["avg_price"].to_string(), "68213.5135");
}

#[tokio::test]
async fn identical_requests_in_flight_share_one_gathering() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let gate = world.simulator.hold_next("inquire-balance");
    let callers = join_all((0..50).map(|_| daemon.balance()));
    let release = async {
        gate.arrived().await;
        // Everybody has asked before KIS answers.
        daemon.status_until(|status| status["calls"]["coalesced"] == 49).await;
        gate.open();
    };
    let (balances, ()) = tokio::join!(callers, release);
    assert!(balances.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 1);
}

#[tokio::test]
async fn a_young_answer_comes_from_memory_and_an_old_one_does_not() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let first = daemon.balance().await;
    world.clock.advance(Duration::from_millis(900));
    assert_eq!(daemon.balance().await["as_of"], first["as_of"]);
    world.clock.advance(Duration::from_millis(200));
    let second = daemon.balance().await;
    assert_eq!(
        (&first["as_of"], &second["as_of"]),
        (&json!("2026-01-23T12:00:00+09:00"), &json!("2026-01-23T12:00:01.100+09:00"))
    );
    let older = json!({ "max_age_ms": 10_000 });
    world.clock.advance(Duration::from_secs(9));
    assert_eq!(daemon.ok("account.balance", older).await["as_of"], second["as_of"]);
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 2);
}

#[tokio::test]
async fn who_wants_a_fresh_answer_is_never_given_one_that_was_under_way() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let gate = world.simulator.hold_next("inquire-balance");
    let next_gate = world.simulator.hold_next("inquire-balance");
    let early = daemon.ok("account.balance", fresh());
    let late = async {
        gate.arrived().await;
        let mut clients = Vec::new();
        for _ in 0..10 {
            let mut client = daemon.client().await;
            client
                .send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\",\"params\":{\"max_age_ms\":0}}\n")
                .await;
            clients.push(client);
        }
        daemon.status_until(|status| status["calls"]["coalesced"] == 9).await;
        gate.open();
        clients
    };
    let (early, mut late) = tokio::join!(early, late);
    // Only now does the account change: whoever sees it was not served by the first gathering.
    world.simulator.set_portfolio(Portfolio { deposit: 1, ..Portfolio::demo() });
    next_gate.open();
    assert_eq!(early["deposit"], 5_000_000);
    for client in &mut late {
        assert_eq!(client.receive().await.unwrap()["result"]["deposit"], 1);
    }
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 2, "the late ones share the next gathering");
}

#[tokio::test]
async fn a_gathering_goes_on_when_its_caller_hangs_up() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let gate = world.simulator.hold_next("inquire-balance");
    let mut client = daemon.client().await;
    client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\"}\n").await;
    gate.arrived().await;
    drop(client);
    gate.open();
    let balance = daemon.ok("account.balance", json!({ "max_age_ms": 60_000 })).await;
    assert_eq!(balance["deposit"], 5_000_000);
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 1);
}

#[tokio::test]
async fn a_call_that_kis_counts_too_many_is_made_again_and_the_pace_is_slowed() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    for code in ["EGW00201", "EGW00215"] {
        let body = format!(r#"{{"rt_cd":"1","msg1":"초당 거래건수를 초과하였습니다.","msg_cd":"{code}"}}"#);
        world.simulator.fail_next("inquire-balance", Fault::Answer { status: 500, body });
    }
    world.while_time_passes(daemon.balance()).await;
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!(status["calls"]["rate_limited"], 2);
    let calls = world.simulator.calls_to("inquire-balance");
    assert!(calls[1].at - calls[0].at >= Duration::from_millis(250), "{calls:?}");
}

#[tokio::test]
async fn a_passing_fault_is_tried_three_times() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let faults =
        [Fault::Reset, Fault::Answer { status: 500, body: r#"{"rt_cd":"1","msg_cd":"","msg1":""}"#.to_owned() }];
    for fault in faults {
        world.simulator.fail_next("inquire-balance", fault);
    }
    world.while_time_passes(daemon.balance()).await;
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 3);
}

#[tokio::test]
async fn a_business_error_is_passed_on_with_what_kis_said_and_not_repeated() {
    let world = World::new().await;
    world.simulator.reconfigure(|options| options.cano = "87654321".to_owned());
    let daemon = world.daemon("kisd").await;
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!(error["code"], -32054);
    let expected = json!({
        "kind": "upstream_rejected", "retryable": false,
        "kis": { "msg_cd": "OPSQ2000", "msg1": "ERROR : INPUT INVALID_CHECK_ACNO", "http_status": 200, "tr_id": "TTTC8434R" },
    });
    assert_eq!(error["data"], expected);
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_parse_names_the_field_and_the_tr() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let body = r#"{"ctx_area_fk100":"","ctx_area_nk100":"","output1":[{"pdno":"005930","prdt_name":"삼성전자","trad_dvsn_name":"현금",
        "hldg_qty":"many"}],"output2":[],"rt_cd":"0","msg_cd":"KIOK0510","msg1":""}"#;
    world.simulator.fail_next("inquire-balance", Fault::Answer { status: 200, body: body.to_owned() });
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!((error["code"].as_i64(), error["data"]["kind"].as_str()), (Some(-32055), Some("upstream_malformed")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("output1[0].hldg_qty") && message.contains("TTTC8434R"), "{message}");
}

#[tokio::test]
async fn pages_that_lead_round_in_circles_end_in_an_error() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let body = r#"{"ctx_area_fk100":"a","ctx_area_nk100":"b","output1":[],"output2":[],"rt_cd":"0","msg_cd":"KIOK0510","msg1":""}"#;
    for _ in 0..2 {
        let headers = vec![("tr_cont".to_owned(), "M".to_owned())];
        world.simulator.fail_next("inquire-balance", Fault::Raw { status: 200, headers, body: body.to_owned() });
    }
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!(error["code"], -32055);
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new().await;
    let elsewhere = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let headers = vec![(
        "Location".to_owned(),
        format!("{}/uapi/domestic-stock/v1/trading/inquire-balance", elsewhere.simulator.base_url()),
    )];
    world.simulator.fail_next("inquire-balance", Fault::Raw { status: 302, headers, body: String::new() });
    let error = daemon.error("account.balance", fresh()).await;
    assert_eq!(error["code"], -32053);
    assert_eq!(elsewhere.simulator.calls(), []);
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_with_the_deadline() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let gates: Vec<_> = (0..3).map(|_| world.simulator.hold_next("inquire-balance")).collect();
    let error = world.while_time_passes(daemon.error("account.balance", json!({}))).await;
    assert_eq!((error["code"].as_i64(), error["data"]["retryable"].as_bool()), (Some(-32053), Some(true)));
    assert!(world.elapsed() <= Duration::from_secs(40), "{:?}", world.elapsed());
    drop(gates);
}

#[tokio::test]
async fn a_portfolio_too_large_for_the_quota_ends_with_the_deadline() {
    let world = World::with(Options { calls_per_second: 1, ..Options::demo(Mode::Paper) }).await;
    world.simulator.set_portfolio(Portfolio::of_size(200));
    let daemon = world.daemon_with(world.config("kisd", "call_timeout = \"4s\"\n")).await;
    let error = world.while_time_passes(daemon.error("account.balance", json!({}))).await;
    assert_eq!((error["code"].as_i64(), error["data"]["kind"].as_str()), (Some(-32052), Some("rate_limited")));
    assert!(error["data"]["retry_after_ms"].as_u64().unwrap() >= 1000);
}

#[tokio::test]
async fn callers_by_the_hundred_never_exceed_the_quota_in_any_sliding_second() {
    let options = Options { calls_per_second: 60, ..Options::demo(Mode::Real) };
    let world = World::in_real_time(options.clone()).await;
    let clock = SystemClock::shared();
    let settings = kis::Settings {
        environment: Environment::Real,
        base_url: world.simulator.base_url().parse().unwrap(),
        credentials: Credentials {
            app_key: AppKey::try_new(options.app_key.clone()).unwrap(),
            app_secret: AppSecret::try_new(options.app_secret.clone()).unwrap(),
        },
        calls_per_second: 60,
        request_timeout: Duration::from_secs(10),
    };
    let credentials = settings.credentials.clone();
    let client = Arc::new(KisClient::new(settings, clock.clone()).unwrap());
    let deadline = clock.monotonic() + Duration::from_secs(60);
    let token =
        Arc::new(auth::issue(&client, &credentials, deadline, std::future::ready(())).await.unwrap().access_token);
    let callers = (0..300).map(|_| {
        let (client, token, cano) = (client.clone(), token.clone(), options.cano.clone());
        async move {
            let page = balance::PageKey::default();
            let query = balance::query(&cano, "01", &page);
            client.read(&balance::call(&query, false), &token, deadline).await
        }
    });
    let answers = join_all(callers).await;
    assert!(answers.iter().all(Result::is_ok));
    let calls = world.simulator.calls();
    assert_eq!(calls.len(), 301, "none was refused and made again");
    let second = Duration::from_secs(1);
    let busiest = calls
        .iter()
        .map(|last| calls.iter().filter(|call| call.at <= last.at && call.at + second > last.at).count())
        .max();
    assert!(busiest <= Some(60), "{busiest:?}");
    let took = calls[300].at - calls[0].at;
    assert!(took < Duration::from_secs(7), "five full seconds would do: {took:?}");
}
