//! What a person has seen at KIS settles an order that was lost.

use super::{By, Desk};
use crate::{
    order::{
        error::{OrderError, Refused},
        event::Event,
    },
    wire::types::{KisOrder, Order, OrderState, Reason},
};

/// What a person says of an order that KIS does not have.
const ABSENT: &str = "absent";

/// Digits of KIS's longest number.
const DIGITS: usize = 10;

impl Desk {
    /// Settles an order whose outcome is not known.
    pub async fn resolve(&self, by: &By, order_id: &str, seen: &str) -> Result<Order, OrderError> {
        let mut state = self.state().await?;
        let kept = state.orders.get(order_id).ok_or_else(|| OrderError::NotFound(order_id.to_owned()))?;
        if kept.order.state != OrderState::Unknown {
            return Err(OrderError::Over { state: kept.order.state.name(), what: "resolved" });
        }
        let uid = by.placed_by.uid;
        let seen = seen.trim();
        let event = if seen == ABSENT {
            let message = format!("uid {uid} has seen that KIS does not have it");
            Event::Absent { reason: Reason { code: "person".to_owned(), message } }
        } else if (1..=DIGITS).contains(&seen.len()) && seen.bytes().all(|byte| byte.is_ascii_digit()) {
            if self.is_known(&state, seen, order_id) {
                let message = "this is the number of another order".to_owned();
                return Err(OrderError::Refused(Box::new(Refused {
                    order: None,
                    checks: Vec::new(),
                    message,
                    passes: false,
                })));
            }
            let kis = KisOrder { order_no: seen.to_owned(), order_date: kept.trading_day, branch: String::new() };
            Event::Found { kis, by: "person".to_owned() }
        } else {
            let message = "as must be \"absent\", or KIS's number of the order".to_owned();
            return Err(OrderError::Refused(Box::new(Refused {
                order: None,
                checks: Vec::new(),
                message,
                passes: false,
            })));
        };
        let order = self.happen(&mut state, order_id, event).await;
        order.ok_or_else(|| OrderError::NotFound(order_id.to_owned()))
    }
}
