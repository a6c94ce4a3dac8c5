//! The parts of a day of trading, by market.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::holidays::{Country, Special};
use crate::wire::types::{Market, Phase, Session};

/// A part of a day of trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub phase: Phase,
    /// From when to before when; `None`: that is not published.
    pub hours: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// The session that a phase is a part of.
pub fn session_of(phase: Phase) -> Session {
    match phase {
        Phase::PreMarket => Session::Pre,
        Phase::OpeningAuction | Phase::ClosingAuction => Session::Auction,
        Phase::Continuous => Session::Regular,
        Phase::ClosingPrice | Phase::SinglePrice | Phase::AfterMarket => Session::After,
        Phase::DayMarket => Session::Day,
        Phase::Unknown => Session::Unknown,
    }
}

/// Hour, minute, second.
type Clock = (u32, u32, u32);

/// A phase with its hours by the market's clock.
type Row = (Phase, Option<(Clock, Clock)>);

const fn at(hour: u32, minute: u32) -> Clock {
    (hour, minute, 0)
}

const fn row(phase: Phase, from: Clock, to: Clock) -> Row {
    (phase, Some((from, to)))
}

/// On this day the Korea Exchange began its after-market, and ended its auctions after the regular hours.
fn reform() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 9, 14).unwrap_or_default()
}

/// The clock of a market.
pub(super) fn zone(market: Market) -> Tz {
    match Country::of(market) {
        Country::Korea => Tz::Asia__Seoul,
        Country::UnitedStates => Tz::America__New_York,
        Country::HongKong => Tz::Asia__Hong_Kong,
        Country::Japan => Tz::Asia__Tokyo,
        Country::China => Tz::Asia__Shanghai,
        Country::Vietnam => Tz::Asia__Ho_Chi_Minh,
    }
}

/// When a day of a market begins: at midnight, but in New York at eight in the evening before, since the day market that follows
/// belongs to it.
pub(super) fn begin(market: Market, day: NaiveDate) -> DateTime<Utc> {
    match Country::of(market) {
        Country::UnitedStates => instant(zone(market), day.pred_opt().unwrap_or(day), at(20, 0)),
        _ => instant(zone(market), day, at(0, 0)),
    }
}

/// The parts of a day on which a market trades, in the order of time.
pub(super) fn parts(market: Market, day: NaiveDate, special: Option<Special>) -> Vec<Part> {
    if special == Some(Special::NotPublished) {
        return vec![Part { phase: Phase::Continuous, hours: None }];
    }
    let rows = match market {
        Market::Nasdaq | Market::Nyse | Market::Amex => return american(market, day, special),
        Market::Nxt => nxt(special),
        Market::Un => unified(special),
        Market::Hkex => hong_kong(special),
        Market::Tse => {
            vec![row(Phase::Continuous, at(9, 0), at(11, 30)), row(Phase::Continuous, at(12, 30), at(15, 30))]
        }
        Market::Sse | Market::Szse => {
            vec![row(Phase::Continuous, at(9, 30), at(11, 30)), row(Phase::Continuous, at(13, 0), at(15, 0))]
        }
        Market::Hnx | Market::Hsx => {
            vec![row(Phase::Continuous, at(9, 0), at(11, 30)), row(Phase::Continuous, at(13, 0), at(14, 45))]
        }
        Market::Krx | Market::Unknown => krx(day, special),
    };
    let zone = zone(market);
    let part = |(phase, hours): Row| Part {
        phase,
        hours: hours.map(|(from, to)| (instant(zone, day, from), instant(zone, day, to))),
    };
    rows.into_iter().map(part).collect()
}

/// A part whose hours are not published.
const fn unpublished(phase: Phase) -> Row {
    (phase, None)
}

fn krx(day: NaiveDate, special: Option<Special>) -> Vec<Row> {
    use Phase::{AfterMarket, ClosingAuction, ClosingPrice, Continuous, OpeningAuction, SinglePrice};
    let closing = |hour| row(ClosingAuction, at(hour, 20), at(hour, 30));
    let after = || {
        let last = if day < reform() {
            row(SinglePrice, at(16, 0), at(18, 0))
        } else {
            row(AfterMarket, at(16, 0), at(20, 0))
        };
        [row(ClosingPrice, at(15, 30), at(16, 0)), last]
    };
    match special {
        Some(Special::FirstDay) => {
            let before = [unpublished(OpeningAuction), row(Continuous, at(10, 0), at(15, 20)), closing(15)];
            before.into_iter().chain(after()).collect()
        }
        // How the after-market moves was not published.
        Some(Special::Examination) => vec![
            row(OpeningAuction, at(9, 30), at(10, 0)),
            row(Continuous, at(10, 0), at(16, 20)),
            closing(16),
            unpublished(ClosingPrice),
            unpublished(AfterMarket),
        ],
        _ => {
            let before = [row(OpeningAuction, at(8, 30), at(9, 0)), row(Continuous, at(9, 0), at(15, 20)), closing(15)];
            before.into_iter().chain(after()).collect()
        }
    }
}

fn nxt(special: Option<Special>) -> Vec<Row> {
    use Phase::{AfterMarket, Continuous, OpeningAuction, PreMarket};
    let main = |hour| row(Continuous, (hour, 0, 30), at(15, 20));
    // Orders for the first price of the after-market.
    let evening = [row(OpeningAuction, at(15, 30), at(15, 40)), row(AfterMarket, at(15, 40), at(20, 0))];
    match special {
        Some(Special::FirstDay) => [main(10)].into_iter().chain(evening).collect(),
        Some(Special::Examination) => {
            vec![row(Continuous, (10, 0, 30), at(16, 20)), row(AfterMarket, at(16, 30), at(20, 0))]
        }
        _ => [row(PreMarket, at(8, 0), at(8, 50)), main(9)].into_iter().chain(evening).collect(),
    }
}

/// Both: where they overlap, what the stock can be traded by.
fn unified(special: Option<Special>) -> Vec<Row> {
    use Phase::{AfterMarket, ClosingAuction, ClosingPrice, Continuous, OpeningAuction, PreMarket};
    let evening = [
        row(ClosingAuction, at(15, 20), at(15, 30)),
        row(ClosingPrice, at(15, 30), at(15, 40)),
        row(AfterMarket, at(15, 40), at(20, 0)),
    ];
    match special {
        Some(Special::FirstDay) => {
            let morning = [unpublished(OpeningAuction), row(Continuous, at(10, 0), at(15, 20))];
            morning.into_iter().chain(evening).collect()
        }
        Some(Special::Examination) => vec![
            row(OpeningAuction, at(9, 30), at(10, 0)),
            row(Continuous, at(10, 0), at(16, 20)),
            row(ClosingAuction, at(16, 20), at(16, 30)),
            row(AfterMarket, at(16, 30), at(20, 0)),
        ],
        _ => {
            let morning = [
                row(PreMarket, at(8, 0), at(8, 50)),
                row(OpeningAuction, at(8, 50), at(9, 0)),
                row(Continuous, at(9, 0), at(15, 20)),
            ];
            morning.into_iter().chain(evening).collect()
        }
    }
}

fn hong_kong(special: Option<Special>) -> Vec<Row> {
    let morning = row(Phase::Continuous, at(9, 30), at(12, 0));
    match special {
        Some(Special::Half) => vec![morning],
        _ => vec![morning, row(Phase::Continuous, at(13, 0), at(16, 0))],
    }
}

/// The hours that KIS serves: its day market and the end of its after-market go by the Korean clock, all year.
fn american(market: Market, day: NaiveDate, special: Option<Special>) -> Vec<Part> {
    let (york, seoul) = (zone(market), Tz::Asia__Seoul);
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let pre = instant(york, day, at(4, 0));
    let close = if special == Some(Special::Half) { at(13, 0) } else { at(16, 0) };
    let (open, close) = (instant(york, day, at(9, 30)), instant(york, day, close));
    // KIS's page of orders says until 18:00, its page of prices until 16:00; the pre-market ends it in summer an hour earlier.
    let day_market = (instant(seoul, day, at(10, 0)), instant(seoul, day, at(18, 0)).min(pre));
    // What KIS does after an early close is not published.
    let after = (special != Some(Special::Half)).then(|| (close, instant(seoul, next, at(7, 0))));
    vec![
        Part { phase: Phase::DayMarket, hours: Some(day_market) },
        Part { phase: Phase::PreMarket, hours: Some((pre, open)) },
        Part { phase: Phase::Continuous, hours: Some((open, close)) },
        Part { phase: Phase::AfterMarket, hours: after },
    ]
}

/// A reading of a market's clock. Clocks are changed at night on Sundays, when nothing trades: the readings here are there once.
fn instant(zone: Tz, day: NaiveDate, (hour, minute, second): Clock) -> DateTime<Utc> {
    let reading = day.and_time(NaiveTime::from_hms_opt(hour, minute, second).unwrap_or_default());
    zone.from_local_datetime(&reading).earliest().map_or_else(|| reading.and_utc(), |at| at.to_utc())
}
