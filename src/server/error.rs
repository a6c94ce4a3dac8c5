//! The only table from errors of the domains to errors on the wire.

use std::time::Duration;

use jsonrpsee::types::ErrorObjectOwned;

use super::refusals;
use crate::{
    account::{
        AccountName, BalanceFault, Contradiction,
        calls::{CallFault, Refused},
    },
    book::UnknownAccount,
    desk::ReadError,
    kis::{After, Answer, Effect, KisError, SHORTLY, after},
    order::{OrderError, Refused as OrderRefused},
    stock::{StockError, Unresolved},
    token::{CallError, LastError, TokenError},
    wire::{
        codes::{self, ErrorData, Kind, KisAnswer},
        types::{Check, Fault, Order},
    },
};

/// Why a request is not carried out, as it is told to a client.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    code: i32,
    message: String,
    /// On the heap: results are many, and refusals few.
    data: Option<Box<ErrorData>>,
    /// How it is counted in the log, if it is.
    counted: Option<refusals::Refused>,
}

impl Refusal {
    /// The same, with the account that it is about.
    pub(super) fn about(mut self, account: &AccountName) -> Self {
        if let Some(data) = &mut self.data {
            data.account_name = Some(account.to_string());
        }
        self
    }

    /// The same, with more to say.
    pub(super) fn and(mut self, more: &str) -> Self {
        self.message.push_str("; ");
        self.message.push_str(more);
        self
    }

    /// The same, counted in the log.
    pub(super) fn counted_as(self, counted: Option<refusals::Refused>) -> Self {
        Self { counted, ..self }
    }

    /// How it is counted in the log, if it is.
    pub(super) fn counted(&self) -> Option<refusals::Refused> {
        self.counted
    }

    /// What went wrong, for the log.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.data.as_ref().map(|data| data.kind)
    }
}

/// As the error of a reply.
impl From<&Refusal> for ErrorObjectOwned {
    fn from(Refusal { code, message, data, .. }: &Refusal) -> Self {
        Self::owned(*code, message, data.as_deref())
    }
}

/// As a part of a state.
impl From<Refusal> for Fault {
    fn from(Refusal { code, message, data, .. }: Refusal) -> Self {
        Self { code, message, data: data.map(|data| *data) }
    }
}

impl From<UnknownAccount> for Refusal {
    fn from(unknown: UnknownAccount) -> Self {
        own(Kind::UnknownAccount, unknown.to_string())
    }
}

/// One of kisd's own errors that the same request would meet again.
pub(super) fn own(kind: Kind, message: impl Into<String>) -> Refusal {
    object(data(kind, false, None, None), message)
}

/// One of kisd's own errors that pass.
pub(super) fn passing(kind: Kind, message: impl Into<String>) -> Refusal {
    object(data(kind, true, Some(SHORTLY), None), message)
}

/// There is nothing of that name.
pub(super) fn not_found(what: &str, suggestions: Vec<String>, message: impl Into<String>) -> Refusal {
    object(ErrorData { what: Some(what.to_owned()), suggestions, ..data(Kind::NotFound, false, None, None) }, message)
}

/// One of JSON-RPC's errors.
pub(super) fn standard(code: i32, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into(), data: None, counted: None }
}

/// A fault of ours, which the log explains and the client need not know.
pub(super) fn internal() -> Refusal {
    standard(codes::INTERNAL_ERROR, "Internal error: the log of kisd says more")
}

fn object(data: ErrorData, message: impl Into<String>) -> Refusal {
    Refusal { code: data.kind.code(), message: message.into(), data: Some(Box::new(data)), counted: None }
}

impl<F: std::error::Error + Into<Self>> From<ReadError<F>> for Refusal {
    fn from(error: ReadError<F>) -> Self {
        let message = error.to_string();
        let data = match error {
            ReadError::Call(error) => return error.into(),
            ReadError::Fault(fault) => return fault.into(),
            ReadError::CircuitOpen { last, retry_after } => {
                let (kind, answer) = match &last {
                    CallError::Token(_) => (Kind::TokenUnavailable, None),
                    CallError::Kis(error) => (kind(error), error.answer().cloned()),
                };
                data(kind, true, Some(retry_after), answer)
            }
            ReadError::DoesNotFit { may_fit, .. } => data(Kind::RateLimited, may_fit, may_fit.then_some(SHORTLY), None),
        };
        object(data, message)
    }
}

impl From<BalanceFault> for Refusal {
    fn from(fault: BalanceFault) -> Self {
        let message = fault.to_string();
        let data = match fault {
            BalanceFault::NotWhole { contradiction: Contradiction::Changed { answer, .. }, .. } => {
                data(Kind::UpstreamRejected, true, Some(SHORTLY), Some(answer))
            }
            BalanceFault::NotWhole { settled, .. } => {
                data(Kind::UpstreamMalformed, !settled, (!settled).then_some(SHORTLY), None)
            }
            BalanceFault::NotSupported { .. } => data(Kind::NotSupported, false, None, None),
        };
        object(data, message)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        match refused {
            Refused::NotFound(error) => {
                not_found("operation", error.suggestions.into_iter().map(str::to_owned).collect(), message)
            }
            Refused::NotCalled { .. } | Refused::NotInMode { .. } => own(Kind::NotSupported, message),
            Refused::Params(_) | Refused::Cursor => {
                standard(codes::INVALID_PARAMS, format!("Invalid params: {message}"))
            }
        }
    }
}

impl From<StockError> for Refusal {
    fn from(error: StockError) -> Self {
        let message = error.to_string();
        match error {
            StockError::Unresolved(Unresolved::Unknown { suggestions, .. }) => not_found("stock", suggestions, message),
            StockError::Unresolved(Unresolved::Ambiguous { candidates, .. }) => {
                not_found("market", candidates, message)
            }
            StockError::Unavailable { retry_after, .. } => {
                object(data(Kind::UpstreamUnreachable, true, Some(retry_after), None), message)
            }
            StockError::Unresolved(Unresolved::Missing { .. }) | StockError::TimedOut => {
                passing(Kind::UpstreamUnreachable, message)
            }
            StockError::Stopped => passing(Kind::ShuttingDown, message),
        }
    }
}

impl From<OrderError> for Refusal {
    fn from(error: OrderError) -> Self {
        let message = error.to_string();
        let about = |kind, order: Option<Order>, checks: Vec<Check>, passes: bool| {
            let wait = passes.then_some(SHORTLY);
            ErrorData { order: order.map(Box::new), checks, ..data(kind, passes, wait, None) }
        };
        match error {
            OrderError::Unfit(_) | OrderError::NoId | OrderError::IdIsUsed { .. } => {
                standard(codes::INVALID_PARAMS, format!("Invalid params: {message}"))
            }
            OrderError::NoPreview(_) => not_found("preview", Vec::new(), message),
            OrderError::NotFound(_) => not_found("order", Vec::new(), message),
            OrderError::Refused(refused) => {
                let OrderRefused { order, checks, passes, .. } = *refused;
                object(about(Kind::OrderRefused, order, checks, passes), message)
            }
            OrderError::Rejected { order, .. } => {
                object(about(Kind::UpstreamRejected, Some(*order), Vec::new(), false), message)
            }
            OrderError::Unknown { order, .. } => {
                object(about(Kind::OutcomeUnknown, Some(*order), Vec::new(), false), message)
            }
            OrderError::Over { .. } => own(Kind::OrderRefused, message),
            OrderError::NoForm(_) => own(Kind::NotSupported, message),
            OrderError::Ledger(_) => own(Kind::OrderRefused, message),
        }
    }
}

impl From<CallFault> for Refusal {
    fn from(fault: CallFault) -> Self {
        let kind = match fault {
            CallFault::TooLarge { .. } => Kind::Overloaded,
            CallFault::Circle { .. } => Kind::UpstreamMalformed,
        };
        own(kind, fault.to_string())
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Token(error) => error.into(),
            CallError::Kis(error) => error.into(),
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        let message = error.to_string();
        match error {
            TokenError::Unavailable { retry_after, .. } | TokenError::TooEarly { retry_after, .. } => {
                object(data(Kind::TokenUnavailable, true, Some(retry_after), None), message)
            }
            TokenError::Rejected { answer, .. } => {
                object(data(Kind::CredentialsRejected, false, None, Some(answer)), message)
            }
            TokenError::Stopped => passing(Kind::ShuttingDown, message),
        }
    }
}

impl From<LastError> for Refusal {
    fn from(error: LastError) -> Self {
        match error {
            LastError::Kis(error) => error.into(),
            LastError::Other(message) => passing(Kind::TokenUnavailable, message),
        }
    }
}

impl From<KisError> for Refusal {
    fn from(error: KisError) -> Self {
        let message = error.to_string();
        let (retryable, retry_after) = again(&error);
        object(data(kind(&error), retryable, retry_after, error.answer().cloned()), message)
    }
}

/// What a failure of KIS is called on the wire.
fn kind(error: &KisError) -> Kind {
    match error {
        KisError::TokenRefused(_) | KisError::IssuedTooSoon(_) => Kind::TokenUnavailable,
        KisError::CredentialsRejected(_) => Kind::CredentialsRejected,
        KisError::Throttled(_) | KisError::NoSlot { .. } => Kind::RateLimited,
        KisError::Transient(_) | KisError::Changed(_) | KisError::Rejected(_) => Kind::UpstreamRejected,
        KisError::Unreachable { .. } | KisError::Foreign { .. } => Kind::UpstreamUnreachable,
        KisError::Malformed { .. } => Kind::UpstreamMalformed,
        KisError::OutcomeUnknown(_) => Kind::OutcomeUnknown,
    }
}

/// Whether the same request may succeed later, and when to try. A trade that may have been carried out says so itself.
fn again(error: &KisError) -> (bool, Option<Duration>) {
    match after(Effect::Read, error) {
        After::Repeat => (true, Some(SHORTLY)),
        After::RepeatAfter(pause) => (true, Some(pause)),
        // When that is, the state of the token says.
        After::NextIssuance => (true, None),
        After::GiveUp | After::Unknown => (false, None),
    }
}

fn data(kind: Kind, retryable: bool, retry_after: Option<Duration>, answer: Option<Answer>) -> ErrorData {
    ErrorData {
        kind,
        retryable,
        account_name: None,
        what: None,
        suggestions: Vec::new(),
        order: None,
        checks: Vec::new(),
        retry_after_ms: retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        kis: answer.map(|answer| KisAnswer {
            msg_cd: answer.msg_cd,
            msg1: answer.msg1,
            http_status: answer.http_status,
            tr_id: answer.tr_id.to_owned(),
        }),
    }
}
