//! Exact, whole, shared, and never older than asked for.

use std::time::Duration;

use futures_util::future::join_all;
use kisd::simulator::{Mode, Options, Portfolio, Position};
use serde_json::{Value, json};

use crate::{fresh, support::World};

#[tokio::test]
async fn the_demo_account_is_the_example_of_the_contract() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let daemon = world.daemon("kisd").await;
    let balance = world.while_time_passes(daemon.balance()).await;
    let figures = [
        ("total_evaluation", 10_000_000),
        ("deposit", 5_000_000),
        ("total_profit_loss", 250_000),
        ("purchase_amount", 4_750_000),
        ("evaluation_amount", 5_000_000),
        ("deposit_d1", 5_000_000),
        ("deposit_d2", 5_000_000),
        ("net_assets", 10_000_000),
    ];
    for (field, expected) in figures {
        assert_eq!(balance[field], expected, "{field}");
    }
    let won = |field: &str| balance[field].as_i64().unwrap();
    assert_eq!(won("total_evaluation"), won("evaluation_amount") + won("deposit_d2"), "securities and cash");
    assert_eq!(balance["profit_loss_rate"].to_string(), "5.26");
    assert_eq!((balance["mode"].as_str(), balance["account"].as_str()), (Some("paper"), Some("12****78-01")));
    let samsung = json!({
        "stock_code": "005930", "stock_name": "삼성전자", "quantity": 10, "avg_price": 70000, "current_price": 75000,
        "evaluation_amount": 750_000, "profit_loss": 50_000, "profit_loss_rate": 7.14, "available_quantity": 10,
        "purchase_amount": 700_000, "position": "현금", "loan_date": null, "loan_amount": 0,
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
async fn an_answer_ages_while_the_machine_is_suspended() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let before = daemon.balance().await;
    world.clock.advance(Duration::from_secs(1));
    world.clock.suspend(Duration::from_secs(8 * 3600));
    let after = daemon.ok("account.balance", json!({ "max_age_ms": 2000 })).await;
    assert_ne!(before["as_of"], after["as_of"]);
}
