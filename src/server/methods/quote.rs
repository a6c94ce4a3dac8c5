//! `quote.*`: market data.

use std::time::Duration;

use super::{
    catalog::{About, Answer, Catalog, Outcome, as_json},
    instant, kis,
    recent::Again,
};
use crate::{
    account::{
        Account,
        calls::{Called, Form},
    },
    quote::{self, Answered, Asked, ReadFault, Stock, UnknownStock},
    server::error::{Refusal, not_found, standard},
    wire::{codes::INVALID_PARAMS, method, types::QuoteParams},
};

/// Age of an answer that a caller takes who does not say.
const USUAL_AGE: Duration = Duration::from_secs(1);

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_recalled::<method::QuotePrice, _>(|about| of_stock(about, USUAL_AGE, quote::Price));
    catalog.add_recalled::<method::QuoteOrderbook, _>(|about| of_stock(about, Duration::ZERO, quote::Orderbook));
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

/// KIS's answer in the words of the contract.
fn typed(account: &Account, asked: &impl Asked, called: &Called) -> Answer {
    let answered = Answered { account, tr_id: called.tr_id, body: called.body.get(), as_of: instant(called.as_of) };
    let answer = asked.read(&answered).map_err(|fault| {
        if let ReadFault::Kis(error) = &fault {
            account.key.client.totals().count_failure(error);
        }
        Refusal::from(fault).about(&account.name)
    })?;
    as_json(&answer)
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
