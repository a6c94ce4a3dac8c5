//! Lists of orders: those of some days with their fills, and the open ones.

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    Call, Desk, account_of,
    order::{Order, Side},
    rows::{OpenRow, Row, Totals},
    steering::Steering,
};
use crate::{Mode, http::Answer, ledger::padded};

/// Rows of a page: of orders by day in real and paper accounts, and of open orders.
const PAGES: [usize; 3] = [100, 15, 50];

#[derive(Serialize)]
struct ByDay {
    ctx_area_fk100: String,
    ctx_area_nk100: String,
    output1: Vec<Row>,
    output2: Totals,
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: String,
}

#[derive(Serialize)]
struct Open {
    ctx_area_fk100: String,
    ctx_area_nk100: String,
    output: Vec<OpenRow>,
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: String,
}

/// A page of a list.
pub(super) struct Page<'a> {
    pub(super) rows: Vec<&'a Order>,
    /// The key of the next page; empty after the last.
    pub(super) next: String,
    pub(super) tr_cont: &'static str,
}

impl Desk {
    /// `GET …/trading/inquire-daily-ccld`.
    pub(super) fn by_day(&self, call: Call<'_>) -> Answer {
        let options = call.options;
        let account = account_of(options);
        let day = |name| NaiveDate::parse_from_str(call.param(name), "%Y%m%d").ok();
        let (first, last) = (day("INQR_STRT_DT"), day("INQR_END_DT"));
        let is_meant = |order: &&Order| {
            order.account == account
                && order.abroad.is_none()
                && order.is_shown(call.arrived)
                && first.is_none_or(|first| order.day() >= first)
                && last.is_none_or(|last| order.day() <= last)
                && matches!(call.param("SLL_BUY_DVSN_CD"), code if code == "00" || code == order.side.code())
                && ["", order.code.as_str()].contains(&call.param("PDNO"))
                && ["", order.branch.as_str()].contains(&call.param("ORD_GNO_BRNO"))
                && (call.param("ODNO").is_empty() || super::order::number(call.param("ODNO")) == Some(order.number))
                && match call.param("CCLD_DVSN") {
                    "01" => order.filled > 0,
                    "02" => order.rest > 0,
                    _ => true,
                }
                // There are none on credit.
                && ["", "00", "01"].contains(&call.param("INQR_DVSN_3"))
                && ["", "ALL", order.exchange.as_str()].contains(&call.param("EXCG_ID_DVSN_CD"))
        };
        let mut meant: Vec<&Order> = self.orders.iter().filter(is_meant).collect();
        meant.sort_by_key(|order| (order.day(), order.number));
        if call.param("INQR_DVSN") != "01" {
            meant.reverse();
        }
        let totals = Totals::of(&meant);
        let [real, paper, _] = PAGES;
        let is_real = options.mode == Mode::Real;
        let page = page(meant, if is_real { real } else { paper }, "CTX_AREA_NK100", &self.steering, &call);
        let echo = format!(
            "{}!^{}!^{}!^{}!^{}!^{}!^{}!^{}!^",
            options.cano,
            options.product_code,
            call.param("INQR_STRT_DT"),
            call.param("INQR_END_DT"),
            call.param("PDNO"),
            call.param("SLL_BUY_DVSN_CD"),
            call.param("CCLD_DVSN"),
            call.param("INQR_DVSN"),
        );
        let (msg_cd, msg1) = match (options.mode, page.rows.is_empty(), page.next.is_empty()) {
            (Mode::Paper, ..) => ("20310000", "모의투자 조회가 완료되었습니다."),
            (Mode::Real, true, _) => ("KIOK0560", "조회할 내용이 없습니다"),
            (Mode::Real, false, true) => ("KIOK0460", "조회 되었습니다. (마지막 자료)"),
            (Mode::Real, false, false) => ("KIOK0500", "조회가 계속됩니다..다음버튼을 Click 하십시오."),
        };
        let body = ByDay {
            ctx_area_fk100: padded(if is_real { &echo } else { "" }, 100),
            ctx_area_nk100: padded(&page.next, 100),
            output1: page.rows.iter().map(|order| self.row(order, options.mode)).collect(),
            output2: totals,
            rt_cd: "0",
            msg_cd,
            msg1: padded(msg1, 80),
        };
        Answer::of(200, &body).header("tr_cont", page.tr_cont)
    }

    /// `GET …/trading/inquire-psbl-rvsecncl`.
    pub(super) fn open(&self, call: Call<'_>) -> Answer {
        let options = call.options;
        let account = account_of(options);
        let side = call.param("INQR_DVSN_2");
        let is_meant = |order: &Order, left: i64| {
            order.account == account
                && order.abroad.is_none()
                && order.is_shown(call.arrived)
                && order.is_live()
                && left > 0
                && matches!((side, order.side), ("1", Side::Sell) | ("2", Side::Buy) | ("0" | "", _))
        };
        let mut meant: Vec<&Order> = self
            .orders
            .iter()
            .enumerate()
            .filter(|(at, order)| is_meant(order, self.left(*at)))
            .map(|(_, order)| order)
            .collect();
        if call.param("INQR_DVSN_1") == "1" {
            meant.sort_by(|one, other| one.code.cmp(&other.code));
        }
        let [_, _, rows] = PAGES;
        let page = page(meant, rows, "CTX_AREA_NK100", &self.steering, &call);
        let (msg_cd, msg1) = match page.rows.is_empty() {
            true => ("KIOK0560", "조회할 내용이 없습니다"),
            false => ("KIOK0510", "조회가 완료되었습니다"),
        };
        let body = Open {
            ctx_area_fk100: padded(&format!("{}^{}^", options.cano, options.product_code), 100),
            ctx_area_nk100: padded(&page.next, 100),
            output: page.rows.iter().map(|order| self.open_row(order)).collect(),
            rt_cd: "0",
            msg_cd,
            msg1: padded(msg1, 80),
        };
        Answer::of(200, &body).header("tr_cont", page.tr_cont)
    }
}

/// The page that a call asks for. The key of a real account names the row that was last, that of a paper account counts rows.
pub(super) fn page<'a>(
    meant: Vec<&'a Order>,
    size: usize,
    key: &str,
    steering: &Steering,
    call: &Call<'_>,
) -> Page<'a> {
    let size = steering.page.unwrap_or(size).max(1);
    let later = call.request.header("tr_cont").map(str::trim) == Some("N");
    let given = call.request.params.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    let given = given.map_or("", |(_, value)| value.trim());
    let is_last = |order: &&Order| given == place(order);
    let start = match (later, call.options.mode) {
        (false, _) => 0,
        (true, Mode::Paper) => given.parse().unwrap_or(0),
        (true, Mode::Real) => meant.iter().position(is_last).map_or(0, |at| at + 1),
    };
    let start = if later && steering.repeats_rows { start.saturating_sub(1) } else { start };
    let all = meant.len();
    let rows: Vec<&Order> = meant.into_iter().skip(start).take(size).collect();
    let end = start + rows.len();
    let more = end < all;
    let next = match (more, call.options.mode) {
        (false, _) => String::new(),
        (true, Mode::Paper) => format!("{end:06}"),
        (true, Mode::Real) => rows.last().map(|order| place(order)).unwrap_or_default(),
    };
    let tr_cont = match (later, more) {
        (false, true) if call.options.mode == Mode::Paper => "M",
        (false, true) => "F",
        (true, true) => "M",
        (false, false) => "D",
        (true, false) => "E",
    };
    Page { rows, next, tr_cont }
}

/// What names a row in a key.
fn place(order: &Order) -> String {
    format!("{}!^{}!^{}!^", order.day().format("%Y%m%d"), order.branch, order.odno())
}
