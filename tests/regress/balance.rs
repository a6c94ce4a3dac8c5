//! A balance is whole, or an error.

mod odd;
mod outage;
mod size;
mod whole;
mod words;

use kisd::{config::Config, simulator::Fault};
use serde_json::{Value, json};

use crate::support::{TestDaemon, World};

fn fresh() -> Value {
    json!({ "max_age_ms": 0 })
}

/// A row in cash, as KIS writes it.
fn row(code: &str, quantity: i64, paid: i64, price: i64) -> Value {
    let worth = quantity * price;
    let texts = |number: i64| json!(number.to_string());
    json!({
        "pdno": code, "prdt_name": "종목", "trad_dvsn_name": "현금", "hldg_qty": texts(quantity),
        "ord_psbl_qty": texts(quantity), "pchs_avg_pric": "1000.0000", "pchs_amt": texts(paid), "prpr": texts(price),
        "evlu_amt": texts(worth), "evlu_pfls_amt": texts(worth - paid), "evlu_pfls_rt": "0.00",
        "loan_dt": "", "loan_amt": "0", "expd_dt": "",
    })
}

/// So many rows of a share each, bought for 1,000 and worth 1,100, beginning with this number.
fn rows(from: usize, count: usize) -> Vec<Value> {
    (from..from + count).map(|number| row(&format!("{number:06}"), 1, 1_000, 1_100)).collect()
}

/// The totals of an account for whose stocks so much was paid and that are worth so much, without cash.
fn totals(paid: i64, worth: i64) -> Value {
    json!({
        "tot_evlu_amt": worth.to_string(), "dnca_tot_amt": "0", "nxdy_excc_amt": "0", "prvs_rcdl_excc_amt": "0",
        "nass_amt": worth.to_string(), "pchs_amt_smtl_amt": paid.to_string(), "evlu_amt_smtl_amt": worth.to_string(),
        "evlu_pfls_smtl_amt": (worth - paid).to_string(),
    })
}

/// A page with the header `tr_cont` and the key of the next.
fn page(tr_cont: &str, key: &str, rows: Vec<Value>, totals: Value) -> Fault {
    raw(200, tr_cont, &body(key, rows, totals))
}

fn body(key: &str, rows: Vec<Value>, totals: Value) -> Value {
    json!({
        "ctx_area_fk100": "12345678^01^N^N^01^01^N^", "ctx_area_nk100": key, "output1": rows, "output2": [totals],
        "rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "조회가 완료되었습니다",
    })
}

fn raw(status: u16, tr_cont: &str, body: &Value) -> Fault {
    let headers = vec![("tr_cont".to_owned(), tr_cont.to_owned())];
    Fault::Raw { status, headers, body: body.to_string() }
}

/// A daemon that has a token, and has asked for no balance.
async fn daemon(world: &World) -> TestDaemon {
    daemon_with(world, |_| ()).await
}

async fn daemon_with(world: &World, change: impl FnOnce(&mut Config)) -> TestDaemon {
    let mut config = world.config("kisd", "");
    change(&mut config);
    let daemon = world.daemon_with(config).await;
    daemon.token_until(|status| status["state"] == "valid").await;
    // The token call has its slot of the quota.
    world.clock.advance(std::time::Duration::from_secs(2));
    daemon
}

fn script(world: &World, faults: impl IntoIterator<Item = Fault>) {
    for fault in faults {
        world.simulator.fail_next("inquire-balance", fault);
    }
}

fn asked(world: &World) -> usize {
    world.simulator.calls_to("inquire-balance").len()
}

/// The reply to a fresh balance, while time passes.
async fn reply(world: &World, daemon: &TestDaemon) -> Value {
    world.while_time_passes(daemon.call("account.balance", fresh())).await
}

async fn served(world: &World, daemon: &TestDaemon) -> Value {
    let reply = reply(world, daemon).await;
    assert!(reply.get("error").is_none(), "{reply}");
    reply["result"].clone()
}

/// The error of a fresh balance, with its message.
async fn refused(world: &World, daemon: &TestDaemon) -> (Value, String) {
    let reply = reply(world, daemon).await;
    assert!(reply.get("result").is_none(), "{reply}");
    let message = reply["error"]["message"].as_str().unwrap().to_owned();
    (reply["error"].clone(), message)
}

fn codes(balance: &Value) -> Vec<String> {
    let holdings = balance["holdings"].as_array().unwrap();
    holdings.iter().map(|holding| holding["stock_code"].as_str().unwrap().to_owned()).collect()
}
