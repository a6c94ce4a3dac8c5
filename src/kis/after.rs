//! What may be done after a call that failed: decided by what the call does and by what is known of the failure, here alone.

use std::time::Duration;

use super::KisError;

/// Pause to suggest when KIS counts too many calls or has a passing fault.
const SHORTLY: Duration = Duration::from_secs(1);

/// KIS issues one token in so much time.
const BETWEEN_ISSUANCES: Duration = Duration::from_secs(60);

/// HTTP status by which a gateway says that it has not passed the request on.
const NOT_PASSED_ON: u16 = 503;

/// KIS's ledger counts too many calls, over all customers: documented for reads, and for an order nobody knows.
const LEDGER_IS_BUSY: &str = "EGW00215";

/// What a call does at KIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// It issues a token: one a minute, with a message to the owner.
    Issue,
    /// It trades.
    Trade,
}

/// Whether KIS has received a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It has not left this machine, or whoever stands before KIS says that it was not passed on.
    No,
    /// Nobody has said.
    Maybe,
    /// KIS itself has answered.
    Yes,
}

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Send the same again, with growing pauses.
    Repeat,
    /// It is worth asking for again after so long, in a new call: with another token, from the first page, in the next minute.
    RepeatAfter(Duration),
    /// The same would meet the same.
    GiveUp,
    /// It may have taken effect: find out, and never send it again.
    Unknown,
}

/// What may be done after `failure` of a call with this effect.
pub fn after(effect: Effect, failure: &KisError) -> After {
    if effect != Effect::Read && may_have_taken_effect(effect, failure) {
        return After::Unknown;
    }
    match failure {
        KisError::Throttled(_) | KisError::Transient(_) | KisError::Unreachable { .. } => After::Repeat,
        KisError::Foreign { http_status, .. } => match http_status {
            // A gateway in front of KIS speaks for KIS when it says 5xx, or shows a page of maintenance where an answer should
            // be; a page of 404 will not change.
            200..300 | 500.. => After::Repeat,
            _ => After::GiveUp,
        },
        KisError::TokenRefused(_) | KisError::Changed(_) => After::RepeatAfter(SHORTLY),
        KisError::IssuedTooSoon(_) => After::RepeatAfter(BETWEEN_ISSUANCES),
        KisError::NoSlot { retry_after, .. } => After::RepeatAfter(*retry_after),
        KisError::CredentialsRejected(_) | KisError::Rejected(_) | KisError::Malformed { .. } => After::GiveUp,
    }
}

/// Whether a failed call that is not a read may have done what it was to do.
///
/// Of an issuance: the owner may have been sent a message, so it counts against the minute. Only what is known to come before
/// it says that none was made: a connection that failed, a refusal by name, a redirect or a 4xx page, and 503.
///
/// A trade is another matter, since a mistake costs more than a minute: only KIS's refusal by name, or a call that has not left
/// this machine, has surely done nothing.
fn may_have_taken_effect(effect: Effect, failure: &KisError) -> bool {
    match failure {
        KisError::Transient(_) | KisError::Malformed { .. } => true,
        KisError::Throttled(answer) => effect == Effect::Trade && answer.msg_cd == LEDGER_IS_BUSY,
        KisError::Foreign { http_status, .. } => {
            effect == Effect::Trade || failure.sent() == Sent::Maybe && !(300..500).contains(http_status)
        }
        failure => failure.sent() == Sent::Maybe,
    }
}

impl KisError {
    /// Whether KIS has received the call.
    pub fn sent(&self) -> Sent {
        match self {
            Self::NoSlot { .. } | Self::Unreachable { sent: false, .. } => Sent::No,
            Self::Foreign { http_status: NOT_PASSED_ON, .. } => Sent::No,
            Self::Unreachable { sent: true, .. } | Self::Foreign { .. } => Sent::Maybe,
            Self::Malformed { .. } => Sent::Yes,
            Self::TokenRefused(_)
            | Self::CredentialsRejected(_)
            | Self::IssuedTooSoon(_)
            | Self::Throttled(_)
            | Self::Transient(_)
            | Self::Changed(_)
            | Self::Rejected(_) => Sent::Yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kis::{Answer, error::A_PAGE};

    fn answer(msg_cd: &str) -> Answer {
        Answer { tr_id: "TR", msg_cd: msg_cd.to_owned(), msg1: String::new(), http_status: 500 }
    }

    fn foreign(http_status: u16) -> KisError {
        KisError::Foreign { tr_id: "TR", http_status, what: A_PAGE }
    }

    fn unreachable(sent: bool) -> KisError {
        KisError::Unreachable { tr_id: "TR", reason: String::new(), sent }
    }

    #[test]
    fn every_failure_is_judged_for_every_effect() {
        use After::{GiveUp, Repeat, RepeatAfter, Unknown};
        let (second, minute) = (RepeatAfter(SHORTLY), RepeatAfter(BETWEEN_ISSUANCES));
        let malformed = KisError::Malformed { tr_id: "TR", field: String::new(), problem: String::new() };
        let no_slot = KisError::NoSlot { calls_per_second: 1, retry_after: SHORTLY };
        let table = [
            // failure, received by KIS; then what after a read, an issuance, a trade
            (KisError::TokenRefused(answer("EGW00123")), Sent::Yes, second, second, second),
            (KisError::CredentialsRejected(answer("EGW00103")), Sent::Yes, GiveUp, GiveUp, GiveUp),
            (KisError::IssuedTooSoon(answer("EGW00133")), Sent::Yes, minute, minute, minute),
            (KisError::Throttled(answer("EGW00201")), Sent::Yes, Repeat, Repeat, Repeat),
            (KisError::Throttled(answer(LEDGER_IS_BUSY)), Sent::Yes, Repeat, Repeat, Unknown),
            (KisError::Transient(answer("EGW00301")), Sent::Yes, Repeat, Unknown, Unknown),
            (KisError::Transient(answer("")), Sent::Yes, Repeat, Unknown, Unknown),
            (KisError::Changed(answer("SYDB0050")), Sent::Yes, second, second, second),
            (KisError::Rejected(answer("APBK0919")), Sent::Yes, GiveUp, GiveUp, GiveUp),
            (malformed, Sent::Yes, GiveUp, Unknown, Unknown),
            (foreign(200), Sent::Maybe, Repeat, Unknown, Unknown),
            (foreign(302), Sent::Maybe, GiveUp, GiveUp, Unknown),
            (foreign(404), Sent::Maybe, GiveUp, GiveUp, Unknown),
            (foreign(502), Sent::Maybe, Repeat, Unknown, Unknown),
            (foreign(NOT_PASSED_ON), Sent::No, Repeat, Repeat, Unknown),
            (unreachable(true), Sent::Maybe, Repeat, Unknown, Unknown),
            (unreachable(false), Sent::No, Repeat, Repeat, Repeat),
            (no_slot, Sent::No, second, second, second),
        ];
        for (failure, sent, read, issue, trade) in table {
            assert_eq!(failure.sent(), sent, "{failure}");
            let judged = [Effect::Read, Effect::Issue, Effect::Trade].map(|effect| after(effect, &failure));
            assert_eq!(judged, [read, issue, trade], "{failure}");
        }
    }
}
