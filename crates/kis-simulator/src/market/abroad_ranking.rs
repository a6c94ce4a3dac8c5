//! Rankings of the issues of a market abroad, and its indices, which move as one issue of their own.

use super::{
    Market,
    hours::Venue,
    issue::Issue,
    noise::{mix, number},
    overseas::{market_of, signed},
    sheet::{Fields, Sheet},
    ticks::Ticks,
    view::{Asked, View, sign},
};
use crate::listing::{self, Market as Board};

/// Indices by KIS's codes: name, the market whose hours they have, and where they start from, in hundredths.
const INDICES: [(&str, &str, &str, i64); 9] = [
    ("SPX", "S&P500", "NYS", 684_000),
    ("COMP", "나스닥 종합", "NAS", 2_320_000),
    ("NDX", "나스닥 100", "NAS", 2_540_000),
    (".DJI", "다우 산업", "NYS", 4_740_000),
    ("SOX", "필라델피아 반도체", "NAS", 710_000),
    ("VIX", "VIX", "NYS", 1_720),
    ("JP#NI225", "니케이 225", "TSE", 5_010_000),
    ("HK#HS", "항셍", "HKS", 2_590_000),
    ("SHANG", "상해종합", "SHS", 387_000),
];

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    let worth = |view: &View| i128::from(view.price) * i128::from(view.issue.shares());
    let rate = |view: &View| i128::from(view.change()) * 1_000_000 / i128::from(view.base.max(1));
    match operation {
        "overseas-stock-ranking-trade-vol" => ranking(asked, |view| view.candle.volume.into()),
        "overseas-stock-ranking-trade-pbmn" => ranking(asked, |view| view.candle.amount),
        "overseas-stock-ranking-market-cap" => ranking(asked, worth),
        "overseas-stock-ranking-updown-rate" => {
            let rises = asked.param("GUBN") == "1";
            ranking(asked, move |view| if rises { rate(view) } else { -rate(view) })
        }
        _ => None,
    }
}

/// An index, by KIS's code.
pub(super) fn index(market: &Market, code: &str) -> Option<Issue> {
    let (code, name, place, anchor) = INDICES.iter().find(|(known, ..)| *known == code)?;
    Some(Issue {
        code: (*code).to_owned(),
        name: (*name).to_owned(),
        listed: None,
        anchor: *anchor,
        decimals: 2,
        ticks: Ticks::OF_INDICES,
        venue: Venue::of(Board::Overseas(place), market.hours),
        seed: mix(market.seed, number(code)),
        is_pinned: false,
        is_still: market.is_still,
    })
}

/// The issues of a market that have most of something, most first.
fn ranking(asked: &Asked<'_>, most: impl Fn(&View) -> i128) -> Option<Sheet> {
    let place = market_of(asked.param("EXCD"))?;
    let issues = listing::all().iter().filter(|listed| listed.market == Board::Overseas(place));
    let mut views: Vec<View> = issues
        .map(|listed| asked.market.view(Issue::of_listed(asked.market, listed), asked.now))
        .filter(|view| view.candle.volume > 0)
        .collect();
    views.sort_by_cached_key(|view| (-most(view), view.issue.code.clone()));
    let rows: Vec<Fields> = views.iter().enumerate().map(|(at, view)| row(place, view, at + 1)).collect();
    let count = rows.len().to_string();
    let head = Fields::of([
        ("zdiv", views.first().map_or(0, |view| view.issue.decimals).to_string()),
        ("stat", String::new()),
        ("crec", count.clone()),
        ("trec", count.clone()),
        ("nrec", count),
    ]);
    Some(Sheet::of([("output1", vec![head]), ("output2", rows)]))
}

fn row(place: &str, view: &View, rank: usize) -> Fields {
    let worth = view.amount(i128::from(view.price) * i128::from(view.issue.shares()));
    let (ask, bid) = view.best();
    view.head().with([
        ("excd", place.to_owned()),
        ("symb", view.issue.code.clone()),
        ("name", view.issue.name.clone()),
        ("ename", view.issue.listed.map_or("", |listed| listed.english).to_owned()),
        ("last", view.written(view.price)),
        ("sign", sign(view.change()).to_owned()),
        ("diff", view.written(view.change().abs())),
        ("rate", signed(view.change(), view.base)),
        ("tvol", view.candle.volume.to_string()),
        ("tamt", view.amount(view.candle.amount)),
        ("a_tvol", view.candle.volume.to_string()),
        ("a_tamt", view.amount(view.candle.amount)),
        ("pask", view.written(ask)),
        ("pbid", view.written(bid)),
        ("n_base", view.written(view.base)),
        ("n_diff", view.written(view.change().abs())),
        ("n_rate", signed(view.change(), view.base)),
        ("shar", view.issue.shares().to_string()),
        ("tomv", worth),
        ("rank", rank.to_string()),
        ("e_ordyn", "○".to_owned()),
    ])
}
