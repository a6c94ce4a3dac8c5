//! When a market trades: which minutes of a day there are, and how far a day has come.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, TimeDelta, Timelike, Utc};

use super::calendar::Country;
use crate::listing::Market;

/// When the simulated markets are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hours {
    /// At any hour: a day has 1,440 minutes, and today is a day of trading even on a holiday.
    #[default]
    Always,
    /// As the real ones: the Korea Exchange from 09:00 to 15:20 and the auction at 15:30, those abroad by their hours.
    Krx,
}

/// Trades of a minute, five seconds apart.
pub(super) const TRADES: usize = 12;

/// A place of trading, and when it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Venue {
    pub(super) country: Country,
    hours: Hours,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Korea,
    UnitedStates,
    HongKong,
    Japan,
    China,
    Vietnam,
}

/// How far a day has come: minutes that are over, and trades of the one that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progress {
    pub(super) minutes: usize,
    pub(super) trades: usize,
}

impl Venue {
    pub(super) fn of(market: Market, hours: Hours) -> Self {
        let (place, country) = match market {
            Market::Kospi | Market::Kosdaq | Market::Konex => (Place::Korea, Country::Korea),
            Market::Overseas("HKS") => (Place::HongKong, Country::Other),
            Market::Overseas("TSE") => (Place::Japan, Country::Other),
            Market::Overseas("SHS" | "SZS") => (Place::China, Country::Other),
            Market::Overseas("HNX" | "HSX") => (Place::Vietnam, Country::Other),
            Market::Overseas(_) => (Place::UnitedStates, Country::UnitedStates),
        };
        Self { country, hours, place }
    }

    /// From which minute of the local day to before which it trades.
    fn spans(self) -> &'static [(usize, usize)] {
        if self.hours == Hours::Always {
            return &[(0, 1_440)];
        }
        match self.place {
            // The auction of the close is the minute of 15:30; none trades in the ten before it.
            Place::Korea => &[(540, 920), (930, 931)],
            Place::UnitedStates => &[(570, 960)],
            Place::HongKong => &[(570, 720), (780, 960)],
            Place::Japan => &[(540, 690), (750, 930)],
            Place::China => &[(570, 690), (780, 900)],
            Place::Vietnam => &[(540, 690), (780, 900)],
        }
    }

    /// Minutes of a day.
    pub(super) fn minutes(self) -> usize {
        self.spans().iter().map(|(from, to)| to - from).sum()
    }

    /// Whether the day ends with an auction.
    pub(super) fn has_auction(self) -> bool {
        self.place == Place::Korea && self.hours == Hours::Krx
    }

    /// The minute of the local day that a minute of trading is.
    pub(super) fn minute_of_day(self, mut minute: usize) -> usize {
        for (from, to) in self.spans() {
            if minute < to - from {
                return from + minute;
            }
            minute -= to - from;
        }
        self.spans().last().map_or(0, |(_, to)| *to)
    }

    /// The first minute of trading and the one after the last, of the local day.
    pub(super) fn span(self) -> (usize, usize) {
        let spans = self.spans();
        (spans.first().map_or(0, |(from, _)| *from), spans.last().map_or(0, |(_, to)| *to))
    }

    /// The beginning of a minute of the local day, up to midnight.
    pub(super) fn minute(self, day: NaiveDate, minute: usize) -> DateTime<Utc> {
        let noon = (day.and_time(chrono::NaiveTime::MIN) + TimeDelta::hours(17)).and_utc();
        let local = day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::try_from(minute).unwrap_or(0));
        (local - TimeDelta::hours(i64::from(self.hours_ahead(noon)))).and_utc()
    }

    /// Whether it trades at any hour.
    pub(super) fn is_always(self) -> bool {
        self.hours == Hours::Always
    }

    /// Whether it is in the United States, where orders are taken before and after the session too.
    pub(super) fn is_american(self) -> bool {
        self.place == Place::UnitedStates
    }

    /// How far the day has come at a minute and second of the local day.
    fn progress(self, minute_of_day: usize, second: usize) -> Progress {
        let mut minutes = 0;
        for (from, to) in self.spans() {
            if minute_of_day < *from {
                break;
            }
            if minute_of_day < *to {
                let trades = second / (60 / TRADES) + 1;
                // An auction is one trade, at its first second.
                let trades = if to - from == 1 { TRADES } else { trades };
                return Progress { minutes: minutes + minute_of_day - from, trades };
            }
            minutes += to - from;
        }
        Progress { minutes, trades: 0 }
    }

    /// The day that is quoted at a moment, and how far it has come: a day that has not begun is quoted from half an hour before.
    pub(super) fn day_at(self, now: DateTime<Utc>) -> (NaiveDate, Progress) {
        let local = self.local(now);
        let minute = usize::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        let today = local.date_naive();
        let opens = self.spans().first().map_or(0, |(from, _)| *from);
        if self.trades_on(today, today) && minute + 30 >= opens {
            return (today, self.progress(minute, usize::try_from(local.second()).unwrap_or(0)));
        }
        (self.country.open_before(today), Progress { minutes: self.minutes(), trades: 0 })
    }

    /// Whether there is a day of trading, today being a certain day.
    pub(super) fn trades_on(self, day: NaiveDate, today: NaiveDate) -> bool {
        self.country.is_open(day) || day == today && self.hours == Hours::Always
    }

    /// Whether it trades at a moment.
    pub(super) fn is_open(self, now: DateTime<Utc>) -> bool {
        let (day, progress) = self.day_at(now);
        self.local(now).date_naive() == day && progress.trades > 0
    }

    /// The clock on its walls.
    pub(super) fn local(self, now: DateTime<Utc>) -> DateTime<FixedOffset> {
        now.with_timezone(&offset(self.hours_ahead(now)))
    }

    /// The moment at which the trade of a minute of a day is made.
    pub(super) fn moment(self, day: NaiveDate, minute: usize, trade: usize) -> DateTime<Utc> {
        let of_day = i64::try_from(self.minute_of_day(minute) * 60 + trade * (60 / TRADES)).unwrap_or(0);
        let local = day.and_time(chrono::NaiveTime::MIN) + TimeDelta::seconds(of_day);
        // In New York the offset of that day at noon: it changes on Sundays only.
        let noon = (day.and_time(chrono::NaiveTime::MIN) + TimeDelta::hours(17)).and_utc();
        (local - TimeDelta::hours(i64::from(self.hours_ahead(noon)))).and_utc()
    }

    /// When the last trade was made.
    pub(super) fn last_trade(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let (day, progress) = self.day_at(now);
        let last_of = |day, minutes: usize| match self.has_auction() && minutes == self.minutes() {
            true => self.moment(day, minutes - 1, 0),
            false => self.moment(day, minutes - 1, TRADES - 1),
        };
        match progress {
            Progress { minutes: 0, trades: 0 } => last_of(self.country.open_before(day), self.minutes()),
            Progress { minutes, trades: 0 } => last_of(day, minutes),
            Progress { minutes, .. } if self.has_auction() && minutes + 1 == self.minutes() => {
                last_of(day, minutes + 1)
            }
            Progress { minutes, trades } => self.moment(day, minutes, trades - 1),
        }
    }

    /// Hours that its clocks are ahead of UTC.
    fn hours_ahead(self, now: DateTime<Utc>) -> i32 {
        match self.place {
            Place::Korea | Place::Japan => 9,
            Place::HongKong | Place::China => 8,
            Place::Vietnam => 7,
            Place::UnitedStates if is_summer(now) => -4,
            Place::UnitedStates => -5,
        }
    }
}

fn offset(hours: i32) -> FixedOffset {
    #[expect(clippy::expect_used, reason = "from five hours behind to nine ahead is within a day: it cannot fail")]
    FixedOffset::east_opt(hours * 3_600).expect("some hours are a valid offset")
}

/// Whether New York has summer time: from the second Sunday of March to the first of November, at two in the morning.
fn is_summer(now: DateTime<Utc>) -> bool {
    let sunday = |month, nth: u64| {
        let first = NaiveDate::from_ymd_opt(now.year(), month, 1)?;
        let to_sunday = (7 - u64::from(first.weekday().num_days_from_sunday())) % 7;
        first.checked_add_days(Days::new(to_sunday + 7 * (nth - 1)))?.and_hms_opt(if month == 3 { 7 } else { 6 }, 0, 0)
    };
    let (Some(from), Some(to)) = (sunday(3, 2), sunday(11, 1)) else { return false };
    from.and_utc() <= now && now < to.and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn a_day_of_the_exchange_goes_from_nine_to_the_auction() {
        let krx = Venue::of(Market::Kospi, Hours::Krx);
        let progress = |time: &str| krx.day_at(at(&format!("2026-11-26T{time}+09:00")));
        let day: NaiveDate = "2026-11-26".parse().unwrap();
        assert_eq!(krx.minutes(), 381);
        assert_eq!(progress("08:29:59").0, "2026-11-25".parse().unwrap());
        assert_eq!(progress("08:30:00"), (day, Progress { minutes: 0, trades: 0 }));
        assert_eq!(progress("09:00:00"), (day, Progress { minutes: 0, trades: 1 }));
        assert_eq!(progress("09:00:59"), (day, Progress { minutes: 0, trades: 12 }));
        assert_eq!(progress("15:25:00"), (day, Progress { minutes: 380, trades: 0 }));
        assert_eq!(progress("15:30:00"), (day, Progress { minutes: 380, trades: 12 }));
        assert_eq!(progress("23:00:00"), (day, Progress { minutes: 381, trades: 0 }));
        assert_eq!(krx.minute_of_day(380), 930);
        assert_eq!(krx.day_at(at("2026-11-29T12:00:00+09:00")).0, "2026-11-27".parse().unwrap(), "a Sunday");
        let always = Venue::of(Market::Kospi, Hours::Always);
        assert_eq!(always.day_at(at("2026-11-29T12:00:00+09:00")).0, "2026-11-29".parse().unwrap());
    }

    #[test]
    fn new_york_has_its_own_day() {
        let york = Venue::of(Market::Overseas("NAS"), Hours::Krx);
        assert!(york.is_open(at("2026-11-27T23:30:00+09:00")) && !york.is_open(at("2026-11-27T23:29:59+09:00")));
        assert!(york.is_open(at("2026-07-01T22:30:00+09:00")));
        let opening = york.moment("2026-11-27".parse().unwrap(), 0, 0);
        assert_eq!(opening, at("2026-11-27T23:30:00+09:00"));
    }
}
