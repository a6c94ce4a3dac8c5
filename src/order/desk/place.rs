//! An order from the wish to KIS: checked, written down, and only then sent.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;
use ulid::Ulid;

use super::{
    Desk, State,
    told::{answer, dies_at, name_of},
    trading_day,
};
use crate::{
    kis::quota::{CallerId, Class},
    order::{
        checks::{Checked, Facts, check},
        error::{LONGEST_ID, OrderError, Refused},
        event::Event,
        form::Form,
        ledger::Request,
        life::Kept,
        send::{Outcome, send},
        ticket::Ticket,
    },
    wire::{
        number::Number,
        types::{Approval, KisOrder, Order, OrderState, PlacedBy, Preview, Reason},
    },
};

/// Who orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Whose ids they are: `uid:1000`, `client:my-bot`.
    pub owner: String,
    /// What is told of it.
    pub placed_by: PlacedBy,
    /// Whom calls to KIS are for.
    pub caller: CallerId,
}

/// What is to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placing {
    /// An order, under an id of the caller's own.
    New(Ticket, String),
    /// What was previewed, under the id of the preview.
    Previewed(String),
}

/// How long KIS's answer to an order is waited for, whatever the caller's patience.
const SEND_WITHIN: Duration = Duration::from_secs(20);

impl Desk {
    /// What would be sent, and whether it would.
    pub async fn preview(&self, by: &By, ticket: Ticket, within: Duration) -> Result<Preview, OrderError> {
        let facts = self.facts(&ticket, by.caller, within).await;
        let mut state = self.state().await?;
        let checked = self.checked(&mut state, &ticket, &facts);
        drop(state);
        let account = self.account();
        let (preview_id, preview_expires_at) = match checked.failed() {
            Some(_) => (None, None),
            None => {
                let now = self.clock.monotonic();
                let id = format!("p-{}", self.new_id());
                self.previews.put(id.clone(), by.owner.clone(), ticket.clone(), now);
                let expires_at = self.now() + super::preview::GOOD_FOR;
                (Some(id), Some(expires_at))
            }
        };
        let Checked { checks, amount, amount_krw, fees, needs_approval } = checked;
        let last_price = facts.price.as_ref().ok().and_then(|price| price.price);
        Ok(Preview {
            preview_id,
            preview_expires_at,
            account_name: account.name.to_string(),
            stock_name: name_of(&facts),
            currency: ticket.stock().currency().to_owned(),
            market: ticket.market,
            route: ticket.route,
            side: ticket.side,
            order_type: ticket.order_type,
            time_in_force: ticket.time_in_force,
            quantity: ticket.quantity,
            price: ticket.price.map(Number),
            stop_price: ticket.stop_price.map(Number),
            stock_code: ticket.stock_code,
            last_price,
            amount: amount.map(Number),
            amount_krw: amount_krw.map(Number),
            estimated_fees: fees.map(Number),
            checks,
            needs_approval,
            expires_at: dies_at(&facts),
        })
    }

    /// Places an order: KIS takes it at most once, and the same id again gives the same order.
    pub async fn place(self: &Arc<Self>, by: &By, placing: Placing, within: Duration) -> Result<Order, OrderError> {
        let (ticket, client_order_id, preview_id) = match placing {
            Placing::New(ticket, id) => (ticket, id, None),
            Placing::Previewed(id) => {
                // It may have been placed already, and its preview be forgotten.
                if let Some(order) = self.get_by_client(&by.owner, &id).await? {
                    return answer(order);
                }
                let ticket = self.previews.get(&id, &by.owner, self.clock.monotonic());
                (ticket.ok_or_else(|| OrderError::NoPreview(id.clone()))?, id.clone(), Some(id))
            }
        };
        let request = self.request(by, &client_order_id, "place", &ticket)?;
        if let Some(order) = self.earlier(&request).await? {
            return answer(order);
        }
        let facts = self.facts(&ticket, by.caller, within).await;
        let mut state = self.state().await?;
        let checked = self.checked(&mut state, &ticket, &facts);
        let mut kept = self.new_order(&ticket, by, &request, preview_id, &facts, &checked);
        let order_id = kept.order.order_id.clone();
        let now = self.now();
        let failed = checked.failed().cloned();
        let event = match &failed {
            Some(check) => {
                let message = check.message.clone().unwrap_or_default();
                Some(Event::Refused { by: None, reason: Reason { code: check.check.name().to_owned(), message } })
            }
            None if checked.needs_approval => None,
            None => Some(Event::Sending),
        };
        let events: Vec<Event> = std::iter::once(Event::Created).chain(event).collect();
        for event in &events {
            // A new order takes any of these.
            let _ = kept.apply(event, now);
        }
        // A disk that takes no more refuses the order: nothing has gone out.
        if let Some(claimed) =
            self.ledger.create(kept.clone(), Request { order_id: order_id.clone(), ..request.clone() }, events).await?
        {
            drop(state);
            let order = self.same(&request, claimed).await?;
            return answer(order);
        }
        let order = kept.order.clone();
        if failed.is_none() {
            state.orders.insert(order_id.clone(), kept);
            state.sent.push_back(self.clock.monotonic());
        }
        let _ = self.news.send(Arc::new(order.clone()));
        drop(state);
        self.wake.notify_one();
        match (failed, order.state) {
            (Some(check), _) => Err(OrderError::Refused(Box::new(Refused {
                message: check.message.unwrap_or_default(),
                order: Some(order),
                checks: checked.checks,
                passes: false,
            }))),
            (None, OrderState::Sending) => {
                let form = Form::of(&ticket, &self.account().id, facts.environment);
                self.send_out(order_id, form, by.caller).await
            }
            (None, _) => Ok(order),
        }
    }

    /// Sends what is written down. It goes on when nobody waits for it any more.
    pub(super) async fn send_out(
        self: &Arc<Self>,
        order_id: String,
        form: Form,
        caller: CallerId,
    ) -> Result<Order, OrderError> {
        let (give, done) = oneshot::channel();
        let desk = self.clone();
        self.sendings.spawn(async move {
            let deadline = desk.clock.monotonic().saturating_add(SEND_WITHIN);
            let outcome = send(&desk.account(), &form, Class::Order, caller, deadline).await;
            let mut state = desk.state.lock().await;
            let event = match outcome {
                Outcome::Taken(receipt) if desk.is_known(&state, &receipt.order_no, &order_id) => {
                    let message = format!("KIS's answer has the number {} of another order", receipt.order_no);
                    Event::Lost { reason: Reason { code: "other_order".to_owned(), message } }
                }
                Outcome::Taken(receipt) => {
                    let order_date =
                        state.orders.get(&order_id).map_or_else(|| desk.now().date_naive(), |kept| kept.trading_day);
                    Event::Accepted { kis: KisOrder { order_no: receipt.order_no, order_date, branch: receipt.branch } }
                }
                Outcome::Rejected(reason) => Event::Rejected { reason },
                Outcome::NotSent(reason) => Event::NotSent { reason },
                Outcome::Lost(reason) => Event::Lost { reason },
            };
            let order = desk.happen(&mut state, &order_id, event).await;
            drop(state);
            // The caller may have left.
            let _ = give.send(order);
        });
        match done.await {
            Ok(Some(order)) => answer(order),
            // The task that sends was ended with the daemon.
            _ => Err(OrderError::Ledger(crate::order::ledger::LedgerError::Closed)),
        }
    }

    /// Whether a number is that of another order of the day.
    pub(super) fn is_known(&self, state: &State, order_no: &str, order_id: &str) -> bool {
        let mut others = state.orders.values().filter(|kept| kept.order.order_id != order_id);
        let today = state.orders.get(order_id).map(|kept| (kept.trading_day, kept.order.market));
        others.any(|kept| {
            Some((kept.trading_day, kept.order.market)) == today
                && kept.chain.iter().any(|link| crate::order::life::is_same_number(&link.order_no, order_no))
        })
    }

    /// The order for which a caller's id was used before, if it was.
    async fn earlier(&self, request: &Request) -> Result<Option<Order>, OrderError> {
        let Request { account, owner, client_order_id, .. } = request.clone();
        match self.ledger.claimed(account, owner, client_order_id).await? {
            None => Ok(None),
            Some(claimed) => self.same(request, claimed).await.map(Some),
        }
    }

    async fn same(&self, request: &Request, claimed: crate::order::ledger::Claimed) -> Result<Order, OrderError> {
        if (claimed.kind.as_str(), &claimed.contents) != (request.kind, &request.contents) {
            let for_what = format!("{} ({})", claimed.order_id, claimed.kind);
            return Err(OrderError::IdIsUsed { client_order_id: request.client_order_id.clone(), for_what });
        }
        let order = self.get(&claimed.order_id).await?;
        order.ok_or(OrderError::NotFound(claimed.order_id))
    }

    pub(super) fn request<T: serde::Serialize>(
        &self,
        by: &By,
        client_order_id: &str,
        kind: &'static str,
        contents: &T,
    ) -> Result<Request, OrderError> {
        let is_id = (1..=LONGEST_ID).contains(&client_order_id.chars().count())
            && client_order_id.chars().all(|letter| !letter.is_control() && !letter.is_whitespace());
        if !is_id {
            return Err(OrderError::NoId);
        }
        // What is compared with a later call is a ticket, whose fields are in one order.
        let contents = serde_json::to_string(contents).map_err(|_| OrderError::NoId)?;
        Ok(Request {
            account: self.key(),
            owner: by.owner.clone(),
            client_order_id: client_order_id.to_owned(),
            order_id: String::new(),
            kind,
            contents,
        })
    }

    pub(super) fn checked(&self, state: &mut State, ticket: &Ticket, facts: &Facts) -> Checked {
        let now = self.clock.now();
        let counted = self.counted(state, ticket, trading_day(ticket.market, now));
        let facts = Facts { halt: state.halt.clone(), ..facts.clone() };
        let year = chrono::Datelike::year(&self.now());
        check(ticket, &self.settings(), &facts, counted, year)
    }

    fn new_order(
        &self,
        ticket: &Ticket,
        by: &By,
        request: &Request,
        preview_id: Option<String>,
        facts: &Facts,
        checked: &Checked,
    ) -> Kept {
        let (now, settings) = (self.now(), self.settings());
        let expires_at = if checked.needs_approval { Some(now + settings.approve_within) } else { dies_at(facts) };
        let order = Order {
            order_id: format!("o-{}", self.new_id()),
            client_order_id: request.client_order_id.clone(),
            account_name: self.account().name.to_string(),
            stock_code: ticket.stock_code.clone(),
            stock_name: name_of(facts),
            market: ticket.market,
            route: ticket.route,
            side: ticket.side,
            order_type: ticket.order_type,
            time_in_force: ticket.time_in_force,
            price: ticket.price.map(Number),
            stop_price: ticket.stop_price.map(Number),
            quantity: ticket.quantity,
            filled_quantity: 0,
            remaining_quantity: ticket.quantity,
            average_price: None,
            amount: None,
            currency: ticket.stock().currency().to_owned(),
            amount_krw: checked.amount_krw.map(Number),
            state: OrderState::AwaitingApproval,
            reason: None,
            kis: None,
            matched_by: None,
            placed_by: by.placed_by.clone(),
            preview_id,
            approval: Approval { needed: checked.needs_approval, by: None, at: None },
            cancelling: false,
            expires_at,
            created_at: now,
            updated_at: now,
            history: Vec::new(),
        };
        let trading_day = trading_day(ticket.market, self.clock.now());
        let owner = by.owner.clone();
        Kept {
            order,
            account: self.key(),
            owner,
            trading_day,
            sent_at: None,
            chain: Vec::new(),
            lost_amendment: None,
            cut: 0,
            cutting: None,
            cancel_no: None,
        }
    }

    /// An id that begins with the time.
    fn new_id(&self) -> Ulid {
        let ms = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or_default();
        Ulid::from_parts(ms, fastrand::u128(..))
    }
}
