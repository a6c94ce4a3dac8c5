//! Answers that are not what they should be: every field, every page.

use kisd::simulator::{Fault, Mode, Options, Portfolio};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use crate::{
    fresh,
    support::{TestDaemon, World},
};

const COUNTS: [&str; 6] = ["hldg_qty", "ord_psbl_qty", "pchs_amt", "prpr", "evlu_amt", "evlu_pfls_amt"];
const DECIMALS: [&str; 2] = ["pchs_avg_pric", "evlu_pfls_rt"];
const TEXTS: [&str; 3] = ["pdno", "prdt_name", "trad_dvsn_name"];
const TOTALS: [&str; 8] = [
    "tot_evlu_amt",
    "dnca_tot_amt",
    "nxdy_excc_amt",
    "prvs_rcdl_excc_amt",
    "nass_amt",
    "pchs_amt_smtl_amt",
    "evlu_amt_smtl_amt",
    "evlu_pfls_smtl_amt",
];

/// A page with one holding, every number of which is 5.
fn page() -> Value {
    let numbers = |fields: &[&str]| fields.iter().map(|field| ((*field).to_owned(), json!("5"))).collect::<Value>();
    let mut row = numbers(&[&COUNTS[..], &DECIMALS].concat());
    for field in TEXTS {
        row[field] = json!("005930");
    }
    json!({
        "ctx_area_fk100": "", "ctx_area_nk100": "", "output1": [row], "output2": [numbers(&TOTALS)],
        "rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "",
    })
}

/// The reply to a caller when KIS answers `page`.
async fn answered(world: &World, daemon: &TestDaemon, page: &Value) -> Value {
    // A slot of the quota for each.
    world.clock.advance(std::time::Duration::from_secs(1));
    world.simulator.fail_next("inquire-balance", Fault::Answer { status: 200, body: page.to_string() });
    daemon.call("account.balance", fresh()).await
}

#[tokio::test]
async fn a_field_that_is_missing_or_of_another_type_is_named_with_its_tr() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let no_number =
        [json!(null), json!(""), json!("many"), json!(5.5), json!([5]), json!({}), json!(true), json!("5e3")];
    let huge = json!("9".repeat(30));
    let no_text = [json!(null), json!(5), json!([]), json!({ "a": 1 }), json!(false)];
    let mut tried = 0;
    for (array, fields) in [("output1", &COUNTS[..]), ("output1", &DECIMALS), ("output1", &TEXTS), ("output2", &TOTALS)]
    {
        for field in fields {
            let bad: &[Value] = if TEXTS.contains(field) { &no_text } else { &no_number };
            let fraction = json!("5.5");
            let more = [&huge, &fraction].into_iter().filter(|_| !TEXTS.contains(field) && !DECIMALS.contains(field));
            // Without a price a holding is told all the same.
            let may_be_blank =
                |value: Option<&Value>| *field == "prpr" && value.is_none_or(|value| value.is_null() || value == "");
            for value in bad.iter().chain(more).map(Some).chain([None]).filter(|value| !may_be_blank(*value)) {
                let mut page = page();
                let row = page[array][0].as_object_mut().unwrap();
                match value {
                    Some(value) => row[*field] = value.clone(),
                    None => drop(row.remove(*field)),
                }
                let error = answered(&world, &daemon, &page).await["error"].clone();
                let message = error["message"].as_str().unwrap();
                assert_eq!(error["data"]["kind"], "upstream_malformed", "{field} = {value:?}: {message}");
                let place = format!("{array}[0].{field}");
                assert!(message.contains(&place) && message.contains("TTTC8434R"), "{place} = {value:?}: {message}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 14 * 11 - 3 + 2 * 9 + 3 * 6);
}

#[tokio::test]
async fn numbers_are_read_however_kis_writes_them() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for (written, expected) in [(" 7 ", 7), ("-0", 0), ("70000.0000", 70_000), ("-12", -12), ("0000000123", 123)] {
        let mut page = page();
        page["output2"][0]["dnca_tot_amt"] = json!(written);
        page["output1"][0]["evlu_pfls_amt"] = json!(written);
        let result = answered(&world, &daemon, &page).await["result"].clone();
        assert_eq!((&result["deposit"], &result["holdings"][0]["profit_loss"]), (&json!(expected), &json!(expected)));
    }
}

#[tokio::test]
async fn outputs_of_another_shape_are_named() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for array in ["output1", "output2"] {
        for shape in [json!(null), json!("none"), json!({}), json!([1]), json!([[]])] {
            let mut page = page();
            page[array] = shape.clone();
            let error = answered(&world, &daemon, &page).await["error"].clone();
            let message = error["message"].as_str().unwrap_or_default();
            assert_eq!(error["data"]["kind"], "upstream_malformed", "{array} = {shape}: {error}");
            assert!(message.contains(array), "{array} = {shape}: {message}");
        }
    }
}

#[tokio::test]
async fn a_page_that_is_cut_off_is_asked_for_again_and_the_balance_is_whole() {
    let world = World::new().await;
    world.simulator.set_portfolio(Portfolio::of_size(125));
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|status| status["state"] == "valid").await;
    for after in [0, 1, 5000] {
        // The first page comes whole, the second breaks off.
        world.simulator.fail_next("inquire-balance", Fault::Delay(std::time::Duration::ZERO));
        world.simulator.fail_next("inquire-balance", Fault::Cut { after });
        let reply = world.while_time_passes(daemon.ok("account.balance", fresh())).await;
        assert_eq!(reply["holdings"].as_array().unwrap().len(), 125, "cut after {after}");
    }
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 3 * 4);
}

#[tokio::test]
async fn a_first_page_that_has_lost_its_header_is_not_taken_for_the_whole() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for tr_cont in [None, Some(""), Some("m"), Some("N")] {
        let mut page = page();
        page["ctx_area_nk100"] = json!("000050");
        let headers = tr_cont.map(|value| ("tr_cont".to_owned(), value.to_owned())).into_iter().collect();
        world.simulator.fail_next("inquire-balance", Fault::Raw { status: 200, headers, body: page.to_string() });
        let error = daemon.error("account.balance", fresh()).await;
        assert_eq!(error["data"]["kind"], "upstream_malformed", "{tr_cont:?}: {error}");
        assert!(error["message"].as_str().unwrap().contains("tr_cont"), "{error}");
    }
}

#[tokio::test]
async fn pages_without_end_end_in_an_error() {
    let world = World::new().await;
    let daemon = world.daemon_with(world.config("kisd", "call_timeout = \"10m\"\n")).await;
    for number in 0..300 {
        let mut page = page();
        page["ctx_area_nk100"] = json!(format!("{number:06}"));
        page["output1"][0]["pdno"] = json!(format!("{number:06}"));
        let headers = vec![("tr_cont".to_owned(), "M".to_owned())];
        world.simulator.fail_next("inquire-balance", Fault::Raw { status: 200, headers, body: page.to_string() });
    }
    let error = world.while_time_passes(daemon.error("account.balance", fresh())).await;
    assert_eq!(error["data"]["kind"], "upstream_malformed");
    assert!(error["message"].as_str().unwrap().contains("200 pages"), "{error}");
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 200);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_holding_of_any_portfolio_is_there_once_and_in_order(
        quantities in vec(prop_oneof![1 => Just(0_i64), 9 => 1_i64..1_000_000], 0..180),
        paper: bool,
    ) {
        let mode = if paper { Mode::Paper } else { Mode::Real };
        let (reply, calls) = tokio::runtime::Runtime::new().unwrap().block_on(async {
            let world = World::with(Options { calls_per_second: 100, ..Options::demo(mode) }).await;
            let mut portfolio = Portfolio::of_size(quantities.len());
            for (position, quantity) in portfolio.positions.iter_mut().zip(&quantities) {
                position.quantity = *quantity;
            }
            world.simulator.set_portfolio(portfolio);
            let mut config = world.config("kisd", "");
            config.kis.calls_per_second = 100;
            let reply = world.daemon_with(config).await.balance().await;
            (reply, world.simulator.calls_to("inquire-balance").len())
        });
        let held: Vec<(String, i64)> = reply["holdings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["stock_code"].as_str().unwrap().to_owned(), row["quantity"].as_i64().unwrap()))
            .collect();
        let expected: Vec<(String, i64)> = (100_000..)
            .zip(&quantities)
            .filter(|(_, quantity)| **quantity != 0)
            .map(|(code, quantity): (i32, &i64)| (code.to_string(), *quantity))
            .collect();
        prop_assert_eq!(held, expected);
        let page = if paper { 20 } else { 50 };
        prop_assert_eq!(calls, quantities.len().div_ceil(page).max(1));
    }
}
