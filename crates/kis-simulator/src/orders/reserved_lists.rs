//! Lists of reserved orders, at home and abroad.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Call, Desk, account_of,
    order::{Order, Side},
    reserved::Reserved,
    rows::type_name,
    rows_abroad::{place_names, places},
};
use crate::{
    clock::kst,
    http::Answer,
    ledger::{input_error, padded},
};

/// Rows of a page.
const PAGE: usize = 20;

/// Days that a list abroad may be asked for.
const WEEK: i64 = 7;

#[derive(Serialize)]
struct Body<T> {
    ctx_area_fk200: String,
    ctx_area_nk200: String,
    output: Vec<T>,
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: String,
}

/// A row at home, its fields in KIS's order.
#[derive(Serialize)]
struct Row {
    rsvn_ord_seq: String,
    rsvn_ord_ord_dt: String,
    rsvn_ord_rcit_dt: String,
    pdno: String,
    ord_dvsn_cd: String,
    ord_rsvn_qty: String,
    tot_ccld_qty: String,
    cncl_ord_dt: String,
    ord_tmd: String,
    ctac_tlno: &'static str,
    rjct_rson2: &'static str,
    odno: String,
    rsvn_ord_rcit_tmd: String,
    kor_item_shtn_name: String,
    sll_buy_dvsn_cd: &'static str,
    ord_rsvn_unpr: String,
    tot_ccld_amt: String,
    loan_dt: &'static str,
    cncl_rcit_tmd: String,
    prcs_rslt: &'static str,
    ord_dvsn_name: &'static str,
    tmnl_mdia_kind_cd: &'static str,
    rsvn_end_dt: String,
}

/// A row abroad, its fields in KIS's order.
#[derive(Serialize)]
struct RowAbroad {
    cncl_yn: &'static str,
    rsvn_ord_rcit_dt: String,
    ovrs_rsvn_odno: String,
    ord_dt: String,
    ord_gno_brno: String,
    odno: String,
    sll_buy_dvsn_cd: &'static str,
    sll_buy_dvsn_cd_name: &'static str,
    ovrs_rsvn_ord_stat_cd: &'static str,
    ovrs_rsvn_ord_stat_cd_name: &'static str,
    pdno: String,
    prdt_type_cd: &'static str,
    prdt_name: String,
    ord_rcit_tmd: String,
    ord_fwdg_tmd: String,
    tr_dvsn_name: &'static str,
    ovrs_excg_cd: String,
    tr_mket_name: &'static str,
    ord_stfno: &'static str,
    ft_ord_qty: String,
    ft_ord_unpr3: String,
    ft_ccld_qty: String,
    nprc_rson_text: &'static str,
    splt_buy_attr_name: &'static str,
    ft_ccld_unpr3: String,
}

/// The type of product of an exchange abroad.
fn product_type(exchange: &str) -> &'static str {
    match exchange {
        "NASD" => "512",
        "NYSE" => "513",
        "AMEX" => "529",
        "TKSE" => "515",
        "SEHK" => "501",
        "HASE" => "507",
        "VNSE" => "508",
        "SHAA" => "551",
        "SZAA" => "552",
        _ => "",
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y%m%d").ok()
}

impl Reserved {
    /// The day on which it is or was received, and on which it is entered or was for the last time.
    fn days(&self, order: Option<&Order>) -> (NaiveDate, NaiveDate) {
        (kst(self.received).date_naive(), order.map_or(kst(self.due).date_naive(), Order::day))
    }
}

impl Desk {
    /// The order that was made of a reservation last.
    fn made(&self, reserved: &Reserved) -> Option<&Order> {
        let number = reserved.made.last()?;
        let is_meant = |order: &&Order| {
            order.number == *number
                && order.account == reserved.account
                && order.abroad.is_some() == reserved.abroad.is_some()
        };
        self.orders.iter().rev().find(is_meant)
    }

    /// `GET …/trading/order-resv-ccnl`.
    pub(super) fn reservations(&self, call: Call<'_>) -> Answer {
        let account = account_of(call.options);
        let (first, last) = (day(call.param("RSVN_ORD_ORD_DT")), day(call.param("RSVN_ORD_END_DT")));
        let is_within = |day: NaiveDate| first.is_none_or(|first| day >= first) && last.is_none_or(|last| day <= last);
        let is_meant = |reserved: &&Reserved| {
            let (received, entered) = reserved.days(self.made(reserved));
            reserved.account == account
                && reserved.abroad.is_none()
                && (is_within(received) || is_within(entered))
                && (call.param("CNCL_YN") != "Y" || reserved.cancelled.is_none())
                && ["", reserved.code.as_str()].contains(&call.param("PDNO"))
                && ["", "00", reserved.side.code()].contains(&call.param("SLL_BUY_DVSN_CD"))
                && ["", "0", reserved.written().as_str()].contains(&call.param("RSVN_ORD_SEQ"))
                && match call.param("PRCS_DVSN_CD") {
                    "1" => !reserved.waits(),
                    "2" => reserved.waits(),
                    _ => true,
                }
        };
        let rows = self.reserved.iter().rev().filter(is_meant).map(|reserved| self.reserved_row(reserved)).collect();
        let echo = format!(
            "{}!^null!^{}!^{}!^!^",
            call.param("RSVN_ORD_ORD_DT"),
            call.param("PRCS_DVSN_CD"),
            call.param("CNCL_YN")
        );
        written(rows, &echo, &call)
    }

    fn reserved_row(&self, reserved: &Reserved) -> Row {
        let order = self.made(reserved);
        let (received, entered) = reserved.days(order);
        let cancelled = |format| reserved.cancelled.map(|at| kst(at).format(format).to_string()).unwrap_or_default();
        Row {
            rsvn_ord_seq: reserved.written(),
            rsvn_ord_ord_dt: entered.format("%Y%m%d").to_string(),
            rsvn_ord_rcit_dt: received.format("%Y%m%d").to_string(),
            pdno: reserved.code.clone(),
            ord_dvsn_cd: reserved.order_type.clone(),
            ord_rsvn_qty: reserved.quantity.to_string(),
            tot_ccld_qty: order.map_or(0, |order| order.filled).to_string(),
            cncl_ord_dt: cancelled("%Y%m%d"),
            ord_tmd: order.map(Order::time).unwrap_or_default(),
            ctac_tlno: "",
            rjct_rson2: reserved.refused.unwrap_or_default(),
            odno: order.map(Order::odno).unwrap_or_default(),
            rsvn_ord_rcit_tmd: kst(reserved.received).format("%H%M%S").to_string(),
            kor_item_shtn_name: reserved.name.clone(),
            sll_buy_dvsn_cd: reserved.side.code(),
            ord_rsvn_unpr: reserved.price.to_string(),
            tot_ccld_amt: order.map_or(Decimal::ZERO, |order| order.amount).to_string(),
            loan_dt: "",
            cncl_rcit_tmd: cancelled("%H%M%S"),
            prcs_rslt: match (reserved.cancelled, reserved.refused, order) {
                (Some(_), ..) => "취소",
                (None, Some(_), _) => "거부",
                (None, None, Some(_)) => "처리",
                (None, None, None) => "미처리",
            },
            ord_dvsn_name: match reserved.side {
                Side::Buy => "현금매수",
                Side::Sell => "현금매도",
            },
            tmnl_mdia_kind_cd: "31",
            rsvn_end_dt: reserved.until.map(|day| day.format("%Y%m%d").to_string()).unwrap_or_default(),
        }
    }

    /// `GET …/overseas-stock/v1/trading/order-resv-list`, of the United States or of Asia.
    pub(super) fn reservations_abroad(&self, is_american: bool, call: Call<'_>) -> Answer {
        let account = account_of(call.options);
        let (first, last) = (day(call.param("INQR_STRT_DT")), day(call.param("INQR_END_DT")));
        if let (Some(first), Some(last)) = (first, last)
            && (last - first).num_days() >= WEEK
        {
            return input_error("OPSQ2001", "ERROR : INPUT INVALID_CHECK_INQR_STRT_DT");
        }
        let exchange = call.param("OVRS_EXCG_CD");
        let is_meant = |reserved: &&Reserved| {
            let received = kst(reserved.received).date_naive();
            let is_of_america = matches!(reserved.exchange.as_str(), "NASD" | "NYSE" | "AMEX");
            reserved.account == account
                && reserved.abroad.is_some()
                && is_of_america == is_american
                && first.is_none_or(|first| received >= first)
                && last.is_none_or(|last| received <= last)
                && (matches!(exchange, "" | "%") || reserved.exchange == exchange)
        };
        let rows = self.reserved.iter().rev().filter(is_meant).map(|reserved| self.row_of_reserved(reserved)).collect();
        let echo = format!("{}^{}^{exchange}^", call.options.cano, call.options.product_code);
        written(rows, &echo, &call)
    }

    fn row_of_reserved(&self, reserved: &Reserved) -> RowAbroad {
        let order = self.made(reserved);
        let (market, ..) = place_names(&reserved.exchange);
        let (state, state_name) = match (reserved.cancelled, reserved.refused, order) {
            (Some(_), ..) => ("03", "취소"),
            (None, Some(_), _) => ("04", "거부"),
            (None, None, Some(_)) => ("02", "주문"),
            (None, None, None) => ("01", "접수"),
        };
        RowAbroad {
            cncl_yn: if reserved.cancelled.is_some() { "Y" } else { "N" },
            rsvn_ord_rcit_dt: kst(reserved.received).format("%Y%m%d").to_string(),
            ovrs_rsvn_odno: reserved.written(),
            ord_dt: order.map(|order| order.day().format("%Y%m%d").to_string()).unwrap_or_default(),
            ord_gno_brno: order.map(|order| order.branch.clone()).unwrap_or_default(),
            odno: order.map(Order::odno).unwrap_or_default(),
            sll_buy_dvsn_cd: reserved.side.code(),
            sll_buy_dvsn_cd_name: reserved.side.name(),
            ovrs_rsvn_ord_stat_cd: state,
            ovrs_rsvn_ord_stat_cd_name: state_name,
            pdno: reserved.code.clone(),
            prdt_type_cd: product_type(&reserved.exchange),
            prdt_name: reserved.name.clone(),
            ord_rcit_tmd: kst(reserved.received).format("%H%M%S").to_string(),
            ord_fwdg_tmd: order.map(Order::time).unwrap_or_default(),
            tr_dvsn_name: type_name(&reserved.order_type),
            ovrs_excg_cd: reserved.exchange.clone(),
            tr_mket_name: market,
            ord_stfno: "",
            ft_ord_qty: reserved.quantity.to_string(),
            ft_ord_unpr3: places(reserved.price, 8),
            ft_ccld_qty: order.map_or(0, |order| order.filled).to_string(),
            nprc_rson_text: reserved.refused.unwrap_or_default(),
            splt_buy_attr_name: match reserved.order_type.as_str() {
                "35" => "TWAP",
                "36" => "VWAP",
                _ => "",
            },
            ft_ccld_unpr3: places(order.map(Order::average).unwrap_or_default(), 8),
        }
    }
}

/// A page of a list.
fn written<T: Serialize>(rows: Vec<T>, echo: &str, call: &Call<'_>) -> Answer {
    let later = call.request.header("tr_cont").map(str::trim) == Some("N");
    let given = call.request.params.iter().find(|(name, _)| name.eq_ignore_ascii_case("CTX_AREA_NK200"));
    let start: usize = given.filter(|_| later).and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0);
    let all = rows.len();
    let rows: Vec<T> = rows.into_iter().skip(start).take(PAGE).collect();
    let end = start + rows.len();
    let more = end < all;
    let (msg_cd, msg1) = match (rows.is_empty(), more) {
        (true, _) => ("KIOK0560", "조회할 내용이 없습니다"),
        (false, true) => ("KIOK0500", "조회가 계속됩니다..다음버튼을 Click 하십시오."),
        (false, false) => ("KIOK0460", "조회 되었습니다. (마지막 자료)"),
    };
    let next = match (more, rows.is_empty()) {
        (true, _) => end.to_string(),
        // As was printed.
        (false, false) => " !^ !^".to_owned(),
        (false, true) => String::new(),
    };
    let tr_cont = match (later, more) {
        (false, true) => "F",
        (true, true) => "M",
        (false, false) => "D",
        (true, false) => "E",
    };
    let body = Body {
        ctx_area_fk200: padded(echo, 200),
        ctx_area_nk200: padded(&next, 200),
        output: rows,
        rt_cd: "0",
        msg_cd,
        msg1: padded(msg1, 80),
    };
    Answer::of(200, &body).header("tr_cont", tr_cont)
}
