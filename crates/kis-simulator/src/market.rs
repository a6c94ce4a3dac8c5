//! One market: every price, candle, trade and book of it is made of the seed, the issue and the moment, so that what is asked
//! twice is answered the same, what is asked in two ways agrees, and no day needs the day before it.
//!
//! | file | what it is |
//! |---|---|
//! | `noise` | where a price is at a moment |
//! | `ticks` | steps and daily limits |
//! | `calendar`, `hours` | days and minutes of trading |
//! | `issue` | what is traded |
//! | `candle` | trades of a minute, and what they add up to |
//! | `view` | an issue as it is quoted at a moment |
//! | `sheet` | an answer before it is written: fields by their names |
//! | `domestic`, `chart` | answers about issues of the Korea Exchange |
//! | `info` | days, several issues at once, what an issue is |
//! | `ranking` | rankings and indices |
//! | `investors` | who has bought and sold |
//! | `overseas`, `abroad_minutes`, `abroad_ranking` | answers about issues and indices abroad |
//! | `account` | what an account can buy and sell, and is worth |
//! | `abroad_account`, `abroad_present` | what it holds abroad, and can buy there; the same as of the last settlement, with its money |
//! | `deal` | an issue as an order sees it |

mod abroad_account;
mod abroad_minutes;
mod abroad_present;
mod abroad_ranking;
mod account;
mod calendar;
mod candle;
mod chart;
mod deal;
mod domestic;
mod hours;
mod info;
mod investors;
mod issue;
mod noise;
mod overseas;
mod ranking;
mod sheet;
mod ticks;
mod view;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use chrono::{DateTime, NaiveDate, Utc};
use kis_catalog::Operation;

pub use self::hours::Hours;
pub(super) use self::sheet::{Fields, Sheet, Words};
use self::{
    candle::{Candle, Day, Pinned, step_of},
    hours::{Progress, Venue},
    issue::Issue,
    noise::Path,
};
pub(super) use self::{
    deal::Quote,
    overseas::{market_of, won},
};
use super::{Options, http::Request, setup::MarketSetup, world::locked};

/// Days that are remembered at most: years of every issue.
const REMEMBERED: usize = 1_000_000;

/// Prices that an issue was steered to, each from its moment on.
type Pins = Vec<(DateTime<Utc>, i64)>;

/// The market.
#[derive(Debug)]
pub(super) struct Market {
    seed: u64,
    /// How fast prices walk; 1 is a quiet day.
    speed: u32,
    is_still: bool,
    hours: Hours,
    /// Prices that were steered, by code, each from its moment on.
    pins: Mutex<BTreeMap<String, Pins>>,
    /// How many minutes of a day add up to what, by the issue's seed and the day.
    days: Mutex<HashMap<(u64, NaiveDate), (usize, Candle)>>,
}

/// A day that is surely one.
fn day_of(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

impl Market {
    pub(super) fn new(setup: &MarketSetup) -> Self {
        Self {
            seed: setup.seed,
            speed: setup.speed,
            is_still: setup.still,
            hours: setup.hours,
            pins: Mutex::default(),
            days: Mutex::default(),
        }
    }

    /// What KIS answers to a call, if the market knows it.
    pub(super) fn sheet(
        &self,
        operation: &Operation,
        request: &Request,
        options: &Options,
        now: DateTime<Utc>,
    ) -> Option<Sheet> {
        let asked = view::Asked { market: self, request, options, now };
        let answers = [
            domestic::sheet,
            chart::sheet,
            info::sheet,
            ranking::sheet,
            overseas::sheet,
            account::sheet,
            abroad_account::sheet,
            investors::sheet,
            overseas::sheet,
            abroad_ranking::sheet,
            account::sheet,
            abroad_present::sheet,
        ];
        answers.iter().find_map(|answer| answer(operation.id(), &asked))
    }

    /// The account with its holdings at the prices of a moment.
    pub(super) fn priced(&self, mut options: Options, now: DateTime<Utc>) -> Options {
        if self.is_still {
            return options;
        }
        let prices: Vec<Option<i64>> = options
            .portfolio
            .positions
            .iter()
            .map(|position| Issue::domestic(self, &position.code, &options).map(|issue| self.price(&issue, now)))
            .collect();
        for (position, price) in options.portfolio.positions.iter_mut().zip(prices) {
            position.price = price.unwrap_or(position.price);
        }
        options
    }

    /// Steers a price from a moment on.
    pub(super) fn pin_price(&self, code: &str, price: i64, now: DateTime<Utc>) {
        // It holds from the last trade on, which is the price of now.
        let board = crate::listing::domestic(code).map_or(crate::listing::Market::Kospi, |listed| listed.market);
        let from = Venue::of(board, self.hours).last_trade(now);
        locked(&self.pins).entry(code.to_owned()).or_default().push((from, price));
        locked(&self.days).clear();
    }

    /// Forgets what was steered.
    pub(super) fn reset(&self) {
        locked(&self.pins).clear();
        locked(&self.days).clear();
    }

    /// Whether prices of a day were steered.
    fn pinned(&self, issue: &Issue, day: NaiveDate) -> Pinned {
        let pins = locked(&self.pins);
        let Some(pins) = pins.get(&issue.code).filter(|_| issue.is_pinned) else { return Pinned::Never };
        let first = issue.venue.moment(day, 0, 0);
        let last = issue.venue.moment(day, issue.venue.minutes() - 1, hours::TRADES - 1);
        match (
            pins.iter().rev().find(|(from, _)| *from <= last),
            pins.iter().any(|(from, _)| *from > first && *from <= last),
        ) {
            (None, _) => Pinned::Never,
            (Some((_, price)), false) => Pinned::Always(*price),
            (Some(_), true) => Pinned::Partly,
        }
    }

    /// Whether the last price that a code was steered to is this.
    fn is_pinned_to(&self, code: &str, price: i64) -> bool {
        locked(&self.pins).get(code).and_then(|pins| pins.last()).is_some_and(|(_, pinned)| *pinned == price)
    }

    /// The price that an issue was steered to by a moment.
    fn pin(&self, issue: &Issue, moment: DateTime<Utc>) -> Option<i64> {
        let pins = locked(&self.pins);
        let pins = pins.get(&issue.code).filter(|_| issue.is_pinned)?;
        pins.iter().rev().find(|(from, _)| *from <= moment).map(|(_, price)| *price)
    }

    fn path(&self, issue: &Issue) -> Path {
        Path::new(issue.seed, issue.strength(), i64::from(self.speed))
    }

    /// Steps that a price may leave the straight way within a minute.
    fn reach(&self) -> i64 {
        1 + i64::from(self.speed.min(18)) / 2
    }

    /// The price at the end of a minute of a day, whatever was steered.
    fn price_at(&self, issue: &Issue, path: &mut Path, day: NaiveDate, minute: usize) -> i64 {
        if issue.is_still {
            return issue.anchor;
        }
        let day = if issue.is_halted(day) { day_of(2026, 9, 1) } else { day };
        let minute = if issue.is_halted(day) { 0 } else { minute };
        // On this day the prices are about those of the listing.
        let reference = path.at(step_of(day_of(2026, 11, 27), 0, 1));
        let far = i128::from(path.at(step_of(day, minute, issue.venue.minutes())) - reference);
        let price = i128::from(issue.anchor) * (2_000_000 + far) / (2_000_000 - far);
        issue.ticks.cut(i64::try_from(price).unwrap_or(i64::MAX))
    }

    /// The close of a day that is over.
    fn close(&self, issue: &Issue, day: NaiveDate) -> i64 {
        let minutes = issue.venue.minutes();
        let last = issue.venue.moment(day, minutes - 1, hours::TRADES - 1);
        self.pin(issue, last).unwrap_or_else(|| self.price_at(issue, &mut self.path(issue), day, minutes))
    }

    /// The price at a moment.
    fn price(&self, issue: &Issue, now: DateTime<Utc>) -> i64 {
        if let Some(price) = self.pin(issue, now) {
            return price;
        }
        if issue.is_still {
            return issue.anchor;
        }
        let (day, progress) = issue.venue.day_at(now);
        match progress {
            Progress { minutes: 0, trades: 0 } => self.close(issue, issue.country().open_before(day)),
            Progress { trades: 0, minutes } => self.price_at(issue, &mut self.path(issue), day, minutes),
            Progress { minutes, trades } => {
                let made = Day::new(self, issue, day).trades(minutes);
                made.get(trades - 1).map_or(issue.anchor, |trade| trade.price)
            }
        }
    }

    /// What the first minutes of a day add up to, remembered as far as it was asked for before.
    fn remembered(&self, issue: &Issue, day: &mut Day<'_>, minutes: usize) -> Candle {
        let place = (issue.seed ^ issue.anchor.cast_unsigned(), day.day);
        let known = locked(&self.days).get(&place).copied().filter(|(known, _)| *known <= minutes);
        let (from, candle) = known.unwrap_or((0, Candle::none(day.base)));
        if from == minutes {
            return candle;
        }
        let candle = candle.and(day.minutes(from, minutes));
        let mut days = locked(&self.days);
        if days.len() >= REMEMBERED {
            days.clear();
        }
        days.insert(place, (minutes, candle));
        candle
    }

    /// The candle of a day that is over.
    fn candle(&self, issue: &Issue, day: NaiveDate) -> Candle {
        let progress = Progress { minutes: issue.venue.minutes(), trades: 0 };
        Day::new(self, issue, day).until(progress)
    }
}
