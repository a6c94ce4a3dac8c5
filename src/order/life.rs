//! The life of an order as a pure machine: events in, what is known of the order out. It knows neither clock, disk nor KIS.
//!
//! Events come from the ledger's past as well as from the present, so whatever comes in whatever order, what is known never gets
//! less: fills are never taken back, and what is over stays over unless KIS itself contradicts.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::wire::{
    number::Number,
    types::{KisOrder, Order, OrderState, OrderType, Reason, Step},
};

/// A number that KIS has given an order: each change gives it another, and fills stay where they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// KIS's number.
    pub order_no: String,
    /// Shares filled under it.
    pub filled: u64,
    /// What was paid for them.
    pub amount: Decimal,
    /// Shares that wait under it, as KIS last said.
    pub remaining: Option<u64>,
}

impl Link {
    fn new(order_no: &str) -> Self {
        Self { order_no: order_no.to_owned(), filled: 0, amount: Decimal::ZERO, remaining: None }
    }
}

/// A change that may have been made: its number is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostAmendment {
    /// The price that was asked for.
    pub price: Option<Decimal>,
    /// The type that was asked for.
    pub order_type: OrderType,
}

/// An order as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What is told of it.
    pub order: Order,
    /// The account in the ledger: its name and number, the middle of which is hidden.
    pub account: String,
    /// Whose it is: `uid:1000`, `client:my-bot`.
    pub owner: String,
    /// The day of its market to which its amount counts.
    pub trading_day: NaiveDate,
    /// When it went out.
    pub sent_at: Option<DateTime<Utc>>,
    /// Its numbers, the oldest first.
    #[serde(default)]
    pub chain: Vec<Link>,
    /// A change of it of which nothing is known.
    #[serde(default)]
    pub lost_amendment: Option<LostAmendment>,
    /// Shares that are cancelled while others live.
    #[serde(default)]
    pub cut: u64,
    /// Shares that are being cancelled while others are to live.
    #[serde(default)]
    pub cutting: Option<u64>,
    /// KIS's number of its cancellation.
    #[serde(default)]
    pub cancel_no: Option<String>,
}

/// What cannot happen to an order as it is: a fault of ours, or an event that came too late.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {} cannot be {event}", state.name())]
pub struct Impossible {
    /// What it is.
    pub state: OrderState,
    /// What was to happen.
    pub event: &'static str,
}

impl Kept {
    /// Applies an event. Returns whether anything has changed.
    pub fn apply(&mut self, event: &Event, at: DateTime<FixedOffset>) -> Result<bool, Impossible> {
        use OrderState as State;
        let impossible = Impossible { state: self.order.state, event: event.name() };
        let is_live = matches!(self.order.state, State::Accepted | State::PartlyFilled);
        match (event, self.order.state) {
            (Event::Created, _) => self.step(at, "asked for"),
            (Event::Approved { by }, State::AwaitingApproval) => {
                self.order.approval.by = Some(*by);
                self.order.approval.at = Some(at);
                self.step(at, format!("approved by uid {by}"));
            }
            (Event::Refused { by, reason }, State::AwaitingApproval) => {
                if by.is_some() {
                    self.order.approval.by = *by;
                    self.order.approval.at = Some(at);
                }
                self.end(State::Refused, at, Some(reason));
            }
            (Event::Sending, State::AwaitingApproval) => {
                self.order.state = State::Sending;
                self.sent_at = Some(at.to_utc());
                if self.order.approval.needed {
                    self.order.expires_at = None;
                }
                self.step(at, "on its way to KIS");
            }
            (Event::NotSent { reason }, State::Sending) => self.end(State::Refused, at, Some(reason)),
            (Event::Rejected { reason }, State::Sending) => self.end(State::Rejected, at, Some(reason)),
            (Event::Lost { reason }, State::Sending) => {
                self.order.state = State::Unknown;
                self.order.reason = Some(reason.clone());
                self.step(at, reason.message.clone());
            }
            (Event::Accepted { kis }, State::Sending) => self.taken(kis, at, "KIS has taken it"),
            (Event::Found { kis, by }, State::Unknown | State::Absent) => {
                self.order.matched_by = Some(by.clone());
                self.order.reason = None;
                self.taken(kis, at, &format!("found at KIS (by {by})"));
            }
            (Event::Absent { reason }, State::Unknown) => self.end(State::Absent, at, Some(reason)),
            (Event::Listed { order_no, filled, amount, rejected, remaining }, state) if !self.chain.is_empty() => {
                return Ok(self.listed(order_no, *filled, *amount, *rejected, *remaining, state, at));
            }
            (Event::Cancelling { quantity }, _) if is_live => {
                self.order.cancelling = true;
                self.cutting = *quantity;
                self.step(at, "a cancellation is on its way to KIS");
            }
            (Event::CancelReceived { order_no }, _) if self.order.cancelling => {
                self.cancel_no = Some(order_no.clone());
                self.step(at, "KIS has received the cancellation");
            }
            (Event::CancelFailed { reason }, _) if self.order.cancelling => {
                self.order.cancelling = false;
                self.step(at, format!("not cancelled: {}", reason.message));
            }
            (Event::CancelLost { reason }, _) if self.order.cancelling => {
                self.step(at, format!("whether KIS has received the cancellation is not known: {}", reason.message));
            }
            (Event::Amending, _) if is_live => self.step(at, "a change is on its way to KIS"),
            (Event::Amended { kis, price, order_type, amount_krw }, _) if is_live => {
                self.lost_amendment = None;
                self.order.amount_krw = amount_krw.map(Number).or(self.order.amount_krw);
                self.order.price = price.map(Number);
                self.order.order_type = *order_type;
                self.order.kis = Some(kis.clone());
                self.chain.push(Link {
                    order_no: kis.order_no.clone(),
                    filled: 0,
                    amount: Decimal::ZERO,
                    remaining: None,
                });
                self.step(at, "KIS has received the change");
            }
            (Event::AmendFailed { reason }, _) if is_live => self.step(at, format!("not changed: {}", reason.message)),
            (Event::AmendLost { price, order_type, reason }, _) if is_live => {
                self.lost_amendment = Some(LostAmendment { price: *price, order_type: *order_type });
                self.step(at, format!("whether KIS has changed it is not known: {}", reason.message));
            }
            (Event::Reduced { by }, _) if is_live && *by < self.order.remaining_quantity => {
                self.cut += by;
                self.cutting = None;
                self.order.cancelling = false;
                self.order.remaining_quantity -= by;
                self.step(at, format!("{by} cancelled"));
            }
            (Event::Ended { cancelled, why }, _) if is_live => {
                self.order.cancelling = false;
                self.lost_amendment = None;
                self.order.remaining_quantity = 0;
                self.order.state = if *cancelled { State::Cancelled } else { State::Expired };
                self.step(at, why.clone());
            }
            _ => return Err(impossible),
        }
        Ok(true)
    }

    /// Whether KIS may have it, or have it later, so that its amount counts.
    pub fn counts(&self) -> bool {
        match self.order.state {
            OrderState::Refused | OrderState::Rejected | OrderState::Absent => false,
            OrderState::Cancelled | OrderState::Expired => self.order.filled_quantity > 0,
            _ => true,
        }
    }

    /// KIS's newest number of it.
    pub fn order_no(&self) -> Option<&str> {
        self.chain.last().map(|link| link.order_no.as_str())
    }

    fn step(&mut self, at: DateTime<FixedOffset>, why: impl Into<String>) {
        self.order.updated_at = at;
        self.order.history.push(Step { at, state: self.order.state, why: why.into() });
    }

    fn end(&mut self, state: OrderState, at: DateTime<FixedOffset>, reason: Option<&Reason>) {
        self.order.state = state;
        self.order.reason = reason.cloned();
        self.order.remaining_quantity = 0;
        self.order.cancelling = false;
        self.order.expires_at = None;
        self.step(at, reason.map_or_else(String::new, |reason| reason.message.clone()));
    }

    fn taken(&mut self, kis: &KisOrder, at: DateTime<FixedOffset>, why: &str) {
        self.order.state = OrderState::Accepted;
        self.order.kis = Some(kis.clone());
        self.order.remaining_quantity = self.order.quantity;
        self.chain.push(Link::new(&kis.order_no));
        self.step(at, why);
    }

    /// Takes over what KIS's list shows of one of its numbers. A list may lag: fills are never taken back.
    #[expect(clippy::too_many_arguments, reason = "the fields of one row")]
    fn listed(
        &mut self,
        order_no: &str,
        filled: u64,
        amount: Decimal,
        rejected: u64,
        remaining: u64,
        state: OrderState,
        at: DateTime<FixedOffset>,
    ) -> bool {
        let quantity = self.order.quantity;
        let Some(link) = self.chain.iter_mut().find(|link| is_same_number(&link.order_no, order_no)) else {
            return false;
        };
        if filled < link.filled {
            return false;
        }
        let news = filled > link.filled;
        (link.filled, link.remaining) = (filled, Some(remaining));
        if news {
            link.amount = amount;
        }
        let total: u64 = self.chain.iter().map(|link| link.filled).sum::<u64>().min(quantity);
        if rejected > 0 && total == 0 && rejected >= quantity && !state.is_over() {
            let reason = Reason { code: "exchange".to_owned(), message: "the exchange has refused it".to_owned() };
            self.end(OrderState::Rejected, at, Some(&reason));
            return true;
        }
        if !news {
            return false;
        }
        let paid: Decimal = self.chain.iter().map(|link| link.amount).sum();
        self.order.filled_quantity = total;
        self.order.amount = Some(Number(paid));
        self.order.average_price =
            (total > 0 && paid > Decimal::ZERO).then(|| Number((paid / Decimal::from(total)).round_dp(4).normalize()));
        if total == quantity {
            self.order.cancelling = false;
            self.order.state = OrderState::Filled;
        } else if !state.is_over() {
            self.order.state = OrderState::PartlyFilled;
        }
        if !self.order.state.is_over() && total + self.cut >= quantity {
            self.order.cancelling = false;
            self.order.state = OrderState::Cancelled;
        }
        let rest = quantity.saturating_sub(total + self.cut);
        self.order.remaining_quantity = if self.order.state.is_over() { 0 } else { rest };
        self.step(at, format!("{total} of {quantity} filled"));
        true
    }
}

/// Whether two texts are one order number: KIS pads them with zeros or blanks, or not at all.
pub fn is_same_number(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim().trim_start_matches('0').to_owned();
    let (one, other) = (plain(one), plain(other));
    !one.is_empty() && one == other
}

#[cfg(test)]
pub(crate) mod tests;
