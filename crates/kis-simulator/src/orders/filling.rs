//! Orders meet the market: the book when they come, its trades afterwards, the end of their day at last.

use chrono::{DateTime, Utc};

use super::{
    Call, Desk,
    order::{Order, Side},
    session,
    steering::Filling,
};
use crate::{
    Options,
    clock::Instant,
    market::{Market, Quote},
};

impl Desk {
    /// Makes up for the time since the last call.
    pub(crate) fn settle(&mut self, own: &mut Options, market: &Market, now: DateTime<Utc>, arrived: Instant) {
        self.enter_due(own, market, now, arrived);
        for at in 0..self.orders.len() {
            if self.orders.get(at).is_some_and(Order::is_live) {
                self.look(at, own, market, now);
            }
        }
        self.confirm_due(arrived);
        self.settle_cash(own, market, now);
        self.settle_abroad(own, market, now);
    }

    /// The price that an order is filled at if none is said: its own, or the last one of the issue.
    pub(super) fn usual_price(&self, at: usize, own: &Options, market: &Market, now: DateTime<Utc>) -> Option<i64> {
        let order = self.orders.get(at)?;
        let own_price = Some(order.limit.unwrap_or(order.units())).filter(|price| *price > 0);
        own_price.or_else(|| {
            let options = own.of_account(&order.account.0, &order.account.1);
            order.quote(&options, market, now).map(|quote| quote.last)
        })
    }

    /// Lets a live order meet the trades since it was last looked at, and die if its time is over.
    fn look(&mut self, at: usize, own: &mut Options, market: &Market, now: DateTime<Utc>) {
        let Some(order) = self.orders.get(at).cloned() else { return };
        let options = own.of_account(&order.account.0, &order.account.1);
        let quote = order.quote(&options, market, now);
        let end = match (&quote, order.abroad) {
            (Some(quote), Some(_)) if order.is_by_day => quote.end_of_day_market(order.placed),
            (Some(quote), Some(_)) => quote.end_of_day(order.placed),
            _ => session::end(market, &order.exchange, &order.order_type, order.placed),
        };
        let until = now.min(end);
        if let Some(quote) = quote.filter(|_| self.steering.filling == Filling::Market && until > order.looked) {
            self.meet_trades(at, (&quote, order.looked, until), own, market);
        }
        if let Some(order) = self.orders.get_mut(at) {
            order.looked = until.max(order.looked);
            if now >= end {
                order.die(self.steering.keeps_dead_rest);
            }
        }
    }

    fn meet_trades(
        &mut self,
        at: usize,
        (quote, after, until): (&Quote, DateTime<Utc>, DateTime<Utc>),
        own: &mut Options,
        market: &Market,
    ) {
        for (moment, price, volume) in quote.trades(market, after, until) {
            let Some(order) = self.orders.get_mut(at).filter(|order| order.rest > 0) else { return };
            order.wake(price);
            if let Some(price) = order.price_at(price, moment) {
                self.fill(at, (volume, price), own, market, moment);
            }
        }
    }

    /// Lets an order that has just come meet the book.
    pub(super) fn meet(&mut self, at: usize, own: &mut Options, call: &Call<'_>) {
        let Some(order) = self.orders.get_mut(at) else { return };
        if self.steering.filling == Filling::ByHand {
            return;
        }
        let Some(quote) = order.quote(call.options, call.market, call.now) else { return };
        order.take_price(&quote);
        order.wake(quote.last);
        let is_whole = session::is_whole(&order.order_type);
        // Outside of the session there is one price, and enough of it.
        if let ("05" | "06", Some(price)) = (order.order_type.as_str(), order.limit) {
            self.fill(at, (i64::MAX, price), own, call.market, call.now);
            return;
        }
        // The day market trades at the prices of the night before.
        if (quote.is_open(call.now) || order.is_by_day) && !order.is_asleep() {
            let order = order.clone();
            let book = quote.book(call.market, call.now, order.side == Side::Buy);
            let reached: Vec<(i64, i64)> = book.into_iter().filter(|(price, _)| order.reaches(*price)).collect();
            let there: i64 = reached.iter().map(|(_, quantity)| quantity).sum();
            if !is_whole || there >= order.rest {
                for (price, quantity) in reached {
                    self.fill(at, (quantity, price), own, call.market, call.now);
                }
            }
        }
        if let Some(order) = self.orders.get_mut(at).filter(|order| session::is_immediate(&order.order_type)) {
            order.die(false);
        }
    }
}

impl Order {
    /// Its issue at a moment.
    pub(super) fn quote(&self, options: &Options, market: &Market, now: DateTime<Utc>) -> Option<Quote> {
        match self.abroad {
            Some(listed) => Some(market.quote_abroad(listed, now)),
            None => market.quote(&self.code, options, now),
        }
    }

    /// Whether it is a stop order whose price has not come.
    fn is_asleep(&self) -> bool {
        self.order_type == "22" && !self.condition.is_zero() && !self.is_awake
    }

    /// A stop order wakes at its price.
    fn wake(&mut self, price: i64) {
        let stop = i64::try_from(self.condition.trunc()).unwrap_or(0);
        self.is_awake |= match self.side {
            Side::Buy => price >= stop,
            Side::Sell => price <= stop,
        };
    }

    /// Types that have no price of their own take one from the book, but for those that take any.
    fn take_price(&mut self, quote: &Quote) {
        let (ask, bid) = quote.best;
        let price = match (self.order_type.as_str(), self.side) {
            ("03" | "15" | "16" | "28" | "44" | "45" | "46", Side::Buy) | ("04" | "29" | "47", Side::Sell) => ask,
            ("03" | "15" | "16" | "28" | "44" | "45" | "46", Side::Sell) | ("04" | "29" | "47", Side::Buy) => bid,
            ("21" | "23" | "24", _) => (ask + bid) / 2,
            ("05", _) => quote.base,
            ("06", _) => quote.last,
            _ => return,
        };
        self.limit = Some(price);
    }

    /// Whether it trades at a price.
    fn reaches(&self, price: i64) -> bool {
        let limit = self.limit.unwrap_or(self.units());
        match self.side {
            _ if limit == 0 => true,
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        }
    }

    /// At what price a trade of the market fills it, if it does.
    fn price_at(&self, trade: i64, moment: DateTime<Utc>) -> Option<i64> {
        // A conditional order is one at any price from 15:20 on.
        let is_free = self.order_type == "02" && moment >= session::moment(self.day(), 920);
        if is_free {
            return Some(trade);
        }
        let limit = self.limit.unwrap_or(self.units());
        let price = if limit == 0 { trade } else { limit };
        (!self.is_asleep() && self.reaches(trade)).then_some(price)
    }

    /// Nothing of it is filled any more.
    pub(super) fn die(&mut self, keeps_rest: bool) {
        self.is_over = true;
        if !keeps_rest {
            self.rest = 0;
        }
    }
}
