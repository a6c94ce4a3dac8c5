//! `quote.*`: market data.

use std::time::Duration;

use super::{
    catalog::{About, Answer, Catalog, Outcome, as_json},
    instant, kis,
    recent::Again,
    timeout,
};
use crate::{
    account::{
        Account,
        calls::{Called, Form},
    },
    kis::quota::CallerId,
    quote::{self, Answered, Asked, ReadFault, Stock, Unfit, UnknownStock, Walk, WantedCandles},
    server::error::{Refusal, not_found, own, standard},
    wire::{
        codes::{INVALID_PARAMS, Kind},
        method,
        types::{Candles, CandlesParams, QuoteParams},
    },
};

/// Age of an answer that a caller takes who does not say.
const USUAL_AGE: Duration = Duration::from_secs(1);

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_recalled::<method::QuotePrice, _>(|about| of_stock(about, USUAL_AGE, quote::Price));
    catalog.add_recalled::<method::QuoteOrderbook, _>(|about| of_stock(about, Duration::ZERO, quote::Orderbook));
    catalog.add_about::<method::QuoteCandles, _>(candles);
}

/// A question about one stock that one call of KIS answers.
fn of_stock<A: Asked + Clone + Send + Sync + 'static>(
    About { account, params, caller }: About<'_, QuoteParams>,
    usual_age: Duration,
    asked: impl FnOnce(Stock) -> A,
) -> (Outcome, Option<Again>) {
    let asked = match Stock::of(&params.stock_code, params.market) {
        Ok(stock) => asked(stock),
        Err(unknown) => return (Outcome::Now(Err(Refusal::from(unknown).about(&account.name))), None),
    };
    let question = match quote::question(account, &asked) {
        Ok(question) => question,
        Err(refused) => return (Outcome::Now(Err(Refusal::from(refused).about(&account.name))), None),
    };
    let max_age = params.max_age_ms.map_or(usual_age, Duration::from_millis);
    kis::ask(account, caller, question, Form::Typed, (max_age, params.timeout_ms), move |account, _, called| {
        typed(account, &asked, called)
    })
}

/// Age of candles of days long past: KIS changes them at night, if ever.
const SETTLED_AGE: Duration = Duration::from_secs(600);

fn candles(About { account, params, caller }: About<'_, CandlesParams>) -> Outcome {
    let refuse = |refusal: Refusal| Outcome::Now(Err(refusal.about(&account.name)));
    let stock = match Stock::of(&params.stock_code, params.market) {
        Ok(stock) => stock,
        Err(unknown) => return refuse(unknown.into()),
    };
    let walk = match WantedCandles::of(stock, &params, account.key.client.clock().now()) {
        Ok(wanted) => Walk::new(wanted),
        Err(unfit) => return refuse(unfit.into()),
    };
    let timeout = match timeout(params.timeout_ms) {
        Ok(timeout) => timeout.unwrap_or_else(|| account.balance.call_timeout()),
        Err(refusal) => return refuse(refusal),
    };
    let ages = match params.max_age_ms.map(Duration::from_millis) {
        Some(Duration::ZERO) => (Duration::ZERO, Duration::ZERO),
        max_age => {
            let max_age = max_age.unwrap_or(USUAL_AGE);
            (max_age, max_age.max(SETTLED_AGE))
        }
    };
    let account = account.clone();
    Outcome::Later(Box::pin(async move {
        let candles =
            walk_back(&account, caller, walk, ages, timeout).await.map_err(|fault| fault.about(&account.name))?;
        as_json(&candles)
    }))
}

/// Asks KIS page by page. When the time is over, what is there is answered.
async fn walk_back(
    account: &Account,
    caller: CallerId,
    mut walk: Walk,
    (max_age, settled): (Duration, Duration),
    timeout: Duration,
) -> Result<Candles, Refusal> {
    let clock = account.key.client.clock();
    let until = clock.monotonic().saturating_add(timeout);
    let mut as_of = None;
    while let Some(call) = walk.next_call() {
        let question = match quote::question_of(account, call) {
            Ok(question) => question,
            // Paper trading has the minutes of today and no others: who asks for those before is told so.
            Err(_) if walk.has_some() => break,
            Err(refused) => return Err(refused.into()),
        };
        let max_age = if walk.is_settled() { settled } else { max_age };
        let left = until.since(clock.monotonic());
        let called = match account.calls.ask(caller, question, max_age, left).await {
            Ok(called) => called,
            Err(_) if walk.has_some() && clock.monotonic() >= until => break,
            Err(error) if walk.has_some() && error.is_about_time() => break,
            Err(error) => return Err(error.into()),
        };
        as_of = as_of.or(Some(called.as_of));
        walk.add(&answered(account, &called)).map_err(|fault| refusal(account, fault))?;
    }
    let as_of = as_of.unwrap_or_else(|| clock.now());
    Ok(walk.finish(account.name.as_str(), instant(as_of)))
}

/// KIS's answer in the words of the contract.
fn typed(account: &Account, asked: &impl Asked, called: &Called) -> Answer {
    as_json(&asked.read(&answered(account, called)).map_err(|fault| refusal(account, fault))?)
}

fn answered<'a>(account: &'a Account, called: &'a Called) -> Answered<'a> {
    let account_name = account.name.as_str();
    Answered { account_name, tr_id: called.tr_id, body: called.body.get(), as_of: instant(called.as_of) }
}

/// Why an answer of KIS is none, counted among its failures.
fn refusal(account: &Account, fault: ReadFault) -> Refusal {
    if let ReadFault::Kis(error) = &fault {
        account.key.client.totals().count_failure(error);
    }
    Refusal::from(fault).about(&account.name)
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        match &unfit {
            Unfit::Param(problem) => standard(INVALID_PARAMS, format!("Invalid params: {problem}")),
            Unfit::Lacks(_) => own(Kind::NotSupported, unfit.to_string()),
        }
    }
}

impl From<ReadFault> for Refusal {
    fn from(fault: ReadFault) -> Self {
        match fault {
            ReadFault::Unknown(unknown) => unknown.into(),
            ReadFault::Kis(error) => crate::token::CallError::from(error).into(),
        }
    }
}

impl From<UnknownStock> for Refusal {
    fn from(unknown: UnknownStock) -> Self {
        let message = unknown.to_string();
        match unknown {
            UnknownStock::NoCode(_) | UnknownStock::NoMarket(_) | UnknownStock::NoSuchMarket => {
                standard(INVALID_PARAMS, format!("Invalid params: {message}"))
            }
            UnknownStock::NotKnown { .. } => not_found("stock", Vec::new(), message),
        }
    }
}
