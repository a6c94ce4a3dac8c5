//! A stop for all new orders, kept over restarts.

use std::sync::Arc;

use super::{By, Changed, Desk};
use crate::{
    order::{error::OrderError, form::Change, ledger::halt_reason},
    wire::types::{Halted, NotCancelled, OrderState},
};
use tracing::error;

impl Desk {
    /// Refuses every new order from now on. It holds although the ledger cannot be written, as long as the daemon runs.
    pub async fn halt(self: &Arc<Self>, by: &By, why: &str, cancel_open: bool) -> Result<Halted, OrderError> {
        let (name, uid, now) = (self.account().name.to_string(), by.placed_by.uid, self.now());
        let why: String = why.chars().filter(|letter| !letter.is_control()).take(200).collect();
        let (open, waiting, may_live) = {
            let mut state = self.state().await?;
            if state.halt.is_none() {
                state.halt = Some(halt_reason(uid, &now.to_rfc3339(), &why));
            }
            if let Err(error) = self.ledger.set_halt(self.key(), Some((uid, now, why))).await {
                error!(account = %name, %error, "the halt is not written down, and ends with this process");
            }
            let of = |wanted: fn(OrderState) -> bool| {
                let orders = state.orders.values().filter(move |kept| wanted(kept.order.state));
                orders.map(|kept| kept.order.order_id.clone()).collect::<Vec<_>>()
            };
            let open = of(|state| matches!(state, OrderState::Accepted | OrderState::PartlyFilled));
            let waiting = of(|state| state == OrderState::AwaitingApproval);
            (open, waiting, of(|state| matches!(state, OrderState::Unknown | OrderState::Sending)))
        };
        let (mut cancelled, mut not_cancelled) = (Vec::new(), Vec::new());
        if cancel_open {
            for order_id in waiting {
                match self.deny(by, &order_id).await {
                    Ok(_) => cancelled.push(order_id),
                    Err(error) => not_cancelled.push(NotCancelled { order_id, why: error.to_string() }),
                }
            }
            for order_id in open {
                let id = format!("halt-{}-{order_id}", now.timestamp_millis());
                match self.change(by, &order_id, &id, Change::Cancel(None)).await {
                    Ok(Changed { .. }) => cancelled.push(order_id),
                    Err(error) => not_cancelled.push(NotCancelled { order_id, why: error.to_string() }),
                }
            }
        }
        Ok(Halted { account_name: name, halted: true, cancelled, not_cancelled, may_live })
    }

    /// Lets orders go on.
    pub async fn resume(&self) -> Result<Halted, OrderError> {
        let name = self.account().name.to_string();
        let mut state = self.state().await?;
        self.ledger.set_halt(self.key(), None).await?;
        state.halt = None;
        let (cancelled, not_cancelled, may_live) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Halted { account_name: name, halted: false, cancelled, not_cancelled, may_live })
    }
}
