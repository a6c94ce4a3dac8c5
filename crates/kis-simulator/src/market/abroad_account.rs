//! What an account holds abroad, and what it can buy there, at the prices of the market.

use rust_decimal::Decimal;

use super::{
    issue::Issue,
    overseas::{market_of, won},
    sheet::{Fields, Sheet, Words},
    view::{Asked, View, fixed},
};
use crate::{
    Mode,
    abroad::{Abroad, HeldAs, PositionAbroad},
    listing,
};

/// Rows of a page.
const PAGE: usize = 100;

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "overseas-stock-trading-inquire-balance" => Some(balance(asked)),
        "overseas-stock-trading-inquire-psamount" => Some(buyable(asked)),
        _ => None,
    }
}

/// A position with what it is worth.
pub(super) struct Priced<'a> {
    pub(super) position: &'a PositionAbroad,
    pub(super) view: View,
    pub(super) currency: &'static str,
}

impl Priced<'_> {
    pub(super) fn price(&self) -> Decimal {
        self.view.exact(self.view.price)
    }

    pub(super) fn paid(&self, quantity: Decimal) -> Decimal {
        (self.position.avg_price * quantity).round_dp(5)
    }

    pub(super) fn worth(&self, quantity: Decimal) -> Decimal {
        self.price() * quantity
    }
}

pub(super) fn rate(gain: Decimal, paid: Decimal, places: u32) -> String {
    fixed((gain * Decimal::ONE_HUNDRED).checked_div(paid).unwrap_or_default(), places)
}

/// The positions that the market knows.
pub(super) fn priced<'a>(asked: &Asked<'a>) -> Vec<Priced<'a>> {
    let abroad: &Abroad = &asked.options.portfolio.abroad;
    let listed = |position: &'a PositionAbroad| {
        let listed = listing::overseas(market_of(&position.exchange)?, &position.code)?;
        let view = asked.market.view(Issue::of_listed(asked.market, listed), asked.now);
        Some(Priced { position, view, currency: listed.currency })
    };
    abroad.positions.iter().filter_map(listed).collect()
}

/// Whether a position is in the answer for an exchange. To a real account Nasdaq's name means all exchanges of the United States.
fn is_on(position: &PositionAbroad, exchange: &str, mode: Mode) -> bool {
    match (exchange, mode) {
        ("NASD" | "NAS", Mode::Real) => ["NASD", "NYSE", "AMEX"].contains(&position.exchange.as_str()),
        _ => position.exchange == exchange,
    }
}

fn balance(asked: &Asked<'_>) -> Sheet {
    let exchange = asked.param("OVRS_EXCG_CD");
    let positions = priced(asked);
    // Fractions are in another list.
    let held: Vec<&Priced<'_>> = positions
        .iter()
        .filter(|held| held.position.held_as != HeldAs::MiniStock && is_on(held.position, exchange, asked.options.mode))
        .collect();
    let later = asked.request.header("tr_cont").map(str::trim) == Some("N");
    let start = if later { asked.param("CTX_AREA_NK200").parse().unwrap_or(0) } else { 0 };
    let mut rows: Vec<Fields> = held.iter().skip(start).take(PAGE).map(|held| row(asked, held)).collect();
    let end = start + rows.len();
    let more = end < held.len();
    if !more && asked.options.mode == Mode::Real {
        rows.push(blank());
    }
    let paid: Decimal = held.iter().map(|held| held.paid(held.position.quantity)).sum();
    let gain = held.iter().map(|held| held.worth(held.position.quantity)).sum::<Decimal>() - paid;
    let totals = Fields::of([
        ("frcr_pchs_amt1", fixed(paid, 5)),
        ("ovrs_rlzt_pfls_amt", fixed(Decimal::ZERO, 5)),
        ("ovrs_tot_pfls", fixed(gain, 5)),
        ("rlzt_erng_rt", fixed(Decimal::ZERO, 8)),
        ("tot_evlu_pfls_amt", fixed(gain, 8)),
        ("tot_pftrt", rate(gain, paid, 8)),
        ("frcr_buy_amt_smtl1", fixed(paid, 6)),
        ("ovrs_rlzt_pfls_amt2", fixed(Decimal::ZERO, 5)),
        ("frcr_buy_amt_smtl2", fixed(paid, 6)),
    ]);
    let tr_cont = match (later, more) {
        (false, true) if asked.options.mode == Mode::Real => "F",
        (_, true) => "M",
        (false, false) => "D",
        (true, false) => "E",
    };
    let next = if more { end.to_string() } else { String::new() };
    Sheet {
        keys: vec![("ctx_area_fk200", String::new(), 200), ("ctx_area_nk200", next, 200)],
        words: if held.is_empty() { Words::Nothing } else { Words::Ledger },
        tr_cont,
        ..Sheet::of([("output1", rows), ("output2", vec![totals])])
    }
}

fn row(asked: &Asked<'_>, held: &Priced<'_>) -> Fields {
    let quantity = held.position.quantity;
    let (paid, worth) = (held.paid(quantity), held.worth(quantity));
    let is_cash = held.position.held_as == HeldAs::Cash;
    let (exchange, code) = (&held.position.exchange, &held.position.code);
    let sellable = asked.options.activity.sellable_abroad(&asked.options.portfolio, exchange, code);
    Fields::of([
        ("cano", asked.options.cano.clone()),
        ("acnt_prdt_cd", asked.options.product_code.clone()),
        ("prdt_type_cd", "512".to_owned()),
        ("ovrs_pdno", held.position.code.clone()),
        ("ovrs_item_name", held.view.issue.name.clone()),
        ("frcr_evlu_pfls_amt", fixed(worth - paid, 6)),
        ("evlu_pfls_rt", rate(worth - paid, paid, 2)),
        ("pchs_avg_pric", fixed(held.position.avg_price, 4)),
        ("ovrs_cblc_qty", fixed(quantity, 0)),
        ("ord_psbl_qty", if is_cash { sellable } else { 0 }.to_string()),
        ("frcr_pchs_amt1", fixed(paid, 5)),
        ("ovrs_stck_evlu_amt", fixed(worth, 8)),
        ("now_pric2", fixed(held.price(), 6)),
        ("tr_crcy_cd", held.currency.to_owned()),
        ("ovrs_excg_cd", held.position.exchange.clone()),
        ("loan_type_cd", if is_cash { "10" } else { "15" }.to_owned()),
        ("loan_dt", if is_cash { "" } else { "20261102" }.to_owned()),
        ("expd_dt", if is_cash { "" } else { "20270502" }.to_owned()),
    ])
}

/// The row with which KIS ends the list.
fn blank() -> Fields {
    let names = [
        "cano",
        "acnt_prdt_cd",
        "prdt_type_cd",
        "ovrs_pdno",
        "ovrs_item_name",
        "frcr_evlu_pfls_amt",
        "evlu_pfls_rt",
        "pchs_avg_pric",
        "ovrs_cblc_qty",
        "ord_psbl_qty",
        "frcr_pchs_amt1",
        "ovrs_stck_evlu_amt",
        "now_pric2",
        "tr_crcy_cd",
        "ovrs_excg_cd",
        "loan_type_cd",
        "loan_dt",
        "expd_dt",
    ];
    Fields::of(names.map(|name| (name, String::new())))
}

/// With the currency of the exchange, after fees, and with won that are exchanged by themselves.
fn buyable(asked: &Asked<'_>) -> Sheet {
    let (activity, portfolio) = (&asked.options.activity, &asked.options.portfolio);
    let currency = match asked.param("OVRS_EXCG_CD") {
        "SEHK" => "HKD",
        "TKSE" => "JPY",
        "SHAA" | "SZAA" => "CNY",
        "HASE" | "VNSE" => "VND",
        _ => "USD",
    };
    let (own, _) = activity.cash_abroad(portfolio, currency);
    let (own_after_fees, all_after_fees) = activity.orderable_abroad(portfolio, currency);
    let price = asked.param("OVRS_ORD_UNPR").parse::<Decimal>().unwrap_or_default();
    let quantity = |amount: Decimal| fixed(amount.checked_div(price).unwrap_or_default().trunc(), 0);
    let fields = Fields::of([
        ("tr_crcy_cd", currency.to_owned()),
        ("ord_psbl_frcr_amt", fixed(own, 2)),
        ("sll_ruse_psbl_amt", fixed(Decimal::ZERO, 2)),
        ("ovrs_ord_psbl_amt", fixed(own_after_fees, 2)),
        ("max_ord_psbl_qty", quantity(own_after_fees)),
        ("echm_af_ord_psbl_amt", "0".to_owned()),
        ("echm_af_ord_psbl_qty", "0".to_owned()),
        ("ord_psbl_qty", quantity(own_after_fees)),
        ("exrt", fixed(won(currency), 10)),
        ("frcr_ord_psbl_amt1", fixed(all_after_fees, 6)),
        ("ovrs_max_ord_psbl_qty", quantity(all_after_fees)),
    ]);
    Sheet { words: Words::Ledger, ..Sheet::one("output", fields) }
}
