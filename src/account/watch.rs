//! Balance subscribers. Each receives only the latest state; intermediate states are dropped, so no subscriber needs a queue.
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

use super::{Balance, BalanceError};
use crate::{
    clock::{BootTime, Instant, SharedClock},
    kis::{Effect, KisError, after},
    token::CallError,
};

/// The state of what is known of the balance.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// When the last fetch ended, on the clock that runs on while the machine is suspended; `None`: none has.
    at: Option<BootTime>,
    /// Counts the changes, so that subscribers need not compare.
    version: u64,
    /// The newest balance.
    pub balance: Option<Arc<Balance>>,
    /// Why it is not newer; `None`: the last fetch succeeded.
    pub fault: Option<BalanceError>,
}

impl News {
    fn take(&mut self, fetched: Result<Arc<Balance>, BalanceError>, at: BootTime) {
        let changed = match &fetched {
            Ok(new) => self.fault.is_some() || !self.balance.as_ref().is_some_and(|old| old.says_the_same(new)),
            Err(new) => !self.fault.as_ref().is_some_and(|old| is_alike(old, new)),
        };
        self.version += u64::from(changed || self.at.is_none());
        self.at = Some(at);
        match fetched {
            Ok(balance) => (self.balance, self.fault) = (Some(balance), None),
            Err(fault) => self.fault = Some(fault),
        }
    }
}

/// Whether two faults are one to a subscriber; texts of ours differ by times and numbers of tries.
fn is_alike(one: &BalanceError, other: &BalanceError) -> bool {
    match (one, other) {
        (BalanceError::Call(CallError::Kis(one)), BalanceError::Call(CallError::Kis(other))) => {
            let alike = |error: &KisError| {
                (discriminant(error), error.answer().cloned(), discriminant(&after(Effect::Read, error)))
            };
            alike(one) == alike(other)
        }
        (BalanceError::Call(CallError::Token(one)), BalanceError::Call(CallError::Token(other))) => {
            discriminant(one) == discriminant(other)
        }
        (
            BalanceError::NotWhole { contradiction: one, settled, .. },
            BalanceError::NotWhole { contradiction: other, settled: also, .. },
        ) => discriminant(one) == discriminant(other) && settled == also,
        (BalanceError::Call(_), _) => false,
        (one, other) => discriminant(one) == discriminant(other),
    }
}

/// The intervals of all subscriptions, and the news for them.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    news: watch::Sender<News>,
    /// Held for a few instructions, never across an await.
    intervals: Mutex<BTreeMap<Duration, usize>>,
    /// Somebody has come or gone.
    pub(super) changed: Notify,
}

impl Watchers {
    /// How often the most eager wants news; `None`: nobody is there.
    pub(super) fn shortest(&self) -> Option<Duration> {
        self.intervals().keys().next().copied()
    }

    /// Tells everybody how a fetch ended.
    pub(super) fn tell(&self, fetched: Result<Arc<Balance>, BalanceError>, at: BootTime) {
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
    pub(super) fn fault(&self) -> Option<BalanceError> {
        self.news.borrow().fault.clone()
    }

    /// Subscriptions.
    pub(super) fn count(&self) -> usize {
        self.intervals().values().sum()
    }

    pub(super) fn subscribe(self: &Arc<Self>, interval: Duration, clock: SharedClock) -> Subscription {
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
pub struct Subscription {
    interval: Duration,
    /// Fetches that ended before are too old to begin with.
    from: BootTime,
    /// The version that was told last.
    told: Option<u64>,
    told_at: Instant,
    news: watch::Receiver<News>,
    watchers: Arc<Watchers>,
    clock: SharedClock,
}

impl Subscription {
    /// The whole state first, then whenever something has changed, and never sooner than the interval after the last; `None`
    /// once the desk is gone.
    pub async fn next(&mut self) -> Option<News> {
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

impl Drop for Subscription {
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
