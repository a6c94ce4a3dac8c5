//! Answers that were lost: found in KIS's list, and never by sending again.

use std::time::Duration;

use kisd::simulator::{Fault, Lag, Mode, Options, Scripted, Side, Stranger, Target};
use serde_json::json;

use super::{LIMITS, Trading, buy, with};

fn order_fault(fault: Fault, after_effect: bool) -> Scripted {
    Scripted { target: Target::PathEnding("order-cash".into()), fault, times: 1, after_effect }
}

/// Ways in which the answer to an order gets lost.
fn faults() -> Vec<(&'static str, Fault)> {
    let answer = |status, body: &str| Fault::Answer { status, body: body.to_owned() };
    vec![
        ("a reset", Fault::Reset),
        ("a cut answer", Fault::Cut { after: 20 }),
        ("no code", answer(500, "{}")),
        ("a page of a gateway", answer(502, "<html>Bad Gateway</html>")),
        ("a page that claims success", answer(200, "<html>OK</html>")),
        ("EGW00215", Fault::Code("EGW00215".into())),
        ("EGW00301", Fault::Code("EGW00301".into())),
        ("EGW00302", Fault::Code("EGW00302".into())),
        ("nothing in it", answer(200, r#"{"rt_cd":"0","msg_cd":"APBK0013","msg1":"ok"}"#)),
        (
            "no number",
            answer(
                200,
                r#"{"rt_cd":"0","msg_cd":"APBK0013","msg1":"ok","output":{"KRX_FWDG_ORD_ORGNO":"03930","ODNO":"","ORD_TMD":"120000"}}"#,
            ),
        ),
    ]
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_in_the_list_and_sent_once() {
    let trading = Trading::new().await;
    for (index, (name, fault)) in faults().into_iter().enumerate() {
        trading.world.simulator.script(order_fault(fault, true));
        let id = format!("lost-{index}");
        let error = trading.error("order.place", with(buy(&id), json!({ "quantity": index + 1 }))).await;
        assert_eq!((&error["code"], &error["data"]["retryable"]), (&json!(-32060), &json!(false)), "{name}: {error:#}");
        let order = &error["data"]["order"];
        assert_eq!(order["state"], "unknown", "{name}");
        let found = trading.until(&order["order_id"], |order| order["state"] == "accepted").await;
        assert_eq!(found["matched_by"], "fields", "{name}");
        let truth = trading.world.simulator.orders().last().unwrap();
        assert!(kisd::order::is_same_number(found["kis"]["order_no"].as_str().unwrap(), &truth.number), "{name}");
        assert_eq!(trading.received(), index + 1, "{name}");
    }
}

#[tokio::test]
async fn an_order_that_never_arrived_is_not_sent_again_and_stays_unknown_on_a_real_account() {
    let trading = Trading::new().await;
    trading.world.simulator.script(order_fault(Fault::Reset, false));
    let error = trading.error("order.place", buy("one")).await;
    assert_eq!(error["code"], -32060);
    let order_id = error["data"]["order"]["order_id"].clone();
    trading.world.while_time_passes(tokio::time::sleep(Duration::from_secs(2))).await;
    let order = trading.ok("order.get", json!({ "order_id": order_id })).await;
    assert_eq!((&order["state"], trading.received()), (&json!("unknown"), 1));
    // The same call again sends nothing, and tells the same.
    assert_eq!(trading.error("order.place", buy("one")).await["code"], -32060);
    assert_eq!(trading.received(), 1);
    // Another order to buy the stock waits until it is known; a person settles it.
    let refused = trading.error("order.place", buy("two")).await;
    let failed =
        refused["data"]["checks"].as_array().unwrap().iter().find(|check| check["outcome"] == "failed").unwrap();
    assert_eq!((&refused["code"], &failed["check"]), (&json!(-32059), &json!("lost_order")), "{refused:#}");
    let settled = trading.ok("order.resolve", json!({ "order_id": order_id, "as": "absent" })).await;
    assert_eq!(settled["state"], "absent");
    trading.ok("order.place", buy("three")).await;
    assert_eq!(trading.received(), 2);
}

#[tokio::test]
async fn two_lost_orders_that_are_alike_stay_unknown_and_a_strangers_is_not_taken_for_ours() {
    let trading = Trading::new().await;
    let sell = |id: &str| json!({ "stock_code": "005930", "side": "sell", "quantity": 1, "price": 75_000, "client_order_id": id });
    for (id, after_effect) in [("one", true), ("two", false)] {
        trading.world.simulator.script(order_fault(Fault::Reset, after_effect));
        trading.error("order.place", sell(id)).await;
    }
    trading.world.simulator.orders().stranger(Stranger::limit(Side::Sell, "005930", 1, 75_000));
    trading.world.while_time_passes(tokio::time::sleep(Duration::from_millis(500))).await;
    let list = trading.ok("order.list", json!({ "open": true })).await;
    let states: Vec<_> = list["orders"].as_array().unwrap().iter().map(|order| order["state"].clone()).collect();
    assert_eq!(states, [json!("unknown"), json!("unknown")]);
}

#[tokio::test]
async fn an_order_of_another_program_in_the_same_second_is_not_taken_for_a_lost_one() {
    let trading = Trading::new().await;
    trading.world.simulator.script(order_fault(Fault::Reset, false));
    let error = trading.error("order.place", buy("one")).await;
    trading.world.simulator.orders().stranger(Stranger::limit(Side::Buy, "005930", 1, 75_000)).unwrap();
    trading.world.while_time_passes(tokio::time::sleep(Duration::from_millis(500))).await;
    let order = trading.ok("order.get", json!({ "order_id": error["data"]["order"]["order_id"] })).await;
    assert_eq!(order["state"], "unknown");
}

#[tokio::test]
async fn without_a_later_order_in_the_list_nothing_is_assumed_absent() {
    let trading = Trading::with(Options::demo(Mode::Paper), LIMITS).await;
    trading.world.simulator.script(order_fault(Fault::Reset, false));
    let error = trading.error("order.place", buy("one")).await;
    // Five minutes, in which the list is read often enough.
    trading.world.while_time_passes(tokio::time::sleep(Duration::from_secs(6))).await;
    let order = trading.ok("order.get", json!({ "order_id": error["data"]["order"]["order_id"] })).await;
    assert_eq!(order["state"], "unknown");
}

#[tokio::test]
async fn a_list_that_lags_finds_the_order_later() {
    let trading = Trading::new().await;
    trading.world.simulator.orders().list_lag(Lag::UpTo(Duration::from_secs(6)));
    trading.world.simulator.script(order_fault(Fault::Reset, true));
    let error = trading.error("order.place", buy("one")).await;
    let order = trading.until(&error["data"]["order"]["order_id"], |order| order["state"] != "unknown").await;
    assert_eq!((&order["state"], trading.received()), (&json!("accepted"), 1));
}

#[tokio::test]
async fn on_paper_an_order_that_good_lists_miss_beside_a_later_one_is_absent_after_a_minute() {
    let trading = Trading::with(Options::demo(Mode::Paper), LIMITS).await;
    trading.world.simulator.script(order_fault(Fault::Reset, false));
    let error = trading.error("order.place", buy("one")).await;
    let order_id = error["data"]["order"]["order_id"].clone();
    let other =
        json!({ "stock_code": "000660", "side": "buy", "quantity": 1, "price": 190_000, "client_order_id": "two" });
    trading.world.while_time_passes(tokio::time::sleep(Duration::from_millis(100))).await;
    trading.ok("order.place", other).await;
    let order = trading.until(&order_id, |order| order["state"] == "absent").await;
    assert_eq!(order["reason"]["code"], "assumed");
}

#[tokio::test]
async fn what_kis_says_it_has_not_passed_on_is_sent_once_more_and_no_more() {
    let trading = Trading::new().await;
    trading.world.simulator.script(order_fault(Fault::Code("EGW00201".into()), false));
    assert_eq!(trading.ok("order.place", buy("one")).await["state"], "accepted");
    let before = trading.received();
    trading.world.simulator.script(Scripted { times: 2, ..order_fault(Fault::Code("EGW00201".into()), false) });
    let error = trading.error("order.place", buy("three")).await;
    assert_eq!((&error["code"], &error["data"]["order"]["state"]), (&json!(-32059), &json!("refused")), "{error:#}");
    assert_eq!(trading.received() - before, 2);
}

#[tokio::test]
async fn an_order_for_which_there_is_no_token_is_refused_and_may_be_placed_anew() {
    let trading = Trading::new().await;
    // The next token takes a minute, and no order waits so long.
    trading.world.simulator.script(order_fault(Fault::Code("EGW00123".into()), false));
    let error = trading.error("order.place", buy("one")).await;
    assert_eq!(
        (&error["code"], &error["data"]["order"]["reason"]["code"]),
        (&json!(-32059), &json!("token")),
        "{error:#}"
    );
    trading.daemon.token_until(|token| token["state"] != "valid").await;
    let valid = trading.daemon.token_until(|token| token["state"] == "valid");
    trading.world.while_time_passes(valid).await;
    assert_eq!(trading.ok("order.place", buy("two")).await["state"], "accepted");
    assert_eq!(trading.received(), 2);
}
