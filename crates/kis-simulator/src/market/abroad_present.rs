//! What an account has abroad with its money: by settlement and by trade, in the currencies and in won.

use rust_decimal::Decimal;

use super::{
    abroad_account::{Priced, priced, rate},
    overseas::{market_of, won},
    sheet::{Fields, Sheet, Words},
    view::{Asked, fixed},
};
use crate::{Mode, abroad::HeldAs};

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    (operation == "overseas-stock-trading-inquire-present-balance").then(|| present(asked))
}

/// What all that is held abroad is worth in won, and what was paid for it; the cash in other currencies.
pub(super) struct InWon {
    pub(super) paid: Decimal,
    pub(super) worth: Decimal,
    pub(super) cash: Decimal,
}

pub(super) fn in_won(asked: &Asked<'_>) -> InWon {
    let mut sum = InWon { paid: Decimal::ZERO, worth: Decimal::ZERO, cash: Decimal::ZERO };
    for held in priced(asked) {
        let quantity = shown(asked, &held);
        sum.paid += (held.paid(quantity) * won(held.currency)).trunc();
        sum.worth += (held.worth(quantity) * won(held.currency)).trunc();
    }
    for (currency, cash) in &asked.options.portfolio.abroad.cash {
        sum.cash += (*cash * won(currency)).trunc();
    }
    sum
}

/// Shares as this call shows them: in the evening without those that were traded in the American session.
fn shown(asked: &Asked<'_>, held: &Priced<'_>) -> Decimal {
    if asked.options.portfolio.abroad.is_late { held.position.settled() } else { held.position.quantity }
}

/// Units of a currency that rates are told for.
fn unit(currency: &str) -> i64 {
    if currency == "JPY" { 100 } else { 1 }
}

fn present(asked: &Asked<'_>) -> Sheet {
    // Paper trading says the totals alone.
    let is_whole = asked.options.mode == Mode::Real;
    let is_meant = |held: &Priced<'_>| {
        let is_mini = held.position.held_as == HeldAs::MiniStock;
        let kind = match asked.param("INQR_DVSN_CD") {
            "01" => !is_mini,
            "02" => is_mini,
            _ => true,
        };
        let nation = asked.param("NATN_CD");
        let is_there = !NATIONS.contains(&nation) || nation == country(held).0;
        kind && is_there && !shown(asked, held).is_zero()
    };
    let positions = priced(asked);
    let rows: Vec<Fields> =
        positions.iter().filter(|held| is_whole && is_meant(held)).map(|held| row(asked, held)).collect();
    let cash = &asked.options.portfolio.abroad.cash;
    let currencies = cash.iter().filter(|_| is_whole).map(|(currency, cash)| of_currency(currency, *cash));
    let totals = totals(asked);
    Sheet {
        words: Words::Other("KIOK0530", "조회되었습니다"),
        tr_cont: "D",
        ..Sheet::of([("output1", rows), ("output2", currencies.collect()), ("output3", vec![totals])])
    }
}

/// KIS's codes of countries.
const NATIONS: [&str; 5] = ["840", "344", "156", "392", "704"];

fn country(held: &Priced<'_>) -> (&'static str, &'static str) {
    match held.currency {
        "HKD" => ("344", "홍콩"),
        "CNY" => ("156", "중국"),
        "JPY" => ("392", "일본"),
        "VND" => ("704", "베트남"),
        _ => ("840", "미국"),
    }
}

fn row(asked: &Asked<'_>, held: &Priced<'_>) -> Fields {
    let (position, quantity) = (held.position, shown(asked, held));
    let is_late = asked.options.portfolio.abroad.is_late;
    let today = |traded: Decimal| fixed(if is_late { Decimal::ZERO } else { traded }, 8);
    let (paid, worth) = (held.paid(quantity), held.worth(quantity));
    let rate_in_won = won(held.currency);
    // Amounts are in the currency, or with 01 in won.
    let amount = |amount: Decimal, places: u32| {
        fixed(if asked.param("WCRC_FRCR_DVSN_CD") == "01" { amount * rate_in_won } else { amount }, places)
    };
    let (kind, loan) = match position.held_as {
        HeldAs::Cash => ("현금", ""),
        HeldAs::Pledged => ("해외주식담보대출", "20261102"),
        HeldAs::MiniStock => ("미니스탁", ""),
    };
    let is_pledged = position.held_as == HeldAs::Pledged;
    Fields::of([
        ("prdt_name", held.view.issue.name.clone()),
        ("cblc_qty13", fixed(position.settled(), 8)),
        ("thdt_buy_ccld_qty1", today(position.bought_today)),
        ("thdt_sll_ccld_qty1", today(position.sold_today)),
        ("ccld_qty_smtl1", fixed(quantity, 8)),
        ("ord_psbl_qty1", fixed(if is_pledged { Decimal::ZERO } else { quantity }, 8)),
        ("frcr_pchs_amt", amount(paid, 5)),
        ("frcr_evlu_amt2", amount(worth, 6)),
        ("evlu_pfls_amt2", amount(worth - paid, 5)),
        ("evlu_pfls_rt1", rate(worth - paid, paid, 8)),
        ("pdno", position.code.clone()),
        ("bass_exrt", fixed(rate_in_won * Decimal::from(unit(held.currency)), 8)),
        ("buy_crcy_cd", held.currency.to_owned()),
        ("ovrs_now_pric1", fixed(held.price(), 5)),
        ("avg_unpr3", fixed(position.avg_price, 4)),
        ("natn_kor_name", country(held).1.to_owned()),
        ("pchs_rmnd_wcrc_amt", fixed((paid * rate_in_won).trunc(), 0)),
        ("thdt_buy_ccld_frcr_amt", fixed(Decimal::ZERO, 6)),
        ("thdt_sll_ccld_frcr_amt", fixed(Decimal::ZERO, 6)),
        ("unit_amt", unit(held.currency).to_string()),
        ("prdt_type_cd", "512".to_owned()),
        ("scts_dvsn_name", kind.to_owned()),
        ("loan_rmnd", "0".to_owned()),
        ("loan_dt", loan.to_owned()),
        ("loan_expd_dt", if is_pledged { "20270502" } else { "" }.to_owned()),
        ("ovrs_excg_cd", position.exchange.clone()),
        ("item_lnkg_excg_cd", market_of(&position.exchange).unwrap_or_default().to_owned()),
    ])
}

fn of_currency(currency: &str, cash: Decimal) -> Fields {
    let name = match currency {
        "USD" => "미국 달러",
        "HKD" => "홍콩 달러",
        "JPY" => "일본 엔",
        "CNY" => "중국 위안",
        _ => "베트남 동",
    };
    Fields::of([
        ("crcy_cd", currency.to_owned()),
        ("crcy_cd_name", name.to_owned()),
        ("frcr_buy_amt_smtl", fixed(Decimal::ZERO, 6)),
        ("frcr_sll_amt_smtl", fixed(Decimal::ZERO, 6)),
        ("frcr_dncl_amt_2", fixed(cash, 6)),
        ("frst_bltn_exrt", fixed(won(currency) * Decimal::from(unit(currency)), 8)),
        ("frcr_buy_mgn_amt", fixed(Decimal::ZERO, 6)),
        ("frcr_etc_mgna", fixed(Decimal::ZERO, 6)),
        ("frcr_drwg_psbl_amt_1", fixed(cash, 6)),
        ("frcr_evlu_amt2", fixed(cash * won(currency), 6)),
        ("acpl_cstd_crcy_yn", "Y".to_owned()),
        ("nxdy_frcr_drwg_psbl_amt", fixed(cash, 6)),
    ])
}

fn totals(asked: &Asked<'_>) -> Fields {
    let portfolio = &asked.options.portfolio;
    let InWon { paid, worth, cash } = in_won(asked);
    let deposit = Decimal::from(portfolio.deposit);
    let whole = |amount: Decimal| fixed(amount, 0);
    Fields::of([
        ("pchs_amt_smtl", whole(paid)),
        ("evlu_amt_smtl", whole(worth)),
        ("evlu_pfls_amt_smtl", whole(worth - paid)),
        ("dncl_amt", whole(deposit)),
        ("tot_dncl_amt", whole(deposit + cash)),
        ("wdrw_psbl_tot_amt", portfolio.withdrawable().to_string()),
        // Of one account this was more than five times as much as there was.
        ("frcr_evlu_tota", whole(cash * Decimal::new(54, 1))),
        ("evlu_erng_rt1", rate(worth - paid, paid, 10)),
        ("pchs_amt_smtl_amt", whole(paid)),
        ("evlu_amt_smtl_amt", whole(worth)),
        ("tot_evlu_pfls_amt", fixed(worth - paid, 8)),
        ("tot_asst_amt", whole(deposit + cash + worth)),
        ("frcr_use_psbl_amt", fixed(Decimal::ZERO, 2)),
        ("tot_frcr_cblc_smtl", fixed(cash, 6)),
        ("tot_loan_amt", "0".to_owned()),
    ])
}
