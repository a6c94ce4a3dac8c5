//! All that an account has, by class.

use std::time::Duration;

use kisd::simulator::{Fault, Mode, Options, Position};
use serde_json::{Value, json};

use crate::{all, answer, assert_same, daemon_of, kis, number, real, support::World};

const WHOLE: &str = "domestic-stock-trading-inquire-account-balance";
const MARGIN: &str = "domestic-stock-trading-intgr-margin";
const PRESENT: &str = "overseas-stock-trading-inquire-present-balance";
const BALANCE: &str = "domestic-stock-trading-inquire-balance";

fn whole() -> Value {
    json!({ "INQR_DVSN_1": "", "BSPR_BF_DT_APLY_YN": "" })
}

fn margin(currency: &str) -> Value {
    json!({ "CMA_EVLU_AMT_ICLD_YN": "N", "WCRC_FRCR_DVSN_CD": currency, "FWEX_CTRT_FRCR_DVSN_CD": currency })
}

fn present() -> Value {
    json!({ "WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "000", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00" })
}

/// An account that has bought more than it can pay for, partly on margin.
fn in_debt(options: &mut Options) {
    let bought = Position::cash("000660", "SK하이닉스", 7, 180_000, 195_000);
    let margin =
        Position { kind: "자기융자".to_owned(), loan_date: "20260105".to_owned(), loan_amount: 900_000, ..bought };
    options.portfolio.positions.push(margin);
    (options.portfolio.deposit, options.portfolio.deposit_d1, options.portfolio.deposit_d2) =
        (5_000_000, 3_000_000, 1_250_000);
    options.portfolio.receivable = 321_000;
}

#[tokio::test]
async fn each_class_has_every_figure_as_kis_gave_it_in_the_order_that_kis_documents() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(in_debt);
    let said = kis(&daemon, WHOLE, whole()).await;
    let assets = daemon.ok("account.assets", json!({})).await;
    let names = [
        "stocks",
        "funds",
        "ima",
        "bonds",
        "els_dls",
        "wrap",
        "trust",
        "rp",
        "overseas_stocks",
        "overseas_bonds",
        "gold",
        "cd_cp",
        "short_term_bonds",
        "other_products",
        "foreign_short_term_bonds",
        "foreign_els_dls",
        "foreign_cash",
        "cash",
        "subscription_cash",
        "total",
    ];
    let pairs = [
        ("/purchase_amount", "pchs_amt"),
        ("/evaluation_amount", "evlu_amt"),
        ("/profit_loss", "evlu_pfls_amt"),
        ("/loans", "crdt_lnd_amt"),
        ("/net_assets", "real_nass_amt"),
        ("/weight", "whol_weit_rt"),
    ];
    let classes = all(&assets["classes"]);
    assert_eq!(classes.len(), names.len());
    for ((class, row), name) in classes.iter().zip(all(&said["output1"])).zip(names) {
        assert_eq!(class["class"], name);
        assert_same(class, row, &pairs);
    }
    assert_ne!(classes[8]["evaluation_amount"], 0);
    let pairs = [
        ("/totals/total_assets", "tot_asst_amt"),
        ("/totals/net_assets", "nass_tot_amt"),
        ("/totals/purchase_amount", "pchs_amt_smtl"),
        ("/totals/evaluation_amount", "evlu_amt_smtl"),
        ("/totals/profit_loss", "evlu_pfls_amt_smtl"),
        ("/loans/total", "loan_amt_smtl"),
        ("/loans/margin", "crdt_fncg_amt"),
        ("/loans/secured", "tot_mgln_amt"),
        ("/loans/cma", "cma_auto_loan_amt"),
        ("/loans/mmf_cma", "mmf_cma_mgge_loan_amt"),
        ("/loans/subscription", "pbst_sbsc_fnds_loan_use_amt"),
        ("/loans/short_sold", "stln_evlu_amt"),
        ("/cash/total_deposit", "tot_dncl_amt"),
        ("/cash/receivable_today", "thdt_rcvb_amt"),
        ("/cash/cma", "cma_evlu_amt"),
        ("/cash/subscription_deposit", "sbsc_dncl_amt"),
    ];
    assert_same(&assets, &said["output2"], &pairs);
    assert_eq!(assets["loans"]["total"], 900_000);
}

#[tokio::test]
async fn cash_has_its_days_and_what_is_owed_is_asked_for_in_won() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(in_debt);
    let balance = daemon.balance().await;
    let assets = daemon.ok("account.assets", json!({})).await;
    let cash = &assets["cash"];
    for name in ["deposit", "deposit_d1", "deposit_d2"] {
        assert_eq!(cash[name], balance[name], "{name}");
    }
    assert_eq!((&cash["deposit"], &cash["deposit_d2"]), (&json!(5_000_000), &json!(1_250_000)));
    // A Friday.
    assert_eq!((&cash["deposit_d1_date"], &cash["deposit_d2_date"]), (&json!("2026-01-26"), &json!("2026-01-27")));
    let money = kis(&daemon, PRESENT, present()).await["output3"].clone();
    assert_same(cash, &money, &[("/withdrawable", "wdrw_psbl_tot_amt")]);
    assert_eq!(cash["withdrawable"], 1_250_000);
    // The other way round than in the present balance.
    let (won, foreign) = (kis(&daemon, MARGIN, margin("02")).await, kis(&daemon, MARGIN, margin("01")).await);
    assert_same(cash, &won["output"], &[("/receivable", "rcvb_amt")]);
    assert_eq!((&cash["receivable"], &foreign["output"]["rcvb_amt"]), (&json!(321_000), &json!("0")));
    let sources: Vec<_> = all(&assets["sources"]).iter().map(|source| source["operation"].clone()).collect();
    assert_eq!(sources, [WHOLE, BALANCE, MARGIN, PRESENT]);
    assert!(all(&assets["sources"]).iter().all(|source| source["as_of"].is_string() && source["missing"].is_null()));
}

#[tokio::test]
async fn on_a_day_without_trading_no_day_of_settlement_is_guessed() {
    let world = World::new().await;
    world.clock.advance(Duration::from_secs(24 * 3600));
    let daemon = daemon_of(&world).await;
    let cash = daemon.ok("account.assets", json!({})).await["cash"].clone();
    assert_eq!((&cash["deposit_d1_date"], &cash["deposit_d2_date"]), (&Value::Null, &Value::Null));
    assert_eq!(cash["deposit_d2"], 5_000_000);
}

#[tokio::test]
async fn another_count_of_classes_is_another_order_and_none_is_named() {
    let (world, daemon) = real().await;
    let row = json!({ "pchs_amt": "1", "evlu_amt": "1", "evlu_pfls_amt": "0", "crdt_lnd_amt": "0", "real_nass_amt": "1",
        "whol_weit_rt": "100.00000000" });
    for rows in [17, 19, 21] {
        let body = json!({ "Output1": vec![row.clone(); rows], "Output2": [{ "tot_asst_amt": "77" }] });
        world.simulator.fail_next("inquire-account-balance", answer(&body));
        let assets = daemon.ok("account.assets", json!({ "max_age_ms": 0 })).await;
        assert_eq!((&assets["classes"], &assets["totals"]["total_assets"]), (&Value::Null, &json!(77)), "{rows}");
        // What KIS has not said is not 0.
        assert_eq!((&assets["totals"]["net_assets"], &assets["loans"]["total"]), (&Value::Null, &Value::Null));
    }
    // An ISA has seventeen.
    world.simulator.reconfigure(|options| options.product_code = "21".to_owned());
    let accounts = world.account("isa", &world.options, "12345678") + "account_product_code = \"21\"\n";
    let daemon = world.daemon_with(world.config_of("isa", &accounts)).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let assets = daemon.ok("account.assets", json!({})).await;
    assert_eq!(assets["classes"], Value::Null);
    assert!(number(&assets["totals"]["total_assets"]).is_some());
}

#[tokio::test]
async fn what_kis_refuses_is_named_and_what_fails_is_an_error() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(in_debt);
    world.simulator.fail_next("intgr-margin", Fault::Code("APBK9999".to_owned()));
    let assets = daemon.ok("account.assets", json!({})).await;
    assert_eq!((&assets["cash"]["receivable"], &assets["cash"]["receivable_today"]), (&Value::Null, &json!(321_000)));
    let source = all(&assets["sources"]).iter().find(|source| source["operation"] == MARGIN).unwrap();
    assert!(source["missing"].as_str().unwrap().contains("APBK9999"), "{source}");
    assert_eq!(source["as_of"], Value::Null);
    // What cannot be read is not told as if there were nothing.
    world.simulator.fail_next("intgr-margin", answer(&json!({ "output": { "rcvb_amt": "?" } })));
    let error = daemon.error("account.assets", json!({ "max_age_ms": 0 })).await;
    assert_eq!(error["code"], -32055, "{error}");
    world.simulator.fail_next("inquire-account-balance", Fault::Code("APBK9999".to_owned()));
    let error = daemon.error("account.assets", json!({ "max_age_ms": 0 })).await;
    assert_eq!((&error["code"], &error["data"]["account_name"]), (&json!(-32054), &json!("default")), "{error}");
}

#[tokio::test]
async fn paper_trading_has_what_its_other_calls_tell_and_is_not_asked_for_the_rest() {
    let world = World::with(Options { calls_per_second: 18, ..Options::demo(Mode::Paper) }).await;
    world.simulator.reconfigure(in_debt);
    let daemon = daemon_of(&world).await;
    let assets = world.while_time_passes(daemon.ok("account.assets", json!({}))).await;
    let balance = world.while_time_passes(daemon.balance()).await;
    let money = world.while_time_passes(kis(&daemon, PRESENT, present())).await["output3"].clone();
    let classes = all(&assets["classes"]);
    let named: Vec<_> = classes.iter().map(|class| class["class"].as_str().unwrap()).collect();
    assert_eq!(named, ["stocks", "overseas_stocks", "foreign_cash", "cash"]);
    let pairs = [
        ("/purchase_amount", "purchase_amount"),
        ("/evaluation_amount", "evaluation_amount"),
        ("/profit_loss", "total_profit_loss"),
    ];
    assert_same(&classes[0], &balance, &pairs);
    let pairs = [("/purchase_amount", "pchs_amt_smtl"), ("/evaluation_amount", "evlu_amt_smtl")];
    assert_same(&classes[1], &money, &pairs);
    assert_same(&classes[2], &money, &[("/evaluation_amount", "tot_frcr_cblc_smtl")]);
    assert_same(&classes[3], &balance, &[("/evaluation_amount", "deposit_d2")]);
    assert_eq!((&assets["loans"]["margin"], &assets["loans"]["total"]), (&json!(900_000), &Value::Null));
    assert_eq!((&assets["cash"]["receivable"], &assets["totals"]["total_assets"]), (&Value::Null, &Value::Null));
    assert_same(&assets["cash"], &money, &[("/withdrawable", "wdrw_psbl_tot_amt"), ("/total_deposit", "tot_dncl_amt")]);
    for source in [0, 2] {
        let missing = assets["sources"][source]["missing"].as_str().unwrap();
        assert!(missing.contains("paper"), "{missing}");
    }
    for path in ["inquire-account-balance", "intgr-margin"] {
        assert!(world.simulator.calls_to(path).is_empty(), "{path}");
    }
}

#[tokio::test]
async fn an_account_that_has_no_balance_of_stocks_has_its_assets_all_the_same() {
    let world = World::new().await;
    world.simulator.reconfigure(|options| options.product_code = "29".to_owned());
    let accounts = world.account("pension", &world.options, "12345678") + "account_product_code = \"29\"\n";
    let daemon = world.daemon_with(world.config_of("kisd", &accounts)).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let said = kis(&daemon, WHOLE, whole()).await["output2"].clone();
    let assets = daemon.ok("account.assets", json!({})).await;
    assert_same(&assets, &said, &[("/totals/total_assets", "tot_asst_amt"), ("/cash/deposit", "dncl_amt")]);
    let balance = all(&assets["sources"]).iter().find(|source| source["operation"] == BALANCE).unwrap();
    assert!(balance["missing"].as_str().unwrap().contains("29"), "{balance}");
}
