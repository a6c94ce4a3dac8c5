//! What an account has traded: `account.orders` and its like.

use std::{pin::Pin, time::Duration};

use super::{
    catalog::{About, Catalog},
    timeout,
};
use crate::{
    account::Account,
    kis::quota::CallerId,
    server::error::{Refusal, own, standard},
    trades::{self, Asking, Known, TradesError},
    wire::{
        codes::{INVALID_PARAMS, Kind},
        method,
        types::{AccountOrders, AccountOrdersParams, AccountPeriodParams, TradeRegion},
    },
};

/// Age of an answer that a caller takes who does not say.
const USUAL_AGE: Duration = Duration::from_secs(1);

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_async::<method::AccountOrders, _, _>(orders);
    catalog.add_async::<method::AccountExecutions, _, _>(|about| {
        of_days(about, |account, params, asking| {
            Box::pin(trades::executions(account, days(params), params.region, asking, |_| Known::default()))
        })
    });
    catalog.add_async::<method::AccountProfits, _, _>(|about| {
        of_days(about, |account, params, asking| {
            Box::pin(trades::profits(account, days(params), params.region, asking))
        })
    });
    catalog.add_async::<method::AccountTransactions, _, _>(|about| {
        of_days(about, |account, params, asking| {
            Box::pin(trades::transactions(account, days(params), params.region, asking))
        })
    });
}

fn days(params: &AccountPeriodParams) -> (Option<&str>, Option<&str>) {
    (params.from.as_deref(), params.to.as_deref())
}

/// A list of some days, as it is read.
type Read<R> = for<'a> fn(
    &'a Account,
    &'a AccountPeriodParams,
    Asking,
) -> Pin<Box<dyn Future<Output = Result<R, TradesError>> + Send + 'a>>;

fn of_days<R>(
    About { account, params, caller }: About<'_, AccountPeriodParams>,
    read: Read<R>,
) -> impl Future<Output = Result<R, Refusal>> + use<R> {
    let account = account.clone();
    async move {
        let asking = asking(&account, caller, (params.max_age_ms, params.timeout_ms));
        let list = async { Ok(read(&account, &params, asking?).await?) };
        list.await.map_err(|refusal: Refusal| refusal.about(&account.name))
    }
}

fn orders(
    About { account, params, caller }: About<'_, AccountOrdersParams>,
) -> impl Future<Output = Result<AccountOrders, Refusal>> + use<> {
    let account = account.clone();
    async move {
        let orders = async {
            let asking = asking(&account, caller, (params.max_age_ms, params.timeout_ms))?;
            let asked = (params.date.as_deref(), params.region);
            Ok(trades::orders(&account, asked, asking, |_| Known::default()).await?)
        };
        orders.await.map_err(|refusal: Refusal| refusal.about(&account.name))
    }
}

fn asking(
    account: &Account,
    caller: CallerId,
    (max_age_ms, timeout_ms): (Option<u64>, Option<u64>),
) -> Result<Asking, Refusal> {
    let timeout = timeout(timeout_ms)?.unwrap_or_else(|| account.balance.call_timeout());
    Ok(Asking { caller, max_age: max_age_ms.map_or(USUAL_AGE, Duration::from_millis), timeout })
}

impl From<TradesError> for Refusal {
    fn from(error: TradesError) -> Self {
        let message = error.to_string();
        match error {
            TradesError::Days(_) | TradesError::Region => {
                standard(INVALID_PARAMS, format!("Invalid params: {message}"))
            }
            TradesError::NotSupported(_) => own(Kind::NotSupported, message),
            TradesError::TooLong { .. } => own(Kind::Overloaded, message),
            TradesError::Refused(refused) => refused.into(),
            TradesError::Read(error) => error.into(),
            TradesError::Kis(error) => crate::token::CallError::from(error).into(),
            TradesError::Part { region, error } => Self::from(*error).and(match region {
                TradeRegion::Overseas => "the list abroad is missing; region \"domestic\" asks without it",
                TradeRegion::Domestic | TradeRegion::Unknown => {
                    "the list at home is missing; region \"overseas\" asks without it"
                }
            }),
        }
    }
}
