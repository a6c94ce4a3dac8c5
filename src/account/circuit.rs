//! Keeps callers from waiting for a KIS that has just failed them: a circuit breaker, as a pure function of the time.
//!
//! Closed, every call goes through. A gathering that fails by a fault that passes (no answer, a gateway's page, a passing fault,
//! too many calls, no token yet) opens it: callers are told the fault at once, and the desk probes KIS in the background until
//! it answers. An outage that nobody asks about is not probed: the circuit closes, and the next caller finds out.

use std::time::Duration;

use tracing::{info, warn};

use crate::{
    backoff::Backoff,
    clock::Instant,
    token::{CallError, TokenError},
};

/// Pauses between probes: with the time that a probe takes, the end of an outage is noticed within five seconds.
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
    /// What the last gathering met.
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
        Some((open.fault.clone(), open.probe_at.saturating_sub(now).max(LEAST_WAIT)))
    }

    /// When to probe next; `None`: the circuit is closed.
    pub(super) fn probe_at(&self) -> Option<Instant> {
        self.0.as_ref().map(|open| open.probe_at)
    }

    /// Whether to probe now that it is time. If nobody cares any more, the circuit closes instead.
    pub(super) fn is_probed(&mut self, now: Instant) -> bool {
        let cared_for = self.0.as_ref().is_some_and(|open| now.saturating_sub(open.asked_at) < PROBED_FOR);
        if !cared_for {
            self.0 = None;
        }
        cared_for
    }

    /// Takes the end of a gathering into account: `fault`, if it ended by one that passes.
    pub(super) fn note(&mut self, fault: Option<&CallError>, now: Instant) {
        match (&mut self.0, fault) {
            (None, None) => {}
            (Some(_), None) => {
                info!("KIS answers again");
                self.0 = None;
            }
            (None, Some(fault)) => {
                warn!("KIS cannot be asked: {fault}; callers are told so at once until it answers a probe");
                let probe_at = now.saturating_add(PROBES.delay(1));
                self.0 = Some(Open { fault: fault.clone(), failures: 1, probe_at, asked_at: now });
            }
            (Some(open), Some(fault)) => {
                open.fault = fault.clone();
                open.failures = open.failures.saturating_add(1);
                open.probe_at = now.saturating_add(PROBES.delay(open.failures));
            }
        }
    }
}

/// Whether a gathering that ended so says that others would end so too, and only after a wait.
pub(super) fn passes(error: &CallError, call_timeout: Duration) -> bool {
    match error {
        CallError::Kis(error) => error.read_may_be_repeated(),
        // A longer wait is known in advance, and told at once without a circuit.
        CallError::Token(TokenError::Unavailable { retry_after, .. }) => *retry_after < call_timeout,
        CallError::Token(_) => false,
    }
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
        let (mut circuit, now) = (Circuit::default(), Duration::from_secs(100));
        assert_eq!(circuit.refusal(now), None);
        circuit.note(Some(&fault()), now);
        let (told, wait) = circuit.refusal(now).unwrap();
        assert_eq!(told, fault());
        assert!(wait >= LEAST_WAIT && wait <= Duration::from_secs(4), "{wait:?}");
        circuit.note(None, now);
        assert_eq!(circuit.refusal(now), None);
    }

    #[test]
    fn probes_go_on_as_long_as_somebody_asks_and_ten_minutes_more() {
        let (mut circuit, mut now) = (Circuit::default(), Duration::ZERO);
        circuit.note(Some(&fault()), now);
        for _ in 0..1000 {
            let next = circuit.probe_at().unwrap();
            assert!(next > now && next <= now + Duration::from_secs(4));
            now = next;
            circuit.refusal(now);
            assert!(circuit.is_probed(now));
            circuit.note(Some(&fault()), now);
        }
        let silent_since = now;
        while circuit.is_probed(now) {
            circuit.note(Some(&fault()), now);
            now = circuit.probe_at().unwrap();
        }
        assert!(now - silent_since >= PROBED_FOR && now - silent_since < PROBED_FOR + Duration::from_secs(5));
        assert_eq!(circuit.refusal(now), None, "the next caller finds out");
    }

    #[test]
    fn only_faults_that_pass_open_it() {
        let timeout = Duration::from_secs(30);
        let unavailable = |seconds| {
            let retry_after = Duration::from_secs(seconds);
            CallError::Token(TokenError::Unavailable { reason: String::new(), retry_after })
        };
        assert!(passes(&fault(), timeout) && passes(&unavailable(2), timeout));
        let malformed = KisError::Malformed { tr_id: "TTTC8434R", field: "output1".to_owned(), problem: String::new() };
        assert!(!passes(&malformed.into(), timeout) && !passes(&unavailable(50), timeout));
    }
}
