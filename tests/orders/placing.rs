//! An order from the wish to the fill.

use kisd::simulator::{Mode, Options};
use serde_json::json;

use super::{LIMITS, Trading, buy, with};

#[tokio::test]
async fn an_order_is_taken_and_its_fills_are_followed() {
    let trading = Trading::new().await;
    let order = trading.ok("order.place", with(buy("one"), json!({ "quantity": 10 }))).await;
    assert_eq!((&order["state"], &order["remaining_quantity"]), (&json!("accepted"), &json!(10)), "{order:#}");
    assert_eq!(order["stock_name"], "삼성전자");
    let number = order["kis"]["order_no"].as_str().unwrap().to_owned();
    assert_eq!(trading.world.simulator.orders().fill_at(&number, 4, 74_900), 4);
    let order = trading.until(&order["order_id"], |order| order["state"] == "partly_filled").await;
    assert_eq!((&order["filled_quantity"], &order["remaining_quantity"]), (&json!(4), &json!(6)));
    assert_eq!((&order["average_price"], &order["amount"]), (&json!(74_900), &json!(299_600)));
    trading.world.simulator.orders().fill_at(&number, 6, 75_000);
    let order = trading.until(&order["order_id"], |order| order["state"] == "filled").await;
    assert_eq!((&order["average_price"], &order["amount"]), (&json!(74_960), &json!(749_600)));
    let steps: Vec<&str> =
        order["history"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(steps, ["awaiting_approval", "sending", "accepted", "partly_filled", "filled"]);
    assert_eq!(trading.received(), 1);
}

#[tokio::test]
async fn the_same_id_again_gives_the_same_order_and_other_contents_are_refused() {
    let trading = Trading::new().await;
    let first = trading.ok("order.place", buy("one")).await;
    let again = trading.ok("order.place", buy("one")).await;
    assert_eq!(first["order_id"], again["order_id"]);
    let error = trading.error("order.place", with(buy("one"), json!({ "quantity": 2 }))).await;
    assert_eq!(error["code"], -32602);
    assert!(error["message"].as_str().unwrap().contains("was used before"), "{error}");
    assert_eq!(trading.received(), 1);
    let other = trading.ok("order.place", buy("two")).await;
    assert_ne!(first["order_id"], other["order_id"]);
    assert_eq!(trading.received(), 2);
}

#[tokio::test]
async fn an_id_holds_over_a_restart_and_an_order_goes_on_being_followed() {
    let trading = Trading::new().await;
    let order = trading.ok("order.place", buy("one")).await;
    let trading = trading.again(LIMITS).await;
    let again = trading.ok("order.place", buy("one")).await;
    assert_eq!((&again["order_id"], trading.received()), (&order["order_id"], 1));
    trading.world.simulator.orders().fill(order["kis"]["order_no"].as_str().unwrap(), 1);
    trading.until(&order["order_id"], |order| order["state"] == "filled").await;
}

#[tokio::test]
async fn a_preview_tells_all_and_places_what_it_showed_once() {
    let trading = Trading::new().await;
    let preview = trading
        .ok("order.preview", json!({ "stock_code": "005930", "side": "buy", "quantity": 3, "price": 75_000 }))
        .await;
    assert_eq!((&preview["amount_krw"], &preview["needs_approval"]), (&json!(225_000), &json!(false)), "{preview:#}");
    assert_eq!(preview["expires_at"], "2026-01-23T15:30:00+09:00");
    let failed: Vec<_> =
        preview["checks"].as_array().unwrap().iter().filter(|check| check["outcome"] == "failed").collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(trading.received(), 0);
    let params = json!({ "preview_id": preview["preview_id"] });
    let order = trading.ok("order.place", params.clone()).await;
    let again = trading.ok("order.place", params).await;
    assert_eq!((&order["order_id"], &order["quantity"], trading.received()), (&again["order_id"], &json!(3), 1));
    assert_eq!(order["client_order_id"], preview["preview_id"]);
}

#[tokio::test]
async fn what_kis_refuses_is_told_in_its_words() {
    let trading = Trading::with(Options::demo(Mode::Real), LIMITS).await;
    trading.world.simulator.script(kisd::simulator::Scripted {
        target: kisd::simulator::Target::PathEnding("order-cash".into()),
        fault: kisd::simulator::Fault::Code("APBK0918".into()),
        times: 1,
        after_effect: false,
    });
    let error = trading.error("order.place", buy("one")).await;
    assert_eq!((&error["code"], &error["data"]["order"]["state"]), (&json!(-32054), &json!("rejected")), "{error:#}");
    assert_eq!(error["data"]["order"]["reason"]["code"], "APBK0918");
    // The answer is the same for ever.
    let again = trading.error("order.place", buy("one")).await;
    assert_eq!(again["data"]["order"]["order_id"], error["data"]["order"]["order_id"]);
    assert_eq!(trading.received(), 1);
}

#[tokio::test]
async fn a_ledger_that_takes_nothing_refuses_new_orders_and_lets_cancellations_and_halts_out() {
    let trading = Trading::new().await;
    let order = trading.ok("order.place", buy("one")).await;
    let other = rusqlite::Connection::open(trading.world.path("state/orders.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = trading.error("order.place", buy("two")).await;
    assert_eq!((&error["code"], trading.received()), (&json!(-32059), 1), "{error}");
    assert!(error["message"].as_str().unwrap().starts_with("nothing was sent: "), "{error}");
    let cancel = json!({ "order_id": order["order_id"], "client_order_id": "cancel" });
    assert_eq!(trading.ok("order.cancel", cancel).await["cancelling"], true);
    assert_eq!(trading.world.simulator.orders().received_with(&[("RVSE_CNCL_DVSN_CD", "02")]), 1);
    assert_eq!(trading.ok("order.halt", json!({})).await["accounts"][0]["halted"], true);
    other.execute_batch("ROLLBACK").unwrap();
    // What could not be written down is, once it can.
    trading.until(&order["order_id"], |order| order["state"] == "cancelled").await;
    let trading = trading.again(LIMITS).await;
    let known = trading.ok("order.get", json!({ "order_id": order["order_id"] })).await;
    assert_eq!(known["state"], "cancelled");
}
