//! The quota as a machine without clock, task or socket: who asks and what KIS answers goes in, who goes next and when comes out.

use std::time::Duration;

use super::{
    lanes::{Claim, Class, Lanes, Ticket},
    learner::{Beginning, Heard, Learned, Learner, Lesson},
    rate::Rate,
    window::{Local, Slot, Taken, Window},
};
use crate::clock::Instant;

/// After KIS counted too many, nothing is sent for this long.
const PAUSE: Duration = Duration::from_millis(250);

/// The right to make one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grant {
    slot: Slot,
    lesson: Lesson,
}

/// What becomes of a call that asks for a slot.
#[derive(Debug)]
pub(super) enum Asked {
    /// It may be made.
    Granted(Grant),
    /// It lines up.
    Waits(Ticket),
    /// It cannot be made before its deadline, but perhaps then.
    TooLate(Instant),
}

/// Grants slots of one app key.
#[derive(Debug)]
pub(super) struct Scheduler<W = Local> {
    window: W,
    lanes: Lanes,
    learner: Learner,
    paused_until: Instant,
    grants: u64,
    /// What was learned when somebody asked last.
    told: Learned,
}

impl<W: Window> Scheduler<W> {
    /// At most `ceiling` calls.
    pub(super) fn new(window: W, ceiling: Rate, beginning: Beginning) -> Self {
        let learner = Learner::new(ceiling, beginning);
        let told = learner.learned();
        Self { window, lanes: Lanes::default(), learner, paused_until: Instant::ZERO, grants: 0, told }
    }

    /// Goes on from what an earlier process has learned.
    pub(super) fn resume(&mut self, learned: Learned, now: Instant) {
        self.learner.resume(learned, now);
        self.told = learned;
    }

    /// Counts a call that another process made so long `ago`.
    pub(super) fn count_earlier(&mut self, ago: Duration, now: Instant) {
        self.window.count_earlier(ago, now);
    }

    /// What is configured.
    pub(super) fn ceiling(&self) -> Rate {
        self.learner.ceiling()
    }

    /// Changes it; calls already granted count against the new one.
    pub(super) fn set_ceiling(&mut self, ceiling: Rate) {
        self.learner.set_ceiling(ceiling);
    }

    /// The rate in use.
    pub(super) fn rate(&self) -> Rate {
        self.learner.rate()
    }

    /// Slots that are taken.
    pub(super) fn taken(&self, now: Instant) -> usize {
        self.window.taken(self.rate(), now)
    }

    /// What has been learned, if it has changed since the last time.
    pub(super) fn news(&mut self) -> Option<Learned> {
        let learned = self.learner.learned();
        (std::mem::replace(&mut self.told, learned) != learned).then_some(learned)
    }

    /// A call asks for a slot by a deadline; it may have asked already, for another caller.
    pub(super) fn ask(&mut self, claim: Claim, has_asked: bool, deadline: Instant, now: Instant) -> Asked {
        if now <= deadline
            && self.lanes.is_empty()
            && let Some(grant) = self.take(claim.class, now)
        {
            self.lanes.pass(claim);
            return Asked::Granted(grant);
        }
        let free_at = self.free_at(claim, now);
        if now > deadline || free_at > deadline {
            return Asked::TooLate(free_at);
        }
        Asked::Waits(self.lanes.enter(claim, has_asked))
    }

    /// When a new call can be made at the soonest: all that can be said of calls that are yet to come is that they delay it.
    pub(super) fn free_at(&self, claim: Claim, now: Instant) -> Instant {
        self.window.free_at(self.learner.soon(), self.lanes.before(claim), now).max(self.paused_until)
    }

    /// The call that goes next, if one may now.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Ticket, Grant)> {
        let grant = self.take(self.lanes.next_class()?, now)?;
        Some((self.lanes.next()?, grant))
    }

    /// When the next call may go, unless something happens before; `None`: none waits.
    pub(super) fn next_at(&self, now: Instant) -> Option<Instant> {
        let class = self.lanes.next_class()?;
        let usual = self.window.free_at(self.rate(), 0, now);
        let trial = self.trial(class, now).map_or(usual, |(_, from)| from.min(usual));
        Some(trial.max(self.paused_until))
    }

    /// A call does not wait any more; whether it did.
    pub(super) fn leave(&mut self, ticket: Ticket) -> bool {
        self.lanes.leave(ticket)
    }

    /// A granted call was not made.
    pub(super) fn give_back(&mut self, grant: &Grant) {
        self.learner.forget(&grant.lesson);
        self.window.give_back(grant.slot);
    }

    /// Nobody waits for the answer to a granted call any more: nobody knows whether it went out, and when it arrives.
    pub(super) fn abandon(&mut self, grant: &Grant) {
        self.learner.forget(&grant.lesson);
    }

    /// A granted call is over.
    pub(super) fn heard(&mut self, grant: &Grant, heard: Heard, now: Instant) {
        self.window.answered(grant.slot, now);
        // A call beyond what is known to be allowed was expected to be refused.
        let is_surprise = heard == Heard::TooMany && grant.lesson.tried.is_none();
        if is_surprise || heard == Heard::Busy {
            self.paused_until = self.paused_until.max(now.saturating_add(PAUSE));
        }
        self.learner.hear(&grant.lesson, heard, now);
        self.learner.settle(now);
    }

    fn take(&mut self, class: Class, now: Instant) -> Option<Grant> {
        if now < self.paused_until {
            return None;
        }
        self.learner.settle(now);
        let known = self.learner.rate();
        let tried = if self.window.free_at(known, 0, now) <= now {
            None
        } else {
            Some(self.trial(class, now).filter(|(_, from)| *from <= now)?.0)
        };
        let Taken { slot, nth, in_second } = self.window.take(tried.unwrap_or(known), now);
        self.grants += 1;
        let lesson = Lesson { number: self.grants, granted: now, nth, in_second, known, tried };
        if tried.is_some() {
            self.learner.begin(&lesson);
        }
        Some(Grant { slot, lesson })
    }

    /// The rate to try with a call of this class, and from when on. What is configured counts whatever is tried.
    fn trial(&self, class: Class, now: Instant) -> Option<(Rate, Instant)> {
        let (rate, from) = self.learner.trial(class)?;
        let free_at = self.window.free_at(self.learner.ceiling(), 0, now);
        Some((rate, from.max(free_at).max(self.window.tells_at(rate, now))))
    }
}

#[cfg(test)]
mod tests;
