//! The orders of one account: what is known of them, in memory and in the ledger, under one lock.
//!
//! The lock is held while an intent is written down, and never while KIS is asked: limits count what is on its way.

mod approve;
mod change;
mod facts;
mod halt;
mod look;
mod place;
mod preview;
mod resolve;
mod told;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use tokio::sync::{Mutex, MutexGuard, Notify, broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info};

use self::preview::Previews;
pub use self::{
    change::Changed,
    place::{By, Placing},
};
use super::{
    checks::Counted,
    error::OrderError,
    event::Event,
    judge::Looks,
    ledger::{Ledger, LedgerError},
    life::Kept,
    settings::Settings,
    ticket::Ticket,
};
use crate::{
    account::Account,
    clock::{self, Instant, SharedClock},
    market::{Calendar, OpenDays},
    stock::StockHandle,
    wire::{
        number::Number,
        types::{Market, Order, OrderState, Reason, Side},
    },
};

/// The minute of `max_orders_per_minute`.
const MINUTE: Duration = Duration::from_secs(60);

/// News of orders that a slow subscriber may be behind.
const NEWS: usize = 1024;

/// The orders of one account.
pub struct Desk {
    account: ArcSwap<Account>,
    settings: ArcSwap<Settings>,
    ledger: Ledger,
    stocks: StockHandle,
    clock: SharedClock,
    state: Mutex<State>,
    previews: Previews,
    news: broadcast::Sender<Arc<Order>>,
    /// Something wants to be looked at.
    wake: Notify,
    /// What is on its way to KIS.
    sendings: TaskTracker,
    /// The daemon goes down, or the account is no longer configured.
    stop: CancellationToken,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({})", self.account.load().name)
    }
}

/// What is known of an account's orders.
#[derive(Default)]
struct State {
    /// Whether the ledger has been read.
    is_loaded: bool,
    /// The orders that are not over, and those that count for a day that is not over.
    orders: BTreeMap<String, Kept>,
    /// Why orders are halted.
    halt: Option<Reason>,
    /// When the last ones were sent.
    sent: VecDeque<Instant>,
    /// What could not be written down, the oldest first.
    unwritten: Vec<(String, Vec<Event>)>,
    looks: Looks,
}

impl Desk {
    /// The orders of an account.
    pub fn new(
        account: Account,
        settings: Settings,
        (ledger, stocks): (Ledger, StockHandle),
        stop: CancellationToken,
    ) -> Self {
        let clock = account.key.client.clock().clone();
        Self {
            account: ArcSwap::from_pointee(account),
            settings: ArcSwap::from_pointee(settings),
            ledger,
            stocks,
            clock,
            state: Mutex::default(),
            previews: Previews::default(),
            news: broadcast::Sender::new(NEWS),
            wake: Notify::new(),
            sendings: TaskTracker::new(),
            stop,
        }
    }

    /// The configuration has changed.
    pub fn reload(&self, account: Account, settings: Settings) {
        self.account.store(Arc::new(account));
        self.settings.store(Arc::new(settings));
        self.wake.notify_one();
    }

    /// The account.
    pub fn account(&self) -> Arc<Account> {
        self.account.load_full()
    }

    /// The account in the ledger: another number is another account, whatever its name.
    pub fn key(&self) -> String {
        let account = self.account();
        format!("{} {}", account.name, account.id)
    }

    /// What its owner allows.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Every change of every order from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Order>> {
        self.news.subscribe()
    }

    /// Looks after orders until it is stopped, and then waits for what is on its way to KIS.
    pub async fn run(self: Arc<Self>) {
        // A daemon that never traded makes no ledger.
        while !self.settings().enabled && !self.ledger.is_there() {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.wake.notified() => {}
            }
        }
        let mut due = self.look().await;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = self.wake.notified() => {
                    let next = self.next_look().await;
                    due = [due, next].into_iter().flatten().min();
                }
                () = self.clock.sleep_until(due.unwrap_or(Instant::MAX)) => due = self.look().await,
            }
        }
        self.sendings.close();
        self.sendings.wait().await;
    }

    /// What stops it.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// An order by its id.
    pub async fn get(&self, order_id: &str) -> Result<Option<Order>, OrderError> {
        Ok(self.kept(order_id).await?.map(|kept| kept.order))
    }

    async fn kept(&self, order_id: &str) -> Result<Option<Kept>, OrderError> {
        if let Some(kept) = self.state().await?.orders.get(order_id) {
            return Ok(Some(kept.clone()));
        }
        let key = self.key();
        let kept = self.ledger.get(order_id.to_owned()).await?;
        Ok(kept.filter(|kept| kept.account == key))
    }

    /// An order by the caller's own id.
    pub async fn get_by_client(&self, owner: &str, client_order_id: &str) -> Result<Option<Order>, OrderError> {
        let claimed = self.ledger.claimed(self.key(), owner.to_owned(), client_order_id.to_owned()).await?;
        match claimed {
            None => Ok(None),
            Some(claimed) => self.get(&claimed.order_id).await,
        }
    }

    /// Orders, the newest first.
    pub async fn list(&self, page: super::ledger::Page) -> Result<Vec<Order>, OrderError> {
        // What memory knows and the disk does not is told all the same.
        let listed = self.ledger.list(page).await?;
        let state = self.state().await?;
        let newest = |kept: Kept| match state.orders.get(&kept.order.order_id) {
            Some(known) => known.order.clone(),
            None => kept.order,
        };
        Ok(listed.into_iter().map(newest).collect())
    }

    /// Why orders are halted, if they are.
    pub async fn halted(&self) -> Result<Option<Reason>, OrderError> {
        Ok(self.state().await?.halt.clone())
    }

    /// The state; it is read from the ledger when somebody first asks.
    async fn state(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        let mut state = self.state.lock().await;
        if !state.is_loaded {
            let name = self.key();
            // Markets abroad are a day behind at most, and a day's list is asked on the next business day.
            let since = self.now().date_naive() - chrono::Days::new(2);
            let mut orders = self.ledger.current(name.clone(), since).await?;
            state.halt = self.ledger.halt_of(name).await?;
            for kept in &mut orders {
                // It was on its way when the daemon ended: whether KIS has it, nobody has noted.
                if kept.order.state == OrderState::Sending {
                    let message = "kisd ended before KIS's answer was written down".to_owned();
                    let event = Event::Lost { reason: Reason { code: "restart".to_owned(), message } };
                    if kept.apply(&event, self.now()).is_ok() {
                        self.ledger.note(kept.clone(), vec![event]).await?;
                    }
                }
            }
            state.orders = orders.into_iter().map(|kept| (kept.order.order_id.clone(), kept)).collect();
            state.is_loaded = true;
        }
        Ok(state)
    }

    /// Something has happened to an order: in memory, in the ledger, and told to subscribers. That the ledger fails is no reason to
    /// forget what KIS has done.
    async fn happen(&self, state: &mut State, order_id: &str, event: Event) -> Option<Order> {
        let kept = state.orders.get_mut(order_id)?;
        let (name, was) = (event.name(), kept.order.state);
        match kept.apply(&event, self.now()) {
            Ok(true) => {}
            Ok(false) => return Some(kept.order.clone()),
            Err(impossible) => {
                error!(order_id, %impossible, "an order met an event that it cannot have");
                return Some(kept.order.clone());
            }
        }
        let kept = kept.clone();
        let (account, state_name) = (kept.order.account_name.as_str(), kept.order.state.name());
        info!(target: "orders", account, order_id, event = name, from = was.name(), to = state_name, "an order has changed");
        let order = kept.order.clone();
        // Whoever is told must not know more than the disk, if the disk can be written.
        self.write(state, kept, vec![event]).await;
        let _ = self.news.send(Arc::new(order.clone()));
        self.wake.notify_one();
        Some(order)
    }

    async fn write(&self, state: &mut State, kept: Kept, mut events: Vec<Event>) {
        let order_id = kept.order.order_id.clone();
        if let Some(at) = state.unwritten.iter().position(|(id, _)| *id == order_id) {
            let (_, mut earlier) = state.unwritten.remove(at);
            earlier.append(&mut events);
            events = earlier;
        }
        if let Err(error) = self.ledger.note(kept, events.clone()).await {
            error!(order_id, %error, "an event of an order is not written down; it is tried again");
            state.unwritten.push((order_id, events));
        }
    }

    /// Writes down what could not be written before.
    async fn write_again(&self, state: &mut State) {
        for (order_id, events) in std::mem::take(&mut state.unwritten) {
            if let Some(kept) = state.orders.get(&order_id).cloned() {
                self.write(state, kept, events).await;
            }
        }
    }

    /// What the account has ordered that counts for a new order.
    fn counted(&self, state: &mut State, ticket: &Ticket, day: NaiveDate) -> Counted {
        let now = self.clock.monotonic();
        while state.sent.front().is_some_and(|at| now.since(*at) >= MINUTE) {
            state.sent.pop_front();
        }
        let mut counted = Counted { in_minute: state.sent.len(), ..Counted::default() };
        for kept in state.orders.values().filter(|kept| kept.counts()) {
            let order = &kept.order;
            if kept.trading_day == day && order.state != OrderState::AwaitingApproval {
                let amount = counting(order);
                match order.side {
                    Side::Sell => counted.sold += amount,
                    Side::Buy | Side::Newer => counted.bought += amount,
                }
            }
            if order.state == OrderState::Unknown
                && order.stock_code == ticket.stock_code
                && order.market == ticket.market
            {
                match order.side {
                    Side::Sell => counted.lost_sales += order.quantity,
                    Side::Buy | Side::Newer => counted.lost_buy = true,
                }
            }
        }
        counted
    }

    fn now(&self) -> DateTime<FixedOffset> {
        clock::kst(self.clock.now())
    }
}

/// The won of an order that count for the limits: of what is over only what was filled.
fn counting(order: &Order) -> Decimal {
    let whole = order.amount_krw.map_or(Decimal::ZERO, |Number(amount)| amount);
    if !order.state.is_over() || order.quantity == 0 {
        return whole;
    }
    let part = whole * Decimal::from(order.filled_quantity) / Decimal::from(order.quantity);
    part.round_dp_with_strategy(0, RoundingStrategy::ToPositiveInfinity)
}

/// The day of a market, to which an order's amount counts.
fn trading_day(market: Market, now: DateTime<Utc>) -> NaiveDate {
    Calendar::of(market, &OpenDays::new()).date_at(now)
}
