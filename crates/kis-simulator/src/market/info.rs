//! Answers about days, several issues at once, and what an issue is.

use chrono::{Datelike, NaiveDate};

use super::{
    calendar::Country,
    domestic::{board_name, side},
    issue::Issue,
    sheet::{Fields, Sheet, Words},
    view::{Asked, percent, written},
};
use crate::{
    clock::kst,
    listing::{Kind, Market as Board},
};

/// Days of a page of the calendar.
const PAGE: usize = 24;

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "domestic-stock-quotations-chk-holiday" => Some(holidays(asked)),
        "domestic-stock-quotations-intstock-multprice" => Some(several(asked)),
        "domestic-stock-quotations-search-stock-info" => stock_info(asked),
        "domestic-stock-quotations-search-info" => product_info(asked),
        _ => None,
    }
}

fn yes(is: bool) -> String {
    if is { "Y" } else { "N" }.to_owned()
}

fn holidays(asked: &Asked<'_>) -> Sheet {
    let first = asked.day("BASS_DT").unwrap_or_else(|| kst(asked.now).date_naive());
    let days: Vec<NaiveDate> = first.iter_days().take(PAGE).collect();
    let row = |day: &NaiveDate| {
        let is_business = Country::Korea.is_business(*day);
        Fields::of([
            ("bass_dt", written(*day)),
            ("wday_dvsn_cd", format!("{:02}", day.weekday().number_from_sunday())),
            ("bzdy_yn", yes(is_business)),
            ("tr_day_yn", "Y".to_owned()),
            ("opnd_yn", yes(Country::Korea.is_open(*day))),
            ("sttl_day_yn", yes(is_business)),
        ])
    };
    let last = days.last().map(|day| written(*day)).unwrap_or_default();
    Sheet {
        keys: vec![("ctx_area_nk", last, 20), ("ctx_area_fk", written(first), 20)],
        words: Words::Other("KIOK0500", "조회가 계속됩니다..다음버튼을 Click 하십시오."),
        ..Sheet::of([("output", days.iter().map(row).collect())])
    }
}

/// Thirty issues at most, in the order in which they are asked for.
fn several(asked: &Asked<'_>) -> Sheet {
    let codes = (1..=30).filter_map(|at| {
        let code = asked.param(&format!("FID_INPUT_ISCD_{at}"));
        (!code.is_empty()).then(|| (code, asked.param(&format!("FID_COND_MRKT_DIV_CODE_{at}"))))
    });
    let row = |(code, venue): (&str, &str)| {
        let Some(issue) = asked.issue_at(code, venue) else {
            return Fields::of([("inter_shrn_iscd", code.to_owned())]);
        };
        let view = asked.view(issue, venue);
        let (upper, lower) = view.limits();
        let (ask, bid) = view.best();
        let [asks, bids] = [side(&view, true), side(&view, false)];
        let total = |steps: &[(i64, i64)]| steps.iter().map(|(_, waiting)| waiting).sum::<i64>().to_string();
        let first = |steps: &[(i64, i64)]| steps.first().map_or(0, |(_, waiting)| *waiting).to_string();
        view.fields().with([
            ("kospi_kosdaq_cls_name", board_name(&view.issue).to_owned()),
            ("hour_cls_code", "0".to_owned()),
            ("inter_shrn_iscd", view.issue.code.clone()),
            ("inter_kor_isnm", view.issue.name.clone()),
            ("inter2_prpr", view.price.to_string()),
            ("inter2_prdy_vrss", view.change().to_string()),
            ("inter2_oprc", view.traded(view.candle.open).to_string()),
            ("inter2_hgpr", view.traded(view.candle.high).to_string()),
            ("inter2_lwpr", view.traded(view.candle.low).to_string()),
            ("inter2_llam", lower.to_string()),
            ("inter2_mxpr", upper.to_string()),
            ("inter2_askp", ask.to_string()),
            ("inter2_bidp", bid.to_string()),
            ("seln_rsqn", first(&asks)),
            ("shnu_rsqn", first(&bids)),
            ("total_askp_rsqn", total(&asks)),
            ("total_bidp_rsqn", total(&bids)),
            ("inter2_prdy_clpr", view.base.to_string()),
            ("inter2_sdpr", view.base.to_string()),
            ("oprc_vrss_hgpr_rate", percent(view.candle.high - view.candle.open, view.candle.open)),
            ("intr_antc_cntg_vrss", (-view.base).to_string()),
            ("intr_antc_cntg_vrss_sign", "5".to_owned()),
            ("intr_antc_cntg_prdy_ctrt", "-100.00".to_owned()),
        ])
    };
    Sheet::of([("output", codes.map(row).collect())])
}

/// The names of an issue, as every answer about products has them.
fn names(issue: &Issue) -> Fields {
    let english = issue.listed.map_or("", |listed| listed.english).to_owned();
    let standard = issue.listed.and_then(crate::listing::Listed::standard_code).unwrap_or_default();
    Fields::of([
        ("pdno", format!("00000A{:0>6}", issue.code.trim_start_matches('Q'))),
        ("shtn_pdno", issue.code.clone()),
        ("std_pdno", standard),
        ("prdt_type_cd", "300".to_owned()),
        ("prdt_name", issue.name.clone()),
        ("prdt_name120", issue.name.clone()),
        ("prdt_abrv_name", issue.name.clone()),
        ("prdt_eng_name", english.clone()),
        ("prdt_eng_name120", english.clone()),
        ("prdt_eng_abrv_name", english),
    ])
}

fn named(asked: &Asked<'_>) -> Option<Issue> {
    let code = asked.param("PDNO");
    let code = code.strip_prefix("00000A").unwrap_or(code);
    asked.issue_at(code, "J")
}

fn stock_info(asked: &Asked<'_>) -> Option<Sheet> {
    let view = asked.view(named(asked)?, "J");
    let issue = &view.issue;
    let listed = issue.listed?;
    let (market, exchange) = match listed.market {
        Board::Kosdaq => ("KSQ", "03"),
        Board::Konex => ("KNX", "04"),
        _ => ("STK", "02"),
    };
    let group = match listed.kind {
        Kind::Etf => "EF",
        Kind::Etn => "EN",
        Kind::Reit => "RT",
        Kind::Common | Kind::Preferred | Kind::Spac => "ST",
    };
    let capital = (i128::from(listed.par) * i128::from(issue.shares())).to_string();
    let is_on = |board| if listed.market == board { listed.listed.to_owned() } else { String::new() };
    let fields = names(issue).with([
        ("mket_id_cd", market.to_owned()),
        ("scty_grp_id_cd", group.to_owned()),
        ("excg_dvsn_cd", exchange.to_owned()),
        ("setl_mmdd", "1231".to_owned()),
        ("lstg_stqt", issue.shares().to_string()),
        ("lstg_cptl_amt", capital.clone()),
        ("cpta", capital),
        ("papr", listed.par.to_string()),
        ("issu_pric", "0".to_owned()),
        ("kospi200_item_yn", yes(listed.market == Board::Kospi && group == "ST")),
        ("scts_mket_lstg_dt", is_on(Board::Kospi)),
        ("kosdaq_mket_lstg_dt", is_on(Board::Kosdaq)),
        ("frbd_mket_lstg_dt", is_on(Board::Konex)),
        ("stck_kind_cd", if listed.kind == Kind::Preferred { "201" } else { "101" }.to_owned()),
        ("sbst_pric", (view.base * 78 / 100).to_string()),
        ("tr_stop_yn", yes(issue.is_halted(view.day))),
        ("admn_item_yn", yes(listed.administrative)),
        ("thdt_clpr", view.price.to_string()),
        ("bfdy_clpr", view.base.to_string()),
        ("clpr_chng_dt", written(view.day)),
        ("elec_scty_yn", "Y".to_owned()),
        ("cptt_trad_tr_psbl_yn", yes(issue.is_on_nxt())),
        ("nxt_tr_stop_yn", "N".to_owned()),
    ]);
    Some(Sheet::one("output", fields))
}

fn product_info(asked: &Asked<'_>) -> Option<Sheet> {
    let issue = named(asked)?;
    let listed = issue.listed?;
    let fields = names(&issue).with([
        ("prdt_sale_stat_cd", "2".to_owned()),
        ("prdt_risk_grad_cd", "2".to_owned()),
        ("prdt_clsf_cd", "101210".to_owned()),
        ("prdt_clsf_name", "주식".to_owned()),
        ("sale_strt_dt", listed.listed.to_owned()),
        ("ivst_prdt_type_cd", "1".to_owned()),
        ("ivst_prdt_type_cd_name", "주식".to_owned()),
        ("frst_erlm_dt", listed.listed.to_owned()),
    ]);
    Some(Sheet::one("output", fields))
}
