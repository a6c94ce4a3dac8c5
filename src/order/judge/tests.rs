use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::*;
use crate::{
    clock,
    order::life::tests::{kept, kis},
    trades::{OrderNo, Side},
    wire::types::TradeRegion,
};

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 27).unwrap()
}

/// A row of an order for ten shares that was given at noon.
fn row(number: &str, filled: u32, remaining: u32) -> OrderRow {
    OrderRow {
        region: TradeRegion::Domestic,
        order_date: day(),
        korean_date: Some(day()),
        order_time: NaiveTime::from_hms_opt(12, 0, 0),
        branch: Some("03930".to_owned()),
        number: OrderNo::of(number).unwrap(),
        original: None,
        side: Some(Side::Buy),
        kind: Kind::New,
        stock_code: "005930".to_owned(),
        stock_name: None,
        type_code: Some("00".to_owned()),
        type_name: None,
        quantity: 10.into(),
        price: Some(75_000.into()),
        stop_price: None,
        filled: filled.into(),
        average: Some(75_000.into()),
        filled_amount: None,
        remaining: remaining.into(),
        rejected: None,
        exchange: Some("KRX".to_owned()),
        currency: None,
        placed_with: Some("OpnAPI".to_owned()),
        loan_date: None,
        status: None,
        reason: None,
    }
}

fn list(rows: impl IntoIterator<Item = OrderRow>) -> OrderList {
    OrderList { rows: rows.into_iter().collect(), ended: true, ..OrderList::default() }
}

/// A time of day, and so many seconds later by the clock that does not jump.
fn at(seconds: u64) -> At {
    let noon = clock::from_kst(day().and_hms_opt(12, 0, 0).unwrap()).unwrap();
    At {
        now: noon + TimeDelta::seconds(i64::try_from(seconds).unwrap()),
        monotonic: Instant::ZERO.saturating_add(Duration::from_secs(1000 + seconds)),
        is_over: false,
        is_next_day: false,
        assume_absent_after: None,
    }
}

/// An order under another id, with these events.
fn ours(id: &str, events: &[Event]) -> (String, Kept) {
    let mut order = kept(10);
    order.order.order_id = id.to_owned();
    let noon = clock::kst(at(0).now);
    for event in [Event::Sending].iter().chain(events) {
        order.apply(event, noon).unwrap();
    }
    (id.to_owned(), order)
}

fn lost(id: &str) -> (String, Kept) {
    let reason = Reason { code: "unknown".to_owned(), message: "reset".to_owned() };
    ours(id, &[Event::Lost { reason }])
}

fn taken(id: &str, number: u32) -> (String, Kept) {
    ours(id, &[Event::Accepted { kis: kis(number) }])
}

/// Everything that has come of one order in these looks.
fn looked(mut orders: BTreeMap<String, Kept>, id: &str, looks_at: &[(OrderList, At)]) -> Vec<Event> {
    let (mut looks, mut all) = (Looks::default(), Vec::new());
    for (list, at) in looks_at {
        for (of, event) in judge(&orders, &[id.to_owned()], list, &mut looks, *at) {
            orders.get_mut(&of).unwrap().apply(&event, clock::kst(at.now)).unwrap();
            all.push(event);
        }
    }
    all
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::Ended { .. })
}

#[test]
fn a_rest_that_is_gone_ends_an_order_when_two_looks_apart_show_the_same_fills() {
    let one = || BTreeMap::from([taken("o-1", 1)]);
    let gone = |filled| list([row("1", filled, 0)]);
    assert!(!looked(one(), "o-1", &[(gone(4), at(0)), (gone(4), at(4))]).iter().any(is_end), "too soon");
    assert!(looked(one(), "o-1", &[(gone(4), at(0)), (gone(4), at(5))]).iter().any(is_end));
    // A fill that the first look did not show begins the wait anew.
    let late = [(gone(4), at(0)), (gone(6), at(5)), (gone(6), at(9))];
    assert!(!looked(one(), "o-1", &late).iter().any(is_end));
    let part = OrderList { ended: false, ..gone(4) };
    assert!(!looked(one(), "o-1", &[(part.clone(), at(0)), (part, at(5))]).iter().any(is_end), "a part of a list");
}

#[test]
fn a_row_that_is_missing_takes_nothing_back() {
    let events = looked(
        BTreeMap::from([taken("o-1", 1)]),
        "o-1",
        &[(list([row("1", 4, 6)]), at(0)), (list([]), at(5)), (list([row("1", 3, 7)]), at(10))],
    );
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn only_a_whole_list_that_shows_all_that_is_known_misses_an_order() {
    let orders = || BTreeMap::from([lost("o-1"), taken("o-2", 2)]);
    let mut later = row("2", 0, 10);
    later.order_time = NaiveTime::from_hms_opt(12, 0, 30);
    let at = |seconds| At { assume_absent_after: Some(Duration::from_secs(60)), ..at(seconds) };
    let looks = |list: &OrderList| (0..6).map(|look| (list.clone(), at(60 + look))).collect::<Vec<_>>();
    let whole = list([later]);
    assert!(matches!(looked(orders(), "o-1", &looks(&whole))[..], [Event::Absent { .. }]));
    let part = OrderList { ended: false, ..whole.clone() };
    assert_eq!(looked(orders(), "o-1", &looks(&part)), []);
    let mut three = orders();
    three.extend([taken("o-3", 3)]);
    assert_eq!(looked(three, "o-1", &looks(&whole)), [], "the list lacks another order that KIS has");
}

#[test]
fn the_list_of_the_day_read_twice_on_the_next_business_day_proves_that_there_is_no_order() {
    let orders = || BTreeMap::from([lost("o-1"), taken("o-2", 2)]);
    let whole = list([row("2", 0, 10)]);
    let next = |seconds: u64| At { is_over: true, is_next_day: true, ..at(72_000 + seconds) };
    assert_eq!(looked(orders(), "o-1", &[(whole.clone(), next(0)), (whole.clone(), next(599))]), []);
    let twice = [(whole.clone(), next(0)), (whole.clone(), next(600))];
    assert!(matches!(looked(orders(), "o-1", &twice)[..], [Event::Absent { .. }]));
    let alone = BTreeMap::from([lost("o-1")]);
    assert_eq!(looked(alone, "o-1", &[(list([]), next(0)), (list([]), next(600))]), [], "nothing vouches for the list");
    let same_day = [(whole.clone(), at(0)), (whole, at(600))];
    assert_eq!(looked(orders(), "o-1", &same_day), [], "a missing row of the same day proves nothing");
}

#[test]
fn what_waits_when_its_day_is_over_has_expired() {
    let over = At { is_over: true, ..at(40_000) };
    let events = looked(BTreeMap::from([taken("o-1", 1)]), "o-1", &[(list([row("1", 4, 6)]), over)]);
    assert!(matches!(events[..], [Event::Listed { .. }, Event::Ended { cancelled: false, .. }]), "{events:?}");
}
