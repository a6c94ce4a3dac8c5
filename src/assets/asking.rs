//! How KIS is asked, and why there may be no answer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, FixedOffset, SubsecRound, Utc};

use crate::{
    account::{
        Account, Balance, BalanceError, BalanceFault,
        calls::{CallFault, Called, Refused, Told, Wanted},
    },
    clock::{self, Instant},
    desk::ReadError,
    kis::{Environment, KisError, field::Place, quota::CallerId, row},
    token::CallError,
    wire::types::Mode,
};

/// Who asks about an account, and what answer will do.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// About which account.
    pub account: &'a Account,
    caller: CallerId,
    max_age: Duration,
    until: Instant,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Nothing of the kind can be asked.
    #[error("{0}")]
    Unfit(String),
    /// KIS has nothing of the kind for such an account.
    #[error("{0}")]
    NotSupported(String),
    /// The call is not made.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It failed.
    #[error(transparent)]
    Call(#[from] ReadError<CallFault>),
    /// There is no balance.
    #[error(transparent)]
    Balance(#[from] BalanceError),
    /// What KIS has answered does not parse.
    #[error(transparent)]
    Kis(#[from] KisError),
}

/// Parameters of a call.
pub(super) type Params<const N: usize> = [(&'static str, String); N];

impl Fault {
    /// Whether KIS has nothing of the kind for this account: asking again does not help, and others may have something.
    pub(super) fn is_a_no(&self) -> bool {
        let rejected = |error: &CallError| matches!(error, CallError::Kis(KisError::Rejected(_)));
        match self {
            Self::NotSupported(_) | Self::Refused(Refused::NotInMode { .. }) => true,
            Self::Call(ReadError::Call(error)) | Self::Balance(ReadError::Call(error)) => rejected(error),
            Self::Balance(ReadError::Fault(BalanceFault::NotSupported { .. })) => true,
            _ => false,
        }
    }
}

impl<'a> Asking<'a> {
    /// For a caller who takes answers of this age, within a time.
    pub fn new(account: &'a Account, caller: CallerId, max_age: Duration, timeout: Duration) -> Self {
        let until = account.key.client.clock().monotonic().saturating_add(timeout);
        Self { account, caller, max_age, until }
    }

    pub(super) fn is_paper(&self) -> bool {
        self.account.key.client.environment() == Environment::Paper
    }

    pub(super) fn mode(&self) -> Mode {
        if self.is_paper() { Mode::Paper } else { Mode::Real }
    }

    /// The account is one of stocks, whose calls the others do not take.
    pub(super) fn needs_stocks(&self, what: &str) -> Result<(), Fault> {
        match self.account.id.product_code() {
            "01" | "21" | "22" => Ok(()),
            other => Err(Fault::NotSupported(format!(
                "{what} is for stock accounts (product codes 01, 21 and 22), and this one has {other}: kis.search finds KIS's \
                 operations for it"
            ))),
        }
    }

    /// The answer to a call that has one page.
    pub(super) async fn one<const N: usize>(&self, operation: &str, params: Params<N>) -> Result<Arc<Called>, Fault> {
        self.call(operation, params, Some(1)).await
    }

    /// The answer to a call that lists something, every page of it.
    pub(super) async fn all<const N: usize>(&self, operation: &str, params: Params<N>) -> Result<Arc<Called>, Fault> {
        let called = self.call(operation, params, None).await?;
        match &called.next {
            None => Ok(called),
            Some(_) => {
                let place = Place { tr_id: called.tr_id, row: None };
                Err(self.counted(place.malformed("tr_cont", format!("leads on after {} pages", called.pages))))
            }
        }
    }

    async fn call<const N: usize>(
        &self,
        operation: &str,
        params: Params<N>,
        pages: Option<usize>,
    ) -> Result<Arc<Called>, Fault> {
        let params: BTreeMap<String, String> =
            params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let Self { account, caller, max_age, .. } = *self;
        let question = account.calls.question(account, &Wanted { operation, params: &params, pages, next: None })?;
        if let Some(called) = account.calls.from_memory(&question, max_age, Arc::clone) {
            return Ok(called);
        }
        Ok(account.calls.ask(caller, question, max_age, self.left()).await?)
    }

    /// The days of the Korea Exchange, as far as KIS has told them.
    pub(super) async fn days(&self) -> Arc<Told> {
        self.account.calls.open_days(self.account, self.caller, self.left()).await
    }

    /// The balance.
    pub(super) async fn balance(&self) -> Result<Arc<Balance>, Fault> {
        Ok(self.account.balance.ask(self.caller, Some(self.max_age), Some(self.left())).await?)
    }

    fn left(&self) -> Duration {
        self.until.since(self.account.key.client.clock().monotonic())
    }

    /// What an answer says, by a reader; what does not parse is counted among KIS's failures.
    pub(super) fn read<T>(&self, read: impl FnOnce() -> Result<T, KisError>) -> Result<T, Fault> {
        read().map_err(|error| self.counted(error))
    }

    fn counted(&self, error: KisError) -> Fault {
        self.account.key.client.totals().count_failure(&error);
        error.into()
    }
}

/// The rows of a container.
pub(super) fn rows<'a>(called: &'a Called, container: &'static str) -> Result<Vec<row::Row<'a>>, KisError> {
    row::rows(called.tr_id, called.body.get(), container)
}

/// The only row of a container.
pub(super) fn row<'a>(called: &'a Called, container: &'static str) -> Result<row::Row<'a>, KisError> {
    row::row(called.tr_id, called.body.get(), container)
}

/// An instant as it is shown: Korean time, to the millisecond.
pub(super) fn shown(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    clock::kst(at).trunc_subsecs(3)
}
