//! Orders in the words of the contract. How far one has come is told by its quantities and by the rows that name it, since of KIS's
//! flags none is set reliably.

use chrono::{Days as Count, NaiveDate};
use rust_decimal::Decimal;

use super::{Kind, OrderList, OrderRow, Side, instant};
use crate::quote::market_of;
use crate::wire::{
    number::Number,
    types::{AccountOrder, AccountOrderKind, AccountOrderState, Fill, Market, OrderOrigin, TradeRegion, TradeSide},
};

/// What kisd itself knows of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Its number in kisd.
    pub order_id: Option<String>,
    /// Who gave it.
    pub origin: Option<OrderOrigin>,
    /// Its single fills, where notices told of them.
    pub fills: Option<Vec<Fill>>,
}

/// The rows that `is_asked_for`, as of `today` in Korea. `known` tells what kisd itself knows of each.
pub fn told(
    list: &OrderList,
    today: NaiveDate,
    is_asked_for: impl Fn(&OrderRow) -> bool,
    known: impl Fn(&OrderRow) -> Known,
) -> Vec<AccountOrder> {
    with_fills(list, today, is_asked_for, known).into_iter().map(|(order, _)| order).collect()
}

/// The same, each with its single fills.
pub(super) fn with_fills(
    list: &OrderList,
    today: NaiveDate,
    is_asked_for: impl Fn(&OrderRow) -> bool,
    known: impl Fn(&OrderRow) -> Known,
) -> Vec<(AccountOrder, Option<Vec<Fill>>)> {
    let rows = list.rows.iter().filter(|row| is_asked_for(row));
    rows.map(|row| {
        let mut known = known(row);
        let fills = known.fills.take();
        (on_the_wire(row, state(row, list, today), known), fills)
    })
    .collect()
}

fn on_the_wire(row: &OrderRow, state: AccountOrderState, known: Known) -> AccountOrder {
    let exchange = row.exchange.as_deref().unwrap_or_default();
    let is_at_home = row.region == TradeRegion::Domestic;
    let (kind, confirmed) = match row.kind {
        Kind::New => (AccountOrderKind::New, None),
        Kind::Amend { confirmed } => (AccountOrderKind::Amend, Some(confirmed)),
        Kind::Cancel { confirmed } => (AccountOrderKind::Cancel, Some(confirmed)),
    };
    AccountOrder {
        order_no: row.number.as_written().trim().to_owned(),
        original_order_no: row.original.as_ref().map(|original| original.as_written().trim().to_owned()),
        branch: row.branch.clone(),
        order_date: row.order_date,
        ordered_at: instant(row.korean_date, row.order_time),
        region: row.region,
        market: if is_at_home { Some(Market::Krx) } else { market_of(exchange) },
        route: (is_at_home && !exchange.is_empty()).then(|| exchange.to_ascii_lowercase()),
        stock_code: row.stock_code.clone(),
        stock_name: row.stock_name.clone(),
        currency: row.currency.clone(),
        side: row.side.map(side),
        kind,
        confirmed,
        state,
        type_code: row.type_code.clone(),
        type_name: row.type_name.clone(),
        quantity: exact(row.quantity),
        price: row.price.map(exact),
        stop_price: row.stop_price.map(exact),
        filled_quantity: exact(row.filled),
        average_price: row.average.map(exact),
        filled_amount: row.filled_amount.map(exact),
        remaining_quantity: exact(row.remaining),
        rejected_quantity: row.rejected.map(exact),
        reason: row.reason.clone(),
        placed_with: row.placed_with.clone(),
        loan_date: row.loan_date,
        order_id: known.order_id,
        origin: known.origin,
    }
}

/// Without the zeros that KIS pads numbers with: 225, and 68213.5135.
pub(super) fn exact(number: Decimal) -> Number {
    Number(number.normalize())
}

pub(super) fn side(side: Side) -> TradeSide {
    match side {
        Side::Buy => TradeSide::Buy,
        Side::Sell => TradeSide::Sell,
    }
}

fn state(row: &OrderRow, list: &OrderList, today: NaiveDate) -> AccountOrderState {
    use AccountOrderState::{Accepted, Amended, Cancelled, Closed, Confirmed, Expired, Filled, PartlyFilled, Rejected};
    let refused = row.rejected.unwrap_or_default();
    let is_refused = row.status.as_deref() == Some("거부") || refused > Decimal::ZERO && refused >= row.quantity;
    // KIS refuses what the close of the market has ended, and says so in words.
    let ended_at_the_close = row.reason.as_deref().is_some_and(|reason| reason.contains("장종료"));
    let about: Vec<Kind> = list.rows.iter().filter(|other| other.is_about(row)).map(|other| other.kind).collect();
    let is_cancelled = about.contains(&Kind::Cancel { confirmed: true });
    let is_abroad = row.region == TradeRegion::Overseas;
    match row.kind {
        Kind::Cancel { .. } if is_refused => Rejected,
        Kind::Cancel { confirmed: true } => Confirmed,
        Kind::Cancel { confirmed: false } => Accepted,
        _ if row.quantity > Decimal::ZERO && row.filled >= row.quantity => Filled,
        _ if ended_at_the_close || row.remaining > Decimal::ZERO && is_over(row, today) => Expired,
        _ if is_refused => Rejected,
        // Abroad no part of an order can be cancelled, and its row may stay as it was.
        _ if is_abroad && is_cancelled => Cancelled,
        _ if row.remaining > Decimal::ZERO && row.filled > Decimal::ZERO => PartlyFilled,
        _ if row.remaining > Decimal::ZERO => Accepted,
        _ if is_cancelled => Cancelled,
        _ if about.contains(&Kind::Amend { confirmed: true }) => Amended,
        _ if refused > Decimal::ZERO => Rejected,
        // What the close ends KIS says there.
        _ if is_abroad => Cancelled,
        _ => Closed,
    }
}

/// Whether the day of an order has ended on every market: none lives longer. The day of the US ends in Korea on the next.
fn is_over(row: &OrderRow, today: NaiveDate) -> bool {
    let last = match row.region {
        TradeRegion::Overseas => row.order_date.checked_add_days(Count::new(1)).unwrap_or(row.order_date),
        TradeRegion::Domestic | TradeRegion::Unknown => row.order_date,
    };
    today > last
}
