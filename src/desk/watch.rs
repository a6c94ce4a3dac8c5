//! Subscribers to an answer. Each receives only the latest state; intermediate states are dropped, so no subscriber needs a queue.
//!
//! Any number of subscriptions cost one fetch: the desk fetches as often as the shortest interval says, and every fetch, whoever
//! it was for, is news to all.

use std::{
    collections::BTreeMap,
    mem::discriminant,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, watch};

use super::{Question, ReadError};
use crate::{
    clock::{BootTime, Instant, SharedClock},
    kis::{Effect, KisError, after},
    token::CallError,
};

/// The state of what is known of an answer.
#[derive(Debug)]
pub struct News<Q: Question> {
    /// When the last fetch ended, on the clock that runs on while the machine is suspended; `None`: none has.
    at: Option<BootTime>,
    /// Counts the changes, so that subscribers need not compare.
    version: u64,
    /// The newest answer.
    pub answer: Option<Arc<Q::Answer>>,
    /// Why it is not newer; `None`: the last fetch succeeded.
    pub fault: Option<ReadError<Q::Fault>>,
}

// Not derived: that would ask the same of the answer.
impl<Q: Question> Clone for News<Q> {
    fn clone(&self) -> Self {
        Self { at: self.at, version: self.version, answer: self.answer.clone(), fault: self.fault.clone() }
    }
}

impl<Q: Question> Default for News<Q> {
    fn default() -> Self {
        Self { at: None, version: 0, answer: None, fault: None }
    }
}

impl<Q: Question> News<Q> {
    fn take(&mut self, fetched: Fetched<Q>, at: BootTime) {
        let changed = match &fetched {
            Ok(new) => self.fault.is_some() || !self.answer.as_ref().is_some_and(|old| Q::says_the_same(old, new)),
            Err(new) => !self.fault.as_ref().is_some_and(|old| is_alike::<Q>(old, new)),
        };
        self.version += u64::from(changed || self.at.is_none());
        self.at = Some(at);
        match fetched {
            Ok(answer) => (self.answer, self.fault) = (Some(answer), None),
            Err(fault) => self.fault = Some(fault),
        }
    }
}

/// How a fetch ended.
pub(super) type Fetched<Q> = Result<Arc<<Q as Question>::Answer>, ReadError<<Q as Question>::Fault>>;

/// Whether two faults are one to a subscriber; texts of ours differ by times and numbers of tries.
fn is_alike<Q: Question>(one: &ReadError<Q::Fault>, other: &ReadError<Q::Fault>) -> bool {
    match (one, other) {
        (ReadError::Call(CallError::Kis(one)), ReadError::Call(CallError::Kis(other))) => {
            let alike = |error: &KisError| {
                (discriminant(error), error.answer().cloned(), discriminant(&after(Effect::Read, error)))
            };
            alike(one) == alike(other)
        }
        (ReadError::Call(CallError::Token(one)), ReadError::Call(CallError::Token(other))) => {
            discriminant(one) == discriminant(other)
        }
        (ReadError::Fault(one), ReadError::Fault(other)) => Q::is_alike(one, other),
        (ReadError::Call(_), _) => false,
        (one, other) => discriminant(one) == discriminant(other),
    }
}

/// The intervals of all subscriptions, and the news for them.
#[derive(Debug)]
pub(super) struct Watchers<Q: Question> {
    news: watch::Sender<News<Q>>,
    /// Held for a few instructions, never across an await.
    intervals: Mutex<BTreeMap<Duration, usize>>,
    /// Somebody has come or gone.
    pub(super) changed: Notify,
}

impl<Q: Question> Default for Watchers<Q> {
    fn default() -> Self {
        Self { news: watch::Sender::default(), intervals: Mutex::default(), changed: Notify::default() }
    }
}

impl<Q: Question> Watchers<Q> {
    /// How often the most eager wants news; `None`: nobody is there.
    pub(super) fn shortest(&self) -> Option<Duration> {
        self.intervals().keys().next().copied()
    }

    /// Tells everybody how a fetch ended.
    pub(super) fn tell(&self, fetched: Fetched<Q>, at: BootTime) {
        self.news.send_modify(|news| news.take(fetched, at));
    }

    /// What has failed may not fail any more: the configuration has changed.
    pub(super) fn forget_fault(&self) {
        self.news.send_if_modified(|news| {
            let forgotten = news.fault.take().is_some();
            news.version += u64::from(forgotten);
            forgotten
        });
    }

    /// Why the last fetch failed, if it did.
    pub(super) fn fault(&self) -> Option<ReadError<Q::Fault>> {
        self.news.borrow().fault.clone()
    }

    /// Subscriptions.
    pub(super) fn count(&self) -> usize {
        self.intervals().values().sum()
    }

    pub(super) fn subscribe(self: &Arc<Self>, interval: Duration, clock: SharedClock) -> Subscription<Q> {
        *self.intervals().entry(interval).or_default() += 1;
        self.changed.notify_one();
        Subscription {
            interval,
            from: clock.boottime().saturating_sub(interval),
            told: None,
            told_at: Instant::ZERO,
            news: self.news.subscribe(),
            watchers: self.clone(),
            clock,
        }
    }

    fn intervals(&self) -> MutexGuard<'_, BTreeMap<Duration, usize>> {
        // Every change leaves the map whole, so a panic elsewhere while it was held has broken nothing.
        self.intervals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One wish to be told; dropping it ends it.
#[derive(Debug)]
pub struct Subscription<Q: Question> {
    interval: Duration,
    /// Fetches that ended before are too old to begin with.
    from: BootTime,
    /// The version that was told last.
    told: Option<u64>,
    told_at: Instant,
    news: watch::Receiver<News<Q>>,
    watchers: Arc<Watchers<Q>>,
    clock: SharedClock,
}

impl<Q: Question> Subscription<Q> {
    /// The whole state first, then whenever something has changed, and never sooner than the interval after the last; `None`
    /// once the desk is gone.
    pub async fn next(&mut self) -> Option<News<Q>> {
        loop {
            let news = self.news.borrow_and_update().clone();
            if news.at.is_some_and(|at| at >= self.from) && self.told != Some(news.version) {
                let now = self.clock.monotonic();
                let at = self.told_at.saturating_add(self.interval);
                if self.told.is_none() || at <= now {
                    (self.told, self.told_at) = (Some(news.version), now);
                    return Some(news);
                }
                self.clock.sleep_until(at).await;
            } else {
                self.news.changed().await.ok()?;
            }
        }
    }
}

impl<Q: Question> Drop for Subscription<Q> {
    fn drop(&mut self) {
        let mut intervals = self.watchers.intervals();
        if let Some(count) = intervals.get_mut(&self.interval) {
            *count -= 1;
            if *count == 0 {
                intervals.remove(&self.interval);
            }
        }
        drop(intervals);
        self.watchers.changed.notify_one();
    }
}
