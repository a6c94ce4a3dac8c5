//! Rows of the lists of orders, in KIS's formats.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Desk,
    order::{Kind, Order},
};
use crate::Mode;

/// One row of `output1`, its 36 fields in KIS's order.
#[derive(Serialize)]
pub(super) struct Row {
    ord_dt: String,
    ord_gno_brno: String,
    odno: String,
    orgn_odno: String,
    ord_dvsn_name: &'static str,
    sll_buy_dvsn_cd: &'static str,
    sll_buy_dvsn_cd_name: String,
    pdno: String,
    prdt_name: String,
    ord_qty: String,
    ord_unpr: String,
    ord_tmd: String,
    tot_ccld_qty: String,
    avg_prvs: String,
    cncl_yn: &'static str,
    tot_ccld_amt: String,
    loan_dt: &'static str,
    ordr_empno: String,
    ord_dvsn_cd: String,
    cncl_cfrm_qty: String,
    rmn_qty: String,
    rjct_qty: String,
    ccld_cndt_name: &'static str,
    inqr_ip_addr: &'static str,
    cpbc_ordp_ord_rcit_dvsn_cd: &'static str,
    cpbc_ordp_infm_mthd_dvsn_cd: &'static str,
    infm_tmd: String,
    ctac_tlno: &'static str,
    prdt_type_cd: &'static str,
    excg_dvsn_cd: &'static str,
    cpbc_ordp_mtrl_dvsn_cd: &'static str,
    ord_orgno: &'static str,
    rsvn_ord_end_dt: &'static str,
    excg_id_dvsn_cd: String,
    stpm_cndt_pric: String,
    stpm_efct_occr_dtmd: &'static str,
}

/// One row of `output`, its 21 fields in KIS's order.
#[derive(Serialize)]
pub(super) struct OpenRow {
    ord_gno_brno: String,
    odno: String,
    orgn_odno: String,
    ord_dvsn_name: &'static str,
    pdno: String,
    prdt_name: String,
    rvse_cncl_dvsn_name: String,
    ord_qty: String,
    ord_unpr: String,
    ord_tmd: String,
    tot_ccld_qty: String,
    tot_ccld_amt: String,
    psbl_qty: String,
    sll_buy_dvsn_cd: &'static str,
    ord_dvsn_cd: String,
    mgco_aptm_odno: &'static str,
    excg_dvsn_cd: &'static str,
    excg_id_dvsn_cd: String,
    excg_id_dvsn_name: String,
    stpm_cndt_pric: String,
    stpm_efct_occr_yn: &'static str,
}

/// What the orders of a list add up to.
#[derive(Serialize)]
pub(super) struct Totals {
    tot_ord_qty: String,
    tot_ccld_qty: String,
    tot_ccld_amt: String,
    prsm_tlex_smtl: String,
    pchs_avg_pric: String,
}

impl Desk {
    pub(super) fn row(&self, order: &Order, mode: Mode) -> Row {
        let (numbers, names_cancelled) = (self.numbers(), self.steering.names_cancelled);
        let is_real = mode == Mode::Real;
        let blank = if is_real { String::new() } else { "0000000000".to_owned() };
        let is_cancelled = names_cancelled && order.cancelled > 0;
        let is_own = order.entered_by == "OpnAPI";
        Row {
            ord_dt: order.day().format("%Y%m%d").to_string(),
            ord_gno_brno: order.branch.clone(),
            odno: numbers.write(order.number),
            orgn_odno: order.original.map_or(blank, |number| numbers.write(number)),
            ord_dvsn_name: type_name(&order.order_type),
            sll_buy_dvsn_cd: order.side.code(),
            sll_buy_dvsn_cd_name: order.what(),
            pdno: order.code.clone(),
            prdt_name: order.name.clone(),
            ord_qty: order.quantity.to_string(),
            ord_unpr: order.price.to_string(),
            ord_tmd: order.time(),
            tot_ccld_qty: order.filled.to_string(),
            avg_prvs: order.average().round_dp(4).normalize().to_string(),
            cncl_yn: match (is_cancelled, is_real) {
                (true, _) => "Y",
                (false, true) => "",
                (false, false) => "N",
            },
            tot_ccld_amt: order.amount.to_string(),
            loan_dt: "",
            ordr_empno: order.entered_by.clone(),
            ord_dvsn_cd: order.order_type.clone(),
            cncl_cfrm_qty: if is_cancelled { order.cancelled } else { 0 }.to_string(),
            rmn_qty: order.rest.to_string(),
            rjct_qty: order.rejected.to_string(),
            ccld_cndt_name: match order.order_type.as_str() {
                "11" | "13" | "15" | "23" | "42" | "45" => "IOC",
                "12" | "14" | "16" | "24" | "43" | "46" => "FOK",
                _ => "없음",
            },
            inqr_ip_addr: if is_own { "203.000.113.007" } else { "198.051.100.023" },
            cpbc_ordp_ord_rcit_dvsn_cd: "",
            cpbc_ordp_infm_mthd_dvsn_cd: "",
            infm_tmd: if is_real { String::new() } else { order.time() },
            ctac_tlno: if is_own { "" } else { "01000000000" },
            prdt_type_cd: "300",
            excg_dvsn_cd: exchange_code(&order.exchange),
            cpbc_ordp_mtrl_dvsn_cd: "",
            ord_orgno: "00000",
            rsvn_ord_end_dt: "",
            excg_id_dvsn_cd: order.exchange.clone(),
            stpm_cndt_pric: order.condition.to_string(),
            stpm_efct_occr_dtmd: "",
        }
    }

    pub(super) fn open_row(&self, order: &Order) -> OpenRow {
        let numbers = self.numbers();
        let at = self.orders.iter().position(|known| std::ptr::eq(known, order));
        OpenRow {
            ord_gno_brno: order.branch.clone(),
            odno: numbers.write(order.number),
            orgn_odno: order.original.map(|number| numbers.write(number)).unwrap_or_default(),
            ord_dvsn_name: type_name(&order.order_type),
            pdno: order.code.clone(),
            prdt_name: order.name.clone(),
            rvse_cncl_dvsn_name: order.what(),
            ord_qty: order.quantity.to_string(),
            ord_unpr: order.price.to_string(),
            ord_tmd: order.time(),
            tot_ccld_qty: order.filled.to_string(),
            tot_ccld_amt: order.amount.to_string(),
            psbl_qty: at.map_or(order.rest, |at| self.left(at)).to_string(),
            sll_buy_dvsn_cd: order.side.code(),
            ord_dvsn_cd: order.order_type.clone(),
            mgco_aptm_odno: "",
            excg_dvsn_cd: exchange_code(&order.exchange),
            excg_id_dvsn_cd: order.exchange.clone(),
            excg_id_dvsn_name: order.exchange.clone(),
            stpm_cndt_pric: order.condition.to_string(),
            stpm_efct_occr_yn: "",
        }
    }
}

impl Totals {
    pub(super) fn of(orders: &[&Order]) -> Self {
        let real = || orders.iter().filter(|order| order.kind != Kind::Cancel);
        let filled: i64 = real().map(|order| order.filled).sum();
        let amount: Decimal = real().map(|order| order.amount).sum();
        let mut average = amount.checked_div(Decimal::from(filled)).unwrap_or_default().round_dp(4);
        average.rescale(4);
        Self {
            tot_ord_qty: real().map(|order| order.quantity).sum::<i64>().to_string(),
            tot_ccld_qty: filled.to_string(),
            tot_ccld_amt: amount.to_string(),
            prsm_tlex_smtl: real().map(|order| order.charges).sum::<Decimal>().to_string(),
            pchs_avg_pric: average.to_string(),
        }
    }
}

impl Order {
    /// `sll_buy_dvsn_cd_name`: an asterisk says that the exchange has confirmed it.
    fn what(&self) -> String {
        let side = self.side.name();
        match (self.kind, self.pending.is_some() || self.rejected > 0) {
            (Kind::New, _) if self.rejected > 0 => format!("{side}거부"),
            (Kind::New, _) => format!("현금{side}"),
            (Kind::Amend, true) => format!("{side}정정"),
            (Kind::Amend, false) => format!("{side}정정*"),
            (Kind::Cancel, true) => format!("{side}취소"),
            (Kind::Cancel, false) => format!("{side}취소*"),
        }
    }
}

fn exchange_code(exchange: &str) -> &'static str {
    match exchange {
        "NXT" => "11",
        "SOR" => "12",
        _ => "02",
    }
}

pub(super) fn type_name(order_type: &str) -> &'static str {
    match order_type {
        "01" | "13" | "14" => "시장가",
        "02" => "조건부지정가",
        "03" | "15" | "16" | "28" | "44" | "45" | "46" => "최유리지정가",
        "04" | "29" | "47" => "최우선지정가",
        "05" => "장전시간외",
        "06" => "장후시간외",
        "21" | "23" | "24" => "중간가",
        "22" => "스톱지정가",
        _ => "지정가",
    }
}
