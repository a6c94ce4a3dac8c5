//! What the end of a try changes: the token held, what keeps kisd from the next try, and what those who waited are told.

use std::{sync::Arc, time::Duration};

use tracing::{debug, error, info, warn};

use super::{Hold, Machine, Now, Trial};
use crate::{
    backoff::Backoff,
    clock,
    kis::{After, Answer, Effect, KisError, after},
    token::{LastError, Token, TokenError, issue::Outcome, policy},
};

/// Pauses after KIS could not be reached: with the time that a try takes, the first good moment after an outage is used within
/// five seconds.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(4));

/// After KIS has refused the credentials, the least time to the next try that somebody asks for.
const REJECTED_PAUSE: Duration = Duration::from_secs(10);

/// Beyond the interval, after KIS has said EGW00133: its minute began at an instant that only it knows.
const REFUSED_MARGIN: Duration = Duration::from_secs(1);

impl Machine {
    /// Takes the end of a try into account. What those who waited for it are told is returned.
    pub(in crate::token) fn ended(&mut self, outcome: Outcome, now: Now) -> Result<(), TokenError> {
        // Whoever has asked meanwhile is served by this try.
        (self.busy, self.asked) = (None, false);
        self.has_failed = matches!(outcome, Outcome::Failed(_));
        match outcome {
            Outcome::Adopted(token) if !self.was_refused(&token) => {
                info!(expires_at = %clock::kst(token.expires_at), "took over the token that another process was issued");
                self.take_over(token, now);
                Ok(())
            }
            Outcome::Issued(token) if !self.was_refused(&token) => {
                self.issued(token, now);
                Ok(())
            }
            // KIS handed out what it had refused, before this try or while it was under way.
            Outcome::Issued(token) | Outcome::Adopted(token) => {
                self.still_refused(token, now);
                Ok(())
            }
            Outcome::TooEarly(wait) => self.too_early(wait, now),
            Outcome::Failed(error) => self.failed(error, now),
        }
    }

    fn issued(&mut self, token: Token, now: Now) {
        self.not_before = now.boot.saturating_add(self.interval());
        let said = match self.offers(&token) {
            true => "KIS handed out the same token again",
            false => "KIS issued an access token",
        };
        info!(expires_at = %clock::kst(token.expires_at), "{said}");
        let (issued_at, expires_at) = (token.issued_at, token.expires_at);
        self.take_over(token, now);
        // Due again already: KIS hands out one token for six hours, and this one was renewed too early to be replaced.
        if self.due(now) == Some(Duration::ZERO) {
            let least = self.not_before.since(now.boot);
            let wait = policy::same_token_hold(now.wall, issued_at, expires_at, least);
            self.hold = Some(Hold::SameToken(now.boot.saturating_add(wait)));
        }
    }

    fn still_refused(&mut self, token: Token, now: Now) {
        self.not_before = self.not_before.max(now.boot.saturating_add(self.interval()));
        let least = self.not_before.since(now.boot);
        let wait = policy::same_token_hold(now.wall, token.issued_at, token.expires_at, least);
        let reason = "KIS hands out the token again that it refuses, as it does for six hours after issuing it";
        let _ = self.wait_for(Hold::SameToken(now.boot.saturating_add(wait)), LastError::Other(reason.to_owned()), now);
        self.refused = Some(Arc::new(token));
        // By handing it out KIS says that it is alive, and it may be that the refusal was wrong.
        self.trial = Some(Trial { at: now.boot, failed: 0 });
        self.current = None;
        self.offer_again(now);
    }

    fn too_early(&mut self, wait: Duration, now: Now) -> Result<(), TokenError> {
        let reason = self.last_error.clone().unwrap_or_else(|| {
            LastError::Other("KIS issues one token a minute, and one was asked for less than a minute ago".to_owned())
        });
        self.not_before = self.not_before.max(now.boot.saturating_add(wait));
        let hold = Hold::Until(self.not_before);
        // With a good token in hand there is nothing to wait for, and nothing to report but to who asked.
        if self.current.as_ref().is_some_and(|current| current.token.is_usable(now.wall)) {
            self.hold = Some(hold);
            return Err(TokenError::TooEarly { reason: reason.to_string(), retry_after: wait });
        }
        self.wait_for(hold, reason, now)
    }

    fn take_over(&mut self, token: Token, now: Now) {
        self.hold_token(token, now);
        (self.trial, self.hold, self.refusal, self.last_error, self.failures) = (None, None, None, None, 0);
    }

    fn failed(&mut self, error: KisError, now: Now) -> Result<(), TokenError> {
        let judged = after(Effect::Issue, &error);
        if judged == After::Unknown {
            // An outage cuts answers off, and its end must not be slept through; nonsense in a whole answer is another matter.
            self.wasted = self.wasted.saturating_add(u32::from(error.is_nonsense()));
            self.not_before = self.not_before.max(now.boot.saturating_add(self.interval()));
        }
        match error {
            KisError::CredentialsRejected(answer) => Err(self.rejected(answer, now)),
            KisError::IssuedTooSoon(_) => {
                // Another program uses this app key.
                self.has_failed = false;
                let interval = self.rules.issue_interval + REFUSED_MARGIN;
                self.not_before = self.not_before.max(now.boot.saturating_add(interval));
                self.wait_for(Hold::Until(self.not_before), LastError::Kis(error), now)
            }
            error => {
                self.failures = self.failures.saturating_add(1);
                let pause = match judged {
                    After::NextIssuance => self.rules.issue_interval,
                    _ => BACKOFF.delay(self.failures),
                };
                let resume = now.boot.saturating_add(pause).max(self.not_before);
                self.no_refresh_before = resume;
                self.wait_for(Hold::Until(resume), LastError::Kis(error), now)
            }
        }
    }

    fn rejected(&mut self, answer: Answer, now: Now) -> TokenError {
        error!(%answer, "KIS refuses the app key or secret; nothing more is tried until they are corrected");
        self.hold = Some(Hold::Rejected);
        self.no_refresh_before = now.boot.saturating_add(REJECTED_PAUSE);
        self.last_error = Some(LastError::Kis(KisError::CredentialsRejected(answer.clone())));
        let refusal = TokenError::Rejected { answer, remedy: self.rules.remedy };
        self.refusal = Some(refusal.clone());
        refusal
    }

    fn wait_for(&mut self, hold: Hold, reason: LastError, now: Now) -> Result<(), TokenError> {
        let retry_after = hold.remaining(now.boot).unwrap_or_default();
        let retry_in = humantime::format_duration(whole_seconds(retry_after)).to_string();
        // An outage is said once, and not every few seconds of a night.
        if self.last_error.as_ref() == Some(&reason) {
            debug!(retry_in, "no new token: {reason}");
        } else {
            warn!(retry_in, "no new token: {reason}");
        }
        (self.hold, self.refusal) = (Some(hold), None);
        let unavailable = TokenError::Unavailable { reason: reason.to_string(), retry_after };
        self.last_error = Some(reason);
        Err(unavailable)
    }
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs() + u64::from(duration.subsec_nanos() > 0))
}
