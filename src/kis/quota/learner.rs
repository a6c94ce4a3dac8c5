//! What KIS allows a key, learned from its answers.
//!
//! The rate begins low and grows while KIS lets through what goes beyond it; EGW00201 lowers it to what KIS let through, and the
//! next try to go beyond comes later after each that failed.
//!
//! A try counts calls by the second of their grant, not by the slots that they hold until after their answers: otherwise a second
//! would hardly have more calls than are known to be allowed. Of the calls beyond those one at a time is in flight, so that a try
//! that fails costs one refusal, unless calls overtake each other.

use std::{collections::VecDeque, time::Duration};

use super::{
    lanes::Class,
    rate::{Rate, WINDOW},
    window::ARRIVAL,
};
use crate::clock::Instant;

/// The rate of a key of which nothing is learned: KIS allows a new key 3 calls a second.
const BEGINNING: Rate = Rate::per_second(3);

/// Time from a refusal to the next try, for the first refusal and for those after it.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(45), Duration::from_secs(90)];

/// After so much time without a refusal the next one counts as the first.
const FORGIVEN: Duration = Duration::from_secs(600);

/// Refusals remembered, to tell what else KIS refused in the same second; more than any limit of KIS.
const REMEMBERED: usize = 128;

/// What has been learned, as it outlives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Learned {
    pub(super) rate: Rate,
    /// Tries to go beyond it that have failed.
    pub(super) failures: u32,
}

/// What a key is taken to allow before anything is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Little, and more with each second.
    Low,
    /// What is configured.
    Configured,
}

/// A granted call, as far as its answer can teach something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson {
    pub(super) number: u64,
    pub(super) granted: Instant,
    /// Slots that were taken then, its own included,
    pub(super) nth: u32,
    /// and calls that were granted within the second before, itself included.
    pub(super) in_second: u32,
    /// The rate known then.
    pub(super) known: Rate,
    /// The rate tried, if there was no slot at the known one.
    pub(super) tried: Option<Rate>,
}

impl Lesson {
    /// Whether its answer tells if KIS allows more than is known.
    fn tells(&self) -> bool {
        self.tried.is_some_and(|tried| tried > self.known)
            && (self.in_second > self.known.calls() || self.known.calls() == 1)
    }
}

/// What KIS's answer says of its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// KIS let the call through.
    LetThrough,
    /// It was one too many for this key.
    TooMany,
    /// KIS is too busy with the calls of all its customers.
    Busy,
    /// Nothing.
    Nothing,
}

/// Learns a rate.
#[derive(Debug)]
pub(super) struct Learner {
    /// What is configured.
    ceiling: Rate,
    known: Rate,
    failures: u32,
    /// Calls a second to go beyond the known rate.
    step: u32,
    /// Until then nothing goes beyond it.
    try_at: Instant,
    /// A call beyond the known rate is in flight.
    is_trying: bool,
    /// When the try began,
    began: Option<Instant>,
    /// and the highest rate at which a call was let through.
    reached: Option<Rate>,
    /// When the rate was lowered last.
    lowered_at: Option<Instant>,
    /// Calls that KIS refused, by number and time of their grant.
    refused: VecDeque<(u64, Instant)>,
}

impl Learner {
    pub(super) fn new(ceiling: Rate, beginning: Beginning) -> Self {
        let known = match beginning {
            Beginning::Low => BEGINNING,
            Beginning::Configured => Rate::MOST,
        };
        Self {
            ceiling,
            known,
            failures: 0,
            step: known.calls(),
            // The first second comes first.
            try_at: Instant::MAX,
            is_trying: false,
            began: None,
            reached: None,
            lowered_at: None,
            refused: VecDeque::new(),
        }
    }

    /// Goes on from what an earlier process has learned.
    pub(super) fn resume(&mut self, learned: Learned, now: Instant) {
        (self.known, self.failures) = (learned.rate, learned.failures);
        self.step = if self.failures == 0 { self.known.calls() } else { 1 };
        self.try_at = now.saturating_add(if self.failures == 0 { WINDOW } else { self.pause() });
    }

    pub(super) fn learned(&self) -> Learned {
        Learned { rate: self.known, failures: self.failures }
    }

    pub(super) fn ceiling(&self) -> Rate {
        self.ceiling
    }

    pub(super) fn set_ceiling(&mut self, ceiling: Rate) {
        self.ceiling = ceiling;
    }

    /// The rate that KIS is known to allow, as far as it is wanted.
    pub(super) fn rate(&self) -> Rate {
        self.known.min(self.ceiling)
    }

    /// The highest rate that there may soon be.
    pub(super) fn soon(&self) -> Rate {
        if self.failures == 0 { self.ceiling } else { self.rate() }
    }

    /// The rate to try with the next call, and from when on; `None`: not with this one.
    pub(super) fn trial(&self, class: Class) -> Option<(Rate, Instant)> {
        // Once a try has failed, orders and tokens are not delayed by another.
        let may_be_refused = self.failures == 0 || class >= Class::Waiting;
        let tried = self.known.quicker(self.step).min(self.ceiling);
        let now_tried = if self.is_trying { self.known } else { tried };
        (may_be_refused && tried > self.known).then_some((now_tried, self.try_at))
    }

    /// A call goes out that has no slot at the known rate.
    pub(super) fn begin(&mut self, lesson: &Lesson) {
        self.is_trying |= lesson.tells();
        self.began.get_or_insert(lesson.granted);
    }

    /// After a second in which KIS let through more than was known, that is known.
    pub(super) fn settle(&mut self, now: Instant) {
        let is_over = self.began.is_some_and(|began| began.saturating_add(WINDOW) <= now);
        let Some(reached) = self.reached.filter(|_| is_over) else { return };
        let was_slow = self.known < Rate::per_second(1);
        self.known = reached;
        self.step = match self.failures {
            0 => self.known.calls(),
            _ if was_slow => 1,
            _ => self.step.saturating_mul(2),
        };
        (self.began, self.reached) = (None, None);
    }

    /// The call was not made.
    pub(super) fn forget(&mut self, lesson: &Lesson) {
        self.is_trying &= !lesson.tells();
    }

    /// Learns from an answer.
    pub(super) fn hear(&mut self, lesson: &Lesson, heard: Heard, now: Instant) {
        self.forget(lesson);
        match heard {
            Heard::LetThrough => {
                if self.try_at == Instant::MAX {
                    self.try_at = now.saturating_add(WINDOW);
                }
                // Of a round that a refusal has ended nothing is left.
                if let Some(tried) = lesson.tried.filter(|_| self.began.is_some() && !self.is_old(lesson)) {
                    let in_second = Rate::of(lesson.in_second, tried.window_ms()).map_or(tried, |rate| rate.min(tried));
                    // No second has more calls while all slots are taken that are configured.
                    let is_all = tried == self.ceiling && lesson.nth >= tried.calls();
                    let reached = if is_all { tried } else { in_second };
                    self.reached = self.reached.max((reached > self.known).then_some(reached));
                }
            }
            Heard::TooMany => self.lower(lesson, now),
            Heard::Busy | Heard::Nothing => {}
        }
    }

    /// Whether a call was granted before the rate was lowered last.
    fn is_old(&self, lesson: &Lesson) -> bool {
        self.lowered_at.is_some_and(|at| lesson.granted <= at)
    }

    fn lower(&mut self, lesson: &Lesson, now: Instant) {
        let since = lesson.granted.saturating_sub(WINDOW + ARRIVAL);
        let refused = self.refused.iter().filter(|(number, at)| *number < lesson.number && *at > since).count();
        self.refused.push_back((lesson.number, lesson.granted));
        if self.refused.len() > REMEMBERED {
            self.refused.pop_front();
        }
        let let_through = (lesson.nth - 1).saturating_sub(u32::try_from(refused).unwrap_or(u32::MAX));
        // In a window that was not full somebody else's calls were counted as well, and theirs may be fewer in the next.
        let is_full = lesson.nth >= lesson.known.calls();
        let allowed = if is_full { let_through } else { let_through.max(lesson.known.calls() / 2) };
        let (is_old, known) = (self.is_old(lesson), self.rate());
        self.known = match allowed {
            // What was known may still be right: a try has failed, or this call was overtaken by one.
            _ if lesson.tried.is_some() || self.began.is_some() => known,
            0 if is_old => known.min(Rate::per_second(1)),
            0 => known.min(Rate::per_second(1)).slower(),
            allowed => known.min(Rate::per_second(allowed)),
        };
        if !is_old {
            let is_forgiven = self.lowered_at.is_some_and(|at| now.since(at) >= FORGIVEN);
            // Refusals that come before the next try belong to the last: the rate has not yet been lowered far enough.
            let is_failure = self.failures == 0 || self.began.is_some() || now >= self.try_at;
            self.failures = if is_forgiven { 1 } else { self.failures.saturating_add(u32::from(is_failure)) };
            self.lowered_at = Some(now);
        }
        self.step = 1;
        self.try_at = now.saturating_add(self.pause());
        (self.began, self.reached) = (None, None);
    }

    fn pause(&self) -> Duration {
        let index = usize::try_from(self.failures.saturating_sub(1)).unwrap_or(usize::MAX);
        PAUSES[index.min(PAUSES.len() - 1)]
    }
}
