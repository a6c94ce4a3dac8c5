//! Who goes next: classes by rank, callers of one class in turn, the calls of one caller in the order in which they came.

use std::collections::{HashMap, HashSet, VecDeque};

/// What a call is for; those that come first here go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It takes back an order.
    Cancellation,
    /// It places or changes an order.
    Order,
    /// It gets a token, without which nobody is served.
    Token,
    /// Somebody waits for its answer.
    Waiting,
    /// Subscriptions, and what is fetched before anybody asks for it.
    Background,
}

/// Classes.
const CLASSES: usize = 5;

/// Calls of higher classes that may go before one that waits: then it is its turn, whatever its class.
const PASSED_BY: usize = 8;

/// Whom a call is for. Callers share the quota evenly, however many calls each has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerId {
    /// The daemon itself.
    Daemon,
    /// A process on this machine.
    Process {
        /// Its user.
        uid: u32,
        /// Its process id.
        pid: i32,
    },
    /// A connection of which the process is not known, by a number of its own.
    Connection(u64),
    /// A client of the gateway, by a number of its own.
    Client(u64),
}

/// What a slot is for, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What it is for.
    pub class: Class,
    /// Whom it is for.
    pub caller: CallerId,
}

impl Claim {
    /// Of a token call.
    pub const TOKEN: Self = Self { class: Class::Token, caller: CallerId::Daemon };

    /// Of what nobody waits for.
    pub const BACKGROUND: Self = Self { class: Class::Background, caller: CallerId::Daemon };

    /// Of a call whose answer this caller waits for.
    pub const fn waiting(caller: CallerId) -> Self {
        Self { class: Class::Waiting, caller }
    }
}

/// The place of a waiting call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) number: u64,
    claim: Claim,
}

/// All waiting calls.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: [Lane; CLASSES],
    next_number: u64,
    /// Places of calls that have another.
    further: HashSet<u64>,
}

/// The waiting calls of one class.
#[derive(Debug, Default)]
struct Lane {
    /// By number, of each caller that waits.
    calls: HashMap<CallerId, VecDeque<u64>>,
    /// Those callers, the next first.
    turns: VecDeque<CallerId>,
    /// The caller that was served last.
    last: Option<CallerId>,
    waiting: usize,
    /// Calls of higher classes that have gone before since the last one of this class.
    passed_by: usize,
}

impl Lanes {
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.waiting == 0)
    }

    /// Lines up; a call that is for several callers may do so for each of them.
    pub(super) fn enter(&mut self, claim: Claim, is_further: bool) -> Ticket {
        self.next_number += 1;
        let ticket = Ticket { number: self.next_number, claim };
        self.lanes[claim.class as usize].enter(claim.caller, ticket.number);
        if is_further {
            self.further.insert(ticket.number);
        }
        ticket
    }

    /// A call went without lining up, since nobody was waiting.
    pub(super) fn pass(&mut self, claim: Claim) {
        self.lanes[claim.class as usize].last = Some(claim.caller);
    }

    /// Leaves the line; whether the call was still waiting.
    pub(super) fn leave(&mut self, ticket: Ticket) -> bool {
        self.further.remove(&ticket.number);
        self.lanes[ticket.claim.class as usize].leave(ticket.claim.caller, ticket.number)
    }

    /// The class of the call that goes next.
    pub(super) fn next_class(&self) -> Option<Class> {
        use Class::{Background, Cancellation, Order, Token, Waiting};
        let index = self.next_lane()?;
        [Cancellation, Order, Token, Waiting, Background].get(index).copied()
    }

    fn next_lane(&self) -> Option<usize> {
        let mut waiting = self.lanes.iter().enumerate().filter(|(_, lane)| lane.waiting > 0);
        let first = waiting.clone().next()?.0;
        let due = waiting.find(|(_, lane)| lane.passed_by >= PASSED_BY);
        Some(due.map_or(first, |(index, _)| index))
    }

    /// The call that goes next leaves the line.
    pub(super) fn next(&mut self) -> Option<Ticket> {
        let class = self.next_class()?;
        let (upper, lower) = self.lanes.split_at_mut(class as usize + 1);
        for lane in lower.iter_mut().filter(|lane| lane.waiting > 0) {
            lane.passed_by += 1;
        }
        let (caller, number) = upper.last_mut()?.next()?;
        self.further.remove(&number);
        Some(Ticket { number, claim: Claim { class, caller } })
    }

    /// How many waiting calls would go before a new one, at least.
    pub(super) fn before(&self, claim: Claim) -> usize {
        let (above, lane) = self.lanes.split_at(claim.class as usize);
        let in_lane = lane.first().map_or(0, |lane| lane.before(claim.caller, &self.further));
        let above: usize = above.iter().map(|lane| lane.waiting).sum();
        in_lane + above.saturating_sub(self.further.len()).min(PASSED_BY * (in_lane + 1))
    }
}

impl Lane {
    fn enter(&mut self, caller: CallerId, number: u64) {
        if self.waiting == 0 {
            self.passed_by = 0;
        }
        self.waiting += 1;
        // Whoever was served last lets a newcomer go first: one caller's calls hold up another's by none.
        let place = self.newcomers_place();
        let calls = self.calls.entry(caller).or_default();
        if calls.is_empty() {
            self.turns.insert(place, caller);
        }
        calls.push_back(number);
    }

    fn newcomers_place(&self) -> usize {
        let served_last_is_last = self.last.is_some() && self.turns.back() == self.last.as_ref();
        self.turns.len() - usize::from(served_last_is_last)
    }

    fn leave(&mut self, caller: CallerId, number: u64) -> bool {
        let Some(calls) = self.calls.get_mut(&caller) else { return false };
        let Ok(index) = calls.binary_search(&number) else { return false };
        calls.remove(index);
        self.waiting -= 1;
        if calls.is_empty() {
            self.calls.remove(&caller);
            self.turns.retain(|other| *other != caller);
        }
        true
    }

    fn next(&mut self) -> Option<(CallerId, u64)> {
        let caller = self.turns.pop_front()?;
        let calls = self.calls.get_mut(&caller)?;
        let number = calls.pop_front()?;
        if calls.is_empty() {
            self.calls.remove(&caller);
        } else {
            self.turns.push_back(caller);
        }
        self.last = Some(caller);
        self.waiting -= 1;
        self.passed_by = 0;
        Some((caller, number))
    }

    fn before(&self, caller: CallerId, further: &HashSet<u64>) -> usize {
        // A call counts once, however many places it has.
        let waiting = |caller, most| {
            let Some(calls) = self.calls.get(caller) else { return 0 };
            if further.is_empty() {
                return calls.len().min(most);
            }
            calls.iter().filter(|number| !further.contains(number)).take(most).count()
        };
        let own = waiting(&caller, usize::MAX);
        let turn = self.turns.iter().position(|other| *other == caller);
        let turn = turn.unwrap_or_else(|| self.newcomers_place());
        // Each other caller has one turn for each of this one's, and those whose turn is sooner have one more.
        let others = self.turns.iter().enumerate().filter(|(_, other)| **other != caller);
        own + others.map(|(index, other)| waiting(other, own + usize::from(index < turn))).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
