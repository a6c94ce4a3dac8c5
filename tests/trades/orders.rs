//! `account.orders`.

use kisd::simulator::{Side, Stranger};

use super::*;

/// A key of a page after which there is none, as KIS pads it.
const NO_KEY: &str = "                                                                                ";

#[tokio::test]
async fn an_order_at_home_has_every_figure_that_kis_gave_and_nothing_about_who_gave_it() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let market = with(
        &at_home(),
        &[
            ("odno", "0000085101"),
            ("sll_buy_dvsn_cd", "01"),
            ("sll_buy_dvsn_cd_name", "융자매도"),
            ("ord_unpr", "0"),
            ("ord_dvsn_cd", "01"),
            ("ord_dvsn_name", "시장가"),
            ("tot_ccld_qty", "0"),
            ("avg_prvs", "0"),
            ("tot_ccld_amt", "0"),
            ("rmn_qty", "10"),
            ("loan_dt", "20251201"),
            ("excg_id_dvsn_cd", "NXT"),
            ("ordr_empno", "HTS"),
            ("ord_tmd", "094415"),
        ],
    );
    let stop = with(&market, &[("odno", "0000085102"), ("stpm_cndt_pric", "70000"), ("ord_tmd", "094416")]);
    // KIS gives the newest first.
    let rows = json!([stop, market, at_home()]);
    world.simulator.fail_next("inquire-daily-ccld", page("D", &json!({ "output1": rows, "output2": {} })));
    let orders = daemon.ok("account.orders", json!({ "region": "domestic" })).await;
    let body = called(&world, &daemon, HOME, &asked_at_home("20260123", "20260123", "ALL")).await;
    let rows: Vec<&Value> = body["output1"].as_array().unwrap().iter().rev().collect();
    let listed = orders["orders"].as_array().unwrap();
    assert_eq!(listed.len(), 3);
    for (order, row) in listed.iter().zip(rows) {
        assert_is_row_at_home(order, row);
        assert_eq!((&order["kind"], &order["confirmed"]), (&json!("new"), &Value::Null));
    }
    let states: Vec<&Value> = listed.iter().map(|order| &order["state"]).collect();
    assert_eq!(states, ["partly_filled", "accepted", "accepted"]);
    assert_eq!(listed[0]["average_price"], json!(71233.3333));
    assert_eq!((&listed[1]["price"], &listed[1]["average_price"]), (&Value::Null, &Value::Null));
    assert_eq!(listed[2]["stop_price"], 70000);
    assert_eq!(
        (&orders["date"], &orders["regions"], &orders["complete"], &orders["account_name"]),
        (&json!("2026-01-23"), &json!(["domestic"]), &json!(true), &json!("default"))
    );
    for private in ["203.000.113.007", "01000000000", "101112"] {
        assert!(!orders.to_string().contains(private), "{orders}");
    }
}

#[tokio::test]
async fn how_far_an_order_has_come_is_told_by_quantities_and_rows_that_name_it_and_never_by_a_flag() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let order = |number: &str, pairs: &[(&str, &str)]| with(&with(&at_home(), &[("odno", number)]), pairs);
    let about = |number: &str, original: &str, name: &str, pairs: &[(&str, &str)]| {
        let row = order(number, &[("orgn_odno", original), ("sll_buy_dvsn_cd_name", name), ("tot_ccld_qty", "0")]);
        with(&row, pairs)
    };
    let nothing_left = [("rmn_qty", "0")];
    let rows = json!([
        order("0000000001", &[("tot_ccld_qty", "10"), ("rmn_qty", "0")]),
        // The flag says that it is cancelled, and it is not.
        order("0000000002", &[("cncl_yn", "Y"), ("cncl_cfrm_qty", "6")]),
        order("0000000003", &nothing_left),
        about("0000000013", "3", "매수취소*", &[("ord_unpr", "0"), ("rmn_qty", "0"), ("ord_qty", "6")]),
        order("0000000004", &nothing_left),
        about("0000000014", "        4", "매수정정*", &[("ord_qty", "6"), ("rmn_qty", "6")]),
        order("0000000005", &[("tot_ccld_qty", "0"), ("rmn_qty", "0"), ("rjct_qty", "10")]),
        order("0000000006", &[("rmn_qty", "0"), ("cncl_yn", "Y")]),
        // It waits for its cancellation, which is not confirmed.
        order("0000000007", &[]),
        about("0000000017", "0000000007", "매수취소", &[("ord_unpr", "0"), ("rmn_qty", "0")]),
        order("0000000008", &[("tot_ccld_qty", "0"), ("rmn_qty", "10")]),
        // An amendment of a part leaves the rest alive.
        order("0000000009", &[("rmn_qty", "3")]),
        about("0000000019", "0000000009", "BUY AMEND*", &[("ord_qty", "3"), ("rmn_qty", "3")]),
    ]);
    world.simulator.fail_next("inquire-daily-ccld", page("D", &json!({ "output1": rows, "output2": {} })));
    let orders = daemon.ok("account.orders", json!({ "region": "domestic" })).await;
    for (number, kind, confirmed, state) in [
        ("0000000001", "new", Value::Null, "filled"),
        ("0000000002", "new", Value::Null, "partly_filled"),
        ("0000000003", "new", Value::Null, "cancelled"),
        ("0000000013", "cancel", json!(true), "confirmed"),
        ("0000000004", "new", Value::Null, "amended"),
        ("0000000014", "amend", json!(true), "accepted"),
        ("0000000005", "new", Value::Null, "rejected"),
        ("0000000006", "new", Value::Null, "closed"),
        ("0000000007", "new", Value::Null, "partly_filled"),
        ("0000000017", "cancel", json!(false), "accepted"),
        ("0000000008", "new", Value::Null, "accepted"),
        ("0000000009", "new", Value::Null, "partly_filled"),
        ("0000000019", "amend", json!(true), "accepted"),
    ] {
        let order = by_number(&orders, number);
        assert_eq!(
            (&order["kind"], &order["confirmed"], &order["state"]),
            (&json!(kind), &confirmed, &json!(state)),
            "{number}"
        );
    }
    // A day later none of them is alive.
    let day_before = json!({ "output1": [with(&at_home(), &[("ord_dt", "20260122")])], "output2": {} });
    world.simulator.fail_next("inquire-daily-ccld", page("D", &day_before));
    let orders = daemon.ok("account.orders", json!({ "region": "domestic", "date": "2026-01-22" })).await;
    assert_eq!(orders["orders"][0]["state"], "expired");
}

#[tokio::test]
async fn all_pages_are_read_and_a_row_that_two_of_them_have_counts_once() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let numbered = |number: u32| with(&at_home(), &[("odno", &format!("{number:010}"))]);
    let pages = [("F", 3..6, "P2"), ("M", 5..8, "P3"), ("D", 8..9, NO_KEY)];
    for (tr_cont, numbers, next) in pages {
        let rows: Vec<Value> = numbers.rev().map(numbered).collect();
        let body = json!({ "output1": rows, "output2": {}, "ctx_area_fk100": "f", "ctx_area_nk100": next });
        world.simulator.fail_next("inquire-daily-ccld", page(tr_cont, &body));
    }
    let orders = daemon.ok("account.orders", json!({ "region": "domestic" })).await;
    let numbers: Vec<&str> =
        orders["orders"].as_array().unwrap().iter().map(|order| order["order_no"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["0000000003", "0000000004", "0000000005", "0000000006", "0000000007", "0000000008"]);
    assert_eq!(world.simulator.calls_to("inquire-daily-ccld").len(), 3);
    assert_eq!(orders["complete"], true);
    let body = called(&world, &daemon, HOME, &asked_at_home("20260123", "20260123", "ALL")).await;
    assert_eq!(body["output1"].as_array().unwrap().len(), 7, "KIS has one of them twice");
}

#[tokio::test]
async fn days_of_more_than_three_months_ago_are_asked_for_by_the_operation_that_has_them() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    for (date, tr_id) in [("2025-10-23", "TTTC0081R"), ("2025-10-22", "CTSC9215R")] {
        let before = world.simulator.calls_to("inquire-daily-ccld").len();
        daemon.ok("account.orders", json!({ "region": "domestic", "date": date })).await;
        let sent = &world.simulator.calls_to("inquire-daily-ccld")[before..];
        assert_eq!(sent.iter().map(|call| call.tr_id.as_str()).collect::<Vec<_>>(), [tr_id], "{date}");
    }
}

#[tokio::test]
async fn an_order_abroad_has_every_figure_in_its_currency_and_belongs_to_the_day_of_either_place() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let cancelled = with(&abroad(), &[("odno", "30138113"), ("nccs_qty", "0"), ("ord_tmd", "001541")]);
    let cancel = with(
        &cancelled,
        &[
            ("odno", "30138114"),
            ("orgn_odno", "0030138113"),
            ("rvse_cncl_dvsn", "02"),
            ("ft_ord_unpr3", "0.00000000"),
            ("ft_ccld_qty", "0"),
            ("ft_ccld_unpr3", "0.00000000"),
            ("ft_ccld_amt3", "0.00000"),
            ("prcs_stat_name", "완료"),
            ("ord_tmd", "001542"),
        ],
    );
    // The row of one that was cancelled may look untouched.
    let untouched = with(&abroad(), &[("odno", "30138117"), ("ord_tmd", "001545")]);
    let cancel_of_it = with(&cancel, &[("odno", "30138118"), ("orgn_odno", "0030138117"), ("ord_tmd", "001546")]);
    let gone = with(&abroad(), &[("odno", "30138119"), ("nccs_qty", "0"), ("ord_tmd", "001547")]);
    let ended = with(
        &abroad(),
        &[
            ("odno", "30138115"),
            ("prcs_stat_name", "거부"),
            ("rjct_rson_name", "DFD 장종료로 취소"),
            ("nccs_qty", "0"),
            ("ord_tmd", "001543"),
        ],
    );
    let refused = with(
        &ended,
        &[("odno", "30138116"), ("rjct_rson_name", "주문가격 오류"), ("ft_ccld_qty", "0"), ("ord_tmd", "001544")],
    );
    let long_ago = with(&abroad(), &[("odno", "7"), ("ord_dt", "20260121"), ("dmst_ord_dt", "20260122")]);
    let blank =
        with(&abroad(), &abroad().as_object().unwrap().keys().map(|name| (name.as_str(), "  ")).collect::<Vec<_>>());
    let rows = json!([gone, cancel_of_it, untouched, refused, ended, cancel, cancelled, abroad(), long_ago, blank]);
    world.simulator.fail_next("inquire-ccnl", page("D", &json!({ "output": rows })));
    let orders = daemon.ok("account.orders", json!({ "region": "overseas" })).await;
    let body = called(&world, &daemon, ABROAD, &asked_abroad("20260121", "20260124", "%")).await;
    let listed = orders["orders"].as_array().unwrap();
    let rows: Vec<&Value> = body["output"].as_array().unwrap()[..8].iter().rev().collect();
    assert_eq!(listed.len(), rows.len(), "without what is of neither day: {orders}");
    for (order, row) in listed.iter().zip(rows) {
        assert_is_row_abroad(order, row);
        assert_eq!(order["market"], "NASDAQ");
    }
    let told: Vec<_> = listed.iter().map(|order| (&order["kind"], &order["confirmed"], &order["state"])).collect();
    let (new, none) = (&json!("new"), &Value::Null);
    assert_eq!(
        told,
        [
            (new, none, &json!("partly_filled")),
            (new, none, &json!("cancelled")),
            (&json!("cancel"), &json!(true), &json!("confirmed")),
            (new, none, &json!("expired")),
            (new, none, &json!("rejected")),
            (new, none, &json!("cancelled")),
            (&json!("cancel"), &json!(true), &json!("confirmed")),
            (new, none, &json!("cancelled")),
        ]
    );
    assert_eq!((&listed[0]["price"], &listed[0]["average_price"]), (&json!(225.01), &json!(225.025)));
    assert_eq!(listed[0]["ordered_at"], "2026-01-23T00:15:40+09:00");
}

#[tokio::test]
async fn rows_that_the_simulator_makes_up_are_read_as_kis_call_gives_them() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    world.simulator.orders().stranger(Stranger::limit(Side::Buy, "005930", 3, 75_000)).unwrap();
    let orders = daemon.ok("account.orders", json!({ "date": "2026-01-23" })).await;
    assert_eq!(orders["regions"], json!(["domestic", "overseas"]));
    let home = called(&world, &daemon, HOME, &asked_at_home("20260123", "20260123", "ALL")).await;
    let abroad = called(&world, &daemon, ABROAD, &asked_abroad("20260122", "20260124", "%")).await;
    let [at_home, at_home_of_kis] = [&orders["orders"], &home["output1"]].map(|rows| rows.as_array().unwrap());
    let is_at_home = |order: &&Value| order["region"] == "domestic";
    assert_eq!(at_home.iter().filter(is_at_home).count(), at_home_of_kis.len());
    let is_of_the_day = |row: &&Value| row["ord_dt"] == "20260123" || row["dmst_ord_dt"] == "20260123";
    // An empty list is one object of blanks.
    let rows: Vec<&Value> = abroad["output"].as_array().into_iter().flatten().filter(is_of_the_day).collect();
    let is_abroad = |order: &&Value| order["region"] == "overseas";
    assert_eq!(orders["orders"].as_array().unwrap().iter().filter(is_abroad).count(), rows.len());
    for row in rows {
        assert_is_row_abroad(by_number(&orders, row["odno"].as_str().unwrap()), row);
    }
}

#[tokio::test]
async fn an_empty_list_abroad_is_one_object_of_blanks() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let blank: serde_json::Map<String, Value> =
        abroad().as_object().unwrap().keys().map(|name| (name.clone(), json!(""))).collect();
    let mut body = json!({ "output": blank });
    body["rt_cd"] = json!("0");
    body["msg_cd"] = json!("KIOK0560");
    body["msg1"] = json!("조회할 내용이 없습니다");
    world.simulator.fail_next("inquire-ccnl", Fault::Answer { status: 200, body: body.to_string() });
    let orders = daemon.ok("account.orders", json!({ "region": "overseas" })).await;
    assert_eq!((&orders["orders"], &orders["complete"]), (&json!([]), &json!(true)));
}

#[tokio::test]
async fn paper_lists_its_one_exchange_and_says_that_it_has_no_list_of_reservations() {
    let (world, daemon) = world_and_daemon(Mode::Paper).await;
    let of_paper = with(&at_home(), &[("orgn_odno", "0000000000"), ("cncl_yn", "N"), ("excg_id_dvsn_cd", "KRX")]);
    world.simulator.fail_next("inquire-daily-ccld", page("D", &json!({ "output1": [of_paper], "output2": {} })));
    let abroad = with(&abroad(), &[("odno", "37508")]);
    world.simulator.fail_next("inquire-ccnl", page("D", &json!({ "output": [abroad] })));
    let orders = world.while_time_passes(daemon.ok("account.orders", json!({ "timeout_ms": 60_000 }))).await;
    assert_eq!(by_number(&orders, "0000085100")["original_order_no"], Value::Null);
    assert_eq!(by_number(&orders, "37508")["market"], "NASDAQ");
    assert_eq!(orders["reserved"], Value::Null);
    assert_eq!(orders["reserved_reason"], "KIS lists no reservations of paper accounts");
    for (path, tr_id) in [("inquire-daily-ccld", "VTTC0081R"), ("inquire-ccnl", "VTTS3035R")] {
        let sent = world.simulator.calls_to(path);
        assert_eq!(sent.iter().map(|call| call.tr_id.as_str()).collect::<Vec<_>>(), [tr_id]);
    }
    assert_eq!(world.simulator.calls_to("order-resv").len(), 0);
    called(&world, &daemon, HOME, &asked_at_home("20260123", "20260123", "KRX")).await;
    called(&world, &daemon, ABROAD, &asked_abroad("20260121", "20260124", "")).await;
}

#[tokio::test]
async fn a_list_that_fails_is_named_and_the_other_is_never_given_for_the_whole() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    world.simulator.fail_next("inquire-ccnl", Fault::Code("APBK0918".to_owned()));
    let error = daemon.error("account.orders", json!({})).await;
    assert_eq!((&error["code"], &error["data"]["kis"]["msg_cd"]), (&json!(-32054), &json!("APBK0918")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("region \"domestic\""), "{error}");
    let mut damaged = at_home();
    damaged["rmn_qty"] = json!("?");
    world.simulator.fail_next("inquire-daily-ccld", page("D", &json!({ "output1": [damaged] })));
    let error = daemon.error("account.orders", json!({ "region": "domestic", "max_age_ms": 0 })).await;
    assert_eq!(error["code"], -32055, "{error}");
    assert!(error["message"].as_str().unwrap().contains("output1[0].rmn_qty"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name_before_kis_is_asked() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    for (params, said) in [
        (json!({ "date": "20260123" }), "date must be a day such as 2026-11-27"),
        (json!({ "date": "2026-01-24" }), "date is in the future"),
        (json!({ "region": "mars" }), "region must be domestic or overseas"),
        (json!({ "timeout_ms": 1 }), "timeout_ms must be from 1000"),
        (json!({ "day": "2026-01-23" }), "unknown field `day`"),
    ] {
        let error = daemon.error("account.orders", params.clone()).await;
        assert_eq!(error["code"], -32602, "{params}: {error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{params}: {error}");
    }
    assert_eq!(world.simulator.calls_to("inquire-daily-ccld").len(), 0);
}

#[tokio::test]
async fn an_account_whose_orders_kis_lists_elsewhere_is_told_so() {
    let (world, _) = world_and_daemon(Mode::Real).await;
    let account = world.account("pension", &world.options, &world.options.cano);
    let config = world.config_of("other", &format!("{account}account_product_code = \"29\"\n"));
    let daemon = world.daemon_with(config).await;
    let error = daemon.error("account.orders", json!({})).await;
    assert_eq!(error["code"], -32062, "{error}");
    assert!(error["message"].as_str().unwrap().contains("29"), "{error}");
    assert_eq!(world.simulator.calls_to("inquire-daily-ccld").len(), 0);
}

#[tokio::test]
async fn reservations_that_were_open_on_the_day_are_there() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let reserved = row(&[
        ("rsvn_ord_seq", "39607"),
        ("rsvn_ord_ord_dt", "20260126"),
        ("rsvn_ord_rcit_dt", "20260123"),
        ("pdno", "005930"),
        ("ord_dvsn_cd", "00"),
        ("ord_rsvn_qty", "10"),
        ("tot_ccld_qty", "0"),
        ("cncl_ord_dt", ""),
        ("ctac_tlno", "01000000000"),
        ("rjct_rson2", ""),
        ("odno", ""),
        ("rsvn_ord_rcit_tmd", "161203"),
        ("kor_item_shtn_name", "삼성전자"),
        ("sll_buy_dvsn_cd", "02"),
        ("ord_rsvn_unpr", "70000"),
        ("prcs_rslt", "미처리"),
        ("rsvn_end_dt", ""),
    ]);
    let done =
        with(&reserved, &[("rsvn_ord_seq", "1"), ("rsvn_ord_rcit_dt", "20260121"), ("rsvn_ord_ord_dt", "20260122")]);
    let until = with(&done, &[("rsvn_ord_seq", "2"), ("rsvn_end_dt", "20260130"), ("odno", "0000000077")]);
    world.simulator.fail_next("order-resv-ccnl", page("D", &json!({ "output": [reserved, done, until] })));
    let us = row(&[
        ("cncl_yn", "N"),
        ("rsvn_ord_rcit_dt", "20260123"),
        ("ovrs_rsvn_odno", "0030138295"),
        ("ord_dt", ""),
        ("odno", ""),
        ("sll_buy_dvsn_cd", "01"),
        ("ovrs_rsvn_ord_stat_cd_name", "접수"),
        ("pdno", "AAPL"),
        ("prdt_name", "애플"),
        ("ord_rcit_tmd", "100000"),
        ("ovrs_excg_cd", "NASD"),
        ("ft_ord_qty", "2"),
        ("ft_ord_unpr3", "225.00000000"),
        ("ft_ccld_qty", "0"),
        ("nprc_rson_text", ""),
    ]);
    world.simulator.fail_next("order-resv-list", page("D", &json!({ "output": [us] })));
    world.simulator.fail_next("order-resv-list", page("D", &json!({ "output": [us] })));
    let orders = daemon.ok("account.orders", json!({})).await;
    let numbers: Vec<&str> =
        orders["reserved"].as_array().unwrap().iter().map(|one| one["reservation_no"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["2", "0030138295", "39607"], "{orders}");
    let expected = json!({ "reservation_no": "39607", "received_date": "2026-01-23",
        "received_at": "2026-01-23T16:12:03+09:00", "order_date": "2026-01-26", "until": null, "region": "domestic",
        "market": "KRX", "stock_code": "005930", "stock_name": "삼성전자", "side": "buy", "type_code": "00",
        "quantity": 10, "price": 70000, "filled_quantity": 0, "order_no": null, "status": "미처리", "cancelled": false,
        "reason": null });
    assert_eq!(orders["reserved"][2], expected);
    let expected = json!({ "reservation_no": "0030138295", "received_date": "2026-01-23",
        "received_at": "2026-01-23T10:00:00+09:00", "order_date": null, "until": null, "region": "overseas",
        "market": "NASDAQ", "stock_code": "AAPL", "stock_name": "애플", "side": "sell", "type_code": null,
        "quantity": 2, "price": 225, "filled_quantity": 0, "order_no": null, "status": "접수", "cancelled": false,
        "reason": null });
    assert_eq!(orders["reserved"][1], expected);
    assert_eq!(orders["reserved"][0]["order_no"], "0000000077");
    assert!(!orders.to_string().contains("01000000000"));
    let asked = json!({ "RSVN_ORD_ORD_DT": "20251223", "RSVN_ORD_END_DT": "20260202", "RSVN_ORD_SEQ": "",
        "TMNL_MDIA_KIND_CD": "00", "PRCS_DVSN_CD": "0", "CNCL_YN": "Y", "PDNO": "", "SLL_BUY_DVSN_CD": "" });
    called(&world, &daemon, "domestic-stock-trading-order-resv-ccnl", &asked).await;
    // While KIS's lists are closed they are not known, and the orders are there.
    world.simulator.fail_next("order-resv-ccnl", Fault::Code("APBK0918".to_owned()));
    let orders = daemon.ok("account.orders", json!({ "max_age_ms": 0 })).await;
    assert_eq!(orders["reserved"], Value::Null);
    assert!(orders["reserved_reason"].as_str().unwrap().contains("APBK0918"), "{orders}");
}

#[tokio::test]
async fn a_list_that_is_too_long_to_be_held_is_refused_with_what_to_do() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let long = with(&at_home(), &[("prdt_name", &"x".repeat(5 << 20))]);
    for next in ["P2", "P3"] {
        let body = json!({ "output1": [long], "output2": {}, "ctx_area_fk100": "f", "ctx_area_nk100": next });
        world.simulator.fail_next("inquire-daily-ccld", page("F", &body));
    }
    let error = daemon.error("account.executions", json!({ "region": "domestic" })).await;
    assert_eq!(error["code"], -32058, "{error}");
    assert!(error["message"].as_str().unwrap().contains("after 2 pages; ask for fewer days"), "{error}");
}
