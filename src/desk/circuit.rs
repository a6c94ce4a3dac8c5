//! Keeps callers from waiting for a KIS that has just failed them: a circuit breaker, as a pure function of the time.
//!
//! Closed, every call goes through. A fetch that fails by a fault that passes (no answer, a gateway's page, a transient fault,
//! too many calls, no token yet) opens it: callers are told the fault at once, and the desk probes KIS in the background until
//! it answers. An outage that nobody asks about is not probed: the circuit closes, and the next caller finds out. What the lack
//! of a token has opened, a token closes.

use std::time::Duration;

use tracing::{info, warn};

use super::ReadError;
use crate::{
    backoff::Backoff,
    clock::Instant,
    kis::{After, Effect, after},
    token::{CallError, TokenError},
};

/// Pauses from the start of one probe to that of the next: the end of an outage is noticed within five seconds. A probe that
/// meets silence takes longer, and asks again by itself meanwhile.
const PROBES: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(4));

/// Probes go on for so long after somebody has last asked.
const PROBED_FOR: Duration = Duration::from_secs(600);

/// The least wait that is advised.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// The state of the circuit.
#[derive(Debug, Default)]
pub(super) struct Circuit(Option<Open>);

#[derive(Debug)]
struct Open {
    /// What the last fetch met.
    fault: CallError,
    failures: u32,
    probe_at: Instant,
    asked_at: Instant,
}

impl Circuit {
    /// What to tell a caller without asking KIS; `None`: the circuit is closed.
    pub(super) fn refusal(&mut self, now: Instant) -> Option<(CallError, Duration)> {
        let open = self.0.as_mut()?;
        open.asked_at = now;
        Some((open.fault.clone(), open.probe_at.since(now).max(LEAST_WAIT)))
    }

    /// When to probe next; `None`: the circuit is closed.
    pub(super) fn probe_at(&self) -> Option<Instant> {
        self.0.as_ref().map(|open| open.probe_at)
    }

    /// Whether to probe now that it is time. If that is not wanted, or nobody cares any more, the circuit closes instead.
    pub(super) fn is_probed(&mut self, is_wanted: bool, now: Instant) -> bool {
        let cared_for = is_wanted && self.0.as_ref().is_some_and(|open| now.since(open.asked_at) < PROBED_FOR);
        if !cared_for {
            self.0 = None;
        }
        cared_for
    }

    /// Whether it was opened for want of a token.
    pub(super) fn lacks_token(&self) -> bool {
        self.0.as_ref().is_some_and(|open| matches!(open.fault, CallError::Token(_)))
    }

    /// There is a token.
    pub(super) fn token_is_back(&mut self) {
        if self.lacks_token() {
            self.0 = None;
        }
    }

    /// KIS has answered.
    pub(super) fn answered(&mut self) {
        if self.0.take().is_some() {
            info!("KIS answers again");
        }
    }

    /// Takes the end of a fetch into account: `fault`, if it ended by one that passes. The pause to the next probe is counted
    /// from `since`.
    pub(super) fn note(&mut self, fault: Option<&CallError>, since: Instant, now: Instant) {
        let pause = |failures| since.saturating_add(PROBES.delay(failures)).max(now);
        match (&mut self.0, fault) {
            (_, None) => self.answered(),
            (None, Some(fault)) => {
                warn!("KIS cannot be asked: {fault}; callers are told so at once until it answers a probe");
                self.0 = Some(Open { fault: fault.clone(), failures: 1, probe_at: pause(1), asked_at: now });
            }
            (Some(open), Some(fault)) => {
                open.fault = fault.clone();
                open.failures = open.failures.saturating_add(1);
                open.probe_at = pause(open.failures);
            }
        }
    }
}

/// The fault, if the others' fetches would end by it too, and only after a wait.
pub(super) fn passes<F>(error: &ReadError<F>, call_timeout: Duration) -> Option<&CallError> {
    let ReadError::Call(fault) = error else { return None };
    let passes = match fault {
        CallError::Kis(error) => after(Effect::Read, error) == After::Repeat,
        // A longer wait is known in advance, and told at once without a circuit.
        CallError::Token(TokenError::Unavailable { retry_after, .. }) => *retry_after < call_timeout,
        CallError::Token(_) => false,
    };
    passes.then_some(fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kis::KisError;

    fn fault() -> CallError {
        KisError::Unreachable { tr_id: "TTTC8434R", reason: "Connection refused".to_owned(), sent: false }.into()
    }

    #[test]
    fn it_opens_by_a_fault_and_closes_by_an_answer() {
        let (mut circuit, now) = (Circuit::default(), Instant::at(Duration::from_secs(100)));
        assert_eq!(circuit.refusal(now), None);
        circuit.note(Some(&fault()), now, now);
        let (told, wait) = circuit.refusal(now).unwrap();
        assert_eq!(told, fault());
        assert!(wait >= LEAST_WAIT && wait <= Duration::from_secs(4), "{wait:?}");
        circuit.note(None, now, now);
        assert_eq!(circuit.refusal(now), None);
    }

    #[test]
    fn probes_go_on_as_long_as_somebody_asks_and_ten_minutes_more() {
        let (mut circuit, mut now) = (Circuit::default(), Instant::ZERO);
        circuit.note(Some(&fault()), now, now);
        for _ in 0..1000 {
            let next = circuit.probe_at().unwrap();
            assert!(next > now && next.since(now) <= Duration::from_secs(4));
            now = next;
            circuit.refusal(now);
            assert!(circuit.is_probed(true, now));
            circuit.note(Some(&fault()), now, now);
        }
        let silent_since = now;
        while circuit.is_probed(true, now) {
            circuit.note(Some(&fault()), now, now);
            now = circuit.probe_at().unwrap();
        }
        assert!(now.since(silent_since) >= PROBED_FOR && now.since(silent_since) < PROBED_FOR + Duration::from_secs(5));
        assert_eq!(circuit.refusal(now), None, "the next caller finds out");
    }

    #[test]
    fn one_that_is_not_to_be_probed_closes_when_it_would_be_and_the_next_caller_finds_out() {
        let (mut circuit, now) = (Circuit::default(), Instant::ZERO);
        circuit.note(Some(&fault()), now, now);
        let then = circuit.probe_at().unwrap();
        assert!(circuit.refusal(now).is_some() && !circuit.is_probed(false, then));
        assert_eq!(circuit.refusal(then), None);
    }

    #[test]
    fn a_probe_that_took_long_is_followed_by_the_next_at_once() {
        let (mut circuit, began) = (Circuit::default(), Instant::at(Duration::from_secs(100)));
        let now = began.saturating_add(Duration::from_secs(30));
        circuit.note(Some(&fault()), began, now);
        assert_eq!(circuit.probe_at(), Some(now));
    }

    #[test]
    fn a_token_closes_what_its_lack_has_opened_and_nothing_else() {
        let (mut circuit, now) = (Circuit::default(), Instant::at(Duration::from_secs(100)));
        circuit.note(Some(&fault()), now, now);
        circuit.token_is_back();
        assert!(circuit.refusal(now).is_some());
        let lack = TokenError::Unavailable { reason: String::new(), retry_after: Duration::from_secs(2) };
        circuit.note(Some(&lack.into()), now, now);
        assert!(circuit.lacks_token());
        circuit.token_is_back();
        assert_eq!(circuit.refusal(now), None);
    }

    #[test]
    fn only_faults_that_pass_open_it() {
        let timeout = Duration::from_secs(30);
        let passes = |fault: CallError| super::passes::<()>(&fault.into(), timeout).is_some();
        let unavailable = |seconds| {
            let retry_after = Duration::from_secs(seconds);
            CallError::Token(TokenError::Unavailable { reason: String::new(), retry_after })
        };
        assert!(passes(fault()) && passes(unavailable(2)));
        let malformed = KisError::Malformed { tr_id: "TTTC8434R", field: "output1".to_owned(), problem: String::new() };
        assert!(!passes(malformed.into()) && !passes(unavailable(50)));
        assert!(super::passes(&ReadError::Fault(()), timeout).is_none());
    }
}
