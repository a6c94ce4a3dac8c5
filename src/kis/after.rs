//! What may be done after a call that failed: decided by what the call does and by what is known of the failure, here alone.

use std::time::Duration;

use kis_catalog::Effect;

use super::{KisError, error::A_PAGE};

/// Pause to suggest when KIS counts too many calls or has a passing fault.
pub const SHORTLY: Duration = Duration::from_secs(1);

/// HTTP status by which a gateway says that it has not passed the request on. Enough for an issuance, which can cost a minute; a
/// trade does not trust it, since a proxy may say so after it has passed the request on and lost the answer.
const NOT_PASSED_ON: u16 = 503;

/// KIS's ledger counts too many calls, over all customers: documented for reads, and for an order nobody knows.
pub(super) const LEDGER_IS_BUSY: &str = "EGW00215";

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
    /// It is worth asking for again after so long, in a new call: with another token, or from the first page.
    RepeatAfter(Duration),
    /// It is worth asking for again when KIS issues the next token: so long after the last as is configured.
    NextIssuance,
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
        KisError::OutcomeUnknown(_) => After::Unknown,
        // A refusal of an issuance that is not known to pass.
        KisError::Rejected(_) if effect == Effect::Issue => After::NextIssuance,
        KisError::Throttled(_) | KisError::Transient(_) | KisError::Unreachable { .. } => After::Repeat,
        KisError::Foreign { http_status, .. } => match http_status {
            // A gateway in front of KIS speaks for KIS when it says 5xx, or shows a page of maintenance where an answer should
            // be; a page of 404 will not change.
            200..300 | 500.. => After::Repeat,
            _ => After::GiveUp,
        },
        KisError::TokenRefused(_) | KisError::Changed(_) => After::RepeatAfter(SHORTLY),
        KisError::IssuedTooSoon(_) => After::NextIssuance,
        KisError::NoSlot { retry_after, .. } => After::RepeatAfter(*retry_after),
        KisError::CredentialsRejected(_) | KisError::Rejected(_) | KisError::Malformed { .. } => After::GiveUp,
    }
}

/// Whether an issuance that failed so begins KIS's minute: it may have been made, or another one's minute is running. Any other
/// refusal has cost no issuance, and the minute still counts from the one before.
pub fn begins_minute(failure: &KisError) -> bool {
    after(Effect::Issue, failure) == After::Unknown || matches!(failure, KisError::IssuedTooSoon(_))
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
        KisError::Transient(_) | KisError::Malformed { .. } | KisError::OutcomeUnknown(_) => true,
        // Without a code it is no decision about what was asked.
        KisError::Rejected(answer) => effect == Effect::Trade && answer.msg_cd.is_empty(),
        KisError::Throttled(answer) => effect == Effect::Trade && answer.msg_cd == LEDGER_IS_BUSY,
        KisError::Foreign { http_status, .. } => {
            effect == Effect::Trade || failure.sent() == Sent::Maybe && !(300..500).contains(http_status)
        }
        failure => failure.sent() == Sent::Maybe,
    }
}

impl KisError {
    /// The same, of a call with this effect: where it may have taken effect, that is said instead of what went wrong, so that
    /// nobody above takes it for a call that may be made again.
    #[must_use]
    pub fn of(self, effect: Effect) -> Self {
        match after(effect, &self) {
            After::Unknown if effect == Effect::Trade => Self::OutcomeUnknown(Box::new(self)),
            _ => self,
        }
    }

    /// True if KIS failed the call and said nothing of why, as it does in outages and for some tokens that are dead.
    pub fn gives_no_reason(&self) -> bool {
        matches!(self, Self::Transient(answer) if answer.msg_cd.is_empty())
    }

    /// Whether a whole answer to a token call, and not a gateway's page, was of no use: another will hardly be better.
    pub fn is_nonsense(&self) -> bool {
        match self {
            Self::Malformed { .. } => true,
            Self::Foreign { http_status, what, .. } => (200..300).contains(http_status) && *what != A_PAGE,
            _ => false,
        }
    }

    /// Whether KIS has received the call.
    pub fn sent(&self) -> Sent {
        match self {
            Self::NoSlot { .. } | Self::Unreachable { sent: false, .. } => Sent::No,
            Self::Foreign { http_status: NOT_PASSED_ON, .. } => Sent::No,
            Self::Unreachable { sent: true, .. } | Self::Foreign { .. } => Sent::Maybe,
            Self::Malformed { .. } => Sent::Yes,
            Self::OutcomeUnknown(cause) => cause.sent(),
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
    use crate::kis::{Answer, error::A_PAGE, quota::Rate};

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
        use After::{GiveUp, NextIssuance, Repeat, RepeatAfter, Unknown};
        let second = RepeatAfter(SHORTLY);
        let malformed = KisError::Malformed { tr_id: "TR", field: String::new(), problem: String::new() };
        let no_slot = KisError::NoSlot { rate: Rate::per_second(1), retry_after: SHORTLY };
        let table = [
            // failure, received by KIS; then what after a read, an issuance, a trade
            (KisError::TokenRefused(answer("EGW00123")), Sent::Yes, second, second, second),
            (KisError::CredentialsRejected(answer("EGW00103")), Sent::Yes, GiveUp, GiveUp, GiveUp),
            (KisError::IssuedTooSoon(answer("EGW00133")), Sent::Yes, NextIssuance, NextIssuance, NextIssuance),
            (KisError::Throttled(answer("EGW00201")), Sent::Yes, Repeat, Repeat, Repeat),
            (KisError::Throttled(answer(LEDGER_IS_BUSY)), Sent::Yes, Repeat, Repeat, Unknown),
            (KisError::Transient(answer("EGW00301")), Sent::Yes, Repeat, Unknown, Unknown),
            (KisError::Transient(answer("")), Sent::Yes, Repeat, Unknown, Unknown),
            (KisError::Changed(answer("SYDB0050")), Sent::Yes, second, second, second),
            (KisError::Rejected(answer("APBK0919")), Sent::Yes, GiveUp, NextIssuance, GiveUp),
            (KisError::Rejected(answer("")), Sent::Yes, GiveUp, NextIssuance, Unknown),
            (KisError::OutcomeUnknown(Box::new(foreign(502))), Sent::Maybe, Unknown, Unknown, Unknown),
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
            let trade_failed = failure.of(Effect::Trade);
            assert_eq!(matches!(trade_failed, KisError::OutcomeUnknown(_)), trade == Unknown, "{trade_failed}");
        }
    }
}
