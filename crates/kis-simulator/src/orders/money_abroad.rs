//! What orders abroad do: currency goes and comes at once, and what is lacking is exchanged the next morning.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{
    Activity, Call, Desk,
    order::{Order, Side},
    portfolio_of,
};
use crate::{
    HeldAs, Mode, Options, Portfolio, PositionAbroad,
    abroad::Abroad,
    clock::kst,
    listing::Listed,
    market::{Market, won},
};

/// What a real account pays of an amount abroad, in ten thousandths.
const FEE: i64 = 25;

/// What of an amount is left for shares.
const AFTER_FEES: Decimal = Decimal::from_parts(9_975, 0, 0, false, 4);

/// Shares that were traded on a day of their place.
#[derive(Debug)]
pub(super) struct Traded {
    exchange: String,
    listed: &'static Listed,
    side: Side,
    day: NaiveDate,
    quantity: i64,
}

impl Activity {
    /// What can be ordered for in a currency: with its own cash, and with won that are exchanged by themselves.
    pub(crate) fn orderable_abroad(&self, portfolio: &Portfolio, currency: &str) -> (Decimal, Decimal) {
        let (own, all) = self.cash_abroad(portfolio, currency);
        let after_fees = |amount: Decimal| (amount.max(Decimal::ZERO) * AFTER_FEES).trunc_with_scale(2);
        (after_fees(own), after_fees(all))
    }

    /// Cash of a currency that no order holds: its own, and with won that are exchanged by themselves.
    pub(crate) fn cash_abroad(&self, portfolio: &Portfolio, currency: &str) -> (Decimal, Decimal) {
        let held = self.reserved_abroad.get(currency).copied().unwrap_or_default();
        let own = portfolio.abroad.cash(currency) - held;
        let in_won = Decimal::from(self.orderable(portfolio));
        let exchanged = in_won.checked_div(won(currency)).unwrap_or_default();
        (own, if portfolio.abroad.is_integrated { own + exchanged } else { own })
    }

    /// Whole shares of a position that can be sold. What was bought today cannot be in China.
    pub(crate) fn sellable_abroad(&self, portfolio: &Portfolio, exchange: &str, code: &str) -> i64 {
        let selling = self.selling_abroad.get(&(exchange.to_owned(), code.to_owned())).copied().unwrap_or(0);
        let held: Decimal =
            portfolio
                .abroad
                .positions
                .iter()
                .filter(|held| held.exchange == exchange && held.code == code && held.held_as == HeldAs::Cash)
                .map(|held| {
                    if matches!(exchange, "SHAA" | "SZAA") { held.settled().min(held.quantity) } else { held.quantity }
                })
                .sum();
        (i64::try_from(held.trunc()).unwrap_or(0) - selling).max(0)
    }

    /// What an open order abroad holds.
    pub(super) fn hold_abroad(&mut self, order: &Order, listed: &Listed) {
        match order.side {
            Side::Buy => {
                let held = Decimal::new(order.reserves.saturating_mul(order.rest), listed.decimals);
                *self.reserved_abroad.entry(listed.currency.to_owned()).or_default() += held;
            }
            Side::Sell => {
                let place = (order.exchange.clone(), order.code.clone());
                *self.selling_abroad.entry(place).or_default() += order.rest;
            }
        }
    }
}

/// Whether the account can pay for a new order abroad, or has what it sells.
pub(super) fn is_covered(
    side: Side,
    exchange: &str,
    listed: &Listed,
    (quantity, price): (i64, Decimal),
    call: &Call<'_>,
) -> bool {
    let (activity, portfolio) = (&call.options.activity, &call.options.portfolio);
    match side {
        Side::Sell => quantity <= activity.sellable_abroad(portfolio, exchange, listed.code),
        Side::Buy => price * Decimal::from(quantity) <= activity.orderable_abroad(portfolio, listed.currency).1,
    }
}

impl Desk {
    /// What a fill abroad does: its charges, which the account has paid.
    pub(super) fn pay_abroad(
        &mut self,
        order: &Order,
        listed: &'static Listed,
        (quantity, amount): (i64, Decimal),
        own: &mut Options,
        day: NaiveDate,
    ) -> Decimal {
        let charges = match own.mode {
            Mode::Real => (amount * Decimal::new(FEE, 4)).trunc_with_scale(2),
            Mode::Paper => Decimal::ZERO,
        };
        let shares = Decimal::from(quantity);
        let abroad = &mut portfolio_of(own, &order.account).abroad;
        *abroad.cash_mut(listed.currency) += match order.side {
            Side::Buy => -amount - charges,
            Side::Sell => amount - charges,
        };
        let position = abroad.position(&order.exchange, listed.code);
        match order.side {
            Side::Buy => {
                let paid = position.avg_price * position.quantity + amount;
                position.quantity += shares;
                position.bought_today += shares;
                position.avg_price = paid.checked_div(position.quantity).unwrap_or_default().round_dp(8);
            }
            Side::Sell => {
                position.quantity -= shares;
                position.sold_today += shares;
            }
        }
        let traded = Traded { exchange: order.exchange.clone(), listed, side: order.side, day, quantity };
        self.books.entry(order.account.clone()).or_default().abroad.push(traded);
        charges
    }

    /// Days that are over abroad: what was traded then is of before today, and what was lacking of a currency is exchanged.
    pub(super) fn settle_abroad(&mut self, own: &mut Options, market: &Market, now: DateTime<Utc>) {
        for (account, books) in &mut self.books {
            let portfolio = portfolio_of(own, account);
            let is_over = |traded: &mut Traded| market.local_day(traded.listed, now) > traded.day;
            for traded in books.abroad.extract_if(.., is_over) {
                let position = portfolio.abroad.position(&traded.exchange, traded.listed.code);
                match traded.side {
                    Side::Buy => position.bought_today -= Decimal::from(traded.quantity),
                    Side::Sell => position.sold_today -= Decimal::from(traded.quantity),
                }
            }
            portfolio.abroad.positions.retain(|held| !held.quantity.is_zero() || !held.sold_today.is_zero());
            let today = kst(now).date_naive();
            if books.exchanged.is_some_and(|day| day < today) {
                portfolio.exchange_what_lacks();
            }
            books.exchanged = Some(today);
        }
    }
}

impl Abroad {
    fn cash(&self, currency: &str) -> Decimal {
        self.cash.iter().find(|(known, _)| known == currency).map_or(Decimal::ZERO, |(_, cash)| *cash)
    }

    fn cash_mut(&mut self, currency: &str) -> &mut Decimal {
        let at = self.cash.iter().position(|(known, _)| known == currency).unwrap_or_else(|| {
            self.cash.push((currency.to_owned(), Decimal::ZERO));
            self.cash.len() - 1
        });
        &mut self.cash[at].1
    }

    /// The position that cash was paid for, which may be new.
    fn position(&mut self, exchange: &str, code: &str) -> &mut PositionAbroad {
        let is_meant =
            |held: &PositionAbroad| held.exchange == exchange && held.code == code && held.held_as == HeldAs::Cash;
        let at = self.positions.iter().position(is_meant).unwrap_or_else(|| {
            self.positions.push(PositionAbroad::cash(exchange, code, 0, Decimal::ZERO));
            self.positions.len() - 1
        });
        &mut self.positions[at]
    }
}

impl Portfolio {
    /// Won are exchanged for what is lacking of other currencies.
    fn exchange_what_lacks(&mut self) {
        for (currency, cash) in self.abroad.cash.iter_mut().filter(|(_, cash)| cash.is_sign_negative()) {
            let paid = i64::try_from((cash.abs() * won(currency)).ceil()).unwrap_or(i64::MAX);
            self.deposit -= paid;
            self.deposit_d1 -= paid;
            self.deposit_d2 -= paid;
            *cash = Decimal::ZERO;
        }
    }
}
