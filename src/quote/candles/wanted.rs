//! Which candles are wanted, checked before KIS is asked.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{
    super::stock::{Stock, Venue},
    first_of,
};
use crate::wire::types::{CandlesParams, Interval, Market};

/// Candles of a caller who does not say how many.
const USUAL: u64 = 100;

/// Candles in one answer at most.
const MOST: u64 = 10_000;

/// The candles that are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub(super) stock: Stock,
    pub(super) interval: Interval,
    pub(super) adjusted: bool,
    /// The first, by the market's clock.
    pub(super) from: Option<NaiveDateTime>,
    /// The last.
    pub(super) to: NaiveDateTime,
    /// Now, by the market's clock.
    pub(super) now: NaiveDateTime,
    pub(super) limit: usize,
    /// Now.
    pub(super) at: DateTime<Utc>,
}

/// Why there are no such candles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A parameter is wrong.
    #[error("{0}")]
    Param(String),
    /// KIS has none such.
    #[error("KIS has no candles of {0}")]
    Lacks(&'static str),
}

impl Wanted {
    /// What the parameters ask for, now.
    pub fn of(stock: Stock, params: &CandlesParams, now: DateTime<Utc>) -> Result<Self, Unfit> {
        let wrong = |problem: &str| Unfit::Param(problem.to_owned());
        let zone = zone(stock.market);
        let at = now;
        let now = at.with_timezone(&zone).naive_local();
        let limit = params.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(wrong(&format!("limit must be from 1 to {MOST}")));
        }
        let is_abroad = matches!(stock.venue(), Venue::Overseas(_));
        match params.interval {
            Interval::Unknown => {
                return Err(wrong("interval must be one of 1m, 3m, 5m, 10m, 15m, 30m, 60m, 1d, 1w, 1mo and 1y"));
            }
            Interval::Year if is_abroad => return Err(Unfit::Lacks("years abroad")),
            _ => {}
        }
        let bound = |name: &str, text: &str, is_end: bool| {
            bound(text, zone, is_end).ok_or_else(|| {
                wrong(&format!(
                    "{name} must be a day such as 2026-11-27 or an instant such as 2026-11-27T09:00:00+09:00"
                ))
            })
        };
        let from = params.from.as_deref().map(|text| bound("from", text, false)).transpose()?;
        let to = params.to.as_deref().map(|text| bound("to", text, true)).transpose()?.unwrap_or(now).min(now);
        if from.is_some_and(|from| from > now) {
            return Err(wrong("from is in the future"));
        }
        if from.is_some_and(|from| from > to) {
            return Err(wrong("from is after to"));
        }
        let next =
            params.next.as_deref().map(|next| cursor(next).ok_or_else(|| wrong("next is none that kisd has given")));
        let to = match next.transpose()? {
            Some(next) if next > to || from.is_some_and(|from| next < from) => {
                return Err(wrong("next goes with the from and to that it was given for"));
            }
            next => next.unwrap_or(to),
        };
        let mut wanted = Self {
            stock,
            interval: params.interval,
            adjusted: params.adjusted.unwrap_or(true),
            from,
            to,
            now,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            at,
        };
        if let Some(from) = wanted.from.filter(|_| wanted.minutes().is_none()) {
            // Of days and longer the day counts, and of a week the whole.
            wanted.from = Some(first_of(params.interval, from.date()).and_time(NaiveTime::MIN));
        }
        // Minutes are as they were traded.
        wanted.adjusted &= wanted.minutes().is_none();
        Ok(wanted)
    }

    /// Minutes that a candle lasts; `None`: a day and longer.
    pub(super) fn minutes(&self) -> Option<i64> {
        Some(match self.interval {
            Interval::OneMinute => 1,
            Interval::ThreeMinutes => 3,
            Interval::FiveMinutes => 5,
            Interval::TenMinutes => 10,
            Interval::QuarterHour => 15,
            Interval::HalfHour => 30,
            Interval::Hour => 60,
            Interval::Day | Interval::Week | Interval::Month | Interval::Year | Interval::Unknown => return None,
        })
    }

    /// A time of the market as it is shown.
    pub(super) fn shown(&self, at: NaiveDateTime) -> String {
        if self.minutes().is_none() {
            return at.date().to_string();
        }
        let zone = zone(self.stock.market);
        match zone.from_local_datetime(&at).earliest() {
            Some(at) => crate::clock::kst(at.to_utc()).to_rfc3339(),
            // An hour that the clocks leave out, in which nothing is traded.
            None => at.to_string(),
        }
    }
}

/// The clock of a market.
pub(super) fn zone(market: Market) -> Tz {
    match market {
        Market::Nasdaq | Market::Nyse | Market::Amex => Tz::America__New_York,
        Market::Hkex => Tz::Asia__Hong_Kong,
        Market::Tse => Tz::Asia__Tokyo,
        Market::Sse | Market::Szse => Tz::Asia__Shanghai,
        Market::Hnx | Market::Hsx => Tz::Asia__Ho_Chi_Minh,
        Market::Krx | Market::Nxt | Market::Un | Market::Unknown => Tz::Asia__Seoul,
    }
}

/// A day, from its beginning or to its end, or an instant.
fn bound(text: &str, zone: Tz, is_end: bool) -> Option<NaiveDateTime> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return if is_end { day.and_hms_opt(23, 59, 59) } else { Some(day.and_time(NaiveTime::MIN)) };
    }
    Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&zone).naive_local())
}

/// What an answer before has said.
fn cursor(text: &str) -> Option<NaiveDateTime> {
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(23, 59, 59);
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok().or_else(day)
}
