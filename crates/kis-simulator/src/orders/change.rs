//! `POST …/trading/order-rvsecncl`: amendments and cancellations. Each is an order with a number of its own.

use rust_decimal::Decimal;

use super::{
    Call, Desk, account_of,
    money::reserves,
    order::{Kind, Order, Side, units},
    place::{Meant, accepted, exchange, new, terms, whole},
    refusal::Refused,
};
use crate::{Options, http::Answer};

impl Desk {
    pub(super) fn change(&mut self, own: &mut Options, call: Call<'_>) -> Result<Answer, Refused> {
        let exchange = exchange(&call)?;
        let kind = match call.param("RVSE_CNCL_DVSN_CD") {
            "01" => Kind::Amend,
            "02" => Kind::Cancel,
            _ => return Err(Refused::Input("RVSE_CNCL_DVSN_CD")),
        };
        let is_all = match call.param("QTY_ALL_ORD_YN") {
            "Y" => true,
            "N" => false,
            _ => return Err(Refused::Input("QTY_ALL_ORD_YN")),
        };
        let stated = whole(&call, "ORD_QTY")?;
        let at = self.original(&call)?;
        let left = self.left(at);
        let Some(original) = self.orders.get(at) else { return Err(Refused::NoOrder) };
        if original.exchange != exchange {
            return Err(Refused::Exchange);
        }
        if !original.is_live() || left == 0 {
            return Err(Refused::NoRest);
        }
        let quantity = if is_all { left } else { stated };
        match quantity {
            0 => return Err(Refused::Quantity),
            more if more > left => return Err(Refused::BeyondRest),
            _ => {}
        }
        match kind {
            Kind::Amend => self.amend(at, quantity, own, &call),
            _ => Ok(self.cancel(at, quantity, own, &call)),
        }
    }

    /// Where the order is that a call names. Its branch may be left out.
    fn original(&mut self, call: &Call<'_>) -> Result<usize, Refused> {
        let (account, branch) = (account_of(call.options), call.param("KRX_FWDG_ORD_ORGNO"));
        let number = super::order::number(call.param("ORGN_ODNO")).ok_or(Refused::NoOrder)?;
        let is_meant = |order: &Order| {
            order.abroad.is_none()
                && order.account == account
                && order.number == number
                && (branch.is_empty() || order.branch == branch)
        };
        self.orders.iter().rposition(is_meant).ok_or(Refused::NoOrder)
    }

    /// Shares of an order that can be amended or cancelled: none that a cancellation is under way for.
    pub(super) fn left(&self, at: usize) -> i64 {
        let Some(original) = self.orders.get(at) else { return 0 };
        let asked: i64 = self
            .orders
            .iter()
            .filter(|order| {
                order.original == Some(original.number)
                    && order.account == original.account
                    && order.abroad.is_some() == original.abroad.is_some()
                    && order.pending.is_some()
            })
            .map(|order| order.quantity)
            .sum();
        (original.rest - asked).max(0)
    }

    /// What is amended is another order from now on; what is not stays.
    fn amend(&mut self, at: usize, quantity: i64, own: &mut Options, call: &Call<'_>) -> Result<Answer, Refused> {
        let Some(original) = self.orders.get(at).cloned() else { return Err(Refused::NoOrder) };
        let quote = call.market.quote(&original.code, call.options, call.now).ok_or(Refused::NoIssue)?;
        let terms = terms(call, &quote, &original.exchange)?;
        let reserves = reserves(original.side, units(terms.price, 0), quote.limits);
        let more = (reserves - original.reserves).saturating_mul(quantity);
        if original.side == Side::Buy && more > call.options.activity.purchasable(&call.options.portfolio) {
            return Err(Refused::Funds);
        }
        let number = self.number();
        let meant = Meant { code: &original.code, name: &quote.name, exchange: &original.exchange, abroad: None };
        let order = Order {
            kind: Kind::Amend,
            original: Some(original.number),
            branch: original.branch.clone(),
            reserves,
            ..new(number, original.side, &meant, &terms, quantity, call)
        };
        if let Some(original) = self.orders.get_mut(at) {
            original.rest -= quantity;
            original.cancelled += quantity;
        }
        Ok(self.accept(order, own, call))
    }

    /// A cancellation is received now, and the exchange confirms it now or later: fills may come before.
    pub(super) fn cancel(&mut self, at: usize, quantity: i64, own: &mut Options, call: &Call<'_>) -> Answer {
        let is_abroad = self.orders.get(at).is_some_and(|original| original.abroad.is_some());
        let number = if is_abroad { self.number_abroad() } else { self.number() };
        let shown_from = self.steering.shown_from(number, call.market, call.arrived);
        let Some(original) = self.orders.get(at) else { return Refused::NoOrder.answer(call.options.mode) };
        let order = Order {
            number,
            original: Some(original.number),
            kind: Kind::Cancel,
            quantity,
            price: Decimal::ZERO,
            condition: Decimal::ZERO,
            placed: call.now,
            looked: call.now,
            filled: 0,
            amount: Decimal::ZERO,
            charges: Decimal::ZERO,
            rest: 0,
            rejected: 0,
            cancelled: 0,
            pending: Some(self.steering.confirms_after.map(|after| call.arrived.saturating_add(after))),
            reserves: 0,
            entered_by: "OpnAPI".to_owned(),
            shown_from,
            is_over: false,
            limit: None,
            is_awake: false,
            ..original.clone()
        };
        let answer = accepted(&order, call.options.mode);
        self.orders.push(order);
        if let Some(quantity) = self.crossing.pop_front() {
            let price = self.usual_price(at, own, call.market, call.now).unwrap_or_default();
            self.fill(at, (quantity, price), own, call.market, call.now);
        }
        self.confirm_due(call.arrived);
        answer
    }

    /// Confirms the cancellations whose time has come.
    pub(super) fn confirm_due(&mut self, now: crate::clock::Instant) {
        let due: Vec<usize> = (0..self.orders.len())
            .filter(
                |at| matches!(self.orders.get(*at).map(|order| order.pending), Some(Some(Some(when))) if when <= now),
            )
            .collect();
        for at in due {
            self.confirm(at);
        }
    }

    /// The exchange has done what a cancellation says, as far as there was anything left; whether it was waited for.
    pub(super) fn confirm(&mut self, at: usize) -> bool {
        let Some(order) = self.orders.get(at).filter(|order| order.pending.is_some()) else { return false };
        let (order, asked) = (order.clone(), order.quantity);
        let is_original = |known: &&mut Order| {
            Some(known.number) == order.original
                && known.account == order.account
                && known.abroad.is_some() == order.abroad.is_some()
        };
        let mut ended = 0;
        if let Some(original) = self.orders.iter_mut().rev().find(is_original) {
            ended = asked.min(original.rest);
            original.rest -= ended;
            original.cancelled += ended;
        }
        if let Some(order) = self.orders.get_mut(at) {
            order.pending = None;
            if ended == 0 {
                order.rejected = asked;
            } else {
                order.quantity = ended;
            }
        }
        true
    }
}
