//! `quote.*`: market data.

mod candles;
mod several;

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
        calls::{Called, Form, Refused},
    },
    clock,
    kis::quota::CallerId,
    quote::{self, Answered, Asked, ReadFault, Stock, Unasked, Unfit, UnknownStock},
    server::error::{Refusal, internal, not_found, own, standard},
    stock::StockHandle,
    wire::{
        codes::{INVALID_PARAMS, Kind},
        method::{self, Method},
        types::{self, Market, QuoteParams},
    },
};

/// Age of an answer that a caller takes who does not say.
pub(super) const USUAL_AGE: Duration = Duration::from_secs(1);

pub(super) fn register(catalog: &mut Catalog) {
    let lists = catalog.backend().stocks.clone();
    let of = lists.clone();
    let price = move |stock| Ok(Named { price: quote::Price::of(stock), lists: of.clone() });
    let of = lists.clone();
    catalog.add_recalled::<method::QuotePrice, _>(move |about| {
        of_stock(about, &of, (method::QuotePrice::NAME, USUAL_AGE), price.clone())
    });
    let of = lists.clone();
    catalog.add_recalled::<method::QuoteOrderbook, _>(move |about| {
        of_stock(about, &of, (method::QuoteOrderbook::NAME, Duration::ZERO), |stock| Ok(quote::Orderbook(stock)))
    });
    let of = lists.clone();
    catalog.add_recalled::<method::QuoteInvestors, _>(move |about| {
        of_stock(about, &of, (method::QuoteInvestors::NAME, USUAL_AGE), quote::Investors::of)
    });
    catalog.add_recalled::<method::QuoteIndex, _>(index);
    let store = catalog.backend().candles.clone();
    catalog.add_about::<method::QuoteCandles, _>(move |about| candles::candles(about, &lists, &store));
    catalog.add_about::<method::QuotePrices, _>(several::prices);
}

/// The stock that a caller means.
pub(super) enum Meant {
    /// It is told by its code.
    Now(Stock),
    /// KIS's lists have to be asked for it.
    Listed { text: String, market: Option<Market> },
}

impl Meant {
    pub(super) fn of(
        (code, stock): (Option<&str>, Option<&str>),
        market: Option<Market>,
        lists: &StockHandle,
    ) -> Result<Self, UnknownStock> {
        let listed = |text: &str| Self::Listed { text: text.chars().take(LONGEST_NAME).collect(), market };
        match (code, stock) {
            (Some(code), None) => match Stock::of(code, market) {
                Err(UnknownStock::NoMarket(code)) => Ok(listed(&code)),
                // Six digits may be a stock of Shanghai alone.
                Ok(stock) if market.is_none() => {
                    let listed = lists.at_once().and_then(|lists| lists.of_market(&stock.code, None).ok());
                    let market = listed.map_or(stock.market, |listed| super::stock::on_the_wire(listed.market));
                    Ok(Self::Now(Stock { market, ..stock }))
                }
                stock => stock.map(Self::Now),
            },
            (None, Some(text)) if market == Some(Market::Unknown) => Stock::of(text, market).map(Self::Now),
            (None, Some(text)) => Ok(listed(text)),
            _ => Err(UnknownStock::NotOne),
        }
    }

    pub(super) async fn stock(self, lists: &StockHandle, within: Duration) -> Result<Stock, Refusal> {
        match self {
            Self::Now(stock) => Ok(stock),
            Self::Listed { text, market } => {
                let stock = lists.resolve(&text, super::stock::listed_on(market)?, within).await?;
                // NXT and UN trade stocks of KRX.
                let market = market.unwrap_or_else(|| super::stock::on_the_wire(stock.market));
                Ok(Stock { code: stock.code, market })
            }
        }
    }
}

/// Longest name that is looked for.
const LONGEST_NAME: usize = 100;

/// A price with the name of its stock, if KIS's lists are in memory.
#[derive(Clone)]
struct Named {
    price: quote::Price,
    lists: StockHandle,
}

impl Asked for Named {
    type Answer = types::Price;

    fn call(&self) -> (&'static str, Vec<(&'static str, String)>) {
        self.price.call()
    }

    fn instead(&self) -> Option<Self> {
        Some(Self { price: self.price.instead()?, lists: self.lists.clone() })
    }

    fn read(&self, answered: &Answered<'_>) -> Result<types::Price, ReadFault> {
        let price = self.price.read(answered)?;
        let market = super::stock::listed_on(Some(price.market)).ok().flatten();
        let stock = self.lists.at_once().and_then(|lists| lists.of_market(&price.stock_code, market).ok());
        Ok(types::Price { name: stock.map(|stock| stock.name), ..price })
    }
}

/// A question about one stock that one call of KIS answers.
fn of_stock<A: Asked + Clone + Send + Sync + 'static>(
    About { account, params, caller }: About<'_, QuoteParams>,
    lists: &StockHandle,
    (method, usual_age): (&'static str, Duration),
    asked: impl Fn(Stock) -> Result<A, Unasked> + Send + 'static,
) -> (Outcome, Option<Again>) {
    let refuse = |refusal: Refusal| (Outcome::Now(Err(refusal.about(&account.name))), None);
    let max_age = params.max_age_ms.map_or(usual_age, Duration::from_millis);
    let meant = Meant::of((params.stock_code.as_deref(), params.stock.as_deref()), params.market, lists);
    match meant {
        Ok(Meant::Now(stock)) => match asked(stock) {
            Ok(asked) => one(account, caller, (method, asked), (max_age, params.timeout_ms)),
            Err(unasked) => refuse(unasked.into()),
        },
        Ok(meant) => {
            let within = match timeout(params.timeout_ms) {
                Ok(timeout) => timeout.unwrap_or_else(|| account.balance.call_timeout()),
                Err(refusal) => return refuse(refusal),
            };
            let (account, lists) = (account.clone(), lists.clone());
            let later = Box::pin(async move {
                let stock = meant.stock(&lists, within).await.map_err(|refusal| refusal.about(&account.name))?;
                let asked = asked(stock).map_err(|unasked| Refusal::from(unasked).about(&account.name))?;
                match one(&account, caller, (method, asked), (max_age, params.timeout_ms)).0 {
                    Outcome::Now(answer) => answer,
                    Outcome::Later(answer) => answer.await,
                    Outcome::Subscribe(_) | Outcome::Unsubscribe { .. } => Err(internal()),
                }
            });
            (Outcome::Later(later), None)
        }
        Err(unknown) => refuse(unknown.into()),
    }
}

/// An index.
fn index(About { account, params, caller }: About<'_, types::IndexParams>) -> (Outcome, Option<Again>) {
    let today = clock::kst(account.key.client.clock().now()).date_naive();
    let max_age = params.max_age_ms.map_or(USUAL_AGE, Duration::from_millis);
    match quote::Index::of(&params.index, today) {
        Ok(index) => one(account, caller, (method::QuoteIndex::NAME, index), (max_age, params.timeout_ms)),
        Err(unknown) => (Outcome::Now(Err(Refusal::from(ReadFault::from(unknown)).about(&account.name))), None),
    }
}

/// A question that one call of KIS answers, or by another where the mode lacks the first.
pub(super) fn one<A: Asked + Clone + Send + Sync + 'static>(
    account: &Account,
    caller: CallerId,
    (method, asked): (&'static str, A),
    ages: (Duration, Option<u64>),
) -> (Outcome, Option<Again>) {
    let question = match quote::question(account, &asked) {
        Ok(question) => question,
        Err(refused) => match asked.instead().filter(|_| matches!(refused, Refused::NotInMode { .. })) {
            Some(asked) => return one(account, caller, (method, asked), ages),
            None => return (Outcome::Now(Err(Refusal::from(refused).about(&account.name))), None),
        },
    };
    kis::ask(account, caller, question, Form::Of(method), ages, move |account, _, called| {
        typed(account, &asked, called)
    })
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

impl From<Unasked> for Refusal {
    fn from(unasked: Unasked) -> Self {
        match unasked {
            Unasked::Param(problem) => standard(INVALID_PARAMS, format!("Invalid params: {problem}")),
            Unasked::Lacks(lack) => own(Kind::NotSupported, lack),
        }
    }
}

impl From<ReadFault> for Refusal {
    fn from(fault: ReadFault) -> Self {
        match fault {
            ReadFault::Unknown(unknown) => unknown.into(),
            ReadFault::NoIndex(unknown) => not_found("index", quote::UnknownIndex::suggestions(), unknown.to_string()),
            ReadFault::Kis(error) => crate::token::CallError::from(error).into(),
        }
    }
}

impl From<UnknownStock> for Refusal {
    fn from(unknown: UnknownStock) -> Self {
        let message = unknown.to_string();
        match unknown {
            UnknownStock::NoCode(_) | UnknownStock::NoMarket(_) | UnknownStock::NoSuchMarket | UnknownStock::NotOne => {
                standard(INVALID_PARAMS, format!("Invalid params: {message}"))
            }
            UnknownStock::NotKnown { .. } => not_found("stock", Vec::new(), message),
        }
    }
}
