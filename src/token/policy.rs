//! When to ask KIS for a token: pure functions of the time and of what is held. Their tests are the specification.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::{self, Instant};

/// A token is renewed at least this long before it ends, whatever the configuration says.
pub const LEAST_MARGIN: Duration = Duration::from_secs(60);

/// Within this time of an issuance KIS hands out the same token again, even when that token is dead.
pub const SAME_TOKEN: Duration = Duration::from_secs(6 * 3600);

/// Once that time is over and KIS still hands out a dead token, the pause between two tries.
const DEAD_TOKEN_PAUSE: Duration = Duration::from_secs(600);

/// Longest sleep without a look at the wall clock, which may have been stepped or have run on while the machine slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What keeps kisd from asking although it would like to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The minute between issuances, or a pause after a failure.
    Until(Instant),
    /// KIS hands out a dead token until this instant: too long to count on a clock that stops during suspend.
    UntilWall(DateTime<Utc>),
    /// The credentials are wrong.
    Rejected,
}

impl Hold {
    /// How much longer it holds; `None` if without end.
    pub fn remaining(&self, now: DateTime<Utc>, monotonic: Instant) -> Option<Duration> {
        match self {
            Self::Until(at) => Some(at.saturating_sub(monotonic)),
            Self::UntilWall(at) => Some(clock::until(now, *at)),
            Self::Rejected => None,
        }
    }
}

/// The next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Ask for a token.
    Now,
    /// Look again after this long.
    In(Duration),
    /// Nothing, until somebody says something.
    Never,
}

/// When to renew a token that was issued and ends at the given instants.
pub fn refresh_at(issued_at: DateTime<Utc>, expires_at: DateTime<Utc>, refresh_before: Duration) -> DateTime<Utc> {
    let life = clock::until(issued_at, expires_at);
    let margin = refresh_before.max(LEAST_MARGIN);
    let margin = if life <= margin { life / 2 } else { margin };
    expires_at.checked_sub_signed(clock::delta(margin)).unwrap_or(expires_at)
}

/// What to do now, with a token that is due at `due` (`None`: there is none) and perhaps something in the way.
pub fn next_wake(now: DateTime<Utc>, monotonic: Instant, due: Option<DateTime<Utc>>, hold: Option<Hold>) -> Wake {
    let not_due_for = due.map_or(Duration::ZERO, |due| clock::until(now, due));
    let held_for = match hold {
        None => Duration::ZERO,
        Some(hold) => match hold.remaining(now, monotonic) {
            Some(remaining) => remaining,
            None => return Wake::Never,
        },
    };
    match not_due_for.max(held_for) {
        Duration::ZERO => Wake::Now,
        wait => Wake::In(wait.min(LONGEST_SLEEP)),
    }
}

/// Until when to leave KIS alone after it has handed out a dead token that was first issued at `issued_at` and ends at `expires_at`.
pub fn dead_token_hold(now: DateTime<Utc>, issued_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Hold {
    // An instant from the future is no reason to wait for longer than from now.
    let six_hours = clock::after(issued_at.min(now), SAME_TOKEN);
    Hold::UntilWall(six_hours.min(expires_at).max(clock::after(now, DEAD_TOKEN_PAUSE)))
}

/// A token that KIS refuses when it is younger than this has never been of use.
pub const PROVEN_AFTER: Duration = Duration::from_secs(600);

/// The least time to the next issuance after `in_vain` issuances in a row whose tokens were of no use. Each of them has sent
/// the account's owner a message, so the interval doubles, up to ten minutes.
pub fn interval(issue_interval: Duration, in_vain: u32) -> Duration {
    let longest = issue_interval.max(Duration::from_secs(600));
    let factor = 1_u32.checked_shl(in_vain.saturating_sub(1)).unwrap_or(u32::MAX);
    issue_interval.saturating_mul(factor).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);

    fn t(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_token_is_renewed_the_margin_before_it_ends_but_never_within_its_last_minute() {
        for (life, refresh_before, expected) in [
            (24 * HOUR, 10 * MINUTE, 24 * HOUR - 10 * MINUTE),
            (24 * HOUR, Duration::from_secs(5), 24 * HOUR - MINUTE),
            (24 * HOUR, Duration::ZERO, 24 * HOUR - MINUTE),
            (8 * MINUTE, 10 * MINUTE, 4 * MINUTE),
            (MINUTE, 10 * MINUTE, MINUTE / 2),
            (Duration::ZERO, 10 * MINUTE, Duration::ZERO),
        ] {
            let due = refresh_at(t(0), clock::after(t(0), life), refresh_before);
            assert_eq!(due, clock::after(t(0), expected), "life {life:?}, margin {refresh_before:?}");
        }
    }

    #[test]
    fn an_expiry_before_the_issuance_is_due_at_once() {
        assert_eq!(refresh_at(t(100), t(0), 10 * MINUTE), t(0));
    }

    #[test]
    fn without_a_token_and_with_nothing_in_the_way_kis_is_asked_now() {
        assert_eq!(next_wake(t(0), Duration::ZERO, None, None), Wake::Now);
    }

    #[test]
    fn a_token_that_is_not_due_is_looked_at_again_within_a_minute() {
        assert_eq!(next_wake(t(0), Duration::ZERO, Some(t(30)), None), Wake::In(Duration::from_secs(30)));
        assert_eq!(next_wake(t(0), Duration::ZERO, Some(t(86_400)), None), Wake::In(MINUTE));
    }

    #[test]
    fn a_token_that_became_due_while_the_machine_slept_is_renewed_at_once() {
        assert_eq!(next_wake(t(86_400), Duration::from_secs(1), Some(t(30)), None), Wake::Now);
    }

    #[test]
    fn a_step_of_the_wall_clock_does_not_shorten_the_minute_between_issuances() {
        let hold = Some(Hold::Until(Duration::from_secs(60)));
        assert_eq!(next_wake(t(86_400), Duration::from_secs(10), None, hold), Wake::In(Duration::from_secs(50)));
        assert_eq!(next_wake(t(86_400), Duration::from_secs(60), None, hold), Wake::Now);
    }

    #[test]
    fn issuances_in_vain_come_less_and_less_often() {
        let minutes: Vec<u64> = [0, 1, 2, 3, 4, 5, 40].iter().map(|n| interval(MINUTE, *n).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn refused_credentials_are_not_tried_again() {
        assert_eq!(next_wake(t(0), Duration::ZERO, None, Some(Hold::Rejected)), Wake::Never);
    }

    #[test]
    fn a_dead_token_is_waited_out_until_six_hours_after_its_issuance_and_then_every_ten_minutes() {
        assert_eq!(dead_token_hold(t(3600), t(0), t(86_400)), Hold::UntilWall(t(6 * 3600)));
        assert_eq!(dead_token_hold(t(7 * 3600), t(0), t(86_400)), Hold::UntilWall(t(7 * 3600 + 600)));
        assert_eq!(dead_token_hold(t(3600), t(0), t(7200)), Hold::UntilWall(t(7200)), "it ends before");
        assert_eq!(dead_token_hold(t(0), t(9000), t(86_400)), Hold::UntilWall(t(6 * 3600)), "issued in the future");
        let hold = Hold::UntilWall(t(6 * 3600));
        assert_eq!(hold.remaining(t(0) + TimeDelta::hours(2), Duration::ZERO), Some(4 * HOUR));
    }
}
