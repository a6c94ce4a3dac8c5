//! A KIS that counts strictly, by arrival, and callers who always want more than it allows.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::*;

/// What KIS allows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    /// So many calls in any second.
    PerSecond(usize),
    /// So much time between two calls.
    Spacing(Duration),
}

impl Limit {
    fn allows(self, let_through: &VecDeque<Instant>, now: Instant) -> bool {
        match self {
            Self::PerSecond(calls) => let_through.iter().filter(|at| now.since(**at) < WINDOW).count() < calls,
            Self::Spacing(spacing) => let_through.back().is_none_or(|last| now.since(*last) >= spacing),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(usize),
    Answers(usize, bool),
}

/// KIS, with callers who always want more than it allows.
pub(super) struct World {
    pub(super) scheduler: Scheduler,
    pub(super) limit: Limit,
    /// Time from the grant to the arrival, and from there to the answer.
    way: Vec<(Duration, Duration)>,
    now: Instant,
    events: BinaryHeap<Reverse<(Instant, Event)>>,
    grants: Vec<Grant>,
    let_through: VecDeque<Instant>,
    pub(super) served: Vec<Instant>,
    pub(super) refused: Vec<Instant>,
    pub(super) arrived: Vec<Instant>,
}

impl World {
    pub(super) fn new(scheduler: Scheduler, limit: Limit, way: &[(u64, u64)]) -> Self {
        Self {
            scheduler,
            limit,
            way: way.iter().map(|(there, back)| (ms(*there), ms(*back))).collect(),
            now: Instant::ZERO,
            events: BinaryHeap::new(),
            grants: Vec::new(),
            let_through: VecDeque::new(),
            served: Vec::new(),
            refused: Vec::new(),
            arrived: Vec::new(),
        }
    }

    pub(super) fn learning(configured: u32, limit: Limit, way: &[(u64, u64)]) -> Self {
        let ceiling = Rate::per_second(configured);
        Self::new(Scheduler::new(Local::default(), ceiling, Beginning::Low), limit, way)
    }

    pub(super) fn run_until(&mut self, end: Instant) {
        loop {
            while let Asked::Waits(_) = self.ask() {
                if self.scheduler.lanes.before(waiting(1)) > 40 {
                    break;
                }
            }
            while let Some((_, grant)) = self.scheduler.next(self.now) {
                self.goes(grant);
            }
            let next_at = self.scheduler.next_at(self.now).unwrap_or(Instant::MAX);
            let event_at = self.events.peek().map_or(Instant::MAX, |Reverse((at, _))| *at);
            if next_at.min(event_at) > end {
                self.now = end;
                return;
            }
            self.now = self.now.max(next_at.min(event_at));
            if event_at <= self.now {
                let Reverse((_, event)) = self.events.pop().unwrap();
                self.happens(event);
            }
        }
    }

    fn ask(&mut self) -> Asked {
        let asked = self.scheduler.ask(waiting(1), false, Instant::MAX, self.now);
        if let Asked::Granted(grant) = asked {
            self.goes(grant);
        }
        asked
    }

    fn goes(&mut self, grant: Grant) {
        let index = self.grants.len();
        self.grants.push(grant);
        let (there, _) = self.way[index % self.way.len()];
        self.events.push(Reverse((self.now.saturating_add(there), Event::Arrives(index))));
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Arrives(index) => {
                let is_let_through = self.limit.allows(&self.let_through, self.now);
                self.arrived.push(self.now);
                if is_let_through {
                    self.let_through.push_back(self.now);
                    self.served.push(self.now);
                } else {
                    self.refused.push(self.now);
                }
                while self.let_through.len() > 200 {
                    self.let_through.pop_front();
                }
                let (_, back) = self.way[index % self.way.len()];
                self.events.push(Reverse((self.now.saturating_add(back), Event::Answers(index, is_let_through))));
            }
            Event::Answers(index, is_let_through) => {
                let heard = if is_let_through { Heard::LetThrough } else { Heard::TooMany };
                self.scheduler.heard(&self.grants[index], heard, self.now);
            }
        }
    }

    pub(super) fn refused_in(&self, from: u64, to: u64) -> usize {
        self.refused.iter().filter(|time| (at(from)..at(to)).contains(*time)).count()
    }

    pub(super) fn served_in(&self, from: u64, to: u64) -> usize {
        self.served.iter().filter(|time| (at(from)..at(to)).contains(*time)).count()
    }
}
