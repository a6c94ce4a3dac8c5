//! What an order needs to know of an issue: its price, its limits, its book, and the trades since a moment.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use super::{
    Market,
    candle::Day,
    domestic::side,
    hours::{Hours, TRADES, Venue},
    issue::Issue,
    noise::mix,
};
use crate::{
    Options,
    clock::{from_kst, kst},
    listing::Listed,
};

/// The longest time whose trades are looked at: an order of a day is dead by then.
const LOOK_BACK: TimeDelta = TimeDelta::hours(30);

/// The minute of the day at which the American evening ends.
const EVENING: usize = 1_200;

/// The hours of the American day market, in Korea.
const DAY_MARKET: std::ops::Range<u32> = 10..18;

/// An issue at a moment, as an order sees it.
#[derive(Debug, Clone)]
pub(crate) struct Quote {
    pub(crate) name: String,
    /// Places of a printed price; all prices here are whole numbers of the smallest unit.
    pub(crate) decimals: u32,
    pub(crate) listed: Option<&'static Listed>,
    /// The last price.
    pub(crate) last: i64,
    /// The close of the day before.
    pub(crate) base: i64,
    /// The highest and the lowest price of the day.
    pub(crate) limits: (i64, i64),
    /// The best ask and the best bid.
    pub(crate) best: (i64, i64),
    pub(crate) is_halted: bool,
    pub(crate) is_on_nxt: bool,
    issue: Issue,
}

impl Quote {
    /// Whether a price is one that there is.
    pub(crate) fn is_step(&self, price: i64) -> bool {
        self.issue.ticks.cut(price) == price
    }

    /// What waits on one side of the book, the best first.
    pub(crate) fn book(&self, market: &Market, now: DateTime<Utc>, asks: bool) -> Vec<(i64, i64)> {
        let view = market.view(self.issue.clone(), now);
        side(&view, asks).into_iter().filter(|(price, _)| *price > 0).collect()
    }

    /// Whether it is traded at this moment.
    pub(crate) fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.issue.venue.is_open(now)
    }

    /// The day of its place at a moment.
    fn local_day(&self, now: DateTime<Utc>) -> NaiveDate {
        self.issue.venue.local(now).date_naive()
    }

    /// Whether orders are taken now abroad: in the session and half an hour before; in the United States from four in the morning
    /// until eight in the evening.
    pub(crate) fn takes_orders(&self, now: DateTime<Utc>) -> bool {
        let venue = self.issue.venue;
        let (day, (from, to)) = (self.local_day(now), venue.span());
        let (from, to) = if venue.is_american() { (240, EVENING) } else { (from.saturating_sub(30), to) };
        venue.trades_on(day, day)
            && (venue.is_always() || (venue.minute(day, from)..venue.minute(day, to)).contains(&now))
    }

    /// Whether the American day market is open: from ten until six in Korea, on the days of the session that follows.
    pub(crate) fn is_day_market(&self, now: DateTime<Utc>) -> bool {
        let local = kst(now);
        let venue = self.issue.venue;
        let day = local.date_naive();
        venue.is_always() || venue.trades_on(day, day) && DAY_MARKET.contains(&local.hour())
    }

    /// When an order of the American day market dies.
    pub(crate) fn end_of_day_market(&self, placed: DateTime<Utc>) -> DateTime<Utc> {
        let day = kst(placed).date_naive();
        let midnight = from_kst(day.and_time(NaiveTime::MIN)).unwrap_or_default();
        midnight + TimeDelta::hours(if self.issue.venue.is_always() { 24 } else { i64::from(DAY_MARKET.end) })
    }

    /// When an order of a day abroad dies: with the session, or if it came later with the evening.
    pub(crate) fn end_of_day(&self, placed: DateTime<Utc>) -> DateTime<Utc> {
        let venue = self.issue.venue;
        let (day, (_, to)) = (self.local_day(placed), venue.span());
        let close = venue.minute(day, to);
        if placed < close { close } else { venue.minute(day, EVENING) }
    }

    /// When its session begins next after a moment.
    pub(crate) fn next_opening(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let (venue, (from, _)) = (self.issue.venue, self.issue.venue.span());
        let days = std::iter::successors(Some(self.local_day(now)), NaiveDate::succ_opt).take(30);
        let openings = days.filter(|day| venue.trades_on(*day, *day)).map(|day| venue.minute(day, from));
        openings.into_iter().find(|opening| *opening > now).unwrap_or(now)
    }

    /// The trades after one moment and up to another: when, at what price, how many shares.
    pub(crate) fn trades(
        &self,
        market: &Market,
        after: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Vec<(DateTime<Utc>, i64, i64)> {
        let after = after.max(until - LOOK_BACK);
        let venue = self.issue.venue;
        let (first, last) = (venue.local(after).date_naive(), venue.local(until).date_naive());
        let days = std::iter::successors(Some(first), NaiveDate::succ_opt).take_while(|day| *day <= last);
        let mut made = Vec::new();
        for date in days.filter(|day| venue.trades_on(*day, *day)) {
            let mut day = Day::new(market, &self.issue, date);
            for minute in 0..venue.minutes() {
                if venue.moment(date, minute, TRADES - 1) <= after || venue.moment(date, minute, 0) > until {
                    continue;
                }
                for (at, trade) in day.trades(minute).into_iter().enumerate().filter(|(_, trade)| trade.volume > 0) {
                    let moment = venue.moment(date, minute, at);
                    if moment > after && moment <= until {
                        made.push((moment, trade.price, trade.volume));
                    }
                }
            }
        }
        made
    }
}

impl Market {
    /// An issue of the Korea Exchange at a moment.
    pub(crate) fn quote(&self, code: &str, options: &Options, now: DateTime<Utc>) -> Option<Quote> {
        Some(self.quote_of(Issue::domestic(self, code, options)?, now))
    }

    /// An issue abroad at a moment.
    pub(crate) fn quote_abroad(&self, listed: &'static Listed, now: DateTime<Utc>) -> Quote {
        self.quote_of(Issue::of_listed(self, listed), now)
    }

    fn quote_of(&self, issue: Issue, now: DateTime<Utc>) -> Quote {
        let view = self.view(issue, now);
        Quote {
            name: view.issue.name.clone(),
            decimals: view.issue.decimals,
            listed: view.issue.listed,
            last: view.price,
            base: view.base,
            limits: view.issue.ticks.limits(view.base).unwrap_or((i64::MAX, 1)),
            best: view.best(),
            is_halted: view.issue.is_halted(view.day),
            is_on_nxt: view.issue.is_on_nxt(),
            issue: view.issue,
        }
    }

    /// The day of its place at a moment, for an issue abroad.
    pub(crate) fn local_day(&self, listed: &Listed, now: DateTime<Utc>) -> NaiveDate {
        Venue::of(listed.market, self.hours).local(now).date_naive()
    }

    /// When its markets are open.
    pub(crate) fn hours(&self) -> Hours {
        self.hours
    }

    /// Whether no price moves unless it is steered.
    pub(crate) fn is_still(&self) -> bool {
        self.is_still
    }

    /// Something that is left to chance, and the same whenever it is asked for.
    pub(crate) fn chance(&self, of: u64) -> u64 {
        mix(self.seed, of)
    }

    /// Whether the Korea Exchange trades on a day.
    pub(crate) fn trades_on(&self, day: NaiveDate) -> bool {
        self.hours == Hours::Always || super::calendar::Country::Korea.is_open(day)
    }

    /// The day of trading after a day.
    pub(crate) fn day_after(&self, day: NaiveDate) -> NaiveDate {
        let later = std::iter::successors(day.succ_opt(), NaiveDate::succ_opt);
        later.into_iter().take(30).find(|day| super::calendar::Country::Korea.is_open(*day)).unwrap_or(day)
    }
}
