//! What an account can buy and sell, what it did, and all that it is worth, at the prices of the market.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    abroad_present::in_won,
    sheet::{Fields, Sheet, Words},
    view::{Asked, fixed, percent},
};

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "domestic-stock-trading-inquire-psbl-order" => Some(buyable(asked)),
        "domestic-stock-trading-inquire-psbl-sell" => Some(sellable(asked)),
        "domestic-stock-trading-inquire-account-balance" => Some(assets(asked)),
        "domestic-stock-trading-intgr-margin" => Some(margin(asked)),
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

/// What margin there is in won (`WCRC_FRCR_DVSN_CD` 02) or in other currencies (01): the other way round than in the present balance.
fn margin(asked: &Asked<'_>) -> Sheet {
    let portfolio = &asked.options.portfolio;
    let is_won = asked.param("WCRC_FRCR_DVSN_CD") == "02";
    let own = |currency: &str| {
        let cash = portfolio.abroad.cash.iter().find(|(known, _)| known == currency);
        fixed(cash.map_or(Decimal::ZERO, |(_, cash)| *cash), 2)
    };
    let fields = Fields::of([
        ("acmga_rt", "40.00000000000000".to_owned()),
        ("stck_cash_objt_amt", fixed(portfolio.deposit.into(), 4)),
        ("stck_cash_ord_psbl_amt", fixed(portfolio.deposit.into(), 4)),
        ("rcvb_amt", if is_won { portfolio.receivable } else { 0 }.to_string()),
        ("usd_objt_amt", own("USD")),
        ("usd_ord_psbl_amt", own("USD")),
    ]);
    Sheet { words: Words::Ledger, ..Sheet::one("output", fields) }
}

/// Twenty kinds of assets in their order (of an account of the product 21 seventeen others); those that there are: stocks, those abroad,
/// foreign currency, cash; the total.
fn assets(asked: &Asked<'_>) -> Sheet {
    let portfolio = &asked.options.portfolio;
    let paid = Decimal::from(portfolio.positions.iter().map(crate::Position::paid).sum::<i64>());
    let cash = Decimal::from(portfolio.deposit_d2);
    let worth = Decimal::from(portfolio.total()) - cash;
    let loans = Decimal::from(portfolio.positions.iter().map(|position| position.loan_amount).sum::<i64>());
    let abroad = in_won(asked);
    let (all_paid, all_worth) = (paid + abroad.paid, worth + abroad.worth);
    let total = all_worth + cash + abroad.cash;
    let whole = |amount: Decimal| fixed(amount, 0);
    let row = |paid: Decimal, worth: Decimal, gain: Decimal, loans: Decimal| {
        let share = worth * Decimal::ONE_HUNDRED;
        Fields::of([
            ("pchs_amt", whole(paid)),
            ("evlu_amt", whole(worth)),
            ("evlu_pfls_amt", whole(gain)),
            ("crdt_lnd_amt", whole(loans)),
            ("real_nass_amt", whole(worth - loans)),
            ("whol_weit_rt", fixed(share.checked_div(total).unwrap_or_default(), 8)),
        ])
    };
    let none = Decimal::ZERO;
    let is_other = asked.options.product_code == "21";
    let kinds = (1..=if is_other { 17 } else { 20 }).map(|kind| match (kind, is_other) {
        (1, _) => row(paid, worth, worth - paid, loans),
        (9, false) => row(abroad.paid, abroad.worth, abroad.worth - abroad.paid, none),
        (17, false) | (14, true) => row(none, abroad.cash, none, none),
        (18, false) | (15, true) => row(none, cash, none, none),
        (20, false) | (17, true) => row(all_paid, total, all_worth - all_paid, loans),
        _ => row(none, none, none, none),
    });
    let totals = Fields::of([
        ("pchs_amt_smtl", whole(all_paid)),
        ("evlu_amt_smtl", whole(all_worth)),
        ("evlu_pfls_amt_smtl", whole(all_worth - all_paid)),
        ("loan_amt_smtl", whole(loans)),
        ("tot_lnda_tot_ulst_lnda", whole(loans)),
        ("crdt_fncg_amt", whole(loans)),
        ("nass_tot_amt", whole(total - loans)),
        ("tot_asst_amt", whole(total)),
        ("frcr_evlu_tota", whole(abroad.cash)),
        ("tot_dncl_amt", whole(cash + abroad.cash)),
        ("dncl_amt", whole(cash)),
        ("thdt_rcvb_amt", portfolio.receivable.to_string()),
        ("ovrs_stck_evlu_amt1", fixed(abroad.worth, 6)),
        ("ovrs_bond_evlu_amt", fixed(none, 6)),
    ]);
    let outputs = Sheet::of([("output1", kinds.collect()), ("output2", vec![totals])]);
    Sheet { words: Words::Other("KIOK0530", "조회되었습니다"), ..outputs }
}
