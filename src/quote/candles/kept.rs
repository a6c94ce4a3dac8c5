//! What of a walk is kept, and what is taken of what was kept before.
//!
//! Only complete days are kept. Which day is complete is told by KIS's own rows: there is one of a later day, and on that day it was
//! eight in the morning at the market. So a calendar that is wrong cannot keep a wrong volume for ever. Rows that KIS adjusts may all
//! change overnight: a span of them is believed only when a page of today has agreed with rows of it.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::{Bar, Source, Walk, wanted::zone};
use crate::wire::types::{Interval, Market};

/// No market closes for so many days: a day so far back is complete, whatever came after.
const LONGEST_PAUSE: Days = Days::new(14);

/// At this hour of the market, on its next day, a day is complete.
const COMPLETE_FROM: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// Rows that are compared with those kept, at least: more than a page has.
const LEAST: usize = 150;

/// Which rows belong together in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) market: Market,
    pub(super) code: String,
    pub(super) kind: Kind,
    pub(super) adjusted: bool,
}

/// How long a row lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Day,
    Minute,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Day => "1d",
            Self::Minute => "1m",
        }
    }

    /// From one row to the next, at least.
    pub(super) const fn step(self) -> TimeDelta {
        match self {
            Self::Day => TimeDelta::days(1),
            Self::Minute => TimeDelta::minutes(1),
        }
    }
}

/// Times between which every row is known, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: NaiveDateTime,
    pub(super) last: NaiveDateTime,
}

impl Span {
    pub(super) fn has(&self, at: NaiveDateTime) -> bool {
        (self.first..=self.last).contains(&at)
    }

    /// What both have.
    fn and(&self, other: &Self) -> Option<Self> {
        let both = Self { first: self.first.max(other.first), last: self.last.min(other.last) };
        (both.first <= both.last).then_some(both)
    }
}

/// A span that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeptSpan {
    pub(super) span: Span,
    /// When KIS last gave rows of it, or agreed with some.
    pub(super) agreed_at: DateTime<Utc>,
}

/// What the store has of a series, as far as a walk can use it.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub(super) spans: Vec<KeptSpan>,
    /// Newest first.
    pub(super) bars: Vec<Bar>,
}

/// A page of KIS, which has all rows of a span.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub(super) span: Span,
    /// Newest first.
    pub(super) bars: Vec<Bar>,
    /// When KIS gave it.
    pub(super) at: DateTime<Utc>,
}

/// What a walk asks the store for.
#[derive(Debug, Clone)]
pub struct Needs {
    pub(super) series: Series,
    pub(super) from: Option<NaiveDateTime>,
    /// So many rows before that are needed too: they tell that what begins there is whole, and that there is more.
    pub(super) before: usize,
    pub(super) to: NaiveDateTime,
    /// Rows at most, the newest.
    pub(super) most: usize,
}

/// What a walk has learned.
#[derive(Debug)]
pub struct Learned {
    pub(super) series: Series,
    pub(super) pages: Vec<Whole>,
    /// Adjusted rows that were agreed upon before this are to be agreed upon again.
    pub(super) sure_since: DateTime<Utc>,
    /// KIS has other rows now than are kept.
    pub(super) is_stale: bool,
    pub(super) at: DateTime<Utc>,
}

impl Walk {
    /// What the store may have of it; `None`: nothing of the kind is kept.
    pub fn needs(&self) -> Option<Needs> {
        let rows = self.wanted.limit.saturating_mul(self.step()).saturating_add(2);
        let (from, to) = (self.wanted.from, self.end);
        Some(Needs { series: self.series()?, from, before: self.step() + 1, to, most: rows.max(LEAST) })
    }

    fn series(&self) -> Option<Series> {
        let kind = match self.source {
            Source::Days(_) | Source::DaysAbroad(_) if self.wanted.interval == Interval::Day => Kind::Day,
            Source::Today | Source::Past => Kind::Minute,
            _ => return None,
        };
        let (market, code) = (self.wanted.stock.market, self.wanted.stock.code.clone());
        Some(Series { market, code, kind, adjusted: self.wanted.adjusted })
    }

    /// Uses what is kept, as far as it can be believed.
    pub fn recall(&mut self, kept: Kept) {
        self.kept = kept;
        self.take_kept();
    }

    /// When KIS gave the oldest of what was taken from the store.
    pub fn kept_at(&self) -> Option<DateTime<Utc>> {
        self.kept_at
    }

    /// Takes what is kept as long as it goes on from where the walk is.
    pub(super) fn take_kept(&mut self) {
        let Some(Series { kind, .. }) = self.series().filter(|_| self.source != Source::Today) else { return };
        while !self.is_over && !self.has_enough() {
            let end = if kind == Kind::Day { self.end.date().and_time(NaiveTime::MIN) } else { self.end };
            let sure_since = self.sure_since();
            let kept = self.kept.spans.iter().find(|kept| kept.span.has(end) && kept.agreed_at >= sure_since).copied();
            let Some(KeptSpan { span, agreed_at }) = kept else { return };
            for bar in &self.kept.bars {
                let is_older = self.bars.last().is_none_or(|last| bar.at < last.at);
                if is_older && bar.at <= end && span.has(bar.at) {
                    self.bars.push(bar.clone());
                }
            }
            self.kept_at = Some(self.kept_at.map_or(agreed_at, |before| before.min(agreed_at)));
            self.empty = 0;
            self.end = span.first - kind.step();
            let is_before = kind == Kind::Day && self.wanted.from.is_some_and(|from| self.end < from);
            self.is_over = is_before || span.first <= beginning();
        }
    }

    /// Looks whether a page says what is kept, and notes what it is for the store.
    pub(super) fn note(&mut self, bars: &[Bar], is_full: bool, at: DateTime<Utc>) {
        // It may have been in memory since before the morning.
        let then = at.with_timezone(&zone(self.wanted.stock.market)).naive_local();
        let newest = bars.iter().map(|bar| bar.at.date()).filter(|day| day.and_time(COMPLETE_FROM) <= then);
        self.newest_day = newest.chain(self.newest_day).max();
        let Some(Series { kind, adjusted, .. }) = self.series().filter(|_| self.source != Source::Today) else {
            return;
        };
        let last = if kind == Kind::Day { self.end.date().and_time(NaiveTime::MIN) } else { self.end };
        let oldest = bars.last().map(|bar| bar.at);
        let first = match self.source {
            // All that there is between two days.
            Source::Days(_) if !is_full => Some(self.wanted.from.unwrap_or_else(beginning)),
            _ => oldest,
        };
        let Some(span) = first.filter(|first| *first <= last).map(|first| Span { first, last }) else { return };
        let page = Whole { span, bars: bars.iter().filter(|bar| span.has(bar.at)).cloned().collect(), at };
        match self.kept.compare(&page) {
            Agreement::Differs if adjusted => {
                self.kept = Kept::default();
                self.is_stale = true;
            }
            Agreement::Differs => self.kept.cut(&span),
            Agreement::Agrees => {}
        }
        self.pages.push(page);
    }

    /// What there is to keep: complete days.
    pub fn learned(&mut self) -> Option<Learned> {
        let series = self.series()?;
        let mut pages = std::mem::take(&mut self.pages);
        for page in &mut pages {
            let last_day = page.span.last.date();
            let open = page.bars.iter().map(|bar| bar.at.date()).filter(|day| !self.is_complete(*day)).min();
            let until = match open {
                Some(day) => day.and_time(NaiveTime::MIN) - series.kind.step(),
                None if self.is_complete(last_day) => page.span.last,
                None => page.bars.first().map_or(NaiveDateTime::MIN, |bar| bar.at),
            };
            page.span.last = page.span.last.min(until);
            page.bars.retain(|bar| bar.at <= until);
        }
        pages.retain(|page| page.span.first <= page.span.last);
        let is_stale = std::mem::take(&mut self.is_stale);
        let sure_since = self.sure_since();
        (!pages.is_empty() || is_stale).then_some(Learned { series, pages, sure_since, is_stale, at: self.wanted.at })
    }

    fn is_complete(&self, day: NaiveDate) -> bool {
        self.newest_day.is_some_and(|newest| day < newest) || day + LONGEST_PAUSE <= self.wanted.now.date()
    }

    /// When rows that KIS adjusts may last have changed: this morning at the market. Others never do.
    fn sure_since(&self) -> DateTime<Utc> {
        if !self.wanted.adjusted {
            return DateTime::<Utc>::MIN_UTC;
        }
        let today = self.wanted.now.date().and_time(COMPLETE_FROM);
        let morning = if today <= self.wanted.now { today } else { today - TimeDelta::days(1) };
        let morning = morning.and_local_timezone(zone(self.wanted.stock.market)).latest();
        morning.map_or(self.wanted.at, |morning| morning.to_utc())
    }
}

/// Before there was a stock exchange.
pub(super) fn beginning() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(1956, 3, 3).unwrap_or_default().and_time(NaiveTime::MIN)
}

/// What a page and what is kept say about the same times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    Agrees,
    Differs,
}

impl Kept {
    /// Compares a page with what is kept of its times; spans of which it has rows that agree are believed from then on.
    pub(super) fn compare(&mut self, page: &Whole) -> Agreement {
        for kept in &mut self.spans {
            let Some(both) = kept.span.and(&page.span) else { continue };
            let ours = self.bars.iter().filter(|bar| both.has(bar.at));
            let theirs = page.bars.iter().filter(|bar| both.has(bar.at));
            if !ours.clone().eq(theirs) {
                return Agreement::Differs;
            }
            if ours.count() > 0 {
                kept.agreed_at = page.at;
            }
        }
        Agreement::Agrees
    }

    /// Forgets what is kept from a time on that another page is newer about.
    fn cut(&mut self, newer: &Span) {
        self.spans.retain(|kept| kept.span.and(newer).is_none());
    }
}
