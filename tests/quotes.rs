//! `quote.*`: prices, order books and candles in the words of the contract, with every digit that KIS gave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::process::Stdio;

use kisd::simulator::{Fault, Mode, Options};
use serde_json::{Value, json};
use support::{TestDaemon, World};
use tokio::io::{AsyncBufReadExt, BufReader};

async fn world_and_daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    (world, daemon)
}

/// An answer with these containers.
fn answer(containers: &Value) -> Fault {
    let mut body = containers.clone();
    body["rt_cd"] = json!("0");
    body["msg_cd"] = json!("MCA00000");
    body["msg1"] = json!("정상처리 되었습니다.");
    let headers = vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
    Fault::Raw { status: 200, headers, body: body.to_string() }
}

/// A result as it was written: a [`Value`] reads a decimal as a float, and loses its zeros.
async fn written(daemon: &TestDaemon, method: &str, params: &Value) -> String {
    let mut client = daemon.client().await;
    client.send(&format!("{}\n", json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))).await;
    let line = client.receive_line().await;
    assert!(line.contains("\"result\""), "{line}");
    line
}

/// The fields of one object, by their names.
fn fields(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

/// A price at home in the shape that KIS gives it, with invented values.
fn samsung() -> Value {
    fields(&[
        ("iscd_stat_cls_code", "55"),
        ("temp_stop_yn", "N"),
        ("stck_prpr", "71300"),
        ("prdy_vrss", "600"),
        ("prdy_vrss_sign", "2"),
        ("prdy_ctrt", "0.85"),
        ("acml_tr_pbmn", "217041875310"),
        ("acml_vol", "3052507"),
        ("stck_oprc", "71000"),
        ("stck_hgpr", "71500"),
        ("stck_lwpr", "70900"),
        ("stck_mxpr", "91900"),
        ("stck_llam", "49500"),
        ("stck_sdpr", "70700"),
        ("aspr_unit", "100"),
        ("hts_deal_qty_unit_val", "1"),
        ("lstn_stcn", "5919637922"),
        ("hts_avls", "4220701"),
        ("per", "14.40"),
        ("pbr", "1.23"),
        ("eps", "4950.00"),
        ("w52_hgpr", "78900"),
        ("w52_hgpr_date", "20260714"),
        ("w52_lwpr", "52100"),
        ("w52_lwpr_date", "20251203"),
        ("vi_cls_code", "N"),
        ("invt_caful_yn", "N"),
        ("mrkt_warn_cls_code", "00"),
        ("short_over_yn", "N"),
        ("sltr_yn", "N"),
        ("mang_issu_cls_code", "N"),
    ])
}

#[tokio::test]
async fn a_price_says_what_its_market_does_so_that_a_close_is_known_for_one() {
    let (world, daemon) = world_and_daemon().await;
    let session = async |code: &str, market: &str| {
        daemon.ok("quote.price", json!({ "stock_code": code, "market": market, "max_age_ms": 0 })).await["session"]
            .clone()
    };
    assert_eq!([session("005930", "KRX").await, session("AAPL", "NASDAQ").await], ["regular", "day"]);
    world.clock.advance(std::time::Duration::from_secs(12 * 3600));
    daemon.token_until(|token| token["state"] == "valid").await;
    assert_eq!([session("005930", "KRX").await, session("AAPL", "NASDAQ").await], ["closed", "regular"]);
}

#[tokio::test]
async fn a_price_at_home_has_every_figure_as_kis_gave_it() {
    let (world, daemon) = world_and_daemon().await;
    world.simulator.fail_next("inquire-price", answer(&json!({ "output": samsung() })));
    let asked = json!({ "stock_code": "005930", "max_age_ms": 60_000 });
    let text = written(&daemon, "quote.price", &asked).await;
    let price = daemon.ok("quote.price", asked).await;
    let expected = json!({
        "stock_code": "005930", "market": "KRX", "currency": "KRW", "price": 71300, "change": 600, "open": 71000,
        "high": 71500, "low": 70900, "base_price": 70700, "upper_limit": 91900, "lower_limit": 49500,
        "volume": 3_052_507, "trade_value": 217_041_875_310_i64, "shares": 5_919_637_922_i64,
        "market_cap": 422_070_100_000_000_i64, "tick": 100, "lot": 1, "status": [], "account_name": "default",
        "high_52w": { "price": 78900, "date": "2026-07-14" }, "low_52w": { "price": 52100, "date": "2025-12-03" },
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&price[name], value, "{name}: {price}");
    }
    for exact in ["\"change_rate\":0.85,", "\"per\":14.40,", "\"eps\":4950.00,"] {
        assert!(text.contains(exact), "{exact}: {text}");
    }
    let sent = world.simulator.calls_to("inquire-price");
    assert_eq!((sent.len(), sent[0].tr_id.as_str()), (1, "FHKST01010100"));
}

#[tokio::test]
async fn a_price_that_is_not_there_is_null_and_a_stock_that_kis_does_not_know_is_not_found() {
    let (world, daemon) = world_and_daemon().await;
    let mut before_the_open = samsung();
    for name in ["stck_prpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "acml_vol"] {
        before_the_open[name] = json!("0");
    }
    before_the_open["per"] = json!("");
    world.simulator.fail_next("inquire-price", answer(&json!({ "output": before_the_open })));
    let price = daemon.ok("quote.price", json!({ "stock_code": "005930", "max_age_ms": 0 })).await;
    for name in ["price", "change", "change_rate", "open", "high", "low", "per"] {
        assert_eq!(price[name], Value::Null, "{name}");
    }
    assert_eq!((&price["base_price"], &price["volume"]), (&json!(70700), &json!(0)));
    let nothing = fields(&[("stck_prpr", "0"), ("stck_sdpr", "0"), ("acml_vol", "0")]);
    world.simulator.fail_next("inquire-price", answer(&json!({ "output": nothing })));
    let error = daemon.error("quote.price", json!({ "stock_code": "999999", "max_age_ms": 0 })).await;
    assert_eq!((&error["code"], &error["data"]["what"]), (&json!(-32063), &json!("stock")), "{error}");
    let unknown = fields(&[("last", ""), ("base", "")]);
    world.simulator.fail_next("price-detail", answer(&json!({ "output": unknown })));
    let error = daemon.error("quote.price", json!({ "stock_code": "NOPE", "market": "NASDAQ" })).await;
    assert_eq!(error["code"], -32063, "{error}");
}

#[tokio::test]
async fn what_is_out_of_the_ordinary_about_a_stock_is_said_once() {
    let (world, daemon) = world_and_daemon().await;
    for (fields, status) in [
        (vec![("iscd_stat_cls_code", "58"), ("temp_stop_yn", "Y")], json!(["halted"])),
        (vec![("iscd_stat_cls_code", "51"), ("mang_issu_cls_code", "Y")], json!(["managed"])),
        (vec![("sltr_yn", "Y"), ("vi_cls_code", "2")], json!(["liquidation", "volatility_interruption"])),
        (vec![("iscd_stat_cls_code", "54"), ("mrkt_warn_cls_code", "01")], json!(["caution"])),
        (vec![("mrkt_warn_cls_code", "02")], json!(["warning"])),
        (vec![("iscd_stat_cls_code", "52"), ("mrkt_warn_cls_code", "03")], json!(["risk"])),
        (vec![("iscd_stat_cls_code", "57"), ("short_over_yn", "Y")], json!(["overheated", "full_margin"])),
    ] {
        let mut stock = samsung();
        for (name, value) in fields {
            stock[name] = json!(value);
        }
        world.simulator.fail_next("inquire-price", answer(&json!({ "output": stock })));
        let price = daemon.ok("quote.price", json!({ "stock_code": "005930", "max_age_ms": 0 })).await;
        assert_eq!(price["status"], status);
    }
}

#[tokio::test]
async fn a_price_abroad_is_exact_in_its_own_currency() {
    let (world, daemon) = world_and_daemon().await;
    let apple = fields(&[
        ("rsym", "DNASAAPL"),
        ("curr", "USD"),
        ("vnit", "1"),
        ("open", "231.4500"),
        ("high", "233.1200"),
        ("low", "230.9000"),
        ("last", "232.5100"),
        ("base", "231.2800"),
        ("uplp", "0.0000"),
        ("dnlp", "0.0000"),
        ("h52p", "260.1000"),
        ("h52d", "20251226"),
        ("l52p", "169.2101"),
        ("l52d", "20260408"),
        ("perx", "35.10"),
        ("pbrx", "52.20"),
        ("epsx", "6.62"),
        ("shar", "14840390000"),
        ("tomv", "3450538078900"),
        ("t_xdif", "1807"),
        ("t_xrat", "+0.53"),
        ("e_hogau", "0.0100"),
        ("tvol", "11820443"),
        ("tamt", "2744120391"),
    ]);
    world.simulator.fail_next("price-detail", answer(&json!({ "output": apple })));
    let text = written(&daemon, "quote.price", &json!({ "stock_code": "aapl", "market": "NASDAQ" })).await;
    for exact in [
        "\"stock_code\":\"AAPL\"",
        "\"currency\":\"USD\"",
        "\"price\":232.5100,",
        "\"change\":1.2300,",
        "\"change_rate\":0.53,",
        "\"low_52w\":{\"price\":169.2101,\"date\":\"2026-04-08\"}",
        "\"upper_limit\":null,",
        "\"tick\":0.0100,",
        "\"volume\":11820443,",
    ] {
        assert!(text.contains(exact), "{exact}: {text}");
    }
}

#[tokio::test]
async fn an_order_book_has_its_levels_best_first_and_the_end_of_an_auction() {
    let (world, daemon) = world_and_daemon().await;
    let mut levels = json!({ "aspr_acpt_hour": "093354", "total_askp_rsqn": "371679", "total_bidp_rsqn": "901981" });
    for level in 1..=10 {
        levels[format!("askp{level}")] = json!((71_200 + 100 * level).to_string());
        levels[format!("askp_rsqn{level}")] = json!((10 * level).to_string());
        // On the lower limit nobody is below.
        levels[format!("bidp{level}")] = json!(if level > 3 { 0 } else { 71_300 - 100 * level }.to_string());
        levels[format!("bidp_rsqn{level}")] = json!(level.to_string());
    }
    let now = |expected: &str, volume: &str| {
        fields(&[("stck_prpr", "71300"), ("stck_sdpr", "70700"), ("antc_cnpr", expected), ("antc_vol", volume)])
    };
    let book = |expected, volume| answer(&json!({ "output1": levels, "output2": now(expected, volume) }));
    for fault in [book("0", "0"), book("71250", "120")] {
        world.simulator.fail_next("inquire-asking-price-exp-ccn", fault);
    }
    let open = daemon.ok("quote.orderbook", json!({ "stock_code": "005930" })).await;
    assert_eq!((open["asks"].as_array().unwrap().len(), open["bids"].as_array().unwrap().len()), (10, 3));
    assert_eq!(
        (&open["asks"][0], &open["bids"][0]),
        (&json!({ "price": 71300, "quantity": 10 }), &json!({ "price": 71200, "quantity": 1 }))
    );
    assert_eq!((&open["time"], &open["expected_price"]), (&json!("09:33:54"), &Value::Null));
    // A book is never from memory unless that is wanted.
    let auction = daemon.ok("quote.orderbook", json!({ "stock_code": "005930" })).await;
    assert_eq!((&auction["expected_price"], &auction["expected_volume"]), (&json!(71250), &json!(120)));
}

#[tokio::test]
async fn a_price_and_the_operation_behind_it_share_one_call_and_one_memory() {
    let (world, daemon) = world_and_daemon().await;
    let typed = json!({ "stock_code": "005930", "max_age_ms": 60_000 });
    let raw = json!({ "operation": "domestic-stock-quotations-inquire-price", "max_age_ms": 60_000,
        "params": { "FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930" } });
    for _ in 0..3 {
        let price = daemon.ok("quote.price", typed.clone()).await;
        let called = daemon.ok("kis.call", raw.clone()).await;
        assert_eq!(price["price"].to_string(), called["body"]["output"]["stck_prpr"].as_str().unwrap());
        assert_eq!(price["as_of"], called["as_of"]);
    }
    assert_eq!(world.simulator.calls_to("inquire-price").len(), 1);
}

#[tokio::test]
async fn what_cannot_be_a_stock_is_refused_before_kis_is_asked() {
    let (world, daemon) = world_and_daemon().await;
    let asked = world.simulator.calls().len();
    for (params, words) in [
        (json!({}), "either stock_code or stock"),
        (json!({ "stock_code": "005930", "stock": "삼성전자" }), "either stock_code or stock"),
        (json!({ "stock_code": "" }), "is not a stock code"),
        (json!({ "stock_code": "005930&A=1" }), "is not a stock code"),
        (json!({ "stock_code": "AAPL", "market": "MOON" }), "market must be one of KRX"),
        (json!({ "stock_code": "005930", "marked": "KRX" }), "marked"),
        (json!({ "stock_code": 5930 }), "string"),
        (json!({ "stock_code": "1".repeat(50_000) }), "is not a stock code"),
    ] {
        for method in ["quote.price", "quote.orderbook"] {
            let error = daemon.error(method, params.clone()).await;
            let message = error["message"].as_str().unwrap();
            assert!(error["code"] == -32602 && message.contains(words) && message.len() < 400, "{method}: {error}");
        }
    }
    assert_eq!(world.simulator.calls().len(), asked);
}

#[tokio::test]
async fn what_paper_trading_lacks_is_refused_before_kis_is_asked() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let asked = world.simulator.calls().len();
    let error = daemon.error("quote.orderbook", json!({ "stock_code": "AAPL", "market": "NASDAQ" })).await;
    assert_eq!(error["code"], -32062, "{error}");
    assert_eq!(world.simulator.calls().len(), asked);
    // A price abroad it has by another call, which says less.
    let apple =
        fields(&[("base", "231.2800"), ("last", "230.0000"), ("diff", "1.2800"), ("rate", "-0.55"), ("tvol", "1")]);
    world.simulator.fail_next("overseas-price/v1/quotations/price", answer(&json!({ "output": apple })));
    let price = daemon.ok("quote.price", json!({ "stock_code": "AAPL", "market": "NASDAQ" }));
    let price = world.while_time_passes(price).await;
    assert_eq!(
        (&price["price"], &price["change"], &price["change_rate"]),
        (&json!(230.0), &json!(-1.28), &json!(-0.55))
    );
    assert_eq!((&price["per"], &price["high_52w"]), (&Value::Null, &Value::Null));
}

/// Days of a chart at home, newest first, in the shape that KIS gives them.
fn days(first: u32, last: u32) -> Value {
    let rows = (first..=last).rev().map(|day| {
        json!({ "stck_bsop_date": format!("202601{day:02}"), "stck_clpr": "71300", "stck_oprc": "71000", "stck_hgpr": "71500",
            "stck_lwpr": "70900", "acml_vol": "3052507", "acml_tr_pbmn": "217041875310", "flng_cls_code": "00", "mod_yn": "N" })
    });
    rows.collect()
}

#[tokio::test]
async fn candles_of_days_are_oldest_first_and_rows_without_a_day_are_none() {
    let (world, daemon) = world_and_daemon().await;
    let mut rows = days(5, 7);
    rows.as_array_mut().unwrap().push(json!({ "stck_bsop_date": "", "stck_clpr": "" }));
    rows.as_array_mut().unwrap().push(json!({}));
    let chart = json!({ "output1": { "hts_kor_isnm": "삼성전자", "stck_prpr": "71300" }, "output2": rows });
    world.simulator.fail_next("inquire-daily-itemchartprice", answer(&chart));
    let asked = json!({ "stock_code": "005930", "interval": "1d", "from": "2026-01-05", "to": "2026-01-07" });
    let candles = daemon.ok("quote.candles", asked).await;
    let expected = json!({ "time": "2026-01-05", "open": 71000, "high": 71500, "low": 70900, "close": 71300,
        "volume": 3_052_507, "trade_value": 217_041_875_310_i64 });
    assert_eq!((&candles["candles"][0], candles["candles"].as_array().unwrap().len()), (&expected, 3));
    assert_eq!((&candles["next"], &candles["adjusted"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn a_halted_day_has_a_close_and_no_other_price() {
    let (world, daemon) = world_and_daemon().await;
    let mut rows = days(7, 7);
    for name in ["stck_oprc", "stck_hgpr", "stck_lwpr", "acml_vol", "acml_tr_pbmn"] {
        rows[0][name] = json!("0");
    }
    let chart = json!({ "output1": { "hts_kor_isnm": "삼성전자" }, "output2": rows });
    world.simulator.fail_next("inquire-daily-itemchartprice", answer(&chart));
    let candles = daemon.ok("quote.candles", json!({ "stock_code": "005930", "interval": "1d" })).await;
    let expected = json!({ "time": "2026-01-07", "open": null, "high": null, "low": null, "close": 71300, "volume": 0,
        "trade_value": 0 });
    assert_eq!(candles["candles"][0], expected);
}

#[tokio::test]
async fn candles_abroad_are_in_the_currency_of_the_market_and_its_minutes_in_korean_time() {
    let (world, daemon) = world_and_daemon().await;
    let row = json!({ "xymd": "20260122", "clos": "232.5100", "open": "231.4500", "high": "233.1200", "low": "230.9000",
        "tvol": "11820443", "tamt": "2744120391" });
    world.simulator.fail_next("dailyprice", answer(&json!({ "output1": { "nrec": "1" }, "output2": [row] })));
    let asked = json!({ "stock_code": "AAPL", "market": "NASDAQ", "interval": "1d" });
    let text = written(&daemon, "quote.candles", &asked).await;
    assert!(
        text.contains(
            "{\"time\":\"2026-01-22\",\"open\":231.4500,\"high\":233.1200,\"low\":230.9000,\"close\":232.5100,"
        )
    );
    let row = json!({ "tymd": "20260122", "xymd": "20260122", "xhms": "155900", "kymd": "20260123", "khms": "055900",
        "open": "232.4000", "high": "232.5500", "low": "232.3900", "last": "232.5100", "evol": "5695", "eamt": "1323799" });
    let page = json!({ "output1": { "nrec": "1" }, "output2": [row] });
    world.simulator.fail_next("overseas-price/v1/quotations/inquire-time-itemchartprice", answer(&page));
    let asked = json!({ "stock_code": "AAPL", "market": "NASDAQ", "interval": "5m" });
    let candles = daemon.ok("quote.candles", asked).await;
    assert_eq!(candles["candles"][0]["time"], "2026-01-23T05:59:00+09:00", "{candles}");
    assert_eq!((&candles["candles"][0]["volume"], &candles["currency"]), (&json!(5695), &json!("USD")));
}

#[tokio::test]
async fn of_a_stock_that_kis_does_not_know_there_are_no_candles() {
    let (world, daemon) = world_and_daemon().await;
    let chart = json!({ "output1": { "hts_kor_isnm": "", "stck_prpr": "0" }, "output2": [] });
    world.simulator.fail_next("inquire-daily-itemchartprice", answer(&chart));
    let error = daemon.error("quote.candles", json!({ "stock_code": "999999", "interval": "1d" })).await;
    assert_eq!(error["code"], -32063, "{error}");
    let asked = world.simulator.calls().len();
    for (params, code) in [
        (json!({ "stock_code": "005930", "interval": "2m" }), -32602),
        (json!({ "stock_code": "005930", "interval": "1d", "limit": 1_000_000 }), -32602),
        (json!({ "stock_code": "005930", "interval": "1d", "from": "2027-01-01" }), -32602),
        (json!({ "stock_code": "005930" }), -32602),
        (json!({ "stock_code": "AAPL", "market": "NYSE", "interval": "1y" }), -32062),
    ] {
        let error = daemon.error("quote.candles", params).await;
        assert_eq!(error["code"], code, "{error}");
    }
    assert_eq!(world.simulator.calls().len(), asked);
}

#[tokio::test]
async fn where_the_time_is_over_the_candles_that_are_there_are_answered_and_next_leads_on() {
    let (world, daemon) = world_and_daemon().await;
    let rows: Value = (1..=100)
        .map(|back| {
            let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 23).unwrap() - chrono::Days::new(back);
            let mut row = days(1, 1)[0].clone();
            row["stck_bsop_date"] = json!(day.format("%Y%m%d").to_string());
            row
        })
        .collect();
    let chart = json!({ "output1": { "hts_kor_isnm": "삼성전자" }, "output2": rows });
    world.simulator.fail_next("inquire-daily-itemchartprice", answer(&chart));
    let asked = json!({ "stock_code": "005930", "interval": "1d", "limit": 200, "timeout_ms": 1000 });
    let _never_opened = world.simulator.hold_next("inquire-daily-itemchartprice");
    let reply = world.while_time_passes(daemon.call("quote.candles", asked)).await;
    assert!(reply["error"].is_null(), "{reply}");
    let candles = &reply["result"];
    assert_eq!(
        (candles["candles"].as_array().unwrap().len(), &candles["next"]),
        (100, &json!("2025-10-14")),
        "{reply}"
    );
}

/// A row of the call for several prices.
fn row_of(code: &str, price: &str, change: &str, sign: &str) -> Value {
    fields(&[
        ("inter_shrn_iscd", code),
        ("inter_kor_isnm", "예시종목"),
        ("inter2_prpr", price),
        ("inter2_prdy_vrss", change),
        ("prdy_vrss_sign", sign),
        ("prdy_ctrt", "0.85"),
        ("acml_vol", "3052507"),
        ("inter2_oprc", "71000"),
        ("inter2_hgpr", "71500"),
        ("inter2_lwpr", "70900"),
        ("inter2_llam", "49500"),
        ("inter2_mxpr", "91900"),
        ("inter2_askp", "71300"),
        ("inter2_bidp", "71200"),
        ("acml_tr_pbmn", "217041875310"),
        ("inter2_prdy_clpr", "70700"),
        ("inter2_sdpr", "70700"),
    ])
}

#[tokio::test]
async fn several_prices_are_one_call_each_with_its_own_error() {
    let (world, daemon) = world_and_daemon().await;
    let rows = json!([row_of("005930", "71300", "600", "2"), row_of("530036", "9000", "100", "5")]);
    world.simulator.fail_next("intstock-multprice", answer(&json!({ "output": rows })));
    let asked = json!({ "stock_codes": ["Q530036", "999999", "005930", "?", "Q530036"] });
    let prices = world.while_time_passes(daemon.ok("quote.prices", asked)).await;
    let [etn, unknown, samsung, wrong, again] = prices["prices"].as_array().unwrap().as_slice() else {
        panic!("{prices}")
    };
    let expected = json!({ "stock_code": "005930", "market": "KRX", "name": "예시종목", "currency": "KRW", "price": 71300,
        "change": 600, "change_rate": 0.85, "open": 71000, "high": 71500, "low": 70900, "previous_close": 70700,
        "upper_limit": 91900, "lower_limit": 49500, "volume": 3_052_507, "trade_value": 217_041_875_310_i64,
        "best_ask": 71300, "best_bid": 71200, "as_of": samsung["as_of"], "error": null });
    assert_eq!(samsung, &expected);
    assert_eq!((&etn["price"], &etn["change"], &etn["change_rate"]), (&json!(9000), &json!(-100), &json!(-0.85)));
    assert_eq!(etn, again);
    assert_eq!((&unknown["error"]["code"], &unknown["price"]), (&json!(-32063), &Value::Null));
    assert_eq!((&wrong["error"]["code"], &wrong["market"]), (&json!(-32602), &Value::Null));
    assert_eq!(world.simulator.calls_to("intstock-multprice").len(), 1);
    for codes in [Vec::new(), vec!["005930"; 31]] {
        assert_eq!(daemon.error("quote.prices", json!({ "stock_codes": codes })).await["code"], -32602);
    }
}

#[tokio::test]
async fn what_many_callers_ask_at_once_takes_as_few_calls_as_it_can() {
    let (world, daemon) = world_and_daemon().await;
    let rows: Vec<Value> = (100_000..100_060).map(|code: u32| row_of(&code.to_string(), "71300", "600", "2")).collect();
    for _ in 0..10 {
        world.simulator.fail_next("intstock-multprice", answer(&json!({ "output": rows })));
    }
    let ask = |number: u32| {
        let daemon = &daemon;
        async move {
            // 60 stocks, each asked by ten callers.
            let codes: Vec<String> =
                (0..6).map(|stock| format!("{:06}", 100_000 + (number * 6 + stock) % 60)).collect();
            daemon.ok("quote.prices", json!({ "stock_codes": codes })).await
        }
    };
    let answers = world.while_time_passes(futures_util::future::join_all((0..100).map(ask))).await;
    for answer in answers {
        assert!(answer["prices"].as_array().unwrap().iter().all(|price| price["error"].is_null()), "{answer}");
    }
    let calls = world.simulator.calls_to("intstock-multprice").len();
    assert!((2..=4).contains(&calls), "{calls} calls for 60 stocks");
}

#[tokio::test]
async fn where_the_mode_has_no_call_for_several_each_stock_is_a_call() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    world.simulator.fail_next("inquire-price", answer(&json!({ "output": samsung() })));
    let apple = fields(&[
        ("base", "231.2800"),
        ("last", "230.0000"),
        ("sign", "5"),
        ("diff", "1.2800"),
        ("rate", "-0.55"),
        ("tvol", "1"),
    ]);
    world.simulator.fail_next("overseas-price/v1/quotations/price", answer(&json!({ "output": apple })));
    let ask = |codes: Value, market: Value| {
        daemon.ok("quote.prices", json!({ "stock_codes": codes, "market": market, "timeout_ms": 60_000 }))
    };
    let home = world.while_time_passes(ask(json!(["005930"]), Value::Null)).await;
    assert_eq!((&home["prices"][0]["price"], &home["prices"][0]["name"]), (&json!(71300), &Value::Null));
    let abroad = world.while_time_passes(ask(json!(["AAPL"]), json!("NASDAQ"))).await;
    let price = &abroad["prices"][0];
    assert_eq!((&price["price"], &price["change"], &price["currency"]), (&json!(230.0), &json!(-1.28), &json!("USD")));
}

#[tokio::test]
async fn a_stock_is_told_by_its_name_and_the_only_market_that_has_it_is_meant() {
    let (world, daemon) = world_and_daemon().await;
    let before = daemon.ok("quote.price", json!({ "stock_code": "005930" })).await;
    assert_eq!(before["name"], Value::Null, "nobody has needed the lists yet");
    let named = daemon.ok("quote.price", json!({ "stock": "삼성전자" })).await;
    assert_eq!(
        (&named["stock_code"], &named["market"], &named["name"]),
        (&json!("005930"), &json!("KRX"), &json!("삼성전자"))
    );
    for _ in 0..3 {
        let coded = daemon.ok("quote.price", json!({ "stock_code": "005930", "max_age_ms": 60_000 })).await;
        assert_eq!(coded["name"], "삼성전자");
    }
    let abroad = daemon.ok("quote.orderbook", json!({ "stock_code": "AAPL" })).await;
    assert_eq!((&abroad["market"], &abroad["currency"]), (&json!("NASDAQ"), &json!("USD")));
    let nxt = daemon.ok("quote.orderbook", json!({ "stock": "삼성전자", "market": "NXT" })).await;
    assert_eq!((&nxt["stock_code"], &nxt["market"]), (&json!("005930"), &json!("NXT")));
    let asked = world.simulator.calls_to("inquire-price").len();
    let unknown = daemon.error("quote.price", json!({ "stock": "삼성전쟈우우" })).await;
    assert_eq!((&unknown["code"], &unknown["data"]["what"]), (&json!(-32063), &json!("stock")), "{unknown}");
    assert_eq!(world.simulator.calls_to("inquire-price").len(), asked);
}

/// Ten years of days, all complete at the time of the tests.
fn ten_years() -> Value {
    json!({ "stock_code": "005930", "interval": "1d", "from": "2016-01-04", "to": "2025-12-30", "limit": 10_000, "timeout_ms": 600_000 })
}

#[tokio::test]
async fn ten_years_of_days_are_asked_once_and_then_come_from_the_disk_after_a_restart_too() {
    let (world, daemon) = world_and_daemon().await;
    let calls = || world.simulator.calls_to("inquire-daily-itemchartprice").len();
    let first = world.while_time_passes(daemon.ok("quote.candles", ten_years())).await;
    let days = first["candles"].as_array().unwrap().len();
    assert!(days > 2_300 && calls() == days.div_ceil(100), "{days} days, {} calls", calls());
    let asked = calls();
    daemon.stop().await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    for _ in 0..2 {
        let began = tokio::time::Instant::now();
        let second = daemon.ok("quote.candles", ten_years()).await;
        eprintln!("{days} days in {:?}", began.elapsed());
        assert_eq!((&second["candles"], &second["next"]), (&first["candles"], &Value::Null));
    }
    assert_eq!(calls(), asked);
    // Who wants nothing from memory is answered by KIS.
    let mut fresh = ten_years();
    (fresh["max_age_ms"], fresh["from"]) = (json!(0), json!("2025-11-03"));
    world.while_time_passes(daemon.ok("quote.candles", fresh)).await;
    assert_eq!(calls(), asked + 1);
}

#[tokio::test]
async fn without_a_store_candles_are_the_same_and_nothing_is_on_the_disk() {
    let (world, daemon) = world_and_daemon().await;
    let asked = json!({ "stock_code": "005930", "interval": "1d", "limit": 250 });
    for _ in 0..2 {
        world.while_time_passes(daemon.ok("quote.candles", asked.clone())).await;
    }
    let stored = daemon.ok("quote.candles", asked.clone()).await;
    daemon.stop().await;
    assert!(world.path("state/candles.db").exists());
    std::fs::remove_file(world.path("state/candles.db")).unwrap();
    let daemon = world.daemon_with(world.config("kisd", "\n[quotes]\ncandles_max_mb = 0\n")).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let plain = world.while_time_passes(daemon.ok("quote.candles", asked)).await;
    assert_eq!((&plain["candles"], &plain["next"]), (&stored["candles"], &stored["next"]));
    assert!(!world.path("state/candles.db").exists());
}

#[tokio::test]
async fn a_damaged_file_of_candles_stops_no_quote() {
    let world = World::new().await;
    let config = world.config("kisd", &format!("\n[quotes]\ncandles_file = \"{}\"\n", world.path("c.db").display()));
    std::fs::write(world.path("c.db"), "no database").unwrap();
    assert!(config.to_string().contains("c.db is damaged"), "{config}");
    let daemon = world.daemon_with(config.clone()).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let asked = json!({ "stock_code": "005930", "interval": "1d", "to": "2025-12-30" });
    let first = world.while_time_passes(daemon.ok("quote.candles", asked.clone())).await;
    assert_eq!(std::fs::read(world.path("c.db.damaged")).unwrap(), b"no database");
    let calls = world.simulator.calls().len();
    let second = daemon.ok("quote.candles", asked).await;
    assert_eq!((&second["candles"], world.simulator.calls().len()), (&first["candles"], calls));
    assert!(config.to_string().contains("it can be deleted"), "{config}");
}

#[tokio::test]
async fn watched_quotes_are_told_again_when_they_change_survive_a_restart_and_end_with_an_interrupt() {
    let (world, daemon) = world_and_daemon().await;
    world
        .simulator
        .fail_next("intstock-multprice", answer(&json!({ "output": [row_of("005930", "71300", "600", "2")] })));
    let mut watching = tokio::process::Command::new(env!("CARGO_BIN_EXE_kisctl"));
    watching.env_clear().arg("--socket").arg(&daemon.socket).args([
        "quote",
        "삼성전자",
        "--watch",
        "--interval",
        "200ms",
    ]);
    let mut watching = watching.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut until = async |is_it: &dyn Fn(&str) -> bool| {
        let found = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("more lines");
                assert!(!line.contains('\u{1b}'), "there is no terminal: {line:?}");
                if is_it(&line) {
                    return;
                }
            }
        };
        world.while_time_passes(found).await;
    };
    let is_price = |line: &str| line.contains("005930") && !line.contains("71,300");
    until(&|line| line.contains("005930  예시종목  KRX") && line.contains("71,300") && line.contains("+600")).await;
    until(&is_price).await;
    daemon.stop().await;
    until(&|line| line.contains("trying again")).await;
    let _daemon = world.daemon("kisd").await;
    until(&is_price).await;
    let id = rustix::process::Pid::from_raw(i32::try_from(watching.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let ended = watching.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&ended.stderr).trim(), "");
}
