//! Orders that wait for a person.

use std::{sync::Arc, time::Duration};

use super::{By, Desk, told::ticket_of};
use crate::{
    order::{
        error::{OrderError, Refused},
        event::Event,
        form::Form,
    },
    wire::types::{Order, OrderState, Reason},
};

impl Desk {
    /// Says yes to an order that waits, after all checks have been made again.
    pub async fn approve(self: &Arc<Self>, by: &By, order_id: &str, within: Duration) -> Result<Order, OrderError> {
        let waiting = self.kept(order_id).await?.ok_or_else(|| OrderError::NotFound(order_id.to_owned()))?;
        let ticket = ticket_of(&waiting.order);
        let facts = self.facts(&ticket, by.caller, within).await;
        let mut state = self.state().await?;
        let checked = self.checked(&mut state, &ticket, &facts);
        let found = state.orders.get(order_id).map(|kept| kept.order.clone()).unwrap_or(waiting.order);
        if found.state != OrderState::AwaitingApproval {
            return Err(OrderError::Over { state: found.state.name(), what: "approved" });
        }
        if let Some(check) = checked.failed() {
            let message = check.message.clone().unwrap_or_default();
            let passes = true;
            return Err(OrderError::Refused(Box::new(Refused {
                order: Some(found),
                checks: checked.checks.clone(),
                message,
                passes,
            })));
        }
        let uid = by.placed_by.uid;
        // Written down before it goes out, unlike news of what has happened already.
        let Some(kept) = state.orders.get(order_id).cloned() else {
            return Err(OrderError::NotFound(order_id.to_owned()));
        };
        let (mut kept, now, events) = (kept, self.now(), vec![Event::Approved { by: uid }, Event::Sending]);
        for event in &events {
            let _ = kept.apply(event, now);
        }
        self.ledger.note(kept.clone(), events).await?;
        let _ = self.news.send(Arc::new(kept.order.clone()));
        state.orders.insert(order_id.to_owned(), kept);
        state.sent.push_back(self.clock.monotonic());
        drop(state);
        let form = Form::of(&ticket, &self.account().id, facts.environment);
        self.send_out(order_id.to_owned(), form, by.caller).await
    }

    /// Says no to an order that waits.
    pub async fn deny(&self, by: &By, order_id: &str) -> Result<Order, OrderError> {
        let uid = by.placed_by.uid;
        let reason = Reason { code: "denied".to_owned(), message: format!("denied by uid {uid}") };
        let mut state = self.state().await?;
        match state.orders.get(order_id).map(|kept| kept.order.state) {
            Some(OrderState::AwaitingApproval) => {}
            Some(state) => return Err(OrderError::Over { state: state.name(), what: "denied" }),
            None => return Err(OrderError::NotFound(order_id.to_owned())),
        }
        let denied = self.happen(&mut state, order_id, Event::Refused { by: Some(uid), reason }).await;
        denied.ok_or_else(|| OrderError::NotFound(order_id.to_owned()))
    }
}
