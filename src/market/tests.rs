use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};
use proptest::prelude::*;

use super::{Calendar, OpenDays};
use crate::wire::types::{KnownBy, Market, Phase, Session};

fn utc(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

const NOTHING: &OpenDays = &OpenDays::new();

fn calendar(market: Market) -> Calendar<'static> {
    Calendar::of(market, NOTHING)
}

/// The parts of a day as text: phase, and hours by the Korean clock.
fn parts(market: Market, day: &str) -> Vec<String> {
    let calendar = calendar(market);
    let kst = |at: DateTime<Utc>| crate::clock::kst(at).format("%d %H:%M:%S").to_string();
    let parts = calendar.parts(&calendar.day(date(day)));
    parts
        .iter()
        .map(|part| match part.hours {
            Some((from, to)) => format!("{:?} {}-{}", part.phase, kst(from), kst(to)),
            None => format!("{:?} ?", part.phase),
        })
        .collect()
}

fn session(market: Market, at: &str) -> (Option<Session>, Option<String>, Option<Session>) {
    let now = calendar(market).at(utc(at));
    let next = now.next_change.map(|next| crate::clock::kst(next).format("%m-%d %H:%M:%S").to_string());
    (now.session, next, now.next_session)
}

#[test]
fn the_korea_exchange_has_an_after_market_since_its_reform() {
    assert_eq!(
        parts(Market::Krx, "2026-11-26"),
        [
            "OpeningAuction 26 08:30:00-26 09:00:00",
            "Continuous 26 09:00:00-26 15:20:00",
            "ClosingAuction 26 15:20:00-26 15:30:00",
            "ClosingPrice 26 15:30:00-26 16:00:00",
            "AfterMarket 26 16:00:00-26 20:00:00",
        ]
    );
    assert_eq!(parts(Market::Krx, "2026-09-11")[4], "SinglePrice 11 16:00:00-11 18:00:00");
    assert_eq!(parts(Market::Krx, "2026-09-14")[4], "AfterMarket 14 16:00:00-14 20:00:00");
    assert_eq!(
        parts(Market::Nxt, "2026-11-26"),
        [
            "PreMarket 26 08:00:00-26 08:50:00",
            "Continuous 26 09:00:30-26 15:20:00",
            "OpeningAuction 26 15:30:00-26 15:40:00",
            "AfterMarket 26 15:40:00-26 20:00:00",
        ]
    );
}

#[test]
fn on_the_day_of_the_examination_everything_is_later_and_what_is_not_published_has_no_hours() {
    assert_eq!(
        parts(Market::Krx, "2026-11-19"),
        [
            "OpeningAuction 19 09:30:00-19 10:00:00",
            "Continuous 19 10:00:00-19 16:20:00",
            "ClosingAuction 19 16:20:00-19 16:30:00",
            "ClosingPrice ?",
            "AfterMarket ?",
        ]
    );
    assert_eq!(
        parts(Market::Nxt, "2026-11-19"),
        ["Continuous 19 10:00:30-19 16:20:00", "AfterMarket 19 16:30:00-19 20:00:00"]
    );
    // At a quarter past four the market is open, as a bot once did not know.
    let open = (Some(Session::Regular), Some("11-19 16:20:00".to_owned()), Some(Session::Auction));
    assert_eq!(session(Market::Krx, "2026-11-19T16:15:00+09:00"), open);
    let auction = (Some(Session::Auction), Some("11-19 16:30:00".to_owned()), None);
    assert_eq!(session(Market::Krx, "2026-11-19T16:25:00+09:00"), auction);
    assert_eq!(session(Market::Krx, "2026-11-19T17:00:00+09:00"), (None, None, None));
    assert_eq!(calendar(Market::Krx).at(utc("2026-11-19T17:00:00+09:00")).known_by, KnownBy::Unknown);
    assert_eq!(parts(Market::Krx, "2027-11-18"), ["Continuous ?"], "the hours of next year's are not announced");
    assert_eq!(parts(Market::Krx, "2026-01-02")[1], "Continuous 02 10:00:00-02 15:20:00");
}

#[test]
fn american_hours_follow_the_clock_of_new_york_and_the_day_market_that_of_seoul() {
    assert_eq!(
        parts(Market::Nasdaq, "2026-11-25"),
        [
            "DayMarket 25 10:00:00-25 18:00:00",
            "PreMarket 25 18:00:00-25 23:30:00",
            "Continuous 25 23:30:00-26 06:00:00",
            "AfterMarket 26 06:00:00-26 07:00:00",
        ]
    );
    assert_eq!(
        parts(Market::Nyse, "2026-07-01"),
        [
            "DayMarket 01 10:00:00-01 17:00:00",
            "PreMarket 01 17:00:00-01 22:30:00",
            "Continuous 01 22:30:00-02 05:00:00",
            "AfterMarket 02 05:00:00-02 07:00:00",
        ]
    );
    // The day after Thanksgiving ends at one in the afternoon.
    assert_eq!(parts(Market::Amex, "2026-11-27")[2..], ["Continuous 27 23:30:00-28 03:00:00", "AfterMarket ?"]);
    assert_eq!(parts(Market::Nasdaq, "2026-11-26"), Vec::<String>::new());
    // The Sunday on which the clocks were changed lies in between.
    let closed = (Some(Session::Closed), Some("11-02 10:00:00".to_owned()), Some(Session::Day));
    assert_eq!(session(Market::Nasdaq, "2026-10-31T09:00:00+09:00"), closed);
    assert_eq!(parts(Market::Nasdaq, "2026-11-02")[2], "Continuous 02 23:30:00-03 06:00:00");
    assert_eq!(parts(Market::Nasdaq, "2026-10-30")[2], "Continuous 30 22:30:00-31 05:00:00");
    // In Korea it is Wednesday morning, and in New York still Tuesday: the day market is that of Wednesday.
    assert_eq!(calendar(Market::Nasdaq).at(utc("2026-11-25T10:30:00+09:00")).date, date("2026-11-25"));
    assert_eq!(calendar(Market::Nasdaq).at(utc("2026-11-25T06:30:00+09:00")).date, date("2026-11-24"));
}

#[test]
fn the_markets_of_asia_rest_at_noon() {
    for (market, noon, next) in [
        (Market::Hkex, "2026-11-26T13:30:00+09:00", "11-26 14:00:00"),
        (Market::Tse, "2026-11-26T11:45:00+09:00", "11-26 12:30:00"),
        (Market::Sse, "2026-11-26T13:00:00+09:00", "11-26 14:00:00"),
        (Market::Szse, "2026-11-26T13:00:00+09:00", "11-26 14:00:00"),
        (Market::Hsx, "2026-11-26T14:00:00+09:00", "11-26 15:00:00"),
    ] {
        let expected = (Some(Session::Closed), Some(next.to_owned()), Some(Session::Regular));
        assert_eq!(session(market, noon), expected, "{market:?}");
    }
    assert_eq!(parts(Market::Tse, "2026-11-26")[1], "Continuous 26 12:30:00-26 15:30:00");
    assert_eq!(parts(Market::Hkex, "2026-12-24"), ["Continuous 24 10:30:00-24 13:00:00"]);
}

#[test]
fn what_no_table_says_is_not_known_but_for_weekends() {
    let day = |market, day: &str| {
        let day = calendar(market).day(date(day));
        (day.open, day.known_by)
    };
    assert_eq!(day(Market::Krx, "2026-12-31"), (Some(false), KnownBy::Table));
    assert_eq!(day(Market::Krx, "2026-07-17"), (Some(false), KnownBy::Table));
    assert_eq!(day(Market::Krx, "2026-11-28"), (Some(false), KnownBy::Weekend));
    assert_eq!(day(Market::Krx, "2027-05-03"), (None, KnownBy::Unknown), "not verified");
    assert_eq!(day(Market::Krx, "2028-03-02"), (None, KnownBy::Unknown));
    assert_eq!(day(Market::Krx, "2028-03-04"), (Some(false), KnownBy::Weekend));
    assert_eq!(day(Market::Sse, "2027-03-02"), (None, KnownBy::Unknown));
    assert_eq!(session(Market::Krx, "2028-03-02T12:00:00+09:00"), (None, None, None));
    let saturday = session(Market::Krx, "2028-03-04T12:00:00+09:00");
    assert_eq!(saturday, (Some(Session::Closed), None, None), "nobody knows of Monday");
}

#[test]
fn what_kis_says_of_the_korea_exchange_comes_before_the_table() {
    let told = OpenDays::from([
        (date("2026-11-30"), false),
        (date("2028-03-02"), true),
        (date("2026-11-26"), true),
        (date("2026-11-28"), false),
    ]);
    let korea = Calendar::of(Market::Nxt, &told);
    assert_eq!(
        (korea.day(date("2026-11-30")).open, korea.day(date("2026-11-30")).known_by),
        (Some(false), KnownBy::Kis)
    );
    assert_eq!(korea.day(date("2026-11-28")).known_by, KnownBy::Kis);
    // It is open, but the hours of a year that no table has are not known.
    let far = korea.day(date("2028-03-02"));
    assert_eq!((far.open, korea.parts(&far)[0].hours), (Some(true), None));
    assert_eq!(korea.at(utc("2028-03-02T12:00:00+09:00")).session, None);
    let monday = korea.at(utc("2026-11-30T12:00:00+09:00"));
    assert_eq!((monday.session, monday.known_by), (Some(Session::Closed), KnownBy::Kis));
    assert_eq!(Calendar::of(Market::Nasdaq, &told).day(date("2026-11-30")).known_by, KnownBy::Table);
}

#[test]
fn trades_are_settled_on_days_of_trading() {
    let settlement = |market, day: &str| calendar(market).settlement(date(day)).map(|day| day.to_string());
    for (market, day, expected) in [
        (Market::Krx, "2026-11-26", Some("2026-11-30")),
        // Christmas, a weekend, and the last day of the year.
        (Market::Nxt, "2026-12-24", Some("2026-12-29")),
        (Market::Krx, "2026-12-29", Some("2027-01-04")),
        (Market::Krx, "2026-12-30", Some("2027-01-05")),
        (Market::Krx, "2026-11-28", None),
        // A day in between that could not be verified.
        (Market::Krx, "2027-04-30", None),
        (Market::Krx, "2027-12-30", None),
        (Market::Nasdaq, "2026-11-25", Some("2026-11-27")),
        // Banks are closed on Columbus Day, when New York trades.
        (Market::Nyse, "2026-10-09", Some("2026-10-13")),
        (Market::Nyse, "2026-10-12", Some("2026-10-13")),
        (Market::Hkex, "2026-11-26", None),
    ] {
        assert_eq!(settlement(market, day).as_deref(), expected, "{market:?} {day}");
    }
}

#[test]
fn no_day_of_a_table_is_a_weekend_or_twice_in_it() {
    for market in Market::ALL {
        let calendar = calendar(market);
        for year in calendar.table_years() {
            let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let days = first.iter_days().take_while(|day| day.year() == year);
            let weekdays: Vec<_> = days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)).collect();
            let is = |open| weekdays.iter().filter(|day| calendar.day(**day).open == open).count();
            let (closed, unsure) = (is(Some(false)), is(None));
            let table = super::holidays::Country::of(market).years().iter().find(|known| known.year == year).unwrap();
            // A day of the table that is a weekend would be missing among the weekdays.
            assert_eq!((closed, unsure), table.lengths(), "{market:?} {year}");
        }
    }
}

#[test]
fn the_sessions_of_a_day_do_not_overlap_and_lie_within_their_day() {
    for market in Market::ALL {
        let calendar = calendar(market);
        for date in date("2026-01-01").iter_days().take(730) {
            let mut last = super::hours::begin(market, date);
            for (from, to) in calendar.parts(&calendar.day(date)).iter().filter_map(|part| part.hours) {
                assert!(last <= from && from < to, "{market:?} {date}: {from}");
                last = to;
            }
            assert!(last <= super::hours::begin(market, date.succ_opt().unwrap()), "{market:?} {date}");
        }
    }
}

fn any_market() -> impl Strategy<Value = Market> {
    prop::sample::select(Market::ALL.to_vec())
}

proptest! {
    #[test]
    fn the_next_change_is_later_and_changes_something(market in any_market(), minutes in 0_i64..(800 * 1_440), second in 0_i64..60) {
        let now = utc("2026-01-01T00:00:00+09:00") + TimeDelta::minutes(minutes) + TimeDelta::seconds(second);
        let calendar = calendar(market);
        let state = calendar.at(now);
        prop_assert_eq!(state.session.is_none(), state.known_by == KnownBy::Unknown);
        let next = match state.next_change {
            None => return Ok(()),
            Some(next) => next,
        };
        prop_assert!(next > now);
        let then = calendar.at(next);
        prop_assert_ne!(then.session, state.session);
        prop_assert_eq!(then.session, state.next_session);
        // And nothing changes before it.
        for part in 1..8 {
            let between = now + (next - now) * part / 8;
            prop_assert_eq!(calendar.at(between).session, state.session, "{}", between);
        }
        let just_before = calendar.at(next - TimeDelta::milliseconds(1));
        prop_assert_eq!(just_before.session, state.session);
    }

    #[test]
    fn every_instant_belongs_to_one_day(market in any_market(), minutes in 0_i64..(730 * 1_440)) {
        let now = utc("2026-01-01T00:00:00+09:00") + TimeDelta::minutes(minutes);
        let calendar = calendar(market);
        let date = calendar.date_at(now);
        prop_assert!(super::hours::begin(market, date) <= now);
        prop_assert!(now < super::hours::begin(market, date.checked_add_days(Days::new(1)).unwrap()));
        let state = calendar.at(now);
        if state.phase == Some(Phase::Continuous) {
            prop_assert_eq!(calendar.day(state.date).open, Some(true));
        }
    }

    #[test]
    fn a_settlement_is_later_and_on_a_day_of_trading(market in any_market(), days in 0_u64..730) {
        let day = date("2026-01-01").checked_add_days(Days::new(days)).unwrap();
        let calendar = calendar(market);
        if let Some(settled) = calendar.settlement(day) {
            prop_assert!(settled > day && calendar.day(settled).open == Some(true) && calendar.day(day).open == Some(true));
        }
    }
}
