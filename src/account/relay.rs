//! An operation that reads, asked as a client of KIS has asked it: what KIS sends goes back as it came.

use std::{
    convert::Infallible,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use kis_catalog::{Kind, Operation};

use crate::{
    desk::{Asked, Errand, Question, ReadError, Size},
    kis::{Call, Effect, Exchange, Query},
};

/// What an operation is called that the catalogue does not know: in the log, in counters and in errors.
const UNKNOWN: &str = "unknown";

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An operation of the catalogue.
    Known {
        /// The operation.
        operation: &'static Operation,
        /// Its TR in the account's environment.
        tr_id: &'static str,
    },
    /// One that the catalogue does not know, and that only reads.
    Unknown {
        /// Its path.
        path: Arc<str>,
        /// Its TR.
        tr_id: Arc<str>,
    },
}

impl Target {
    /// The TR by which it is counted.
    fn name(&self) -> &'static str {
        match self {
            Self::Known { tr_id, .. } => tr_id,
            Self::Unknown { .. } => UNKNOWN,
        }
    }

    /// Whether its answer is about a market, and not about an account.
    pub fn is_quotation(&self) -> bool {
        matches!(self, Self::Known { operation, .. } if operation.kind() == Kind::Quotation)
    }
}

/// One page of an operation, as a client has asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayQuestion {
    /// What is asked for.
    pub target: Target,
    /// The parameters as they were written.
    pub query: String,
    /// The account number that may be among them; empty: there is none.
    pub cano: String,
    /// Whether it is for a page after the first.
    pub next_page: bool,
}

impl Hash for RelayQuestion {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.target.name(), &self.query, self.next_page).hash(state);
    }
}

/// The query holds the account number.
impl fmt::Debug for RelayQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.target {
            Target::Known { operation, .. } => operation.id(),
            Target::Unknown { .. } => UNKNOWN,
        })
    }
}

impl Question for RelayQuestion {
    type Answer = Exchange;
    type Fault = Infallible;

    const IS_PROBED: bool = false;
    const ENDS_WITH_ITS_CALLERS: bool = true;

    fn name(&self) -> &'static str {
        self.target.name()
    }

    fn takes_answers_of(&self, earlier: &Self) -> bool {
        self == earlier
    }

    async fn fetch(self, errand: Errand<Exchange>) -> Result<Exchange, ReadError<Infallible>> {
        let call = Call {
            path: match &self.target {
                Target::Known { operation, .. } => operation.path(),
                Target::Unknown { path, .. } => path,
            },
            tr_id: self.target.name(),
            unlisted: match &self.target {
                Target::Known { .. } => None,
                Target::Unknown { tr_id, .. } => Some(tr_id),
            },
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
