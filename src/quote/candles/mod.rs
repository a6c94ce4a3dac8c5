//! Candles: a walk back in time, page by page, as far as is wanted.
//!
//! [`Walk`] is a machine without a clock or a socket: it says which call comes next, and takes what KIS answered. KIS gives a page
//! newest first, and the next page ends before the oldest row; so nothing is lost between two, and nothing comes twice.

mod gather;
mod kept;
mod pages;
mod store;
mod wanted;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use self::{
    kept::{Kept, Whole},
    pages::Source,
};
use super::{Answered, ReadFault, exact, stock::Stock};
use crate::wire::{
    number::Number,
    types::{self, Candle, Interval},
};

pub use self::{
    store::{CandleStore, Settings, trouble},
    wanted::{Unfit, Wanted},
};

/// A row of KIS: what was traded in its time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bar {
    /// When it begins, by the market's clock.
    at: NaiveDateTime,
    open: Option<Decimal>,
    high: Option<Decimal>,
    low: Option<Decimal>,
    close: Decimal,
    volume: Option<Decimal>,
    value: Value,
}

/// What was paid in the time of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// So much, if KIS says it.
    Own(Option<Decimal>),
    /// So much since the day began.
    SinceOpen(Decimal),
}

/// Candles on the way.
#[derive(Debug)]
pub struct Walk {
    wanted: Wanted,
    source: Source,
    /// Where the next page ends.
    end: NaiveDateTime,
    /// What is there, newest first.
    bars: Vec<Bar>,
    /// Whether there is nothing further back.
    is_over: bool,
    /// Days in a row that had nothing.
    empty: u32,
    /// What is kept of earlier walks, and not yet taken.
    kept: Kept,
    /// When KIS gave the oldest of what was taken of it.
    kept_at: Option<DateTime<Utc>>,
    /// What came of KIS, for the store.
    pages: Vec<Whole>,
    /// KIS has other rows now than are kept.
    is_stale: bool,
    /// The last day of which KIS gave a row and that has come to its morning.
    newest_day: Option<NaiveDate>,
}

/// So many days without a trade end a walk by days: longer than any holidays.
const EMPTY_DAYS: u32 = 12;

/// When the last session of a day is over at home.
fn close_of_day() -> NaiveTime {
    NaiveTime::from_hms_opt(20, 0, 0).unwrap_or_default()
}

impl Walk {
    /// A walk to what is wanted.
    pub fn new(wanted: Wanted) -> Self {
        let source = Source::of(&wanted);
        let end = wanted.to;
        Self {
            wanted,
            source,
            end,
            bars: Vec::new(),
            is_over: false,
            empty: 0,
            kept: Kept::default(),
            kept_at: None,
            pages: Vec::new(),
            is_stale: false,
            newest_day: None,
        }
    }

    /// The operation to call next, with its parameters; `None`: enough is there.
    pub fn next_call(&self) -> Option<(&'static str, Vec<(&'static str, String)>)> {
        (!self.is_over && !self.has_enough()).then(|| self.source.call(&self.wanted, self.end, self.bars.is_empty()))
    }

    /// Whether the next page is of days so far back that KIS will not change it before tomorrow.
    pub fn is_settled(&self) -> bool {
        self.end.date() + Days::new(7) < self.wanted.now.date()
    }

    /// Whether it would be of use without what is still to come.
    pub fn has_some(&self) -> bool {
        !self.bars.is_empty()
    }

    fn has_enough(&self) -> bool {
        let Some(oldest) = self.bars.last() else { return false };
        let count = gather::count(&self.bars, self.step());
        // One more at home: it tells what was paid in the minute after it, and that a candle of several minutes is whole.
        let is_home = matches!(self.source, Source::Today | Source::Past);
        let needed = self.wanted.limit + usize::from(is_home);
        self.wanted.from.is_some_and(|from| oldest.at < from) || count >= needed
    }

    /// Rows of KIS that make a candle.
    fn step(&self) -> usize {
        match self.source {
            Source::Today | Source::Past => usize::try_from(self.wanted.minutes().unwrap_or(1)).unwrap_or(1),
            _ => 1,
        }
    }

    /// Takes a page.
    pub fn add(&mut self, answered: &Answered<'_>) -> Result<(), ReadFault> {
        let page = self.source.read(&self.wanted, answered)?;
        self.note(&page.bars, page.is_full, answered.as_of.to_utc());
        let before = self.bars.len();
        for bar in page.bars {
            let is_older = self.bars.last().is_none_or(|last| bar.at < last.at);
            if is_older && bar.at <= self.wanted.to && bar.at <= self.wanted.now {
                self.bars.push(bar);
            }
        }
        let has_moved = self.bars.len() > before;
        let oldest = self.bars.last().map(|bar| bar.at).filter(|_| has_moved);
        match (self.source, oldest) {
            (Source::Today, oldest) if !page.is_full || oldest.is_none() => {
                self.source = Source::Past;
                self.end = (self.wanted.now.date() - Days::new(1)).and_time(close_of_day());
                self.is_over = self.wanted.from.is_some_and(|from| from.date() >= self.wanted.now.date());
            }
            (Source::Past, None) => {
                self.empty += 1;
                self.end = (self.end.date() - Days::new(1)).and_time(close_of_day());
                let is_before = self.wanted.from.is_some_and(|from| self.end < from);
                self.is_over = is_before || self.empty >= EMPTY_DAYS;
            }
            (Source::Past, Some(oldest)) => {
                self.empty = 0;
                self.end = oldest - TimeDelta::minutes(1);
            }
            (_, Some(oldest)) if page.is_full => self.end = self.before(oldest),
            _ => self.is_over = true,
        }
        self.take_kept();
        Ok(())
    }

    /// The instant or the day before a row: of a week, a month or a year the day before it began, whichever of its days KIS names.
    fn before(&self, at: NaiveDateTime) -> NaiveDateTime {
        match self.wanted.interval {
            Interval::Day | Interval::Week | Interval::Month | Interval::Year => {
                (first_of(self.wanted.interval, at.date()) - Days::new(1)).and_time(NaiveTime::MIN)
            }
            _ if self.source == Source::MinutesAbroad => at - TimeDelta::minutes(self.wanted.minutes().unwrap_or(1)),
            _ => at - TimeDelta::minutes(1),
        }
    }

    /// The answer.
    pub fn finish(self, account: &str, as_of: chrono::DateTime<chrono::FixedOffset>) -> types::Candles {
        let Self { wanted, is_over, bars, .. } = &self;
        let step = self.step();
        let mut candles = gather::candles(bars, step, !is_over);
        let all = candles.len();
        candles.retain(|bar| wanted.from.is_none_or(|from| bar.at >= from));
        // Where a row is before the first that is wanted, so is the candle that may not be whole.
        let is_past = bars.last().zip(wanted.from).is_some_and(|(oldest, from)| oldest.at < from);
        let reached = is_past || candles.len() < all;
        let is_cut = candles.len() > wanted.limit;
        candles.truncate(wanted.limit);
        let goes_on = is_cut || !reached && !is_over;
        let next = candles.last().filter(|_| goes_on).map(|oldest| match wanted.minutes() {
            None => self.before(oldest.at).date().and_time(NaiveTime::MIN),
            Some(_) => oldest.at - TimeDelta::seconds(1),
        });
        let next = next.filter(|next| wanted.from.is_none_or(|from| *next >= from));
        let next = next.map(|next| if wanted.minutes().is_none() { next.date().to_string() } else { next.to_string() });
        let Stock { code, market } = wanted.stock.clone();
        types::Candles {
            currency: wanted.stock.currency().to_owned(),
            stock_code: code,
            market,
            interval: wanted.interval,
            adjusted: wanted.adjusted,
            candles: candles.into_iter().rev().map(|bar| wanted.candle(bar)).collect(),
            next,
            account_name: account.to_owned(),
            as_of,
        }
    }
}

/// The first day of the week, month or year that has a day.
fn first_of(interval: Interval, day: NaiveDate) -> NaiveDate {
    match interval {
        Interval::Week => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
        Interval::Month => day.with_day(1).unwrap_or(day),
        Interval::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day),
        _ => day,
    }
}

impl Wanted {
    fn candle(&self, bar: Bar) -> Candle {
        let Value::Own(value) = bar.value else {
            // Gathering has made it its own.
            return Candle { trade_value: None, ..self.candle(Bar { value: Value::Own(None), ..bar }) };
        };
        Candle {
            time: self.shown(bar.at),
            open: exact(bar.open),
            high: exact(bar.high),
            low: exact(bar.low),
            close: Number(bar.close),
            volume: exact(bar.volume),
            trade_value: exact(value),
        }
    }
}

#[cfg(test)]
mod tests;
