//! `quote.candles`: pages of KIS and what is kept of earlier ones, as one answer.

use std::time::Duration;

use super::{Meant, USUAL_AGE, answered, refusal};
use crate::{
    account::Account,
    kis::quota::CallerId,
    quote::{self, CandleStore, Walk, WantedCandles},
    server::{
        error::Refusal,
        methods::{
            catalog::{About, Outcome, as_json},
            instant, timeout,
        },
    },
    stock::StockHandle,
    wire::types::{Candles, CandlesParams},
};

/// Age of candles of days long past: KIS changes them at night, if ever.
const SETTLED_AGE: Duration = Duration::from_secs(600);

pub(super) fn candles(
    About { account, params, caller }: About<'_, CandlesParams>,
    lists: &StockHandle,
    store: &CandleStore,
) -> Outcome {
    let refuse = |refusal: Refusal| Outcome::Now(Err(refusal.about(&account.name)));
    let meant = match Meant::of((params.stock_code.as_deref(), params.stock.as_deref()), params.market, lists) {
        Ok(meant) => meant,
        Err(unknown) => return refuse(unknown.into()),
    };
    let timeout = match timeout(params.timeout_ms) {
        Ok(timeout) => timeout.unwrap_or_else(|| account.balance.call_timeout()),
        Err(refusal) => return refuse(refusal),
    };
    let max_age = params.max_age_ms.map_or(USUAL_AGE, Duration::from_millis);
    let asking = Asking { account: account.clone(), caller, store: store.clone(), max_age, timeout };
    let lists = lists.clone();
    Outcome::Later(Box::pin(async move {
        let candles = async {
            let stock = meant.stock(&lists, timeout).await?;
            let wanted = WantedCandles::of(stock, &params, asking.account.key.client.clock().now())?;
            asking.candles(Walk::new(wanted)).await
        };
        as_json(&candles.await.map_err(|refusal| refusal.about(&asking.account.name))?)
    }))
}

/// How KIS is asked.
struct Asking {
    account: Account,
    caller: CallerId,
    store: CandleStore,
    max_age: Duration,
    timeout: Duration,
}

impl Asking {
    async fn candles(&self, mut walk: Walk) -> Result<Candles, Refusal> {
        // What a simulator has made up is not of KIS.
        let source = self.account.key.client.base_url().as_str();
        // Who wants nothing from memory wants nothing from the disk.
        if let Some(needs) = walk.needs().filter(|_| !self.max_age.is_zero()) {
            walk.recall(self.store.recall(source, needs).await);
        }
        let asked = self.walk_back(&mut walk).await;
        // What came before an error is of use to the next one.
        if let Some(learned) = walk.learned() {
            self.store.learn(source, learned);
        }
        let as_of = asked?.or(walk.kept_at()).unwrap_or_else(|| self.account.key.client.clock().now());
        Ok(walk.finish(self.account.name.as_str(), instant(as_of)))
    }

    /// Asks KIS page by page; when the time is over, what is there is answered. Says when the newest page came.
    async fn walk_back(&self, walk: &mut Walk) -> Result<Option<chrono::DateTime<chrono::Utc>>, Refusal> {
        let account = &self.account;
        let clock = account.key.client.clock();
        let until = clock.monotonic().saturating_add(self.timeout);
        let mut as_of = None;
        while let Some(call) = walk.next_call() {
            let question = match quote::question_of(account, call) {
                Ok(question) => question,
                // Paper trading has the minutes of today and no others: who asks for those before is told so.
                Err(_) if walk.has_some() => break,
                Err(refused) => return Err(refused.into()),
            };
            let is_from_memory = walk.is_settled() && !self.max_age.is_zero();
            let max_age = if is_from_memory { self.max_age.max(SETTLED_AGE) } else { self.max_age };
            let left = until.since(clock.monotonic());
            let called = match account.calls.ask(self.caller, question, max_age, left).await {
                Ok(called) => called,
                Err(_) if walk.has_some() && clock.monotonic() >= until => break,
                Err(error) if walk.has_some() && error.is_about_time() => break,
                Err(error) => return Err(error.into()),
            };
            as_of = as_of.or(Some(called.as_of));
            walk.add(&answered(account, &called)).map_err(|fault| refusal(account, fault))?;
        }
        Ok(as_of)
    }
}
