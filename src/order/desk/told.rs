//! What is told of an order.

use chrono::{DateTime, FixedOffset};

use crate::{
    order::{
        checks::{Facts, Session},
        error::{OrderError, Refused},
        ticket::Ticket,
    },
    wire::{
        number::Number,
        types::{Order, OrderState},
    },
};

/// An order as the answer to who placed it.
pub(super) fn answer(order: Order) -> Result<Order, OrderError> {
    let message = order.reason.as_ref().map(|reason| reason.message.clone()).unwrap_or_default();
    match order.state {
        OrderState::Refused => {
            let passes = order.kis.is_none() && order.reason.as_ref().is_some_and(|reason| reason.code == "not_sent");
            Err(OrderError::Refused(Box::new(Refused { order: Some(order), checks: Vec::new(), message, passes })))
        }
        OrderState::Rejected => Err(OrderError::Rejected { order: Box::new(order), message }),
        OrderState::Unknown | OrderState::Absent => Err(OrderError::Unknown { order: Box::new(order), message }),
        _ => Ok(order),
    }
}

/// The wish that an order was.
pub(super) fn ticket_of(order: &Order) -> Ticket {
    let price = order.price.filter(|_| order.order_type.has_price()).map(|Number(price)| price);
    Ticket {
        stock_code: order.stock_code.clone(),
        market: order.market,
        side: order.side,
        quantity: order.quantity,
        order_type: order.order_type,
        price,
        stop_price: order.stop_price.map(|Number(price)| price),
        time_in_force: order.time_in_force,
        route: order.route,
    }
}

pub(super) fn dies_at(facts: &Facts) -> Option<DateTime<FixedOffset>> {
    match facts.session {
        Session::Open(dies_at) => dies_at,
        _ => None,
    }
}

pub(super) fn name_of(facts: &Facts) -> Option<String> {
    let listed = facts.listed.as_ref().map(|listed| listed.name.clone());
    listed.or_else(|| facts.price.as_ref().ok().and_then(|price| price.name.clone()))
}
