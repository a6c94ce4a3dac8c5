//! What becomes of KIS's faults.

use std::time::Duration;

use kisd::simulator::{Fault, Mode, Options, Portfolio};
use serde_json::json;

use crate::{fresh, support::World};

#[tokio::test]
async fn a_call_that_kis_counts_too_many_is_made_again_and_the_pace_is_slowed() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    for code in ["EGW00201", "EGW00215"] {
        let body = format!(r#"{{"rt_cd":"1","msg1":"초당 거래건수를 초과하였습니다.","msg_cd":"{code}"}}"#);
        world.simulator.fail_next("inquire-balance", Fault::Answer { status: 500, body });
    }
    world.while_time_passes(daemon.balance()).await;
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!(status["calls"]["rate_limited"], 2);
    let calls = world.simulator.calls_to("inquire-balance");
    assert!(calls[1].at.since(calls[0].at) >= Duration::from_millis(250), "{calls:?}");
}

#[tokio::test]
async fn a_passing_fault_is_tried_three_times() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let faults =
        [Fault::Reset, Fault::Answer { status: 500, body: r#"{"rt_cd":"1","msg_cd":"","msg1":""}"#.to_owned() }];
    for fault in faults {
        world.simulator.fail_next("inquire-balance", fault);
    }
    world.while_time_passes(daemon.balance()).await;
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 3);
}

#[tokio::test]
async fn a_business_error_is_passed_on_with_what_kis_said_and_not_repeated() {
    let world = World::new().await;
    world.simulator.reconfigure(|options| options.cano = "87654321".to_owned());
    let daemon = world.daemon("kisd").await;
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!(error["code"], -32054);
    let expected = json!({
        "kind": "upstream_rejected", "retryable": false, "account_name": "default",
        "kis": { "msg_cd": "OPSQ2000", "msg1": "ERROR : INPUT INVALID_CHECK_ACNO", "http_status": 200, "tr_id": "TTTC8434R" },
    });
    assert_eq!(error["data"], expected);
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 1);
}

#[tokio::test]
async fn an_answer_that_does_not_parse_names_the_field_and_the_tr() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let body = r#"{"ctx_area_fk100":"","ctx_area_nk100":"","output1":[{"pdno":"005930","prdt_name":"삼성전자","trad_dvsn_name":"현금",
        "hldg_qty":"many"}],"output2":[],"rt_cd":"0","msg_cd":"KIOK0510","msg1":""}"#;
    world.simulator.fail_next("inquire-balance", Fault::Answer { status: 200, body: body.to_owned() });
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!((error["code"].as_i64(), error["data"]["kind"].as_str()), (Some(-32055), Some("upstream_malformed")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("output1[0].hldg_qty") && message.contains("TTTC8434R"), "{message}");
}

#[tokio::test]
async fn pages_that_lead_round_in_circles_end_in_an_error() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let body = r#"{"ctx_area_fk100":"a","ctx_area_nk100":"b","output1":[],"output2":[],"rt_cd":"0","msg_cd":"KIOK0510","msg1":""}"#;
    for _ in 0..2 {
        let headers = vec![("tr_cont".to_owned(), "M".to_owned())];
        world.simulator.fail_next("inquire-balance", Fault::Raw { status: 200, headers, body: body.to_owned() });
    }
    let error = daemon.error("account.balance", json!({})).await;
    assert_eq!(error["code"], -32055);
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new().await;
    let elsewhere = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let headers = vec![(
        "Location".to_owned(),
        format!("{}/uapi/domestic-stock/v1/trading/inquire-balance", elsewhere.simulator.base_url()),
    )];
    world.simulator.fail_next("inquire-balance", Fault::Raw { status: 302, headers, body: String::new() });
    let error = daemon.error("account.balance", fresh()).await;
    assert_eq!(error["code"], -32053);
    assert_eq!(elsewhere.simulator.calls(), []);
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_with_the_deadline() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let gates: Vec<_> = (0..3).map(|_| world.simulator.hold_next("inquire-balance")).collect();
    let error = world.while_time_passes(daemon.error("account.balance", json!({}))).await;
    assert_eq!((error["code"].as_i64(), error["data"]["retryable"].as_bool()), (Some(-32053), Some(true)));
    assert!(world.elapsed() <= Duration::from_secs(40), "{:?}", world.elapsed());
    drop(gates);
}

#[tokio::test]
async fn a_portfolio_too_large_for_the_quota_ends_with_the_deadline() {
    let world = World::with(Options { calls_per_second: 1, ..Options::demo(Mode::Paper) }).await;
    world.simulator.set_portfolio(Portfolio::of_size(200));
    let daemon = world.daemon_with(world.config("kisd", "call_timeout = \"4s\"\n")).await;
    let error = world.while_time_passes(daemon.error("account.balance", json!({}))).await;
    assert_eq!((error["code"].as_i64(), error["data"]["kind"].as_str()), (Some(-32052), Some("rate_limited")));
    assert!(error["data"]["retry_after_ms"].as_u64().unwrap() >= 1000);
}
