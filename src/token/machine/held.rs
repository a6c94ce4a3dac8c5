//! The token that is offered, and what calls say of it: served, refused, or failed without a reason.

use std::{sync::Arc, time::Duration};

use tracing::{debug, info, warn};

use super::{Hold, Machine, Now};
use crate::{
    backoff::Backoff,
    clock::{self, BootTime},
    kis::{Answer, KisError},
    token::{LastError, Token, policy},
};

/// Pauses between trials of a refused token that KIS has handed out again.
const TRIALS: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(600));

/// The token that is offered to callers.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) token: Arc<Token>,
    /// When it was got.
    pub(super) since: BootTime,
    /// Calls that KIS has failed without a reason, since it last served one: the first, and how many.
    pub(super) unexplained: Option<(BootTime, u32)>,
    /// Until when it may be proven alive, if it has ended by a clock that nobody has confirmed; `None`: KIS was not asked for the
    /// time.
    pub(super) proof_by: Option<BootTime>,
    /// KIS has served a call with it after it had ended by such a clock: the clock is wrong.
    pub(super) outlives_clock: bool,
}

/// A refused token that KIS has handed out again: it may be that the refusal was wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    pub(super) at: BootTime,
    pub(super) failed: u32,
}

impl Machine {
    /// KIS has refused this token. A later one is not touched.
    pub(in crate::token) fn refused(&mut self, token: &Arc<Token>, answer: &Answer, now: Now) {
        if !self.offers(token) {
            return;
        }
        if self.was_refused(token) && self.is_waited_out(now) {
            debug!(%answer, "KIS still refuses the token that it has handed out again");
            self.current = None;
            let failed = self.trial.map_or(1, |trial| trial.failed.saturating_add(1));
            self.trial = Some(Trial { at: now.boot.saturating_add(TRIALS.ceiling(failed)), failed });
            return;
        }
        warn!(%answer, "KIS refuses the access token before its time; getting another");
        self.last_error = Some(LastError::Kis(KisError::TokenRefused(answer.clone())));
        self.count_refusal(now);
        self.refused = self.current.take().map(|current| current.token);
        self.trial = None;
        if self.hold != Some(Hold::Rejected) {
            self.hold = None;
        }
    }

    /// KIS has served a call with this token.
    pub(in crate::token) fn served(&mut self, token: &Arc<Token>, now: Now) {
        let was_refused = self.was_refused(token);
        let Some(current) = self.current.as_mut().filter(|current| is(&current.token, token)) else { return };
        current.unexplained = None;
        if !now.confirmed && !token.is_usable(now.wall) {
            current.outlives_clock = true;
        }
        if was_refused {
            info!("KIS takes the token again that it had refused");
            (self.refused, self.trial, self.hold, self.last_error) = (None, None, None, None);
            self.wasted = 0;
            self.forgiven = Some(token.clone());
        }
    }

    /// KIS has failed a call with this token and given no reason, as it does for some tokens that are dead.
    pub(in crate::token) fn unexplained(&mut self, token: &Arc<Token>, now: Now) {
        let Some(current) = self.current.as_mut().filter(|current| is(&current.token, token)) else { return };
        let (since, count) = current.unexplained.unwrap_or((now.boot, 0));
        let count = count.saturating_add(1);
        current.unexplained = Some((since, count));
        let lasts = now.boot.since(since) >= policy::UNEXPLAINED_FOR && count >= policy::UNEXPLAINED;
        // Within six hours KIS would hand out the same token again; and if it was another, the token is not the reason.
        let may = self.replaced_at.is_none_or(|at| now.boot.since(at) >= policy::SAME_TOKEN);
        if lasts && may && self.hold != Some(Hold::Rejected) {
            self.replaced_at = Some(now.boot);
            current.unexplained = None;
            warn!(calls = count, "KIS fails every call with this token and says no reason; asking for another");
            self.last_error =
                Some(LastError::Other("KIS fails every call with this token and says no reason".to_owned()));
            self.asked = true;
        }
    }

    pub(super) fn hold_token(&mut self, token: Token, now: Now) {
        let (token, since) = (Arc::new(token), now.boot);
        self.current = Some(Current { token, since, unexplained: None, proof_by: None, outlives_clock: false });
    }

    pub(super) fn offers(&self, token: &Token) -> bool {
        self.current.as_ref().is_some_and(|current| is(&current.token, token))
    }

    pub(super) fn was_refused(&self, token: &Token) -> bool {
        self.refused.as_ref().is_some_and(|refused| is(refused, token))
    }

    /// A token that dies young may be followed by another that does, and each costs the owner a message.
    fn count_refusal(&mut self, now: Now) {
        let since = self.current.as_ref().map_or(BootTime::ZERO, |current| current.since);
        if now.boot.since(since) >= policy::PROVEN_AFTER {
            self.wasted = 0;
            return;
        }
        self.wasted = self.wasted.saturating_add(1);
        if self.wasted > 1 {
            self.not_before = self.not_before.max(now.boot.saturating_add(self.interval()));
        }
    }

    pub(super) fn interval(&self) -> Duration {
        policy::interval(self.rules.issue_interval, self.wasted)
    }

    /// Whether KIS hands out the same token, so that asking for another would not help.
    pub(super) fn is_waited_out(&self, now: Now) -> bool {
        matches!(self.hold, Some(Hold::SameToken(at)) if now.boot < at)
    }

    /// The clock may have been corrected since the hold began: never hold beyond the end of the token that is waited out.
    pub(super) fn shorten_hold(&mut self, now: Now) {
        let token = self.current.as_ref().map(|current| &current.token).or(self.refused.as_ref());
        if let (Some(Hold::SameToken(at)), Some(token)) = (self.hold, token) {
            let end = now.boot.saturating_add(clock::until(now.wall, token.expires_at));
            self.hold = Some(Hold::SameToken(at.min(end.max(self.not_before))));
        }
    }

    /// When the refused token is offered again: it costs a call, where asking for another would cost a message to the owner.
    pub(super) fn trial_at(&self, now: Now) -> Option<BootTime> {
        let waits = self.current.is_none() && self.is_waited_out(now);
        self.trial.filter(|_| waits).map(|trial| trial.at)
    }

    pub(super) fn offer_again(&mut self, now: Now) {
        if self.trial_at(now).is_some_and(|at| at <= now.boot)
            && let Some(token) = self.refused.clone()
        {
            debug!("the refused token is tried again");
            self.hold_token(Token::clone(&token), now);
        }
    }
}

fn is(held: &Token, token: &Token) -> bool {
    held.access_token.same_as(&token.access_token)
}
