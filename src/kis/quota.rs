//! KIS's limit of calls a second for one app key, as a sliding window that callers share fairly and whose size is learned.
//!
//! At most `calls_per_second` calls reach KIS within any second, yet after a quiet second that many go out at once. The usual
//! libraries meter an even drip with a burst on top (GCRA, token buckets), which lets nearly twice the limit into one second
//! and which KIS answers with EGW00201; hence this one.
//!
//! All decisions are the [`scheduler`]'s, which knows neither clock nor task: which calls count is the business of its
//! [`window`], who goes next that of its [`lanes`], and how many KIS allows that of its [`learner`]. This module lets callers
//! wait for it.
//!
//! KIS's window knows nothing of processes: what one has sent counts against the next, which reads it in the [`log`].
//!
//! One of those that wait watches the clock for all. A waiting call that is dropped leaves the line at once; of a granted slot
//! whose call is dropped nobody knows whether it went out, so it stays taken.

mod kept;
mod lanes;
mod learner;
mod log;
mod place;
mod rate;
mod scheduler;
mod window;

use std::{
    cmp::Ordering,
    collections::HashMap,
    convert::Infallible,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use tokio::sync::{Mutex as Turn, Notify, oneshot};
use tracing::{debug, info, warn};

pub(crate) use self::learner::Heard;
use self::{
    kept::Kept,
    log::CallLog,
    place::Place,
    rate::WINDOW,
    scheduler::{Asked, Grant, Scheduler},
    window::{ARRIVAL, Local},
};
pub use self::{
    lanes::{CallerId, Claim, Class},
    learner::Beginning,
    place::Claimants,
    rate::Rate,
};
use super::error::KisError;
use crate::clock::{Instant, SharedClock};

/// The quota of one app key.
#[derive(Debug)]
pub struct Quota {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: SharedClock,
    /// Held for a few instructions, never across an await.
    state: Mutex<State>,
    /// Whoever has it watches the clock for all that wait.
    watch: Turn<()>,
    /// The next slot may be free earlier than the one who watches believes.
    changed: Notify,
    log: OnceLock<(CallLog, Kept)>,
}

#[derive(Debug)]
struct State {
    scheduler: Scheduler,
    /// Those that wait, by the number of their ticket.
    waiting: HashMap<u64, oneshot::Sender<Grant>>,
}

/// The right to make one call, until it is answered.
#[derive(Debug)]
#[must_use = "a permit that is dropped without an answer counts as a call of which nothing is known"]
pub struct Permit {
    shared: Arc<Shared>,
    grant: Grant,
    is_over: bool,
}

/// Why a call has no slot yet.
enum Asking<'a> {
    Waits(Place<'a>),
    TooLate(Instant),
}

impl Quota {
    /// A quota of `calls_per_second`, of which there is at least one.
    pub fn new(calls_per_second: u32, beginning: Beginning, clock: SharedClock) -> Self {
        let scheduler = Scheduler::new(Local::default(), Rate::per_second(calls_per_second), beginning);
        let state = Mutex::new(State { scheduler, waiting: HashMap::new() });
        let shared = Shared { clock, state, watch: Turn::new(()), changed: Notify::new(), log: OnceLock::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Counts the calls that other processes have made in the last second, goes on from what they have learned, and writes down
    /// both of this one.
    pub fn keep_log(&self, path: &Path) -> io::Result<()> {
        let (log, kept) = (CallLog::open(path)?, Kept::beside(path));
        let (now, since_boot) = (self.shared.clock.monotonic(), self.shared.clock.boottime());
        let mut state = self.shared.state();
        if let Some(learned) = kept.read() {
            state.scheduler.resume(learned, now);
        }
        for ago in log.recent(since_boot, ARRIVAL + WINDOW + state.scheduler.rate().extra()) {
            state.scheduler.count_earlier(ago, now);
        }
        drop(state);
        // Called once, before anybody has called.
        let _ = self.shared.log.set((log, kept));
        Ok(())
    }

    /// Waits for the right to make one call, at most until `deadline`.
    pub async fn permit(&self, claimants: &Claimants, deadline: Instant) -> Result<Permit, KisError> {
        let shared = &*self.shared;
        let (mut claims, mut places) = (claimants.subscribe(), Vec::new());
        let (mut asked, mut free_at) = (0, Instant::MAX);
        let grant = 'granted: loop {
            let new: Vec<Claim> = claims.borrow_and_update()[asked..].to_vec();
            for claim in new {
                asked += 1;
                match shared.ask(claim, !places.is_empty(), deadline) {
                    Ok(grant) => break 'granted grant,
                    Err(Asking::Waits(place)) => places.push(place),
                    Err(Asking::TooLate(at)) => free_at = free_at.min(at),
                }
            }
            if places.is_empty() {
                return Err(shared.no_slot(free_at));
            }
            tokio::select! {
                biased;
                grant = place::first(&mut places) => break grant,
                Ok(()) = claims.changed() => {}
                never = shared.watch() => match never {},
                () = shared.clock.sleep_until(deadline) => {
                    drop(places);
                    let (state, now) = (shared.state(), shared.clock.monotonic());
                    let free_at = claims.borrow().iter().map(|claim| state.scheduler.free_at(*claim, now)).min();
                    drop(state);
                    return Err(shared.no_slot(free_at.unwrap_or(now)));
                }
            }
        };
        drop(places);
        if let Some((log, _)) = shared.log.get() {
            log.note(shared.clock.boottime());
        }
        Ok(Permit { shared: self.shared.clone(), grant, is_over: false })
    }

    /// The limit that is configured, at least one.
    pub fn limit(&self) -> u32 {
        self.shared.state().scheduler.ceiling().calls()
    }

    /// The rate in use: what KIS allows, as far as it is known and wanted.
    pub fn rate(&self) -> Rate {
        self.shared.state().scheduler.rate()
    }

    /// Slots that are taken.
    pub fn taken(&self) -> usize {
        let now = self.shared.clock.monotonic();
        self.shared.state().scheduler.taken(now)
    }

    /// Changes the limit; calls already granted count against the new one.
    pub fn set_limit(&self, calls_per_second: u32) {
        self.shared.state().scheduler.set_ceiling(Rate::per_second(calls_per_second));
        self.shared.go_on();
    }
}

impl Shared {
    /// Asks for a slot; a call that has asked already does so for another caller.
    fn ask(&self, claim: Claim, has_asked: bool, deadline: Instant) -> Result<Grant, Asking<'_>> {
        let mut state = self.state();
        match state.scheduler.ask(claim, has_asked, deadline, self.clock.monotonic()) {
            Asked::Granted(grant) => Ok(grant),
            Asked::TooLate(free_at) => Err(Asking::TooLate(free_at)),
            Asked::Waits(ticket) => {
                let (give, granted) = oneshot::channel();
                state.waiting.insert(ticket.number, give);
                Err(Asking::Waits(Place { shared: self, ticket, granted }))
            }
        }
    }

    /// Lets go whoever may go, at the time when they may, for ever.
    async fn watch(&self) -> Infallible {
        let _turn = self.watch.lock().await;
        loop {
            let next_at = self.grant();
            tokio::select! {
                () = self.clock.sleep_until(next_at.unwrap_or(Instant::MAX)) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Lets go whoever may go now; when the next may.
    fn grant(&self) -> Option<Instant> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        while let Some((ticket, grant)) = state.scheduler.next(now) {
            let sent = state.waiting.remove(&ticket.number).map(|waiting| waiting.send(grant));
            if !matches!(sent, Some(Ok(()))) {
                state.scheduler.give_back(&grant);
            }
        }
        state.scheduler.next_at(now)
    }

    /// Something has happened that may let somebody go.
    fn go_on(&self) {
        if self.grant().is_some() {
            self.changed.notify_one();
        }
    }

    fn no_slot(&self, free_at: Instant) -> KisError {
        let rate = self.state().scheduler.rate();
        let retry_after = free_at.since(self.clock.monotonic()).max(rate.window());
        KisError::NoSlot { rate, retry_after }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere while it was held has broken nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The call was made, and nothing is learned of it.
    pub fn is_used(self) {
        self.answered(Heard::LetThrough);
    }

    /// The call has been answered, or has failed.
    pub(crate) fn answered(mut self, heard: Heard) {
        self.is_over = true;
        let now = self.shared.clock.monotonic();
        let mut state = self.shared.state();
        let before = state.scheduler.rate();
        state.scheduler.heard(&self.grant, heard, now);
        let (rate, news) = (state.scheduler.rate(), state.scheduler.news());
        drop(state);
        let (calls, window_ms) = (rate.calls(), rate.window_ms());
        match rate.cmp(&before) {
            Ordering::Less => info!(calls, window_ms, "KIS counts too many calls, so fewer are made"),
            Ordering::Equal => {}
            Ordering::Greater => debug!(calls, window_ms, "KIS allows more calls, so more are made"),
        }
        if let Some((learned, (_, kept))) = news.zip(self.shared.log.get())
            && let Err(error) = kept.write(learned)
        {
            warn!(%error, "the rate of calls that KIS allows is not written down, and is learned again after a restart");
        }
        self.shared.go_on();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.state().scheduler.abandon(&self.grant);
            self.shared.go_on();
        }
    }
}

#[cfg(test)]
mod tests;
