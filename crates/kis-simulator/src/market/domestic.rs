//! Answers about one issue of the Korea Exchange at this moment: its price, its book, its trades of today.

use chrono::{Datelike, NaiveDate};

use super::{
    Market,
    candle::Day,
    day_of,
    hours::TRADES,
    issue::Issue,
    noise::{below, mix},
    sheet::{Fields, Sheet},
    view::{Asked, View, percent, ratio, written},
};
use crate::listing::{Kind, Market as Board};

/// Days that the extremes of a year are of.
const YEAR: usize = 250;

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "domestic-stock-quotations-inquire-price" => Some(price(asked)),
        "domestic-stock-quotations-inquire-asking-price-exp-ccn" => Some(book(asked)),
        "domestic-stock-quotations-inquire-ccnl" => Some(trades(asked)),
        _ => None,
    }
}

/// The highest and the lowest price of a time, each with its day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extremes {
    pub(super) high: (i64, NaiveDate),
    pub(super) low: (i64, NaiveDate),
}

impl Market {
    /// Extremes of so many days of trading up to the day of a view, none of them before `first`.
    pub(super) fn extremes(&self, view: &View, days: usize, first: NaiveDate) -> Extremes {
        let first = first.max(view.issue.first_day());
        let here = (view.price, view.day);
        let mut extremes = Extremes { high: here, low: here };
        let mut take = |candle: super::candle::Candle, day| {
            if candle.volume > 0 {
                extremes.high = if candle.high > extremes.high.0 { (candle.high, day) } else { extremes.high };
                extremes.low = if candle.low < extremes.low.0 { (candle.low, day) } else { extremes.low };
            }
        };
        take(view.candle, view.day);
        let country = view.issue.country();
        let before = std::iter::successors(Some(country.open_before(view.day)), |day| Some(country.open_before(*day)));
        for day in before.take(days - 1).take_while(|day| *day >= first) {
            take(self.candle(&view.issue, day), day);
        }
        extremes
    }
}

/// What a company earns and owns a share, in hundredths of a won; 0 for a fund.
fn per_share(issue: &Issue) -> (i64, i64) {
    match issue.listed.map(|listed| listed.kind) {
        Some(Kind::Etf | Kind::Etn) => (0, 0),
        _ => {
            let earned = issue.anchor * 100 / (8 + below(mix(issue.seed, 2), 25));
            (earned, issue.anchor * 100 / (60 + below(mix(issue.seed, 3), 300)) * 100)
        }
    }
}

/// Price to earnings and the like.
pub(super) fn worth(view: &View) -> [(&'static str, String); 4] {
    let (earned, owned) = per_share(&view.issue);
    let price = i128::from(view.price) * 100;
    [
        ("per", ratio(price, earned.into(), 2)),
        ("pbr", ratio(price, owned.into(), 2)),
        ("eps", ratio(earned.into(), 100, 2)),
        ("bps", ratio(owned.into(), 100, 2)),
    ]
}

pub(super) fn board_name(issue: &Issue) -> &'static str {
    match issue.listed.map(|listed| listed.market) {
        Some(Board::Kosdaq) => "KOSDAQ",
        Some(Board::Konex) => "KONEX",
        _ => "KOSPI",
    }
}

fn price(asked: &Asked<'_>) -> Sheet {
    let Some((issue, venue)) = asked.issue() else {
        // KIS does not say that there is no such issue.
        let code = asked.param("FID_INPUT_ISCD").to_owned();
        return Sheet::one("output", Fields::of([("stck_prpr", "0".to_owned()), ("stck_shrn_iscd", code)]));
    };
    let view = asked.view(issue, venue);
    let (issue, candle) = (&view.issue, view.candle);
    let year = asked.market.extremes(&view, YEAR, day_of(1990, 1, 1));
    let this_year = asked.market.extremes(&view, YEAR, day_of(view.day.year(), 1, 1));
    let before = asked.candle(issue, venue, issue.country().open_before(view.day));
    let (upper, lower) = view.limits();
    let (par, listed) = issue.listed.map_or((0, None), |listed| (listed.par, Some(listed)));
    let capital = i128::from(par) * i128::from(issue.shares()) / 100_000_000;
    let pivot = (before.high + before.low + before.close) / 3;
    let held = |kind: &[Kind]| listed.is_some_and(|listed| kind.contains(&listed.kind));
    let administrative = listed.is_some_and(|listed| listed.administrative);
    let halted = issue.is_halted(view.day);
    let status = if halted {
        "58"
    } else if administrative {
        "51"
    } else {
        "55"
    };
    let yes = |is: bool| if is { "Y" } else { "N" }.to_owned();
    let fields = view.fields().with(worth(&view)).with([
        ("iscd_stat_cls_code", status.to_owned()),
        ("marg_rate", if administrative { "100.00" } else { "20.00" }.to_owned()),
        ("rprs_mrkt_kor_name", board_name(issue).to_owned()),
        ("new_hgpr_lwpr_cls_code", String::new()),
        (
            "bstp_kor_isnm",
            if held(&[Kind::Etf]) {
                "ETF"
            } else if held(&[Kind::Etn]) {
                "ETN"
            } else {
                "제조"
            }
            .to_owned(),
        ),
        ("temp_stop_yn", yes(halted)),
        ("crdt_able_yn", yes(!administrative && !halted)),
        ("grmn_rate_cls_code", "40".to_owned()),
        ("prdy_vrss_vol_rate", percent(candle.volume, before.volume)),
        ("wghn_avrg_stck_prc", ratio(candle.amount, candle.volume.into(), 2)),
        ("hts_frgn_ehrt", percent(below(mix(issue.seed, 4), 60), 100)),
        ("frgn_hldn_qty", (issue.shares() / 100 * below(mix(issue.seed, 4), 60)).to_string()),
        ("pvt_pont_val", pivot.to_string()),
        ("pvt_frst_dmrs_prc", (2 * pivot - before.low).to_string()),
        ("pvt_scnd_dmrs_prc", (pivot + before.high - before.low).to_string()),
        ("pvt_frst_dmsp_prc", (2 * pivot - before.high).to_string()),
        ("pvt_scnd_dmsp_prc", (pivot - before.high + before.low).to_string()),
        ("dmrs_val", ((pivot + 2 * pivot - before.low) / 2).to_string()),
        ("dmsp_val", ((pivot + 2 * pivot - before.high) / 2).to_string()),
        ("cpfn", capital.to_string()),
        ("cpfn_cnnm", format!("{} 억", grouped(capital))),
        ("rstc_wdth_prc", (upper - view.base).max(view.base - lower).to_string()),
        ("stck_fcam", par.to_string()),
        ("fcam_cnnm", grouped(par.into())),
        ("stck_sspr", (view.base * 78 / 100).to_string()),
        ("aspr_unit", issue.ticks.at(view.price).to_string()),
        ("hts_deal_qty_unit_val", listed.map_or(1, |listed| listed.lot).to_string()),
        ("stac_month", "12".to_owned()),
        ("ssts_yn", yes(!administrative)),
        ("vi_cls_code", "N".to_owned()),
        ("ovtm_vi_cls_code", "N".to_owned()),
        ("mrkt_warn_cls_code", "00".to_owned()),
        ("mang_issu_cls_code", yes(administrative)),
    ]);
    Sheet::one("output", with_extremes(fields, &view, &[("d250_", year), ("w52_", year), ("dryy_", this_year)]))
}

/// The extremes, whose names have their time in front, but for those of this year.
fn with_extremes(mut fields: Fields, view: &View, times: &[(&str, Extremes)]) -> Fields {
    for (time, extremes) in times {
        for (end, (price, day)) in [("hgpr", extremes.high), ("lwpr", extremes.low)] {
            let rate = percent(view.price - price, price);
            let (is_of_year, rate_ends) = (*time == "dryy_", if *time == "w52_" { "ctrt" } else { "rate" });
            fields.set(if is_of_year { format!("stck_dryy_{end}") } else { format!("{time}{end}") }, price);
            fields.set(format!("{time}{end}_date"), written(day));
            fields.set(format!("{time}{end}_vrss_prpr_{rate_ends}"), rate);
        }
    }
    fields
}

/// With a comma before every third digit.
fn grouped(number: i128) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Shares that wait at a step of a book.
pub(super) fn waiting(view: &View, side: u64, step: i64) -> i64 {
    let place = mix(side, step.cast_unsigned()) ^ view.candle.volume.cast_unsigned();
    let usual = (view.issue.shares() / 400_000).max(20);
    usual / 2 + below(mix(view.issue.seed, place), usual + 1)
}

/// The steps of one side, with what waits at each; nothing beyond the limits of the day.
pub(super) fn side(view: &View, asks: bool) -> Vec<(i64, i64)> {
    let (ask, bid) = view.best();
    let (upper, lower) = view.issue.ticks.limits(view.base).unwrap_or((i64::MAX, 0));
    let (upper, lower) = (upper.max(view.price), lower.min(view.price));
    let mut price = if asks { ask } else { bid };
    let mut steps = Vec::new();
    for step in 0..10 {
        // Below the smallest price there is no other.
        let is_repeated = steps.last().is_some_and(|(known, _)| *known == price);
        let is_there = (lower..=upper).contains(&price) && !is_repeated && (asks || price != ask);
        steps.push(if is_there { (price, waiting(view, u64::from(asks), step)) } else { (0, 0) });
        price = view.issue.ticks.step(price, if asks { 1 } else { -1 });
    }
    steps
}

fn book(asked: &Asked<'_>) -> Sheet {
    let Some((issue, venue)) = asked.issue() else {
        return Sheet::of([("output1", vec![Fields::default()]), ("output2", vec![Fields::default()])]);
    };
    let view = asked.view(issue, venue);
    let mut fields = Fields::default();
    let mut totals = [0, 0];
    for (at, (name, asks)) in [("askp", true), ("bidp", false)].into_iter().enumerate() {
        for (step, (price, quantity)) in side(&view, asks).into_iter().enumerate() {
            fields.set(format!("{name}{}", step + 1), price);
            fields.set(format!("{name}_rsqn{}", step + 1), quantity);
            totals[at] += quantity;
        }
        fields.set(format!("total_{name}_rsqn"), totals[at]);
    }
    let open = view.issue.venue.is_open(asked.now);
    fields.set("aspr_acpt_hour", last_hour(asked, &view));
    fields.set("ntby_aspr_rsqn", totals[1] - totals[0]);
    fields.set("new_mkop_cls_code", if open { "20" } else { "31" });
    let expected = view.fields().with([
        ("antc_mkop_cls_code", if open { "112" } else { "311" }.to_owned()),
        ("antc_cntg_vrss_sign", "5".to_owned()),
        ("antc_cntg_vrss", (-view.base).to_string()),
        ("antc_cntg_prdy_ctrt", "-100.00".to_owned()),
        ("vi_cls_code", "N".to_owned()),
    ]);
    Sheet::of([("output1", vec![fields]), ("output2", vec![expected])])
}

/// When the book was last changed: now, or at the end of the day.
fn last_hour(asked: &Asked<'_>, view: &View) -> String {
    if view.issue.venue.is_open(asked.now) { asked.hour() } else { "160000".to_owned() }
}

/// The last thirty trades of the day.
fn trades(asked: &Asked<'_>) -> Sheet {
    let Some((issue, venue)) = asked.issue() else { return Sheet::of([("output", Vec::new())]) };
    let view = asked.view(issue, venue);
    let mut day = Day::new(asked.market, &view.issue, view.day);
    let mut rows = Vec::new();
    let begun = view.progress.minutes + usize::from(view.progress.trades > 0);
    for minute in (0..begun).rev() {
        let made = if minute == view.progress.minutes { view.progress.trades } else { TRADES };
        let trades = day.trades(minute);
        for (at, trade) in trades.iter().enumerate().take(made).rev().filter(|(_, trade)| trade.volume > 0) {
            let second = view.issue.venue.minute_of_day(minute) * 60 + at * (60 / TRADES);
            let moved = View { price: trade.price + (view.price - view.candle.close), ..view.clone() };
            rows.push(moved.fields().with([
                ("stck_cntg_hour", format!("{:02}{:02}{:02}", second / 3_600, second / 60 % 60, second % 60)),
                ("cntg_vol", trade.volume.to_string()),
                ("tday_rltv", percent(80 + below(mix(view.issue.seed, 5), 40), 100)),
            ]));
            if rows.len() == 30 {
                return Sheet::of([("output", rows)]);
            }
        }
    }
    Sheet::of([("output", rows)])
}
