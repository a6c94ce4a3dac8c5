//! Calls a second, counted strictly: in any sliding second, by arrival, token calls included.

use std::{collections::VecDeque, time::Duration};

use crate::clock::Instant;

const WINDOW: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Limits {
    arrivals: VecDeque<Instant>,
}

impl Limits {
    /// Counts a call, unless it is one too many.
    pub(super) fn allow(&mut self, now: Instant, calls_per_second: usize) -> bool {
        while self.arrivals.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            self.arrivals.pop_front();
        }
        let allowed = self.arrivals.len() < calls_per_second;
        if allowed {
            self.arrivals.push_back(now);
        }
        allowed
    }
}
