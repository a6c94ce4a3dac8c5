//! Minutes and days: trades of a minute, and what they add up to.

use chrono::{Datelike, NaiveDate};

use super::{
    Market,
    hours::{Progress, TRADES},
    issue::Issue,
    noise::{DAY, Path, below, mix},
};

/// What was traded in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candle {
    pub(super) open: i64,
    pub(super) high: i64,
    pub(super) low: i64,
    pub(super) close: i64,
    /// Shares.
    pub(super) volume: i64,
    /// What was paid for them, in the unit of the prices.
    pub(super) amount: i128,
}

/// Whether a day has prices that were steered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pinned {
    Never,
    /// All day long.
    Always(i64),
    Partly,
}

/// One trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trade {
    pub(super) price: i64,
    pub(super) volume: i64,
}

impl Candle {
    /// A time without a trade.
    pub(super) fn none(price: i64) -> Self {
        Self { open: price, high: price, low: price, close: price, volume: 0, amount: 0 }
    }

    /// The same with a later time added. A time without a trade changes nothing.
    pub(super) fn and(self, later: Self) -> Self {
        match (self.volume, later.volume) {
            (_, 0) => self,
            (0, _) => later,
            _ => Self {
                open: self.open,
                high: self.high.max(later.high),
                low: self.low.min(later.low),
                close: later.close,
                volume: self.volume + later.volume,
                amount: self.amount + later.amount,
            },
        }
    }

    pub(super) fn of(trades: &[Trade], before: i64) -> Self {
        trades.iter().fold(Self::none(before), |candle, trade| {
            let Trade { price, volume } = *trade;
            let amount = i128::from(price) * i128::from(volume);
            candle.and(Self { open: price, high: price, low: price, close: price, volume, amount })
        })
    }
}

/// A day of one issue, whose minutes are asked for one after another.
#[derive(Debug)]
pub(super) struct Day<'a> {
    market: &'a Market,
    issue: &'a Issue,
    pub(super) day: NaiveDate,
    path: Path,
    /// The close of the day before.
    pub(super) base: i64,
    limits: Option<(i64, i64)>,
    pinned: Pinned,
    /// Shares that a minute trades, more or less.
    usual: i64,
}

impl<'a> Day<'a> {
    pub(super) fn new(market: &'a Market, issue: &'a Issue, day: NaiveDate) -> Self {
        let path = market.path(issue);
        let base = market.close(issue, issue.country().open_before(day));
        let busy = 50 + below(mix(issue.seed, day_number(day)), 150);
        // Three thousandths of all shares on a usual day.
        let minutes = i64::try_from(issue.venue.minutes()).unwrap_or(1);
        let usual = (issue.shares() / 1_000 * 3 * busy / 100 / minutes).max(48);
        let pinned = market.pinned(issue, day);
        Self { market, issue, day, path, base, limits: issue.ticks.limits(base), pinned, usual }
    }

    /// The price at the end of a minute, counted from 1; 0 is the beginning of the day.
    fn at(&mut self, minute: usize) -> i64 {
        self.market.price_at(self.issue, &mut self.path, self.day, minute)
    }

    /// What chance has for a minute.
    fn chance(&self, minute: usize) -> u64 {
        let place = mix(day_number(self.day), u64::try_from(minute).unwrap_or(0));
        mix(self.issue.seed ^ 0x5eed, place)
    }

    fn is_auction(&self, minute: usize) -> bool {
        self.issue.venue.has_auction() && minute + 1 == self.issue.venue.minutes()
    }

    /// The price of the whole day, if it has but one.
    fn only(&self) -> Option<i64> {
        match self.pinned {
            Pinned::Always(price) => Some(price),
            Pinned::Never if self.issue.is_still => Some(self.issue.anchor),
            _ => None,
        }
    }

    /// The trades of a minute.
    pub(super) fn trades(&mut self, minute: usize) -> [Trade; TRADES] {
        let (open, close) = (self.at(minute), self.at(minute + 1));
        let (chance, is_auction) = (self.chance(minute), self.is_auction(minute));
        let reach = if self.issue.is_still || is_auction { 1 } else { self.market.reach() + 1 };
        let ticks = self.issue.ticks;
        let mut highest = ticks.step(open.max(close), below(chance >> 8, reach));
        let mut lowest = ticks.step(open.min(close), -below(chance >> 16, reach));
        if let Some((upper, lower)) = self.limits {
            (highest, lowest) = (highest.min(upper.max(open.max(close))), lowest.max(lower.min(open.min(close))));
        }
        let rises_first = chance & 1 == 0;
        let (third, eighth) = if rises_first { (highest, lowest) } else { (lowest, highest) };
        let corners = [(0, open), (3, third), (8, eighth), (TRADES - 1, close)];
        let volume = self.volume(chance, is_auction);
        let mut trades = [Trade { price: close, volume: 0 }; TRADES];
        for pair in corners.windows(2) {
            let [(from, begin), (to, end)] = *pair else { continue };
            let way = i64::try_from(to - from).unwrap_or(1);
            for (gone, trade) in trades.iter_mut().skip(from).take(to - from + 1).enumerate() {
                let gone = i64::try_from(gone).unwrap_or(0);
                trade.price = if gone == way { end } else { ticks.cut(begin + (end - begin) * gone / way) };
            }
        }
        if is_auction {
            trades[0] = Trade { price: close, volume };
        }
        let mut left = volume;
        for (at, trade) in trades.iter_mut().enumerate().filter(|_| !is_auction) {
            // At most a twelfth, so that something is left for the last.
            let share = volume / 24 + below(mix(chance, u64::try_from(at).unwrap_or(0)), volume / 24 + 1);
            trade.volume = if at == TRADES - 1 { left } else { share };
            left -= trade.volume;
        }
        if self.pinned != Pinned::Never {
            for (at, trade) in trades.iter_mut().enumerate() {
                let moment = self.issue.venue.moment(self.day, minute, at);
                trade.price = self.market.pin(self.issue, moment).unwrap_or(trade.price);
            }
        }
        trades
    }

    /// Shares that are traded in a minute: none while trading is halted, many in an auction.
    fn volume(&self, chance: u64, is_auction: bool) -> i64 {
        match (self.issue.is_halted(self.day), is_auction) {
            (true, _) => 0,
            (false, true) => self.usual * 20 + below(chance >> 24, self.usual * 10 + 1),
            (false, false) => self.usual / 2 + 1 + below(chance >> 24, self.usual + 1),
        }
    }

    /// The candle of a minute, of all its trades or of the first of them.
    pub(super) fn minute(&mut self, minute: usize, trades: usize) -> Candle {
        if let Some(price) = self.only().filter(|_| trades == TRADES) {
            let volume = self.volume(self.chance(minute), self.is_auction(minute));
            return Candle { volume, amount: i128::from(price) * i128::from(volume), ..Candle::none(price) };
        }
        let made = self.trades(minute);
        let made = made.get(..trades.min(TRADES)).unwrap_or(&made);
        let first = made.first().map_or(self.base, |trade| trade.price);
        Candle::of(made, first)
    }

    /// What minutes add up to.
    pub(super) fn minutes(&mut self, from: usize, to: usize) -> Candle {
        let base = self.base;
        (from..to).fold(Candle::none(base), |candle, minute| candle.and(self.minute(minute, TRADES)))
    }

    /// The whole day until it has come so far.
    pub(super) fn until(&mut self, progress: Progress) -> Candle {
        let whole = self.market.remembered(self.issue, self, progress.minutes);
        match progress.trades {
            0 => whole,
            trades => whole.and(self.minute(progress.minutes, trades)),
        }
    }
}

/// The steps of a day's beginning.
pub(super) fn step_of(day: NaiveDate, minute: usize, minutes: usize) -> i64 {
    let inside = i64::try_from(minute).unwrap_or(0) * DAY / i64::try_from(minutes).unwrap_or(1).max(1);
    i64::from(day.num_days_from_ce()) * DAY + inside
}

fn day_number(day: NaiveDate) -> u64 {
    u64::try_from(day.num_days_from_ce()).unwrap_or(0)
}
