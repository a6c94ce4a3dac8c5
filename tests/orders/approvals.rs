//! Orders that wait for a person.

use std::time::Duration;

use kisd::simulator::{Mode, Options};
use serde_json::json;

use super::{Trading, buy, with};

const ABOVE: &str = "max_order_amount = 10_000_000\nmax_daily_amount = 50_000_000\napprove = \"above 100000\"\napprove_within = \"1m\"\n";

#[tokio::test]
async fn a_large_order_waits_for_a_person_and_is_checked_again_before_it_goes_out() {
    let trading = Trading::with(Options::demo(Mode::Real), ABOVE).await;
    let small = trading.ok("order.place", buy("small")).await;
    assert_eq!(small["state"], "accepted");
    let large = trading.ok("order.place", with(buy("large"), json!({ "quantity": 2 }))).await;
    assert_eq!((&large["state"], &large["approval"]["needed"]), (&json!("awaiting_approval"), &json!(true)));
    assert_eq!(trading.received(), 1);
    let approved = trading.ok("order.approve", json!({ "order_id": large["order_id"] })).await;
    assert_eq!((&approved["state"], trading.received()), (&json!("accepted"), 2));
    assert_eq!(approved["approval"]["by"], rustix::process::geteuid().as_raw());
    let error = trading.error("order.approve", json!({ "order_id": large["order_id"] })).await;
    assert_eq!((&error["code"], trading.received()), (&json!(-32059), 2));
}

#[tokio::test]
async fn an_order_that_nobody_approves_or_somebody_denies_is_not_sent() {
    let trading = Trading::with(Options::demo(Mode::Real), ABOVE).await;
    let denied = trading.ok("order.place", with(buy("one"), json!({ "quantity": 2 }))).await;
    let denied = trading.ok("order.deny", json!({ "order_id": denied["order_id"] })).await;
    assert_eq!((&denied["state"], &denied["reason"]["code"]), (&json!("refused"), &json!("denied")));
    let waiting = trading.ok("order.place", with(buy("two"), json!({ "quantity": 2 }))).await;
    let taken_back = trading.ok("order.place", with(buy("three"), json!({ "quantity": 2 }))).await;
    let params = json!({ "order_id": taken_back["order_id"], "client_order_id": "cancel" });
    assert_eq!(trading.ok("order.cancel", params).await["state"], "refused");
    trading.world.clock.advance(Duration::from_secs(30));
    let order = trading.until(&waiting["order_id"], |order| order["state"] == "refused").await;
    assert_eq!(order["reason"]["code"], "approval_expired");
    assert_eq!(trading.received(), 0);
}

#[tokio::test]
async fn what_has_changed_while_an_order_waited_stops_it_at_its_approval() {
    let trading = Trading::with(Options::demo(Mode::Real), ABOVE).await;
    let waiting = trading.ok("order.place", with(buy("one"), json!({ "quantity": 2 }))).await;
    trading.ok("order.halt", json!({})).await;
    let error = trading.error("order.approve", json!({ "order_id": waiting["order_id"] })).await;
    let failed = error["data"]["checks"].as_array().unwrap().iter().find(|check| check["outcome"] == "failed").unwrap();
    assert_eq!((&error["code"], &failed["check"], trading.received()), (&json!(-32059), &json!("halt"), 0));
    trading.ok("order.resume", json!({})).await;
    let approved = trading.ok("order.approve", json!({ "order_id": waiting["order_id"] })).await;
    assert_eq!((&approved["state"], trading.received()), (&json!("accepted"), 1));
}
