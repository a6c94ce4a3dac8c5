//! What can be bought and sold.

use kisd::simulator::{Mode, Options, Position};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{all, answer, assert_same, daemon_of, kis, number, real, support::World};

const BUYABLE: &str = "domestic-stock-trading-inquire-psbl-order";
const SELLABLE: &str = "domestic-stock-trading-inquire-psbl-sell";
const BUYABLE_ABROAD: &str = "overseas-stock-trading-inquire-psamount";
const HELD_ABROAD: &str = "overseas-stock-trading-inquire-balance";

/// What KIS is asked at home about an order of this type.
fn about(order_type: &str) -> Value {
    json!({ "PDNO": "005930", "ORD_UNPR": "", "ORD_DVSN": order_type, "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N" })
}

#[tokio::test]
async fn what_can_be_bought_at_the_market_is_what_kis_says() {
    let (_world, daemon) = real().await;
    let said = kis(&daemon, BUYABLE, about("01")).await["output"].clone();
    let buyable = daemon.ok("account.buyable", json!({ "stock_code": "005930" })).await;
    let pairs = [
        ("/without_margin/amount", "nrcvb_buy_amt"),
        ("/without_margin/quantity", "nrcvb_buy_qty"),
        ("/with_margin/amount", "max_buy_amt"),
        ("/with_margin/quantity", "max_buy_qty"),
        ("/calculation_price", "psbl_qty_calc_unpr"),
    ];
    assert_same(&buyable, &said, &pairs);
    assert_eq!((&buyable["type"], &buyable["quantity_from"]), (&json!("market"), &json!("kis")));
    assert_eq!((&buyable["price"], &buyable["with_exchange"]), (&Value::Null, &Value::Null));
    assert_eq!((&buyable["market"], &buyable["currency"]), (&json!("KRX"), &json!("KRW")));
    assert_eq!((&buyable["account"], &buyable["account_name"]), (&json!("12****78-01"), &json!("default")));
}

#[tokio::test]
async fn a_limit_order_is_never_asked_about_without_the_margin_rate_of_the_stock() {
    let (_world, daemon) = real().await;
    let careless = kis(&daemon, BUYABLE, about("00")).await["output"].clone();
    let said = kis(&daemon, BUYABLE, about("01")).await["output"].clone();
    assert_ne!(careless["nrcvb_buy_amt"], said["nrcvb_buy_amt"]);
    let buyable = daemon.ok("account.buyable", json!({ "stock": "삼성전자", "price": 70_000 })).await;
    assert_same(
        &buyable,
        &said,
        &[("/without_margin/amount", "nrcvb_buy_amt"), ("/with_margin/amount", "max_buy_amt")],
    );
    // KIS reckons with the upper limit, and the order is cheaper.
    let amount = number(&said["nrcvb_buy_amt"]).unwrap();
    let shares = (amount / Decimal::from(70_000)).trunc();
    assert!(number(&said["nrcvb_buy_qty"]).unwrap() < shares);
    assert_eq!(number(&buyable["without_margin"]["quantity"]), Some(shares));
    assert_eq!((&buyable["type"], &buyable["quantity_from"]), (&json!("limit"), &json!("amount")));
    assert_eq!((&buyable["price"], &buyable["calculation_price"]), (&json!(70_000), &json!(70_000)));
}

#[tokio::test]
async fn the_cash_that_could_be_ordered_for_is_neither_amount() {
    let (world, daemon) = real().await;
    let output = json!({ "ord_psbl_cash": "741191178", "psbl_qty_calc_unpr": "91900", "nrcvb_buy_amt": "107177377",
        "nrcvb_buy_qty": "1166", "max_buy_amt": "1482382356", "max_buy_qty": "16130" });
    for output in [output.clone(), json!([output])] {
        world.simulator.fail_next("inquire-psbl-order", answer(&json!({ "output": output })));
        let buyable = daemon.ok("account.buyable", json!({ "stock_code": "005930", "max_age_ms": 0 })).await;
        assert_eq!(buyable["without_margin"], json!({ "amount": 107_177_377, "quantity": 1166 }));
        assert_eq!(buyable["with_margin"], json!({ "amount": 1_482_382_356, "quantity": 16_130 }));
    }
    world.simulator.fail_next("inquire-psbl-order", answer(&json!({ "output": { "ord_psbl_cash": "741191178" } })));
    let error = daemon.error("account.buyable", json!({ "stock_code": "005930", "max_age_ms": 0 })).await;
    assert_eq!(error["code"], -32055, "{error}");
    assert!(error["message"].as_str().unwrap().contains("nrcvb_buy_amt"), "{error}");
}

#[tokio::test]
async fn own_currency_and_what_is_exchanged_are_told_apart_abroad() {
    let (_world, daemon) = real().await;
    let asked = json!({ "OVRS_EXCG_CD": "NASD", "OVRS_ORD_UNPR": "225.5", "ITEM_CD": "AAPL" });
    let said = kis(&daemon, BUYABLE_ABROAD, asked).await["output"].clone();
    let params = json!({ "stock_code": "AAPL", "market": "NASDAQ", "price": 225.5 });
    let buyable = daemon.ok("account.buyable", params).await;
    let pairs = [
        ("/without_margin/amount", "ovrs_ord_psbl_amt"),
        ("/without_margin/quantity", "max_ord_psbl_qty"),
        ("/with_exchange/amount", "frcr_ord_psbl_amt1"),
        ("/with_exchange/quantity", "ovrs_max_ord_psbl_qty"),
        ("/exchange_rate", "exrt"),
    ];
    assert_same(&buyable, &said, &pairs);
    assert_eq!((&buyable["with_margin"], &buyable["currency"]), (&Value::Null, &json!("USD")));
    assert_eq!((&buyable["lot"], &buyable["calculation_price"]), (&json!(1), &json!(225.5)));
}

#[tokio::test]
async fn a_quantity_abroad_is_in_whole_lots() {
    let (_world, daemon) = real().await;
    let asked = json!({ "OVRS_EXCG_CD": "TKSE", "OVRS_ORD_UNPR": "3000", "ITEM_CD": "7203" });
    let said = kis(&daemon, BUYABLE_ABROAD, asked).await["output"].clone();
    let buyable = daemon.ok("account.buyable", json!({ "stock_code": "7203", "market": "TSE", "price": 3000 })).await;
    assert_eq!((&said["ovrs_max_ord_psbl_qty"], &buyable["lot"]), (&json!("176"), &json!(100)));
    assert_eq!(buyable["with_exchange"]["quantity"], 100);
    // Of yen this account has none, which KIS says; its won are not asked for.
    assert_eq!(buyable["without_margin"], json!({ "amount": 0, "quantity": 0 }));
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_by_name_and_without_a_call() {
    let (world, daemon) = real().await;
    for (params, named) in [
        (json!({ "stock_code": "AAPL", "market": "NASDAQ" }), "AAPL needs one"),
        (json!({ "stock_code": "AAPL", "market": "NASDAQ", "type": "best", "price": 1 }), "the type limit"),
        (json!({ "stock_code": "005930", "type": "market", "price": 70_000 }), "has no price"),
        (json!({ "stock_code": "005930", "price": 0 }), "more than 0"),
        (json!({ "stock_code": "005930", "price": 70_000.5 }), "whole won"),
        (json!({ "stock_code": "005930", "market": "UN" }), "UN"),
        (json!({ "stock_code": "005930", "type": "swap" }), "stop_limit"),
        (json!({}), "stock_code or stock"),
    ] {
        let error = daemon.error("account.buyable", params.clone()).await;
        assert_eq!(error["code"], -32602, "{params}: {error}");
        assert!(error["message"].as_str().unwrap().contains(named), "{params}: {error}");
    }
    assert!(world.simulator.calls_to("inquire-psbl-order").is_empty());
    assert!(world.simulator.calls_to("inquire-psamount").is_empty());
}

#[tokio::test]
async fn what_can_be_sold_is_what_kis_says_and_margin_shares_are_not_among_it() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(|options| {
        let margin =
            Position { kind: "자기융자".to_owned(), ..Position::cash("005930", "삼성전자", 7, 60_000, 75_000) };
        options.portfolio.positions.push(margin);
    });
    let said = kis(&daemon, SELLABLE, json!({ "PDNO": "005930" })).await["output"].clone();
    let sellable = daemon.ok("account.sellable", json!({ "stock_code": "005930" })).await;
    let pairs = [
        ("/quantity", "ord_psbl_qty"),
        ("/held_quantity", "cblc_qty"),
        ("/avg_price", "pchs_avg_pric"),
        ("/current_price", "now_pric"),
    ];
    assert_same(&sellable, &said, &pairs);
    assert_eq!((&sellable["quantity"], &sellable["stock_name"]), (&json!(10), &json!("삼성전자")));
    assert_eq!(sellable["operation"], SELLABLE);
}

#[tokio::test]
async fn what_waits_in_orders_cannot_be_sold_although_it_is_held() {
    let (world, daemon) = real().await;
    let output = json!({ "pdno": "005930", "prdt_name": "삼성전자", "cblc_qty": "37", "ord_psbl_qty": "12",
        "pchs_avg_pric": "68213.5135", "pchs_amt": "0", "now_pric": "0" });
    world.simulator.fail_next("inquire-psbl-sell", answer(&json!({ "output": output })));
    let sellable = daemon.ok("account.sellable", json!({ "stock_code": "005930" })).await;
    assert_eq!((&sellable["quantity"], &sellable["held_quantity"]), (&json!(12), &json!(37)));
    assert_eq!((number(&sellable["avg_price"]), &sellable["current_price"]), ("68213.5135".parse().ok(), &Value::Null));
    for (output, named) in [
        (json!({ "pdno": "005930", "cblc_qty": "37", "ord_psbl_qty": "" }), "ord_psbl_qty"),
        (json!({ "pdno": "000660", "cblc_qty": "37", "ord_psbl_qty": "37" }), "pdno"),
    ] {
        world.simulator.fail_next("inquire-psbl-sell", answer(&json!({ "output": output })));
        let error = daemon.error("account.sellable", json!({ "stock_code": "005930", "max_age_ms": 0 })).await;
        assert_eq!(error["code"], -32055, "{error}");
        assert!(error["message"].as_str().unwrap().contains(named), "{error}");
    }
}

#[tokio::test]
async fn of_what_is_not_held_nothing_can_be_sold() {
    let (_world, daemon) = real().await;
    let sellable = daemon.ok("account.sellable", json!({ "stock_code": "035900" })).await;
    assert_eq!((&sellable["quantity"], &sellable["held_quantity"]), (&json!(0), &json!(0)));
    assert_eq!((&sellable["stock_name"], &sellable["avg_price"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn paper_trading_says_it_by_the_cash_rows_of_its_balance() {
    let world = World::with(Options { calls_per_second: 18, ..Options::demo(Mode::Paper) }).await;
    world.simulator.reconfigure(|options| {
        let margin =
            Position { kind: "자기융자".to_owned(), ..Position::cash("005930", "삼성전자", 7, 60_000, 75_000) };
        options.portfolio.positions.push(margin);
    });
    let daemon = daemon_of(&world).await;
    let (sellable, none) = world
        .while_time_passes(async {
            let held = daemon.ok("account.sellable", json!({ "stock_code": "005930" })).await;
            (held, daemon.ok("account.sellable", json!({ "stock_code": "035900" })).await)
        })
        .await;
    let balance = world.while_time_passes(daemon.balance()).await;
    let row = balance["holdings"].as_array().unwrap().iter().find(|held| held["stock_code"] == "005930").unwrap();
    let pairs = [
        ("/quantity", "available_quantity"),
        ("/held_quantity", "quantity"),
        ("/avg_price", "avg_price"),
        ("/current_price", "current_price"),
    ];
    assert_same(&sellable, row, &pairs);
    assert_eq!(sellable["operation"], "domestic-stock-trading-inquire-balance");
    assert_eq!((&none["quantity"], &none["held_quantity"]), (&json!(0), &json!(0)));
    assert!(world.simulator.calls_to("inquire-psbl-sell").is_empty());
}

#[tokio::test]
async fn shares_abroad_are_counted_once_and_neither_pledged_nor_in_fractions() {
    let (world, daemon) = real().await;
    let said =
        kis(&daemon, HELD_ABROAD, json!({ "OVRS_EXCG_CD": "NASD", "TR_CRCY_CD": "USD" })).await["output1"].clone();
    let of = |code: &str| all(&said).iter().find(|row| row["ovrs_pdno"] == code).unwrap().clone();
    let pairs = [
        ("/quantity", "ord_psbl_qty"),
        ("/held_quantity", "ovrs_cblc_qty"),
        ("/avg_price", "pchs_avg_pric"),
        ("/current_price", "now_pric2"),
    ];
    for (code, market, quantity) in [("AAPL", "NASDAQ", 10), ("SOXL", "AMEX", 21)] {
        let sellable = daemon.ok("account.sellable", json!({ "stock_code": code, "market": market })).await;
        assert_same(&sellable, &of(code), &pairs);
        assert_eq!((&sellable["quantity"], &sellable["currency"]), (&json!(quantity), &json!("USD")));
    }
    let fraction = daemon.ok("account.sellable", json!({ "stock_code": "NKE", "market": "NYSE" })).await;
    assert_eq!(fraction["quantity"], 0);
    // All of it was in one answer.
    assert_eq!(world.simulator.calls_to("overseas-stock/v1/trading/inquire-balance").len(), 1);
}

#[tokio::test]
async fn an_account_of_futures_is_told_so_without_a_call() {
    let world = World::new().await;
    let accounts = world.account("futures", &world.options, "12345678") + "account_product_code = \"03\"\n";
    let daemon = world.daemon_with(world.config_of("kisd", &accounts)).await;
    for method in ["account.buyable", "account.sellable"] {
        let error = daemon.error(method, json!({ "stock_code": "005930" })).await;
        assert_eq!(error["code"], -32062, "{error}");
        assert!(error["message"].as_str().unwrap().contains("03"), "{error}");
    }
    assert!(world.simulator.calls_to("inquire-psbl-order").is_empty());
    assert!(world.simulator.calls_to("inquire-psbl-sell").is_empty());
}
