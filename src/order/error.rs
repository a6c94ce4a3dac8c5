//! Why an order is not what was wanted.

use super::{form::NoForm, ledger::LedgerError, ticket::Unfit};
use crate::wire::types::{Check, Order};

/// Why an order is not what was wanted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OrderError {
    /// The parameters describe none.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The caller's id is none.
    #[error("client_order_id must have 1 to {LONGEST_ID} printable characters without blanks")]
    NoId,
    /// The caller's id was used for something else.
    #[error(
        "client_order_id \"{client_order_id}\" was used before, for {for_what}; nothing was sent. Take a new id for a new order"
    )]
    IdIsUsed {
        /// The id.
        client_order_id: String,
        /// What it was used for.
        for_what: String,
    },
    /// There is no such preview of this caller any more.
    #[error("there is no preview \"{0}\" of yours, or it is older than three minutes; ask for another")]
    NoPreview(String),
    /// There is no such order.
    #[error("there is no order \"{0}\" in this account")]
    NotFound(String),
    /// A check of ours says no.
    #[error("the order is refused: {}", .0.message)]
    Refused(Box<Refused>),
    /// KIS says no.
    #[error("KIS refuses it: {message}")]
    Rejected {
        /// The order.
        order: Box<Order>,
        /// What KIS says.
        message: String,
    },
    /// Whether KIS has it is not known.
    #[error(
        "it was sent, and whether KIS has it is not known: {message}. Do not send it again; order.get tells when it is found"
    )]
    Unknown {
        /// The order.
        order: Box<Order>,
        /// Why.
        message: String,
    },
    /// It cannot be changed as it is.
    #[error("an order that is {state} cannot be {what}")]
    Over {
        /// What it is.
        state: &'static str,
        /// What was wanted.
        what: &'static str,
    },
    /// The market or the mode lacks it.
    #[error(transparent)]
    NoForm(#[from] NoForm),
    /// It cannot be written down, and so it is not sent.
    #[error("nothing was sent: {0}")]
    Ledger(#[from] LedgerError),
}

/// An order that kisd does not send.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The order, if it is one already.
    pub order: Option<Order>,
    /// The checks.
    pub checks: Vec<Check>,
    /// The first reason.
    pub message: String,
    /// Whether the same may be sent later.
    pub passes: bool,
}

/// Longest id of a caller.
pub(super) const LONGEST_ID: usize = 64;
