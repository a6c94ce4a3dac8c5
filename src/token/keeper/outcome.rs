//! What the end of a try changes: the token held, what keeps kisd from the next try, and who is told.

use std::{sync::Arc, time::Duration};

use tracing::{debug, error, info, warn};

use super::{TokenKeeper, is};
use crate::{
    backoff::Backoff,
    clock::{self, Instant},
    kis::{Answer, KisError},
    token::{
        Token, TokenError,
        issue::Outcome,
        policy::{self, Hold},
    },
};

/// Pauses after KIS could not be reached: with the time that a try takes, the first good moment after an outage is used within
/// five seconds.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(4));

/// Pauses between tries of a refused token that KIS has handed out again.
const RETRIES: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(600));

/// After KIS has refused the credentials, the least time to the next try that somebody asks for.
const REJECTED_PAUSE: Duration = Duration::from_secs(10);

/// Beyond the interval, after KIS has said EGW00133: its minute began at an instant that only it knows.
const REFUSED_MARGIN: Duration = Duration::from_secs(1);

impl TokenKeeper {
    /// Takes the end of a try into account, and tells whoever waited for it.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        let now = self.clock.monotonic();
        let outcome = match outcome {
            // It was refused while this try was under way.
            Outcome::Adopted(token) | Outcome::Issued(token) if is(&self.refused, &token) => Outcome::StillDead(token),
            outcome => outcome,
        };
        let result = match outcome {
            Outcome::Adopted(token) => {
                info!(expires_at = %clock::kst(token.expires_at), "took over the token that another process was issued");
                self.take_over(token);
                Ok(())
            }
            Outcome::Issued(token) => {
                self.not_before = now.saturating_add(self.interval());
                let again = is(&self.current, &token);
                let said = if again { "KIS handed out the same token again" } else { "KIS issued an access token" };
                info!(expires_at = %clock::kst(token.expires_at), "{said}");
                let (issued_at, expires_at) = (token.issued_at, token.expires_at);
                self.take_over(token);
                // Due again already: KIS hands out one token for six hours, and this one was renewed too early to be replaced.
                if self.due().is_some_and(|due| due <= self.clock.now()) {
                    self.hold = Some(policy::dead_token_hold(self.clock.now(), issued_at, expires_at));
                }
                Ok(())
            }
            Outcome::StillDead(token) => {
                self.not_before = now.saturating_add(self.issuer.issue_interval);
                let hold = policy::dead_token_hold(self.clock.now(), token.issued_at, token.expires_at);
                let reason = "KIS hands out the token again that it refuses, as it does for six hours after issuing it";
                let _ = self.wait(hold, reason.to_owned());
                self.refused = Some(Arc::new(token));
                // By handing it out KIS says that it is alive, and it may be that the refusal was wrong.
                self.retry = Some((now, 0));
                self.try_refused_again();
                Ok(())
            }
            Outcome::TooEarly(wait) => {
                let reason = self.last_error.clone().unwrap_or_else(|| {
                    "KIS issues one token a minute, and one was asked for less than a minute ago".to_owned()
                });
                self.not_before = now.saturating_add(wait);
                // With a good token in hand there is nothing to wait for, and nothing to report but to who asked.
                if self.current.as_ref().is_some_and(|token| token.is_usable(self.clock.now())) {
                    self.hold = Some(Hold::Until(self.not_before));
                    Err(TokenError::TooEarly { reason, retry_after: wait })
                } else {
                    self.wait(Hold::Until(self.not_before), reason)
                }
            }
            Outcome::Failed(error) => self.failed(error),
        };
        self.answer(&result);
    }

    /// Tells everybody who waited for the end of the try.
    pub(super) fn answer(&mut self, result: &Result<(), TokenError>) {
        for waiting in self.refreshing.drain(..) {
            let _ = waiting.send(result.clone());
        }
    }

    /// What to tell who asks for a renewal while the pause after a try in vain lasts.
    pub(super) fn too_early_to_refresh(&self) -> Option<TokenError> {
        let retry_after = self.no_refresh_before.saturating_sub(self.clock.monotonic());
        if retry_after.is_zero() {
            return None;
        }
        Some(match &self.refusal {
            Some(answer) => TokenError::Rejected(answer.clone()),
            None => TokenError::Unavailable { reason: self.last_error.clone().unwrap_or_default(), retry_after },
        })
    }

    fn interval(&self) -> Duration {
        policy::interval(self.issuer.issue_interval, self.in_vain)
    }

    /// A token that dies young may be followed by another that does, and each costs the owner a message.
    pub(super) fn count_refusal(&mut self) {
        if self.clock.monotonic().saturating_sub(self.held_since) >= policy::PROVEN_AFTER {
            self.in_vain = 0;
            return;
        }
        self.in_vain = self.in_vain.saturating_add(1);
        if self.in_vain > 1 {
            self.not_before = self.not_before.max(self.clock.monotonic().saturating_add(self.interval()));
        }
    }

    /// Whether KIS hands out a dead token, so that asking for another would be in vain.
    pub(super) fn is_waited_out(&self) -> bool {
        matches!(self.hold, Some(Hold::UntilWall(at)) if self.clock.now() < at)
    }

    /// When the refused token is tried again: it costs a call, where asking for another would cost a message to the owner.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        let waits = self.current.is_none() && self.is_waited_out();
        self.retry.filter(|_| waits).map(|(at, _)| at)
    }

    /// Offers the refused token to the next caller, when it is time.
    pub(super) fn try_refused_again(&mut self) {
        let now = self.clock.monotonic();
        if self.retry_at().is_some_and(|at| at <= now) {
            debug!("the refused token is tried again");
            (self.current, self.held_since) = (self.refused.clone(), now);
        }
    }

    /// The refused token was tried again, in vain.
    pub(super) fn refused_again(&mut self, answer: &Answer) {
        debug!(%answer, "KIS still refuses the token that it has handed out again");
        self.current = None;
        let tries = self.retry.map_or(1, |(_, tries)| tries.saturating_add(1));
        self.retry = Some((self.clock.monotonic().saturating_add(RETRIES.ceiling(tries)), tries));
    }

    fn take_over(&mut self, token: Token) {
        (self.current, self.held_since, self.retry) = (Some(Arc::new(token)), self.clock.monotonic(), None);
        (self.hold, self.refusal, self.last_error, self.failures) = (None, None, None, 0);
    }

    fn failed(&mut self, error: KisError) -> Result<(), TokenError> {
        let now = self.clock.monotonic();
        if error.may_have_issued() {
            // An outage cuts answers off, and its end must not be slept through; nonsense in a whole answer is another matter.
            self.in_vain = self.in_vain.saturating_add(u32::from(error.is_nonsense()));
            self.not_before = now.saturating_add(self.interval());
        }
        match error {
            KisError::CredentialsRejected(answer) => {
                error!(%answer, "KIS refuses the app key or secret; nothing more is tried until they are corrected");
                self.hold = Some(Hold::Rejected);
                self.no_refresh_before = now.saturating_add(REJECTED_PAUSE);
                self.refusal = Some(answer.clone());
                self.last_error = Some(format!("KIS refuses the app key or secret ({answer})"));
                Err(TokenError::Rejected(answer))
            }
            KisError::IssuedTooSoon(_) => {
                // Another program uses this app key.
                self.not_before = now.saturating_add(self.issuer.issue_interval + REFUSED_MARGIN);
                self.wait(Hold::Until(self.not_before), error.to_string())
            }
            error => {
                self.failures = self.failures.saturating_add(1);
                let pause = match error {
                    // A refusal that is not known to pass.
                    KisError::Rejected(_) => self.issuer.issue_interval,
                    _ => BACKOFF.delay(self.failures),
                };
                let resume = now.saturating_add(pause).max(self.not_before);
                self.no_refresh_before = resume;
                self.wait(Hold::Until(resume), error.to_string())
            }
        }
    }

    fn wait(&mut self, hold: Hold, reason: String) -> Result<(), TokenError> {
        let retry_after = hold.remaining(self.clock.now(), self.clock.monotonic()).unwrap_or_default();
        let retry_in = humantime::format_duration(whole_seconds(retry_after)).to_string();
        // An outage is said once, and not every few seconds of a night.
        if self.last_error.as_ref() == Some(&reason) {
            debug!(retry_in, "no new token: {reason}");
        } else {
            warn!(retry_in, "no new token: {reason}");
        }
        (self.hold, self.refusal) = (Some(hold), None);
        self.last_error = Some(reason.clone());
        Err(TokenError::Unavailable { reason, retry_after })
    }
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs() + u64::from(duration.subsec_nanos() > 0))
}
