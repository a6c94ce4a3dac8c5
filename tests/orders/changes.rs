//! Cancellations and amendments, by our id alone.

use std::time::Duration;

use kisd::simulator::{Fault, Scripted, Target};
use serde_json::{Value, json};

use super::{Trading, buy, with};

async fn placed(trading: &Trading, quantity: u64) -> Value {
    trading.ok("order.place", with(buy("one"), json!({ "quantity": quantity }))).await
}

#[tokio::test]
async fn a_cancellation_ends_what_was_not_filled_though_no_flag_says_so() {
    let trading = Trading::new().await;
    let order = placed(&trading, 10).await;
    trading.world.simulator.orders().fill(order["kis"]["order_no"].as_str().unwrap(), 3);
    let params = json!({ "order_id": order["order_id"], "client_order_id": "cancel" });
    let told = trading.ok("order.cancel", params.clone()).await;
    assert_eq!(told["cancelling"], true);
    let order = trading.until(&order["order_id"], |order| order["state"] == "cancelled").await;
    assert_eq!((&order["filled_quantity"], &order["remaining_quantity"]), (&json!(3), &json!(0)));
    // The same again sends nothing.
    trading.ok("order.cancel", params).await;
    let cancellations = trading.world.simulator.orders().received_with(&[("RVSE_CNCL_DVSN_CD", "02")]);
    assert_eq!(cancellations, 1);
}

#[tokio::test]
async fn a_cancellation_that_crosses_a_fill_ends_in_the_truth() {
    let trading = Trading::new().await;
    let order = placed(&trading, 10).await;
    trading.world.simulator.orders().confirms_after(Some(Duration::from_secs(7)));
    trading.world.simulator.orders().cross_next_cancel(4);
    trading.ok("order.cancel", json!({ "order_id": order["order_id"], "client_order_id": "cancel" })).await;
    let order = trading.until(&order["order_id"], |order| order["state"] == "cancelled").await;
    assert_eq!(order["filled_quantity"], 4);
}

#[tokio::test]
async fn a_part_is_cancelled_and_the_rest_lives() {
    let trading = Trading::new().await;
    let order = placed(&trading, 10).await;
    let params = json!({ "order_id": order["order_id"], "client_order_id": "cancel", "quantity": 4 });
    trading.ok("order.cancel", params).await;
    let reduced = trading.until(&order["order_id"], |order| order["remaining_quantity"] == 6).await;
    assert_eq!((&reduced["state"], &reduced["cancelling"]), (&json!("accepted"), &json!(false)));
    trading.world.simulator.orders().fill(order["kis"]["order_no"].as_str().unwrap(), 6);
    let order = trading.until(&order["order_id"], |order| order["remaining_quantity"] == 0).await;
    assert_eq!((&order["state"], &order["filled_quantity"]), (&json!("cancelled"), &json!(6)));
}

#[tokio::test]
async fn an_amendment_gives_one_order_another_price_and_its_fills_add_up() {
    let trading = Trading::new().await;
    let order = placed(&trading, 10).await;
    let first = order["kis"]["order_no"].as_str().unwrap().to_owned();
    trading.world.simulator.orders().fill_at(&first, 4, 75_000);
    trading.until(&order["order_id"], |order| order["filled_quantity"] == 4).await;
    let params = json!({ "order_id": order["order_id"], "client_order_id": "amend", "price": 74_000 });
    let amended = trading.ok("order.amend", params.clone()).await;
    assert_eq!((&amended["price"], &amended["state"]), (&json!(74_000), &json!("partly_filled")), "{amended:#}");
    let second = amended["kis"]["order_no"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    trading.ok("order.amend", params).await;
    assert_eq!(trading.world.simulator.orders().received_with(&[("RVSE_CNCL_DVSN_CD", "01")]), 1);
    trading.world.simulator.orders().fill_at(&second, 6, 74_000);
    let order = trading.until(&order["order_id"], |order| order["state"] == "filled").await;
    assert_eq!((&order["amount"], &order["average_price"]), (&json!(744_000), &json!(74_400)));
}

#[tokio::test]
async fn a_lost_amendment_is_found_in_the_list() {
    let trading = Trading::new().await;
    let order = placed(&trading, 10).await;
    trading.world.simulator.script(Scripted {
        target: Target::PathEnding("order-rvsecncl".into()),
        fault: Fault::Reset,
        times: 1,
        after_effect: true,
    });
    let error = trading
        .error("order.amend", json!({ "order_id": order["order_id"], "client_order_id": "amend", "price": 74_000 }))
        .await;
    assert_eq!(error["code"], -32060);
    let found = trading.until(&order["order_id"], |order| order["price"] == 74_000).await;
    assert_ne!(found["kis"]["order_no"], order["kis"]["order_no"]);
    assert_eq!(trading.world.simulator.orders().received_with(&[("RVSE_CNCL_DVSN_CD", "01")]), 1);
}

#[tokio::test]
async fn a_halt_refuses_new_orders_over_a_restart_and_cancels_what_is_open() {
    let trading = Trading::new().await;
    let order = placed(&trading, 10).await;
    let halted = trading.ok("order.halt", json!({ "cancel_open": true, "why": "dinner" })).await;
    assert_eq!(halted["accounts"][0]["cancelled"], json!([order["order_id"]]), "{halted:#}");
    trading.until(&order["order_id"], |order| order["state"] == "cancelled").await;
    let trading = trading.again(super::LIMITS).await;
    let error = trading.error("order.place", buy("two")).await;
    assert_eq!(error["code"], -32059);
    assert!(error["message"].as_str().unwrap().contains("dinner"), "{error}");
    trading.ok("order.resume", json!({})).await;
    trading.ok("order.place", buy("three")).await;
}

#[tokio::test]
async fn an_order_that_is_over_is_not_changed() {
    let trading = Trading::new().await;
    let order = placed(&trading, 1).await;
    trading.world.simulator.orders().fill(order["kis"]["order_no"].as_str().unwrap(), 1);
    trading.until(&order["order_id"], |order| order["state"] == "filled").await;
    let error =
        trading.error("order.cancel", json!({ "order_id": order["order_id"], "client_order_id": "cancel" })).await;
    assert_eq!(error["code"], -32059);
    let none = trading.error("order.cancel", json!({ "order_id": "o-none", "client_order_id": "other" })).await;
    assert_eq!((&none["code"], &none["data"]["what"]), (&json!(-32063), &json!("order")));
}
