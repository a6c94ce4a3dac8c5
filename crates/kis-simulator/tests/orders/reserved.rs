//! Reserved orders, at home and abroad.

use kis_simulator::{Mode, Options};
use serde_json::{Value, json};

use super::world::{KRX, Reply, World, code, fields};

const HOME: &str = "/uapi/domestic-stock/v1/trading/order-resv";
const HOME_CHANGE: &str = "/uapi/domestic-stock/v1/trading/order-resv-rvsecncl";
const ABROAD: &str = "/uapi/overseas-stock/v1/trading/order-resv";
const ABROAD_CANCEL: &str = "/uapi/overseas-stock/v1/trading/order-resv-ccnl";

/// On a Wednesday evening.
async fn world(mode: Mode) -> World {
    World::with("2026-11-25T16:12:03+09:00", KRX, Options::demo(mode)).await
}

fn with(mut body: Value, world: &World, given: &[(&str, &str)]) -> Value {
    body["CANO"] = json!(world.options.cano);
    body["ACNT_PRDT_CD"] = json!("01");
    for (name, value) in given {
        body[*name] = json!(value);
    }
    body
}

/// A reservation of ten shares at 70,000, unless something else is given.
async fn reserve(world: &World, given: &[(&str, &str)]) -> Reply {
    let body = json!({
        "PDNO": "005930", "ORD_QTY": "10", "ORD_UNPR": "70000", "SLL_BUY_DVSN_CD": "02", "ORD_DVSN_CD": "00",
        "ORD_OBJT_CBLC_DVSN_CD": "10", "LOAN_DT": "", "RSVN_ORD_END_DT": "", "LDNG_DT": "",
    });
    world.post(HOME, "CTSC0008U", &with(body, world, given)).await
}

async fn list(world: &World, given: &[(&str, &str)]) -> Reply {
    let all = [
        ("RSVN_ORD_ORD_DT", "20261125"),
        ("RSVN_ORD_END_DT", "20261130"),
        ("TMNL_MDIA_KIND_CD", "00"),
        ("PRCS_DVSN_CD", "0"),
        ("CNCL_YN", "Y"),
    ];
    world.get("CTSC0004R", &[given, &all].concat(), false).await
}

async fn rows(world: &World, given: &[(&str, &str)]) -> Vec<Value> {
    list(world, given).await.json["output"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_reservation_is_answered_and_listed_in_the_bytes_of_the_portal() {
    let world = world(Mode::Real).await;
    assert_eq!(
        reserve(&world, &[]).await.text,
        r#"{"rt_cd":"0","msg_cd":"APBK2938","msg1":"예약주문이 접수되었습니다.","output":{"RSVN_ORD_SEQ":"39607"}}"#
    );
    let text = list(&world, &[]).await.text;
    let expected = r#""output":[{"rsvn_ord_seq":"39607","rsvn_ord_ord_dt":"20261126","rsvn_ord_rcit_dt":"20261125","pdno":"005930","ord_dvsn_cd":"00","ord_rsvn_qty":"10","tot_ccld_qty":"0","cncl_ord_dt":"","ord_tmd":"","ctac_tlno":"","rjct_rson2":"","odno":"","rsvn_ord_rcit_tmd":"161203","kor_item_shtn_name":"삼성전자","sll_buy_dvsn_cd":"02","ord_rsvn_unpr":"70000","tot_ccld_amt":"0","loan_dt":"","cncl_rcit_tmd":"","prcs_rslt":"미처리","ord_dvsn_name":"현금매수","tmnl_mdia_kind_cd":"31","rsvn_end_dt":""}],"rt_cd":"0","msg_cd":"KIOK0460","msg1":"조회 되었습니다. (마지막 자료)"#;
    assert!(text.contains(expected), "{text}");
    assert!(text.starts_with(r#"{"ctx_area_fk200":"20261125!^null!^0!^Y!^!^   "#), "{text}");
    assert!(text.contains(r#""ctx_area_nk200":" !^ !^   "#), "{text}");
}

#[tokio::test]
async fn a_reservation_becomes_an_order_in_the_morning_and_its_cancellation_touches_none() {
    let mut world = world(Mode::Real).await;
    reserve(&world, &[("RSVN_ORD_END_DT", "20261127")]).await;
    reserve(&world, &[("SLL_BUY_DVSN_CD", "01"), ("ORD_QTY", "11"), ("ORD_DVSN_CD", "01"), ("ORD_UNPR", "0")]).await;
    assert_eq!(world.orders().all(), []);
    world.pass(15 * 3_600);
    assert_eq!(code(&reserve(&world, &[]).await), "APBK2938", "at 07:12");
    world.pass(3_600 + 20 * 60);
    let order = world.orders().last().unwrap();
    assert_eq!((order.placed.to_rfc3339().as_str(), order.quantity), ("2026-11-25T23:30:00+00:00", 10));
    let told = rows(&world, &[]).await;
    let says = ["rsvn_ord_seq", "prcs_rslt", "odno", "rjct_rson2"];
    let third = format!("{:010}", 85_101);
    assert_eq!(fields(&told[0], says), ["39609", "처리", &third, ""]);
    assert_eq!(fields(&told[1], says), ["39608", "거부", "", "주문 가능한 수량을 초과했습니다."]);
    assert_eq!(fields(&told[2], says), ["39607", "처리", "0000085100", ""]);
    assert_eq!(rows(&world, &[("PRCS_DVSN_CD", "2")]).await.len(), 1, "once more tomorrow");
    world.pass(8 * 3_600);
    world.log_in().await;
    let cancel = json!({ "RSVN_ORD_SEQ": "39607", "RSVN_ORD_ORGNO": "", "RSVN_ORD_ORD_DT": "20261126" });
    let reply = world.post(HOME_CHANGE, "CTSC0009U", &with(cancel.clone(), &world, &[])).await;
    assert_eq!((code(&reply), &reply.json["output"]), ("KIOK0430", &json!({ "NRML_PRCS_YN": "Y" })));
    assert_eq!(code(&world.post(HOME_CHANGE, "CTSC0009U", &with(cancel, &world, &[])).await), "APBK0927");
    assert_eq!(world.orders().all().len(), 2, "as they were");
    assert_eq!(rows(&world, &[]).await.len(), 2, "those that are valid");
    assert_eq!(rows(&world, &[("CNCL_YN", "")]).await.len(), 3);
    world.pass(86_400);
    assert_eq!(world.orders().all().len(), 2);
}

#[tokio::test]
async fn a_reservation_is_amended_as_it_waits() {
    let world = world(Mode::Real).await;
    reserve(&world, &[]).await;
    let amend = json!({
        "PDNO": "005930", "ORD_QTY": "5", "ORD_UNPR": "69500", "SLL_BUY_DVSN_CD": "02", "ORD_DVSN_CD": "00",
        "ORD_OBJT_CBLC_DVSN_CD": "10", "RSVN_ORD_SEQ": "39607",
    });
    let reply = world.post(HOME_CHANGE, "CTSC0013U", &with(amend, &world, &[])).await;
    assert_eq!(code(&reply), "KIOK0430", "{reply:?}");
    assert_eq!(fields(&rows(&world, &[]).await[0], ["ord_rsvn_qty", "ord_rsvn_unpr"]), ["5", "69500"]);
    assert!(world.orders().enter_reserved("39607") && !world.orders().enter_reserved("39607"));
    assert_eq!(world.orders().last().unwrap().quantity, 5);
}

#[tokio::test]
async fn reservations_are_taken_when_no_order_is() {
    for (time, expected) in [
        ("2026-11-25T12:00:00+09:00", "KIER3672"),
        ("2026-11-25T15:40:00+09:00", "APBK2938"),
        ("2026-11-25T23:50:00+09:00", "KIER3672"),
        ("2026-11-26T00:10:00+09:00", "APBK2938"),
        ("2026-11-26T07:30:00+09:00", "KIER3672"),
        ("2026-11-28T12:00:00+09:00", "APBK2938"),
    ] {
        let world = World::with(time, KRX, Options::demo(Mode::Real)).await;
        assert_eq!(code(&reserve(&world, &[]).await), expected, "{time}");
    }
    let world = world(Mode::Real).await;
    for (given, expected) in [
        (("ORD_DVSN_CD", "03"), "OPSQ2001"),
        (("ORD_OBJT_CBLC_DVSN_CD", "21"), "OPSQ2001"),
        (("RSVN_ORD_END_DT", "20270101"), "OPSQ2001"),
        (("ORD_UNPR", "70050"), "APBK0506"),
        (("PDNO", "999999"), "APBK0656"),
    ] {
        assert_eq!(code(&reserve(&world, &[given]).await), expected, "{given:?}");
    }
    let paper = self::world(Mode::Paper).await;
    assert_eq!(code(&reserve(&paper, &[]).await), "EGW02006");
}

#[tokio::test]
async fn an_american_reservation_is_entered_when_the_session_begins() {
    let world = world(Mode::Real).await;
    let body = json!({
        "PDNO": "AAPL", "OVRS_EXCG_CD": "NASD", "FT_ORD_QTY": "2", "FT_ORD_UNPR3": "225.00", "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": "00",
    });
    let reply = world.post(ABROAD, "TTTT3014U", &with(body.clone(), &world, &[])).await;
    assert_eq!(reply.json["output"], json!({ "ODNO": "0030138112" }));
    let too_many = with(body, &world, &[("FT_ORD_QTY", "1000")]);
    assert_eq!(code(&world.post(ABROAD, "TTTT3014U", &too_many).await), "APBK0013", "money is not looked at");
    let list = async |last: &str| {
        let given = [("INQR_STRT_DT", "20261125"), ("INQR_END_DT", last), ("OVRS_EXCG_CD", "NASD")];
        world.get("TTTT3039R", &[&given[..], &[("INQR_DVSN_CD", "00")]].concat(), false).await
    };
    let says = ["ovrs_rsvn_odno", "ovrs_rsvn_ord_stat_cd_name", "odno", "nprc_rson_text", "cncl_yn"];
    assert_eq!(fields(&list("20261126").await.json["output"][1], says), ["0030138112", "접수", "", "", "N"]);
    assert_eq!(code(&list("20261202").await), "OPSQ2001", "a week at most");
    world.pass(7 * 3_600 + 18 * 60);
    let told = list("20261126").await.json["output"].clone();
    assert_eq!(fields(&told[1], says), ["0030138112", "주문", "0030138114", "", "N"]);
    assert_eq!(fields(&told[0], says), ["0030138113", "거부", "", "주문가능금액을 초과 했습니다", "N"]);
    let cancel = with(json!({ "RSYN_ORD_RCIT_DT": "20261125", "OVRS_RSVN_ODNO": "0030138112" }), &world, &[]);
    assert_eq!(code(&world.post(ABROAD_CANCEL, "TTTT3017U", &cancel).await), "APBK0927", "it is an order by now");
    assert_eq!(world.orders().find("30138114").unwrap().placed.to_rfc3339(), "2026-11-25T14:30:00+00:00");
}

#[tokio::test]
async fn reservations_abroad_are_cancelled_each_in_its_way_on_paper_too() {
    let world = world(Mode::Paper).await;
    let american = json!({
        "PDNO": "AAPL", "OVRS_EXCG_CD": "NASD", "FT_ORD_QTY": "2", "FT_ORD_UNPR3": "240", "ORD_SVR_DVSN_CD": "0",
    });
    world.post(ABROAD, "VTTT3016U", &with(american, &world, &[])).await;
    let number = world.orders().reserved()[0].number.clone();
    let wrong = with(json!({ "RSYN_ORD_RCIT_DT": "20261124", "OVRS_RSVN_ODNO": number }), &world, &[]);
    assert_eq!(code(&world.post(ABROAD_CANCEL, "VTTT3017U", &wrong).await), "40320000", "of another day");
    let cancel = with(wrong, &world, &[("RSYN_ORD_RCIT_DT", "20261125")]);
    let reply = world.post(ABROAD_CANCEL, "VTTT3017U", &cancel).await;
    assert_eq!((code(&reply), &reply.json["output"]["OVRS_RSVN_ODNO"]), ("APBK1711", &json!("0000037509")));
    let asian = json!({
        "SLL_BUY_DVSN_CD": "02", "RVSE_CNCL_DVSN_CD": "00", "PDNO": "7203", "PRDT_TYPE_CD": "515", "OVRS_EXCG_CD": "TKSE",
        "FT_ORD_QTY": "100", "FT_ORD_UNPR3": "3000", "ORD_SVR_DVSN_CD": "0",
    });
    let reply = world.post(ABROAD, "VTTS3013U", &with(asian.clone(), &world, &[])).await;
    assert_eq!(reply.json["output"], json!({ "RSVN_ORD_RCIT_DT": "20261125", "OVRS_RSVN_ODNO": "0000037510" }));
    assert_eq!(
        code(&world.post(ABROAD, "VTTS3013U", &with(asian.clone(), &world, &[("PRDT_TYPE_CD", "512")])).await),
        "OPSQ2001"
    );
    let of_it = [("RVSE_CNCL_DVSN_CD", "02"), ("OVRS_RSVN_ODNO", "37510"), ("RSVN_ORD_RCIT_DT", "20261125")];
    assert_eq!(code(&world.post(ABROAD, "VTTS3013U", &with(asian, &world, &of_it)).await), "APBK1711");
    assert!(world.orders().reserved().iter().all(|reserved| reserved.is_cancelled));
}
