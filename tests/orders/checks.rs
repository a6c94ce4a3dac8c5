//! What is looked at before an order is sent.

use kisd::simulator::{Mode, Options};
use serde_json::{Value, json};

use super::{LIMITS, Trading, buy, with};

/// The check that says no.
fn failed(error: &Value) -> (&str, &str) {
    let check = error["data"]["checks"].as_array().unwrap().iter().find(|check| check["outcome"] == "failed").unwrap();
    (check["check"].as_str().unwrap(), check["message"].as_str().unwrap())
}

#[tokio::test]
async fn an_order_is_refused_before_kis_is_asked_and_the_reason_is_told() {
    let keys = format!("{LIMITS}price_collar = \"5%\"\ndeny_stocks = [\"000660\"]\n");
    let trading = Trading::with(Options::demo(Mode::Real), &keys).await;
    for (changes, check, words) in [
        (json!({ "price": 75_050 }), "tick", "75000 and 75100"),
        (json!({ "price": 99_000 }), "price_limit", "upper limit"),
        (json!({ "price": 70_000 }), "collar", "5%"),
        (json!({ "stock_code": "000660", "price": 190_000 }), "deny_stocks", "000660"),
        (json!({ "quantity": 200 }), "order_amount", "15000000"),
        (json!({ "quantity": 100 }), "buyable", "can be bought"),
        (json!({ "side": "sell", "quantity": 1_000_000 }), "sellable", "can be sold"),
        (
            json!({ "type": "conditional", "route": "sor", "price": 75_000, "time_in_force": "day" }),
            "order_type",
            "sor",
        ),
    ] {
        let order = with(buy(&format!("{check}-{words}").replace(' ', "-")), changes);
        let error = trading.error("order.place", order).await;
        assert_eq!(error["code"], -32059, "{check}: {error:#}");
        let (name, message) = failed(&error);
        assert_eq!(name, check, "{error:#}");
        assert!(message.contains(words), "{message}");
        assert_eq!(error["data"]["order"]["state"], "refused");
    }
    assert_eq!(trading.received(), 0);
}

#[tokio::test]
async fn what_no_market_would_take_is_no_order() {
    let trading = Trading::new().await;
    for (changes, words) in [
        (json!({ "quantity": 0 }), "quantity"),
        (json!({ "price": null }), "price is missing"),
        (json!({ "type": "market" }), "not for an order of this type"),
        (json!({ "price": 75_000.5 }), "digits after the point"),
        (json!({ "market": "UN" }), "nothing is traded there"),
        (json!({ "market": "NXT" }), "route"),
        (json!({ "type": "priority", "price": null, "time_in_force": "ioc" }), "time_in_force"),
        (json!({ "stock_code": "삼성전자" }), "stock_code"),
        (json!({ "client_order_id": "a b" }), "client_order_id"),
        (json!({ "client_order_id": null }), "client_order_id is missing"),
    ] {
        let error = trading.error("order.place", with(buy("one"), changes)).await;
        assert_eq!(error["code"], -32602, "{words}: {error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
    assert_eq!(trading.received(), 0);
    assert_eq!(trading.ok("order.list", json!({})).await["orders"], json!([]));
}

#[tokio::test]
async fn a_hundred_callers_at_once_do_not_pass_a_limit() {
    let keys = "max_order_amount = 1_000_000\nmax_daily_amount = 375_000\napprove = \"never\"\n";
    let trading = Trading::with(Options::demo(Mode::Real), keys).await;
    let calls = (0..100).map(|index| {
        let daemon = &trading.daemon;
        async move { daemon.call("order.place", buy(&format!("order-{index}"))).await }
    });
    let answers = trading.world.while_time_passes(futures_util::future::join_all(calls)).await;
    let taken = answers.iter().filter(|answer| answer["result"]["state"] == "accepted").count();
    let refused = answers.iter().filter(|answer| answer["error"]["code"] == -32059).count();
    assert_eq!((taken, refused, trading.received()), (5, 95, 5));
}

#[tokio::test]
async fn an_order_outside_the_session_is_refused_and_the_next_one_named() {
    let trading = Trading::new().await;
    trading.world.clock.advance(std::time::Duration::from_secs(9 * 3600));
    let error = trading.error("order.place", buy("one")).await;
    let (name, message) = failed(&error);
    assert_eq!(name, "session");
    assert!(message.contains("2026-01-26"), "{message}");
}

#[tokio::test]
async fn orders_are_off_unless_they_are_enabled() {
    let trading =
        Trading::with(Options::demo(Mode::Paper), "enabled_not = 0\n".replace("enabled_not = 0\n", "").as_str()).await;
    drop(trading);
    let world = super::support::World::new().await;
    let daemon = world.daemon("kisd").await;
    let error = world.while_time_passes(daemon.error("order.place", buy("one"))).await;
    let is_told = error["message"].as_str().unwrap().contains("not enabled") || error["code"] == -32056;
    assert!(is_told, "{error}");
    assert!(world.simulator.orders().received().is_empty());
}
