//! Orders: what was received, what became of it, and what the account's lists tell.
//!
//! Every order, amendment and cancellation that arrives is recorded before anything else happens to it ([`ReceivedOrder`]), so
//! that a test can ask how often KIS was told to do something, whatever the client has seen of it.
//!
//! | file | what it is |
//! |---|---|
//! | `order` | one order, amendment or cancellation |
//! | `received` | what arrived, and whether it took effect and was answered |
//! | `body` | the JSON of a POST as parameters |
//! | `place`, `change` | domestic orders; amendments and cancellations of them |
//! | `abroad` | orders abroad; amendments and cancellations of them |
//! | `reserved`, `reserved_abroad`, `reserved_lists` | orders that wait for their day |
//! | `session` | which types of order are taken when, and when they die |
//! | `refusal` | why an order is refused, in the words of both environments |
//! | `filling` | orders meet the market; days end |
//! | `money`, `money_abroad` | what fills and reservations do to cash and positions |
//! | `lists`, `rows` | orders and fills by day; open orders |
//! | `lists_abroad`, `rows_abroad` | the same of orders abroad |
//! | `steering` | how lists lag and what they leave out |
//! | `handle` | the same for a test, in Rust |

mod abroad;
mod body;
mod change;
mod filling;
mod handle;
mod lists;
mod lists_abroad;
mod money;
mod money_abroad;
mod order;
mod place;
mod received;
mod refusal;
mod reserved;
mod reserved_abroad;
mod reserved_lists;
mod rows;
mod rows_abroad;
mod session;
mod steering;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kis_catalog::Operation;

pub(super) use self::{
    body::{may_lack, with_body_as_params},
    received::{Received, is_order, with_number},
    steering::Steering,
};
pub use self::{
    handle::Orders,
    money::Activity,
    order::{Kind, OrderState, Side, Stranger},
    received::{Effect, ReceivedOrder},
    reserved::ReservedState,
    steering::{Filling, Lag, Numbers},
};
use self::{money::Books, order::Order, reserved::Reserved};
use super::{
    Mode, Options, Portfolio,
    clock::Instant,
    http::{Answer, Request},
    market::Market,
};

/// An account, by its number and product code.
pub(super) type AccountId = (String, String);

/// All orders of the accounts of one app key.
#[derive(Debug)]
pub(super) struct Desk {
    orders: Vec<Order>,
    reserved: Vec<Reserved>,
    books: BTreeMap<AccountId, Books>,
    pub(super) steering: Steering,
    /// The last order number that was given.
    last_number: u64,
    /// The last one that was given to an order abroad.
    last_number_abroad: u64,
    /// The last number that was given to a reservation at home.
    last_reserved: u64,
    /// Shares that are to be filled just before the next cancellations are looked at.
    crossing: VecDeque<i64>,
    /// When the last order was let through.
    last_order: Option<Instant>,
}

/// A call about orders.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) market: &'a Market,
    /// The account that it names, as it is now.
    pub(super) options: &'a Options,
    pub(super) now: DateTime<Utc>,
    pub(super) arrived: Instant,
}

impl Call<'_> {
    /// A parameter, without the spaces around it.
    fn param(&self, name: &str) -> &str {
        self.request.param(name).unwrap_or_default().trim()
    }
}

impl Desk {
    pub(super) fn new(mode: Mode, steering: Steering) -> Self {
        let last_number = if mode == Mode::Real { 85_099 } else { 23_036 };
        Self {
            orders: Vec::new(),
            reserved: Vec::new(),
            books: BTreeMap::new(),
            last_reserved: 39_606,
            steering,
            last_number,
            last_number_abroad: if mode == Mode::Real { 30_138_111 } else { 37_507 },
            crossing: VecDeque::new(),
            last_order: None,
        }
    }

    /// Answers a call about orders, the time being made up for; `None` if it is about something else.
    pub(super) fn answer(&mut self, operation: &Operation, own: &mut Options, call: Call<'_>) -> Option<Answer> {
        let answer = match operation.id() {
            "domestic-stock-trading-order-cash-buy" => self.place(Side::Buy, own, call),
            "domestic-stock-trading-order-cash-sell" => self.place(Side::Sell, own, call),
            "domestic-stock-trading-order-rvsecncl" => self.change(own, call),
            "domestic-stock-trading-inquire-daily-ccld-within-3m"
            | "domestic-stock-trading-inquire-daily-ccld-before-3m" => return Some(self.by_day(call)),
            "domestic-stock-trading-inquire-psbl-rvsecncl" => return Some(self.open(call)),
            "domestic-stock-trading-order-resv" => self.reserve(call),
            "domestic-stock-trading-order-resv-rvsecncl-cancel" => self.change_reserved(true, call),
            "domestic-stock-trading-order-resv-rvsecncl-amend" => self.change_reserved(false, call),
            "domestic-stock-trading-order-resv-ccnl" => return Some(self.reservations(call)),
            "overseas-stock-trading-order-resv-us-buy" => self.reserve_american(Side::Buy, call),
            "overseas-stock-trading-order-resv-us-sell" => self.reserve_american(Side::Sell, call),
            "overseas-stock-trading-order-resv-asia" => self.reserve_asian(call),
            "overseas-stock-trading-order-resv-ccnl" => self.cancel_reserved_american(call),
            "overseas-stock-trading-order-resv-list-us" => return Some(self.reservations_abroad(true, call)),
            "overseas-stock-trading-order-resv-list-asia" => return Some(self.reservations_abroad(false, call)),
            "overseas-stock-trading-inquire-ccnl" => return Some(self.by_day_abroad(call)),
            "overseas-stock-trading-inquire-nccs" => return Some(self.open_abroad(call)),
            id if id.starts_with("overseas-stock-trading-order-rvsecncl-") => self.change_abroad(id, own, call),
            "overseas-stock-trading-daytime-order-rvsecncl" => self.change_abroad(operation.id(), own, call),
            "overseas-stock-trading-daytime-order-buy" | "overseas-stock-trading-daytime-order-sell" => {
                self.place_abroad(operation.id(), own, call)
            }
            id if operation.path() == "/uapi/overseas-stock/v1/trading/order" => self.place_abroad(id, own, call),
            _ => return None,
        };
        Some(answer.unwrap_or_else(|refused| refused.answer(call.options.mode)))
    }

    /// Whether an order comes so long after the one before.
    pub(super) fn comes_late_enough(&mut self, now: Instant, interval: Duration) -> bool {
        let is_late = self.last_order.is_none_or(|last| now.since(last) >= interval);
        if is_late {
            self.last_order = Some(now);
        }
        is_late
    }

    /// An account of a key as it is at a moment.
    pub(super) fn seen(
        &self,
        own: &Options,
        (cano, product_code): (&str, &str),
        market: &Market,
        now: DateTime<Utc>,
    ) -> Options {
        let mut options = market.priced(own.of_account(cano, product_code), now);
        options.activity = self.activity(&account_of(&options), now);
        options
    }

    /// A new number: one more than the last.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// A new number of an order abroad.
    fn number_abroad(&mut self) -> u64 {
        self.last_number_abroad += 1;
        self.last_number_abroad
    }
}

/// The account of a key that an order is about.
fn account_of(options: &Options) -> AccountId {
    (options.cano.clone(), options.product_code.clone())
}

/// What an account of a key holds.
pub(super) fn portfolio_of<'a>(options: &'a mut Options, account: &AccountId) -> &'a mut Portfolio {
    let more = options.more_accounts.iter_mut().find(|more| more.cano == account.0 && more.product_code == account.1);
    match more {
        Some(more) => &mut more.portfolio,
        None => &mut options.portfolio,
    }
}
