//! An operation that reads, asked as a client of KIS has asked it: what KIS sends goes back as it came.

use std::{
    convert::Infallible,
    fmt,
    hash::{Hash, Hasher},
    time::Duration,
};

use kis_catalog::Operation;

use crate::{
    desk::{Asked, Errand, Question, ReadError, Size},
    kis::{Call, Effect, Exchange, Query},
};

/// One page of an operation, as a client has asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayQuestion {
    /// The operation.
    pub operation: &'static Operation,
    /// Its TR in the account's environment.
    pub tr_id: &'static str,
    /// The parameters as they were written.
    pub query: String,
    /// The account number that is among them; empty: there is none.
    pub cano: String,
    /// Whether it is for a page after the first.
    pub next_page: bool,
}

impl Hash for RelayQuestion {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.tr_id, &self.query, self.next_page).hash(state);
    }
}

/// The query holds the account number.
impl fmt::Debug for RelayQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.operation.id())
    }
}

impl Question for RelayQuestion {
    type Answer = Exchange;
    type Fault = Infallible;

    const IS_PROBED: bool = false;
    const ENDS_WITH_ITS_CALLERS: bool = true;

    fn name(&self) -> &'static str {
        self.tr_id
    }

    fn takes_answers_of(&self, earlier: &Self) -> bool {
        self == earlier
    }

    async fn fetch(self, errand: Errand<Exchange>) -> Result<Exchange, ReadError<Infallible>> {
        let call = Call {
            path: self.operation.path(),
            tr_id: self.tr_id,
            effect: Effect::Read,
            query: Query::Written { query: &self.query, account: &self.cano },
            next_page: self.next_page,
        };
        Ok(errand.relay(&call).await?)
    }

    fn size(_: &Exchange) -> Size {
        Size { figure: None, pages: 1, expected: 1, too_short: Duration::ZERO }
    }

    fn says_the_same(one: &Exchange, other: &Exchange) -> bool {
        one.as_sent == other.as_sent
    }

    fn is_alike(one: &Infallible, _: &Infallible) -> bool {
        match *one {}
    }
}

impl Asked for RelayQuestion {
    fn bytes(answer: &Exchange) -> usize {
        answer.as_sent.len()
    }
}
