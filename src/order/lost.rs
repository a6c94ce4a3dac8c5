//! Which row of KIS's list is that of an order whose answer was lost, and when a list proves that there is none: pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::{
    event::Event,
    judge::{At, LOOKS, Looks, Missed, NEXT_DAY_APART},
    life::{Kept, is_same_number},
    ticket::kis_type,
};
use crate::{
    quote::order_code,
    trades::{self, Kind, OrderList, OrderRow},
    wire::{
        number::Number,
        types::{KisOrder, Market, OrderState, Reason, Route, Side},
    },
};

/// KIS's clock and ours differ by this much at most when a row is compared with the time of sending.
const SKEW: TimeDelta = TimeDelta::seconds(2);

/// An order that was sent, and of which nothing is known.
pub(super) fn of_lost(
    kept: &Kept,
    orders: &BTreeMap<String, Kept>,
    list: &OrderList,
    looks: &mut Looks,
    at: At,
    known: &BTreeSet<&str>,
) -> Vec<Event> {
    let id = &kept.order.order_id;
    let candidates: Vec<&OrderRow> =
        list.rows.iter().filter(|row| !known.contains(row.number.bare()) && may_be(row, kept)).collect();
    // Another one of the same kind, sent and not answered yet or lost too, may be whose row it is.
    let is_twin = |other: &&Kept| {
        other.order.order_id != *id
            && matches!(other.order.state, OrderState::Sending | OrderState::Unknown)
            && is_alike(&kept.order, &other.order)
    };
    let has_twin = orders.values().any(|other| is_twin(&other));
    match (&candidates[..], has_twin) {
        ([row], false) => {
            looks.missed.remove(id);
            return vec![Event::Found { kis: kis_order(row), by: "fields".to_owned() }];
        }
        ([], _) => {}
        _ => return Vec::new(),
    }
    if !list.ended || !has_all_known(kept, orders, list) {
        return Vec::new();
    }
    let sent_at = kept.sent_at.unwrap_or(at.now);
    let is_later =
        |row: &&OrderRow| known.contains(row.number.bare()) && sent_of(row).is_some_and(|time| time > sent_at + SKEW);
    let witnesses = list.rows.iter().any(|row| known.contains(row.number.bare()));
    let missed = looks.missed.entry(id.clone()).or_insert(Missed { times: 0, later_shown: false, next_day: None });
    missed.times += 1;
    missed.later_shown |= list.rows.iter().any(|row| is_later(&row));
    let waited = (at.now - sent_at).to_std().unwrap_or_default();
    if let Some(after) = at.assume_absent_after
        && waited >= after
        && missed.times >= LOOKS
        && missed.later_shown
    {
        let message =
            format!("KIS's list has not shown it {} times, and shows an order that was sent later", missed.times);
        return vec![Event::Absent { reason: Reason { code: "assumed".to_owned(), message } }];
    }
    if at.is_next_day && kept.order.market == Market::Krx && witnesses {
        let first = *missed.next_day.get_or_insert(at.monotonic);
        if at.monotonic.since(first) >= NEXT_DAY_APART {
            let message = "KIS's list of its day, read twice on a later business day, does not have it".to_owned();
            return vec![Event::Absent { reason: Reason { code: "next_day".to_owned(), message } }];
        }
    }
    Vec::new()
}

/// Whether a list has every order of the day whose number is known: otherwise it shows too little to prove anything.
fn has_all_known(kept: &Kept, orders: &BTreeMap<String, Kept>, list: &OrderList) -> bool {
    let same_day = orders.values().filter(|other| {
        other.trading_day == kept.trading_day
            && (other.order.market == Market::Krx) == (kept.order.market == Market::Krx)
    });
    same_day
        .flat_map(|other| other.chain.iter())
        .all(|link| list.rows.iter().any(|row| is_same_number(row.number.as_written(), &link.order_no)))
}

pub(super) fn is_its_stock(row: &OrderRow, kept: &Kept) -> bool {
    row.stock_code.trim_start_matches('A') == kept.order.stock_code || row.stock_code == kept.order.stock_code
}

/// Whether two orders of ours cannot be told apart in a list.
fn is_alike(one: &crate::wire::types::Order, other: &crate::wire::types::Order) -> bool {
    let fields = |order: &crate::wire::types::Order| {
        let price = order.price.map(|Number(price)| price.normalize());
        (
            order.market,
            order.stock_code.clone(),
            order.side,
            order.quantity,
            order.order_type,
            order.time_in_force,
            order.route,
            price,
        )
    };
    fields(one) == fields(other)
}

/// Whether a row may be that of a lost order: everything that it tells has to fit.
fn may_be(row: &OrderRow, kept: &Kept) -> bool {
    let order = &kept.order;
    let side = match row.side {
        Some(trades::Side::Buy) => Side::Buy,
        Some(trades::Side::Sell) => Side::Sell,
        None => return false,
    };
    let price = order.price.map_or(Decimal::ZERO, |Number(price)| price);
    let stop_price = order.stop_price.map_or(Decimal::ZERO, |Number(price)| price);
    let is_plain = row.kind == Kind::New && row.original.is_none() && row.loan_date.is_none();
    let is_ours = row
        .placed_with
        .as_deref()
        .is_none_or(|with| with.eq_ignore_ascii_case("OpnAPI") || with.eq_ignore_ascii_case("OpenAPI"));
    let type_code = row.type_code.as_deref();
    let has_type = type_code.is_none_or(|code| code == kis_type(order.order_type, order.time_in_force));
    let exchange = match (order.market, order.route) {
        (Market::Krx, Some(Route::Nxt)) => "NXT",
        (Market::Krx, Some(Route::Sor)) => "SOR",
        (Market::Krx, _) => "KRX",
        (market, _) => order_code(market).unwrap_or_default(),
    };
    let in_time = match (sent_of(row), kept.sent_at) {
        (Some(row), Some(sent)) => row >= sent - SKEW,
        // Without a time the day has to do.
        _ => row.order_date == kept.trading_day,
    };
    is_plain
        && is_ours
        && has_type
        && in_time
        && is_its_stock(row, kept)
        && side == order.side
        && row.quantity == Decimal::from(order.quantity)
        && row.price.unwrap_or_default() == price
        && row.stop_price.unwrap_or_default() == stop_price
        && row.exchange.as_deref().is_none_or(|other| other == exchange)
}

/// When KIS says that an order was given: to the second.
fn sent_of(row: &OrderRow) -> Option<DateTime<Utc>> {
    let day = row.korean_date?;
    crate::clock::from_kst(day.and_time(row.order_time?))
}

pub(super) fn kis_order(row: &OrderRow) -> KisOrder {
    KisOrder {
        order_no: row.number.as_written().to_owned(),
        order_date: row.order_date,
        branch: row.branch.clone().unwrap_or_default(),
    }
}

pub(super) fn shares(number: Decimal) -> u64 {
    u64::try_from(number.trunc()).unwrap_or_default()
}
