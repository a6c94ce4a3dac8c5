//! Answers about issues abroad: price, detail, days, minutes, book.

use rust_decimal::Decimal;

use super::{
    abroad_minutes, abroad_ranking,
    chart::{Length, Row},
    day_of,
    domestic::{side, waiting},
    issue::Issue,
    sheet::{Fields, Sheet},
    view::{Asked, View, fixed, percent, sign, written},
};
use crate::listing::{self, Kind};

/// Rows of a chart.
const CHART: usize = 100;

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "overseas-price-quotations-price" => price(asked),
        "overseas-price-quotations-price-detail" => detail(asked),
        "overseas-price-quotations-dailyprice" => days(asked),
        "overseas-price-quotations-inquire-daily-chartprice" => chart(asked),
        "overseas-price-quotations-inquire-time-itemchartprice" => abroad_minutes::answer(asked),
        "overseas-price-quotations-inquire-asking-price" => book(asked),
        _ => None,
    }
}

/// KIS's code of a market for quotes, by that of its day market or of the orders.
pub(crate) fn market_of(code: &str) -> Option<&'static str> {
    Some(match code {
        "NAS" | "BAQ" | "NASD" => "NAS",
        "NYS" | "BAY" | "NYSE" => "NYS",
        "AMS" | "BAA" | "AMEX" => "AMS",
        "HKS" | "SEHK" => "HKS",
        "TSE" | "TKSE" => "TSE",
        "SHS" | "SHAA" => "SHS",
        "SZS" | "SZAA" => "SZS",
        "HNX" | "HASE" => "HNX",
        "HSX" | "VNSE" => "HSX",
        _ => return None,
    })
}

/// Won for one of a currency.
pub(crate) fn won(currency: &str) -> Decimal {
    match currency {
        "USD" => Decimal::new(146_900, 2),
        "HKD" => Decimal::new(18_850, 2),
        "JPY" => Decimal::new(942, 2),
        "CNY" => Decimal::new(20_630, 2),
        "VND" => Decimal::new(558, 4),
        _ => Decimal::ONE,
    }
}

/// What is asked about: nothing for a market that there is not, and no issue for a symbol that nobody lists.
pub(super) fn named(asked: &Asked<'_>) -> Option<Option<View>> {
    let market = market_of(asked.param("EXCD"))?;
    let listed = listing::overseas(market, &asked.param("SYMB").to_ascii_uppercase());
    Some(listed.map(|listed| asked.market.view(Issue::of_listed(asked.market, listed), asked.now)))
}

impl View {
    /// A price as KIS writes it for this issue.
    pub(super) fn written(&self, price: i64) -> String {
        fixed(self.exact(price), self.issue.decimals)
    }

    /// A price as a number.
    pub(super) fn exact(&self, price: i64) -> Decimal {
        Decimal::new(price, self.issue.decimals)
    }

    /// An amount in whole units of the currency.
    pub(super) fn amount(&self, amount: i128) -> String {
        (amount / 10_i128.pow(self.issue.decimals)).to_string()
    }

    fn market(&self) -> &'static str {
        self.issue.listed.map_or("", |listed| listed.market.code())
    }

    fn currency(&self) -> &'static str {
        self.issue.listed.map_or("", |listed| listed.currency)
    }

    pub(super) fn head(&self) -> Fields {
        Fields::of([
            ("rsym", format!("D{}{}", self.market(), self.issue.code)),
            ("zdiv", self.issue.decimals.to_string()),
            ("curr", self.currency().to_owned()),
            ("code", self.issue.code.clone()),
        ])
    }
}

/// In percent with a sign, or with a blank for nothing.
pub(super) fn signed(part: i64, whole: i64) -> String {
    let percent = percent(part, whole);
    match part {
        1.. => format!("+{percent}"),
        0 => format!(" {percent}"),
        _ => percent,
    }
}

fn price(asked: &Asked<'_>) -> Option<Sheet> {
    let Some(view) = named(asked)? else {
        // KIS does not say that there is no such issue.
        let empty = ["rsym", "zdiv", "base", "pvol", "last", "sign", "diff", "rate", "tvol", "tamt", "ordy"];
        return Some(Sheet::one("output", Fields::of(empty.map(|name| (name, String::new())))));
    };
    let before = asked.candle(&view.issue, "", view.issue.country().open_before(view.day));
    let fields = view.head().with([
        ("base", view.written(view.base)),
        ("pvol", before.volume.to_string()),
        ("last", view.written(view.price)),
        ("sign", sign(view.change()).to_owned()),
        ("diff", view.written(view.change().abs())),
        ("rate", signed(view.change(), view.base)),
        ("tvol", view.candle.volume.to_string()),
        ("tamt", view.amount(view.candle.amount)),
        ("ordy", "매수 가능".to_owned()),
    ]);
    Some(Sheet::one("output", fields))
}

fn detail(asked: &Asked<'_>) -> Option<Sheet> {
    let Some(view) = named(asked)? else { return Some(Sheet::one("output", Fields::of([("last", String::new())]))) };
    let before = asked.candle(&view.issue, "", view.issue.country().open_before(view.day));
    let year = asked.market.extremes(&view, 250, day_of(1990, 1, 1));
    let rate = won(view.currency());
    let in_won = |price: i64| fixed((view.exact(price) * rate).trunc(), 0);
    let worth = view.exact(view.price) * Decimal::from(view.issue.shares());
    let fields = view.head().with([
        ("vnit", view.issue.listed.map_or(1, |listed| listed.lot).to_string()),
        ("open", view.written(view.traded(view.candle.open))),
        ("high", view.written(view.traded(view.candle.high))),
        ("low", view.written(view.traded(view.candle.low))),
        ("last", view.written(view.price)),
        ("base", view.written(view.base)),
        ("pvol", before.volume.to_string()),
        ("pamt", view.amount(before.amount)),
        ("uplp", view.written(0)),
        ("dnlp", view.written(0)),
        ("h52p", view.written(year.high.0)),
        ("h52d", written(year.high.1)),
        ("l52p", view.written(year.low.0)),
        ("l52d", written(year.low.1)),
        ("perx", "0.00".to_owned()),
        ("pbrx", "0.00".to_owned()),
        ("epsx", "0.00".to_owned()),
        ("bpsx", "0.00".to_owned()),
        ("shar", view.issue.shares().to_string()),
        ("tomv", fixed(worth.trunc(), 0)),
        ("t_xprc", in_won(view.price)),
        ("t_xdif", in_won(view.change().abs())),
        ("t_xrat", signed(view.change(), view.base)),
        ("t_xsgn", sign(view.change()).to_owned()),
        ("p_xrat", " 0.00".to_owned()),
        ("p_xsng", "3".to_owned()),
        ("t_rate", fixed(rate, if rate < Decimal::ONE { 4 } else { 2 })),
        ("p_rate", String::new()),
        ("e_ordyn", "매매 가능".to_owned()),
        ("e_hogau", view.written(view.issue.ticks.at(view.price))),
        ("e_icod", String::new()),
        ("e_parp", view.written(0)),
        ("tvol", view.candle.volume.to_string()),
        ("tamt", view.amount(view.candle.amount)),
        (
            "etyp_nm",
            if view.issue.listed.is_some_and(|listed| listed.kind == Kind::Etf) { "ETF" } else { "" }.to_owned(),
        ),
    ]);
    Some(Sheet::one("output", fields))
}

fn days(asked: &Asked<'_>) -> Option<Sheet> {
    let Some(view) = named(asked)? else {
        return Some(Sheet::of([("output1", vec![Fields::default()]), ("output2", Vec::new())]));
    };
    let length = match asked.param("GUBN") {
        "1" => Length::Week,
        "2" => Length::Month,
        _ => Length::Day,
    };
    let last = asked.day("BYMD").unwrap_or(view.day);
    let rows = asked.rows(&view.issue, "", length, (view.issue.first_day(), last), CHART);
    let fields = rows.iter().map(|row| {
        let at = View { price: row.candle.close, candle: row.candle, ..view.clone() };
        let (ask, bid) = at.best();
        Fields::of([
            ("xymd", written(row.day)),
            ("clos", view.written(row.candle.close)),
            ("sign", sign(row.change()).to_owned()),
            ("diff", view.written(row.change().abs())),
            ("rate", signed(row.change(), row.before)),
            ("open", view.written(row.candle.open)),
            ("high", view.written(row.candle.high)),
            ("low", view.written(row.candle.low)),
            ("tvol", row.candle.volume.to_string()),
            ("tamt", view.amount(row.candle.amount)),
            ("pbid", view.written(bid)),
            ("vbid", waiting(&at, 0, 0).to_string()),
            ("pask", view.written(ask)),
            ("vask", waiting(&at, 1, 0).to_string()),
        ])
    });
    let fields: Vec<Fields> = fields.collect();
    let head = view.head().with([("nrec", fields.len().to_string())]);
    Some(Sheet::of([("output1", vec![head]), ("output2", fields)]))
}

/// The chart of an index, or of an issue of the United States as if it were one.
fn chart(asked: &Asked<'_>) -> Option<Sheet> {
    let code = asked.param("FID_INPUT_ISCD");
    let listed = || ["NAS", "NYS", "AMS"].iter().find_map(|market| listing::overseas(market, code));
    let issue =
        abroad_ranking::index(asked.market, code).or_else(|| Some(Issue::of_listed(asked.market, listed()?)))?;
    let view = asked.market.view(issue, asked.now);
    let first = asked.day("FID_INPUT_DATE_1").unwrap_or(view.day);
    let last = asked.day("FID_INPUT_DATE_2").unwrap_or(view.day);
    let length = Length::of(asked.param("FID_PERIOD_DIV_CODE"));
    let rows = asked.rows(&view.issue, "", length, (first, last), CHART);
    let before = asked.candle(&view.issue, "", view.issue.country().open_before(view.day));
    let row = |row: &Row| {
        Fields::of([
            ("stck_bsop_date", written(row.day)),
            ("ovrs_nmix_prpr", view.written(row.candle.close)),
            ("ovrs_nmix_oprc", view.written(row.candle.open)),
            ("ovrs_nmix_hgpr", view.written(row.candle.high)),
            ("ovrs_nmix_lwpr", view.written(row.candle.low)),
            ("acml_vol", row.candle.volume.to_string()),
            ("mod_yn", "N".to_owned()),
        ])
    };
    let now = Fields::of([
        ("ovrs_nmix_prdy_vrss", view.written(view.change())),
        ("prdy_vrss_sign", sign(view.change()).to_owned()),
        ("prdy_ctrt", view.rate()),
        ("ovrs_nmix_prdy_clpr", view.written(view.base)),
        ("acml_vol", view.candle.volume.to_string()),
        ("hts_kor_isnm", view.issue.name.clone()),
        ("ovrs_nmix_prpr", view.written(view.price)),
        ("stck_shrn_iscd", view.issue.code.clone()),
        ("prdy_vol", before.volume.to_string()),
        ("ovrs_prod_oprc", view.written(view.candle.open)),
        ("ovrs_prod_hgpr", view.written(view.candle.high)),
        ("ovrs_prod_lwpr", view.written(view.candle.low)),
    ]);
    Some(Sheet::of([("output1", vec![now]), ("output2", rows.iter().map(row).collect())]))
}

fn book(asked: &Asked<'_>) -> Option<Sheet> {
    let blank = Fields::of(["vstm", "vetm", "csbp", "cshi", "cslo", "iep", "iev"].map(|name| (name, String::new())));
    let Some(view) = named(asked)? else {
        let nothing = || vec![Fields::default()];
        return Some(Sheet::of([("output1", nothing()), ("output2", nothing()), ("output3", vec![blank])]));
    };
    // Only the United States have more than the best.
    let depth = if ["NAS", "NYS", "AMS"].contains(&view.market()) { 10 } else { 1 };
    let (mut steps, mut totals) = (Fields::default(), [0, 0]);
    for (at, name) in ["bid", "ask"].into_iter().enumerate() {
        for (step, (price, quantity)) in side(&view, name == "ask").into_iter().enumerate() {
            let (price, quantity) = if step < depth { (price, quantity) } else { (0, 0) };
            steps.set(format!("p{name}{}", step + 1), view.written(price));
            steps.set(format!("v{name}{}", step + 1), quantity);
            totals[at] += quantity;
        }
    }
    let local = view.issue.venue.local(asked.now);
    let from_base = |price: i64| signed(price - view.base, view.base);
    let head = view.head().with([
        ("base", view.written(view.base)),
        ("open", view.written(view.candle.open)),
        ("high", view.written(view.candle.high)),
        ("low", view.written(view.candle.low)),
        ("last", view.written(view.price)),
        ("dymd", local.format("%Y%m%d").to_string()),
        ("dhms", local.format("%H%M%S").to_string()),
        ("bvol", totals[0].to_string()),
        ("avol", totals[1].to_string()),
        ("ropen", from_base(view.candle.open)),
        ("rhigh", from_base(view.candle.high)),
        ("rlow", from_base(view.candle.low)),
        ("rclose", from_base(view.price)),
    ]);
    Some(Sheet::of([("output1", vec![head]), ("output2", vec![steps]), ("output3", vec![blank])]))
}
