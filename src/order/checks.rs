//! What is looked at before an order is sent: pure, from facts that were gathered before.

use chrono::{DateTime, FixedOffset};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    settings::{Approve, Settings},
    ticket::Ticket,
};
use crate::{
    kis::Environment,
    stock::{
        Kind, Marks, Stock as Listed,
        rules::{Rules, Stated, WrongPrice},
    },
    wire::{
        number::Number,
        types::{Check, CheckName, CheckOutcome, Price, Reason, Side, StockStatus},
    },
};

/// Whether a market takes orders now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// It does, as far as is known until then.
    Open(Option<DateTime<FixedOffset>>),
    /// It does not.
    Closed(String),
    /// That is not known: KIS decides.
    NotKnown(String),
}

/// What an account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Has {
    /// So many shares may be bought or sold.
    Shares(Decimal),
    /// It could not be asked.
    NotKnown(String),
}

/// What the account has ordered before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Won of the buys of the day.
    pub bought: Decimal,
    /// Won of its sales.
    pub sold: Decimal,
    /// Orders in the last minute.
    pub in_minute: usize,
    /// Whether an order to buy this stock is lost.
    pub lost_buy: bool,
    /// Shares of this stock in orders to sell that are lost.
    pub lost_sales: u64,
}

/// What is known when an order is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// The mode.
    pub environment: Environment,
    /// Why orders are halted.
    pub halt: Option<Reason>,
    /// The stock in KIS's lists.
    pub listed: Option<Listed>,
    /// Its price, or why there is none.
    pub price: Result<Price, String>,
    /// What may be bought or sold.
    pub has: Has,
    /// Won for one of the currency; `None`: not known.
    pub rate: Option<Decimal>,
    /// Whether its market takes orders.
    pub session: Session,
}

/// An order with what came of its checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Every check.
    pub checks: Vec<Check>,
    /// What it costs or brings; without a price of its own, at the upper limit.
    pub amount: Option<Decimal>,
    /// The same in won, rounded up.
    pub amount_krw: Option<Decimal>,
    /// Fees and tax, estimated.
    pub fees: Option<Decimal>,
    /// Whether it waits for a person.
    pub needs_approval: bool,
}

impl Checked {
    /// The first check that says no.
    pub fn failed(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.outcome == CheckOutcome::Failed)
    }
}

/// Tax on a sale of a share of Korea, by the year from which it holds, in percent of the amount. ETF, ETN and ELW have none.
const TAXES: [(i32, Decimal); 2] =
    [(2025, Decimal::from_parts(15, 0, 0, false, 2)), (2026, Decimal::from_parts(20, 0, 0, false, 2))];

/// Checks an order of an account whose owner allows so much.
pub(super) fn check(ticket: &Ticket, settings: &Settings, facts: &Facts, counted: Counted, year: i32) -> Checked {
    let rules = facts.listed.as_ref().map(|listed| Rules::of(listed, stated(facts)));
    let amount = amount(ticket, facts, rules.as_ref());
    let rate = if ticket.is_domestic() { Some(Decimal::ONE) } else { facts.rate };
    let amount_krw = amount.zip(rate).and_then(|(amount, rate)| {
        Some(amount.checked_mul(rate)?.round_dp_with_strategy(0, RoundingStrategy::ToPositiveInfinity))
    });
    let is_buy = ticket.side == Side::Buy;
    let mut checks = Checks(Vec::new());
    checks.put(CheckName::Enabled, settings.enabled, || {
        "orders are not enabled for this account: enabled = true in its table [accounts.NAME.orders]".to_owned()
    });
    checks.put(CheckName::Halt, facts.halt.is_none(), || {
        facts.halt.as_ref().map(|halt| halt.message.clone()).unwrap_or_default()
    });
    checks.limit(CheckName::Rate, settings.max_orders_per_minute, |most| {
        let count = counted.in_minute;
        (count < *most)
            .then_some(())
            .ok_or_else(|| format!("{count} orders were sent within a minute; allowed are {most}"))
    });
    let is_named = |stocks: &[String]| stocks.iter().any(|stock| stock.eq_ignore_ascii_case(&ticket.stock_code));
    let of_stocks = |stocks: &[String]| (!stocks.is_empty()).then_some(());
    checks.limit(CheckName::AllowStocks, of_stocks(&settings.allow_stocks), |()| {
        is_named(&settings.allow_stocks)
            .then_some(())
            .ok_or_else(|| format!("{} is not in allow_stocks", ticket.stock_code))
    });
    checks.limit(CheckName::DenyStocks, of_stocks(&settings.deny_stocks), |()| {
        (!is_named(&settings.deny_stocks))
            .then_some(())
            .ok_or_else(|| format!("{} is in deny_stocks", ticket.stock_code))
    });
    let misplaced = ticket.misplaced(facts.environment);
    checks.put(CheckName::OrderType, misplaced.is_none(), || misplaced.clone().unwrap_or_default());
    match &facts.session {
        Session::Open(_) => checks.add(CheckName::Session, CheckOutcome::Passed, None),
        Session::Closed(why) => checks.add(CheckName::Session, CheckOutcome::Failed, Some(why.clone())),
        Session::NotKnown(why) => checks.add(CheckName::Session, CheckOutcome::NotKnown, Some(why.clone())),
    }
    checks.halted_stock(facts);
    checks.rules(ticket, rules.as_ref());
    checks.collar(ticket, settings.price_collar, facts);
    let (one, day, used) = match is_buy {
        true => (settings.max_order_amount, settings.max_daily_amount, counted.bought),
        false => (settings.max_sell_amount, settings.max_daily_sell_amount, counted.sold),
    };
    let unknown = "what it amounts to in won is not known, and a limit is set";
    checks.limit(CheckName::OrderAmount, one, |most| match amount_krw {
        None => Err(unknown.to_owned()),
        Some(amount) if amount <= Decimal::from(*most) => Ok(()),
        Some(amount) => Err(format!("{amount} won is more than the {most} of one order")),
    });
    checks.limit(CheckName::DailyAmount, day, |most| match amount_krw.and_then(|amount| amount.checked_add(used)) {
        None => Err(unknown.to_owned()),
        Some(total) if total <= Decimal::from(*most) => Ok(()),
        Some(_) => {
            let left = (Decimal::from(*most) - used).max(Decimal::ZERO);
            Err(format!(
                "{} won is more than the {left} that are left of the {most} of a day",
                amount_krw.unwrap_or_default()
            ))
        }
    });
    checks.has(ticket, settings, facts, counted);
    let is_lost = is_buy && counted.lost_buy;
    checks.put(CheckName::LostOrder, !is_lost, || {
        "an order to buy this stock was sent, and whether KIS has it is not known: until that is found out, no other is sent"
            .to_owned()
    });
    let needs_approval = match settings.approve {
        Approve::Always => true,
        Approve::Never => false,
        Approve::Above(most) => amount_krw.is_none_or(|amount| amount > Decimal::from(most)),
    };
    let fees = fees(ticket, settings, facts, amount, year);
    Checked { checks: checks.0, amount, amount_krw, fees, needs_approval }
}

fn stated(facts: &Facts) -> Stated {
    let Ok(price) = &facts.price else { return Stated::default() };
    let number = |number: &Option<Number>| number.map(|Number(number)| number);
    Stated {
        tick: number(&price.tick).zip(number(&price.price)),
        base_price: number(&price.base_price),
        upper_limit: number(&price.upper_limit),
        lower_limit: number(&price.lower_limit),
        lot: number(&price.lot).and_then(|lot| u32::try_from(lot).ok()),
    }
}

/// What it costs or brings. KIS reserves an order without a price at the upper limit.
fn amount(ticket: &Ticket, facts: &Facts, rules: Option<&Rules>) -> Option<Decimal> {
    let last = || facts.price.as_ref().ok().and_then(|price| price.price.map(|Number(price)| price));
    let price = ticket.price.or_else(|| rules.and_then(|rules| rules.limits().1)).or_else(last)?;
    price.checked_mul(Decimal::from(ticket.quantity))
}

fn fees(ticket: &Ticket, settings: &Settings, facts: &Facts, amount: Option<Decimal>, year: i32) -> Option<Decimal> {
    let fee = amount?.checked_mul(settings.fee_rate?)? / Decimal::ONE_HUNDRED;
    let tax = match (ticket.is_domestic(), ticket.side) {
        (true, Side::Sell) if facts.listed.as_ref().is_none_or(|listed| is_taxed(listed.kind)) => {
            let (_, rate) = TAXES.iter().rev().find(|(since, _)| *since <= year)?;
            amount?.checked_mul(*rate)? / Decimal::ONE_HUNDRED
        }
        _ => Decimal::ZERO,
    };
    let places = if ticket.is_domestic() { 0 } else { 2 };
    Some((fee + tax).round_dp_with_strategy(places, RoundingStrategy::ToPositiveInfinity))
}

fn is_taxed(kind: Kind) -> bool {
    !matches!(kind, Kind::Etf | Kind::Etn | Kind::Elw)
}

/// Checks as they are made.
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, check: CheckName, outcome: CheckOutcome, message: Option<String>) {
        self.0.push(Check { check, outcome, message });
    }

    fn put(&mut self, check: CheckName, passed: bool, why: impl FnOnce() -> String) {
        match passed {
            true => self.add(check, CheckOutcome::Passed, None),
            false => self.add(check, CheckOutcome::Failed, Some(why())),
        }
    }

    /// A check that is made only where its limit is configured.
    fn limit<T>(&mut self, check: CheckName, limit: Option<T>, passes: impl FnOnce(&T) -> Result<(), String>) {
        match limit.as_ref().map(passes) {
            None => self.add(check, CheckOutcome::NotChecked, None),
            Some(Ok(())) => self.add(check, CheckOutcome::Passed, None),
            Some(Err(why)) => self.add(check, CheckOutcome::Failed, Some(why)),
        }
    }

    fn halted_stock(&mut self, facts: &Facts) {
        let by_list = facts.listed.as_ref().is_some_and(|listed| listed.marks.has(Marks::HALTED));
        match &facts.price {
            Ok(price) if price.status.contains(&StockStatus::Halted) => {
                self.add(
                    CheckName::HaltedStock,
                    CheckOutcome::Failed,
                    Some("trading of the stock is halted".to_owned()),
                );
            }
            Ok(_) => self.add(CheckName::HaltedStock, CheckOutcome::Passed, None),
            // The list is that of this morning.
            Err(why) => {
                let halted = if by_list { "; KIS's list of this morning says that it is halted" } else { "" };
                self.add(CheckName::HaltedStock, CheckOutcome::NotKnown, Some(format!("{why}{halted}")));
            }
        }
    }

    fn rules(&mut self, ticket: &Ticket, rules: Option<&Rules>) {
        let Some(rules) = rules else {
            for check in [CheckName::Lot, CheckName::Tick, CheckName::PriceLimit] {
                let why = "KIS's lists of stocks are not loaded, or do not have it";
                self.add(check, CheckOutcome::NotKnown, Some(why.to_owned()));
            }
            return;
        };
        match rules.quantity(ticket.quantity) {
            Ok(_) => self.add(CheckName::Lot, CheckOutcome::Passed, None),
            // Shares that a right or a split has left over may be sold.
            Err(wrong) if ticket.side == Side::Sell && !ticket.is_domestic() => {
                self.add(CheckName::Lot, CheckOutcome::NotKnown, Some(format!("{wrong}; KIS decides on an odd lot")));
            }
            Err(wrong) => self.add(CheckName::Lot, CheckOutcome::Failed, Some(wrong.to_string())),
        }
        let Some(price) = ticket.price else {
            self.add(CheckName::Tick, CheckOutcome::NotChecked, None);
            self.add(CheckName::PriceLimit, CheckOutcome::NotChecked, None);
            return;
        };
        let wrong = rules.price(price).err();
        let tick_known = rules.tick(price).is_some();
        let (tick, limit) = match wrong {
            Some(wrong @ WrongPrice::OffTick { .. }) => (Some(wrong), None),
            wrong => (None, wrong),
        };
        match tick {
            Some(wrong) => self.add(CheckName::Tick, CheckOutcome::Failed, Some(wrong.to_string())),
            None if limit.is_some() || tick_known => self.add(CheckName::Tick, CheckOutcome::Passed, None),
            None => self.add(CheckName::Tick, CheckOutcome::NotKnown, Some("its tick is not known".to_owned())),
        }
        match limit {
            Some(wrong) => self.add(CheckName::PriceLimit, CheckOutcome::Failed, Some(wrong.to_string())),
            None => self.add(CheckName::PriceLimit, CheckOutcome::Passed, None),
        }
    }

    fn collar(&mut self, ticket: &Ticket, collar: Option<Decimal>, facts: &Facts) {
        let last = facts.price.as_ref().ok().and_then(|price| price.price).map(|Number(price)| price);
        let Some((collar, price)) = collar.zip(ticket.price) else {
            self.add(CheckName::Collar, CheckOutcome::NotChecked, None);
            return;
        };
        let Some(last) = last else {
            let why = "a collar is set, and the last price is not known".to_owned();
            self.add(CheckName::Collar, CheckOutcome::Failed, Some(why));
            return;
        };
        let far = ((price - last).abs() / last) * Decimal::ONE_HUNDRED;
        self.put(CheckName::Collar, far <= collar, || {
            format!("{price} is {}% from the last price, {last}; allowed are {collar}%", far.round_dp(1))
        });
    }

    fn has(&mut self, ticket: &Ticket, settings: &Settings, facts: &Facts, counted: Counted) {
        let (name, other) = match ticket.side {
            Side::Sell => (CheckName::Sellable, CheckName::Buyable),
            Side::Buy | Side::Newer => (CheckName::Buyable, CheckName::Sellable),
        };
        self.add(other, CheckOutcome::NotChecked, None);
        match &facts.has {
            // KIS lends what is missing, on some accounts without being asked.
            Has::NotKnown(why) if name == CheckName::Buyable && !settings.allow_margin => {
                let why = format!("what can be bought without borrowing is not known: {why}");
                self.add(name, CheckOutcome::Failed, Some(why));
            }
            Has::NotKnown(why) => self.add(name, CheckOutcome::NotKnown, Some(format!("{why}; KIS decides"))),
            Has::Shares(most) => {
                // A lost sale may live, and KIS's number may not know of it yet.
                let lost = if ticket.side == Side::Sell { counted.lost_sales } else { 0 };
                let most = (*most - Decimal::from(lost)).max(Decimal::ZERO);
                self.put(name, Decimal::from(ticket.quantity) <= most, || match ticket.side {
                    Side::Sell if lost > 0 => format!("{most} can be sold for sure: {lost} may be in a lost order"),
                    Side::Sell => format!("{most} can be sold"),
                    _ => format!("{most} can be bought at this price without borrowing"),
                });
            }
        }
    }
}
