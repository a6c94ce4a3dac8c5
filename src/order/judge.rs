//! What KIS's list of orders says of ours: pure. A list may lag behind an answer, repeat rows and hide them, so what is missing from
//! it proves nothing by itself, and what it takes back is not taken back here.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{
    event::Event,
    life::{Kept, is_same_number},
    lost::{is_its_stock, kis_order, of_lost, shares},
};
use crate::{
    clock::Instant,
    trades::{Kind, OrderList, OrderRow},
    wire::types::{OrderState, Reason},
};

/// Two looks that show the same, so long apart, tell that nothing more comes.
const APART: Duration = Duration::from_secs(5);

/// Good looks that have to miss an order before `assume_absent_after` holds.
pub(super) const LOOKS: u32 = 5;

/// Two looks on a later day that miss an order, so long apart, tell that KIS does not have it.
pub(super) const NEXT_DAY_APART: Duration = Duration::from_secs(600);

/// A cancellation of which KIS's list shows nothing for so long has not arrived.
const CANCEL_SHOWS: Duration = Duration::from_secs(60);

/// What earlier looks have shown.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Orders whose rest was gone, since when, and what was filled then.
    gone: HashMap<String, (Instant, u64)>,
    /// Orders of which a part was cancelled, since when, and what remained.
    reduced: HashMap<String, (Instant, Decimal)>,
    /// Orders that are being cancelled and of which no list tells, since when.
    cancelling: HashMap<String, Instant>,
    /// Lost orders that good lists have missed.
    pub(super) missed: HashMap<String, Missed>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Missed {
    pub(super) times: u32,
    /// Whether a list has shown an order of ours that was sent later.
    pub(super) later_shown: bool,
    /// The first look on a later day.
    pub(super) next_day: Option<Instant>,
}

/// When a look was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// By the wall clock.
    pub now: DateTime<Utc>,
    /// By the clock that does not jump.
    pub monotonic: Instant,
    /// Whether the day of these orders is over, and no order of it can live.
    pub is_over: bool,
    /// Whether it is past 08:00 on a later business day.
    pub is_next_day: bool,
    /// After how long an order that is not listed was not taken.
    pub assume_absent_after: Option<Duration>,
}

/// What a list of one market's orders of one day means for those of ours.
pub(super) fn judge(
    orders: &BTreeMap<String, Kept>,
    ours: &[String],
    list: &OrderList,
    looks: &mut Looks,
    at: At,
) -> Vec<(String, Event)> {
    let mut events = Vec::new();
    let known: BTreeSet<&str> =
        orders.values().flat_map(|kept| kept.chain.iter().map(|link| bare(&link.order_no))).collect();
    for id in ours {
        let Some(kept) = orders.get(id) else { continue };
        let found = match kept.order.state {
            OrderState::Accepted | OrderState::PartlyFilled | OrderState::Cancelled | OrderState::Expired => {
                of_known(kept, list, looks, at, &known)
            }
            OrderState::Unknown => of_lost(kept, orders, list, looks, at, &known),
            _ => Vec::new(),
        };
        events.extend(found.into_iter().map(|event| (id.clone(), event)));
    }
    events
}

fn bare(number: &str) -> &str {
    number.trim().trim_start_matches('0')
}

/// An order whose number is known.
fn of_known(kept: &Kept, list: &OrderList, looks: &mut Looks, at: At, known: &BTreeSet<&str>) -> Vec<Event> {
    let (id, order) = (&kept.order.order_id, &kept.order);
    let row_of = |number: &str| {
        let mut rows =
            list.rows.iter().filter(|row| is_same_number(row.number.as_written(), number) && is_its_stock(row, kept));
        rows.next()
    };
    let mut events = Vec::new();
    let (mut filled, mut newest) = (0, None);
    for link in &kept.chain {
        // One that lags behind what is known says nothing.
        let row = row_of(&link.order_no).filter(|row| shares(row.filled) >= link.filled);
        let shown = row.map_or(0, |row| shares(row.filled)).max(link.filled);
        filled += shown;
        if let Some(row) = row {
            let amount = row.filled_amount.or_else(|| Some(row.average? * row.filled)).unwrap_or_default();
            let (rejected, remaining) = (shares(row.rejected.unwrap_or_default()), shares(row.remaining));
            let is_refused = row.status.as_deref() == Some("거부") && row.filled.is_zero();
            let rejected = if is_refused { order.quantity } else { rejected };
            let is_news = shown > link.filled || Some(remaining) != link.remaining || rejected > 0;
            if is_news {
                events.push(Event::Listed {
                    order_no: link.order_no.clone(),
                    filled: shown,
                    amount,
                    rejected,
                    remaining,
                });
            }
            newest = Some(row);
        } else {
            newest = None;
        }
    }
    if order.state.is_over() || filled >= order.quantity {
        return events;
    }
    // Another number of the same order: a change of ours that was lost, or one by another program.
    let last = kept.order_no().unwrap_or_default();
    let about = |row: &&OrderRow| row.original.as_ref().is_some_and(|number| is_same_number(number.as_written(), last));
    let changes: Vec<&OrderRow> = list.rows.iter().filter(about).collect();
    let amended =
        changes.iter().find(|row| matches!(row.kind, Kind::Amend { .. }) && !known.contains(row.number.bare()));
    if let Some(row) = amended {
        let order_type = kept.lost_amendment.as_ref().map_or(order.order_type, |lost| lost.order_type);
        events.push(Event::Amended { kis: kis_order(row), price: row.price, order_type, amount_krw: None });
        return events;
    }
    let cancel = changes.iter().find(|row| matches!(row.kind, Kind::Cancel { .. }));
    let Some(row) = newest else {
        // Not listed: a list that is whole and of a day that is over tells that it is not there any more.
        if at.is_over && list.ended {
            events.push(Event::Ended { cancelled: false, why: "its day is over".to_owned() });
        }
        return events;
    };
    if row.remaining.is_zero() {
        let (since, was) = *looks.gone.entry(id.clone()).or_insert((at.monotonic, filled));
        if was != filled {
            looks.gone.insert(id.clone(), (at.monotonic, filled));
        } else if at.monotonic.since(since) >= APART && list.ended {
            looks.gone.remove(id);
            let by_cancel = order.cancelling || cancel.is_some() || kept.cancel_no.is_some();
            let (cancelled, why) = match (by_cancel, at.is_over) {
                (true, _) => (true, "KIS's list shows that it is cancelled"),
                (false, true) => (false, "its day is over"),
                (false, false) => (true, "KIS's list shows that nothing of it waits any more, and not why"),
            };
            events.push(Event::Ended { cancelled, why: why.to_owned() });
        }
        return events;
    }
    looks.gone.remove(id);
    if at.is_over {
        events.push(Event::Ended { cancelled: false, why: "its day is over".to_owned() });
        return events;
    }
    events.extend(of_cancellation(kept, row, cancel.copied(), filled, looks, at));
    events
}

/// A cancellation under way of an order that lives.
fn of_cancellation(
    kept: &Kept,
    row: &OrderRow,
    cancel: Option<&OrderRow>,
    filled: u64,
    looks: &mut Looks,
    at: At,
) -> Option<Event> {
    let (id, order) = (&kept.order.order_id, &kept.order);
    if !order.cancelling {
        looks.cancelling.remove(id);
        looks.reduced.remove(id);
        return None;
    }
    if let Some(part) = kept.cutting {
        let left = order.quantity.saturating_sub(filled + kept.cut + part);
        if left > 0 && row.remaining == Decimal::from(left) {
            let (since, was) = *looks.reduced.entry(id.clone()).or_insert((at.monotonic, row.remaining));
            if was == row.remaining && at.monotonic.since(since) >= APART {
                looks.reduced.remove(id);
                return Some(Event::Reduced { by: part });
            }
            return None;
        }
        looks.reduced.remove(id);
    }
    if cancel.is_some() {
        looks.cancelling.remove(id);
        return None;
    }
    let since = *looks.cancelling.entry(id.clone()).or_insert(at.monotonic);
    if at.monotonic.since(since) < CANCEL_SHOWS {
        return None;
    }
    looks.cancelling.remove(id);
    let message = "KIS's list has shown no cancellation of it for a minute, and it lives".to_owned();
    Some(Event::CancelFailed { reason: Reason { code: "not_shown".to_owned(), message } })
}

impl Looks {
    /// Forgets what is not looked for any more.
    pub(super) fn keep(&mut self, orders: &BTreeMap<String, Kept>) {
        let is_open = |id: &String| orders.get(id).is_some_and(|kept| !kept.order.state.is_over());
        self.gone.retain(|id, _| is_open(id));
        self.reduced.retain(|id, _| is_open(id));
        self.cancelling.retain(|id, _| is_open(id));
        self.missed.retain(|id, _| is_open(id));
    }

    /// Whether something is half seen, and wants a second look soon.
    pub(super) fn wants_another(&self) -> bool {
        !self.gone.is_empty() || !self.reduced.is_empty()
    }
}

#[cfg(test)]
mod tests;
