//! `market.*`: when markets trade, and which stocks come first.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{
    catalog::{About, Catalog, Outcome},
    instant,
    quote::{USUAL_AGE, one},
    recent::Again,
    timeout,
};
use crate::{
    account::{Account, calls::Told},
    kis::quota::CallerId,
    market::{self, Part, session_of},
    quote,
    server::error::{Refusal, standard},
    wire::{
        codes::INVALID_PARAMS,
        method::{self, Method},
        types::{self, CalendarDay, CalendarParams, Market, MarketSession, RankingParams, SessionHours, SessionParams},
    },
};

/// Days of a caller who does not say how many.
const USUAL_DAYS: u64 = 13;

/// Days after the first at most.
const MOST_DAYS: u64 = 366;

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_async::<method::MarketCalendar, _, _>(|About { account, params, caller }| {
        let account = account.clone();
        async move { calendar(&account, caller, &params).await.map_err(|refusal| refusal.about(&account.name)) }
    });
    catalog.add_recalled::<method::MarketRanking, _>(ranking);
    catalog.add_async::<method::MarketSession, _, _>(|About { account, params, caller }| {
        let account = account.clone();
        async move { session(&account, caller, &params).await.map_err(|refusal| refusal.about(&account.name)) }
    });
}

fn wrong(problem: impl std::fmt::Display) -> Refusal {
    standard(INVALID_PARAMS, format!("Invalid params: {problem}"))
}

fn meant(market: Option<Market>) -> Result<Market, Refusal> {
    match market {
        Some(Market::Unknown) => {
            Err(wrong(format_args!("market must be one of {}", Market::ALL.map(Market::name).join(", "))))
        }
        market => Ok(market.unwrap_or(Market::Krx)),
    }
}

/// What KIS has told of the Korea Exchange; nothing of others, of which it is not asked.
async fn told(
    account: &Account,
    caller: CallerId,
    market: Market,
    timeout_ms: Option<u64>,
) -> Result<Arc<Told>, Refusal> {
    let within = timeout(timeout_ms)?.unwrap_or_else(|| account.balance.call_timeout());
    Ok(match market {
        Market::Krx | Market::Nxt | Market::Un => account.calls.open_days(account, caller, within).await,
        _ => Arc::default(),
    })
}

async fn calendar(account: &Account, caller: CallerId, params: &CalendarParams) -> Result<types::Calendar, Refusal> {
    let market = meant(params.market)?;
    let now = account.key.client.clock().now();
    let (from, to) = range(market, now, params)?;
    let told = told(account, caller, market, params.timeout_ms).await?;
    let calendar = market::Calendar::of(market, &told.days);
    let days = from.iter_days().take_while(|date| *date <= to).map(|date| {
        let day = calendar.day(date);
        CalendarDay {
            date,
            open: day.open,
            known_by: day.known_by,
            sessions: calendar.parts(&day).iter().map(hours).collect(),
            settlement_date: calendar.settlement(date),
        }
    });
    Ok(types::Calendar {
        market,
        timezone: calendar.timezone().to_owned(),
        table_years: calendar.table_years(),
        days: days.collect(),
        kis_asked_on: told.asked_on,
        account_name: account.name.to_string(),
        as_of: instant(now),
    })
}

/// The first and the last day that are asked for.
fn range(market: Market, now: DateTime<Utc>, params: &CalendarParams) -> Result<(NaiveDate, NaiveDate), Refusal> {
    let nothing = market::OpenDays::new();
    let today = market::Calendar::of(market, &nothing).date_at(now);
    let after = |day: NaiveDate, days| day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX);
    let (from, to) = match (params.from, params.to) {
        (Some(from), to) => (from, to.unwrap_or_else(|| after(from, USUAL_DAYS))),
        (None, to) => (today, to.unwrap_or_else(|| after(today, USUAL_DAYS))),
    };
    if from > to {
        return Err(wrong("from is after to"));
    }
    if to > after(from, MOST_DAYS) {
        return Err(wrong(format_args!("to must be at most {MOST_DAYS} days after from")));
    }
    Ok((from, to))
}

fn hours(part: &Part) -> SessionHours {
    let (from, to) = part.hours.unzip();
    SessionHours { session: session_of(part.phase), phase: part.phase, from: from.map(instant), to: to.map(instant) }
}

fn ranking(About { account, params, caller }: About<'_, RankingParams>) -> (Outcome, Option<Again>) {
    let max_age = params.max_age_ms.map_or(USUAL_AGE, Duration::from_millis);
    match quote::Ranking::of(&params) {
        Ok(ranking) => one(account, caller, (method::MarketRanking::NAME, ranking), (max_age, params.timeout_ms)),
        Err(unasked) => (Outcome::Now(Err(Refusal::from(unasked).about(&account.name))), None),
    }
}

async fn session(account: &Account, caller: CallerId, params: &SessionParams) -> Result<MarketSession, Refusal> {
    let market = meant(params.market)?;
    let told = told(account, caller, market, params.timeout_ms).await?;
    let calendar = market::Calendar::of(market, &told.days);
    // Of the moment of the answer: KIS may have taken a while.
    let now = account.key.client.clock().now();
    let market::Now { session, phase, date, known_by, next_change, next_session } = calendar.at(now);
    Ok(MarketSession {
        market,
        session,
        phase,
        date,
        next_change_at: next_change.map(instant),
        next_session,
        known_by,
        timezone: calendar.timezone().to_owned(),
        account_name: account.name.to_string(),
        as_of: instant(now),
    })
}
