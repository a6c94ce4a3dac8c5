//! Lists of orders abroad: those of some days with their fills, and the open ones.

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    Call, Desk, account_of,
    lists::page,
    order::Order,
    rows_abroad::{OpenRow, Row, local_day},
};
use crate::{
    Mode,
    http::Answer,
    ledger::{input_error, padded},
    listing::Listed,
};

/// Rows of a page: of orders by day in real and paper accounts, and of open orders.
const PAGES: [usize; 3] = [20, 15, 40];

#[derive(Serialize)]
struct Body<T> {
    ctx_area_fk200: String,
    ctx_area_nk200: String,
    output: Output<T>,
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: String,
}

/// Rows, or one of blanks where there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Output<T> {
    Rows(Vec<T>),
    Blank(T),
}

/// Whether an order is one of an exchange. To a real account Nasdaq's name means all exchanges of the United States.
fn is_on(order: &Order, exchange: &str, mode: Mode) -> bool {
    match (exchange, mode) {
        ("" | "%", _) => true,
        ("NASD", Mode::Real) => matches!(order.exchange.as_str(), "NASD" | "NYSE" | "AMEX"),
        _ => order.exchange == exchange,
    }
}

impl Desk {
    /// `GET …/overseas-stock/v1/trading/inquire-ccnl`: by the days of the places.
    pub(super) fn by_day_abroad(&self, call: Call<'_>) -> Answer {
        let (options, mode) = (call.options, call.options.mode);
        if mode == Mode::Paper {
            // A paper account takes no filter.
            let filters = ["PDNO", "OVRS_EXCG_CD"].into_iter().map(|name| (name, ""));
            let kinds = ["SLL_BUY_DVSN", "CCLD_NCCS_DVSN"].into_iter().map(|name| (name, "00"));
            let wrong = filters.chain(kinds).find(|(name, only)| call.param(name) != *only);
            if let Some((name, _)) = wrong {
                return input_error("OPSQ2001", &format!("ERROR : INPUT INVALID_CHECK_{name}"));
            }
        }
        let account = account_of(options);
        let day = |name| NaiveDate::parse_from_str(call.param(name), "%Y%m%d").ok();
        let (first, last) = (day("ORD_STRT_DT"), day("ORD_END_DT"));
        let is_meant = |(order, listed): &(&Order, &'static Listed)| {
            let local = local_day(order, listed, call.market);
            order.account == account
                // Those of the day market are in the other list only.
                && !order.is_by_day
                && order.is_shown(call.arrived)
                && first.is_none_or(|first| local >= first)
                && last.is_none_or(|last| local <= last)
                && ["", "%", order.code.as_str()].contains(&call.param("PDNO"))
                && ["", "00", order.side.code()].contains(&call.param("SLL_BUY_DVSN"))
                && is_on(order, call.param("OVRS_EXCG_CD"), mode)
                && match call.param("CCLD_NCCS_DVSN") {
                    "01" => order.filled > 0,
                    "02" => order.is_live(),
                    _ => true,
                }
        };
        let mut meant: Vec<&Order> = self.abroad().filter(is_meant).map(|(order, _)| order).collect();
        meant.sort_by_key(|order| (order.placed, order.number));
        if call.param("SORT_SQN") != "AS" {
            meant.reverse();
        }
        let [real, paper, _] = PAGES;
        let size = if mode == Mode::Real { real } else { paper };
        let page = page(meant, size, "CTX_AREA_NK200", &self.steering, &call);
        let rows: Vec<Row> = page
            .rows
            .iter()
            .filter_map(|order| order.abroad.map(|listed| self.row_abroad(order, listed, &call)))
            .collect();
        let echo = format!(
            "{}^{}^{}^{}^{}^{}^{}^{}^^",
            options.cano,
            options.product_code,
            call.param("PDNO").replace('%', ""),
            call.param("ORD_STRT_DT"),
            call.param("ORD_END_DT"),
            call.param("SLL_BUY_DVSN"),
            call.param("CCLD_NCCS_DVSN"),
            call.param("OVRS_EXCG_CD").replace('%', ""),
        );
        written(rows, Some(Row::default), (&echo, &page.next, page.tr_cont), mode)
    }

    /// `GET …/overseas-stock/v1/trading/inquire-nccs`.
    pub(super) fn open_abroad(&self, call: Call<'_>) -> Answer {
        let options = call.options;
        let account = account_of(options);
        let exchange = call.param("OVRS_EXCG_CD");
        let mut meant: Vec<&Order> = self
            .orders
            .iter()
            .enumerate()
            .filter(|(at, order)| {
                order.abroad.is_some()
                    && order.account == account
                    && order.is_shown(call.arrived)
                    && order.is_live()
                    && self.left(*at) > 0
                    && is_on(order, exchange, options.mode)
            })
            .map(|(_, order)| order)
            .collect();
        if call.param("SORT_SQN") == "DS" {
            meant.reverse();
        }
        let [.., size] = PAGES;
        let page = page(meant, size, "CTX_AREA_NK200", &self.steering, &call);
        let rows: Vec<OpenRow> = page
            .rows
            .iter()
            .filter_map(|order| Some(OpenRow::of(self.row_abroad(order, order.abroad?, &call))))
            .collect();
        let echo = format!("{}^{}^{exchange}^{}^", options.cano, options.product_code, call.param("SORT_SQN"));
        written(rows, None, (&echo, &page.next, page.tr_cont), options.mode)
    }

    fn abroad(&self) -> impl Iterator<Item = (&Order, &'static Listed)> {
        self.orders.iter().filter_map(|order| Some((order, order.abroad?)))
    }
}

/// A list; where there is nothing a real account is told so by one row of blanks, if there is one.
fn written<T: Serialize>(
    rows: Vec<T>,
    blank: Option<fn() -> T>,
    (echo, next, tr_cont): (&str, &str, &str),
    mode: Mode,
) -> Answer {
    let is_real = mode == Mode::Real;
    let (msg_cd, msg1) = match (is_real, rows.is_empty()) {
        (false, _) => ("20310000", "모의투자 조회가 완료되었습니다."),
        (true, true) => ("KIOK0560", "조회할 내용이 없습니다"),
        (true, false) => ("KIOK0510", "조회가 완료되었습니다"),
    };
    let output = match blank.filter(|_| is_real && rows.is_empty()) {
        Some(blank) => Output::Blank(blank()),
        None => Output::Rows(rows),
    };
    let body = Body {
        ctx_area_fk200: padded(if is_real { echo } else { "" }, 200),
        ctx_area_nk200: padded(next, 200),
        output,
        rt_cd: "0",
        msg_cd,
        msg1: padded(msg1, 80),
    };
    Answer::of(200, &body).header("tr_cont", tr_cont)
}
