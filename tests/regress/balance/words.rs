//! What KIS says in its messages, and what is passed on of it.

use kisd::simulator::Fault;
use serde_json::json;

use super::{asked, daemon, raw, refused, script, served};
use crate::support::World;

#[tokio::test]
async fn the_account_number_is_struck_out_of_what_kis_says() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let mut subscriber = daemon.client().await;
    for said in ["ERROR : 12345678-01 INVALID", "계좌번호 1234567801 오류", "CANO=12345678"] {
        script(&world, [raw(200, "", &json!({ "rt_cd": "2", "msg_cd": "OPSQ2000", "msg1": said }))]);
        let (error, message) = refused(&world, &daemon).await;
        assert!(!error.to_string().contains("12345678") && message.contains("[secret]"), "{error}");
    }
    let status = daemon.ok("daemon.status", json!({})).await;
    assert!(!status.to_string().contains("12345678"), "{status}");
    subscriber.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.subscribeBalance\"}\n").await;
    for _ in 0..2 {
        let line = subscriber.receive_line().await;
        assert!(!line.contains("12345678"), "{line}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_token_in_cp949_is_understood() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    // "기간이 만료된 token", as KIS's older parts write it.
    let mut body = b"{\"rt_cd\":\"1\",\"msg_cd\":\"EGW00123\",\"msg1\":\"".to_vec();
    body.extend_from_slice(&[0xb1, 0xe2, 0xb0, 0xa3, 0xc0, 0xcc, 0x20, 0xb8, 0xb8, 0xb7, 0xe1, 0xb5, 0xc8, 0x20]);
    body.extend_from_slice(b"token\"}");
    world.clock.advance(std::time::Duration::from_secs(120));
    script(&world, [Fault::Bytes { status: 500, body }]);
    assert_eq!(served(&world, &daemon).await["total_evaluation"], 10_000_000);
    assert_eq!((asked(&world), world.simulator.issuances()), (2, 2), "another token was asked for");
}

#[tokio::test]
async fn names_in_cp949_are_letters() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let text = super::body("", vec![super::row("005930", 1, 1_000, 1_100)], super::totals(1_000, 1_100)).to_string();
    // "종목" in CP949.
    let (before, after) = text.split_once("종목").unwrap();
    let (before, after) = (before.replace("조회가 완료되었습니다", ""), after.replace("조회가 완료되었습니다", ""));
    let position = [0xc7, 0xf6, 0xb1, 0xdd];
    let (between, after) = after.split_once("현금").unwrap();
    let mut body = before.into_bytes();
    body.extend_from_slice(&[0xc1, 0xbe, 0xb8, 0xf1]);
    body.extend_from_slice(between.as_bytes());
    body.extend_from_slice(&position);
    body.extend_from_slice(after.as_bytes());
    script(&world, [Fault::Bytes { status: 200, body }]);
    let balance = served(&world, &daemon).await;
    let holding = &balance["holdings"][0];
    assert_eq!((&holding["stock_name"], &holding["position"]), (&json!("종목"), &json!("현금")));
}

#[tokio::test]
async fn a_page_of_maintenance_and_a_refusal_without_a_code_are_transient() {
    let world = World::new().await;
    let page = || Fault::Raw { status: 200, headers: Vec::new(), body: "<html>점검 중입니다</html>".to_owned() };
    let uncoded = || raw(200, "", &json!({ "rt_cd": "1", "msg_cd": "", "msg1": "" }));
    let daemon = daemon(&world).await;
    script(&world, [page(), uncoded()]);
    assert_eq!(served(&world, &daemon).await["total_evaluation"], 10_000_000);
    assert_eq!(asked(&world), 3);
    for (fault, code) in [(page(), -32053), (uncoded(), -32054)] {
        let world = World::new().await;
        let daemon = super::daemon(&world).await;
        script(&world, (0..3).map(|_| fault.clone()));
        let (error, message) = refused(&world, &daemon).await;
        assert_eq!((error["code"].as_i64(), &error["data"]["retryable"]), (Some(code), &json!(true)), "{message}");
        assert!(error["data"]["retry_after_ms"].as_u64().is_some_and(|wait| wait > 0), "{error}");
    }
}
