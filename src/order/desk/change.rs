//! Cancels and amends orders, by our id alone: whatever KIS wants to know of them is in the ledger.

use std::{sync::Arc, time::Duration};

use rust_decimal::Decimal;
use serde::Serialize;
use tokio::sync::oneshot;
use tracing::error;

use super::{By, Desk, State, counting, told::ticket_of};
use crate::{
    kis::quota::Class,
    order::{
        checks::Facts,
        error::{OrderError, Refused},
        event::Event,
        form::{Change, Form},
        ledger::{LedgerError, Request},
        life::Kept,
        send::{Outcome, send},
        ticket::Ticket,
    },
    wire::types::{Check, CheckName, CheckOutcome, KisOrder, Market, Order, OrderState, OrderType, Reason},
};

/// How long KIS's answer is waited for.
const WITHIN: Duration = Duration::from_secs(20);

/// An order after a change that KIS has received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// It.
    pub order: Order,
}

/// What is asked for, as one text for one meaning.
#[derive(Serialize)]
struct Contents<'a> {
    order_id: &'a str,
    quantity: Option<u64>,
    price: Option<Decimal>,
    order_type: Option<OrderType>,
}

impl Desk {
    /// Changes or cancels an order, once for one id of the caller.
    pub async fn change(
        self: &Arc<Self>,
        by: &By,
        order_id: &str,
        id: &str,
        change: Change,
    ) -> Result<Changed, OrderError> {
        let (kind, contents, what) = match change {
            Change::Cancel(quantity) => {
                ("cancel", Contents { order_id, quantity, price: None, order_type: None }, "cancelled")
            }
            Change::Amend(price, order_type) => {
                ("amend", Contents { order_id, quantity: None, price, order_type: Some(order_type) }, "amended")
            }
        };
        let request = Request { order_id: order_id.to_owned(), ..self.request(by, id, kind, &contents)? };
        let amended = self.amended(by, order_id, change).await?;
        let mut state = self.state().await?;
        // What came of it before is told again, and nothing is sent.
        let earlier = self.ledger.claimed(request.account.clone(), request.owner.clone(), id.to_owned()).await;
        if let Ok(Some(earlier)) = earlier {
            if (earlier.kind.as_str(), &earlier.contents) != (kind, &request.contents) {
                let for_what = format!("{} ({})", earlier.order_id, earlier.kind);
                return Err(OrderError::IdIsUsed { client_order_id: id.to_owned(), for_what });
            }
            drop(state);
            let order = self.get(order_id).await?.ok_or_else(|| OrderError::NotFound(order_id.to_owned()))?;
            return match earlier.outcome {
                None => Ok(Changed { order }),
                Some(message) => Err(OrderError::Rejected { order: Box::new(order), message }),
            };
        }
        let Some(kept) = state.orders.get(order_id).cloned() else {
            drop(state);
            let kept = self.kept(order_id).await?.ok_or_else(|| OrderError::NotFound(order_id.to_owned()))?;
            return Err(OrderError::Over { state: kept.order.state.name(), what });
        };
        if kept.order.state == OrderState::AwaitingApproval && matches!(change, Change::Cancel(_)) {
            let uid = by.placed_by.uid;
            let reason = Reason { code: "cancelled".to_owned(), message: format!("taken back by uid {uid}") };
            let order = self.happen(&mut state, order_id, Event::Refused { by: None, reason }).await;
            return order.map(|order| Changed { order }).ok_or_else(|| OrderError::NotFound(order_id.to_owned()));
        }
        self.may_change(&kept, change, what)?;
        let amount_krw = match &amended {
            Some((ticket, facts)) => self.may_amend(&mut state, &kept, ticket, facts)?,
            None => None,
        };
        let form = Form::change(&kept, &self.account().id, change)?;
        let event = match change {
            Change::Cancel(quantity) => Event::Cancelling { quantity },
            Change::Amend(..) => Event::Amending,
        };
        let mut next = kept;
        // Whether it is live was asked above, under the same lock.
        let _ = next.apply(&event, self.now());
        match (self.ledger.request(next.clone(), request.clone(), event).await, change) {
            (Ok(_), _) => {}
            // The way out is never barred by a disk.
            (Err(error), Change::Cancel(_)) => {
                error!(order_id, %error, "a cancellation goes out that is not written down")
            }
            (Err(error), Change::Amend(..)) => return Err(error.into()),
        }
        let _ = self.news.send(Arc::new(next.order.clone()));
        state.orders.insert(order_id.to_owned(), next);
        drop(state);
        self.send_change(by, (order_id.to_owned(), amount_krw), request, form, change).await
    }

    /// The order as it would be after a change of its price, with what its checks need; nothing for a cancellation.
    async fn amended(&self, by: &By, order_id: &str, change: Change) -> Result<Option<(Ticket, Facts)>, OrderError> {
        let Change::Amend(price, order_type) = change else { return Ok(None) };
        let kept = self.kept(order_id).await?.ok_or_else(|| OrderError::NotFound(order_id.to_owned()))?;
        let ticket =
            Ticket { price, order_type, quantity: kept.order.remaining_quantity.max(1), ..ticket_of(&kept.order) };
        let facts = self.facts(&ticket, by.caller, WITHIN).await;
        Ok(Some((ticket, facts)))
    }

    /// Checks what is left of an order at its new price like a new one; what it counts already is not counted twice. Returns what it
    /// counts then.
    fn may_amend(
        &self,
        state: &mut State,
        kept: &Kept,
        ticket: &Ticket,
        facts: &Facts,
    ) -> Result<Option<Decimal>, OrderError> {
        let own = state.orders.remove(&kept.order.order_id);
        let checked = self.checked(state, ticket, facts);
        if let Some(own) = own {
            state.orders.insert(own.order.order_id.clone(), own);
        }
        // What the order holds already, KIS counts as not to be had.
        let holds = |check: &Check| matches!(check.check, CheckName::Buyable | CheckName::Sellable);
        let failed = checked.checks.iter().find(|check| check.outcome == CheckOutcome::Failed && !holds(check));
        let refuse = |message: String, checks: Vec<Check>| {
            OrderError::Refused(Box::new(Refused { order: Some(kept.order.clone()), checks, message, passes: false }))
        };
        if let Some(check) = failed {
            return Err(refuse(check.message.clone().unwrap_or_default(), checked.checks.clone()));
        }
        if checked.needs_approval {
            let message = "a change of this amount would wait for a person: cancel the order, and place another";
            return Err(refuse(message.to_owned(), checked.checks));
        }
        let filled = counting(&Order { state: OrderState::Cancelled, ..kept.order.clone() });
        Ok(checked.amount_krw.map(|rest| rest + filled))
    }

    fn may_change(&self, kept: &Kept, change: Change, what: &'static str) -> Result<(), OrderError> {
        let order = &kept.order;
        let refuse = |message: &str| {
            let refused =
                Refused { order: Some(order.clone()), checks: Vec::new(), message: message.to_owned(), passes: false };
            Err(OrderError::Refused(Box::new(refused)))
        };
        if !matches!(order.state, OrderState::Accepted | OrderState::PartlyFilled) {
            return match order.state {
                OrderState::Unknown | OrderState::Sending => {
                    refuse("whether KIS has the order is not known yet, and so is its number; it is looked for")
                }
                state => Err(OrderError::Over { state: state.name(), what }),
            };
        }
        match change {
            Change::Cancel(Some(_)) if order.market != Market::Krx => {
                refuse("abroad KIS cancels all of an order and ignores a quantity: leave quantity out")
            }
            Change::Cancel(Some(part)) if part == 0 || part > order.remaining_quantity => {
                refuse(&format!("{part} is not among the {} that are not filled", order.remaining_quantity))
            }
            Change::Amend(..) if kept.lost_amendment.is_some() => {
                refuse("whether an earlier change has reached KIS is not known yet; it is looked for")
            }
            Change::Amend(..) if order.cancelling => refuse("it is being cancelled"),
            Change::Amend(price, order_type) => {
                let mut ticket = ticket_of(order);
                if order_type.has_price() != price.is_some() {
                    return refuse(if price.is_some() {
                        "an order of this type has no price"
                    } else {
                        "price is missing"
                    });
                }
                (ticket.price, ticket.order_type) = (price, order_type);
                match ticket.misplaced(self.account().key.client.environment()) {
                    Some(why) => refuse(&why),
                    None => Ok(()),
                }
            }
            Change::Cancel(_) => Ok(()),
        }
    }

    /// Sends what is written down. It goes on when nobody waits for it any more.
    async fn send_change(
        self: &Arc<Self>,
        by: &By,
        (order_id, amount_krw): (String, Option<Decimal>),
        request: Request,
        form: Form,
        change: Change,
    ) -> Result<Changed, OrderError> {
        let (give, done) = oneshot::channel();
        let (desk, caller) = (self.clone(), by.caller);
        let class = if matches!(change, Change::Cancel(_)) { Class::Cancellation } else { Class::Order };
        self.sendings.spawn(async move {
            let deadline = desk.clock.monotonic().saturating_add(WITHIN);
            let outcome = send(&desk.account(), &form, class, caller, deadline).await;
            let mut state = desk.state.lock().await;
            let (event, failure) = desk.told(&state, (&order_id, amount_krw), change, outcome);
            let order = desk.happen(&mut state, &order_id, event).await;
            drop(state);
            if let Some((_, message)) = &failure
                && let Err(error) = desk.ledger.outcome(request, message.clone()).await
            {
                error!(order_id, %error, "what came of a change of an order is not written down");
            }
            // The caller may have left.
            let _ = give.send(order.map(|order| (order, failure)));
        });
        match done.await {
            Ok(Some((order, None))) => Ok(Changed { order }),
            Ok(Some((order, Some((Failed::Rejected, message))))) => {
                Err(OrderError::Rejected { order: Box::new(order), message })
            }
            Ok(Some((order, Some((Failed::Lost, message))))) => {
                Err(OrderError::Unknown { order: Box::new(order), message })
            }
            Ok(Some((order, Some((Failed::NotSent, message))))) => {
                let refused = Refused { order: Some(order), checks: Vec::new(), message, passes: true };
                Err(OrderError::Refused(Box::new(refused)))
            }
            _ => Err(OrderError::Ledger(LedgerError::Closed)),
        }
    }

    /// What KIS's answer to a change means for the order.
    fn told(
        &self,
        state: &State,
        (order_id, amount_krw): (&str, Option<Decimal>),
        change: Change,
        outcome: Outcome,
    ) -> (Event, Option<(Failed, String)>) {
        match (change, outcome) {
            (Change::Cancel(_), Outcome::Taken(receipt)) => {
                (Event::CancelReceived { order_no: receipt.order_no }, None)
            }
            (Change::Amend(price, order_type), Outcome::Taken(receipt)) => {
                let order_date =
                    state.orders.get(order_id).map_or_else(|| self.now().date_naive(), |kept| kept.trading_day);
                let kis = KisOrder { order_no: receipt.order_no, order_date, branch: receipt.branch };
                (Event::Amended { kis, price, order_type, amount_krw }, None)
            }
            (change, Outcome::Rejected(reason)) => failed(change, reason, Failed::Rejected),
            (change, Outcome::NotSent(reason)) => failed(change, reason, Failed::NotSent),
            (Change::Cancel(_), Outcome::Lost(reason)) => {
                let message = reason.message.clone();
                (Event::CancelLost { reason }, Some((Failed::Lost, message)))
            }
            (Change::Amend(price, order_type), Outcome::Lost(reason)) => {
                let message = reason.message.clone();
                (Event::AmendLost { price, order_type, reason }, Some((Failed::Lost, message)))
            }
        }
    }
}

/// How a change has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    Rejected,
    NotSent,
    Lost,
}

fn failed(change: Change, reason: Reason, how: Failed) -> (Event, Option<(Failed, String)>) {
    let message = reason.message.clone();
    let event = match change {
        Change::Cancel(_) => Event::CancelFailed { reason },
        Change::Amend(..) => Event::AmendFailed { reason },
    };
    (event, Some((how, message)))
}
