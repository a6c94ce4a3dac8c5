//! `account.orders` and its like: what KIS lists, every figure as `kis.call` gives it for the same question.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod orders;
mod periods;
#[path = "../support/mod.rs"]
mod support;

use kisd::simulator::{Fault, Mode, Options};
use serde_json::{Value, json};
use support::{TestDaemon, World};

const HOME: &str = "domestic-stock-trading-inquire-daily-ccld-within-3m";
const ABROAD: &str = "overseas-stock-trading-inquire-ccnl";

async fn world_and_daemon(mode: Mode) -> (World, TestDaemon) {
    let world = World::with(Options::demo(mode)).await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    (world, daemon)
}

/// A page of KIS with these containers.
fn page(tr_cont: &str, containers: &Value) -> Fault {
    let mut body = containers.clone();
    body["rt_cd"] = json!("0");
    body["msg_cd"] = json!("KIOK0460");
    body["msg1"] = json!("조회 되었습니다. (마지막 자료)");
    let headers = [("Content-Type", "application/json; charset=utf-8"), ("tr_cont", tr_cont)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Fault::Raw { status: 200, headers, body: body.to_string() }
}

fn row(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

/// A row with other values.
fn with(row: &Value, pairs: &[(&str, &str)]) -> Value {
    let mut row = row.clone();
    for (name, value) in pairs {
        row[*name] = json!(value);
    }
    row
}

/// An order at home in the shape that KIS gives it, with invented values.
fn at_home() -> Value {
    row(&[
        ("ord_dt", "20260123"),
        ("ord_gno_brno", "03930"),
        ("odno", "0000085100"),
        ("orgn_odno", ""),
        ("ord_dvsn_name", "지정가"),
        ("sll_buy_dvsn_cd", "02"),
        ("sll_buy_dvsn_cd_name", "현금매수"),
        ("pdno", "005930"),
        ("prdt_name", "삼성전자"),
        ("ord_qty", "10"),
        ("ord_unpr", "71300"),
        ("ord_tmd", "094414"),
        ("tot_ccld_qty", "4"),
        ("avg_prvs", "71233.3333"),
        ("cncl_yn", ""),
        ("tot_ccld_amt", "284933"),
        ("loan_dt", ""),
        ("ordr_empno", "OpnAPI"),
        ("ord_dvsn_cd", "00"),
        ("cncl_cfrm_qty", "0"),
        ("rmn_qty", "6"),
        ("rjct_qty", "0"),
        ("ccld_cndt_name", "없음"),
        ("inqr_ip_addr", "203.000.113.007"),
        ("infm_tmd", "101112"),
        ("ctac_tlno", "01000000000"),
        ("excg_dvsn_cd", "02"),
        ("excg_id_dvsn_cd", "SOR"),
        ("stpm_cndt_pric", "0"),
    ])
}

/// An order abroad.
fn abroad() -> Value {
    row(&[
        ("ord_dt", "20260122"),
        ("ord_gno_brno", "01790"),
        ("odno", "0030138112"),
        ("orgn_odno", ""),
        ("sll_buy_dvsn_cd", "01"),
        ("sll_buy_dvsn_cd_name", "매도"),
        ("rvse_cncl_dvsn", "00"),
        ("pdno", "AAPL"),
        ("prdt_name", "애플"),
        ("ft_ord_qty", "2"),
        ("ft_ord_unpr3", "225.01000000"),
        ("ft_ccld_qty", "1"),
        ("ft_ccld_unpr3", "225.02500000"),
        ("ft_ccld_amt3", "225.02500"),
        ("nccs_qty", "1"),
        ("prcs_stat_name", "전송"),
        ("rjct_rson_name", ""),
        ("ord_tmd", "001540"),
        ("tr_mket_name", "나스닥"),
        ("tr_crcy_cd", "USD"),
        ("ovrs_excg_cd", "NASD"),
        ("dmst_ord_dt", "20260123"),
        ("loan_type_cd", "10"),
        ("loan_dt", ""),
        ("mdia_dvsn_name", "OpenAPI"),
    ])
}

/// The parameters with which KIS is asked for its list at home.
fn asked_at_home(first: &str, last: &str, exchanges: &str) -> Value {
    json!({ "INQR_STRT_DT": first, "INQR_END_DT": last, "SLL_BUY_DVSN_CD": "00", "ORD_GNO_BRNO": "", "CCLD_DVSN": "00",
        "INQR_DVSN": "00", "INQR_DVSN_1": "", "INQR_DVSN_3": "00", "EXCG_ID_DVSN_CD": exchanges })
}

fn asked_abroad(first: &str, last: &str, all: &str) -> Value {
    json!({ "PDNO": all, "ORD_STRT_DT": first, "ORD_END_DT": last, "SLL_BUY_DVSN": "00", "CCLD_NCCS_DVSN": "00",
        "OVRS_EXCG_CD": all, "SORT_SQN": "DS", "ORD_DT": "", "ORD_GNO_BRNO": "", "ODNO": "" })
}

/// What `kis.call` says to the same question, all pages. It is in memory, which shows that the question was the same.
async fn called(world: &World, daemon: &TestDaemon, operation: &str, params: &Value) -> Value {
    let before = world.simulator.calls().len();
    let asked = json!({ "operation": operation, "params": params, "pages": 0, "max_age_ms": 60_000 });
    let answer = daemon.ok("kis.call", asked).await;
    assert_eq!(world.simulator.calls().len(), before, "another question than that of the typed method");
    answer["body"].clone()
}

/// That a figure is what a text of KIS says, by value.
fn assert_figure(figure: &Value, written: &Value, name: &str) {
    let written = written.as_str().unwrap().trim();
    let expected = match written {
        "" => None,
        number => Some(number.parse::<rust_decimal::Decimal>().unwrap()),
    };
    let figure = (!figure.is_null()).then(|| figure.to_string().parse::<rust_decimal::Decimal>().unwrap());
    // A price, a mean and an amount of nothing are none.
    let is_none = figure.is_none() && expected.is_none_or(|expected| expected.is_zero());
    assert!(is_none || figure == expected, "{name}: {figure:?} for {written}");
}

/// That a text is what KIS says, without blanks.
fn assert_text(text: &Value, written: &Value, name: &str) {
    let written = written.as_str().unwrap_or_default().trim();
    assert_eq!(text.as_str().unwrap_or_default(), written, "{name}");
}

/// That a day is what KIS says.
fn assert_day(day: &Value, written: &Value, name: &str) {
    let day = day.as_str().unwrap_or_default().replace('-', "");
    assert_eq!(day, written.as_str().unwrap().trim(), "{name}");
}

fn assert_time(at: &Value, day: &Value, time: &Value) {
    let digits = at.as_str().unwrap().replace(['-', ':'], "");
    let [day, time] = [day, time].map(|text| text.as_str().unwrap());
    assert_eq!(digits, format!("{day}T{time}+0900"));
}

fn side(code: &Value) -> Value {
    match code.as_str().unwrap() {
        "01" => json!("sell"),
        "02" => json!("buy"),
        _ => Value::Null,
    }
}

fn assert_is_row_at_home(order: &Value, row: &Value) {
    for (name, of_kis) in [
        ("quantity", "ord_qty"),
        ("price", "ord_unpr"),
        ("stop_price", "stpm_cndt_pric"),
        ("filled_quantity", "tot_ccld_qty"),
        ("average_price", "avg_prvs"),
        ("filled_amount", "tot_ccld_amt"),
        ("remaining_quantity", "rmn_qty"),
        ("rejected_quantity", "rjct_qty"),
    ] {
        assert_figure(&order[name], &row[of_kis], name);
    }
    for (name, of_kis) in [
        ("order_no", "odno"),
        ("branch", "ord_gno_brno"),
        ("stock_code", "pdno"),
        ("stock_name", "prdt_name"),
        ("type_code", "ord_dvsn_cd"),
        ("type_name", "ord_dvsn_name"),
        ("placed_with", "ordr_empno"),
    ] {
        assert_text(&order[name], &row[of_kis], name);
    }
    let original = row["orgn_odno"].as_str().unwrap().trim();
    let original = if original.trim_matches('0').is_empty() { Value::Null } else { json!(original) };
    assert_eq!(order["original_order_no"], original);
    assert_day(&order["order_date"], &row["ord_dt"], "order_date");
    assert_day(&order["loan_date"], &row["loan_dt"], "loan_date");
    assert_time(&order["ordered_at"], &row["ord_dt"], &row["ord_tmd"]);
    assert_eq!(order["side"], side(&row["sll_buy_dvsn_cd"]));
    assert_eq!(order["route"], json!(row["excg_id_dvsn_cd"].as_str().unwrap().to_lowercase()));
    let fixed = (&order["market"], &order["currency"], &order["region"]);
    assert_eq!(fixed, (&json!("KRX"), &json!("KRW"), &json!("domestic")));
    assert_eq!((&order["order_id"], &order["origin"], &order["reason"]), (&Value::Null, &Value::Null, &Value::Null));
}

fn assert_is_row_abroad(order: &Value, row: &Value) {
    for (name, of_kis) in [
        ("quantity", "ft_ord_qty"),
        ("price", "ft_ord_unpr3"),
        ("filled_quantity", "ft_ccld_qty"),
        ("average_price", "ft_ccld_unpr3"),
        ("filled_amount", "ft_ccld_amt3"),
        ("remaining_quantity", "nccs_qty"),
    ] {
        assert_figure(&order[name], &row[of_kis], name);
    }
    for (name, of_kis) in [
        ("order_no", "odno"),
        ("branch", "ord_gno_brno"),
        ("stock_code", "pdno"),
        ("stock_name", "prdt_name"),
        ("currency", "tr_crcy_cd"),
        ("placed_with", "mdia_dvsn_name"),
        ("reason", "rjct_rson_name"),
    ] {
        assert_text(&order[name], &row[of_kis], name);
    }
    assert_day(&order["order_date"], &row["ord_dt"], "order_date");
    assert_day(&order["loan_date"], &row["loan_dt"], "loan_date");
    assert_time(&order["ordered_at"], &row["dmst_ord_dt"], &row["ord_tmd"]);
    assert_eq!(order["side"], side(&row["sll_buy_dvsn_cd"]));
    assert_eq!(order["region"], "overseas");
    for name in ["route", "type_code", "type_name", "stop_price", "rejected_quantity", "order_id", "origin"] {
        assert_eq!(order[name], Value::Null, "{name}");
    }
}

/// Each order by its number.
fn by_number<'a>(orders: &'a Value, number: &str) -> &'a Value {
    let orders = orders["orders"].as_array().unwrap();
    orders.iter().find(|order| order["order_no"] == number).unwrap_or_else(|| panic!("no {number} in {orders:?}"))
}
