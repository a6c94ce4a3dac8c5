//! Who has bought and sold: private persons, foreigners and institutions, which together have done as much as was traded.

use chrono::NaiveDate;

use super::{
    candle::Candle,
    issue::Issue,
    noise::{below, mix, number},
    ranking::ranked,
    sheet::{Fields, Sheet},
    view::{Asked, View, percent, sign, written},
};

/// Days of the list.
const LISTED: usize = 30;

/// The kinds, as KIS's fields begin.
const KINDS: [&str; 3] = ["prsn", "frgn", "orgn"];

/// The unit of amounts.
const MILLION: i128 = 1_000_000;

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "domestic-stock-quotations-inquire-investor" => Some(days(asked)),
        "domestic-stock-quotations-foreign-institution-total" => Some(totals(asked)),
        "domestic-stock-ranking-short-sale" => Some(short_sales(asked)),
        _ => None,
    }
}

/// What each kind has bought and sold of a day.
fn shares(issue: &Issue, day: NaiveDate, volume: i64) -> [(i64, i64); 3] {
    let of = |side: u64| {
        let hash = |kind: u64| mix(issue.seed, mix(number(&written(day)), 7 + 10 * side + kind));
        // From a tenth to four tenths for foreigners and institutions each, and the rest.
        let part = |kind| volume * (100 + below(hash(kind), 300)) / 1_000;
        let (foreigners, institutions) = (part(1), part(2));
        [volume - foreigners - institutions, foreigners, institutions]
    };
    let (bought, sold) = (of(0), of(1));
    [0, 1, 2].map(|kind| (bought[kind], sold[kind]))
}

/// Shares in millions of won, at the average price of the day.
fn worth(candle: &Candle, quantity: i64) -> i128 {
    if candle.volume == 0 { 0 } else { candle.amount * i128::from(quantity) / i128::from(candle.volume) / MILLION }
}

/// The days of one issue, newest first. Of a day that is not over KIS says nothing: its fields are there and empty.
fn days(asked: &Asked<'_>) -> Sheet {
    let Some((issue, venue)) = asked.issue() else { return Sheet::of([("output", Vec::new())]) };
    let (today, progress) = issue.venue.day_at(asked.now);
    let is_over = progress.minutes == issue.venue.minutes();
    let country = issue.country();
    let back = std::iter::successors(Some(today), |day| Some(country.open_before(*day)));
    let row = |day: NaiveDate| {
        let candle = asked.candle(&issue, venue, day);
        let before = asked.candle(&issue, venue, country.open_before(day));
        let change = candle.close - before.close;
        let mut fields = Fields::of([
            ("stck_bsop_date", written(day)),
            ("stck_clpr", candle.close.to_string()),
            ("prdy_vrss", change.to_string()),
            ("prdy_vrss_sign", sign(change).to_owned()),
        ]);
        for (kind, (bought, sold)) in KINDS.iter().zip(shares(&issue, day, candle.volume)) {
            for (field, value) in [
                ("ntby_qty", i128::from(bought - sold)),
                ("ntby_tr_pbmn", worth(&candle, bought) - worth(&candle, sold)),
                ("shnu_vol", bought.into()),
                ("shnu_tr_pbmn", worth(&candle, bought)),
                ("seln_vol", sold.into()),
                ("seln_tr_pbmn", worth(&candle, sold)),
            ] {
                let is_told = day != today || is_over;
                fields.set(format!("{kind}_{field}"), if is_told { value.to_string() } else { String::new() });
            }
        }
        fields
    };
    Sheet::of([("output", back.take(LISTED).map(row).collect())])
}

/// The issues that foreigners, institutions or both have bought most of today, or sold.
fn totals(asked: &Asked<'_>) -> Sheet {
    let by_amount = asked.param("FID_DIV_CLS_CODE") == "1";
    let sells = asked.param("FID_RANK_SORT_CLS_CODE") == "1";
    let net = |view: &View| {
        let [_, foreigners, institutions] = shares(&view.issue, view.day, view.candle.volume);
        (foreigners.0 - foreigners.1, institutions.0 - institutions.1)
    };
    let meant = |view: &View| {
        let (foreigners, institutions) = net(view);
        match asked.param("FID_ETC_CLS_CODE") {
            "1" => foreigners,
            "2" => institutions,
            _ => foreigners + institutions,
        }
    };
    let views = ranked(asked, |view| {
        let quantity = meant(view);
        let by = if by_amount { worth(&view.candle, quantity) } else { quantity.into() };
        if sells { -by } else { by }
    });
    let row = |view: &View| {
        let (foreigners, institutions) = net(view);
        view.fields().with([
            ("ntby_qty", meant(view).to_string()),
            ("frgn_ntby_qty", foreigners.to_string()),
            ("orgn_ntby_qty", institutions.to_string()),
            ("frgn_ntby_tr_pbmn", worth(&view.candle, foreigners).to_string()),
            ("orgn_ntby_tr_pbmn", worth(&view.candle, institutions).to_string()),
        ])
    };
    Sheet::of([("output", views.iter().map(row).collect())])
}

/// The issues of which most was sold short.
fn short_sales(asked: &Asked<'_>) -> Sheet {
    let sold = |view: &View| view.candle.volume * below(mix(view.issue.seed, 77), 120) / 1_000;
    let views = ranked(asked, |view| sold(view).into());
    let row = |view: &View| {
        let (quantity, candle) = (sold(view), view.candle);
        let amount =
            if candle.volume == 0 { 0 } else { candle.amount * i128::from(quantity) / i128::from(candle.volume) };
        view.fields().with([
            ("ssts_cntg_qty", quantity.to_string()),
            ("ssts_vol_rlim", percent(quantity, candle.volume)),
            ("ssts_tr_pbmn", amount.to_string()),
            ("ssts_tr_pbmn_rlim", percent(quantity, candle.volume)),
            ("stnd_date1", written(view.day)),
            ("stnd_date2", written(view.day)),
            ("avrg_prc", if candle.volume == 0 { 0 } else { candle.amount / i128::from(candle.volume) }.to_string()),
        ])
    };
    Sheet::of([("output", views.iter().map(row).collect())])
}
