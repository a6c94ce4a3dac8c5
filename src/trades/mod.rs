//! What an account has traded, as KIS lists it: orders with what was filled of them, reservations, realised profits, transactions.
//!
//! A list is whole or says that it is not: every page is read, and a row that two pages have counts once. KIS's rows hold the
//! address and the telephone number of whoever ordered; neither is read here.
//!
//! | file | what it is |
//! |---|---|
//! | `days` | the days that are asked about |
//! | `list` | a row of an order, and all rows of an answer |
//! | `domestic`, `overseas` | who lists them at home and abroad |
//! | `reserved` | reservations |
//! | `orders` | the orders of a day |
//! | `executions` | what was filled of the orders of some days |
//! | `profits`, `transactions` | realised profits; trades abroad with their settlement |
//! | `told` | rows in the words of the contract, with the state of each order |

mod days;
mod domestic;
mod executions;
mod list;
mod orders;
mod overseas;
mod profits;
mod reserved;
mod told;
mod transactions;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

use crate::{
    account::{
        Account,
        calls::{CallFault, Called, Refused, Wanted},
    },
    clock,
    desk::ReadError,
    kis::{KisError, quota::CallerId, row::Row},
    wire::{number::Number, types::TradeRegion},
};

use self::reserved::reserved;
pub use self::{
    days::{Days, WrongDays},
    domestic::domestic,
    executions::executions,
    list::{Kind, OrderList, OrderNo, OrderRow, Side},
    orders::orders,
    overseas::overseas,
    profits::profits,
    told::{Known, told},
    transactions::transactions,
};

/// Who asks, and how old and how late an answer may be.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// Whom calls to KIS are for.
    pub caller: CallerId,
    /// An answer this young is taken from memory; zero: KIS is asked in any case.
    pub max_age: Duration,
    /// Longest time that a call may take.
    pub timeout: Duration,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum TradesError {
    /// The days are none that KIS can be asked about.
    #[error(transparent)]
    Days(#[from] WrongDays),
    /// There is no such region.
    #[error("region must be domestic or overseas")]
    Region,
    /// KIS has no such list for the account.
    #[error("{0}")]
    NotSupported(String),
    /// KIS is not asked.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// KIS did not answer.
    #[error(transparent)]
    Read(#[from] ReadError<CallFault>),
    /// The list is too long to be held.
    #[error("the list is too long: kisd stopped after {pages} pages; ask for fewer days")]
    TooLong {
        /// Pages that were read.
        pages: usize,
    },
    /// KIS's answer is none.
    #[error(transparent)]
    Kis(#[from] KisError),
    /// One of several lists failed.
    #[error("{error}")]
    Part {
        /// Which one.
        region: TradeRegion,
        /// Why.
        error: Box<Self>,
    },
}

impl TradesError {
    /// The same, of one list out of so many.
    fn of_part(self, region: TradeRegion, lists: usize) -> Self {
        match self {
            // Paper lacks the others as well.
            Self::Refused(Refused::NotInMode { .. }) => self,
            error if lists > 1 => Self::Part { region, error: Box::new(error) },
            error => error,
        }
    }
}

/// The lists that an account has, or the one that is asked for.
pub fn regions(account: &Account, asked: Option<TradeRegion>) -> Result<Vec<TradeRegion>, TradesError> {
    use TradeRegion::{Domestic, Overseas};
    let lists = match (account.id.product_code(), asked) {
        // By law, nothing abroad is traded in the accounts for long savings and for pensions.
        ("21" | "22", None) => vec![Domestic],
        ("01", None) => vec![Domestic, Overseas],
        (_, Some(TradeRegion::Unknown)) => return Err(TradesError::Region),
        ("01" | "21" | "22", Some(region)) => vec![region],
        (product_code, _) => {
            return Err(TradesError::NotSupported(format!(
                "what is traded is listed for stock accounts (product codes 01, 21 and 22), and this one has {product_code}; \
                 kis.search finds KIS's own operations for others"
            )));
        }
    };
    Ok(lists)
}

/// Every page of an operation.
async fn all_pages(
    account: &Account,
    asking: Asking,
    operation: &'static str,
    params: &[(&'static str, &str)],
) -> Result<Arc<Called>, TradesError> {
    let params: BTreeMap<String, String> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let wanted = Wanted { operation, params: &params, pages: None, next: None };
    let question = account.calls.question(account, &wanted)?;
    account.calls.ask(asking.caller, question, asking.max_age, asking.timeout).await.map_err(|error| match error {
        ReadError::Fault(CallFault::TooLarge { pages }) => TradesError::TooLong { pages },
        error => error.into(),
    })
}

/// Reads an answer; one that does not parse is counted among KIS's failures.
fn reading<T>(account: &Account, read: impl FnOnce() -> Result<T, KisError>) -> Result<T, TradesError> {
    read().inspect_err(|error| account.key.client.totals().count_failure(error)).map_err(TradesError::from)
}

/// Today in Korea.
fn today(account: &Account) -> NaiveDate {
    clock::kst(account.key.client.clock().now()).date_naive()
}

/// A time of day, which KIS writes as HHMMSS.
fn time(row: &Row<'_>, name: &str) -> Result<Option<NaiveTime>, KisError> {
    let Some(text) = row.text(name)? else { return Ok(None) };
    let time = NaiveTime::parse_from_str(text, "%H%M%S").ok().filter(|_| text.len() == 6);
    time.map(Some).ok_or_else(|| row.malformed(name, "is not a time of the form HHMMSS"))
}

/// A day that must be there.
fn day(row: &Row<'_>, name: &str) -> Result<NaiveDate, KisError> {
    row.date(name)?.ok_or_else(|| row.malformed(name, "is missing"))
}

/// An instant that KIS tells by the Korean day and time.
fn instant(day: Option<NaiveDate>, time: Option<NaiveTime>) -> Option<DateTime<FixedOffset>> {
    clock::from_kst(day?.and_time(time?)).map(clock::kst)
}

/// A number of an answer, which may be 0.
fn figure(row: &Row<'_>, name: &str) -> Result<Option<Number>, KisError> {
    Ok(row.number(name)?.map(told::exact))
}

/// A text of an answer.
fn text(row: &Row<'_>, name: &str) -> Result<Option<String>, KisError> {
    Ok(row.text(name)?.map(str::to_owned))
}
