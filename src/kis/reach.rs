//! Whether KIS can be reached at all with an app key: what one call has met spares every other one the same wait.
//!
//! A circuit breaker over all operations of the key, as a pure function of the time. Each desk has one of its own for what happens to
//! its one question; this one opens only by what no single operation can be the reason of:
//!
//! - connections to KIS fail again and again, or
//! - calls of several operations end without an answer of KIS (silence, a cut connection, a gateway's page), and none with one.
//!
//! Open, callers are told so at once, and one at a time is let through to find out. Any answer of KIS closes it. An operation that
//! failed while KIS has answered others is in trouble itself, and says nothing of KIS until it has been answered again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tracing::{info, warn};

use super::error::{A_PAGE, KisError};
use crate::{backoff::Backoff, clock::Instant};

/// Calls that must fail, none answered among them: the tries of one read.
const FAILURES: u32 = 3;

/// Operations that they must be of, unless no connection was made.
const OPERATIONS: usize = 2;

/// Failures further apart have nothing to do with each other.
const TOGETHER: Duration = Duration::from_secs(60);

/// Pauses from one caller that is let through to the next.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(4));

/// The least wait that is advised.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// Operations in trouble that are remembered.
const IN_TROUBLE: usize = 64;

/// What is known of the way to KIS.
#[derive(Debug, Default)]
pub struct Reach(Mutex<State>);

/// Whether a caller may ask KIS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pass {
    /// Nothing is known against it.
    Free,
    /// KIS could not be reached, and this caller finds out whether it can be again.
    Probe,
    /// KIS cannot be reached.
    No {
        /// What the last call met.
        last: KisError,
        /// When another caller will have been let through.
        retry_after: Duration,
    },
}

#[derive(Debug, Default)]
struct State {
    /// Calls that failed since KIS has answered one,
    failures: u32,
    /// those of them for which no connection was made,
    unconnected: u32,
    /// and the operations that the others were of.
    operations: Vec<&'static str>,
    failed_at: Instant,
    /// Operations that failed while others were answered.
    in_trouble: Vec<&'static str>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    last: KisError,
    /// Callers that were let through.
    probes: u32,
    next_at: Instant,
}

impl Reach {
    /// Whether a caller may ask KIS now.
    pub(crate) fn pass(&self, now: Instant) -> Pass {
        let mut state = self.state();
        let Some(open) = &mut state.open else { return Pass::Free };
        if now < open.next_at {
            let retry_after = open.next_at.since(now).max(LEAST_WAIT);
            return Pass::No { last: open.last.clone(), retry_after };
        }
        // Others that fail do not put it off: theirs may fail for a reason of their own.
        open.probes = open.probes.saturating_add(1);
        open.next_at = now.saturating_add(PAUSES.delay(open.probes));
        Pass::Probe
    }

    /// KIS has answered a call of an operation, whatever it said.
    pub(super) fn answered(&self, tr_id: &'static str) {
        let mut state = self.state();
        let State { failures, unconnected, operations, in_trouble, open, .. } = &mut *state;
        if open.take().is_some() {
            info!("KIS can be reached again");
        }
        (*failures, *unconnected) = (0, 0);
        in_trouble.append(operations);
        in_trouble.retain(|known| *known != tr_id);
        let surplus = in_trouble.len().saturating_sub(IN_TROUBLE);
        in_trouble.drain(..surplus);
    }

    /// A call of an operation has ended without an answer of KIS.
    pub(super) fn failed(&self, tr_id: &'static str, error: &KisError, now: Instant) {
        let is_connected = match error {
            KisError::Unreachable { sent, .. } => *sent,
            // A page of maintenance, or of a gateway that finds nobody behind it. Another page is about what was asked.
            KisError::Foreign { http_status, what, .. } => {
                if !(*http_status >= 500 || *what == A_PAGE && (200..300).contains(http_status)) {
                    return;
                }
                true
            }
            _ => return,
        };
        let mut state = self.state();
        if is_connected && state.in_trouble.contains(&tr_id) {
            return;
        }
        if now.since(state.failed_at) > TOGETHER {
            (state.failures, state.unconnected) = (0, 0);
            state.operations.clear();
        }
        state.failed_at = now;
        state.failures = state.failures.saturating_add(1);
        if !is_connected {
            state.unconnected = state.unconnected.saturating_add(1);
        } else if !state.operations.contains(&tr_id) {
            state.operations.push(tr_id);
        }
        let is_cut_off =
            state.unconnected >= FAILURES || state.failures >= FAILURES && state.operations.len() >= OPERATIONS;
        match &mut state.open {
            Some(open) => open.last = error.clone(),
            None if is_cut_off => {
                warn!("KIS cannot be reached: {error}; callers are told so at once until it answers one of them");
                let next_at = now.saturating_add(PAUSES.delay(1));
                state.open = Some(Open { last: error.clone(), probes: 1, next_at });
            }
            None => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere while it was held has broken nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::at(Duration::from_secs(100));

    fn unreachable(tr_id: &'static str, sent: bool) -> KisError {
        KisError::Unreachable { tr_id, reason: "timed out".to_owned(), sent }
    }

    fn page(http_status: u16) -> KisError {
        KisError::Foreign { tr_id: "A", http_status, what: A_PAGE }
    }

    /// So many calls of operations, one a second, that end without an answer.
    fn fail(reach: &Reach, tr_ids: &[&'static str], from: Instant) -> Instant {
        tr_ids.iter().fold(from, |now, tr_id| {
            reach.failed(tr_id, &unreachable(tr_id, true), now);
            now.saturating_add(Duration::from_secs(1))
        })
    }

    fn is_free(reach: &Reach, now: Instant) -> bool {
        reach.pass(now) == Pass::Free
    }

    #[test]
    fn silence_to_several_operations_closes_the_way_for_all_and_one_answer_opens_it() {
        let reach = Reach::default();
        let now = fail(&reach, &["A", "A"], START);
        assert!(is_free(&reach, now));
        reach.failed("B", &unreachable("B", true), now);
        let Pass::No { last, retry_after } = reach.pass(now) else { panic!("it is open") };
        assert_eq!(last, unreachable("B", true));
        assert!((LEAST_WAIT..=Duration::from_secs(4)).contains(&retry_after), "{retry_after:?}");
        reach.answered("C");
        assert!(is_free(&reach, now));
    }

    #[test]
    fn connections_that_fail_need_no_second_operation() {
        let reach = Reach::default();
        for _ in 0..FAILURES {
            assert!(is_free(&reach, START));
            reach.failed("A", &unreachable("A", false), START);
        }
        assert!(!is_free(&reach, START));
    }

    #[test]
    fn one_operation_that_always_fails_never_closes_the_way_for_others() {
        let reach = Reach::default();
        let mut now = START;
        for _ in 0..100 {
            now = fail(&reach, &["A", "A", "A"], now);
            assert!(is_free(&reach, now));
        }
        // Nor with a second one, once KIS is known to answer others meanwhile.
        reach.answered("B");
        for _ in 0..100 {
            now = fail(&reach, &["A", "C", "A", "A"], now);
            assert!(is_free(&reach, now));
        }
        // Until it has been answered.
        reach.answered("A");
        fail(&reach, &["A", "C", "D", "D"], now);
        assert!(!is_free(&reach, now));
    }

    #[test]
    fn what_kis_or_a_page_says_of_one_request_is_no_silence() {
        let reach = Reach::default();
        let malformed = KisError::Malformed { tr_id: "A", field: String::new(), problem: String::new() };
        for error in [page(404), page(302), malformed] {
            for tr_id in ["A", "B", "C", "D"] {
                reach.failed(tr_id, &error, START);
            }
        }
        assert!(is_free(&reach, START));
        for tr_id in ["A", "B", "C"] {
            reach.failed(tr_id, &page(502), START);
        }
        assert!(!is_free(&reach, START));
    }

    #[test]
    fn failures_that_are_far_apart_are_not_put_together() {
        let reach = Reach::default();
        let now = fail(&reach, &["A", "A"], START).saturating_add(TOGETHER);
        fail(&reach, &["B"], now);
        assert!(is_free(&reach, now));
    }

    #[test]
    fn one_caller_at_a_time_is_let_through_every_four_seconds_at_least_whatever_others_meet() {
        let reach = Reach::default();
        let mut now = fail(&reach, &["A", "B", "A"], START);
        let (mut let_through, mut last_at) = (0, now);
        for _ in 0..1_000 {
            now = now.saturating_add(Duration::from_millis(100));
            reach.failed("A", &unreachable("A", true), now);
            match reach.pass(now) {
                Pass::Free => panic!("nothing has been answered"),
                Pass::No { .. } => {}
                Pass::Probe => {
                    assert!(now.since(last_at) <= Duration::from_millis(4_100), "{:?}", now.since(last_at));
                    assert!(matches!(reach.pass(now), Pass::No { .. }), "and no second one");
                    (let_through, last_at) = (let_through + 1, now);
                }
            }
        }
        assert!((25..500).contains(&let_through), "{let_through} in a hundred seconds");
    }
}
