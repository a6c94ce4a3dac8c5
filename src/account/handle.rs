//! What everyone who asks for the balance holds: the last one in memory, and the way to the desk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{
    AccountId, Balance, BalanceError, Settings,
    error::is_supported,
    pace::Progress,
    watch::{Subscription, Watchers},
};
use crate::{
    clock::{self, BootTime, Instant, SharedClock},
    kis::{KisClient, KisError},
    token::{CallError, TokenError},
};

pub(super) type Answer = Result<Arc<Balance>, BalanceError>;

/// What the desk can be asked for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) max_age: Option<Duration>,
    pub(super) waiter: Waiter,
}

/// Somebody who waits for an answer.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) reply: oneshot::Sender<Answer>,
    /// How long the answer may take,
    pub(super) timeout: Duration,
    /// which is over then.
    pub(super) until: Instant,
}

/// What the desk shares with everyone who asks.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) settings: ArcSwap<Settings>,
    pub(super) last: ArcSwapOption<Fetched>,
    /// How far the fetch under way has come, if it has several pages.
    pub(super) progress: ArcSwapOption<Progress>,
    /// Calls that were answered by a fetch that another call had set in motion.
    pub(super) coalesced: AtomicU64,
    /// The last balance as it was written for callers.
    written: ArcSwapOption<(Arc<Balance>, Bytes)>,
    pub(super) watchers: Arc<Watchers>,
}

#[derive(Debug)]
pub(super) struct Fetched {
    /// On the clock that runs on while the machine is suspended: an answer ages meanwhile.
    pub(super) at: BootTime,
    pub(super) balance: Arc<Balance>,
}

impl Memory {
    pub(super) fn new(settings: Settings, predecessor: Option<&BalanceHandle>) -> Self {
        let watchers: Arc<Watchers> = predecessor.map(|handle| handle.memory.watchers.clone()).unwrap_or_default();
        watchers.forget_fault();
        Self {
            settings: ArcSwap::from_pointee(settings),
            last: ArcSwapOption::empty(),
            progress: ArcSwapOption::empty(),
            coalesced: AtomicU64::new(0),
            written: ArcSwapOption::empty(),
            watchers,
        }
    }

    /// Applies `use_it` to the last balance if it is at most `max_age` old; without one, what is configured counts.
    pub(super) fn young<T>(
        &self,
        max_age: Option<Duration>,
        now: BootTime,
        use_it: impl FnOnce(&Arc<Balance>) -> T,
    ) -> Option<T> {
        let max_age = max_age.unwrap_or_else(|| self.settings.load().max_age);
        let last = self.last.load();
        let last = last.as_ref()?;
        (max_age > Duration::ZERO && now.since(last.at) <= max_age).then(|| use_it(&last.balance))
    }

    /// How often subscribers may be told: so often that half of the quota is left for everybody else.
    pub(super) fn shortest_interval(&self, client: &KisClient) -> Duration {
        let pages = self.last.load().as_ref().map_or(1, |last| last.balance.pages);
        let calls = u32::try_from(pages).unwrap_or(u32::MAX);
        let exact = Duration::from_secs(2).saturating_mul(calls) / client.calls_per_second();
        // In whole milliseconds, as it is told and asked for.
        Duration::from_millis(u64::try_from(exact.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// Why there is no subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSubscription {
    /// The interval is shorter than this, which the quota allows.
    TooOften(Duration),
    /// There is nothing to be told.
    Never(BalanceError),
}

/// A clone for everyone who asks.
#[derive(Debug, Clone)]
pub struct BalanceHandle {
    requests: mpsc::Sender<Request>,
    account: AccountId,
    client: Arc<KisClient>,
    clock: SharedClock,
    memory: Arc<Memory>,
}

impl BalanceHandle {
    pub(super) fn new(
        requests: mpsc::Sender<Request>,
        account: AccountId,
        client: Arc<KisClient>,
        memory: Arc<Memory>,
    ) -> Self {
        let clock = client.clock().clone();
        Self { requests, account, client, clock, memory }
    }

    /// Applies `use_it` to the balance in memory if it is at most `max_age` old; `None` leaves the age to the configuration.
    /// Nothing is counted, copied or locked on the way.
    pub fn from_memory<T>(&self, max_age: Option<Duration>, use_it: impl FnOnce(&Arc<Balance>) -> T) -> Option<T> {
        self.memory.young(max_age, self.clock.boottime(), use_it)
    }

    /// The balance, at most `max_age` old, within `timeout`; `None` leaves either to the configuration.
    pub async fn balance(
        &self,
        max_age: Option<Duration>,
        timeout: Option<Duration>,
    ) -> Result<Arc<Balance>, BalanceError> {
        self.supported()?;
        if let Some(balance) = self.from_memory(max_age, Arc::clone) {
            return Ok(balance);
        }
        let timeout = timeout.unwrap_or_else(|| self.call_timeout());
        // Whoever waits for the next fetch may have to see the end of one under way first.
        let until = self.clock.monotonic().saturating_add(timeout);
        let (reply, answer) = oneshot::channel();
        let waiter = Waiter { reply, timeout, until };
        let asked = async {
            self.requests.send(Request { max_age, waiter }).await.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        };
        clock::before(&*self.clock, until, asked).await.unwrap_or_else(|| Err(self.timed_out(timeout)))
    }

    fn timed_out(&self, timeout: Duration) -> BalanceError {
        if let Some(progress) = &*self.memory.progress.load() {
            return progress.does_not_fit(self.client.calls_per_second(), timeout);
        }
        let reason = format!("not complete within {}", humantime::format_duration(timeout));
        CallError::from(KisError::Unreachable { tr_id: "account.balance", reason, sent: true }).into()
    }

    /// Asks to be told of the balance whenever it changes, at most once in `interval`.
    pub fn subscribe(&self, interval: Duration) -> Result<Subscription, NoSubscription> {
        self.supported().map_err(NoSubscription::Never)?;
        let shortest = self.memory.shortest_interval(&self.client);
        if interval < shortest {
            return Err(NoSubscription::TooOften(shortest));
        }
        Ok(self.memory.watchers.subscribe(interval, self.clock.clone()))
    }

    /// The balance as it is written for callers: by `write`, once for each balance.
    pub fn written<E>(
        &self,
        balance: &Arc<Balance>,
        write: impl FnOnce(&Balance) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        if let Some(last) = &*self.memory.written.load()
            && Arc::ptr_eq(&last.0, balance)
        {
            return Ok(last.1.clone());
        }
        let written = write(balance)?;
        self.memory.written.store(Some(Arc::new((balance.clone(), written.clone()))));
        Ok(written)
    }

    /// Whether both are handles of one desk.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.memory, &other.memory)
    }

    /// Why the last fetch failed; `None`: it has succeeded, or there was none.
    pub fn last_fault(&self) -> Option<BalanceError> {
        self.memory.watchers.fault()
    }

    /// Subscriptions to the balance.
    pub fn subscriptions(&self) -> usize {
        self.memory.watchers.count()
    }

    /// Longest time that one call may take which does not say itself.
    pub fn call_timeout(&self) -> Duration {
        self.memory.settings.load().call_timeout
    }

    /// Calls that were answered by a fetch that another call had set in motion.
    pub fn coalesced(&self) -> u64 {
        self.memory.coalesced.load(Ordering::Relaxed)
    }

    /// Changes the configuration.
    pub fn reload(&self, settings: Settings) {
        let before = self.memory.settings.swap(Arc::new(settings));
        if before.prices != settings.prices {
            // It was calculated with other prices.
            self.memory.last.store(None);
        }
        self.memory.watchers.forget_fault();
    }

    fn supported(&self) -> Result<(), BalanceError> {
        let product_code = self.account.product_code();
        if is_supported(product_code) {
            return Ok(());
        }
        Err(BalanceError::NotSupported { product_code: product_code.to_owned() })
    }
}

fn stopped() -> CallError {
    TokenError::Stopped.into()
}
