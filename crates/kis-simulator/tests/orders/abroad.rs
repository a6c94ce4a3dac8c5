//! Orders abroad: by exchange and TR id.

use kis_simulator::{MarketSetup, Mode, Options, Portfolio, PositionAbroad};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::world::{KRX, Reply, World, code, fields, number};

const ORDER: &str = "/uapi/overseas-stock/v1/trading/order";
const CHANGE: &str = "/uapi/overseas-stock/v1/trading/order-rvsecncl";

/// An order of two Apples at 225 dollars, unless something else is given.
async fn order(world: &World, tr_id: &str, given: &[(&str, &str)]) -> Reply {
    let mut body = json!({
        "CANO": world.options.cano, "ACNT_PRDT_CD": "01", "OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORD_QTY": "2",
        "OVRS_ORD_UNPR": "225.00", "CTAC_TLNO": "", "MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00",
    });
    for (name, value) in given {
        body[*name] = json!(value);
    }
    world.post(ORDER, tr_id, &body).await
}

async fn change(world: &World, tr_id: &str, order: &str, what: &str, given: &[(&str, &str)]) -> Reply {
    let mut body = json!({
        "CANO": world.options.cano, "ACNT_PRDT_CD": "01", "OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORGN_ODNO": order,
        "RVSE_CNCL_DVSN_CD": what, "ORD_QTY": "2", "OVRS_ORD_UNPR": "0", "MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0",
    });
    for (name, value) in given {
        body[*name] = json!(value);
    }
    world.post(CHANGE, tr_id, &body).await
}

const ALL: [(&str, &str); 5] = [
    ("ORD_STRT_DT", "20261124"),
    ("ORD_END_DT", "20261127"),
    ("SLL_BUY_DVSN", "00"),
    ("CCLD_NCCS_DVSN", "00"),
    ("SORT_SQN", "DS"),
];

async fn row(world: &World, number: &str) -> Value {
    let real = [("PDNO", "%"), ("OVRS_EXCG_CD", "%")];
    let (tr_id, given) = match world.options.mode {
        Mode::Real => ("TTTS3035R", [&ALL[..], &real].concat()),
        Mode::Paper => ("VTTS3035R", ALL.to_vec()),
    };
    let reply = world.get(tr_id, &given, false).await;
    let rows = reply.json["output"].as_array().unwrap_or_else(|| panic!("{}", reply.text));
    rows.iter().find(|row| row["odno"] == number).unwrap_or_else(|| panic!("{number}: {}", reply.text)).clone()
}

/// Numbers of the open orders of an exchange.
async fn open(world: &World, exchange: &str) -> Vec<String> {
    let reply = world.get("TTTS3018R", &[("OVRS_EXCG_CD", exchange), ("SORT_SQN", "DS")], false).await;
    let rows = reply.json["output"].as_array().unwrap_or_else(|| panic!("{}", reply.text));
    rows.iter().map(|row| row["odno"].as_str().unwrap().to_owned()).collect()
}

/// Shares of an issue, those that can be sold, and dollars that can be ordered for.
async fn held(world: &World, exchange: &str, code: &str) -> (Vec<String>, String) {
    let balance = world.get("TTTS3012R", &[("OVRS_EXCG_CD", exchange), ("TR_CRCY_CD", "USD")], false).await.json;
    let rows = balance["output1"].as_array().unwrap().clone();
    let row = rows.iter().find(|row| row["ovrs_pdno"] == code && row["loan_type_cd"] == "10");
    let row = row.map(|row| fields(row, ["ovrs_cblc_qty", "ord_psbl_qty"]).to_vec()).unwrap_or_default();
    let asked = [("OVRS_EXCG_CD", exchange), ("OVRS_ORD_UNPR", "1"), ("ITEM_CD", code)];
    (row, world.get("TTTS3007R", &asked, false).await.json["output"]["ord_psbl_frcr_amt"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_order_abroad_is_answered_and_listed_in_the_bytes_that_were_recorded() {
    let world = World::with("2026-11-25T00:15:40+09:00", MarketSetup::STILL, Options::demo(Mode::Real)).await;
    assert_eq!(
        order(&world, "TTTT1002U", &[]).await.text,
        r#"{"rt_cd":"0","msg_cd":"APBK0013","msg1":"주문 전송 완료 되었습니다.","output":{"KRX_FWDG_ORD_ORGNO":"01790","ODNO":"0030138112","ORD_TMD":"001540"}}"#
    );
    let text =
        world.get("TTTS3035R", &[&ALL[..], &[("PDNO", "%"), ("OVRS_EXCG_CD", "NASD")]].concat(), false).await.text;
    let expected = r#""output":[{"ord_dt":"20261124","ord_gno_brno":"01790","odno":"0030138112","orgn_odno":"","sll_buy_dvsn_cd":"02","sll_buy_dvsn_cd_name":"매수","rvse_cncl_dvsn":"00","rvse_cncl_dvsn_name":"","pdno":"AAPL","prdt_name":"애플","ft_ord_qty":"2","ft_ord_unpr3":"225.00000000","ft_ccld_qty":"0","ft_ccld_unpr3":"0.00000000","ft_ccld_amt3":"0.00000","nccs_qty":"2","prcs_stat_name":"전송","rjct_rson":"","rjct_rson_name":"","ord_tmd":"001540","tr_mket_name":"나스닥","tr_crcy_cd":"USD","tr_natn":"840","ovrs_excg_cd":"NASD","tr_natn_name":"미국","dmst_ord_dt":"20261125","thco_ord_tmd":"001540","loan_type_cd":"10","loan_dt":"","mdia_dvsn_name":"OpenAPI","usa_amk_exts_rqst_yn":"Y","splt_buy_attr_name":""}],"rt_cd":"0","msg_cd":"KIOK0510""#;
    assert!(text.contains(expected), "{text}");
    let text = world.get("TTTS3018R", &[("OVRS_EXCG_CD", "NASD"), ("SORT_SQN", "DS")], false).await.text;
    let expected = r#""output":[{"ord_dt":"20261124","ord_gno_brno":"01790","odno":"0030138112","orgn_odno":"","pdno":"AAPL","prdt_name":"애플","sll_buy_dvsn_cd":"02","sll_buy_dvsn_cd_name":"매수","rvse_cncl_dvsn_cd":"00","rvse_cncl_dvsn_cd_name":"","rjct_rson":"","rjct_rson_name":"","ord_tmd":"001540","tr_mket_name":"나스닥","tr_crcy_cd":"USD","natn_cd":"840","natn_kor_name":"미국","ft_ord_qty":"2","ft_ccld_qty":"0","nccs_qty":"2","ft_ord_unpr3":"225.00000000","ft_ccld_unpr3":"0.00000000","ft_ccld_amt3":"0.00000","ovrs_excg_cd":"NASD","prcs_stat_name":"","loan_type_cd":"10","loan_dt":""}],"rt_cd":"0","msg_cd":"KIOK0510""#;
    assert!(text.contains(expected), "{text}");
    assert!(text.starts_with(r#"{"ctx_area_fk200":"12345678^01^NASD^DS^   "#), "{text}");
}

#[tokio::test]
async fn where_nothing_was_ordered_abroad_there_is_one_row_of_blanks() {
    let world = World::new(Mode::Real).await;
    let reply = world.get("TTTS3035R", &ALL, false).await;
    assert_eq!((code(&reply), &reply.json["output"]["odno"]), ("KIOK0560", &json!("")));
    let paper = World::new(Mode::Paper).await;
    assert_eq!(paper.get("VTTS3035R", &ALL, false).await.json["output"], json!([]));
}

#[tokio::test]
async fn a_paper_account_lists_bare_numbers_and_takes_no_filter() {
    let world = World::new(Mode::Paper).await;
    let reply = order(&world, "VTTT1002U", &[]).await;
    assert_eq!((number(&reply).as_str(), code(&reply)), ("0000037508", "40600000"));
    assert_eq!(row(&world, "37508").await["nccs_qty"], "2");
    let filtered = world.get("VTTS3035R", &[&ALL[..], &[("PDNO", "%")]].concat(), false).await;
    assert_eq!(code(&filtered), "OPSQ2001");
    assert_eq!(code(&world.get("TTTS3018R", &[], false).await), "EGW02006");
    assert_eq!(code(&order(&world, "VTTT1001U", &[("SLL_TYPE", "00")]).await), "40600000", "its own TR id to sell");
    assert_eq!(code(&order(&world, "VTTT1002U", &[("ORD_DVSN", "34")]).await), "90000000");
}

#[tokio::test]
async fn a_cancellation_abroad_is_of_all_that_is_left_whatever_quantity_it_names() {
    let world = World::new(Mode::Real).await;
    let first = number(&order(&world, "TTTT1002U", &[("ORD_QTY", "3")]).await);
    assert_eq!(world.orders().fill_at(&first, 1, Decimal::new(22_490, 2)), 1);
    assert_eq!(open(&world, "NASD").await.concat(), first);
    let cancel = number(&change(&world, "TTTT1004U", &first, "02", &[("ORD_QTY", "1")]).await);
    let says = ["ft_ord_qty", "ft_ccld_qty", "nccs_qty", "ft_ccld_unpr3", "ft_ccld_amt3", "prcs_stat_name"];
    assert_eq!(fields(&row(&world, &first).await, says), ["3", "1", "0", "224.90000000", "224.90000", "완료"]);
    assert_eq!(
        fields(&row(&world, &cancel).await, ["orgn_odno", "rvse_cncl_dvsn", "rvse_cncl_dvsn_name", "ft_ord_unpr3"]),
        [&first, "02", "취소", "0.00000000"]
    );
    assert_eq!(open(&world, "NASD").await, Vec::<String>::new());
    assert_eq!(code(&change(&world, "TTTT1004U", &first, "02", &[]).await), "APBK0927");
}

#[tokio::test]
async fn an_amendment_abroad_is_a_new_order_and_split_ones_cannot_be_amended() {
    let world = World::new(Mode::Real).await;
    let first = number(&order(&world, "TTTT1002U", &[]).await);
    let second = number(&change(&world, "TTTT1004U", &first, "01", &[("OVRS_ORD_UNPR", "226.10")]).await);
    assert_eq!(open(&world, "NASD").await.concat(), second);
    assert_eq!(fields(&row(&world, &second).await, ["orgn_odno", "ft_ord_unpr3"]), [&first, "226.10000000"]);
    let split = [("ORD_DVSN", "35"), ("ALGO_ORD_TMD_DVSN_CD", "02")];
    let split = number(&order(&world, "TTTT1002U", &split).await);
    let amend = [("OVRS_ORD_UNPR", "226.10")];
    assert_eq!(code(&change(&world, "TTTT1004U", &split, "01", &amend).await), "APBK1269");
    number(&change(&world, "TTTT1004U", &split, "02", &[]).await);
}

#[tokio::test]
async fn money_and_positions_abroad_follow() {
    let world = World::new(Mode::Real).await;
    let before = held(&world, "NASD", "AAPL").await;
    assert_eq!(before, (vec!["10".to_owned(), "10".to_owned()], "500.00".to_owned()));
    let buy = number(&order(&world, "TTTT1002U", &[("ORD_QTY", "1")]).await);
    assert_eq!(held(&world, "NASD", "AAPL").await.1, "275.00");
    world.orders().fill(&buy, 1);
    // 225 dollars, and 56 cents for the broker.
    assert_eq!(held(&world, "NASD", "AAPL").await, (vec!["11".to_owned(), "11".to_owned()], "274.44".to_owned()));
    let sell = number(&order(&world, "TTTT1006U", &[("ORD_QTY", "4"), ("SLL_TYPE", "00")]).await);
    assert_eq!(held(&world, "NASD", "AAPL").await.0, ["11", "7"]);
    assert_eq!(code(&order(&world, "TTTT1006U", &[("ORD_QTY", "8")]).await), "APBK0400");
    world.orders().fill(&sell, 4);
    assert_eq!(held(&world, "NASD", "AAPL").await, (vec!["7".to_owned(), "7".to_owned()], "1172.19".to_owned()));
}

#[tokio::test]
async fn dollars_that_lack_are_exchanged_the_next_morning() {
    let mut world = World::new(Mode::Real).await;
    let buy = number(&order(&world, "TTTT1002U", &[("ORD_QTY", "4")]).await);
    world.orders().fill(&buy, 4);
    assert_eq!(held(&world, "NASD", "AAPL").await.1, "-402.25");
    world.pass(86_400);
    world.log_in().await;
    assert_eq!(held(&world, "NASD", "AAPL").await.1, "0.00");
    // At 1,469 won.
    assert_eq!(world.balance("").await.1["prvs_rcdl_excc_amt"], (5_000_000 - 590_906).to_string());
    world.simulator.reconfigure(|options| options.portfolio.abroad.is_integrated = false);
    assert_eq!(code(&order(&world, "TTTT1002U", &[]).await), "APBK0952");
}

#[tokio::test]
async fn every_market_has_its_tr_ids_and_its_rules() {
    let mut options = Options::demo(Mode::Real);
    options.portfolio = Portfolio { deposit: 1_000_000_000, ..Portfolio::demo() };
    options.portfolio.abroad.positions.push(PositionAbroad::cash("SHAA", "600519", 200, Decimal::new(1_400, 0)));
    let world = World::with("2026-11-26T12:00:00+09:00", MarketSetup::STILL, options).await;
    for (tr_id, exchange, issue, quantity, price, expected) in [
        ("TTTT1002U", "TKSE", "7203", "100", "3000", "OPSQ2001"),
        ("TTTT1002U", "NYSE", "AAPL", "1", "225", "APBK0656"),
        ("TTTT1002U", "NASD", "AAPL", "1", "225.001", "APBK0506"),
        ("TTTT1002U", "NASD", "AAPL", "1", "990", "APBK0513"),
        ("TTTT1002U", "NASD", "AAPL", "1", "x", "OPSQ2001"),
        ("TTTS0308U", "TKSE", "7203", "50", "3000", "APBK0915"),
        ("TTTS0308U", "TKSE", "7203", "100", "3000", "APBK0013"),
        ("TTTS0307U", "TKSE", "7203", "100", "3000", "APBK0013"),
        ("TTTS1005U", "SHAA", "600519", "100", "1400", "APBK0013"),
        ("TTTS0202U", "SHAA", "600519", "100", "1400", "APBK0013"),
    ] {
        let given = [("OVRS_EXCG_CD", exchange), ("PDNO", issue), ("ORD_QTY", quantity), ("OVRS_ORD_UNPR", price)];
        assert_eq!(code(&order(&world, tr_id, &given).await), expected, "{tr_id} {exchange} {issue} {price}");
    }
    assert_eq!(code(&order(&world, "TTTT1002U", &[("ORD_DVSN", "01")]).await), "APBK1269");
    assert_eq!(code(&order(&world, "TTTT1002U", &[("ORD_DVSN", "33")]).await), "APBK1269", "to sell only");
    let bought = world.orders().last().unwrap();
    let china = [("OVRS_EXCG_CD", "SHAA"), ("PDNO", "600519"), ("OVRS_ORD_UNPR", "1410")];
    assert_eq!(code(&change(&world, "TTTS0302U", &bought.number, "01", &china).await), "OPSQ2001", "cancels only");
    world.orders().fill(&bought.number, 100);
    let all = [&china[..], &[("ORD_QTY", "200")]].concat();
    assert_eq!(code(&order(&world, "TTTS1005U", &all).await), "APBK0400", "not what was bought today");
}

#[tokio::test]
async fn an_american_day_order_dies_with_the_session_and_says_so() {
    let world = World::with("2026-11-26T23:40:00+09:00", KRX, Options::demo(Mode::Real)).await;
    assert_eq!(code(&order(&world, "TTTT1002U", &[]).await), "APBK1664", "Thanksgiving");
    let world = World::with("2026-11-25T16:00:00+09:00", KRX, Options::demo(Mode::Real)).await;
    assert_eq!(code(&order(&world, "TTTT1002U", &[]).await), "APBK1664");
    world.pass(8 * 3_600);
    let last =
        world.get("HHDFS00000300", &[("EXCD", "NAS"), ("SYMB", "AAPL")], false).await.json["output"]["last"].clone();
    let last: Decimal = last.as_str().unwrap().parse().unwrap();
    let far = (last * Decimal::new(5, 1)).trunc_with_scale(2).to_string();
    let market = (last + Decimal::TEN).trunc_with_scale(2).to_string();
    let far = number(&order(&world, "TTTT1002U", &[("OVRS_ORD_UNPR", &far)]).await);
    let now = number(&order(&world, "TTTT1002U", &[("OVRS_ORD_UNPR", &market)]).await);
    world.pass(4);
    assert_eq!(fields(&row(&world, &now).await, ["ft_ccld_qty", "nccs_qty", "ord_dt"]), ["2", "0", "20261125"]);
    assert_eq!(open(&world, "NASD").await.concat(), far);
    world.pass(6 * 3_600);
    let says = ["nccs_qty", "prcs_stat_name", "rjct_rson_name"];
    assert_eq!(fields(&row(&world, &far).await, says), ["0", "거부", "DFD 장종료로 취소"]);
}

#[tokio::test]
async fn the_american_day_market_is_open_by_day_and_in_one_list_only() {
    let world = World::with("2026-11-25T11:00:00+09:00", KRX, Options::demo(Mode::Real)).await;
    let last =
        world.get("HHDFS00000300", &[("EXCD", "NAS"), ("SYMB", "AAPL")], false).await.json["output"]["last"].clone();
    let last: Decimal = last.as_str().unwrap().parse().unwrap();
    let far = (last * Decimal::new(5, 1)).trunc_with_scale(2).to_string();
    let body = json!({
        "CANO": world.options.cano, "ACNT_PRDT_CD": "01", "OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORD_QTY": "2",
        "OVRS_ORD_UNPR": far, "CTAC_TLNO": "", "MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00",
    });
    let path = "/uapi/overseas-stock/v1/trading/daytime-order";
    let first = number(&world.post(path, "TTTS6036U", &body).await);
    let typed = {
        let mut body = body.clone();
        body["ORD_DVSN"] = json!("34");
        body
    };
    assert_eq!(code(&world.post(path, "TTTS6036U", &typed).await), "APBK1269", "limit only");
    world.pass(4);
    assert_eq!(open(&world, "NASD").await.concat(), first);
    let by_day = world.get("TTTS3035R", &[&ALL[..], &[("PDNO", "%"), ("OVRS_EXCG_CD", "%")]].concat(), false).await;
    assert_eq!(code(&by_day), "KIOK0560");
    assert_eq!(code(&change(&world, "TTTT1004U", &first, "02", &[]).await), "APBK0926", "not by the path of the night");
    let cancel = json!({
        "CANO": world.options.cano, "ACNT_PRDT_CD": "01", "OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORGN_ODNO": first,
        "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "2", "OVRS_ORD_UNPR": "0", "CTAC_TLNO": "", "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    });
    number(&world.post(&format!("{path}-rvsecncl"), "TTTS6038U", &cancel).await);
    world.pass(4);
    assert_eq!(open(&world, "NASD").await, Vec::<String>::new());
    number(&world.post(path, "TTTS6036U", &body).await);
    world.pass(7 * 3_600);
    assert_eq!(open(&world, "NASD").await, Vec::<String>::new(), "it died at six");
    assert_eq!(code(&world.post(path, "TTTS6036U", &body).await), "APBK1664");
}
