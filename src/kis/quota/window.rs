//! Which calls count at this moment.
//!
//! KIS counts a call when it *arrives*, some time between the grant of the slot and the answer. A slot is therefore taken
//! until one second after the answer, but at most until one second after the time that a request may take to arrive
//! ([`ARRIVAL`]): slow answers do not cost calls.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt,
    time::Duration,
};

use super::rate::{Rate, WINDOW};
use crate::clock::Instant;

/// Longest time from the grant of a slot to the arrival of the request at KIS, setting up TLS included.
pub(super) const ARRIVAL: Duration = Duration::from_millis(250);

/// A slot that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// Until then, and longer at a rate with a longer window.
    until: Instant,
    id: u64,
}

/// Where slots are counted: by one process for itself, or for several that share an app key.
pub(super) trait Window: fmt::Debug + Send {
    /// Takes a slot that is free.
    fn take(&mut self, rate: Rate, now: Instant) -> Taken;

    /// When the call after `before` others may be made; `now` or sooner if it may be made now.
    fn free_at(&self, rate: Rate, before: usize, now: Instant) -> Instant;

    /// When a call may be made that tells whether KIS allows this rate: so many in a second by the time of their grant, which is
    /// the time of their arrival too, if all have the same way. The slots that are taken are more: a call that KIS lets through
    /// beyond them may be one of few in its second.
    fn tells_at(&self, rate: Rate, now: Instant) -> Instant;

    /// The call has been answered.
    fn answered(&mut self, slot: Slot, now: Instant);

    /// The call was not made.
    fn give_back(&mut self, slot: Slot);

    /// Counts a call that another process made so long `ago`.
    fn count_earlier(&mut self, ago: Duration, now: Instant);

    /// Slots that are taken.
    fn taken(&self, rate: Rate, now: Instant) -> usize;
}

/// What was taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) slot: Slot,
    /// Slots that are taken, this one included.
    pub(super) nth: u32,
    /// Calls granted in the last second, this one included.
    pub(super) in_second: u32,
}

/// The window of one process.
#[derive(Debug, Default)]
pub(super) struct Local {
    taken: BTreeSet<Slot>,
    next_id: u64,
    /// When the calls of the last second were granted.
    recent: VecDeque<Instant>,
}

impl Local {
    fn insert(&mut self, until: Instant) -> Slot {
        self.next_id += 1;
        let slot = Slot { until, id: self.next_id };
        self.taken.insert(slot);
        slot
    }
}

impl Window for Local {
    fn take(&mut self, rate: Rate, now: Instant) -> Taken {
        while self.taken.first().is_some_and(|slot| slot.until.saturating_add(rate.extra()) <= now) {
            self.taken.pop_first();
        }
        let slot = self.insert(now.saturating_add(ARRIVAL + WINDOW));
        while self.recent.front().is_some_and(|granted| granted.saturating_add(WINDOW) <= now) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let count = |length| u32::try_from(length).unwrap_or(u32::MAX);
        Taken { slot, nth: count(self.taken.len()), in_second: count(self.recent.len()) }
    }

    fn free_at(&self, rate: Rate, before: usize, now: Instant) -> Instant {
        let calls = usize::try_from(rate.calls()).unwrap_or(usize::MAX);
        // Of those before it, the last so many as a window holds decide; each window of those before them takes its time.
        let (windows, before) = (before / calls, before % calls);
        // With a lowered rate more may be taken than allowed: as many must end as are over it, and one more.
        let surplus = (self.taken.len() + before + 1).saturating_sub(calls);
        let ended = surplus.checked_sub(1).and_then(|index| self.taken.iter().nth(index));
        let free_at = ended.map_or(now, |slot| slot.until.saturating_add(rate.extra()).max(now));
        free_at.saturating_add(rate.window().saturating_mul(u32::try_from(windows).unwrap_or(u32::MAX)))
    }

    fn tells_at(&self, rate: Rate, now: Instant) -> Instant {
        if rate.calls() == 1 {
            return self.free_at(rate, 0, now);
        }
        let surplus = self.recent.len().checked_sub(usize::try_from(rate.calls()).unwrap_or(usize::MAX));
        let over = surplus.and_then(|index| self.recent.get(index));
        over.map_or(now, |granted| granted.saturating_add(WINDOW).max(now))
    }

    fn answered(&mut self, slot: Slot, now: Instant) {
        let until = slot.until.min(now.saturating_add(WINDOW));
        if self.taken.remove(&slot) {
            self.taken.insert(Slot { until, ..slot });
        }
    }

    fn give_back(&mut self, slot: Slot) {
        self.taken.remove(&slot);
    }

    fn count_earlier(&mut self, ago: Duration, now: Instant) {
        self.insert(now.saturating_add(ARRIVAL + WINDOW).saturating_sub(ago));
    }

    fn taken(&self, rate: Rate, now: Instant) -> usize {
        self.taken.iter().rev().take_while(|slot| slot.until.saturating_add(rate.extra()) > now).count()
    }
}
