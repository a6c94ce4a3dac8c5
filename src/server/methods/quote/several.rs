//! `quote.prices`: several prices, of which callers share the calls.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    super::{
        catalog::{About, Outcome, as_json},
        timeout,
    },
    USUAL_AGE, answered, refusal,
};
use crate::{
    account::{Account, together::Batch},
    kis::quota::CallerId,
    quote::{self, Asked, Key, Short, Stock, UnknownStock},
    server::error::{Refusal, standard},
    wire::{
        codes::INVALID_PARAMS,
        types::{Prices, PricesParams, ShortPrice},
    },
};

pub(super) fn prices(About { account, params, caller }: About<'_, PricesParams>) -> Outcome {
    let refuse = |refusal: Refusal| Outcome::Now(Err(refusal.about(&account.name)));
    if !(1..=quote::MOST).contains(&params.stock_codes.len()) {
        let message = format!("Invalid params: stock_codes must be from 1 to {} codes", quote::MOST);
        return refuse(standard(INVALID_PARAMS, message));
    }
    let stocks = params.stock_codes.iter().map(|code| Stock::of(code, params.market).map(Short));
    let asked: Vec<_> = stocks.zip(&params.stock_codes).map(|(stock, code)| (code.clone(), stock)).collect();
    let timeout = match timeout(params.timeout_ms) {
        Ok(timeout) => timeout.unwrap_or_else(|| account.balance.call_timeout()),
        Err(refusal) => return refuse(refusal),
    };
    let max_age = params.max_age_ms.map_or(USUAL_AGE, Duration::from_millis);
    let account = account.clone();
    Outcome::Later(Box::pin(async move {
        let several = Several { account: &account, caller, max_age, timeout };
        as_json(&Prices { prices: several.ask(asked).await, account_name: account.name.to_string() })
    }))
}

/// Several prices on the way.
#[derive(Clone, Copy)]
struct Several<'a> {
    account: &'a Account,
    caller: CallerId,
    max_age: Duration,
    timeout: Duration,
}

impl Several<'_> {
    async fn ask(self, asked: Vec<(String, Result<Short, UnknownStock>)>) -> Vec<ShortPrice> {
        let has_together = quote::question_of(self.account, quote::together(&[("J", "000000".to_owned())])).is_ok();
        let key = |short: &Short| short.key().filter(|_| has_together);
        let keys: Vec<Key> = asked.iter().filter_map(|(_, short)| key(short.as_ref().ok()?)).collect();
        let clock = &**self.account.key.client.clock();
        let mut batches = self.account.together.calls(clock, &keys, self.max_age).await.into_iter();
        let each = asked.into_iter().map(|(code, short)| {
            let batch = short.as_ref().ok().and_then(key).and_then(|_| batches.next());
            async move {
                let price = match short {
                    Ok(short) => self.one(&short, batch.as_deref()).await,
                    Err(unknown) => Err(unknown.into()),
                };
                price.unwrap_or_else(|refusal| ShortPrice {
                    stock_code: code,
                    error: Some(refusal.about(&self.account.name).into()),
                    ..ShortPrice::default()
                })
            }
        });
        join_all(each).await
    }

    /// The price of one, by the call that it is in, or by one of its own.
    async fn one(self, short: &Short, batch: Option<&Batch<Key>>) -> Result<ShortPrice, Refusal> {
        let Self { account, caller, max_age, timeout } = self;
        let Some((since, keys)) = batch.and_then(Batch::things) else {
            let called = account.calls.ask(caller, quote::question(account, short)?, max_age, timeout).await?;
            return short.read(&answered(account, &called)).map_err(|fault| refusal(account, fault));
        };
        // Whatever was answered since nothing could be added any more was asked after this call came in.
        let since = account.key.client.clock().monotonic().since(since).max(Duration::from_millis(1));
        let question = quote::question_of(account, quote::together(keys))?;
        let called = account.calls.ask(caller, question, max_age.max(since), timeout).await?;
        quote::of_several(&short.0, &answered(account, &called)).map_err(|fault| refusal(account, fault))
    }
}
