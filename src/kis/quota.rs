//! KIS's limit of calls a second for one app key, as a sliding window.
//!
//! At most `calls_per_second` calls reach KIS within any second, yet after a quiet second that many go out at once. The usual
//! libraries meter an even drip with a burst on top (GCRA, token buckets), which lets nearly twice the limit into one second
//! and which KIS answers with EGW00201; hence this one.
//!
//! KIS counts a call when it *arrives*, some time between the grant of the slot and the answer. A slot is therefore taken
//! until one second after the answer, but at most until one second after the time that a request may take to arrive
//! ([`ARRIVAL`]): slow answers do not cost calls.
//!
//! KIS's window knows nothing of processes: what one has sent counts against the next, which reads it in the [`log`].
//!
//! Waiters are served in the order they came (tokio's mutex is a queue) and only the first of them watches the clock. A
//! waiter that is dropped leaves the queue; a granted slot stays taken, since nobody knows whether the call went out.

mod log;

use std::{
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex as Queue, Notify};

use self::log::CallLog;
use super::error::KisError;
use crate::clock::{self, Instant, SharedClock};

/// KIS's window.
const WINDOW: Duration = Duration::from_secs(1);

/// Longest time from the grant of a slot to the arrival of the request at KIS, setting up TLS included.
const ARRIVAL: Duration = Duration::from_millis(250);

/// After KIS counted too many, nothing is sent for this long,
const PAUSE: Duration = Duration::from_millis(250);

/// and for this long the window counts double: somebody else uses the same key, or KIS has lowered its limit.
const SLOWED: Duration = Duration::from_secs(10);

/// The quota of one app key.
#[derive(Debug)]
pub struct Quota {
    clock: SharedClock,
    queue: Queue<()>,
    /// Held for a few instructions, never across an await.
    window: Mutex<Window>,
    /// A slot may have become free earlier than the first waiter believes.
    changed: Notify,
    log: Option<CallLog>,
}

#[derive(Debug)]
struct Window {
    limit: u32,
    taken: Vec<Taken>,
    next_id: u64,
    paused_until: Instant,
    slowed_until: Instant,
}

#[derive(Debug)]
struct Taken {
    id: u64,
    until: Instant,
}

/// One granted call; dropped when the answer is there.
#[derive(Debug)]
#[must_use = "the slot is given back when this is dropped"]
pub struct Slot<'a> {
    quota: &'a Quota,
    id: u64,
}

impl Quota {
    /// A quota of `calls_per_second`, of which there is at least one.
    pub fn new(calls_per_second: u32, clock: SharedClock) -> Self {
        let window = Window {
            limit: calls_per_second.max(1),
            taken: Vec::new(),
            next_id: 0,
            paused_until: Instant::ZERO,
            slowed_until: Instant::ZERO,
        };
        Self { clock, queue: Queue::new(()), window: Mutex::new(window), changed: Notify::new(), log: None }
    }

    /// Counts the calls that other processes have made in the last second, and writes down those of this one.
    pub fn keep_log(&mut self, path: &Path) -> io::Result<()> {
        let log = CallLog::open(path)?;
        let (now, since_boot) = (self.clock.monotonic(), self.clock.boottime());
        let mut window = self.window();
        for ago in log.recent(since_boot, ARRIVAL + WINDOW) {
            window.next_id += 1;
            let id = window.next_id;
            window.taken.push(Taken { id, until: now.saturating_add(ARRIVAL + WINDOW - ago) });
        }
        drop(window);
        self.log = Some(log);
        Ok(())
    }

    /// Waits for the right to send one call, at most until `deadline`.
    pub async fn slot(&self, deadline: Instant) -> Result<Slot<'_>, KisError> {
        let turn = clock::before(&*self.clock, deadline, self.queue.lock()).await;
        if turn.is_none() {
            return Err(self.no_slot());
        }
        loop {
            if self.clock.monotonic() > deadline {
                return Err(self.no_slot());
            }
            let free_at = match self.window().take(self.clock.monotonic()) {
                Ok(id) => {
                    if let Some(log) = &self.log {
                        log.note(self.clock.boottime());
                    }
                    return Ok(Slot { quota: self, id });
                }
                Err(free_at) => free_at,
            };
            if free_at > deadline {
                return Err(self.no_slot());
            }
            tokio::select! {
                () = self.clock.sleep_until(free_at) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// KIS has counted too many: send less for a while.
    pub fn slow_down(&self) {
        let now = self.clock.monotonic();
        let mut window = self.window();
        window.paused_until = now.saturating_add(PAUSE);
        window.slowed_until = now.saturating_add(SLOWED);
    }

    /// The limit, at least one.
    pub fn limit(&self) -> u32 {
        self.window().limit
    }

    /// Slots that are taken.
    pub fn taken(&self) -> usize {
        let now = self.clock.monotonic();
        self.window().taken.iter().filter(|taken| taken.until > now).count()
    }

    /// Changes the limit; calls already granted count against the new one.
    pub fn set_limit(&self, calls_per_second: u32) {
        self.window().limit = calls_per_second.max(1);
        self.changed.notify_one();
    }

    fn no_slot(&self) -> KisError {
        let now = self.clock.monotonic();
        let window = self.window();
        KisError::NoSlot { calls_per_second: window.limit, retry_after: window.free_at(now).since(now).max(WINDOW) }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        // Every change leaves the window whole, so a panic elsewhere while it was held has broken nothing.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    /// Takes a slot, or says when one will be free.
    fn take(&mut self, now: Instant) -> Result<u64, Instant> {
        let extra = self.extra(now);
        self.taken.retain(|taken| taken.until.saturating_add(extra) > now);
        let free_at = self.free_at(now);
        if free_at > now {
            return Err(free_at);
        }
        self.next_id += 1;
        self.taken.push(Taken { id: self.next_id, until: now.saturating_add(ARRIVAL + WINDOW) });
        Ok(self.next_id)
    }

    /// When the next slot is free; `now` or before if one is.
    fn free_at(&self, now: Instant) -> Instant {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        // With a lowered limit more may be taken than allowed: as many must end as are over it, and one more.
        let ended_by = match (self.taken.len() + 1).checked_sub(limit) {
            None | Some(0) => Instant::ZERO,
            Some(surplus) => {
                let mut ends: Vec<Instant> = self.taken.iter().map(|taken| taken.until).collect();
                ends.sort_unstable();
                ends.get(surplus - 1).map_or(Instant::ZERO, |end| end.saturating_add(self.extra(now)))
            }
        };
        ended_by.max(self.paused_until)
    }

    fn extra(&self, now: Instant) -> Duration {
        if now < self.slowed_until { WINDOW } else { Duration::ZERO }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let answered = self.quota.clock.monotonic();
        let mut window = self.quota.window();
        if let Some(taken) = window.taken.iter_mut().find(|taken| taken.id == self.id) {
            taken.until = taken.until.min(answered.saturating_add(WINDOW));
        }
        drop(window);
        self.quota.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
