//! What an account can buy and sell, what it did, and all that it is worth, at the prices of the market.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    sheet::{Fields, Sheet, Words},
    view::{Asked, fixed, percent},
};

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "domestic-stock-trading-inquire-psbl-order" => Some(buyable(asked)),
        "domestic-stock-trading-inquire-psbl-sell" => Some(sellable(asked)),
        "domestic-stock-trading-inquire-account-balance" => Some(assets(asked)),
        "domestic-stock-trading-inquire-period-trade-profit" => {
            Some(Sheet { keys: keys(), words: Words::Nothing, tr_cont: "D", ..Sheet::of([]) })
        }
        _ => None,
    }
}

/// Keys of a page after which there is none.
fn keys() -> Vec<(&'static str, String, usize)> {
    vec![("ctx_area_fk100", String::new(), 100), ("ctx_area_nk100", String::new(), 100)]
}

/// A market order is reckoned at the upper limit.
fn buyable(asked: &Asked<'_>) -> Sheet {
    let activity = &asked.options.activity;
    let cash = activity.orderable(&asked.options.portfolio);
    let limit = asked.param("ORD_UNPR").parse::<Decimal>().ok().and_then(|price| i64::try_from(price.trunc()).ok());
    let view = asked.issue_at(asked.param("PDNO"), "J").map(|issue| asked.view(issue, "J"));
    let price = match (view, limit) {
        (Some(_), Some(limit)) if limit > 0 && asked.param("ORD_DVSN") != "01" => limit,
        (Some(view), _) => view.limits().0,
        (None, limit) => limit.unwrap_or(0),
    };
    // An account of forty percent; asked with 00, KIS leaves out what the stock itself needs.
    let with_margin = cash.saturating_mul(5) / 2;
    let own = if asked.param("ORD_DVSN") == "00" { with_margin } else { cash };
    let quantity = |amount: i64| amount.checked_div(price).unwrap_or(0).to_string();
    let fields = Fields::of([
        ("ord_psbl_cash", cash.to_string()),
        ("ruse_psbl_amt", activity.reusable.to_string()),
        ("psbl_qty_calc_unpr", price.to_string()),
        ("nrcvb_buy_amt", own.to_string()),
        ("nrcvb_buy_qty", quantity(own)),
        ("max_buy_amt", with_margin.to_string()),
        ("max_buy_qty", quantity(with_margin)),
    ]);
    Sheet { words: Words::Ledger, ..Sheet::one("output", fields) }
}

/// Of what is held in cash: margin shares are sold by another order.
fn sellable(asked: &Asked<'_>) -> Sheet {
    let code = asked.param("PDNO");
    let activity = &asked.options.activity;
    let traded = |map: &BTreeMap<String, (i64, i64)>| map.get(code).map_or(0, |(quantity, _)| *quantity).to_string();
    let positions = &asked.options.portfolio.positions;
    let held: Vec<_> =
        positions.iter().filter(|held| held.code == code && held.kind == "현금" && held.quantity != 0).collect();
    let nothing = Fields::of([("pdno", code.to_owned())]);
    let fields = held.first().map_or(nothing, |position| {
        let quantity: i64 = held.iter().map(|held| held.quantity).sum();
        let paid: i64 = held.iter().map(|held| held.paid()).sum();
        let average = Decimal::from(paid).checked_div(Decimal::from(quantity)).unwrap_or_default();
        let worth = position.price * quantity;
        Fields::of([
            ("pdno", code.to_owned()),
            ("prdt_name", position.name.clone()),
            ("buy_qty", traded(&activity.bought)),
            ("sll_qty", traded(&activity.sold)),
            ("cblc_qty", quantity.to_string()),
            ("ord_psbl_qty", activity.sellable(&asked.options.portfolio, code).min(quantity).to_string()),
            ("pchs_avg_pric", fixed(average.trunc_with_scale(4), 4)),
            // KIS prints none here.
            ("pchs_amt", "0".to_owned()),
            ("now_pric", position.price.to_string()),
            ("evlu_amt", worth.to_string()),
            ("evlu_pfls_amt", (worth - paid).to_string()),
            ("evlu_pfls_rt", percent(worth - paid, paid)),
        ])
    });
    Sheet { words: Words::Other("KIOK0420", "정상적으로 조회되었습니다"), ..Sheet::one("output", fields) }
}

/// Twenty kinds of assets in their order; those that there are: stocks, those abroad, foreign currency, cash; the total.
fn assets(asked: &Asked<'_>) -> Sheet {
    let portfolio = &asked.options.portfolio;
    let paid: i64 = portfolio.positions.iter().map(crate::Position::paid).sum();
    let cash = portfolio.deposit_d2;
    let worth = portfolio.total() - cash;
    let total = portfolio.total();
    let row = |paid: i64, worth: i64, cash: bool| {
        let gain = if cash { 0 } else { worth - paid };
        let share = Decimal::from(worth) * Decimal::ONE_HUNDRED;
        Fields::of([
            ("pchs_amt", if cash { 0 } else { paid }.to_string()),
            ("evlu_amt", worth.to_string()),
            ("evlu_pfls_amt", gain.to_string()),
            ("crdt_lnd_amt", "0".to_owned()),
            ("real_nass_amt", worth.to_string()),
            ("whol_weit_rt", fixed(share.checked_div(Decimal::from(total)).unwrap_or_default(), 8)),
        ])
    };
    let kinds: Vec<Fields> = (1..=20)
        .map(|kind| match kind {
            1 => row(paid, worth, false),
            18 => row(0, cash, true),
            20 => row(paid, total, false).with([("evlu_pfls_amt", (worth - paid).to_string())]),
            _ => row(0, 0, true),
        })
        .collect();
    let whole = Fields::of([
        ("pchs_amt_smtl", paid.to_string()),
        ("evlu_amt_smtl", worth.to_string()),
        ("evlu_pfls_amt_smtl", (worth - paid).to_string()),
        ("nass_tot_amt", total.to_string()),
        ("tot_asst_amt", total.to_string()),
        ("tot_dncl_amt", cash.to_string()),
        ("dncl_amt", cash.to_string()),
    ]);
    let outputs = Sheet::of([("output1", kinds), ("output2", vec![whole])]);
    Sheet { words: Words::Other("KIOK0530", "조회되었습니다"), ..outputs }
}
