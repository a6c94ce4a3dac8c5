//! Whether a day of a market is one of trading, its parts, and when a trade of it is settled.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};

use super::{
    holidays::{Country, Special, Year},
    hours::{self, Part},
};
use crate::wire::types::{KnownBy, Market};

/// Days of the Korea Exchange that KIS has told, and whether there is trading.
pub type OpenDays = BTreeMap<NaiveDate, bool>;

/// The days of a market.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    pub(super) market: Market,
    told: &'a OpenDays,
}

/// What is known of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The market's own date.
    pub date: NaiveDate,
    /// Whether there is trading; `None`: that is not known.
    pub open: Option<bool>,
    /// How that is known.
    pub known_by: KnownBy,
    special: Option<Special>,
    /// Whether its hours are known where there is trading: its year is one of the table's.
    has_hours: bool,
}

/// No market is closed for so many days in a row.
const LOOKED_AHEAD: usize = 30;

impl<'a> Calendar<'a> {
    /// Of a market, with the days that KIS has told.
    pub fn of(market: Market, told: &'a OpenDays) -> Self {
        Self { market, told }
    }

    /// The years of the table.
    pub fn table_years(&self) -> Vec<i32> {
        Country::of(self.market).years().iter().map(|year| year.year).collect()
    }

    /// The market's clock, as in `America/New_York`.
    pub fn timezone(&self) -> &'static str {
        hours::zone(self.market).name()
    }

    /// The day of trading that an instant belongs to.
    pub fn date_at(&self, instant: DateTime<Utc>) -> NaiveDate {
        let local = instant.with_timezone(&hours::zone(self.market)).date_naive();
        let next = local.checked_add_days(Days::new(1)).unwrap_or(local);
        if instant < hours::begin(self.market, next) { local } else { next }
    }

    fn year(&self, day: NaiveDate) -> Option<&'static Year> {
        Country::of(self.market).years().iter().find(|year| year.year == day.year())
    }

    /// What is known of a day: by KIS, else by the calendar of all, else by the table.
    pub fn day(&self, date: NaiveDate) -> Day {
        let year = self.year(date);
        let told = self.told.get(&date).filter(|_| Country::of(self.market) == Country::Korea);
        let is_weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        let (open, known_by) = match (told, is_weekend, year.and_then(|year| year.is_open(date))) {
            (Some(open), ..) => (Some(*open), KnownBy::Kis),
            (None, true, _) => (Some(false), KnownBy::Weekend),
            (None, false, Some(open)) => (Some(open), KnownBy::Table),
            (None, false, None) => (None, KnownBy::Unknown),
        };
        Day { date, open, known_by, special: year.and_then(|year| year.special(date)), has_hours: year.is_some() }
    }

    /// The parts of a day, in the order of time: none if there is no trading, or that is not known.
    pub fn parts(&self, day: &Day) -> Vec<Part> {
        if day.open != Some(true) {
            return Vec::new();
        }
        let special = if day.has_hours { day.special } else { Some(Special::NotPublished) };
        hours::parts(self.market, day.date, special)
    }

    /// When a trade of a day is settled; `None`: there is none, or a day in between is not known.
    pub fn settlement(&self, date: NaiveDate) -> Option<NaiveDate> {
        let days = match Country::of(self.market) {
            Country::Korea => 2,
            Country::UnitedStates => 1,
            Country::HongKong | Country::Japan | Country::China | Country::Vietnam => return None,
        };
        let mut left = if self.day(date).open? { days } else { return None };
        for date in date.iter_days().skip(1).take(LOOKED_AHEAD) {
            let settles = self.year(date).is_none_or(|year| year.settles(date));
            if self.day(date).open? && settles {
                left -= 1;
            }
            if left == 0 {
                return Some(date);
            }
        }
        None
    }
}
