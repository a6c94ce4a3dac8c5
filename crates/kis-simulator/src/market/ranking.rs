//! Rankings of the issues of the Korea Exchange, and its indices, from the same prices.

use std::iter::successors;

use chrono::NaiveDate;

use super::{
    candle::Candle,
    issue::Issue,
    noise::{below, mix},
    sheet::{Fields, Sheet},
    view::{Asked, View, percent, ratio, sign, written},
};
use crate::listing::{self, Kind, Market as Board};

/// Rows of a ranking.
const RANKED: usize = 30;
/// How many of the largest companies an index is made of.
const LARGEST: usize = 10;

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    let by_volume = |view: &View| i128::from(view.candle.volume);
    match operation {
        "domestic-stock-quotations-volume-rank" => Some(match asked.param("FID_BLNG_CLS_CODE") {
            "1" => ranking(asked, |view| {
                let before = asked.candle(&view.issue, "J", view.issue.country().open_before(view.day));
                i128::from(view.candle.volume - before.volume) * 1_000_000 / i128::from(before.volume.max(1))
            }),
            "3" => ranking(asked, |view| view.candle.amount),
            "2" => ranking(asked, |view| by_volume(view) * 1_000_000 / i128::from(view.issue.shares().max(1))),
            _ => ranking(asked, by_volume),
        }),
        "domestic-stock-ranking-fluctuation" => {
            let falls = matches!(asked.param("fid_rank_sort_cls_code"), "1" | "3");
            let rate = |view: &View| i128::from(view.change()) * 1_000_000 / i128::from(view.base.max(1));
            Some(ranking(asked, move |view| if falls { -rate(view) } else { rate(view) }))
        }
        "domestic-stock-ranking-market-cap" => {
            Some(ranking(asked, |view| i128::from(view.price) * i128::from(view.issue.shares())))
        }
        "domestic-stock-ranking-volume-power" => Some(ranking(asked, |view| i128::from(power(view)))),
        "domestic-stock-quotations-inquire-index-price" => index_now(asked),
        "domestic-stock-quotations-inquire-index-daily-price" => index_days(asked),
        "domestic-stock-quotations-inquire-daily-indexchartprice" => index_chart(asked),
        _ => None,
    }
}

/// Buyers for a hundred sellers.
fn power(view: &View) -> i64 {
    60 + below(mix(view.issue.seed, view.candle.volume.cast_unsigned()), 80)
}

/// What a number of a sector or market means: everything, or one board.
fn is_of(board: Board, number: &str) -> bool {
    match number {
        "0001" | "2001" => board == Board::Kospi,
        "1001" => board == Board::Kosdaq,
        _ => matches!(board, Board::Kospi | Board::Kosdaq),
    }
}

/// The issues that have most of something, most first.
pub(super) fn ranked(asked: &Asked<'_>, most: impl Fn(&View) -> i128) -> Vec<View> {
    let meant = asked.param("FID_INPUT_ISCD");
    let issues = listing::all().iter().filter(|listed| is_of(listed.market, meant));
    let mut views: Vec<View> = issues
        .filter_map(|listed| Issue::domestic(asked.market, listed.code, asked.options))
        .map(|issue| asked.view(issue, "J"))
        .filter(|view| view.candle.volume > 0)
        .collect();
    views.sort_by_cached_key(|view| (-most(view), view.issue.code.clone()));
    views.truncate(RANKED);
    views
}

fn ranking(asked: &Asked<'_>, most: impl Fn(&View) -> i128) -> Sheet {
    let meant = asked.param("FID_INPUT_ISCD");
    let views = ranked(asked, most);
    let issues = listing::all().iter().filter(|listed| is_of(listed.market, meant));
    let whole: i128 = issues
        .filter_map(|listed| Issue::domestic(asked.market, listed.code, asked.options))
        .map(|issue| i128::from(asked.market.price(&issue, asked.now)) * i128::from(issue.shares()))
        .sum();
    let rows = views.iter().enumerate().map(|(at, view)| row(asked, view, at + 1, whole));
    Sheet::of([("output", rows.collect())])
}

fn row(asked: &Asked<'_>, view: &View, rank: usize, whole: i128) -> Fields {
    let candle = view.candle;
    let before = asked.candle(&view.issue, "J", view.issue.country().open_before(view.day));
    let worth = i128::from(view.price) * i128::from(view.issue.shares());
    let buyers = candle.volume * power(view) / (100 + power(view));
    view.fields().with([
        ("data_rank", rank.to_string()),
        ("prdy_vol", before.volume.to_string()),
        ("avrg_vol", candle.volume.to_string()),
        ("n_befr_clpr_vrss_prpr_rate", view.rate()),
        ("vol_inrt", percent(candle.volume - before.volume, before.volume)),
        ("nday_vol_tnrt", percent(candle.volume, view.issue.shares())),
        ("avrg_tr_pbmn", candle.amount.to_string()),
        ("tr_pbmn_tnrt", ratio(candle.amount * 100, worth, 2)),
        ("nday_tr_pbmn_tnrt", ratio(candle.amount * 100, worth, 2)),
        ("stck_avls", (worth / 100_000_000).to_string()),
        ("mrkt_whol_avls_rlim", ratio(worth * 100, whole, 2)),
        ("tday_rltv", percent(power(view), 100)),
        ("shnu_cnqn_smtn", buyers.to_string()),
        ("seln_cnqn_smtn", (candle.volume - buyers).to_string()),
        ("acml_hgpr_date", written(view.day)),
        ("acml_lwpr_date", written(view.day)),
        ("lwpr_vrss_prpr_rate", percent(view.price - candle.low, candle.low)),
        ("hgpr_vrss_prpr_rate", percent(view.price - candle.high, candle.high)),
        ("dsgt_date_clpr_vrss_prpr_rate", view.rate()),
        ("oprc_vrss_prpr_sign", sign(view.price - candle.open).to_owned()),
        ("oprc_vrss_prpr", (view.price - candle.open).to_string()),
        ("oprc_vrss_prpr_rate", percent(view.price - candle.open, candle.open)),
        ("prd_rsfl", view.change().to_string()),
        ("prd_rsfl_rate", view.rate()),
    ])
}

/// An index: its companies, and what it is worth when they have the prices of the listing, in hundredths.
struct Index {
    companies: Vec<Issue>,
    begin: i128,
}

impl Index {
    fn of(asked: &Asked<'_>, number: &str) -> Option<Self> {
        let begin = match number {
            "0001" => 260_000,
            "1001" => 80_000,
            "2001" => 35_000,
            _ => return None,
        };
        let companies =
            listing::all().iter().filter(|listed| is_of(listed.market, number) && listed.kind == Kind::Common);
        let mut companies: Vec<Issue> =
            companies.filter(|listed| !listed.halted).map(|listed| Issue::of_listed(asked.market, listed)).collect();
        companies.sort_by_key(|issue| -i128::from(issue.anchor) * i128::from(issue.shares()));
        companies.truncate(LARGEST);
        Some(Self { companies, begin })
    }

    /// The index of a day that is over, or of today so far; its volume in thousands and its amount in millions.
    fn candle(&self, asked: &Asked<'_>, day: NaiveDate) -> Candle {
        let candles: Vec<Candle> = self.companies.iter().map(|issue| asked.candle(issue, "J", day)).collect();
        let weigh = |price: &dyn Fn(&Candle, &Issue) -> i64| {
            let pairs = candles.iter().zip(&self.companies);
            pairs.map(|(candle, issue)| i128::from(price(candle, issue)) * i128::from(issue.shares())).sum::<i128>()
        };
        let whole = weigh(&|_, issue| issue.anchor).max(1);
        let at = |price: &dyn Fn(&Candle, &Issue) -> i64| i64::try_from(weigh(price) * self.begin / whole).unwrap_or(0);
        Candle {
            open: at(&|candle, _| candle.open),
            high: at(&|candle, _| candle.high),
            low: at(&|candle, _| candle.low),
            close: at(&|candle, _| candle.close),
            volume: candles.iter().map(|candle| candle.volume).sum::<i64>() / 1_000,
            amount: candles.iter().map(|candle| candle.amount).sum::<i128>() / 1_000_000,
        }
    }

    fn days(&self, asked: &Asked<'_>) -> (NaiveDate, impl Iterator<Item = NaiveDate> + use<>) {
        let venue = super::hours::Venue::of(Board::Kospi, asked.market.hours);
        let (today, _) = venue.day_at(asked.now);
        (today, successors(Some(today), move |day| Some(venue.country.open_before(*day))))
    }
}

/// Hundredths with the point.
fn points(hundredths: i64) -> String {
    ratio(hundredths.into(), 100, 2)
}

/// What both answers say of an index now.
fn index_fields(now: Candle, before: Candle, counts: [usize; 3]) -> Fields {
    let change = now.close - before.close;
    let from = |price: i64| (points(price - before.close), percent(price - before.close, before.close));
    let [rising, flat, falling] = counts.map(|count| count.to_string());
    let [open, high, low] = [now.open, now.high, now.low].map(from);
    Fields::of([
        ("bstp_nmix_prpr", points(now.close)),
        ("bstp_nmix_prdy_vrss", points(change)),
        ("prdy_vrss_sign", sign(change).to_owned()),
        ("bstp_nmix_prdy_ctrt", percent(change, before.close)),
        ("acml_vol", now.volume.to_string()),
        ("prdy_vol", before.volume.to_string()),
        ("acml_tr_pbmn", now.amount.to_string()),
        ("prdy_tr_pbmn", before.amount.to_string()),
        ("bstp_nmix_oprc", points(now.open)),
        ("prdy_nmix_vrss_nmix_oprc", open.0),
        ("oprc_vrss_prpr_sign", sign(now.open - before.close).to_owned()),
        ("bstp_nmix_oprc_prdy_ctrt", open.1),
        ("bstp_nmix_hgpr", points(now.high)),
        ("prdy_nmix_vrss_nmix_hgpr", high.0),
        ("hgpr_vrss_prpr_sign", sign(now.high - before.close).to_owned()),
        ("bstp_nmix_hgpr_prdy_ctrt", high.1),
        ("bstp_nmix_lwpr", points(now.low)),
        ("prdy_clpr_vrss_lwpr", low.0),
        ("lwpr_vrss_prpr_sign", sign(now.low - before.close).to_owned()),
        ("prdy_clpr_vrss_lwpr_rate", low.1),
        ("ascn_issu_cnt", rising),
        ("stnr_issu_cnt", flat),
        ("down_issu_cnt", falling),
    ])
}

/// How many issues of the index's board rise, stand and fall.
fn counts(asked: &Asked<'_>) -> [usize; 3] {
    let mut counts = [0; 3];
    for listed in listing::all().iter().filter(|listed| is_of(listed.market, asked.param("FID_INPUT_ISCD"))) {
        let issue = Issue::of_listed(asked.market, listed);
        let (day, _) = issue.venue.day_at(asked.now);
        let base = asked.market.close(&issue, issue.country().open_before(day));
        counts[match asked.market.price(&issue, asked.now) - base {
            1.. => 0,
            0 => 1,
            _ => 2,
        }] += 1;
    }
    counts
}

fn index_now(asked: &Asked<'_>) -> Option<Sheet> {
    let index = Index::of(asked, asked.param("FID_INPUT_ISCD"))?;
    let (today, mut days) = index.days(asked);
    let before = index.candle(asked, days.nth(1)?);
    Some(Sheet::one("output", index_fields(index.candle(asked, today), before, counts(asked))))
}

fn index_days(asked: &Asked<'_>) -> Option<Sheet> {
    let index = Index::of(asked, asked.param("FID_INPUT_ISCD"))?;
    let (today, days) = index.days(asked);
    let last = asked.day("FID_INPUT_DATE_1").unwrap_or(today);
    let asked_for: Vec<NaiveDate> = days.skip_while(|day| *day > last).take(101).collect();
    let candles: Vec<Candle> = asked_for.iter().map(|day| index.candle(asked, *day)).collect();
    let rows = asked_for.iter().zip(candles.windows(2)).map(|(day, pair)| {
        let change = pair[0].close - pair[1].close;
        Fields::of([
            ("stck_bsop_date", written(*day)),
            ("bstp_nmix_prpr", points(pair[0].close)),
            ("prdy_vrss_sign", sign(change).to_owned()),
            ("bstp_nmix_prdy_vrss", points(change)),
            ("bstp_nmix_prdy_ctrt", percent(change, pair[1].close)),
            ("bstp_nmix_oprc", points(pair[0].open)),
            ("bstp_nmix_hgpr", points(pair[0].high)),
            ("bstp_nmix_lwpr", points(pair[0].low)),
            ("acml_vol", pair[0].volume.to_string()),
            ("acml_tr_pbmn", pair[0].amount.to_string()),
        ])
    });
    let rows = rows.collect();
    let before = index.candle(asked, index.days(asked).1.nth(1)?);
    let now = index_fields(index.candle(asked, today), before, counts(asked));
    Some(Sheet::of([("output1", vec![now]), ("output2", rows)]))
}

/// The days of an index as a chart; weeks and longer are not of this market.
fn index_chart(asked: &Asked<'_>) -> Option<Sheet> {
    if asked.param("FID_PERIOD_DIV_CODE") != "D" {
        return None;
    }
    let index = Index::of(asked, asked.param("FID_INPUT_ISCD"))?;
    let (today, days) = index.days(asked);
    let (first, last) = (asked.day("FID_INPUT_DATE_1")?, asked.day("FID_INPUT_DATE_2")?);
    let row = |day: NaiveDate| {
        let candle = index.candle(asked, day);
        Fields::of([
            ("stck_bsop_date", written(day)),
            ("bstp_nmix_prpr", points(candle.close)),
            ("bstp_nmix_oprc", points(candle.open)),
            ("bstp_nmix_hgpr", points(candle.high)),
            ("bstp_nmix_lwpr", points(candle.low)),
            ("acml_vol", candle.volume.to_string()),
            ("acml_tr_pbmn", candle.amount.to_string()),
            ("mod_yn", "N".to_owned()),
        ])
    };
    let rows = days.skip_while(|day| *day > last).take_while(|day| *day >= first).take(100).map(row);
    let (now, before) = (index.candle(asked, today), index.candle(asked, index.days(asked).1.nth(1)?));
    let name = match asked.param("FID_INPUT_ISCD") {
        "1001" => "코스닥",
        "2001" => "코스피200",
        _ => "종합",
    };
    let head = index_fields(now, before, counts(asked)).with([
        ("prdy_nmix", points(before.close)),
        ("hts_kor_isnm", name.to_owned()),
        ("bstp_cls_code", asked.param("FID_INPUT_ISCD").to_owned()),
    ]);
    Some(Sheet::of([("output1", vec![head]), ("output2", rows.collect())]))
}
