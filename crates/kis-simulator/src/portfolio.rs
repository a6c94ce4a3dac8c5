//! What the simulated account holds, and how KIS writes it: strings for everything, fixed decimals, `-` for losses.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::orders::Activity;
use crate::abroad::Abroad;

/// One position.
#[derive(Debug, Clone)]
pub struct Position {
    /// `pdno`.
    pub code: String,
    /// `prdt_name`.
    pub name: String,
    /// `trad_dvsn_name`.
    pub kind: String,
    /// `loan_dt`; empty for cash.
    pub loan_date: String,
    /// `loan_amt`.
    pub loan_amount: i64,
    /// `hldg_qty`.
    pub quantity: i64,
    /// What was paid for a share, exactly; `pchs_avg_pric` has four places of it.
    pub avg_price: Decimal,
    /// `prpr`; 0 before the market has loaded it.
    pub price: i64,
}

/// The account's positions and cash.
#[derive(Debug, Clone)]
pub struct Portfolio {
    /// Positions, in the order they are listed.
    pub positions: Vec<Position>,
    /// `dnca_tot_amt`: cash today.
    pub deposit: i64,
    /// `nxdy_excc_amt`: cash tomorrow.
    pub deposit_d1: i64,
    /// `prvs_rcdl_excc_amt`: cash the day after.
    pub deposit_d2: i64,
    /// 미수금: what it owes for shares it has bought.
    pub receivable: i64,
    /// What it has abroad.
    pub abroad: Abroad,
}

impl Position {
    /// A cash position.
    pub fn cash(code: &str, name: &str, quantity: i64, avg_price: i64, price: i64) -> Self {
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            kind: "현금".to_owned(),
            loan_date: String::new(),
            loan_amount: 0,
            quantity,
            avg_price: Decimal::from(avg_price),
            price,
        }
    }

    /// A cash position for which `paid` was paid in all: mostly an average that four places do not hold.
    pub fn bought_for(code: &str, name: &str, quantity: i64, paid: i64, price: i64) -> Self {
        let average = Decimal::from(paid).checked_div(Decimal::from(quantity)).unwrap_or_default();
        Self { avg_price: average, ..Self::cash(code, name, quantity, 0, price) }
    }

    /// What was paid in all, which KIS knows and adds up, and prints in no row.
    pub(super) fn paid(&self) -> i64 {
        let amount = self.avg_price * Decimal::from(self.quantity);
        whole(amount.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
    }

    /// `pchs_amt`: the average as it is printed times the shares, cut once more, so that a won may be lost.
    fn purchase_amount(&self) -> i64 {
        let printed = self.avg_price.round_dp_with_strategy(4, RoundingStrategy::ToZero);
        whole((printed * Decimal::from(self.quantity)).round_dp_with_strategy(0, RoundingStrategy::ToZero))
    }

    fn evaluation_amount(&self) -> i64 {
        self.price.saturating_mul(self.quantity)
    }

    /// What it is, whatever its price.
    pub(super) fn identity(&self) -> (String, String, String, i64) {
        (self.code.clone(), self.kind.clone(), self.loan_date.clone(), self.quantity)
    }

    pub(super) fn row(&self, loan_dates: bool, paper: bool) -> Row {
        let (paid, worth) = (self.paid(), self.evaluation_amount());
        let rate = Decimal::from(worth - paid) * Decimal::ONE_HUNDRED;
        let rate = rate.checked_div(Decimal::from(paid)).unwrap_or_default();
        let zero = || "0".to_owned();
        Row {
            pdno: self.code.clone(),
            prdt_name: self.name.clone(),
            trad_dvsn_name: self.kind.clone(),
            bfdy_buy_qty: zero(),
            bfdy_sll_qty: zero(),
            thdt_buyqty: zero(),
            thdt_sll_qty: zero(),
            hldg_qty: self.quantity.to_string(),
            ord_psbl_qty: self.quantity.to_string(),
            pchs_avg_pric: decimals(self.avg_price, 4, RoundingStrategy::ToZero),
            pchs_amt: self.purchase_amount().to_string(),
            prpr: self.price.to_string(),
            evlu_amt: worth.to_string(),
            evlu_pfls_amt: (worth - paid).to_string(),
            evlu_pfls_rt: decimals(rate, 2, RoundingStrategy::MidpointAwayFromZero),
            evlu_erng_rt: "0.00000000".to_owned(),
            loan_dt: if loan_dates { self.loan_date.clone() } else { String::new() },
            loan_amt: self.loan_amount.to_string(),
            stln_slng_chgs: zero(),
            expd_dt: String::new(),
            fltt_rt: "0.00000000".to_owned(),
            bfdy_cprs_icdc: zero(),
            item_mgna_rt_name: "20%".to_owned(),
            grta_rt_name: if paper { String::new() } else { "40%".to_owned() },
            sbst_pric: if paper { zero() } else { (self.price * 78 / 100).to_string() },
            stck_loan_unpr: "0.0000".to_owned(),
        }
    }
}

impl Row {
    /// The same with what the orders of today have done to its position, and what open ones will sell.
    pub(super) fn after(self, activity: &Activity, position: &Position) -> Self {
        if position.kind != "현금" {
            return self;
        }
        let quantity =
            |map: &BTreeMap<String, (i64, i64)>| map.get(&position.code).map_or(0, |(quantity, _)| *quantity);
        let selling = activity.selling.get(&position.code).copied().unwrap_or(0);
        Self {
            thdt_buyqty: quantity(&activity.bought).to_string(),
            thdt_sll_qty: quantity(&activity.sold).to_string(),
            ord_psbl_qty: (position.quantity - selling).max(0).to_string(),
            ..self
        }
    }

    /// A row whose position is gone, with nothing said of what there is none of.
    pub(super) fn blank(self) -> Self {
        let blank = String::new;
        Self {
            ord_psbl_qty: blank(),
            pchs_avg_pric: blank(),
            pchs_amt: blank(),
            prpr: blank(),
            evlu_amt: blank(),
            evlu_pfls_amt: blank(),
            evlu_pfls_rt: blank(),
            ..self
        }
    }
}

impl Portfolio {
    /// 10,000,000 in all, of which 5,000,000 are stocks and 5,000,000 cash; 005930 among the holdings; one position sold out today.
    pub fn demo() -> Self {
        Self {
            positions: vec![
                Position::cash("005930", "삼성전자", 10, 70_000, 75_000),
                Position::cash("000660", "SK하이닉스", 10, 180_000, 195_000),
                Position::cash("035420", "NAVER", 5, 220_000, 210_000),
                Position::cash("005380", "현대차", 3, 250_000, 270_000),
                Position::cash("035720", "카카오", 8, 50_000, 55_000),
                Position::cash("068270", "셀트리온", 0, 0, 165_000),
            ],
            deposit: 5_000_000,
            deposit_d1: 5_000_000,
            deposit_d2: 5_000_000,
            receivable: 0,
            abroad: Abroad::demo(),
        }
    }

    /// A portfolio of `count` different holdings of `n + 1` shares each, the n-th bought at 1,000 and now at 1,100.
    pub fn of_size(count: usize) -> Self {
        let positions = (0..count)
            .map(|n| {
                let shares = i64::try_from(n + 1).unwrap_or(i64::MAX);
                Position::cash(&format!("{:06}", 100_000 + n), &format!("종목{n}"), shares, 1_000, 1_100)
            })
            .collect();
        Self {
            positions,
            deposit: 1_000_000,
            deposit_d1: 1_000_000,
            deposit_d2: 1_000_000,
            receivable: 0,
            abroad: Abroad::default(),
        }
    }

    /// Listed by issue, positions of one code are one row.
    pub(super) fn by_issue(&self) -> Vec<Position> {
        let mut merged: Vec<Position> = Vec::new();
        for position in &self.positions {
            match merged.iter_mut().find(|known| known.code == position.code) {
                None => merged.push(position.clone()),
                Some(known) => {
                    let paid = known.paid() + position.paid();
                    known.quantity += position.quantity;
                    let average = Decimal::from(paid).checked_div(Decimal::from(known.quantity));
                    known.avg_price = average.unwrap_or_default();
                }
            }
        }
        merged
    }

    /// The same with every price that there is moved by `won`.
    pub(super) fn moved(&self, won: i64) -> Self {
        let mut moved = self.clone();
        for position in moved.positions.iter_mut().filter(|position| position.price != 0) {
            position.price = position.price.saturating_add(won).max(1);
        }
        moved
    }

    /// Cash that can be taken out: what is settled, less what is bought and not yet paid for.
    pub(super) fn withdrawable(&self) -> i64 {
        self.deposit.min(self.deposit_d1).min(self.deposit_d2).max(0)
    }

    /// What all positions are worth, with the cash of the day after tomorrow.
    pub(super) fn total(&self) -> i64 {
        self.positions.iter().map(Position::evaluation_amount).sum::<i64>() + self.deposit_d2
    }

    pub(super) fn summary(&self, activity: &Activity) -> Summary {
        let (bought_today, sold_today) = activity.turnover();
        let bought = self.positions.iter().map(Position::paid).sum::<i64>();
        let total = self.total();
        let worth = total - self.deposit_d2;
        let zero = || "0".to_owned();
        Summary {
            dnca_tot_amt: self.deposit.to_string(),
            nxdy_excc_amt: self.deposit_d1.to_string(),
            prvs_rcdl_excc_amt: self.deposit_d2.to_string(),
            cma_evlu_amt: zero(),
            bfdy_buy_amt: zero(),
            thdt_buy_amt: bought_today.to_string(),
            nxdy_auto_rdpt_amt: zero(),
            bfdy_sll_amt: zero(),
            thdt_sll_amt: sold_today.to_string(),
            d2_auto_rdpt_amt: zero(),
            bfdy_tlex_amt: zero(),
            thdt_tlex_amt: activity.charges.to_string(),
            tot_loan_amt: zero(),
            scts_evlu_amt: worth.to_string(),
            tot_evlu_amt: total.to_string(),
            nass_amt: total.to_string(),
            fncg_gld_auto_rdpt_yn: String::new(),
            pchs_amt_smtl_amt: bought.to_string(),
            evlu_amt_smtl_amt: worth.to_string(),
            evlu_pfls_smtl_amt: (worth - bought).to_string(),
            tot_stln_slng_chgs: zero(),
            bfdy_tot_asst_evlu_amt: total.to_string(),
            asst_icdc_amt: zero(),
            asst_icdc_erng_rt: "0.00000000".to_owned(),
        }
    }
}

fn whole(amount: Decimal) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn decimals(number: Decimal, places: u32, strategy: RoundingStrategy) -> String {
    let mut number = number.round_dp_with_strategy(places, strategy);
    number.rescale(places);
    number.to_string()
}

/// One row of `output1`, its 26 fields in KIS's order.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pdno: String,
    prdt_name: String,
    trad_dvsn_name: String,
    bfdy_buy_qty: String,
    bfdy_sll_qty: String,
    thdt_buyqty: String,
    thdt_sll_qty: String,
    hldg_qty: String,
    ord_psbl_qty: String,
    pchs_avg_pric: String,
    pchs_amt: String,
    prpr: String,
    evlu_amt: String,
    evlu_pfls_amt: String,
    evlu_pfls_rt: String,
    evlu_erng_rt: String,
    loan_dt: String,
    loan_amt: String,
    stln_slng_chgs: String,
    expd_dt: String,
    fltt_rt: String,
    bfdy_cprs_icdc: String,
    item_mgna_rt_name: String,
    grta_rt_name: String,
    sbst_pric: String,
    stck_loan_unpr: String,
}

/// The only element of `output2`, its 24 fields in KIS's order.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    dnca_tot_amt: String,
    nxdy_excc_amt: String,
    prvs_rcdl_excc_amt: String,
    cma_evlu_amt: String,
    bfdy_buy_amt: String,
    thdt_buy_amt: String,
    nxdy_auto_rdpt_amt: String,
    bfdy_sll_amt: String,
    thdt_sll_amt: String,
    d2_auto_rdpt_amt: String,
    bfdy_tlex_amt: String,
    thdt_tlex_amt: String,
    tot_loan_amt: String,
    scts_evlu_amt: String,
    tot_evlu_amt: String,
    nass_amt: String,
    fncg_gld_auto_rdpt_yn: String,
    pchs_amt_smtl_amt: String,
    evlu_amt_smtl_amt: String,
    evlu_pfls_smtl_amt: String,
    tot_stln_slng_chgs: String,
    bfdy_tot_asst_evlu_amt: String,
    asst_icdc_amt: String,
    asst_icdc_erng_rt: String,
}
