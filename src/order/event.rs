//! What happens to an order, as the ledger keeps it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::wire::types::{KisOrder, OrderType, Reason};

/// What happens to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It was asked for.
    Created,
    /// A person has said yes.
    Approved {
        /// The user.
        by: u32,
    },
    /// It will not be sent: a check, or a person, has said no.
    Refused {
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<u32>,
        /// Why.
        reason: Reason,
    },
    /// It goes out now.
    Sending,
    /// It has not left this machine, or KIS's gateway says that it was not passed on.
    NotSent {
        /// Why.
        reason: Reason,
    },
    /// KIS has taken it.
    Accepted {
        /// KIS's number of it.
        kis: KisOrder,
    },
    /// KIS has refused it.
    Rejected {
        /// What KIS said.
        reason: Reason,
    },
    /// It was sent, and KIS's answer is not known.
    Lost {
        /// Why.
        reason: Reason,
    },
    /// It was found at KIS.
    Found {
        /// KIS's number of it.
        kis: KisOrder,
        /// How: `fields`, `notice`, `person`.
        by: String,
    },
    /// KIS does not have it.
    Absent {
        /// How that is known.
        reason: Reason,
    },
    /// KIS's list shows it.
    Listed {
        /// The number of the row.
        order_no: String,
        /// Shares that are filled.
        filled: u64,
        /// What was paid for them.
        amount: Decimal,
        /// Shares that the exchange has refused.
        rejected: u64,
        /// Shares that still wait.
        remaining: u64,
    },
    /// A cancellation goes out now.
    Cancelling {
        /// Shares; `None`: all that are not filled.
        quantity: Option<u64>,
    },
    /// KIS has received the cancellation, which says nothing of what comes of it.
    CancelReceived {
        /// KIS's number of the cancellation.
        order_no: String,
    },
    /// The cancellation does not take place: it was not sent, or KIS has refused it.
    CancelFailed {
        /// Why.
        reason: Reason,
    },
    /// The cancellation was sent, and KIS's answer is not known.
    CancelLost {
        /// Why.
        reason: Reason,
    },
    /// Some of it is cancelled.
    Reduced {
        /// Shares.
        by: u64,
    },
    /// A change goes out now.
    Amending,
    /// KIS has received the change of all that is not filled, which has another number from now on.
    Amended {
        /// KIS's number of it.
        kis: KisOrder,
        /// The new price.
        price: Option<Decimal>,
        /// The new type.
        order_type: OrderType,
        /// What counts for the limits from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount_krw: Option<Decimal>,
    },
    /// The change does not take place.
    AmendFailed {
        /// Why.
        reason: Reason,
    },
    /// The change was sent, and KIS's answer is not known.
    AmendLost {
        /// What was asked for.
        price: Option<Decimal>,
        /// The same.
        order_type: OrderType,
        /// Why.
        reason: Reason,
    },
    /// What was not filled is gone.
    Ended {
        /// Whether it was cancelled; otherwise it has died with its day.
        cancelled: bool,
        /// How that is known.
        why: String,
    },
}

impl Event {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Approved { .. } => "approved",
            Self::Refused { .. } => "refused",
            Self::Sending => "sent",
            Self::NotSent { .. } => "kept back",
            Self::Accepted { .. } => "accepted",
            Self::Rejected { .. } => "rejected",
            Self::Lost { .. } => "lost",
            Self::Found { .. } => "found",
            Self::Absent { .. } => "absent",
            Self::Listed { .. } => "listed",
            Self::Cancelling { .. }
            | Self::CancelReceived { .. }
            | Self::CancelFailed { .. }
            | Self::CancelLost { .. } => "cancelled",
            Self::Amending | Self::Amended { .. } | Self::AmendFailed { .. } | Self::AmendLost { .. } => "amended",
            Self::Reduced { .. } => "reduced",
            Self::Ended { .. } => "ended",
        }
    }
}
