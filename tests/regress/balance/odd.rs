//! Answers in shapes that KIS uses now and then.

use kisd::simulator::{Mode, Options, Portfolio, Position};
use serde_json::{Value, json};

use super::{asked, body, codes, daemon, daemon_with, page, raw, refused, row, rows, script, served, totals};
use crate::support::World;

#[tokio::test]
async fn a_row_of_no_shares_is_dropped_unread() {
    let world = World::with(Options { sold_out_blank: true, ..Options::demo(Mode::Real) }).await;
    let daemon = daemon(&world).await;
    assert_eq!(codes(&served(&world, &daemon).await).len(), 5);
    let mut gone = row("068270", 0, 0, 0);
    for field in ["pdno", "trad_dvsn_name", "prpr", "loan_dt", "evlu_pfls_rt"] {
        gone[field] = json!([1]);
    }
    script(&world, [page("D", "", vec![gone, row("005930", 1, 1_000, 1_100)], totals(1_000, 1_100))]);
    assert_eq!(codes(&served(&world, &daemon).await), ["005930"]);
    // What was paid for it may still be part of the total.
    let mut gone = row("068270", 0, 7_000, 0);
    gone["hldg_qty"] = json!("0.0000");
    script(&world, [page("D", "", vec![gone, row("005930", 1, 1_000, 1_100)], totals(8_000, 1_100))]);
    assert_eq!(codes(&served(&world, &daemon).await), ["005930"]);
}

#[tokio::test]
async fn the_totals_may_be_an_object_by_themselves() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let mut body = body("", rows(0, 2), Value::Null);
    body["output2"] = totals(2_000, 2_200);
    script(&world, [raw(200, "D", &body)]);
    assert_eq!(served(&world, &daemon).await["evaluation_amount"], 2_200);
}

#[tokio::test]
async fn nothing_to_show_without_outputs_is_an_empty_balance_of_which_the_cash_is_not_known() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    for rt_cd in ["0", "7"] {
        let nothing = json!({ "rt_cd": rt_cd, "msg_cd": "KIOK0560", "msg1": "조회할 내용이 없습니다" });
        script(&world, [raw(200, "", &nothing)]);
        let balance = served(&world, &daemon).await;
        assert_eq!((&balance["holdings"], &balance["purchase_amount"]), (&json!([]), &json!(0)));
        for unsaid in ["deposit", "deposit_d1", "deposit_d2", "total_evaluation", "net_assets", "kis_totals"] {
            assert_eq!(balance[unsaid], Value::Null, "{unsaid}");
        }
    }
    // Beside a summary it is one with cash.
    let mut body = body("", Vec::new(), totals(0, 0));
    (body["msg_cd"], body["output1"]) = (json!("KIOK0560"), json!(null));
    script(&world, [raw(200, "D", &body)]);
    assert_eq!(served(&world, &daemon).await["deposit"], 0);
}

#[tokio::test]
async fn codes_may_be_numbers() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let mut body = body("", rows(0, 2), totals(2_000, 2_200));
    (body["rt_cd"], body["msg_cd"]) = (json!(0), json!(20_310_000));
    script(&world, [raw(200, "D", &body)]);
    assert_eq!(codes(&served(&world, &daemon).await).len(), 2);
    script(&world, [raw(200, "", &json!({ "rt_cd": 1, "msg_cd": 40_570_000, "msg1": "no" }))]);
    assert_eq!(refused(&world, &daemon).await.0["data"]["kis"]["msg_cd"], "40570000");
}

#[tokio::test]
async fn a_price_that_is_absent_is_null_and_what_depends_on_it_too() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    for price in [Some(json!("")), Some(json!("0")), Some(json!("   ")), Some(Value::Null), None] {
        let mut row = row("005930", 10, 10_000, 1_100);
        match &price {
            Some(price) => row["prpr"] = price.clone(),
            None => drop(row.as_object_mut().unwrap().remove("prpr")),
        }
        // Whatever stands there was calculated without a price.
        (row["evlu_amt"], row["evlu_pfls_rt"]) = (json!("0"), json!("-100.00"));
        let mut kis = totals(20_000, 11_000);
        kis["dnca_tot_amt"] = json!("700");
        let other = super::row("000660", 10, 10_000, 1_100);
        script(&world, [page("D", "", vec![row, other], kis)]);
        let before = asked(&world);
        let balance = served(&world, &daemon).await;
        let holding = &balance["holdings"][0];
        for member in ["current_price", "evaluation_amount", "profit_loss", "profit_loss_rate"] {
            assert_eq!(holding[member], Value::Null, "{member} of {price:?}");
        }
        assert_eq!((&holding["quantity"], &holding["purchase_amount"]), (&json!(10), &json!(10_000)));
        assert_eq!(balance["holdings"][1]["current_price"], 1_100);
        for total in ["evaluation_amount", "total_profit_loss", "profit_loss_rate", "total_evaluation", "net_assets"] {
            assert_eq!(balance[total], Value::Null, "{total} of {price:?}");
        }
        assert_eq!((&balance["deposit"], &balance["purchase_amount"]), (&json!(700), &json!(20_000)));
        assert_eq!(balance["kis_totals"]["evaluation_amount"], 11_000);
        assert_eq!((&balance["evaluation_check"], asked(&world) - before), (&json!("not_made"), 1));
    }
}

#[tokio::test]
async fn before_the_market_has_loaded_any_price_the_balance_is_served() {
    let world = World::new().await;
    let mut portfolio = Portfolio::of_size(60);
    for position in &mut portfolio.positions {
        position.price = 0;
    }
    world.simulator.set_portfolio(portfolio);
    let balance = served(&world, &daemon(&world).await).await;
    assert_eq!((codes(&balance).len(), &balance["evaluation_amount"]), (60, &Value::Null));
    assert_eq!((&balance["totals_from"], &balance["deposit"]), (&json!("rows"), &json!(1_000_000)));
}

#[tokio::test]
async fn a_success_with_another_status_than_200_is_looked_at_twice() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    for status in [201, 203, 206, 302, 404] {
        let before = asked(&world);
        script(&world, [raw(status, "D", &body("", rows(0, 2), totals(2_000, 2_200)))]);
        assert_eq!((codes(&served(&world, &daemon).await).len(), asked(&world) - before), (5, 2), "{status}");
    }
    // A proxy that always says so.
    script(&world, (0..2).map(|_| raw(203, "D", &body("", rows(0, 2), totals(2_000, 2_200)))));
    assert_eq!(codes(&served(&world, &daemon).await).len(), 2);
    script(&world, (0..2).map(|_| raw(404, "D", &body("", rows(0, 2), totals(2_000, 2_200)))));
    let (error, message) = refused(&world, &daemon).await;
    assert_eq!((&error["code"], &error["data"]["retryable"]), (&json!(-32053), &json!(false)), "{message}");
}

#[tokio::test]
async fn two_loans_of_one_stock_are_told_apart() {
    let world = World::new().await;
    let mut portfolio = Portfolio::demo();
    for (loan_date, loan_amount) in [("20260102", 150_000), ("20260105", 160_000), ("", 170_000)] {
        let mut margin = Position::cash("005930", "삼성전자", 3, 68_000, 75_000);
        (margin.kind, margin.loan_date, margin.loan_amount) =
            ("자기융자".to_owned(), loan_date.to_owned(), loan_amount);
        portfolio.positions.push(margin);
    }
    world.simulator.set_portfolio(portfolio);
    let balance = served(&world, &daemon(&world).await).await;
    let loans: Vec<(Value, Value, Value)> = balance["holdings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|holding| holding["stock_code"] == "005930")
        .map(|holding| (holding["position"].clone(), holding["loan_date"].clone(), holding["loan_amount"].clone()))
        .collect();
    let expected = [
        (json!("현금"), Value::Null, json!(0)),
        (json!("자기융자"), json!("2026-01-02"), json!(150_000)),
        (json!("자기융자"), json!("2026-01-05"), json!(160_000)),
        (json!("자기융자"), Value::Null, json!(170_000)),
    ];
    assert_eq!(loans, expected);
}

#[tokio::test]
async fn prices_are_those_of_the_market_that_is_configured() {
    for (name, basis, price) in [("krx", "Krx", 75_000), ("nxt", "Nxt", 75_200), ("unified", "Unified", 75_100)] {
        let world = World::with(Options { nxt_premium: 200, ..Options::demo(Mode::Real) }).await;
        let config = world.config("kisd", &format!("[balance]\nprices = \"{name}\"\n"));
        assert_eq!(format!("{:?}", config.balance.prices), basis);
        let balance = served(&world, &daemon_with(&world, |old| *old = config).await).await;
        assert_eq!((&balance["price_basis"], &balance["holdings"][0]["current_price"]), (&json!(name), &json!(price)));
    }
}

#[tokio::test]
async fn isa_and_pension_savings_are_served_and_other_products_named_with_their_operation() {
    for (product, operation) in [
        ("01", None),
        ("21", None),
        ("22", None),
        ("03", Some("CTFO6118R")),
        ("29", Some("TTTC2202R")),
        ("55", Some("CTRP6548R")),
    ] {
        let world = World::with(Options { product_code: product.to_owned(), ..Options::demo(Mode::Real) }).await;
        let account = kisd::account::AccountId::try_new(&world.options.cano, product).unwrap();
        let daemon = daemon_with(&world, |config| config.account = account).await;
        let Some(operation) = operation else {
            assert_eq!(codes(&served(&world, &daemon).await).len(), 5, "{product}");
            continue;
        };
        for method in ["account.balance", "account.subscribeBalance"] {
            let error = daemon.error(method, json!({})).await;
            assert_eq!((&error["code"], &error["data"]["kind"]), (&json!(-32062), &json!("not_supported")), "{error}");
            assert!(error["message"].as_str().unwrap().contains(operation), "{error}");
        }
        assert_eq!(asked(&world), 0, "KIS was not asked");
    }
}

#[tokio::test]
async fn kisctl_shows_a_dash_for_what_is_not_known_and_tells_loans_apart() {
    let world = World::new().await;
    let mut portfolio = Portfolio::demo();
    let mut margin = Position::cash("005930", "삼성전자", 3, 68_000, 0);
    (margin.kind, margin.loan_date, margin.loan_amount) = ("자기융자".to_owned(), "20260102".to_owned(), 150_000);
    portfolio.positions.push(margin);
    world.simulator.set_portfolio(portfolio);
    let daemon = daemon(&world).await;
    served(&world, &daemon).await;
    let shown = async |format: &str| {
        let mut kisctl = tokio::process::Command::new(env!("CARGO_BIN_EXE_kisctl"));
        kisctl.env_clear().arg("--socket").arg(&daemon.socket).args(["--output", format, "balance", "--max-age", "1h"]);
        let output = kisctl.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let table = shown("table").await;
    let loan = table.lines().find(|line| line.contains("자기융자 2026-01-02")).unwrap();
    assert_eq!(loan.matches('–').count(), 4, "{table}");
    let total = table.lines().find(|line| line.contains("Total evaluation")).unwrap();
    assert!(total.ends_with('–'), "{table}");
    let csv = shown("csv").await;
    let (head, loan) = (csv.lines().next().unwrap(), csv.lines().last().unwrap());
    assert!(head.ends_with("position,loan_date,loan_amount"), "{csv}");
    assert_eq!(loan, "005930,삼성전자,3,68000,,,,,3,204000,자기융자,2026-01-02,150000");
}
