//! `account.assets`, `account.overseasBalance`, `account.buyable`, `account.sellable`: money and holdings beside the balance.

use std::time::Duration;

use super::{
    catalog::{About, Catalog},
    quote::Meant,
    stock::listed_on,
    timeout,
};
use crate::{
    account::Account,
    assets::{self, Asking, Fault, Order},
    kis::quota::CallerId,
    quote::Stock,
    server::error::{Refusal, own, standard},
    stock::StockHandle,
    wire::{
        codes::{INVALID_PARAMS, Kind},
        method,
        types::{
            Assets, AssetsParams, Buyable, BuyableParams, Market, OverseasBalance, OverseasBalanceParams, Sellable,
            SellableParams,
        },
    },
};

/// Age of an answer that a caller takes who does not say.
const USUAL_AGE: Duration = Duration::from_secs(1);

pub(super) fn register(catalog: &mut Catalog) {
    let lists = catalog.backend().stocks.clone();
    catalog.add_async::<method::AccountAssets, _, _>(|about| all_assets(Called::of(&about), about.params));
    catalog.add_async::<method::AccountOverseasBalance, _, _>(|about| overseas(Called::of(&about), about.params));
    let of = lists.clone();
    catalog
        .add_async::<method::AccountBuyable, _, _>(move |about| buyable(Called::of(&about), about.params, of.clone()));
    catalog.add_async::<method::AccountSellable, _, _>(move |about| {
        sellable(Called::of(&about), about.params, lists.clone())
    });
}

/// What a method is called with, for as long as it waits.
struct Called {
    account: Account,
    caller: CallerId,
}

impl Called {
    fn of<P>(about: &About<'_, P>) -> Self {
        Self { account: about.account.clone(), caller: about.caller }
    }

    /// How long it may take.
    fn timeout(&self, timeout_ms: Option<u64>) -> Result<Duration, Refusal> {
        Ok(timeout(timeout_ms)?.unwrap_or_else(|| self.account.balance.call_timeout()))
    }

    fn asking(&self, max_age_ms: Option<u64>, timeout: Duration) -> Asking<'_> {
        let max_age = max_age_ms.map_or(USUAL_AGE, Duration::from_millis);
        Asking::new(&self.account, self.caller, max_age, timeout)
    }

    /// An answer, or why there is none about this account.
    fn answer<T>(&self, answer: Result<T, Refusal>) -> Result<T, Refusal> {
        answer.map_err(|refusal| refusal.about(&self.account.name))
    }
}

async fn buyable(called: Called, params: BuyableParams, lists: StockHandle) -> Result<Buyable, Refusal> {
    let answer = async {
        let timeout = called.timeout(params.timeout_ms)?;
        let asking = called.asking(params.max_age_ms, timeout);
        let meant = Meant::of((params.stock_code.as_deref(), params.stock.as_deref()), params.market, &lists)?;
        let stock = meant.stock(&lists, timeout).await?;
        let lot = lot(&stock, &lists, timeout).await;
        let order = Order::new(stock, params.order_type, params.price.map(|price| price.0), lot)?;
        Ok(assets::buyable(&asking, &order).await?)
    };
    called.answer(answer.await)
}

async fn sellable(called: Called, params: SellableParams, lists: StockHandle) -> Result<Sellable, Refusal> {
    let answer = async {
        let timeout = called.timeout(params.timeout_ms)?;
        let asking = called.asking(params.max_age_ms, timeout);
        let meant = Meant::of((params.stock_code.as_deref(), params.stock.as_deref()), params.market, &lists)?;
        let stock = meant.stock(&lists, timeout).await?;
        Ok(assets::sellable(&asking, &stock).await?)
    };
    called.answer(answer.await)
}

async fn all_assets(called: Called, params: AssetsParams) -> Result<Assets, Refusal> {
    let answer = async {
        let asking = called.asking(params.max_age_ms, called.timeout(params.timeout_ms)?);
        Ok(assets::assets(&asking).await?)
    };
    called.answer(answer.await)
}

async fn overseas(called: Called, params: OverseasBalanceParams) -> Result<OverseasBalance, Refusal> {
    let answer = async {
        let asking = called.asking(params.max_age_ms, called.timeout(params.timeout_ms)?);
        Ok(assets::overseas_balance(&asking, params.markets.as_deref()).await?)
    };
    called.answer(answer.await)
}

/// What quantities are multiples of. In Asia it differs from stock to stock, and only KIS's lists say it; at home they need not be
/// loaded for it.
async fn lot(stock: &Stock, lists: &StockHandle, within: Duration) -> Option<u32> {
    let lists = match stock.market {
        Market::Nasdaq | Market::Nyse | Market::Amex => return Some(1),
        Market::Krx | Market::Nxt | Market::Un => lists.at_once(),
        _ => lists.stocks(within).await.ok(),
    };
    lists?.of_market(&stock.code, listed_on(Some(stock.market)).ok()?).ok()?.lot
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unfit(problem) => standard(INVALID_PARAMS, format!("Invalid params: {problem}")),
            Fault::NotSupported(problem) => own(Kind::NotSupported, problem),
            Fault::Refused(refused) => refused.into(),
            Fault::Call(error) => error.into(),
            Fault::Balance(error) => error.into(),
            Fault::Kis(error) => error.into(),
        }
    }
}
