//! The orders of a simulator for a test: what was received, what is steered.

use std::time::Duration;

use rust_decimal::Decimal;

use super::{
    Desk, Filling, Lag, Numbers, OrderState, ReceivedOrder, ReservedState, Stranger,
    order::{self, Kind, Order},
    place::stranger,
    reserved::Reserved,
};
use crate::{
    Options,
    key::Key,
    world::{World, locked},
};

/// The orders of a [`Simulator`](crate::Simulator). What is steered holds for all its keys; an order is named by its number, in
/// whatever padding.
#[derive(Debug, Clone, Copy)]
pub struct Orders<'a> {
    pub(crate) world: &'a World,
}

impl Orders<'_> {
    /// Every order, amendment and cancellation that arrived, in order, also those that came to nothing.
    pub fn received(&self) -> Vec<ReceivedOrder> {
        locked(&self.world.received).all().to_vec()
    }

    /// How many of them had all of these fields in their bodies (`tr_id` counts as one).
    pub fn received_with(&self, fields: &[(&str, &str)]) -> usize {
        locked(&self.world.received).all().iter().filter(|order| order.has(fields)).count()
    }

    /// All orders as the simulated KIS knows them, whatever its lists show.
    pub fn all(&self) -> Vec<OrderState> {
        let mut all = Vec::new();
        self.each(|key| all.extend(key.desk.orders.iter().map(Order::state)));
        all
    }

    /// An order.
    pub fn find(&self, number: &str) -> Option<OrderState> {
        let number = order::number(number)?;
        self.all().into_iter().rev().find(|order| order::number(&order.number) == Some(number))
    }

    /// The order that was accepted last.
    pub fn last(&self) -> Option<OrderState> {
        self.all().into_iter().max_by_key(|order| order.placed)
    }

    /// Fills so many shares of an order, at its own price, or at the last one of the issue if it has none. How many it was: never
    /// more than wait.
    pub fn fill(&self, number: &str, quantity: i64) -> i64 {
        let now = self.world.clock.now();
        self.on(number, |desk, own, at| {
            let price = desk.usual_price(at, own, &self.world.market, now).unwrap_or_default();
            desk.fill(at, (quantity, price), own, &self.world.market, now)
        })
        .unwrap_or(0)
    }

    /// Fills so many shares of an order at a price in its currency.
    pub fn fill_at(&self, number: &str, quantity: i64, price: impl Into<Decimal>) -> i64 {
        let (price, now) = (price.into(), self.world.clock.now());
        self.on(number, |desk, own, at| {
            let decimals = desk.orders.get(at).map_or(0, Order::decimals);
            desk.fill(at, (quantity, order::units(price, decimals)), own, &self.world.market, now)
        })
        .unwrap_or(0)
    }

    /// The exchange refuses what waits of an order that was accepted; whether there was any.
    pub fn reject(&self, number: &str) -> bool {
        self.on(number, |desk, _, at| desk.orders.get_mut(at).is_some_and(Order::reject)).unwrap_or(false)
    }

    /// An order dies as at the end of its day, without a row of its own; whether it lived.
    pub fn expire(&self, number: &str) -> bool {
        self.on(number, |desk, _, at| {
            let keeps_rest = desk.steering.keeps_dead_rest;
            let live = desk.orders.get_mut(at).filter(|order| order.is_live());
            live.map(|order| order.die(keeps_rest)).is_some()
        })
        .unwrap_or(false)
    }

    /// The exchange confirms a cancellation that is pending; whether it was. The number is that of the cancellation.
    pub fn confirm(&self, number: &str) -> bool {
        self.on(number, |desk, _, at| desk.confirm(at)).unwrap_or(false)
    }

    /// All reserved orders.
    pub fn reserved(&self) -> Vec<ReservedState> {
        let mut all = Vec::new();
        self.each(|key| all.extend(key.desk.reserved.iter().map(Reserved::state)));
        all
    }

    /// Enters a reserved order now, before its time; whether it still waited.
    pub fn enter_reserved(&self, number: &str) -> bool {
        let (now, arrived) = (self.world.clock.now(), self.world.clock.monotonic());
        let Some(number) = order::number(number) else { return false };
        let mut entered = false;
        self.each(|key| {
            let is_meant = |reserved: &Reserved| reserved.number == number && reserved.waits();
            if let Some(at) = key.desk.reserved.iter().position(is_meant) {
                key.desk.enter(at, &mut key.options, &self.world.market, now, arrived);
                entered = true;
            }
        });
        entered
    }

    /// Enters somebody else's order, of any fields; its number. `None` if there is no such account.
    pub fn stranger(&self, of: Stranger) -> Option<String> {
        let (now, arrived) = (self.world.clock.now(), self.world.clock.monotonic());
        let mut keys = locked(&self.world.keys);
        let key = keys
            .iter_mut()
            .find(|key| of.account.as_ref().is_none_or(|(cano, product)| key.options.has_account(cano, product)))?;
        Some(stranger(&mut key.desk, &key.options, &of, &self.world.market, (now, arrived)))
    }

    /// When lists show what is accepted from now on.
    pub fn list_lag(&self, lag: Lag) {
        self.each(|key| key.desk.steering.lag = lag);
    }

    /// Lists show what is accepted from now on so long after.
    pub fn list_delay(&self, delay: Duration) {
        self.list_lag(Lag::After(delay));
    }

    /// Lists show an order from now on that they have not shown; whether there is such an order.
    pub fn show(&self, number: &str) -> bool {
        let now = self.world.clock.monotonic();
        self.change(number, |order| order.shown_from = Some(now))
    }

    /// Lists never show an order again; whether there is such an order.
    pub fn hide(&self, number: &str) -> bool {
        self.change(number, |order| order.shown_from = None)
    }

    /// Paper accounts forget all that was ordered, as after a reset; what was received is still told.
    pub fn forget(&self) {
        self.each(|key| key.desk.orders.clear());
    }

    /// Who fills orders.
    pub fn filling(&self, filling: Filling) {
        self.each(|key| key.desk.steering.filling = filling);
    }

    /// How all lists write order numbers. Until it is said, they do as was recorded: with ten digits, but for the list of a paper
    /// account's orders abroad, which has none of the zeros in front.
    pub fn numbers(&self, numbers: Numbers) {
        self.each(|key| key.desk.steering.numbers = Some(numbers));
    }

    /// The number that the next order at home gets.
    pub fn next_number(&self, number: u64) {
        self.each(|key| key.desk.last_number = number.saturating_sub(1));
    }

    /// The number that the next order abroad gets; one at home may have had it.
    pub fn next_number_abroad(&self, number: u64) {
        self.each(|key| key.desk.last_number_abroad = number.saturating_sub(1));
    }

    /// After what time the exchange confirms cancellations; `None`: when [`confirm`](Self::confirm) says so. Until then the row
    /// of the cancellation has no asterisk, and the original waits on.
    pub fn confirms_after(&self, time: Option<Duration>) {
        self.each(|key| key.desk.steering.confirms_after = time);
    }

    /// So many shares are filled after the next cancellation was accepted and before it is confirmed.
    pub fn cross_next_cancel(&self, quantity: i64) {
        self.each(|key| key.desk.crossing.push_back(quantity));
    }

    /// Whether the row of a cancelled order says so in `cncl_yn` and `cncl_cfrm_qty`, which KIS was recorded not to do.
    pub fn names_cancelled(&self, names: bool) {
        self.each(|key| key.desk.steering.names_cancelled = names);
    }

    /// Whether a page begins with the last row of the one before.
    pub fn repeats_rows(&self, repeats: bool) {
        self.each(|key| key.desk.steering.repeats_rows = repeats);
    }

    /// Whether the row of an order that died with its day keeps its rest in `rmn_qty`; nobody has recorded it.
    pub fn keeps_dead_rest(&self, keeps: bool) {
        self.each(|key| key.desk.steering.keeps_dead_rest = keeps);
    }

    /// Rows of a page of the lists; `None`: as many as KIS has.
    pub fn page(&self, rows: Option<usize>) {
        self.each(|key| key.desk.steering.page = rows);
    }

    /// Does something to every key, the time being made up for.
    fn each(&self, mut change: impl FnMut(&mut Key)) {
        let (now, arrived) = (self.world.clock.now(), self.world.clock.monotonic());
        for key in locked(&self.world.keys).iter_mut() {
            key.desk.settle(&mut key.options, &self.world.market, now, arrived);
            change(key);
        }
    }

    /// Does something with an order.
    fn on<T>(&self, number: &str, act: impl FnOnce(&mut Desk, &mut Options, usize) -> T) -> Option<T> {
        let number = order::number(number)?;
        self.each(|_| {});
        let mut keys = locked(&self.world.keys);
        keys.iter_mut()
            .find_map(|key| {
                let at = key.desk.orders.iter().rposition(|order| order.number == number)?;
                Some((key, at))
            })
            .map(|(key, at)| act(&mut key.desk, &mut key.options, at))
    }

    fn change(&self, number: &str, change: impl FnOnce(&mut Order)) -> bool {
        self.on(number, |desk, _, at| desk.orders.get_mut(at).map(change).is_some()).unwrap_or(false)
    }
}

impl Order {
    /// The exchange refuses what waits; whether anything did.
    fn reject(&mut self) -> bool {
        if self.kind == Kind::Cancel || self.rest == 0 {
            return false;
        }
        self.rejected += self.rest;
        self.rest = 0;
        true
    }
}
