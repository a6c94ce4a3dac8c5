//! What orders do to cash and positions: reservations at once, fills at once too, cash itself two days of trading later.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{
    AccountId, Call, Desk,
    money_abroad::Traded,
    order::{Kind, Order, Side},
    portfolio_of,
};
use crate::{
    Mode, Options, Portfolio, Position,
    clock::kst,
    listing::{self, Kind as Listing},
    market::Market,
};

/// What a real account pays of an amount, in thousandths of a millionth.
const FEE: i128 = 140_527;

/// What is paid to the state of an amount that shares are sold for, in ten thousandths: none for funds.
const TAX: i128 = 20;

/// Kind of the positions that cash was paid for: the only ones that such orders sell.
const CASH: &str = "현금";

/// What an account has done today, and what its open orders hold.
#[derive(Debug, Clone, Default)]
pub struct Activity {
    /// Won that open orders to buy hold.
    pub(crate) reserved: i64,
    /// What fills have brought and cost that is not in the cash of today yet.
    pub(crate) unsettled: i64,
    /// What was sold and is not in the cash of today yet.
    pub(crate) reusable: i64,
    /// Shares and won that were bought today, by issue.
    pub(crate) bought: BTreeMap<String, (i64, i64)>,
    /// Shares and won that were sold today, by issue.
    pub(crate) sold: BTreeMap<String, (i64, i64)>,
    /// Shares that open orders are about to sell, by issue.
    pub(crate) selling: BTreeMap<String, i64>,
    /// Fees and tax of today.
    pub(crate) charges: i64,
    /// What open orders abroad hold, by currency.
    pub(super) reserved_abroad: BTreeMap<String, Decimal>,
    /// Shares that open orders abroad are about to sell, by exchange and issue.
    pub(super) selling_abroad: BTreeMap<(String, String), i64>,
}

impl Activity {
    /// Won that can be ordered for.
    pub(crate) fn orderable(&self, portfolio: &Portfolio) -> i64 {
        (portfolio.deposit + self.unsettled - self.reserved).max(0)
    }

    /// Won that can be bought for, what is owed afterwards included: an account of forty percent.
    pub(crate) fn purchasable(&self, portfolio: &Portfolio) -> i64 {
        self.orderable(portfolio).saturating_mul(5) / 2
    }

    /// Shares of a position that can be sold: none of what is lent or pledged.
    pub(crate) fn sellable(&self, portfolio: &Portfolio, code: &str) -> i64 {
        (held(portfolio, code) - self.selling.get(code).copied().unwrap_or(0)).max(0)
    }

    /// Won that were paid today, and were received.
    pub(crate) fn turnover(&self) -> (i64, i64) {
        let sum = |map: &BTreeMap<String, (i64, i64)>| map.values().map(|(_, amount)| amount).sum();
        (sum(&self.bought), sum(&self.sold))
    }
}

/// Cash that is on its way.
#[derive(Debug)]
struct Flow {
    code: String,
    side: Side,
    day: NaiveDate,
    quantity: i64,
    amount: i64,
    charges: i64,
    /// How many of its two days have come.
    days: u8,
}

impl Flow {
    /// What it does to the cash.
    fn cash(&self) -> i64 {
        match self.side {
            Side::Buy => -self.amount - self.charges,
            Side::Sell => self.amount - self.charges,
        }
    }
}

/// Cash of an account that is on its way.
#[derive(Debug, Default)]
pub(super) struct Books {
    flows: Vec<Flow>,
    /// What was traded abroad on days that are not over there.
    pub(super) abroad: Vec<Traded>,
    /// The last day on which what lacks of other currencies was exchanged.
    pub(super) exchanged: Option<NaiveDate>,
}

/// Shares that are held and were paid with cash.
fn held(portfolio: &Portfolio, code: &str) -> i64 {
    portfolio.positions.iter().filter(|held| held.code == code && held.kind == CASH).map(|held| held.quantity).sum()
}

/// What the broker takes of an amount.
fn fee(amount: i64, mode: Mode) -> i64 {
    match mode {
        Mode::Real => i64::try_from(i128::from(amount) * FEE / 1_000_000_000).unwrap_or(0),
        Mode::Paper => 0,
    }
}

/// Fees and tax of an amount.
fn charges(side: Side, code: &str, amount: i64, mode: Mode) -> i64 {
    let is_fund = listing::domestic(code).is_some_and(|listed| matches!(listed.kind, Listing::Etf | Listing::Etn));
    let tax = match (side, is_fund) {
        (Side::Sell, false) => i64::try_from(i128::from(amount) * TAX / 10_000).unwrap_or(0),
        _ => 0,
    };
    fee(amount, mode) + tax
}

impl Order {
    /// Won that it holds. What the broker takes is not among them: the list of what can be bought does not count it either.
    fn reserved(&self) -> i64 {
        self.reserves.saturating_mul(self.rest)
    }
}

impl Desk {
    /// What an account has done today, and what its open orders hold.
    pub(super) fn activity(&self, account: &AccountId, now: DateTime<Utc>) -> Activity {
        let mut activity = Activity::default();
        for order in self.orders.iter().filter(|order| order.account == *account && order.is_live()) {
            match (order.abroad, order.side) {
                (Some(listed), _) => activity.hold_abroad(order, listed),
                (None, Side::Buy) => activity.reserved += order.reserved(),
                (None, Side::Sell) => *activity.selling.entry(order.code.clone()).or_default() += order.rest,
            }
        }
        let today = kst(now).date_naive();
        for flow in self.books.get(account).into_iter().flat_map(|books| &books.flows) {
            if flow.days < 2 {
                activity.unsettled += flow.cash();
                activity.reusable += if flow.side == Side::Sell { flow.cash() } else { 0 };
            }
            if flow.day == today {
                let side = if flow.side == Side::Buy { &mut activity.bought } else { &mut activity.sold };
                let (quantity, amount) = side.entry(flow.code.clone()).or_default();
                *quantity += flow.quantity;
                *amount += flow.amount;
                activity.charges += flow.charges;
            }
        }
        activity
    }

    /// Fills a part of an order, at most what waits, at a price in the smallest unit; how much it was.
    pub(super) fn fill(
        &mut self,
        at: usize,
        (quantity, price): (i64, i64),
        own: &mut Options,
        market: &Market,
        when: DateTime<Utc>,
    ) -> i64 {
        let Some(order) = self.orders.get_mut(at).filter(|order| order.kind != Kind::Cancel) else { return 0 };
        let quantity = quantity.min(order.rest).max(0);
        if quantity == 0 {
            return 0;
        }
        let units = price.saturating_mul(quantity);
        let amount = Decimal::new(units, order.decimals());
        order.rest -= quantity;
        order.filled += quantity;
        order.amount += amount;
        let filled = order.clone();
        let charges = match filled.abroad {
            Some(listed) => {
                let day = market.local_day(listed, when);
                self.pay_abroad(&filled, listed, (quantity, amount), own, day)
            }
            None => self.pay(&filled, (quantity, price), own, market, when),
        };
        if let Some(order) = self.orders.get_mut(at) {
            order.charges += charges;
        }
        quantity
    }

    /// What a fill at home does: its charges, which the account will have paid.
    fn pay(
        &mut self,
        order: &Order,
        (quantity, price): (i64, i64),
        own: &mut Options,
        market: &Market,
        when: DateTime<Utc>,
    ) -> Decimal {
        let amount = price.saturating_mul(quantity);
        let charges = charges(order.side, &order.code, amount, own.mode);
        let (side, code) = (order.side, order.code.clone());
        let flow = Flow { code, side, day: kst(when).date_naive(), quantity, amount, charges, days: 0 };
        let options = own.of_account(&order.account.0, &order.account.1);
        let last = order.quote(&options, market, when).map_or(price, |quote| quote.last);
        let portfolio = portfolio_of(own, &order.account);
        portfolio.deposit_d2 += flow.cash();
        match side {
            Side::Buy => portfolio.buy(&flow.code, &order.name, quantity, amount, last),
            Side::Sell => portfolio.sell(&flow.code, quantity),
        }
        self.books.entry(order.account.clone()).or_default().flows.push(flow);
        charges.into()
    }

    /// Moves cash on: what was traded is tomorrow's after one day of trading, and today's after two.
    pub(super) fn settle_cash(&mut self, own: &mut Options, market: &Market, now: DateTime<Utc>) {
        let today = kst(now).date_naive();
        for (account, books) in &mut self.books {
            let portfolio = portfolio_of(own, account);
            for flow in books.flows.iter_mut().filter(|flow| flow.days < 2) {
                let tomorrow = market.day_after(flow.day);
                if flow.days == 0 && today >= tomorrow {
                    flow.days = 1;
                    portfolio.deposit_d1 += flow.cash();
                }
                if flow.days == 1 && today >= market.day_after(tomorrow) {
                    flow.days = 2;
                    portfolio.deposit += flow.cash();
                    portfolio.receivable = (-portfolio.deposit).max(0);
                    let sold_out = |held: &Position| held.code == flow.code && held.quantity == 0 && held.kind == CASH;
                    portfolio.positions.retain(|held| !(flow.side == Side::Sell && sold_out(held)));
                }
            }
        }
    }
}

impl Portfolio {
    /// Adds shares to the position that cash was paid for.
    fn buy(&mut self, code: &str, name: &str, quantity: i64, amount: i64, price: i64) {
        let known = self.positions.iter_mut().find(|held| held.code == code && held.kind == CASH);
        match known {
            Some(held) => {
                let paid = held.avg_price * Decimal::from(held.quantity) + Decimal::from(amount);
                held.quantity += quantity;
                held.avg_price = paid.checked_div(Decimal::from(held.quantity)).unwrap_or_default();
            }
            None => self.positions.push(Position::bought_for(code, name, quantity, amount, price)),
        }
    }

    /// Takes shares away, the row staying.
    fn sell(&mut self, code: &str, quantity: i64) {
        let mut left = quantity;
        for held in self.positions.iter_mut().filter(|held| held.code == code && held.kind == CASH) {
            let taken = left.min(held.quantity);
            held.quantity -= taken;
            left -= taken;
            if held.quantity == 0 {
                held.avg_price = Decimal::ZERO;
            }
        }
    }
}

/// What an order to buy holds for a share: its price, or without one the most that the day allows.
pub(super) fn reserves(side: Side, price: i64, limits: (i64, i64)) -> i64 {
    match (side, price) {
        (Side::Sell, _) => 0,
        (Side::Buy, 0) => limits.0,
        (Side::Buy, price) => price,
    }
}

/// Whether the account can pay for a new order, or has what it sells.
pub(super) fn is_covered(side: Side, code: &str, quantity: i64, unit: i64, call: &Call<'_>) -> bool {
    let (activity, portfolio) = (&call.options.activity, &call.options.portfolio);
    match side {
        Side::Sell => quantity <= activity.sellable(portfolio, code),
        Side::Buy => unit.saturating_mul(quantity) <= activity.purchasable(portfolio),
    }
}
