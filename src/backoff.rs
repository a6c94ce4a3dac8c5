//! How long to wait before the next try: exponential growth under a ceiling, with full jitter.
//!
//! Full jitter, because every kisd on a network meets the same outage at the same moment and must not come back in step.

use std::time::Duration;

/// Delays between tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
}

impl Backoff {
    /// Delays that start below `min` and never pass `max`; `min` above `max` counts as `max`.
    pub const fn new(min: Duration, max: Duration) -> Self {
        Self { min, max }
    }

    /// The longest that the delay after `failures` failures can be.
    pub fn ceiling(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.min.saturating_mul(factor).min(self.max)
    }

    /// The delay after `failures` failures: anything from a tenth of the ceiling (never a spin) to the ceiling.
    pub fn delay(&self, failures: u32) -> Duration {
        let ceiling = u64::try_from(self.ceiling(failures).as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(fastrand::u64(ceiling / 10..=ceiling))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_and_stops() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let ceilings: Vec<u64> = [1, 2, 3, 4, 40].iter().map(|n| backoff.ceiling(*n).as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 5, 5]);
    }

    #[test]
    fn a_delay_is_never_a_spin_and_never_above_the_ceiling() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        for _ in 0..1000 {
            let delay = backoff.delay(3);
            assert!(delay >= Duration::from_millis(400) && delay <= Duration::from_secs(4), "{delay:?}");
        }
    }
}
