//! A rate of calls: so many in a window of time that slides.

use std::{cmp::Ordering, fmt, time::Duration};

/// KIS's window.
pub(super) const WINDOW: Duration = Duration::from_secs(1);

/// Windows for one call that are longer than KIS's, from the quickest rate below one a second to the slowest there is.
const LONGER_MS: [u64; 5] = [1_100, 1_250, 1_500, 1_750, 2_000];

/// A rate: from one call in two seconds to any number in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    calls: u32,
    window: Duration,
}

impl Rate {
    /// More than any key allows.
    pub(super) const MOST: Self = Self::per_second(u32::MAX);

    /// So many calls a second, at least one.
    pub const fn per_second(calls: u32) -> Self {
        Self { calls: if calls == 0 { 1 } else { calls }, window: WINDOW }
    }

    /// So many calls in this window, if there is such a rate.
    pub(super) fn of(calls: u32, window_ms: u64) -> Option<Self> {
        let is_longer = calls == 1 && LONGER_MS.contains(&window_ms);
        let is_a_second = calls > 0 && window_ms == 1_000;
        (is_longer || is_a_second).then(|| Self { calls, window: Duration::from_millis(window_ms) })
    }

    /// Calls that may be made within the window; at least one.
    pub fn calls(self) -> u32 {
        self.calls
    }

    /// The window, of one second or more.
    pub fn window(self) -> Duration {
        self.window
    }

    /// The window in milliseconds.
    pub fn window_ms(self) -> u64 {
        // At most two seconds.
        u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX)
    }

    /// Calls a second, for metrics.
    pub fn calls_per_second(self) -> f64 {
        Duration::from_secs(u64::from(self.calls)).div_duration_f64(self.window)
    }

    /// Time that a call counts beyond KIS's window.
    pub(super) fn extra(self) -> Duration {
        self.window.saturating_sub(WINDOW)
    }

    /// By so many calls a second more; below one call a second, by one step.
    pub(super) fn quicker(self, calls: u32) -> Self {
        if self.window == WINDOW {
            return Self::per_second(self.calls.saturating_add(calls));
        }
        let shorter = LONGER_MS.iter().rev().map(|ms| Duration::from_millis(*ms)).find(|window| *window < self.window);
        Self { calls: 1, window: shorter.unwrap_or(WINDOW) }
    }

    /// The next rate below one call a second.
    pub(super) fn slower(self) -> Self {
        let longer = LONGER_MS.iter().map(|ms| Duration::from_millis(*ms)).find(|window| *window > self.window);
        Self { calls: 1, window: longer.unwrap_or(self.window) }
    }
}

/// By the calls that they let through.
impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        // Only rates of one call have a longer window.
        self.calls.cmp(&other.calls).then(other.window.cmp(&self.window))
    }
}

/// Exact, also below one call a second: "18 calls a second", "1 call in 1s 100ms".
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.calls == 1 { "call" } else { "calls" };
        match self.window {
            WINDOW => write!(f, "{} {calls} a second", self.calls),
            window => write!(f, "{} {calls} in {}", self.calls, humantime::format_duration(window)),
        }
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_go_down_to_one_call_in_two_seconds_and_up_again_step_by_step() {
        let mut rate = Rate::per_second(1);
        let mut down = vec![rate];
        for _ in 0..LONGER_MS.len() {
            rate = rate.slower();
            assert!(rate < down[down.len() - 1], "{rate:?}");
            down.push(rate);
        }
        assert_eq!((rate.slower(), rate.window()), (rate, Duration::from_secs(2)));
        for above in down.iter().rev().skip(1) {
            rate = rate.quicker(7);
            assert_eq!(rate, *above);
        }
        assert_eq!(rate.quicker(7), Rate::per_second(8));
    }

    #[test]
    fn a_rate_is_told_exactly_below_one_call_a_second_too() {
        let mut told = vec![Rate::per_second(18).to_string(), Rate::per_second(1).to_string()];
        let slower = std::iter::successors(Some(Rate::per_second(1)), |rate| Some(rate.slower()));
        told.extend(slower.skip(1).take(LONGER_MS.len()).map(|rate| rate.to_string()));
        let below = ["1s 100ms", "1s 250ms", "1s 500ms", "1s 750ms", "2s"].map(|window| format!("1 call in {window}"));
        assert_eq!(told[..2], ["18 calls a second", "1 call a second"]);
        assert_eq!(told[2..], below);
    }

    #[test]
    fn what_is_no_rate_is_not_made_one() {
        assert_eq!(Rate::of(3, 1_000), Some(Rate::per_second(3)));
        assert_eq!(Rate::of(1, 2_000).map(Rate::extra), Some(WINDOW));
        for (calls, window_ms) in [(0, 1_000), (2, 2_000), (1, 900), (1, 60_000)] {
            assert_eq!(Rate::of(calls, window_ms), None, "{calls} in {window_ms}");
        }
    }
}
