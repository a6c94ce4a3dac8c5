//! Calls a second, counted strictly: in any sliding second, by arrival, token calls included.

use std::{collections::VecDeque, time::Duration};

use super::http::Answer;
use crate::clock::Instant;

const WINDOW: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Limits {
    arrivals: VecDeque<Instant>,
}

impl Limits {
    /// Counts a call, unless it is one too many.
    pub(super) fn allow(&mut self, now: Instant, calls_per_second: usize) -> bool {
        while self.arrivals.front().is_some_and(|at| now.saturating_sub(*at) >= WINDOW) {
            self.arrivals.pop_front();
        }
        let allowed = self.arrivals.len() < calls_per_second;
        if allowed {
            self.arrivals.push_back(now);
        }
        allowed
    }
}

/// KIS's answer to a call too many.
pub(super) fn refusal(path: &str) -> Answer {
    let (code, message) = ("EGW00201", "초당 거래건수를 초과하였습니다.");
    if path.starts_with("/oauth2/") { Answer::oauth_error(code, message) } else { Answer::gateway_error(code, message) }
}
