//! Whatever is asked for, candles have no gap, no duplicate and their order, and cost as few calls as they can.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone, Utc, Weekday};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::types::{CandlesParams, Market};

/// A market of which every minute is known; it answers as KIS does.
pub(super) struct Kis {
    /// Rows by their time: close and volume.
    minutes: BTreeMap<NaiveDateTime, (u32, u32)>,
    /// Days on which nothing was traded, and which have a row all the same.
    pub(super) halted: Vec<NaiveDate>,
    /// Days from which on prices before are half of what they were, where they are adjusted.
    pub(super) splits: Vec<NaiveDate>,
    pub(super) now: DateTime<Utc>,
    pub(super) calls: usize,
    /// Whether a page begins with the row that ended the one before.
    repeats: bool,
}

/// 2026-11-27, a Friday, at 11:00 in Korea.
pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 27, 2, 0, 0).unwrap()
}

pub(super) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 27).unwrap()
}

/// Days after today that have minutes too, for tests in which time passes.
const LATER: u64 = 20;

impl Kis {
    /// So many calendar days until today, each with minutes from nine on but for weekends, holidays and silent minutes.
    pub(super) fn new(days: u64, minutes: u32, silent: &[u32]) -> Self {
        let mut all = BTreeMap::new();
        for back in 0..days + LATER {
            let day = today() + Days::new(LATER) - Days::new(back);
            let is_off = matches!(day.weekday(), Weekday::Sat | Weekday::Sun) || back % 17 == 14;
            for minute in (0..minutes).filter(|minute| !is_off && !silent.contains(minute)) {
                let at = day.and_hms_opt(9, 0, 0).unwrap() + TimeDelta::minutes(minute.into());
                let back = u32::try_from(back).unwrap();
                all.insert(at, (1000 + minute * 7 % 31 + back, 1 + minute % 5));
            }
        }
        Self { minutes: all, halted: Vec::new(), splits: Vec::new(), now: now(), calls: 0, repeats: false }
    }

    /// What the clock says in Korea.
    pub(super) fn local(&self) -> NaiveDateTime {
        crate::clock::kst(self.now).naive_local()
    }

    /// All days as candles: close and volume.
    pub(super) fn days(&self) -> BTreeMap<NaiveDate, (u32, u32)> {
        let mut days: BTreeMap<NaiveDate, (u32, u32)> = BTreeMap::new();
        for (at, (close, volume)) in self.minutes.range(..=self.local()) {
            let day = days.entry(at.date()).or_default();
            *day = (*close, day.1 + volume);
        }
        for day in &self.halted {
            if let Some(traded) = days.get_mut(day) {
                *traded = (traded.0, 0);
            }
        }
        days
    }

    /// By what prices of a day are divided.
    fn divisor(&self, day: NaiveDate) -> u32 {
        let local = self.local();
        let is_over = |split: &&NaiveDate| day < **split && split.and_hms_opt(8, 0, 0).unwrap() <= local;
        2_u32.pow(u32::try_from(self.splits.iter().filter(is_over).count()).unwrap())
    }

    pub(super) fn answer(&mut self, (operation, params): (&'static str, Vec<(&'static str, String)>)) -> String {
        self.calls += 1;
        let param = |name| params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap();
        let day = |name| NaiveDate::parse_from_str(param(name), "%Y%m%d").unwrap();
        let row = |at: &NaiveDateTime| {
            let (close, volume) = self.minutes[at];
            let paid = self.minutes.range(at.date().and_time(NaiveTime::MIN)..=*at);
            let paid: u32 = paid.map(|(_, (close, volume))| close * volume).sum();
            json!({ "stck_bsop_date": at.format("%Y%m%d").to_string(), "stck_cntg_hour": at.format("%H%M%S").to_string(),
                "stck_prpr": close.to_string(), "stck_oprc": close.to_string(), "stck_hgpr": (close + 1).to_string(),
                "stck_lwpr": (close - 1).to_string(), "cntg_vol": volume.to_string(), "acml_tr_pbmn": paid.to_string() })
        };
        let local = self.local();
        let rows: Vec<_> = match operation {
            "domestic-stock-quotations-inquire-daily-itemchartprice" => {
                let (first, last) =
                    (day("FID_INPUT_DATE_1"), day("FID_INPUT_DATE_2") + Days::new(u64::from(self.repeats)));
                let days = self.days();
                let is_raw = param("FID_ORG_ADJ_PRC") == "1";
                let rows = days.range(first..=last).rev().take(100).map(|(day, (close, volume))| {
                    let divisor = if is_raw { 1 } else { self.divisor(*day) };
                    let (close, volume) = (close / divisor, volume * divisor);
                    let traded = if volume == 0 { 0 } else { close };
                    json!({ "stck_bsop_date": day.format("%Y%m%d").to_string(), "stck_clpr": close.to_string(),
                        "stck_oprc": traded.to_string(), "stck_hgpr": traded.to_string(), "stck_lwpr": traded.to_string(),
                        "acml_vol": volume.to_string(), "acml_tr_pbmn": "1" })
                });
                rows.collect()
            }
            "domestic-stock-quotations-inquire-time-itemchartprice" => {
                let hour = NaiveTime::parse_from_str(param("FID_INPUT_HOUR_1"), "%H%M%S").unwrap();
                let range = local.date().and_time(NaiveTime::MIN)..=local.date().and_time(hour).min(local);
                self.minutes.range(range).rev().take(30).map(|(at, _)| row(at)).collect()
            }
            "domestic-stock-quotations-inquire-time-dailychartprice" => {
                let hour = NaiveTime::parse_from_str(param("FID_INPUT_HOUR_1"), "%H%M%S").unwrap();
                let last = day("FID_INPUT_DATE_1").and_time(hour).min(local);
                self.minutes.range(..=last).rev().take(120).map(|(at, _)| row(at)).collect()
            }
            other => panic!("{other}"),
        };
        json!({ "output1": { "hts_kor_isnm": "하나" }, "output2": rows }).to_string()
    }

    /// A walk that asks nothing yet.
    pub(super) fn walk(&self, params: &CandlesParams) -> Walk {
        let stock = Stock::of(params.stock_code.as_deref().unwrap(), params.market).unwrap();
        Walk::new(Wanted::of(stock, params, self.now).unwrap())
    }

    /// Answers whatever a walk asks.
    pub(super) fn lead(&mut self, walk: &mut Walk) {
        while let Some(call) = walk.next_call() {
            let body = self.answer(call);
            let as_of = crate::clock::kst(self.now);
            walk.add(&Answered { account_name: "main", tr_id: "TR", body: &body, as_of }).unwrap();
            assert!(self.calls < 1000, "it does not end");
        }
    }

    /// Asks until it is answered.
    fn ask(&mut self, params: &CandlesParams) -> types::Candles {
        let mut walk = self.walk(params);
        self.lead(&mut walk);
        walk.finish("main", crate::clock::kst(self.now))
    }
}

pub(super) fn params(interval: Interval) -> CandlesParams {
    CandlesParams {
        stock_code: Some("005930".to_owned()),
        stock: None,
        market: Some(Market::Krx),
        interval,
        from: None,
        to: None,
        adjusted: None,
        limit: None,
        next: None,
        max_age_ms: None,
        timeout_ms: None,
        account: None,
    }
}

fn times(candles: &types::Candles) -> Vec<String> {
    candles.candles.iter().map(|candle| candle.time.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn days_have_no_gap_no_duplicate_and_their_order(
        days in 1_u64..700, limit in 1_u64..300, from in proptest::option::of(0_u64..700), to in 0_u64..100,
    ) {
        let mut kis = Kis::new(days, 2, &[]);
        let first = from.map(|back| today() - Days::new(back.max(to)));
        let last = today() - Days::new(to);
        let all: Vec<String> = kis.days().keys()
            .filter(|day| first.is_none_or(|first| **day >= first) && **day <= last).map(ToString::to_string).collect();
        let mut params = CandlesParams {
            limit: Some(limit), from: first.map(|day| day.to_string()), to: Some(last.to_string()), ..params(Interval::Day)
        };
        let (mut seen, mut answers) = (Vec::new(), 0);
        loop {
            let answer = kis.ask(&params);
            answers += 1;
            prop_assert!(answer.candles.len() as u64 <= limit);
            seen.splice(0..0, times(&answer));
            let Some(next) = answer.next else { break };
            params.next = Some(next);
        }
        prop_assert_eq!(&seen, &all);
        // As many calls as there are pages, and one where a page ends where an answer does.
        let pages = all.len().div_ceil(100).max(1);
        prop_assert!(kis.calls <= pages + answers, "{} calls for {} days in {answers} answers", kis.calls, all.len());
    }

    #[test]
    fn minutes_have_no_gap_no_duplicate_and_their_order(
        limit in 1_u64..200, from in proptest::option::of(0_u64..8), to in 0_u64..4,
        silent in proptest::collection::vec(0_u32..150, 0..40), step in 0_usize..4,
    ) {
        let mut kis = Kis::new(12, 150, &silent);
        let (interval, step) = [(Interval::OneMinute, 1), (Interval::FiveMinutes, 5), (Interval::QuarterHour, 15), (Interval::Hour, 60)][step];
        let first = from.map(|back| today() - Days::new(back.max(to)));
        let last = today() - Days::new(to);
        let mut all: BTreeMap<NaiveDateTime, (u32, u32)> = BTreeMap::new();
        for (at, (close, volume)) in kis.minutes.range(..=kis.local()) {
            if first.is_none_or(|first| at.date() >= first) && at.date() <= last {
                let start = gather::start(*at, step);
                let candle = all.entry(start).or_default();
                *candle = (*close, candle.1 + volume);
            }
        }
        let mut params = CandlesParams {
            limit: Some(limit), from: first.map(|day| day.to_string()), to: Some(last.to_string()), ..params(interval)
        };
        let mut seen = Vec::new();
        loop {
            let answer = kis.ask(&params);
            prop_assert!(answer.candles.len() as u64 <= limit);
            let candles = answer.candles.iter().map(|candle| {
                (candle.time.clone(), candle.close.to_string(), candle.volume.as_ref().map(ToString::to_string))
            });
            seen.splice(0..0, candles.collect::<Vec<_>>());
            let Some(next) = answer.next else { break };
            params.next = Some(next);
        }
        let zone = chrono::FixedOffset::east_opt(9 * 3600).unwrap();
        let expected: Vec<_> = all.iter().map(|(at, (close, volume))| {
            let is_running = at.date() == today() && *at + TimeDelta::minutes(i64::try_from(step).unwrap()) > today().and_hms_opt(11, 0, 0).unwrap()
                && kis.minutes.contains_key(&today().and_hms_opt(11, 0, 0).unwrap());
            (zone.from_local_datetime(at).unwrap().to_rfc3339(), close.to_string(), (!is_running).then(|| volume.to_string()))
        }).collect();
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn what_was_paid_in_a_minute_is_the_difference_to_the_one_before() {
    let mut kis = Kis::new(4, 120, &[]);
    let answer = kis.ask(&CandlesParams { limit: Some(200), ..params(Interval::OneMinute) });
    for candle in &answer.candles {
        let paid = candle.trade_value.map(|value| value.0);
        let expected = candle.volume.map(|volume| volume.0 * candle.close.0);
        assert!(candle.volume.is_none() || paid == expected, "{candle:?}");
    }
    assert_eq!(answer.candles.len(), 200);
}

#[test]
fn a_row_that_kis_gives_on_two_pages_is_one_candle() {
    let mut kis = Kis { repeats: true, ..Kis::new(400, 1, &[]) };
    let all: Vec<_> = kis.days().iter().map(|(day, (_, volume))| (day.to_string(), volume.to_string())).collect();
    let answer = kis.ask(&CandlesParams { limit: Some(1000), ..params(Interval::Day) });
    let seen = answer.candles.iter().map(|candle| (candle.time.clone(), candle.volume.unwrap().to_string()));
    assert_eq!(seen.collect::<Vec<_>>(), all);
}

#[test]
fn ten_years_of_days_take_as_many_calls_as_they_have_pages() {
    let mut kis = Kis::new(3653, 1, &[]);
    let all = kis.days().len();
    let answer = kis.ask(&CandlesParams { limit: Some(10_000), ..params(Interval::Day) });
    assert_eq!((answer.candles.len(), answer.next, kis.calls), (all, None, all / 100 + 1));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let of = |change: &dyn Fn(&mut CandlesParams)| {
        let mut params = params(Interval::Day);
        change(&mut params);
        let stock = Stock::of(params.stock_code.as_deref().unwrap(), params.market).unwrap();
        Wanted::of(stock, &params, now()).map(|_| ()).unwrap_err().to_string()
    };
    let some = |text: &str| Some(text.to_owned());
    for (message, words) in [
        (of(&|params| params.limit = Some(0)), "limit"),
        (of(&|params| params.limit = Some(1_000_000)), "limit"),
        (of(&|params| params.from = some("2026-11-28")), "future"),
        (of(&|params| (params.from, params.to) = (some("2026-11-20"), some("2026-11-19"))), "from is after to"),
        (of(&|params| params.from = some("20261101")), "from must be a day"),
        (of(&|params| params.to = some("yesterday")), "to must be a day"),
        (of(&|params| params.next = some("x")), "next is none"),
        (of(&|params| (params.to, params.next) = (some("2026-11-19"), some("2026-11-20"))), "next goes with"),
        (of(&|params| params.interval = Interval::Unknown), "interval must be one of 1m"),
        (
            of(&|params| (params.interval, params.market) = (Interval::Year, Some(Market::Nyse))),
            "no candles of years abroad",
        ),
    ] {
        assert!(message.contains(words), "{words}: {message}");
    }
}
