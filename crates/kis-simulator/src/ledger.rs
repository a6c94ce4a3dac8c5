//! `GET …/trading/inquire-balance`: checks of TR id and parameters, pages, and the padded envelope of ledger answers.

use serde::Serialize;

use super::{
    Mode, Options,
    http::{Answer, Request},
    portfolio::{Position, Row, Summary},
};

pub(super) const INQUIRE_BALANCE: &str = "/uapi/domestic-stock/v1/trading/inquire-balance";

/// What KIS says when something was bought or sold between two pages.
const CHANGED_SINCE: &str = "조회이후에 자료가 변경되었습니다.(다시 조회하세요)";

/// Parameters that must be there, with the values that are allowed; no values: any.
const PARAMETERS: &[(&str, &[&str])] = &[
    ("CANO", &[]),
    ("ACNT_PRDT_CD", &[]),
    ("AFHR_FLPR_YN", &["N", "Y", "X"]),
    ("INQR_DVSN", &["01", "02"]),
    ("UNPR_DVSN", &["01"]),
    ("FUND_STTL_ICLD_YN", &["N", "Y"]),
    ("FNCG_AMT_AUTO_RDPT_YN", &["N", "Y"]),
    ("PRCS_DVSN", &["00", "01"]),
];

#[derive(Serialize)]
struct Page {
    ctx_area_fk100: String,
    ctx_area_nk100: String,
    output1: Vec<Row>,
    output2: [Summary; 1],
    rt_cd: &'static str,
    msg_cd: &'static str,
    msg1: String,
}

#[derive(Serialize)]
struct Refusal<'a> {
    rt_cd: &'a str,
    msg_cd: &'a str,
    msg1: String,
}

/// What the ledger remembers between calls.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What was held when the last first page was read.
    read: Vec<(String, String, String, i64)>,
    /// How far all prices have moved.
    moved: i64,
}

impl Ledger {
    pub(super) fn inquire_balance(&mut self, request: &Request, options: &Options) -> Answer {
        let mut options = options.clone();
        let premium = match request.param("AFHR_FLPR_YN") {
            Some("X") => options.nxt_premium,
            Some("Y") => options.nxt_premium / 2,
            _ => 0,
        };
        options.portfolio = options.portfolio.moved(self.moved.saturating_add(premium));
        let answer = self.balance(request, &options);
        self.moved = self.moved.saturating_add(options.price_step);
        answer
    }

    fn balance(&mut self, request: &Request, options: &Options) -> Answer {
        let paper = options.mode == Mode::Paper;
        let tr_id = request.header("tr_id").unwrap_or_default();
        if !matches!((tr_id, options.mode), ("TTTC8434R", Mode::Real) | ("VTTC8434R", Mode::Paper)) {
            return unknown_tr(tr_id, options.mode);
        }
        if let Some(refusal) = refused_parameter(request, options) {
            return refusal;
        }
        let by_issue = request.param("INQR_DVSN") == Some("02");
        let positions = if by_issue { options.portfolio.by_issue() } else { options.portfolio.positions.clone() };
        let page_size = if paper { 20 } else { 50 };
        // Clients send the keys in either case, padded or trimmed.
        let key = request.param("CTX_AREA_NK100").or_else(|| request.param("ctx_area_nk100")).unwrap_or_default();
        let later = request.header("tr_cont").map(str::trim) == Some("N");
        let start = if later { key.trim().parse().unwrap_or(0) } else { 0 };
        let held: Vec<_> = positions.iter().map(Position::identity).collect();
        if !later {
            self.read = held;
        } else if self.read != held || start >= positions.len() {
            return Answer::of(200, &Refusal { rt_cd: "7", msg_cd: "SYDB0050", msg1: padded(CHANGED_SINCE, 80) });
        }
        let rows: Vec<Row> = positions
            .iter()
            .skip(start)
            .take(page_size)
            .map(|position| {
                let row = position.row(!by_issue, paper).after(&options.activity, position);
                if position.quantity == 0 && options.sold_out_blank { row.blank() } else { row }
            })
            .collect();
        let end = start + rows.len();
        // A real account of exactly fifty holdings was told of a second page, and refused it ever after.
        let more = end < positions.len() || (options.full_page_has_next && rows.len() == page_size);
        let tr_cont = match (later, more) {
            // A paper account says so on its first page too.
            (false, true) if paper => "M",
            (false, true) => "F",
            (true, true) => "M",
            (false, false) => "D",
            (true, false) => "E",
        };
        let echo = format!("{}^{}^N^N^01^01^N^", options.cano, options.product_code);
        let (msg_cd, msg1) = match (options.mode, positions.is_empty()) {
            (Mode::Real, true) => ("KIOK0560", "조회할 내용이 없습니다"),
            (Mode::Real, false) => ("KIOK0510", "조회가 완료되었습니다"),
            (Mode::Paper, _) => ("20310000", "모의투자 조회가 완료되었습니다."),
        };
        let page = Page {
            ctx_area_fk100: padded(if paper { "" } else { &echo }, 100),
            ctx_area_nk100: padded(&if more { format!("{end:06}") } else { String::new() }, 100),
            output1: rows,
            output2: [options.portfolio.summary(&options.activity)],
            rt_cd: "0",
            msg_cd,
            msg1: padded(msg1, 80),
        };
        Answer::of(200, &page).header("tr_cont", tr_cont)
    }
}

/// What a TR that the environment does not have at this path is refused with.
pub(super) fn unknown_tr(tr_id: &str, mode: Mode) -> Answer {
    match (tr_id, mode) {
        ("", _) => Answer::gateway_error("OPSQ9999", "tr_id 값이 없습니다."),
        (_, Mode::Paper) => Answer::gateway_error("EGW02006", "모의투자 TR 이 아닙니다."),
        (_, Mode::Real) => Answer::gateway_error("OPSQ0002", "없는 서비스 코드 입니다."),
    }
}

/// What wrong parameters are refused with.
pub(super) fn input_error(msg_cd: &str, msg1: &str) -> Answer {
    Answer::of(200, &Refusal { rt_cd: "2", msg_cd, msg1: padded(msg1, 80) })
}

fn refused_parameter(request: &Request, options: &Options) -> Option<Answer> {
    // Lower-case names are not found, so the account is what KIS misses first.
    if request.param("CANO") != Some(&options.cano) || request.param("ACNT_PRDT_CD") != Some(&options.product_code) {
        return Some(input_error("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO"));
    }
    if request.param("INQR_DVSN") == Some("02") && !options.takes_by_issue {
        return Some(input_error("OPSQ2001", "ERROR : INPUT INVALID_CHECK_INQR_DVSN"));
    }
    let wrong = PARAMETERS.iter().find(|(name, allowed)| match request.param(name) {
        None => true,
        Some(value) => !allowed.is_empty() && !allowed.contains(&value),
    });
    wrong.map(|(name, _)| input_error("OPSQ2001", &format!("ERROR : INPUT FIELD NOT FOUND [{name}]")))
}

/// Space-padded to a width in bytes of CP949, in which Hangul takes two.
pub(super) fn padded(text: &str, width: usize) -> String {
    let bytes: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(bytes)))
}
