//! Market data: which operation of KIS a question is about, and what its answer says in the words of the contract.
//!
//! A typed read is a call of [`account::calls`](crate::account::calls) with a reader on top, so that it shares calls and memory with
//! `kis.call`. Nothing here waits but the handle of what is kept, and nothing here knows JSON-RPC.
//!
//! | file | what it is |
//! |---|---|
//! | `stock` | which stock is meant, and what KIS calls its market |
//! | `price` | one price in full |
//! | `book` | an order book |
//! | `prices` | several prices in short |
//! | `index`, `investors`, `ranking` | what a market does, who buys and sells, who comes first |
//! | `candles` | a walk back in time, and complete days that are kept |

mod book;
mod candles;
mod index;
mod investors;
mod price;
mod prices;
mod ranking;
mod stock;

use std::{collections::BTreeMap, time::Duration};

use crate::{
    account::{
        Account,
        calls::{CallFault, CallQuestion, Refused, Wanted},
    },
    desk::ReadError,
    kis::{KisError, quota::CallerId, row::Row},
    wire::number::Number,
};

pub use self::{
    book::Orderbook,
    candles::{CandleStore, Settings, Unfit, Walk, Wanted as WantedCandles, trouble},
    index::{Index, UnknownIndex},
    investors::Investors,
    price::Price,
    prices::{Key, MOST, Short, of_several, together},
    ranking::Ranking,
    stock::{Stock, UnknownStock, currency_of, listed_on, market_of, order_code},
};

/// What one call of KIS answers.
pub trait Asked {
    /// What it is in the contract.
    type Answer: serde::Serialize;

    /// Which operation that is, with its parameters.
    fn call(&self) -> (&'static str, Vec<(&'static str, String)>);

    /// The same by another operation, where an account's mode lacks the first.
    fn instead(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Reads the containers of KIS's answer.
    fn read(&self, answered: &Answered<'_>) -> Result<Self::Answer, ReadFault>;
}

/// An answer of KIS with what belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The name of the account with whose app key KIS was asked.
    pub account_name: &'a str,
    /// The TR.
    pub tr_id: &'static str,
    /// KIS's containers.
    pub body: &'a str,
    /// When it came, Korean time.
    pub as_of: chrono::DateTime<chrono::FixedOffset>,
}

/// Why an answer of KIS is none to a question.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// KIS knows no such stock.
    #[error(transparent)]
    Unknown(#[from] UnknownStock),
    /// KIS knows no such index.
    #[error(transparent)]
    NoIndex(#[from] UnknownIndex),
    /// It does not parse.
    #[error(transparent)]
    Kis(#[from] KisError),
}

/// Why something is not asked of KIS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// A parameter is wrong.
    #[error("{0}")]
    Param(String),
    /// KIS has no such thing.
    #[error("{0}")]
    Lacks(String),
}

/// The call that answers a question, as a question of the desk.
pub fn question(account: &Account, asked: &impl Asked) -> Result<CallQuestion, Refused> {
    question_of(account, asked.call())
}

/// A call, as a question of the desk.
pub fn question_of(
    account: &Account,
    (operation, params): (&'static str, Vec<(&'static str, String)>),
) -> Result<CallQuestion, Refused> {
    let params: BTreeMap<String, String> = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    account.calls.question(account, &Wanted { operation, params: &params, pages: Some(1), next: None })
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskFault {
    /// The call is not made.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It failed.
    #[error(transparent)]
    Call(#[from] ReadError<CallFault>),
    /// What KIS has answered is no answer.
    #[error(transparent)]
    Read(#[from] ReadFault),
}

/// Asks KIS, or the memory for an answer of this age, within a time, and reads the answer.
pub async fn ask<A: Asked>(
    account: &Account,
    asked: A,
    caller: CallerId,
    (max_age, within): (Duration, Duration),
) -> Result<A::Answer, AskFault> {
    let (asked, question) = match (question(account, &asked), asked.instead()) {
        (Err(Refused::NotInMode { .. }), Some(other)) => {
            let question = question(account, &other)?;
            (other, question)
        }
        (question, _) => (asked, question?),
    };
    let called = account.calls.ask(caller, question, max_age, within).await?;
    let answered = Answered {
        account_name: account.name.as_str(),
        tr_id: called.tr_id,
        body: called.body.get(),
        as_of: crate::clock::kst(called.as_of),
    };
    Ok(asked.read(&answered)?)
}

/// A change, of which KIS writes the sign in the number, in a field of its own (1 and 2 up, 4 and 5 down), or in both.
fn signed(row: &Row<'_>, number: &str, sign: &str) -> Result<Option<rust_decimal::Decimal>, KisError> {
    let Some(number) = row.number(number)? else { return Ok(None) };
    // No change is no less than nothing, whatever sign stands beside it.
    if number.is_zero() {
        return Ok(Some(number));
    }
    Ok(Some(match row.text(sign)? {
        Some("1" | "2") => number.abs(),
        Some("4" | "5") => -number.abs(),
        _ => number,
    }))
}

fn exact(number: Option<rust_decimal::Decimal>) -> Option<Number> {
    number.map(Number)
}
