//! When to ask KIS for a token: pure functions of the time and of what is held. Their tests are the specification.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock;

/// A token is renewed at least this long before it ends, whatever the configuration says.
pub const LEAST_MARGIN: Duration = Duration::from_secs(60);

/// Within this time of an issuance KIS hands out the same token again, even when that token is dead.
pub const SAME_TOKEN: Duration = Duration::from_secs(6 * 3600);

/// Once that time is over and KIS still hands out the same token, the pause between two tries.
const STILL_SAME_PAUSE: Duration = Duration::from_secs(600);

/// A token that KIS refuses when it is younger than this has never been of use.
pub const PROVEN_AFTER: Duration = Duration::from_secs(600);

/// A token with which every call fails without a reason is replaced after this many failures,
pub const UNEXPLAINED: u32 = 4;

/// over this time: KIS itself may be ill, and a token costs the owner a message.
pub const UNEXPLAINED_FOR: Duration = Duration::from_secs(180);

/// A token that has ended only by a clock that nobody has confirmed has this long to be used, before another is asked for.
pub const PROOF_WITHIN: Duration = Duration::from_secs(60);

/// When to renew a token that was issued and ends at the given instants.
pub fn refresh_at(issued_at: DateTime<Utc>, expires_at: DateTime<Utc>, refresh_before: Duration) -> DateTime<Utc> {
    let life = clock::until(issued_at, expires_at);
    let margin = refresh_before.max(LEAST_MARGIN);
    let margin = if life <= margin { life / 2 } else { margin };
    expires_at.checked_sub_signed(clock::delta(margin)).unwrap_or(expires_at)
}

/// How long to leave KIS alone after it has handed out a token again that is of no use: dead, or due. At least `least`; else until
/// it hands out another, and never beyond the end of this one.
pub fn same_token_hold(
    now: DateTime<Utc>,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    least: Duration,
) -> Duration {
    // An instant from the future is no reason to wait for longer than from now.
    let another = clock::until(now, clock::after(issued_at.min(now), SAME_TOKEN));
    let wait = if another.is_zero() { STILL_SAME_PAUSE } else { another };
    wait.min(clock::until(now, expires_at)).max(least)
}

/// Minimum time to the next issuance, given `wasted` consecutive issuances whose tokens never worked. Each has sent the account's
/// owner a message, so the interval doubles, up to ten minutes.
pub fn interval(issue_interval: Duration, wasted: u32) -> Duration {
    let longest = issue_interval.max(Duration::from_secs(600));
    let factor = 1_u32.checked_shl(wasted.saturating_sub(1)).unwrap_or(u32::MAX);
    issue_interval.saturating_mul(factor).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn wasted_issuances_come_less_and_less_often() {
        let minutes: Vec<u64> = [0, 1, 2, 3, 4, 5, 40].iter().map(|n| interval(MINUTE, *n).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn a_token_that_is_handed_out_again_is_waited_out_until_kis_has_another_and_never_beyond_its_end() {
        for (now, issued_at, expires_at, seconds, case) in [
            (3600, 0, 86_400, 5 * 3600, "until six hours after its issuance"),
            (7 * 3600, 0, 86_400, 600, "then every ten minutes"),
            (3600, 0, 7200, 3600, "it ends before"),
            (7 * 3600, 0, 7 * 3600 + 300, 300, "it ends within the ten minutes"),
            (7 * 3600, 0, 7 * 3600 + 20, 60, "it ends within the minute after this issuance"),
            (7 * 3600, 0, 0, 60, "it has ended"),
            (0, 9000, 86_400, 6 * 3600, "issued in the future"),
        ] {
            let hold = same_token_hold(t(now), t(issued_at), t(expires_at), MINUTE);
            assert_eq!(hold.as_secs(), seconds, "{case}");
        }
    }
}
