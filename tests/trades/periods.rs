//! `account.executions`, `account.profits` and `account.transactions`.

use super::*;

const BY_STOCK: &str = "domestic-stock-trading-inquire-period-trade-profit";
const BY_DAY: &str = "domestic-stock-trading-inquire-period-profit";
const GAINED_ABROAD: &str = "overseas-stock-trading-inquire-period-profit";
const TRANSACTIONS: &str = "overseas-stock-trading-inquire-period-trans";

/// That members are what fields of KIS say.
fn assert_figures(told: &Value, row: &Value, names: &[(&str, &str)]) {
    for (name, of_kis) in names {
        assert_figure(&told[*name], &row[*of_kis], name);
    }
}

fn assert_texts(told: &Value, row: &Value, names: &[(&str, &str)]) {
    for (name, of_kis) in names {
        assert_text(&told[*name], &row[*of_kis], name);
    }
}

fn assert_null(told: &Value, names: &[&str]) {
    for name in names {
        assert_eq!(told[*name], Value::Null, "{name}");
    }
}

#[tokio::test]
async fn executions_are_the_orders_of_which_something_was_filled_at_home_and_abroad() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let none = with(&at_home(), &[("odno", "0000085101"), ("tot_ccld_qty", "0"), ("avg_prvs", "0")]);
    let before = with(&at_home(), &[("odno", "0000085102"), ("ord_dt", "20260119"), ("sll_buy_dvsn_cd", "01")]);
    let home = json!({ "output1": [none, at_home(), before], "output2": {} });
    world.simulator.fail_next("inquire-daily-ccld", page("D", &home));
    let early = with(&abroad(), &[("odno", "7"), ("ord_dt", "20260118"), ("dmst_ord_dt", "20260118")]);
    // It was given in the Korean morning of the first day, which is the evening before in the US.
    let edge = with(&abroad(), &[("odno", "8"), ("ord_dt", "20260118"), ("dmst_ord_dt", "20260119")]);
    world.simulator.fail_next("inquire-ccnl", page("D", &json!({ "output": [early, edge, abroad()] })));
    let period = json!({ "from": "2026-01-19", "to": "2026-01-23" });
    let told = daemon.ok("account.executions", period).await;
    let numbers: Vec<&Value> = told["executions"].as_array().unwrap().iter().map(|one| &one["order_no"]).collect();
    assert_eq!(numbers, ["8", "0000085102", "0030138112", "0000085100"]);
    let home = called(&world, &daemon, HOME, &asked_at_home("20260119", "20260123", "ALL")).await;
    let abroad = called(&world, &daemon, ABROAD, &asked_abroad("20260118", "20260124", "%")).await;
    let (one, row) = (&told["executions"][3], &home["output1"][1]);
    assert_figures(
        one,
        row,
        &[
            ("quantity", "tot_ccld_qty"),
            ("price", "avg_prvs"),
            ("amount", "tot_ccld_amt"),
            ("order_quantity", "ord_qty"),
        ],
    );
    let texts = [("stock_code", "pdno"), ("stock_name", "prdt_name"), ("branch", "ord_gno_brno")];
    assert_texts(one, row, &texts);
    assert_time(&one["ordered_at"], &row["ord_dt"], &row["ord_tmd"]);
    assert_eq!((&one["route"], &one["side"], &one["state"]), (&json!("sor"), &json!("buy"), &json!("partly_filled")));
    let (one, row) = (&told["executions"][2], &abroad["output"][2]);
    assert_figures(
        one,
        row,
        &[
            ("quantity", "ft_ccld_qty"),
            ("price", "ft_ccld_unpr3"),
            ("amount", "ft_ccld_amt3"),
            ("order_quantity", "ft_ord_qty"),
        ],
    );
    assert_texts(one, row, &texts);
    assert_eq!((&one["currency"], &one["market"], &one["side"]), (&json!("USD"), &json!("NASDAQ"), &json!("sell")));
    // KIS's lists tell no time of a fill, and nobody has told kisd of one.
    for one in told["executions"].as_array().unwrap() {
        assert_null(one, &["fills", "order_id", "origin"]);
    }
    assert_eq!(
        (&told["from"], &told["to"], &told["complete"], &told["regions"]),
        (&json!("2026-01-19"), &json!("2026-01-23"), &json!(true), &json!(["domestic", "overseas"]))
    );
}

#[tokio::test]
async fn a_period_that_begins_before_three_months_ago_is_read_in_two_parts_without_a_gap() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let old = with(&at_home(), &[("ord_dt", "20251001"), ("odno", "0000000001")]);
    let answer = |row: &Value| page("D", &json!({ "output1": [row], "output2": {} }));
    // The parts are asked for at once, and either may come first.
    world.simulator.fail_next("inquire-daily-ccld", answer(&old));
    world.simulator.fail_next("inquire-daily-ccld", answer(&old));
    let period = json!({ "from": "2025-09-01", "to": "2026-01-23", "region": "domestic" });
    let told = daemon.ok("account.executions", period).await;
    assert_eq!(told["executions"].as_array().unwrap().len(), 1, "both parts have it: {told}");
    let mut sent: Vec<String> =
        world.simulator.calls_to("inquire-daily-ccld").into_iter().map(|call| call.tr_id).collect();
    sent.sort_unstable();
    assert_eq!(sent, ["CTSC9215R", "TTTC0081R"]);
    called(&world, &daemon, HOME, &asked_at_home("20251023", "20260123", "ALL")).await;
    let before = "domestic-stock-trading-inquire-daily-ccld-before-3m";
    called(&world, &daemon, before, &asked_at_home("20250901", "20251022", "ALL")).await;
}

/// What was sold of a stock at home on a day.
fn sold_at_home() -> Value {
    row(&[
        ("trad_dt", "20260122"),
        ("pdno", "005930"),
        ("prdt_name", "삼성전자"),
        ("trad_dvsn_name", "현금"),
        ("loan_dt", ""),
        ("hldg_qty", "27"),
        ("pchs_unpr", "68213"),
        ("buy_qty", "5"),
        ("buy_amt", "356500"),
        ("sll_pric", "71300"),
        ("sll_qty", "10"),
        ("sll_amt", "713000"),
        ("rlzt_pfls", "29265"),
        ("pfls_rt", "4.29000000"),
        ("fee", "105"),
        ("tl_tax", "1426"),
        ("loan_int", "0"),
    ])
}

fn asked_of_profits(first: &str, last: &str) -> Value {
    json!({ "SORT_DVSN": "02", "PDNO": "", "INQR_STRT_DT": first, "INQR_END_DT": last, "CBLC_DVSN": "00" })
}

#[tokio::test]
async fn profits_at_home_have_every_figure_by_stock_and_by_day_and_the_totals_of_kis() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let loss = with(
        &sold_at_home(),
        &[
            ("trad_dt", "20260121"),
            ("rlzt_pfls", "-1200"),
            ("pfls_rt", "-0.17000000"),
            ("trad_dvsn_name", "자기융자"),
            ("loan_dt", "20251201"),
        ],
    );
    let totals = row(&[
        ("sll_qty_smtl", "20"),
        ("sll_tr_amt_smtl", "1426000"),
        ("buy_tr_amt_smtl", "356500"),
        ("tot_fee", "210"),
        ("tot_tltx", "2852"),
        ("loan_int", "0"),
        ("tot_rlzt_pfls", "28065"),
        ("tot_pftrt", "2.05000000"),
    ]);
    // The list has moved while it was read.
    let first =
        json!({ "output1": [sold_at_home()], "output2": [totals], "ctx_area_fk100": "f", "ctx_area_nk100": "2" });
    let last = json!({ "output1": [sold_at_home(), loss], "output2": [totals] });
    world.simulator.fail_next("inquire-period-trade-profit", page("F", &first));
    world.simulator.fail_next("inquire-period-trade-profit", page("D", &last));
    let day = row(&[
        ("trad_dt", "20260122"),
        ("buy_amt", "356500"),
        ("sll_amt", "713000"),
        ("rlzt_pfls", "29265"),
        ("fee", "105"),
        ("loan_int", "0"),
        ("tl_tax", "1426"),
        ("pfls_rt", "4.29000000"),
        ("sll_qty1", "10"),
        ("buy_qty1", "5"),
    ]);
    world.simulator.fail_next("inquire-period-profit", page("D", &json!({ "output1": [day], "output2": {} })));
    let period = json!({ "from": "2026-01-19", "to": "2026-01-23", "region": "domestic" });
    let told = daemon.ok("account.profits", period).await;
    let asked = asked_of_profits("20260119", "20260123");
    let by_stock = called(&world, &daemon, BY_STOCK, &asked).await;
    let mut daily = asked.clone();
    daily["INQR_DVSN"] = json!("00");
    let by_day = called(&world, &daemon, BY_DAY, &daily).await;
    assert_eq!(by_stock["output1"].as_array().unwrap().len(), 3);
    let stocks = told["by_stock"].as_array().unwrap();
    assert_eq!(stocks.len(), 2, "{told}");
    for (one, row) in stocks.iter().zip([&by_stock["output1"][2], &by_stock["output1"][0]]) {
        assert_day(&one["date"], &row["trad_dt"], "date");
        assert_day(&one["loan_date"], &row["loan_dt"], "loan_date");
        assert_texts(one, row, &[("stock_code", "pdno"), ("stock_name", "prdt_name"), ("position", "trad_dvsn_name")]);
        assert_figures(
            one,
            row,
            &[
                ("sold_quantity", "sll_qty"),
                ("purchase_price", "pchs_unpr"),
                ("sold_price", "sll_pric"),
                ("sold_amount", "sll_amt"),
                ("profit_loss", "rlzt_pfls"),
                ("profit_loss_rate", "pfls_rt"),
                ("fee", "fee"),
                ("tax", "tl_tax"),
                ("interest", "loan_int"),
                ("bought_quantity", "buy_qty"),
                ("bought_amount", "buy_amt"),
                ("held_quantity", "hldg_qty"),
            ],
        );
        assert_eq!(
            (&one["market"], &one["currency"], &one["region"]),
            (&json!("KRX"), &json!("KRW"), &json!("domestic"))
        );
        assert_null(one, &["purchase_amount", "costs", "exchange_rate"]);
    }
    assert_eq!(told["by_day"].as_array().unwrap().len(), 1);
    let (one, row) = (&told["by_day"][0], &by_day["output1"][0]);
    assert_day(&one["date"], &row["trad_dt"], "date");
    assert_figures(
        one,
        row,
        &[
            ("bought_amount", "buy_amt"),
            ("bought_quantity", "buy_qty1"),
            ("sold_amount", "sll_amt"),
            ("sold_quantity", "sll_qty1"),
            ("profit_loss", "rlzt_pfls"),
            ("profit_loss_rate", "pfls_rt"),
            ("fee", "fee"),
            ("tax", "tl_tax"),
            ("interest", "loan_int"),
        ],
    );
    let expected = json!([{ "region": "domestic", "currency": "KRW", "profit_loss": 28065, "profit_loss_rate": 2.05,
        "sold_amount": 1_426_000, "bought_amount": 356_500, "fee": 210, "tax": 2852, "interest": 0, "costs": null,
        "totals_from": "kis" }]);
    assert_eq!(told["totals"], expected);
}

/// What was sold of a stock abroad on a day.
fn sold_abroad() -> Value {
    row(&[
        ("trad_day", "20260121"),
        ("ovrs_pdno", "AAPL"),
        ("ovrs_item_name", "애플"),
        ("slcl_qty", "3"),
        ("pchs_avg_pric", "220.1000"),
        ("frcr_pchs_amt1", "660.30000"),
        ("avg_sll_unpr", "225.01000000"),
        ("frcr_sll_amt_smtl1", "675.030000"),
        ("stck_sll_tlex", "1.7000"),
        ("ovrs_rlzt_pfls_amt", "13.03000"),
        ("pftrt", "1.97334545"),
        ("exrt", "1469.0000000000"),
        ("ovrs_excg_cd", "NASD"),
        ("frst_bltn_exrt", "1468.50000000"),
    ])
}

fn asked_of_profits_abroad(first: &str, last: &str) -> Value {
    json!({ "OVRS_EXCG_CD": "", "NATN_CD": "", "CRCY_CD": "", "PDNO": "", "INQR_STRT_DT": first, "INQR_END_DT": last,
        "WCRC_FRCR_DVSN_CD": "01" })
}

fn assert_is_profit_abroad(one: &Value, row: &Value) {
    assert_day(&one["date"], &row["trad_day"], "date");
    assert_texts(one, row, &[("stock_code", "ovrs_pdno"), ("stock_name", "ovrs_item_name")]);
    assert_figures(
        one,
        row,
        &[
            ("sold_quantity", "slcl_qty"),
            ("purchase_price", "pchs_avg_pric"),
            ("purchase_amount", "frcr_pchs_amt1"),
            ("sold_price", "avg_sll_unpr"),
            ("sold_amount", "frcr_sll_amt_smtl1"),
            ("profit_loss", "ovrs_rlzt_pfls_amt"),
            ("profit_loss_rate", "pftrt"),
            ("costs", "stck_sll_tlex"),
            ("exchange_rate", "exrt"),
        ],
    );
    assert_eq!(one["region"], "overseas");
    assert_null(one, &["position", "loan_date", "fee", "tax", "interest", "bought_quantity", "held_quantity"]);
}

#[tokio::test]
async fn profits_abroad_are_in_their_currencies_which_are_never_added_up_together() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let toyota = with(
        &sold_abroad(),
        &[
            ("ovrs_pdno", "7203"),
            ("ovrs_excg_cd", "TKSE"),
            ("ovrs_rlzt_pfls_amt", "-1500.00000"),
            ("trad_day", "20260120"),
        ],
    );
    let ibm =
        with(&sold_abroad(), &[("ovrs_pdno", "IBM"), ("ovrs_excg_cd", "NYSE"), ("ovrs_rlzt_pfls_amt", "0.97000")]);
    let blank = with(&toyota, &toyota.as_object().unwrap().keys().map(|name| (name.as_str(), "")).collect::<Vec<_>>());
    // Sold twice at the same price.
    let rows = json!([sold_abroad(), sold_abroad(), ibm, toyota, blank]);
    world.simulator.fail_next("inquire-period-profit", page("D", &json!({ "output1": rows, "output2": {} })));
    let period = json!({ "from": "2026-01-19", "region": "overseas" });
    let told = daemon.ok("account.profits", period).await;
    let body = called(&world, &daemon, GAINED_ABROAD, &asked_of_profits_abroad("20260119", "20260123")).await;
    let rows = body["output1"].as_array().unwrap();
    let stocks = told["by_stock"].as_array().unwrap();
    assert_eq!(stocks.len(), 4, "{told}");
    for (one, row) in stocks.iter().zip([&rows[3], &rows[0], &rows[1], &rows[2]]) {
        assert_is_profit_abroad(one, row);
    }
    let currencies: Vec<_> = stocks.iter().map(|one| (&one["market"], &one["currency"])).collect();
    let (nasdaq, usd) = (&json!("NASDAQ"), &json!("USD"));
    assert_eq!(currencies, [(&json!("TSE"), &json!("JPY")), (nasdaq, usd), (nasdaq, usd), (&json!("NYSE"), usd)]);
    let totals: Vec<_> = told["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sum| (&sum["currency"], sum["profit_loss"].to_string(), sum["costs"].to_string(), &sum["totals_from"]))
        .collect();
    let rows = &json!("rows");
    assert_eq!(
        totals,
        [
            (&json!("JPY"), "-1500".to_owned(), "1.7".to_owned(), rows),
            (usd, "27.03".to_owned(), "5.1".to_owned(), rows)
        ]
    );
    assert_eq!(told["by_day"], json!([]));
}

#[tokio::test]
async fn profits_that_the_simulator_makes_up_are_read_as_kis_call_gives_them() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let told = daemon.ok("account.profits", json!({})).await;
    let body = called(&world, &daemon, GAINED_ABROAD, &asked_of_profits_abroad("20260123", "20260123")).await;
    let home = called(&world, &daemon, BY_STOCK, &asked_of_profits("20260123", "20260123")).await;
    let rows = body["output1"].as_array().unwrap();
    let is_abroad = |one: &&Value| one["region"] == "overseas";
    let stocks: Vec<&Value> = told["by_stock"].as_array().unwrap().iter().filter(is_abroad).collect();
    assert_eq!(stocks.len(), rows.len());
    for row in rows {
        let code = row["ovrs_pdno"].as_str().unwrap();
        assert_is_profit_abroad(stocks.iter().find(|one| one["stock_code"] == code).unwrap(), row);
    }
    let at_home = told["by_stock"].as_array().unwrap().len() - stocks.len();
    assert_eq!(at_home, home["output1"].as_array().unwrap().len());
}

#[tokio::test]
async fn transactions_abroad_have_every_figure_and_at_home_kis_has_none() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    let bought = row(&[
        ("trad_dt", "20260120"),
        ("sttl_dt", "20260122"),
        ("sll_buy_dvsn_cd", "02"),
        ("sll_buy_dvsn_name", "매수"),
        ("pdno", "AAPL"),
        ("ovrs_item_name", "애플"),
        ("ccld_qty", "2"),
        ("amt_unit_ccld_qty", "0.00000000"),
        ("ft_ccld_unpr2", "225.01000000"),
        ("ovrs_stck_ccld_unpr", "225.01000000"),
        ("tr_frcr_amt2", "450.020000"),
        ("tr_amt", "661079"),
        ("frcr_excc_amt_1", "451.150000"),
        ("wcrc_excc_amt", "662739"),
        ("dmst_frcr_fee1", "1.13000"),
        ("frcr_fee1", "0.000000"),
        ("dmst_wcrc_fee", "1660"),
        ("ovrs_wcrc_fee", "0"),
        ("crcy_cd", "USD"),
        ("std_pdno", "US0378331005"),
        ("erlm_exrt", "1469.00000000"),
        ("loan_dvsn_cd", ""),
        ("loan_dvsn_name", ""),
    ]);
    let mini = with(
        &bought,
        &[("trad_dt", "20260119"), ("pdno", "NKE"), ("ccld_qty", "0"), ("amt_unit_ccld_qty", "0.01263800")],
    );
    world.simulator.fail_next("inquire-period-trans", page("D", &json!({ "output1": [bought, mini], "output2": {} })));
    let told = daemon.ok("account.transactions", json!({ "from": "2026-01-19" })).await;
    let asked = json!({ "ERLM_STRT_DT": "20260119", "ERLM_END_DT": "20260123", "OVRS_EXCG_CD": "", "PDNO": "",
        "SLL_BUY_DVSN_CD": "00", "LOAN_DVSN_CD": "" });
    let body = called(&world, &daemon, TRANSACTIONS, &asked).await;
    assert_eq!(told["transactions"][0]["quantity"], json!(0.012638));
    let (one, row) = (&told["transactions"][1], &body["output1"][0]);
    assert_day(&one["date"], &row["trad_dt"], "date");
    assert_day(&one["settlement_date"], &row["sttl_dt"], "settlement_date");
    assert_texts(
        one,
        row,
        &[
            ("stock_code", "pdno"),
            ("standard_code", "std_pdno"),
            ("stock_name", "ovrs_item_name"),
            ("currency", "crcy_cd"),
            ("side_name", "sll_buy_dvsn_name"),
            ("loan", "loan_dvsn_name"),
        ],
    );
    assert_figures(
        one,
        row,
        &[
            ("quantity", "ccld_qty"),
            ("price", "ovrs_stck_ccld_unpr"),
            ("amount", "tr_frcr_amt2"),
            ("settled_amount", "frcr_excc_amt_1"),
            ("fee", "dmst_frcr_fee1"),
            ("foreign_fee", "frcr_fee1"),
            ("amount_krw", "tr_amt"),
            ("settled_amount_krw", "wcrc_excc_amt"),
            ("fee_krw", "dmst_wcrc_fee"),
            ("foreign_fee_krw", "ovrs_wcrc_fee"),
            ("exchange_rate", "erlm_exrt"),
        ],
    );
    assert_eq!((&one["side"], &told["regions"]), (&json!("buy"), &json!(["overseas"])));
    let error = daemon.error("account.transactions", json!({ "region": "domestic" })).await;
    assert_eq!(error["code"], -32062, "{error}");
    assert!(error["message"].as_str().unwrap().contains("account.executions"), "{error}");
}

#[tokio::test]
async fn paper_has_no_profits_and_no_transactions_and_kis_is_not_asked() {
    let (world, daemon) = world_and_daemon(Mode::Paper).await;
    for (method, params) in [
        ("account.profits", json!({})),
        ("account.profits", json!({ "region": "domestic" })),
        ("account.profits", json!({ "region": "overseas" })),
        ("account.transactions", json!({})),
    ] {
        let error = daemon.error(method, params).await;
        assert_eq!((&error["code"], &error["data"]["account_name"]), (&json!(-32062), &json!("default")), "{error}");
        assert!(error["message"].as_str().unwrap().contains("paper"), "{error}");
    }
    assert_eq!(world.simulator.calls_to("inquire-period").len(), 0);
}

#[tokio::test]
async fn days_that_cannot_be_asked_about_are_refused_by_name() {
    let (world, daemon) = world_and_daemon(Mode::Real).await;
    for method in ["account.executions", "account.profits", "account.transactions"] {
        for (params, said) in [
            (json!({ "from": "2026-01-24" }), "from is in the future"),
            (json!({ "from": "2026-01-23", "to": "2026-01-22" }), "from is after to"),
            (json!({ "from": "2025-01-01" }), "at most 366 days apart"),
            (json!({ "to": "yesterday" }), "to must be a day such as 2026-11-27"),
            (json!({ "date": "2026-01-23" }), "unknown field `date`"),
        ] {
            let error = daemon.error(method, params.clone()).await;
            assert_eq!(error["code"], -32602, "{method} {params}: {error}");
            assert!(error["message"].as_str().unwrap().contains(said), "{method} {params}: {error}");
        }
    }
    assert_eq!(world.simulator.calls_to("inquire-").len(), 0);
}
