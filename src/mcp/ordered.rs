//! Orders as a model reads them, and what it does about an error of one.

use std::fmt::Write;

use super::text::{DATA, Told, quoted};
use crate::wire::{
    codes::{ErrorData, Kind},
    number::Number,
    types::{CheckOutcome, Order, OrderList, OrderState, Preview},
};

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "not known".to_owned(), |number| number.to_string())
}

fn at(price: Option<Number>) -> String {
    price.map_or_else(|| "without a price".to_owned(), |price| format!("at {price}"))
}

fn name(name: Option<&str>) -> String {
    name.map(|name| format!(" {}", quoted(name))).unwrap_or_default()
}

/// What would be sent, as the user is asked about it.
pub(super) fn shown(preview: &Preview) -> String {
    let Preview { side, quantity, market, .. } = preview;
    let mut text = format!(
        "{} {} of {} {}{} {} ({}, {}{}), account {}: last price {}, amount {} {}, estimated fees and tax {}.",
        side.name(),
        quantity,
        market.name(),
        quoted(&preview.stock_code),
        name(preview.stock_name.as_deref()),
        at(preview.price),
        preview.order_type.name(),
        preview.time_in_force.name(),
        preview.route.map(|route| format!(", by {}", route.name())).unwrap_or_default(),
        quoted(&preview.account_name),
        said(preview.last_price),
        said(preview.amount),
        quoted(&preview.currency),
        said(preview.estimated_fees),
    );
    // Writing to a string cannot fail.
    if let Some(price) = preview.stop_price {
        let _ = write!(text, " It begins at {price}.");
    }
    if preview.needs_approval {
        text.push_str(" The owner has to approve it with kisctl before it is sent.");
    }
    text
}

impl Told for Preview {
    fn tell(&self) -> String {
        let mut text = format!("{DATA} {}", shown(self));
        for check in self.checks.iter().filter(|check| check.outcome == CheckOutcome::Failed) {
            let message = quoted(check.message.as_deref().unwrap_or_default());
            let _ = write!(text, "\nThe check {} fails: {message}", check.check.name());
        }
        match &self.preview_id {
            Some(id) => {
                let _ = write!(
                    text,
                    "\nNothing is sent. Show it to the user; after a yes: order_place with {}",
                    quoted(id)
                );
            }
            None => text.push_str("\nIt cannot be placed. Stop, and ask the user what is wanted."),
        }
        text
    }
}

fn line(order: &Order) -> String {
    let mut text = format!(
        "{}: {} {} of {} {}{} {} ({}), {}, filled {}, average price {} {}",
        quoted(&order.order_id),
        order.side.name(),
        order.quantity,
        order.market.name(),
        quoted(&order.stock_code),
        name(order.stock_name.as_deref()),
        at(order.price),
        order.order_type.name(),
        order.state.name(),
        order.filled_quantity,
        said(order.average_price),
        quoted(&order.currency),
    );
    if order.cancelling {
        text.push_str(", cancellation under way");
    }
    if let Some(reason) = &order.reason {
        let _ = write!(text, ", because {}", quoted(&reason.message));
    }
    text
}

impl Told for Order {
    fn tell(&self) -> String {
        let what_to_do = match self.state {
            OrderState::AwaitingApproval => {
                "\nIt waits for the owner, who approves it with kisctl order approve. Tell the user, and do not place another."
            }
            OrderState::Unknown => "\nWhether KIS has it is not known. Never place it again: tell the user.",
            _ => "",
        };
        format!("{DATA} Order {}{what_to_do}", line(self))
    }
}

impl Told for OrderList {
    fn tell(&self) -> String {
        let mut text = format!("{DATA} {} orders of account {}", self.orders.len(), quoted(&self.account_name));
        for order in &self.orders {
            let _ = write!(text, "\n{}", line(order));
        }
        if let Some(next) = &self.next {
            let _ = write!(text, "\nThere are older ones: call again with next {}.", quoted(next));
        }
        if let Some(reason) = &self.halted {
            let _ = write!(text, "\nNew orders are halted: {}", quoted(&reason.message));
        }
        text
    }
}

/// What a model does about an error that is about an order.
pub(super) fn what_to_do(data: &ErrorData) -> Option<String> {
    let text = match (data.kind, data.what.as_deref(), &data.order) {
        (Kind::OutcomeUnknown, _, order) => {
            let which = order.as_ref().map(|order| format!(" {}", quoted(&order.order_id))).unwrap_or_default();
            format!(
                "It was sent, and whether KIS has it is not known. Never try it again, in no form: stop, and tell the user. order_get{which} \
                 tells when it is found."
            )
        }
        (Kind::OrderRefused, ..) => {
            "Nothing was sent. Stop, and ask the user: do not try another quantity, price or way around it.".to_owned()
        }
        (Kind::UpstreamRejected, _, Some(_)) => "KIS has refused it. Stop, and ask the user what is wanted.".to_owned(),
        (Kind::NotFound, Some("preview"), _) => {
            "Nothing was sent. Ask order_preview anew, and show its answer to the user.".to_owned()
        }
        (Kind::NotFound, Some("order"), _) => "Use an order_id that order_list gives.".to_owned(),
        _ => return None,
    };
    Some(text)
}
