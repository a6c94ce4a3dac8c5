//! Rows of the lists of orders abroad, in KIS's formats.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Call, Desk,
    order::{Kind, Order},
};
use crate::{clock::kst, listing::Listed, market::Market};

/// A row of orders by day, its fields in KIS's order.
#[derive(Serialize, Default)]
pub(super) struct Row {
    ord_dt: String,
    ord_gno_brno: String,
    odno: String,
    orgn_odno: String,
    sll_buy_dvsn_cd: &'static str,
    sll_buy_dvsn_cd_name: &'static str,
    rvse_cncl_dvsn: &'static str,
    rvse_cncl_dvsn_name: &'static str,
    pdno: String,
    prdt_name: String,
    ft_ord_qty: String,
    ft_ord_unpr3: String,
    ft_ccld_qty: String,
    ft_ccld_unpr3: String,
    ft_ccld_amt3: String,
    nccs_qty: String,
    prcs_stat_name: &'static str,
    rjct_rson: &'static str,
    rjct_rson_name: &'static str,
    ord_tmd: String,
    tr_mket_name: &'static str,
    tr_crcy_cd: &'static str,
    tr_natn: &'static str,
    ovrs_excg_cd: String,
    tr_natn_name: &'static str,
    dmst_ord_dt: String,
    thco_ord_tmd: String,
    loan_type_cd: &'static str,
    loan_dt: &'static str,
    mdia_dvsn_name: &'static str,
    usa_amk_exts_rqst_yn: &'static str,
    splt_buy_attr_name: &'static str,
}

/// A row of open orders, its fields in KIS's order.
#[derive(Serialize)]
pub(super) struct OpenRow {
    ord_dt: String,
    ord_gno_brno: String,
    odno: String,
    orgn_odno: String,
    pdno: String,
    prdt_name: String,
    sll_buy_dvsn_cd: &'static str,
    sll_buy_dvsn_cd_name: &'static str,
    rvse_cncl_dvsn_cd: &'static str,
    rvse_cncl_dvsn_cd_name: &'static str,
    rjct_rson: &'static str,
    rjct_rson_name: &'static str,
    ord_tmd: String,
    tr_mket_name: &'static str,
    tr_crcy_cd: &'static str,
    natn_cd: &'static str,
    natn_kor_name: &'static str,
    ft_ord_qty: String,
    ft_ccld_qty: String,
    nccs_qty: String,
    ft_ord_unpr3: String,
    ft_ccld_unpr3: String,
    ft_ccld_amt3: String,
    ovrs_excg_cd: String,
    prcs_stat_name: &'static str,
    loan_type_cd: &'static str,
    loan_dt: &'static str,
}

/// Name of an exchange, code and name of its country.
pub(super) fn place_names(exchange: &str) -> (&'static str, &'static str, &'static str) {
    match exchange {
        "NASD" => ("나스닥", "840", "미국"),
        "NYSE" => ("뉴욕", "840", "미국"),
        "AMEX" => ("아멕스", "840", "미국"),
        "SEHK" => ("홍콩", "344", "홍콩"),
        "TKSE" => ("도쿄", "392", "일본"),
        "SHAA" => ("상해A", "156", "중국"),
        "SZAA" => ("심천A", "156", "중국"),
        "HASE" => ("하노이", "704", "베트남"),
        "VNSE" => ("호치민", "704", "베트남"),
        _ => ("", "", ""),
    }
}

/// A number with so many places.
pub(super) fn places(number: Decimal, places: u32) -> String {
    let mut number = number.round_dp(places);
    number.rescale(places);
    number.to_string()
}

impl OpenRow {
    /// What the same order is in the other list.
    pub(super) fn of(row: Row) -> Self {
        Self {
            ord_dt: row.ord_dt,
            ord_gno_brno: row.ord_gno_brno,
            odno: row.odno,
            orgn_odno: row.orgn_odno,
            pdno: row.pdno,
            prdt_name: row.prdt_name,
            sll_buy_dvsn_cd: row.sll_buy_dvsn_cd,
            sll_buy_dvsn_cd_name: row.sll_buy_dvsn_cd_name,
            rvse_cncl_dvsn_cd: row.rvse_cncl_dvsn,
            rvse_cncl_dvsn_cd_name: row.rvse_cncl_dvsn_name,
            rjct_rson: "",
            rjct_rson_name: "",
            ord_tmd: row.ord_tmd,
            tr_mket_name: row.tr_mket_name,
            tr_crcy_cd: row.tr_crcy_cd,
            natn_cd: row.tr_natn,
            natn_kor_name: row.tr_natn_name,
            ft_ord_qty: row.ft_ord_qty,
            ft_ccld_qty: row.ft_ccld_qty,
            nccs_qty: row.nccs_qty,
            ft_ord_unpr3: row.ft_ord_unpr3,
            ft_ccld_unpr3: row.ft_ccld_unpr3,
            ft_ccld_amt3: row.ft_ccld_amt3,
            ovrs_excg_cd: row.ovrs_excg_cd,
            prcs_stat_name: "",
            loan_type_cd: "10",
            loan_dt: "",
        }
    }
}

impl Desk {
    pub(super) fn row_abroad(&self, order: &Order, listed: &'static Listed, call: &Call<'_>) -> Row {
        let numbers = self.numbers_abroad(call.options.mode);
        let (market, country, country_name) = place_names(&order.exchange);
        let ended = order.is_over && order.rest > 0;
        let (kind, kind_name) = match order.kind {
            Kind::New => ("00", ""),
            Kind::Amend => ("01", "정정"),
            Kind::Cancel => ("02", "취소"),
        };
        Row {
            ord_dt: local_day(order, listed, call.market).format("%Y%m%d").to_string(),
            ord_gno_brno: order.branch.clone(),
            odno: numbers.write(order.number),
            orgn_odno: order.original.map(|number| numbers.write(number)).unwrap_or_default(),
            sll_buy_dvsn_cd: order.side.code(),
            sll_buy_dvsn_cd_name: order.side.name(),
            rvse_cncl_dvsn: kind,
            rvse_cncl_dvsn_name: kind_name,
            pdno: order.code.clone(),
            prdt_name: order.name.clone(),
            ft_ord_qty: order.quantity.to_string(),
            ft_ord_unpr3: places(order.price, 8),
            ft_ccld_qty: order.filled.to_string(),
            ft_ccld_unpr3: places(order.average(), 8),
            ft_ccld_amt3: places(order.amount, 5),
            nccs_qty: if order.is_over { 0 } else { order.rest }.to_string(),
            prcs_stat_name: match () {
                () if ended || order.rejected > 0 => "거부",
                () if order.is_live() || order.pending.is_some() => "전송",
                () => "완료",
            },
            rjct_rson: if ended { "DFD" } else { "" },
            rjct_rson_name: match (ended, order.rejected > 0) {
                (true, _) => "DFD 장종료로 취소",
                (false, true) => "거래소 거부",
                (false, false) => "",
            },
            ord_tmd: order.time(),
            tr_mket_name: market,
            tr_crcy_cd: listed.currency,
            tr_natn: country,
            ovrs_excg_cd: order.exchange.clone(),
            tr_natn_name: country_name,
            dmst_ord_dt: kst(order.placed).format("%Y%m%d").to_string(),
            thco_ord_tmd: order.time(),
            loan_type_cd: "10",
            loan_dt: "",
            mdia_dvsn_name: if order.entered_by == "OpnAPI" { "OpenAPI" } else { "HTS" },
            usa_amk_exts_rqst_yn: if country == "840" { "Y" } else { "N" },
            splt_buy_attr_name: match order.order_type.as_str() {
                "35" => "TWAP",
                "36" => "VWAP",
                _ => "",
            },
        }
    }
}

/// The day of its place on which an order was entered.
pub(super) fn local_day(order: &Order, listed: &'static Listed, market: &Market) -> NaiveDate {
    market.local_day(listed, order.placed)
}
