//! What is held abroad, and the money there.

use kisd::simulator::{Abroad, HeldAs, Mode, Options, PositionAbroad};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{all, answer, assert_same, daemon_of, kis, number, real, support::World};

const HELD: &str = "overseas-stock-trading-inquire-balance";
const PRESENT: &str = "overseas-stock-trading-inquire-present-balance";
const HELD_PATH: &str = "overseas-stock/v1/trading/inquire-balance";

fn held_on(exchange: &str, currency: &str) -> Value {
    json!({ "OVRS_EXCG_CD": exchange, "TR_CRCY_CD": currency })
}

fn present(which: &str) -> Value {
    json!({ "WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "000", "TR_MKET_CD": "00", "INQR_DVSN_CD": which })
}

/// What a holding has of the call that shows the trades.
const OF_HELD: [(&str, &str); 8] = [
    ("/quantity", "ovrs_cblc_qty"),
    ("/sellable", "ord_psbl_qty"),
    ("/avg_price", "pchs_avg_pric"),
    ("/current_price", "now_pric2"),
    ("/purchase_amount", "frcr_pchs_amt1"),
    ("/evaluation_amount", "ovrs_stck_evlu_amt"),
    ("/profit_loss", "frcr_evlu_pfls_amt"),
    ("/profit_loss_rate", "evlu_pfls_rt"),
];

/// What it has of the present balance.
const OF_PRESENT: [(&str, &str); 5] = [
    ("/settled_quantity", "cblc_qty13"),
    ("/bought_today", "thdt_buy_ccld_qty1"),
    ("/sold_today", "thdt_sll_ccld_qty1"),
    ("/exchange_rate", "bass_exrt"),
    ("/exchange_rate_unit", "unit_amt"),
];

#[tokio::test]
async fn each_holding_abroad_has_every_figure_as_kis_gave_it_and_a_row_for_each_way_of_holding() {
    let (world, daemon) = real().await;
    let overseas = daemon.ok("account.overseasBalance", json!({})).await;
    let calls = world.simulator.calls_to(HELD_PATH).len();
    assert_eq!(calls, 2, "America once, and Tokyo, of which the present balance tells");
    let america = kis(&daemon, HELD, held_on("NASD", "USD")).await;
    let tokyo = kis(&daemon, HELD, held_on("TKSE", "JPY")).await;
    let settled = kis(&daemon, PRESENT, present("00")).await;
    let rows: Vec<&Value> = all(&america["output1"]).iter().chain(all(&tokyo["output1"])).collect();
    let holdings = all(&overseas["holdings"]);
    let mut seen = 0;
    for row in rows.into_iter().filter(|row| row["ovrs_pdno"] != "") {
        let is_pledged = row["loan_type_cd"] == "15";
        let position = if is_pledged { "pledged" } else { "cash" };
        let is_it = |holding: &&Value| holding["stock_code"] == row["ovrs_pdno"] && holding["position"] == position;
        let [holding] = holdings.iter().filter(is_it).collect::<Vec<_>>()[..] else { panic!("{row}: {overseas}") };
        assert_same(holding, row, &OF_HELD);
        assert_eq!((&holding["currency"], &holding["loan_type"]), (&row["tr_crcy_cd"], &row["loan_type_cd"]));
        assert_eq!(holding["loan_date"], if is_pledged { json!("2026-11-02") } else { Value::Null });
        assert_eq!(holding["loan_expires_on"], if is_pledged { json!("2027-05-02") } else { Value::Null });
        let is_same = |other: &&Value| other["pdno"] == row["ovrs_pdno"] && other["loan_dt"] == row["loan_dt"];
        assert_same(holding, all(&settled["output1"]).iter().find(is_same).unwrap(), &OF_PRESENT);
        seen += 1;
    }
    assert_eq!((seen, holdings.len()), (4, 5), "and the fraction");
    let of = |code: &str| holdings.iter().find(|holding| holding["stock_code"] == code).unwrap();
    assert_eq!((&of("SOXL")["quantity"], &of("SOXL")["market"]), (&json!(21), &json!("AMEX")));
    assert_eq!((&of("7203")["exchange_rate_unit"], &of("7203")["market"]), (&json!(100), &json!("TSE")));
    assert_eq!(overseas["markets"], json!(["NASDAQ", "NYSE", "AMEX", "TSE"]));
    assert_eq!(overseas["differences"], json!([]));
}

#[tokio::test]
async fn a_fraction_is_kept_with_all_its_places_and_cannot_be_sold() {
    let (_world, daemon) = real().await;
    let said = kis(&daemon, PRESENT, present("02")).await["output1"][0].clone();
    let overseas = daemon.ok("account.overseasBalance", json!({})).await;
    let mini = all(&overseas["holdings"]).iter().find(|holding| holding["position"] == "mini_stock").unwrap();
    let pairs = [
        ("/quantity", "ccld_qty_smtl1"),
        ("/avg_price", "avg_unpr3"),
        ("/current_price", "ovrs_now_pric1"),
        ("/purchase_amount", "frcr_pchs_amt"),
        ("/evaluation_amount", "frcr_evlu_amt2"),
        ("/profit_loss", "evlu_pfls_amt2"),
        ("/profit_loss_rate", "evlu_pfls_rt1"),
    ];
    assert_same(mini, &said, &pairs);
    assert_same(mini, &said, &OF_PRESENT);
    assert_eq!((number(&mini["quantity"]), &mini["sellable"]), ("0.012638".parse().ok(), &json!(0)));
    assert_eq!(
        (&mini["stock_code"], &mini["market"], &mini["currency"]),
        (&json!("NKE"), &json!("NYSE"), &json!("USD"))
    );
}

#[tokio::test]
async fn the_same_stock_in_whole_shares_and_in_a_fraction_are_two_rows() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(|options| {
        let whole = PositionAbroad::cash("NYSE", "NKE", 3, Decimal::new(7_000, 2));
        options.portfolio.abroad.positions.insert(0, whole);
    });
    let overseas = daemon.ok("account.overseasBalance", json!({})).await;
    let nike = all(&overseas["holdings"]).iter().filter(|holding| holding["stock_code"] == "NKE");
    let rows: Vec<_> =
        nike.map(|row| (row["position"].clone(), number(&row["quantity"]), row["sellable"].clone())).collect();
    let expected =
        [(json!("cash"), Some(Decimal::from(3)), json!(3)), (json!("mini_stock"), "0.012638".parse().ok(), json!(0))];
    assert_eq!(rows, expected);
    assert_eq!(overseas["differences"], json!([]));
}

#[tokio::test]
async fn money_abroad_has_every_figure_as_kis_gave_it() {
    let (_world, daemon) = real().await;
    let said = kis(&daemon, PRESENT, present("00")).await;
    let overseas = daemon.ok("account.overseasBalance", json!({})).await;
    let currency = [
        ("/deposit", "frcr_dncl_amt_2"),
        ("/withdrawable", "frcr_drwg_psbl_amt_1"),
        ("/withdrawable_next_day", "nxdy_frcr_drwg_psbl_amt"),
        ("/bought", "frcr_buy_amt_smtl"),
        ("/sold", "frcr_sll_amt_smtl"),
        ("/margin_for_buys", "frcr_buy_mgn_amt"),
        ("/margin_for_others", "frcr_etc_mgna"),
        ("/exchange_rate", "frst_bltn_exrt"),
    ];
    assert_same(&overseas["currencies"][0], &said["output2"][0], &currency);
    assert_eq!(overseas["currencies"][0]["currency"], "USD");
    // Of yen KIS says nothing, which is not nothing.
    assert_eq!(all(&overseas["currencies"]).len(), 1);
    let totals = [
        ("/purchase_amount", "pchs_amt_smtl"),
        ("/evaluation_amount", "evlu_amt_smtl"),
        ("/profit_loss", "tot_evlu_pfls_amt"),
        ("/profit_loss_rate", "evlu_erng_rt1"),
        ("/deposit", "dncl_amt"),
        ("/foreign_cash", "tot_frcr_cblc_smtl"),
        ("/total_deposit", "tot_dncl_amt"),
        ("/withdrawable", "wdrw_psbl_tot_amt"),
        ("/unsettled_buys", "ustl_buy_amt_smtl"),
        ("/unsettled_sells", "ustl_sll_amt_smtl"),
        ("/loans", "tot_loan_amt"),
        ("/total_assets", "tot_asst_amt"),
    ];
    assert_same(&overseas["totals"], &said["output3"], &totals);
    let wrong = number(&said["output3"]["frcr_evlu_tota"]);
    let shown = overseas["totals"].as_object().unwrap().values();
    assert!(wrong.is_some() && shown.into_iter().all(|total| number(total) != wrong), "{overseas}");
    assert!(overseas["money_as_of"].is_string() && overseas["holdings_as_of"].is_string());
}

#[tokio::test]
async fn what_was_just_traded_is_held_and_the_difference_is_told() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(|options| {
        let abroad = &mut options.portfolio.abroad;
        (abroad.is_late, abroad.positions[0].quantity) = (true, Decimal::from(15));
        abroad.positions[0].bought_today = Decimal::from(5);
        // Sold out today, and still in the present balance.
        (abroad.positions[1].quantity, abroad.positions[1].sold_today) = (Decimal::ZERO, Decimal::from(21));
    });
    let overseas = daemon.ok("account.overseasBalance", json!({})).await;
    let apple = all(&overseas["holdings"]).iter().find(|holding| holding["stock_code"] == "AAPL").unwrap();
    assert_eq!((&apple["quantity"], &apple["settled_quantity"]), (&json!(15), &json!(10)));
    assert!(all(&overseas["holdings"]).iter().all(|holding| holding["stock_code"] != "SOXL"), "{overseas}");
    let expected = json!([
        { "stock_code": "AAPL", "loan_date": null, "quantity": 15, "present_quantity": 10 },
        { "stock_code": "SOXL", "loan_date": null, "quantity": 0, "present_quantity": 21 },
    ]);
    assert_eq!(overseas["differences"], expected);
}

#[tokio::test]
async fn without_fractions_the_present_balance_is_asked_once() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(|options| {
        options.portfolio.abroad.positions.retain(|position| position.held_as != HeldAs::MiniStock);
    });
    daemon.ok("account.overseasBalance", json!({})).await;
    assert_eq!(world.simulator.calls_to("inquire-present-balance").len(), 1);
    // Nor is anything asked for that is in memory.
    daemon.ok("account.overseasBalance", json!({ "max_age_ms": 60_000 })).await;
    assert_eq!(world.simulator.calls_to("inquire-present-balance").len(), 1);
    assert_eq!(world.simulator.calls_to(HELD_PATH).len(), 2);
}

#[tokio::test]
async fn paper_trading_is_asked_market_by_market_and_what_two_name_is_counted_once() {
    let world = World::with(Options { calls_per_second: 18, ..Options::demo(Mode::Paper) }).await;
    world.simulator.reconfigure(|options| {
        let abroad = &mut options.portfolio.abroad;
        abroad.positions.retain(|position| position.held_as == HeldAs::Cash);
        // As one account had it: Nasdaq's list has what is on another market as well.
        let again = PositionAbroad { exchange: "AMEX".to_owned(), ..abroad.positions[1].clone() };
        abroad.positions.push(again);
    });
    let daemon = daemon_of(&world).await;
    let overseas = world.while_time_passes(daemon.ok("account.overseasBalance", json!({}))).await;
    let held: Vec<_> =
        all(&overseas["holdings"]).iter().map(|row| (row["stock_code"].clone(), row["quantity"].clone())).collect();
    assert_eq!(held, [(json!("AAPL"), json!(10)), (json!("SOXL"), json!(21))]);
    assert_eq!(overseas["markets"], json!(["NASDAQ", "NYSE", "AMEX"]));
    assert_eq!(world.simulator.calls_to(HELD_PATH).len(), 3);
    // Paper trading says the totals alone.
    assert_eq!((&overseas["currencies"], &overseas["differences"]), (&json!([]), &json!([])));
    let said = world.while_time_passes(kis(&daemon, PRESENT, present("00"))).await;
    let totals = [("/evaluation_amount", "evlu_amt_smtl"), ("/total_assets", "tot_asst_amt")];
    assert_same(&overseas["totals"], &said["output3"], &totals);
    assert_eq!((&overseas["mode"], &overseas["holdings"][0]["exchange_rate"]), (&json!("paper"), &Value::Null));
}

#[tokio::test]
async fn only_the_markets_that_are_named_are_asked() {
    let (world, daemon) = real().await;
    let tokyo = daemon.ok("account.overseasBalance", json!({ "markets": ["TSE", "TSE"] })).await;
    let held: Vec<_> = all(&tokyo["holdings"]).iter().map(|row| row["stock_code"].clone()).collect();
    assert_eq!((held, &tokyo["markets"]), (vec![json!("7203")], &json!(["TSE"])));
    assert_eq!(tokyo["differences"], json!([]));
    assert_eq!(world.simulator.calls_to(HELD_PATH).len(), 1);
    for markets in [json!([]), json!(["KRX"]), json!(["TSE", "LSE"])] {
        let error = daemon.error("account.overseasBalance", json!({ "markets": markets })).await;
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().unwrap().contains("HKEX"), "{error}");
    }
}

#[tokio::test]
async fn an_account_with_nothing_abroad_has_nothing_and_no_zeros_of_which_kis_says_nothing() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(|options| options.portfolio.abroad = Abroad::default());
    let overseas = daemon.ok("account.overseasBalance", json!({})).await;
    assert_eq!((&overseas["holdings"], &overseas["currencies"]), (&json!([]), &json!([])));
    // One object of blanks where there is nothing, and totals as a list.
    let blanks = json!({ "ovrs_pdno": "", "ovrs_cblc_qty": "", "ord_psbl_qty": "" });
    let totals = json!([{ "pchs_amt_smtl": "", "dncl_amt": "5000000" }]);
    world.simulator.fail_next(HELD_PATH, answer(&json!({ "output1": blanks, "output2": {} })));
    world.simulator.fail_next(
        "inquire-present-balance",
        answer(&json!({ "output1": [{ "pdno": " " }], "output2": { "crcy_cd": "" }, "output3": totals })),
    );
    let overseas = daemon.ok("account.overseasBalance", json!({ "max_age_ms": 0 })).await;
    assert_eq!((&overseas["holdings"], &overseas["currencies"]), (&json!([]), &json!([])));
    assert_eq!(overseas["totals"]["purchase_amount"], Value::Null);
    assert_eq!(overseas["totals"]["deposit"], 5_000_000);
}

#[tokio::test]
async fn a_row_that_lacks_its_quantity_is_an_error_and_no_balance() {
    let (world, daemon) = real().await;
    let row = json!({ "ovrs_pdno": "AAPL", "ovrs_cblc_qty": "10", "ord_psbl_qty": "" });
    world.simulator.fail_next(HELD_PATH, answer(&json!({ "output1": [row], "output2": {} })));
    let error = daemon.error("account.overseasBalance", json!({ "markets": ["NASDAQ"] })).await;
    assert_eq!(error["code"], -32055, "{error}");
    assert!(error["message"].as_str().unwrap().contains("output1[0].ord_psbl_qty"), "{error}");
}
