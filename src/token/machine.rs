//! The token as a state machine: events in, actions and the next timer out. It knows no clock, disk or network: the time comes
//! with every event, and what is to be done is asked for with [`poll`](Machine::poll).
//!
//! What always holds (`machine/tests.rs` tries it on random histories):
//! - no two issuances within the interval,
//! - no token is offered that KIS has refused, unless KIS has handed it out again since,
//! - no clock decides that a token may not be used: clocks decide when to *renew*,
//! - no wait is longer than what it waits for.

mod held;
mod outcome;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use self::held::{Current, Trial};
use super::{
    LastError, Remedy, Token, TokenError,
    handle::{Offer, Snapshot},
    issue::Known,
    policy,
    store::Mirrored,
};
use crate::clock::{self, BootTime};

/// Longest sleep without a look at the wall clock, which may have been stepped.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The time of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) wall: DateTime<Utc>,
    /// Whether KIS has told this process the time.
    pub(super) confirmed: bool,
    /// The time since boot, which runs on during suspend and never steps. All intervals are measured by it.
    pub(super) boot: BootTime,
}

/// What is configured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) refresh_before: Duration,
    pub(super) issue_interval: Duration,
    /// What puts other credentials into force.
    pub(super) remedy: Remedy,
}

/// What to do.
#[derive(Debug)]
pub(super) enum Action {
    /// Try to get a token.
    Try(Known),
    /// Ask KIS what time it is: a token is due by a clock that nobody has confirmed.
    LearnTime,
    /// Take back in the mirror that this token was refused.
    Forgive(Arc<Token>),
}

/// Why nothing is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// The minute between issuances, or a pause after a failure.
    Until(BootTime),
    /// KIS hands out the same token again, which is dead or due.
    SameToken(BootTime),
    /// The credentials are wrong.
    Rejected,
}

impl Hold {
    /// How much longer it holds; `None` if without end.
    pub(super) fn remaining(self, boot: BootTime) -> Option<Duration> {
        match self {
            Self::Until(at) | Self::SameToken(at) => Some(at.since(boot)),
            Self::Rejected => None,
        }
    }
}

/// The state.
#[derive(Debug)]
pub(super) struct Machine {
    rules: Rules,
    current: Option<Current>,
    /// The last token that KIS refused.
    refused: Option<Arc<Token>>,
    trial: Option<Trial>,
    hold: Option<Hold>,
    /// What callers are told while KIS refuses the credentials.
    refusal: Option<TokenError>,
    /// Before this instant nothing is asked for.
    not_before: BootTime,
    /// Before this instant nobody can make kisd try, after a failure.
    no_refresh_before: BootTime,
    /// Consecutive tries that failed.
    failures: u32,
    /// Consecutive issuances whose tokens never worked.
    wasted: u32,
    /// When a token was last asked for because the calls with one failed without a reason.
    replaced_at: Option<BootTime>,
    last_error: Option<LastError>,
    /// Whether the last try failed, for another reason than the minute.
    has_failed: bool,
    /// The action under way.
    busy: Option<Busy>,
    /// A try is to be made although none is due.
    asked: bool,
    /// A token of which the mirror has to take back that it was refused.
    forgiven: Option<Arc<Token>>,
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Busy {
    /// Something that may end with another token.
    Renewing,
    /// Something that changes the mirror alone.
    Forgiving,
}

impl Machine {
    /// A machine that holds nothing.
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            current: None,
            refused: None,
            trial: None,
            hold: None,
            refusal: None,
            not_before: BootTime::ZERO,
            no_refresh_before: BootTime::ZERO,
            failures: 0,
            wasted: 0,
            replaced_at: None,
            last_error: None,
            has_failed: false,
            busy: None,
            forgiven: None,
            asked: false,
        }
    }

    // === Events ===

    /// The mirror was read, at the start.
    pub(super) fn loaded(&mut self, mirrored: Mirrored, now: Now) {
        match mirrored {
            Mirrored::Usable(token) => self.hold_token(token, now),
            Mirrored::Refused(token) => self.refused = Some(Arc::new(token)),
        }
    }

    /// Somebody asks for a renewal, whether it is due or not.
    pub(super) fn refresh(&mut self, now: Now) -> Result<(), TokenError> {
        let retry_after = self.no_refresh_before.since(now.boot);
        if retry_after.is_zero() {
            self.asked = true;
            return Ok(());
        }
        Err(self.refusal.clone().unwrap_or_else(|| {
            let reason = self.last_error.as_ref().map(ToString::to_string).unwrap_or_default();
            TokenError::Unavailable { reason, retry_after }
        }))
    }

    /// The configuration was read again, and the app key has stayed.
    pub(super) fn reconfigured(&mut self, rules: Rules) {
        self.rules = rules;
        self.no_refresh_before = BootTime::ZERO;
        if self.hold == Some(Hold::Rejected) {
            (self.hold, self.refusal, self.last_error) = (None, None, None);
        }
    }

    /// What was under way changes nothing but the mirror.
    pub(super) fn idle(&mut self) {
        self.busy = None;
    }

    /// KIS was asked for the time; whether it has told it is in `now`.
    pub(super) fn time_asked(&mut self, now: Now) {
        self.busy = None;
        if let Some(current) = &mut self.current {
            current.proof_by = Some(now.boot.saturating_add(policy::PROOF_WITHIN));
        }
    }

    // === Decisions ===

    /// What to do now; `None` while something is under way or there is nothing to do.
    pub(super) fn poll(&mut self, now: Now) -> Option<Action> {
        self.shorten_hold(now);
        self.offer_again(now);
        if self.busy.is_some() {
            return None;
        }
        if let Some(token) = self.forgiven.take() {
            self.busy = Some(Busy::Forgiving);
            return Some(Action::Forgive(token));
        }
        if !self.asked && self.wait(now) != Some(Duration::ZERO) {
            return None;
        }
        self.busy = Some(Busy::Renewing);
        if !std::mem::take(&mut self.asked) && self.is_unproven(now) {
            return Some(Action::LearnTime);
        }
        let current = self.current.as_ref().map(|current| current.token.clone());
        Some(Action::Try(Known { current, refused: self.refused.clone(), not_before: self.not_before }))
    }

    /// True if [`poll`](Self::poll) will ask for something.
    pub(super) fn is_about_to_act(&self, now: Now) -> bool {
        self.trial_at(now).is_none() && (self.asked || self.wait(now) == Some(Duration::ZERO))
    }

    /// The time since boot at which to poll again; `None`: nothing will be due by itself.
    pub(super) fn timer(&self, now: Now) -> Option<BootTime> {
        let wake =
            self.wait(now).filter(|_| self.busy.is_none()).map(|wait| now.boot.saturating_add(wait.min(LONGEST_SLEEP)));
        wake.into_iter().chain(self.trial_at(now)).min()
    }

    /// What the world sees.
    pub(super) fn snapshot(&self, now: Now) -> Snapshot {
        let held = self.hold.and_then(|hold| hold.remaining(now.boot)).unwrap_or_default();
        let next_refresh_at = match (self.hold, self.due(now)) {
            (Some(Hold::Rejected), _) | (_, None) => None,
            (_, Some(due)) => Some(clock::after(now.wall, due.max(held))),
        };
        let current = self.current.as_ref();
        Snapshot {
            offer: current
                .map(|current| Offer { token: current.token.clone(), outlives_clock: current.outlives_clock }),
            renewing: self.busy == Some(Busy::Renewing),
            hold: self.hold,
            refusal: self.refusal.clone(),
            has_failed: self.has_failed,
            retry_at: self.trial_at(now),
            wants_news: current.is_some_and(|current| {
                self.was_refused(&current.token)
                    || current.unexplained.is_some()
                    || (!now.confirmed && !current.token.is_usable(now.wall))
            }),
            next_refresh_at: next_refresh_at.filter(|_| self.busy != Some(Busy::Renewing)),
            last_error: self.last_error.clone(),
        }
    }

    /// How long until a try is due and nothing is in its way; `None`: never by itself.
    fn wait(&self, now: Now) -> Option<Duration> {
        let held = self.hold.map_or(Some(Duration::ZERO), |hold| hold.remaining(now.boot))?;
        Some(self.due(now)?.max(held))
    }

    /// How long until the token is to be renewed; `None`: not before somebody says something.
    fn due(&self, now: Now) -> Option<Duration> {
        let Some(current) = &self.current else { return Some(Duration::ZERO) };
        let token = &current.token;
        let due =
            clock::until(now.wall, policy::refresh_at(token.issued_at, token.expires_at, self.rules.refresh_before));
        if due > Duration::ZERO || now.confirmed || token.is_usable(now.wall) {
            return Some(due);
        }
        // It has ended by a clock that nobody has confirmed: whether that is so, KIS says when the token is used.
        match current.proof_by {
            _ if current.outlives_clock => None,
            Some(by) => Some(by.since(now.boot)),
            None => Some(Duration::ZERO),
        }
    }

    /// True if the token is due only by a clock that nobody has confirmed, and KIS was not asked what time it is.
    fn is_unproven(&self, now: Now) -> bool {
        !now.confirmed && self.current.as_ref().is_some_and(|current| current.proof_by.is_none())
    }
}

#[cfg(test)]
mod tests;
