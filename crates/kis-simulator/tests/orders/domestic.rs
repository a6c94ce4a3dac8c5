//! Domestic orders in a market that stands still: everything that happens is steered.

use kis_simulator::{Mode, Side, Stranger};
use serde_json::json;

use super::world::{CASH, World, code, fields, number};

#[tokio::test]
async fn an_order_is_answered_in_the_bytes_of_its_environment() {
    let real = World::new(Mode::Real).await;
    let reply = real.order("buy", &[]).await;
    assert_eq!(
        (reply.status, reply.text.as_str()),
        (
            200,
            r#"{"rt_cd":"0","msg_cd":"APBK0013","msg1":"주문 전송 완료 되었습니다.","output":{"KRX_FWDG_ORD_ORGNO":"03930","ODNO":"0000085100","ORD_TMD":"120000","SOR_ODNO":""}}"#
        )
    );
    assert!(reply.head.contains("tr_id: TTTC0012U") && reply.head.contains("gt_uid: "), "{}", reply.head);
    let paper = World::new(Mode::Paper).await;
    assert_eq!(
        paper.order("buy", &[]).await.text,
        r#"{"rt_cd":"0","msg_cd":"40600000","msg1":"모의투자 매수주문이 완료 되었습니다.","output":{"KRX_FWDG_ORD_ORGNO":"00950","ODNO":"0000023037","ORD_TMD":"120000"}}"#
    );
}

#[tokio::test]
async fn a_partly_filled_order_stands_in_the_list_as_it_was_recorded() {
    let world = World::new(Mode::Real).await;
    let number = world.accepted("buy", &[("ORD_UNPR", "71300")]).await;
    assert_eq!(world.orders().fill_at(&number, 4, 71_200), 4);
    let text = world.get("TTTC0081R", &[], false).await.text;
    let expected = r#""output1":[{"ord_dt":"20261126","ord_gno_brno":"03930","odno":"0000085100","orgn_odno":"","ord_dvsn_name":"지정가","sll_buy_dvsn_cd":"02","sll_buy_dvsn_cd_name":"현금매수","pdno":"005930","prdt_name":"삼성전자","ord_qty":"10","ord_unpr":"71300","ord_tmd":"120000","tot_ccld_qty":"4","avg_prvs":"71200","cncl_yn":"","tot_ccld_amt":"284800","loan_dt":"","ordr_empno":"OpnAPI","ord_dvsn_cd":"00","cncl_cfrm_qty":"0","rmn_qty":"6","rjct_qty":"0","ccld_cndt_name":"없음","inqr_ip_addr":"203.000.113.007","cpbc_ordp_ord_rcit_dvsn_cd":"","cpbc_ordp_infm_mthd_dvsn_cd":"","infm_tmd":"","ctac_tlno":"","prdt_type_cd":"300","excg_dvsn_cd":"02","cpbc_ordp_mtrl_dvsn_cd":"","ord_orgno":"00000","rsvn_ord_end_dt":"","excg_id_dvsn_cd":"KRX","stpm_cndt_pric":"0","stpm_efct_occr_dtmd":""}],"output2":{"tot_ord_qty":"10","tot_ccld_qty":"4","tot_ccld_amt":"284800","prsm_tlex_smtl":"40","pchs_avg_pric":"71200.0000"},"rt_cd":"0","msg_cd":"KIOK0460","msg1":"조회 되었습니다. (마지막 자료)"#;
    assert!(text.contains(expected), "{text}");
    assert!(text.starts_with(r#"{"ctx_area_fk100":"12345678!^01!^20261126!^20261126!^!^00!^00!^00!^  "#), "{text}");
    let text = world.get("TTTC0084R", &[], false).await.text;
    let expected = r#""output":[{"ord_gno_brno":"03930","odno":"0000085100","orgn_odno":"","ord_dvsn_name":"지정가","pdno":"005930","prdt_name":"삼성전자","rvse_cncl_dvsn_name":"현금매수","ord_qty":"10","ord_unpr":"71300","ord_tmd":"120000","tot_ccld_qty":"4","tot_ccld_amt":"284800","psbl_qty":"6","sll_buy_dvsn_cd":"02","ord_dvsn_cd":"00","mgco_aptm_odno":"","excg_dvsn_cd":"02","excg_id_dvsn_cd":"KRX","excg_id_dvsn_name":"KRX","stpm_cndt_pric":"0","stpm_efct_occr_yn":""}],"rt_cd":"0","msg_cd":"KIOK0510""#;
    assert!(text.contains(expected), "{text}");
}

#[tokio::test]
async fn a_paper_account_lists_its_orders_in_its_own_form_and_has_no_list_of_open_ones() {
    let world = World::new(Mode::Paper).await;
    let number = world.accepted("buy", &[]).await;
    let row = world.row(&number).await;
    assert_eq!(fields(&row, ["cncl_yn", "orgn_odno", "infm_tmd"]), ["N", "0000000000", "120000"]);
    let reply = world.get("TTTC0084R", &[], false).await;
    assert_eq!((reply.status, code(&reply)), (500, "EGW02006"));
}

#[tokio::test]
async fn nothing_is_filled_in_a_still_market_unless_a_test_says_so() {
    let world = World::new(Mode::Real).await;
    let number = world.accepted("buy", &[("ORD_DVSN", "01"), ("ORD_UNPR", "0"), ("ORD_QTY", "2")]).await;
    assert_eq!(world.row(&number).await["tot_ccld_qty"], "0");
    assert_eq!(world.orders().fill(&number, 5), 2, "never more than waits");
    let row = world.row(&number).await;
    assert_eq!(fields(&row, ["tot_ccld_qty", "rmn_qty", "ord_unpr", "avg_prvs"]), ["2", "0", "0", "75000"]);
    assert_eq!(world.open().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_cancellation_has_a_row_of_its_own_and_the_original_does_not_say_so() {
    let world = World::new(Mode::Real).await;
    let order = world.accepted("buy", &[]).await;
    world.orders().confirms_after(None);
    let cancel = number(&world.change(&order, "02", &[]).await);
    assert_ne!(cancel, order);
    let row = world.row(&cancel).await;
    assert_eq!(fields(&row, ["sll_buy_dvsn_cd_name", "orgn_odno"]), ["매수취소", &order]);
    assert_eq!(world.row(&order).await["rmn_qty"], "10", "the exchange has not confirmed it");
    assert_eq!(code(&world.change(&order, "02", &[]).await), "APBK0927", "it is under way");
    assert!(world.orders().confirm(&cancel) && !world.orders().confirm(&cancel));
    let row = world.row(&cancel).await;
    assert_eq!(fields(&row, ["sll_buy_dvsn_cd_name", "ord_qty", "ord_unpr", "rmn_qty"]), ["매수취소*", "10", "0", "0"]);
    let says = ["rmn_qty", "cncl_yn", "cncl_cfrm_qty"];
    assert_eq!(fields(&world.row(&order).await, says), ["0", "", "0"]);
    world.orders().names_cancelled(true);
    assert_eq!(fields(&world.row(&order).await, says), ["0", "Y", "10"]);
    assert_eq!(code(&world.change(&order, "02", &[]).await), "APBK0927");
}

#[tokio::test]
async fn an_amendment_is_a_new_order_and_a_partial_one_leaves_the_rest_alive() {
    let world = World::new(Mode::Real).await;
    let order = world.accepted("buy", &[]).await;
    let part = [("QTY_ALL_ORD_YN", "N"), ("ORD_QTY", "4"), ("ORD_UNPR", "74000")];
    let amended = number(&world.change(&order, "01", &part).await);
    assert_eq!(
        fields(&world.row(&amended).await, ["sll_buy_dvsn_cd_name", "ord_qty", "ord_unpr", "orgn_odno"]),
        ["매수정정*", "4", "74000", &order]
    );
    assert_eq!(fields(&world.row(&order).await, ["rmn_qty", "ord_unpr"]), ["6", "75000"]);
    assert_eq!(world.open().await.len(), 2);
    let beyond = [("QTY_ALL_ORD_YN", "N"), ("ORD_QTY", "7"), ("ORD_UNPR", "74000")];
    assert_eq!(world.change(&order, "01", &beyond).await.json["rt_cd"], "7");
    assert_eq!(world.change(&order, "01", &[("ORD_UNPR", "74100")]).await.json["rt_cd"], "0");
    assert_eq!(code(&world.change(&order, "02", &[]).await), "APBK0927", "at once");
}

#[tokio::test]
async fn a_fill_may_cross_a_cancellation() {
    let world = World::new(Mode::Real).await;
    let order = world.accepted("buy", &[]).await;
    world.orders().cross_next_cancel(3);
    number(&world.change(&order, "02", &[]).await);
    assert_eq!(fields(&world.row(&order).await, ["tot_ccld_qty", "rmn_qty"]), ["3", "0"]);
    let order = world.accepted("buy", &[]).await;
    world.orders().cross_next_cancel(10);
    let cancel = number(&world.change(&order, "02", &[]).await);
    assert_eq!(world.row(&order).await["tot_ccld_qty"], "10");
    assert_eq!(fields(&world.row(&cancel).await, ["rjct_qty", "sll_buy_dvsn_cd_name"]), ["10", "매수취소"]);
}

#[tokio::test]
async fn money_and_positions_follow_and_the_balance_still_adds_up() {
    let world = World::new(Mode::Real).await;
    let order = world.accepted("buy", &[("ORD_QTY", "4")]).await;
    let buyable = async || world.get("TTTC8908R", &[("PDNO", "005930"), ("ORD_DVSN", "01")], false).await.json;
    assert_eq!(buyable().await["output"]["ord_psbl_cash"], "4700000");
    let held = 300_000 + 42;
    world.orders().fill(&order, 4);
    let (row, totals) = world.balance("005930").await;
    assert_eq!(fields(&row, ["hldg_qty", "thdt_buyqty", "pchs_avg_pric"]), ["14", "4", "71428.5714"]);
    let paid = (5_000_000 - held).to_string();
    let cash = ["prvs_rcdl_excc_amt", "dnca_tot_amt", "thdt_buy_amt"];
    assert_eq!(fields(&totals, cash), [paid.as_str(), "5000000", "300000"]);
    let order = world.accepted("sell", &[("ORD_QTY", "9")]).await;
    assert_eq!(world.balance("005930").await.0["ord_psbl_qty"], "5");
    assert_eq!(code(&world.order("sell", &[("ORD_QTY", "6")]).await), "APBK0400");
    let sellable = world.get("TTTC8408R", &[("PDNO", "005930")], false).await.json;
    assert_eq!(fields(&sellable["output"], ["cblc_qty", "ord_psbl_qty", "buy_qty"]), ["14", "5", "4"]);
    world.orders().fill(&order, 9);
    let (row, totals) = world.balance("005930").await;
    assert_eq!(fields(&row, ["hldg_qty", "thdt_sll_qty"]), ["5", "9"]);
    // 94 for the broker, 1,350 for the state.
    assert_eq!(totals["prvs_rcdl_excc_amt"], (5_000_000 - held + 675_000 - 1_444).to_string());
    assert_eq!(totals["thdt_tlex_amt"], (42 + 1_444).to_string());
    let number = |field: &str| totals[field].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(number("tot_evlu_amt"), number("scts_evlu_amt") + number("prvs_rcdl_excc_amt"));
}

#[tokio::test]
async fn cash_is_todays_after_two_days_of_trading() {
    let mut world = World::new(Mode::Paper).await;
    let order = world.accepted("sell", &[]).await;
    world.orders().fill(&order, 10);
    let cash = async |world: &World| {
        let totals = world.balance("").await.1;
        fields(&totals, ["dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt"])
    };
    assert_eq!(cash(&world).await, ["5000000", "5000000", "5748500"]);
    for (days, expected) in [
        (1, ["5000000", "5748500", "5748500"]),
        (2, ["5000000", "5748500", "5748500"]),
        (1, ["5748500", "5748500", "5748500"]),
    ] {
        world.pass(days * 86_400);
        world.log_in().await;
        assert_eq!(cash(&world).await, expected);
    }
    assert!(world.balance("005930").await.0.is_null(), "the row of what was sold out has gone");
}

#[tokio::test]
async fn more_than_the_cash_may_be_bought_and_is_owed_two_days_later() {
    let mut world = World::new(Mode::Paper).await;
    let order = world.accepted("buy", &[("ORD_QTY", "100")]).await;
    world.orders().fill(&order, 100);
    assert_eq!(world.balance("").await.1["prvs_rcdl_excc_amt"], "-2500000");
    assert_eq!(code(&world.order("buy", &[("ORD_QTY", "1")]).await), "40250000");
    world.pass(4 * 86_400);
    world.log_in().await;
    assert_eq!(world.balance("").await.1["dnca_tot_amt"], "-2500000");
    let mut owed = 0;
    world.simulator.reconfigure(|options| owed = options.portfolio.receivable);
    assert_eq!(owed, 2_500_000);
}

#[tokio::test]
async fn orders_are_refused_with_the_codes_of_the_environment() {
    let (real, paper) = (World::new(Mode::Real).await, World::new(Mode::Paper).await);
    for (side, given, of_real, of_paper) in [
        ("buy", ("ORD_UNPR", "75050"), "APBK0506", "40030000"),
        ("buy", ("ORD_UNPR", "197600"), "APBK0513", "40040000"),
        ("buy", ("ORD_QTY", "200"), "APBK0952", "40250000"),
        ("sell", ("ORD_QTY", "11"), "APBK0400", "40240000"),
        ("buy", ("ORD_DVSN", "99"), "APBK0963", "90000000"),
        ("buy", ("PDNO", "999999"), "APBK0656", "40070000"),
        ("buy", ("ORD_QTY", "ten"), "OPSQ2001", "OPSQ2001"),
        ("buy", ("EXCG_ID_DVSN_CD", "UN"), "OPSQ2001", "OPSQ2001"),
        ("buy", ("CANO", "99999999"), "OPSQ2000", "OPSQ2000"),
    ] {
        let reply = real.order(side, &[given]).await;
        assert_eq!((reply.status, code(&reply), reply.json.get("output")), (200, of_real, None), "{given:?}");
        assert_eq!(code(&paper.order(side, &[given]).await), of_paper, "{given:?}");
    }
    assert_eq!(code(&paper.order("buy", &[("EXCG_ID_DVSN_CD", "SOR")]).await), "90000000");
    assert_eq!(real.orders().all(), []);
    let order = real.accepted("buy", &[("EXCG_ID_DVSN_CD", "SOR")]).await;
    assert_eq!(code(&real.change(&order, "02", &[]).await), "APBK3001", "not of the Korea Exchange");
    assert_eq!(code(&real.change("0000099999", "02", &[]).await), "APBK0926");
    for (tr_id, expected) in [("TTTC0099U", "OPSQ0002"), ("TTTC0013U", "OPSQ0002"), ("", "OPSQ9999")] {
        assert_eq!(code(&real.post(CASH, tr_id, &json!({})).await), expected);
    }
    let cano = &real.options.cano;
    let untyped = json!({ "CANO": cano, "ACNT_PRDT_CD": "01", "PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": 10 });
    let reply = real.post(CASH, "TTTC0012U", &untyped).await;
    assert_eq!(reply.json["msg1"].as_str().unwrap().trim(), "ERROR : INPUT FIELD NOT FOUND [ORD_QTY]", "no text");
}

#[tokio::test]
async fn a_stranger_is_listed_with_fields_of_its_own() {
    let world = World::new(Mode::Real).await;
    let order = world.orders().stranger(Stranger::limit(Side::Sell, "005930", 3, 76_000)).unwrap();
    let row = world.row(&order).await;
    assert_eq!(fields(&row, ["ordr_empno", "sll_buy_dvsn_cd", "ord_qty"]), ["HTS", "01", "3"]);
    assert_eq!(world.balance("005930").await.0["ord_psbl_qty"], "7");
    assert_eq!(world.orders().received(), []);
    number(&world.change(&order, "02", &[]).await);
}

#[tokio::test]
async fn orders_are_refused_by_the_exchange_or_die_with_their_day_without_a_row() {
    let mut world = World::new(Mode::Real).await;
    let order = world.accepted("buy", &[]).await;
    let other = world.accepted("buy", &[]).await;
    assert!(world.orders().reject(&other));
    assert_eq!(fields(&world.row(&other).await, ["rjct_qty", "rmn_qty", "cncl_yn"]), ["10", "0", ""]);
    world.pass(86_400);
    world.log_in().await;
    assert_eq!(world.open().await, Vec::<String>::new());
    assert_eq!(world.rows().await.len(), 2);
    assert_eq!(world.row(&order).await["rmn_qty"], "10");
    assert_eq!(code(&world.change(&order, "02", &[]).await), "APBK0927");
    assert_eq!(world.get("TTTC8908R", &[], false).await.json["output"]["ord_psbl_cash"], "5000000");
}
