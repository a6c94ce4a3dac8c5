//! Whatever was asked before, candles with a store are those without one, and what is kept is asked for no more.

use std::fs;

use chrono::{Days, TimeDelta};
use proptest::prelude::*;

use super::{
    super::tests::{Kis, now, params, today},
    file::File,
    *,
};
use crate::wire::types::{self, CandlesParams, Interval};

pub(super) const SOURCE: &str = "https://kis.example/";

/// A file of candles in a directory of its own.
pub(super) struct Shelf {
    pub(super) directory: tempfile::TempDir,
    pub(super) file: Option<File>,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), file: None }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("candles.db")
    }

    pub(super) fn file(&mut self) -> &mut File {
        let path = self.path();
        self.file.get_or_insert_with(|| File::open(&path).unwrap())
    }

    /// Asks as the daemon does; says how many calls it took.
    fn ask(&mut self, kis: &mut Kis, params: &CandlesParams) -> (types::Candles, usize) {
        let before = kis.calls;
        let mut walk = kis.walk(params);
        let kept = rows::recall(self.file(), SOURCE, &walk.needs().unwrap(), kis.now).unwrap();
        walk.recall(kept);
        kis.lead(&mut walk);
        if let Some(learned) = walk.learned() {
            rows::learn(self.file(), SOURCE, &learned).unwrap();
        }
        (walk.finish("main", crate::clock::kst(now())), kis.calls - before)
    }

    fn count(&mut self, what: &str) -> i64 {
        self.file().connection.query_row(&format!("SELECT {what}"), [], |row| row.get(0)).unwrap()
    }
}

/// The same without a store.
fn plain(kis: &mut Kis, params: &CandlesParams) -> types::Candles {
    let mut walk = kis.walk(params);
    kis.lead(&mut walk);
    walk.finish("main", crate::clock::kst(now()))
}

fn ago(days: u64) -> Option<String> {
    Some((today() - Days::new(days)).to_string())
}

/// What one caller asks, and what happens before.
#[derive(Debug, Clone)]
struct Turn {
    pause: TimeDelta,
    interval: Interval,
    adjusted: bool,
    from: Option<u64>,
    to: u64,
    limit: u64,
    splits: bool,
    reopens: bool,
    most: Option<u64>,
}

fn turn() -> impl Strategy<Value = Turn> {
    let when = (
        prop_oneof![4 => Just(0_i64), 2 => 1..600_i64, 2 => 600..4000_i64],
        prop_oneof![3 => Just(Interval::Day), 1 => Just(Interval::OneMinute), 1 => Just(Interval::QuarterHour)],
        any::<bool>(),
    );
    let what = (proptest::option::of(0_u64..400), prop_oneof![Just(0_u64), 0..300_u64], 1..260_u64);
    let chance =
        (proptest::bool::weighted(0.2), proptest::bool::weighted(0.2), proptest::option::weighted(0.1, 1..200_000_u64));
    (when, what, chance).prop_map(|((minutes, interval, adjusted), (from, to, limit), (splits, reopens, most))| {
        let pause = TimeDelta::minutes(minutes);
        Turn { pause, interval, adjusted, from, to, limit, splits, reopens, most }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_changes_no_answer(
        days in 1_u64..450, silent in proptest::collection::vec(0_u32..40, 0..10),
        halted in proptest::collection::vec(0_u64..450, 0..10), turns in proptest::collection::vec(turn(), 1..12),
    ) {
        let mut kis = Kis::new(days, 40, &silent);
        kis.halted = halted.iter().map(|back| today() - Days::new(*back)).collect();
        let mut shelf = Shelf::new();
        for turn in turns {
            kis.now += turn.pause;
            kis.calls = 0;
            let day = kis.local().date();
            // Prices are adjusted in the morning of a day, not in the middle.
            if turn.splits {
                let is_night = kis.local() < day.and_hms_opt(8, 0, 0).unwrap();
                kis.splits.push(if is_night { day } else { day + Days::new(1) });
            }
            if turn.reopens {
                shelf.file = None;
            }
            let back = |days| (day - Days::new(days)).to_string();
            let mut asked = CandlesParams {
                adjusted: Some(turn.adjusted), from: turn.from.map(|from| back(from.max(turn.to))), to: Some(back(turn.to)),
                limit: Some(turn.limit), ..params(turn.interval)
            };
            if turn.interval != Interval::Day {
                // A year of minutes is long.
                asked.from = turn.from.map(|from| back(from % 20 + turn.to % 20));
                asked.to = Some(back(turn.to % 20));
            }
            // Page by page, to the end or the fifth.
            for _ in 0..5 {
                let expected = plain(&mut kis, &asked);
                let (answer, _) = shelf.ask(&mut kis, &asked);
                prop_assert_eq!(&answer.candles, &expected.candles);
                // Where an answer ends with the last candle that there is, it may say that there are more: then there are none.
                match (answer.next, expected.next) {
                    (Some(next), Some(expected)) => {
                        prop_assert_eq!(&next, &expected);
                        asked.next = Some(next);
                    }
                    (None, None) => break,
                    (Some(next), None) | (None, Some(next)) => {
                        let rest = CandlesParams { next: Some(next), ..asked.clone() };
                        prop_assert_eq!(plain(&mut kis, &rest).candles, vec![]);
                        prop_assert_eq!(shelf.ask(&mut kis, &rest).0.candles, vec![]);
                        break;
                    }
                }
            }
            if let Some(most) = turn.most {
                rows::bound(shelf.file(), most).unwrap();
            }
        }
    }

    #[test]
    fn no_day_is_kept_before_the_morning_of_the_next(pauses in proptest::collection::vec(1_i64..3000, 1..12)) {
        let mut kis = Kis::new(200, 3, &[]);
        let mut shelf = Shelf::new();
        for pause in pauses {
            kis.now += TimeDelta::minutes(pause);
            for interval in [Interval::Day, Interval::OneMinute] {
                shelf.ask(&mut kis, &params(interval));
            }
            let (local, days) = (kis.local(), kis.days());
            let last = days.keys().rev().find(|day| day.and_hms_opt(8, 0, 0).unwrap() <= local).unwrap();
            let last = last.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp();
            prop_assert_eq!(shelf.count(&format!("count(*) FROM bar WHERE at >= {last}")), 0);
            prop_assert_eq!(shelf.count(&format!("count(*) FROM span WHERE last >= {last}")), 0);
        }
    }
}

/// Ten years of days, all of them complete.
pub(super) fn ten_years() -> CandlesParams {
    CandlesParams { limit: Some(10_000), from: ago(3653), to: ago(20), ..params(Interval::Day) }
}

#[test]
fn ten_years_of_days_take_as_many_calls_as_they_have_pages_and_then_none() {
    let mut kis = Kis::new(5000, 1, &[]);
    let mut shelf = Shelf::new();
    for adjusted in [true, false] {
        let asked = CandlesParams { adjusted: Some(adjusted), ..ten_years() };
        let (first, calls) = shelf.ask(&mut kis, &asked);
        assert_eq!(calls, first.candles.len().div_ceil(100));
        let began = tokio::time::Instant::now();
        let (second, calls) = shelf.ask(&mut kis, &asked);
        eprintln!("{} candles from the disk in {:?}", second.candles.len(), began.elapsed());
        assert_eq!((second.candles, calls), (first.candles, 0));
    }
    // Up to now: the days that are not complete yet, with one page.
    let until_now = CandlesParams { to: None, ..ten_years() };
    shelf.ask(&mut kis, &until_now);
    let (candles, calls) = shelf.ask(&mut kis, &until_now);
    assert_eq!((candles, calls), (plain(&mut kis, &until_now), 1));
}

#[test]
fn of_a_stock_that_is_younger_than_what_is_asked_the_beginning_is_known_too() {
    let mut kis = Kis::new(150, 1, &[]);
    let mut shelf = Shelf::new();
    let (first, calls) = shelf.ask(&mut kis, &ten_years());
    assert!(calls == 1 && first.candles.len() < 100 && first.next.is_none());
    assert_eq!(shelf.ask(&mut kis, &ten_years()), (first, 0));
}

#[test]
fn the_next_morning_one_page_is_enough_to_believe_in_adjusted_days_again() {
    let mut kis = Kis::new(4000, 1, &[]);
    let mut shelf = Shelf::new();
    shelf.ask(&mut kis, &ten_years());
    kis.now += TimeDelta::days(1);
    assert_eq!(shelf.ask(&mut kis, &ten_years()).1, 1);
    assert_eq!(shelf.ask(&mut kis, &ten_years()).1, 0);
    // What was never adjusted needs nobody's word.
    let raw = CandlesParams { adjusted: Some(false), ..ten_years() };
    shelf.ask(&mut kis, &raw);
    kis.now += TimeDelta::days(1);
    assert_eq!(shelf.ask(&mut kis, &raw).1, 0);
}

#[test]
fn a_difference_drops_the_adjusted_days_of_a_stock_on_all_its_markets_and_no_others() {
    let mut kis = Kis::new(1000, 1, &[]);
    let mut shelf = Shelf::new();
    let of = |code: &str, market, adjusted| CandlesParams {
        stock_code: Some(code.to_owned()),
        market: Some(market),
        adjusted: Some(adjusted),
        ..ten_years()
    };
    let unified = types::Market::Un;
    let krx = types::Market::Krx;
    for asked in
        [of("005930", krx, true), of("005930", krx, false), of("005930", unified, true), of("000660", krx, true)]
    {
        shelf.ask(&mut kis, &asked);
    }
    kis.now += TimeDelta::days(3);
    kis.splits.push(kis.local().date());
    let short = CandlesParams { limit: Some(10), ..of("005930", krx, true) };
    shelf.ask(&mut kis, &short);
    let series = |code: &str, rest: &str| {
        format!("count(*) FROM bar JOIN series ON id = series WHERE code = '{code}' AND {rest}")
    };
    assert_eq!(shelf.count(&series("005930", "adjusted AND market = 'UN'")), 0);
    assert_eq!(shelf.count(&series("005930", "adjusted AND market = 'KRX'")), 100);
    assert!(shelf.count(&series("005930", "NOT adjusted")) > 600);
    assert!(shelf.count(&series("000660", "adjusted")) > 600);
}

#[test]
fn what_was_of_no_use_for_longest_makes_room() {
    let mut kis = Kis::new(4000, 1, &[]);
    let mut shelf = Shelf::new();
    let of = |code: &str| CandlesParams { stock_code: Some(code.to_owned()), ..ten_years() };
    for code in ["000001", "000002", "000003"] {
        shelf.ask(&mut kis, &of(code));
        kis.now += TimeDelta::hours(2);
    }
    // The oldest is used again.
    assert_eq!(shelf.ask(&mut kis, &of("000001")).1, 0);
    let (all, most) = (shelf.file().bytes().unwrap(), shelf.file().bytes().unwrap() * 8 / 10);
    rows::bound(shelf.file(), most).unwrap();
    assert_eq!(shelf.count("count(*) FROM series"), 2);
    assert_eq!(shelf.count("count(*) FROM series WHERE code = '000002'"), 0);
    assert_eq!(shelf.count("count(*) FROM bar WHERE series NOT IN (SELECT id FROM series)"), 0);
    assert!(shelf.file().bytes().unwrap() < most);
    // The room is the disk's again.
    assert!(fs::metadata(shelf.path()).unwrap().len() < all);
}

#[test]
fn what_is_kept_belongs_to_the_kis_that_gave_it() {
    let mut kis = Kis::new(1000, 1, &[]);
    let mut shelf = Shelf::new();
    shelf.ask(&mut kis, &ten_years());
    let needs = kis.walk(&ten_years()).needs().unwrap();
    let other = rows::recall(shelf.file(), "http://127.0.0.1:9/", &needs, kis.now).unwrap();
    assert!(other.spans.is_empty() && other.bars.is_empty());
}
