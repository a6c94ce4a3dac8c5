//! What goes wrong on the way, and what lists do not tell.

use std::time::Duration;

use kis_simulator::{Effect, Fault, Mode, Numbers, Scripted, Target};
use serde_json::json;

use super::world::{CASH, World, code, fields};

#[tokio::test]
async fn limits_and_tokens_count_for_orders_too() {
    let world = World::new(Mode::Real).await;
    world.simulator.reconfigure(|options| options.calls_per_second = 2);
    world.pass(1);
    for expected in ["APBK0013", "APBK0013", "EGW00201"] {
        assert_eq!(code(&world.order("buy", &[("ORD_QTY", "1")]).await), expected);
    }
    world.pass(1);
    world.simulator.revoke_token();
    let dead = world.order("buy", &[]).await;
    let effects: Vec<Effect> = world.orders().received().into_iter().map(|order| order.effect).collect();
    let refused = |code: &str| Effect::Refused(code.to_owned());
    assert_eq!(effects[2..], [refused("EGW00201"), refused(code(&dead))]);
    assert!(code(&dead).starts_with("EGW0012"), "{dead:?}");
}

#[tokio::test]
async fn what_was_received_is_counted_whatever_the_client_has_seen() {
    let world = World::new(Mode::Real).await;
    let script = |fault, after_effect| {
        let target = Target::PathEnding("order-cash".to_owned());
        world.simulator.script(Scripted { target, fault, times: 1, after_effect });
    };
    let order = json!({
        "CANO": world.options.cano, "ACNT_PRDT_CD": "01", "PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "1",
        "ORD_UNPR": "75000",
    });
    script(Fault::Reset, false);
    assert!(world.try_post(CASH, "TTTC0012U", &order).await.is_none());
    script(Fault::Reset, true);
    assert!(world.try_post(CASH, "TTTC0012U", &order).await.is_none());
    script(Fault::Code("EGW00215".to_owned()), true);
    assert_eq!(code(&world.post(CASH, "TTTC0012U", &order).await), "EGW00215");
    assert_eq!(world.orders().received_with(&[("PDNO", "005930"), ("ORD_QTY", "1"), ("tr_id", "TTTC0012U")]), 3);
    assert_eq!(world.orders().received_with(&[("ORD_QTY", "2")]), 0);
    let told: Vec<_> = world.orders().received().into_iter().map(|order| (order.effect, order.answered)).collect();
    let accepted = |number: &str| Effect::Accepted(number.to_owned());
    assert_eq!(told, [(Effect::None, Some(0)), (accepted("0000085100"), Some(0)), (accepted("0000085101"), Some(500))]);
    assert_eq!(world.rows().await.len(), 2);
}

#[tokio::test]
async fn lists_lag_behind_the_balance_if_they_are_told_to() {
    let world = World::new(Mode::Real).await;
    world.orders().list_delay(Duration::from_secs(5));
    let order = world.accepted("buy", &[("ORD_QTY", "1")]).await;
    world.orders().fill(&order, 1);
    assert_eq!((world.rows().await.len(), world.balance("005930").await.0["hldg_qty"].as_str()), (0, Some("11")));
    world.pass(5);
    assert_eq!(world.rows().await.len(), 1);
    assert!(world.orders().hide(&order));
    assert_eq!(world.rows().await.len(), 0);
    assert!(world.orders().show(&order));
    assert_eq!(world.rows().await.len(), 1);
}

#[tokio::test]
async fn lists_spell_numbers_as_they_are_told_to() {
    let world = World::new(Mode::Real).await;
    world.accepted("buy", &[("ORD_QTY", "1")]).await;
    for (numbers, expected) in [
        (Numbers::Bare, "85100"),
        (Numbers::SpacesBefore, "     85100"),
        (Numbers::SpacesAfter, "85100     "),
        (Numbers::Zeros, "0000085100"),
    ] {
        world.orders().numbers(numbers);
        assert_eq!(world.rows().await[0]["odno"], expected);
    }
}

/// Numbers of all pages of the list, and `tr_cont` of each.
async fn pages(world: &World, tr_id: &str) -> (Vec<u64>, Vec<String>) {
    let (mut found, mut key, mut conts) = (Vec::new(), String::new(), Vec::new());
    loop {
        let reply = world.get(tr_id, &[("CTX_AREA_NK100", &key)], !conts.is_empty()).await;
        let rows = reply.json["output1"].as_array().unwrap();
        found.extend(rows.iter().map(|row| row["odno"].as_str().unwrap().parse::<u64>().unwrap()));
        key = reply.json["ctx_area_nk100"].as_str().unwrap().trim().to_owned();
        let cont = reply.head.lines().find_map(|line| line.strip_prefix("tr_cont: ")).unwrap().to_owned();
        let more = ["F", "M"].contains(&cont.as_str());
        assert_eq!(more, !key.is_empty());
        conts.push(cont);
        if !more {
            return (found, conts);
        }
    }
}

#[tokio::test]
async fn pages_lose_no_order_and_repeat_one_only_if_they_are_told_to() {
    let world = World::new(Mode::Real).await;
    for _ in 0..5 {
        world.accepted("buy", &[("ORD_QTY", "1")]).await;
    }
    world.orders().page(Some(2));
    let whole = vec![85_104, 85_103, 85_102, 85_101, 85_100];
    let (found, conts) = pages(&world, "TTTC0081R").await;
    assert_eq!((found, conts.concat().as_str()), (whole, "FME"));
    world.orders().repeats_rows(true);
    let twice = vec![85_104, 85_103, 85_103, 85_102, 85_102, 85_101, 85_101, 85_100];
    assert_eq!(pages(&world, "TTTC0081R").await.0, twice);
    let paper = World::new(Mode::Paper).await;
    for _ in 0..17 {
        paper.accepted("buy", &[("ORD_QTY", "1")]).await;
    }
    let (found, conts) = pages(&paper, "VTTC0081R").await;
    assert_eq!((found.len(), conts.concat().as_str()), (17, "ME"), "pages of fifteen");
}

#[tokio::test]
async fn an_order_that_is_not_simulated_is_refused_in_words_of_its_own() {
    let world = World::new(Mode::Real).await;
    let body = json!({
        "CANO": world.options.cano, "ACNT_PRDT_CD": "01", "PDNO": "005930", "CRDT_TYPE": "21", "LOAN_DT": "20261126",
        "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "75000",
    });
    let reply = world.post("/uapi/domestic-stock/v1/trading/order-credit", "TTTC0052U", &body).await;
    assert_eq!((reply.status, reply.json["rt_cd"].as_str(), code(&reply)), (200, Some("1"), "SIMU0001"));
}

#[tokio::test]
async fn an_answer_may_be_that_to_another_order() {
    let world = World::new(Mode::Real).await;
    world.simulator.fail_next("order-cash", Fault::OtherOrder("0000012345".to_owned()));
    let reply = world.order("buy", &[]).await;
    assert_eq!((reply.json["output"]["ODNO"].as_str(), code(&reply)), (Some("0000012345"), "APBK0013"));
    assert_eq!(world.orders().received()[0].effect, Effect::Accepted("0000085100".to_owned()));
    assert!(world.orders().find("12345").is_none() && world.orders().find("85100").is_some());
}

#[tokio::test]
async fn orders_of_a_paper_account_may_have_to_be_further_apart() {
    let world = World::new(Mode::Paper).await;
    world.simulator.reconfigure(|options| options.order_interval = Duration::from_secs(2));
    for (pass, expected) in [(0, "40600000"), (1, "EGW00201"), (1, "40600000")] {
        world.pass(pass);
        assert_eq!(code(&world.order("buy", &[("ORD_QTY", "1")]).await), expected);
    }
    assert_eq!(world.rows().await.len(), 2, "reads are not meant");
}

#[tokio::test]
async fn orders_are_steered_over_http_as_well() {
    let world = World::new(Mode::Real).await;
    let order = world.accepted("buy", &[]).await;
    let done = async |what: &str, body| {
        let (status, json) = world.steer(&format!("POST /__sim/orders/{what}"), &body).await;
        assert_eq!(status, 200, "{what}: {json}");
        json
    };
    assert_eq!(done("fill", json!({ "order": order, "quantity": 4, "price": 74_900 })).await, json!({ "filled": 4 }));
    done("steer", json!({ "confirms_after_ms": null, "numbers": "bare", "cross_next_cancel": 1 })).await;
    let cancel = super::world::number(&world.change(&order, "02", &[]).await);
    assert_eq!(fields(&world.row("85101").await, ["sll_buy_dvsn_cd_name", "orgn_odno"]), ["매수취소", "85100"]);
    done("confirm", json!({ "order": cancel })).await;
    assert_eq!(fields(&world.row("85100").await, ["tot_ccld_qty", "rmn_qty"]), ["5", "0"]);
    done("hide", json!({ "order": order })).await;
    done("stranger", json!({ "side": "sell", "stock_code": "005930", "quantity": 1, "price": 76_000 })).await;
    assert_eq!(world.rows().await.len(), 2);
    done("steer", json!({ "list_never": true, "page": 2, "names_cancelled": true })).await;
    let other = world.accepted("buy", &[]).await;
    done("reject", json!({ "order": other })).await;
    assert_eq!(world.steer("POST /__sim/orders/expire", &json!({ "order": other })).await.0, 409);
    done("show", json!({ "order": other })).await;
    assert_eq!(world.row("85103").await["rjct_qty"], "10");
    assert_eq!(world.steer("POST /__sim/orders/fill", &json!({ "order": "99" })).await.0, 404);
    let both = json!({ "list_never": true, "list_delay_ms": 1 });
    assert_eq!(world.steer("POST /__sim/orders/steer", &both).await.0, 400);
    let (_, told) = world.steer("GET /__sim/orders", &json!(null)).await;
    let first = &told["received"][0];
    assert_eq!(
        fields(first, ["tr_id", "effect", "order", "time"]),
        ["TTTC0012U", "accepted", &order, "2026-11-26T12:00:00.000+09:00"]
    );
    assert_eq!((&first["fields"]["ORD_UNPR"], &first["answered"]), (&json!("75000"), &json!(200)));
    let rests: Vec<i64> =
        told["orders"].as_array().unwrap().iter().map(|order| order["rest"].as_i64().unwrap()).collect();
    assert_eq!((told["received"].as_array().unwrap().len(), rests), (3, vec![0, 0, 1, 0]));
}
