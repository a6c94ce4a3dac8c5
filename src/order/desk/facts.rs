//! What has to be known of a stock, a market and an account before an order is checked.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use rust_decimal::Decimal;

use super::Desk;
use crate::{
    account::Account,
    assets, clock,
    kis::quota::CallerId,
    market::Calendar,
    order::{
        checks::{Facts, Has, Session},
        settings::{Sessions, Settings},
        ticket::Ticket,
    },
    quote::{self, Price},
    stock::Stock,
    wire::{
        number::Number,
        types::{Market, OrderType, Phase, Route, Side, TimeInForce},
    },
};

/// Age of a price that is good enough for checks.
const PRICE_AGE: Duration = Duration::from_secs(1);

/// Age of what an account has that is good enough while orders are few: each order asks anew after it.
const HAS_AGE: Duration = Duration::from_secs(1);

impl Desk {
    /// Asks what is not known yet, for a caller who waits.
    pub(super) async fn facts(&self, ticket: &Ticket, caller: CallerId, within: Duration) -> Facts {
        let (account, settings) = (self.account(), self.settings());
        let (listed, price, (has, rate), session) = tokio::join!(
            self.listed(ticket, within),
            quote::ask(&account, Price::of(ticket.stock()), caller, (PRICE_AGE, within)),
            has(&account, &settings, ticket, caller, within),
            session(&account, &settings, ticket, caller, within),
        );
        Facts {
            environment: account.key.client.environment(),
            halt: None,
            listed,
            price: price.map_err(|error| format!("its price could not be asked: {error}")),
            has,
            rate,
            session,
        }
    }

    /// The stock in KIS's lists, if they are there or come in time.
    async fn listed(&self, ticket: &Ticket, within: Duration) -> Option<Stock> {
        let market = quote::listed_on(ticket.market);
        match self.stocks.at_once() {
            Some(stocks) => stocks.of_market(&ticket.stock_code, market).ok(),
            None => self.stocks.resolve(&ticket.stock_code, market, within).await.ok(),
        }
    }
}

/// What the account can buy or sell of it, and what a unit of the currency costs in won.
async fn has(
    account: &Account,
    settings: &Settings,
    ticket: &Ticket,
    caller: CallerId,
    within: Duration,
) -> (Has, Option<Decimal>) {
    let asking = assets::Asking::new(account, caller, HAS_AGE, within);
    let number = |number: Option<Number>| number.map(|Number(number)| number);
    let stock = ticket.stock();
    if ticket.side == Side::Sell {
        let sold = assets::sellable(&asking, &stock).await;
        let has = sold.map_or_else(|error| Has::NotKnown(error.to_string()), |sold| Has::Shares(sold.quantity.0));
        // Abroad a limit in won needs a rate, which KIS tells with what can be bought.
        let is_limited = settings.max_sell_amount.is_some() || settings.max_daily_sell_amount.is_some();
        if ticket.is_domestic() || !is_limited {
            return (has, None);
        }
        let rate = bought(&asking, ticket).await.ok().and_then(|bought| number(bought.exchange_rate));
        return (has, rate);
    }
    match bought(&asking, ticket).await {
        Ok(bought) => {
            let lent = if settings.allow_margin { bought.with_margin.or(bought.with_exchange) } else { None };
            let most = number(lent.unwrap_or(bought.without_margin).quantity);
            let has = most.map_or_else(|| Has::NotKnown("KIS does not say it".to_owned()), Has::Shares);
            (has, number(bought.exchange_rate))
        }
        Err(error) => (Has::NotKnown(error.to_string()), None),
    }
}

async fn bought(asking: &assets::Asking<'_>, ticket: &Ticket) -> Result<crate::wire::types::Buyable, assets::Fault> {
    let order = assets::Order::new(ticket.stock(), Some(ticket.order_type), ticket.price, None)?;
    assets::buyable(asking, &order).await
}

/// Whether the market takes such an order now, by the calendar.
async fn session(
    account: &Account,
    settings: &Settings,
    ticket: &Ticket,
    caller: CallerId,
    within: Duration,
) -> Session {
    let market = match ticket.route {
        Some(Route::Nxt) => Market::Nxt,
        _ => ticket.market,
    };
    let told = match ticket.is_domestic() {
        true => account.calls.open_days(account, caller, within).await,
        false => std::sync::Arc::default(),
    };
    judged(&Calendar::of(market, &told.days), settings.sessions, ticket, account.key.client.clock().now())
}

fn judged(calendar: &Calendar<'_>, sessions: Sessions, ticket: &Ticket, now: DateTime<chrono::Utc>) -> Session {
    let at = calendar.at(now);
    let day = calendar.day(at.date);
    if at.session.is_none() {
        return Session::NotKnown("the hours of this day are not known; KIS decides".to_owned());
    }
    let parts = calendar.parts(&day);
    let is_regular = |phase: Phase| matches!(phase, Phase::OpeningAuction | Phase::Continuous | Phase::ClosingAuction);
    let lives_on = matches!(ticket.route, Some(Route::Nxt | Route::Sor));
    let ends = parts.iter().filter(|part| lives_on || is_regular(part.phase)).filter_map(|part| part.hours);
    let dies_at: Option<DateTime<FixedOffset>> = match ticket.time_in_force {
        TimeInForce::Day => ends.map(|(_, to)| to).max().map(clock::kst),
        _ => None,
    };
    let name = calendar_name(ticket);
    if lives_on && sessions == Sessions::Regular && ticket.time_in_force == TimeInForce::Day {
        let route = ticket.route.map_or("", Route::name);
        return Session::Closed(format!(
            "an order by the route {route} lives until 20:00, and sessions = \"regular\"; use krx, ioc or fok, or sessions = \"all\""
        ));
    }
    match (at.phase, ticket.order_type) {
        (Some(Phase::OpeningAuction), OrderType::PreClose) | (Some(Phase::ClosingPrice), OrderType::PostClose) => {
            Session::Open(dies_at)
        }
        (Some(_), OrderType::PreClose | OrderType::PostClose) => {
            Session::NotKnown("whether KIS takes this type now is its own to say".to_owned())
        }
        (Some(phase), _) if is_regular(phase) => Session::Open(dies_at),
        (Some(Phase::AfterMarket | Phase::SinglePrice | Phase::ClosingPrice), _)
            if ticket.route == Some(Route::Krx) =>
        {
            Session::Closed(format!(
                "{name} has ended its regular session, and kisd sends no orders to what follows; the route nxt trades on"
            ))
        }
        (Some(Phase::DayMarket), _) => {
            Session::Closed("the day market takes other orders, which kisd does not send".to_owned())
        }
        (Some(_), _) if sessions == Sessions::All => Session::Open(dies_at),
        (Some(_), _) => Session::Closed(format!("{name} is outside its regular session, and sessions = \"regular\"")),
        // Closed. In a break of the day KIS may take orders for what follows.
        (None, _) => {
            let hours = || parts.iter().filter_map(|part| part.hours);
            let is_break = hours().any(|(_, to)| to <= now) && hours().any(|(from, _)| from > now);
            let opens = at
                .next_change
                .map(|next| format!(" until {}", clock::kst(next).format("%Y-%m-%d %H:%M")))
                .unwrap_or_default();
            match is_break {
                true => Session::NotKnown(format!("{name} has a break{opens}; KIS decides")),
                false => Session::Closed(format!("{name} is closed{opens} (Korean time)")),
            }
        }
    }
}

fn calendar_name(ticket: &Ticket) -> &'static str {
    match ticket.route {
        Some(Route::Nxt) => "NXT",
        _ => ticket.market.name(),
    }
}
