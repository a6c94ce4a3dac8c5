//! An issue as it is quoted at a moment, and numbers as KIS writes them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    Market,
    candle::{Candle, Day},
    hours::Progress,
    issue::Issue,
    sheet::Fields,
};
use crate::{Options, clock::kst, http::Request};

/// A call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) market: &'a Market,
    pub(super) request: &'a Request,
    pub(super) options: &'a Options,
    pub(super) now: DateTime<Utc>,
}

/// An issue at a moment.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) issue: Issue,
    pub(super) day: NaiveDate,
    pub(super) progress: Progress,
    /// The last price.
    pub(super) price: i64,
    /// The close of the day before.
    pub(super) base: i64,
    /// The day so far.
    pub(super) candle: Candle,
}

impl<'a> Asked<'a> {
    /// A parameter, in any case, without the spaces around it.
    pub(super) fn param(&self, name: &str) -> &'a str {
        let params = &self.request.params;
        let given = params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        given.map_or("", |(_, value)| value.trim())
    }

    /// A day that a parameter names.
    pub(super) fn day(&self, name: &str) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(self.param(name), "%Y%m%d").ok()
    }

    /// Won by which prices of the venue that is asked about are above those of the Korea Exchange.
    fn premium(&self, venue: &str) -> i64 {
        match venue {
            "NX" => self.options.nxt_premium,
            "UN" => self.options.nxt_premium / 2,
            _ => 0,
        }
    }

    /// The issue that is asked about, if it is known at the venue.
    pub(super) fn issue(&self) -> Option<(Issue, &'a str)> {
        let venue = self.param("FID_COND_MRKT_DIV_CODE");
        Some((self.issue_at(self.param("FID_INPUT_ISCD"), venue)?, venue))
    }

    pub(super) fn issue_at(&self, code: &str, venue: &str) -> Option<Issue> {
        Issue::domestic(self.market, code, self.options).filter(|issue| venue != "NX" || issue.is_on_nxt())
    }

    pub(super) fn view(&self, issue: Issue, venue: &str) -> View {
        self.market.view(issue, self.now).shifted(self.premium(venue))
    }

    /// The candle of a day that is over, or of today so far.
    pub(super) fn candle(&self, issue: &Issue, venue: &str, day: NaiveDate) -> Candle {
        let (today, progress) = issue.venue.day_at(self.now);
        let candle = match day == today {
            true => Day::new(self.market, issue, day).until(progress),
            false => self.market.candle(issue, day),
        };
        candle.shifted(self.premium(venue))
    }

    /// The minute of a day, with its premium.
    pub(super) fn shifted(&self, candle: Candle, venue: &str) -> Candle {
        candle.shifted(self.premium(venue))
    }

    /// What the clocks in Seoul show.
    pub(super) fn hour(&self) -> String {
        kst(self.now).format("%H%M%S").to_string()
    }
}

impl Candle {
    fn shifted(self, by: i64) -> Self {
        let amount = self.amount + i128::from(by) * i128::from(self.volume);
        let Self { open, high, low, close, volume, .. } = self;
        Self { open: open + by, high: high + by, low: low + by, close: close + by, volume, amount }
    }
}

impl Market {
    /// An issue as it is quoted at a moment.
    pub(super) fn view(&self, issue: Issue, now: DateTime<Utc>) -> View {
        let (day, progress) = issue.venue.day_at(now);
        let mut whole = Day::new(self, &issue, day);
        let (base, candle) = (whole.base, whole.until(progress));
        let price = self.price(&issue, now);
        View { day, progress, price, base, candle, issue }
    }
}

impl View {
    fn shifted(self, by: i64) -> Self {
        Self { price: self.price + by, base: self.base, candle: self.candle.shifted(by), ..self }
    }

    pub(super) fn change(&self) -> i64 {
        self.price - self.base
    }

    /// 1 upper limit, 2 up, 3 flat, 4 lower limit, 5 down.
    pub(super) fn sign(&self) -> &'static str {
        match self.issue.ticks.limits(self.base) {
            Some((upper, _)) if self.price == upper && self.change() > 0 => "1",
            Some((_, lower)) if self.price == lower && self.change() < 0 => "4",
            _ => sign(self.change()),
        }
    }

    pub(super) fn rate(&self) -> String {
        percent(self.change(), self.base)
    }

    /// Open, high and low, which are nothing before the first trade.
    pub(super) fn traded(&self, price: i64) -> i64 {
        if self.candle.volume == 0 { 0 } else { price }
    }

    pub(super) fn limits(&self) -> (i64, i64) {
        self.issue.ticks.limits(self.base).unwrap_or((0, 0))
    }

    /// The best ask and the best bid: the last trade was made at one of them.
    pub(super) fn best(&self) -> (i64, i64) {
        let ticks = self.issue.ticks;
        let hash = super::noise::mix(self.issue.seed ^ self.price.cast_unsigned(), self.candle.volume.cast_unsigned());
        if hash & 1 == 0 { (self.price, ticks.step(self.price, -1)) } else { (ticks.step(self.price, 1), self.price) }
    }

    /// What many answers say of a price.
    pub(super) fn fields(&self) -> Fields {
        let (upper, lower) = self.limits();
        Fields::of([
            ("stck_prpr", self.price.to_string()),
            ("prdy_vrss", self.change().to_string()),
            ("prdy_vrss_sign", self.sign().to_owned()),
            ("prdy_ctrt", self.rate()),
            ("acml_vol", self.candle.volume.to_string()),
            ("acml_tr_pbmn", self.candle.amount.to_string()),
            ("stck_oprc", self.traded(self.candle.open).to_string()),
            ("stck_hgpr", self.traded(self.candle.high).to_string()),
            ("stck_lwpr", self.traded(self.candle.low).to_string()),
            ("stck_mxpr", upper.to_string()),
            ("stck_llam", lower.to_string()),
            ("stck_sdpr", self.base.to_string()),
            ("stck_prdy_clpr", self.base.to_string()),
            ("hts_kor_isnm", self.issue.name.clone()),
            ("stck_shrn_iscd", self.issue.code.clone()),
            ("mksc_shrn_iscd", self.issue.code.clone()),
            ("lstn_stcn", self.issue.shares().to_string()),
            ("hts_avls", (i128::from(self.price) * i128::from(self.issue.shares()) / 100_000_000).to_string()),
            ("vol_tnrt", percent(self.candle.volume, self.issue.shares())),
        ])
    }
}

/// Of a change: 2 up, 3 flat, 5 down.
pub(super) fn sign(change: i64) -> &'static str {
    match change {
        1.. => "2",
        0 => "3",
        _ => "5",
    }
}

/// A part of a whole in percent, with two places.
pub(super) fn percent(part: i64, whole: i64) -> String {
    ratio(i128::from(part) * 100, i128::from(whole), 2)
}

/// One divided by another with so many places; nothing divided by nothing is nothing.
pub(super) fn ratio(part: i128, whole: i128, places: u32) -> String {
    let decimal = |number| Decimal::try_from_i128_with_scale(number, 0).unwrap_or_default();
    fixed(decimal(part).checked_div(decimal(whole)).unwrap_or_default(), places)
}

/// A number with exactly so many places.
pub(super) fn fixed(number: Decimal, places: u32) -> String {
    let mut number = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    number.rescale(places);
    if number.is_zero() { number.abs().to_string() } else { number.to_string() }
}

/// A day as KIS writes it.
pub(super) fn written(day: NaiveDate) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}
