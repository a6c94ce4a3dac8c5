//! What everyone who asks holds: the last answer in memory, and the way to the desk.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{
    Question, ReadError, Settings,
    pace::Progress,
    watch::{Fetched as Answer, Subscription, Watchers},
};
use crate::{
    clock::{self, BootTime, Instant, SharedClock},
    kis::{KisClient, KisError, quota::CallerId},
    token::{CallError, TokenError},
};

/// What the desk can be asked for.
#[derive(Debug)]
pub(super) struct Request<Q: Question> {
    pub(super) max_age: Option<Duration>,
    pub(super) waiter: Waiter<Q>,
}

/// Somebody who waits for an answer.
#[derive(Debug)]
pub(super) struct Waiter<Q: Question> {
    pub(super) reply: oneshot::Sender<Answer<Q>>,
    /// Who it is.
    pub(super) caller: CallerId,
    /// How long the answer may take,
    pub(super) timeout: Duration,
    /// which is over then.
    pub(super) until: Instant,
}

/// What the desk shares with everyone who asks.
#[derive(Debug)]
pub(super) struct Memory<Q: Question> {
    pub(super) settings: ArcSwap<Settings>,
    pub(super) question: ArcSwap<Q>,
    pub(super) last: ArcSwapOption<Fetched<Q>>,
    /// How far the fetch under way has come, if it has several pages.
    pub(super) progress: ArcSwapOption<Progress>,
    /// Calls that were answered by a fetch that another call had set in motion.
    pub(super) coalesced: AtomicU64,
    /// The last answer as it was written for callers.
    written: ArcSwapOption<(Arc<Q::Answer>, Bytes)>,
    pub(super) watchers: Arc<Watchers<Q>>,
}

#[derive(Debug)]
pub(super) struct Fetched<Q: Question> {
    /// On the clock that runs on while the machine is suspended: an answer ages meanwhile.
    pub(super) at: BootTime,
    pub(super) answer: Arc<Q::Answer>,
}

impl<Q: Question> Memory<Q> {
    pub(super) fn new(question: Q, settings: Settings, predecessor: Option<&Handle<Q>>) -> Self {
        let watchers: Arc<Watchers<Q>> = predecessor.map(|handle| handle.memory.watchers.clone()).unwrap_or_default();
        watchers.forget_fault();
        Self {
            settings: ArcSwap::from_pointee(settings),
            question: ArcSwap::from_pointee(question),
            last: ArcSwapOption::empty(),
            progress: ArcSwapOption::empty(),
            coalesced: AtomicU64::new(0),
            written: ArcSwapOption::empty(),
            watchers,
        }
    }

    /// Applies `use_it` to the last answer if it is at most `max_age` old; without one, what is configured counts.
    pub(super) fn young<T>(
        &self,
        max_age: Option<Duration>,
        now: BootTime,
        use_it: impl FnOnce(&Arc<Q::Answer>) -> T,
    ) -> Option<T> {
        let max_age = max_age.unwrap_or_else(|| self.settings.load().max_age);
        let last = self.last.load();
        let last = last.as_ref()?;
        (max_age > Duration::ZERO && now.since(last.at) <= max_age).then(|| use_it(&last.answer))
    }

    /// How often subscribers may be told: so often that half of the quota is left for everybody else.
    pub(super) fn shortest_interval(&self, client: &KisClient) -> Duration {
        let pages = self.last.load().as_ref().map_or(1, |last| Q::size(&last.answer).pages);
        let calls = u32::try_from(pages).unwrap_or(u32::MAX);
        let exact = Duration::from_secs(2).saturating_mul(calls) / client.calls_per_second();
        // In whole milliseconds, as it is told and asked for.
        Duration::from_millis(u64::try_from(exact.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// Why there is no subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSubscription<F> {
    /// The interval is shorter than this, which the quota allows.
    TooOften(Duration),
    /// There is nothing to be told.
    Never(ReadError<F>),
}

/// A clone for everyone who asks.
#[derive(Debug, Clone)]
pub struct Handle<Q: Question> {
    requests: mpsc::Sender<Request<Q>>,
    client: Arc<KisClient>,
    clock: SharedClock,
    memory: Arc<Memory<Q>>,
}

/// A look at the memory of a desk. It does not keep the desk, and does not count as asking it: so it ends after a while.
#[derive(Debug)]
pub struct Glance<Q: Question> {
    memory: Weak<Memory<Q>>,
    clock: SharedClock,
    since: BootTime,
}

/// How long a glance lasts: less than a desk is kept that nobody asks.
const GLANCE: Duration = Duration::from_secs(60);

impl<Q: Question> Glance<Q> {
    /// Applies `use_it` to the answer in memory if it is at most `max_age` old.
    pub fn from_memory<T>(&self, max_age: Duration, use_it: impl FnOnce(&Arc<Q::Answer>) -> T) -> Option<T> {
        let now = self.clock.boottime();
        if now.since(self.since) > GLANCE {
            return None;
        }
        self.memory.upgrade()?.young(Some(max_age), now, use_it)
    }
}

impl<Q: Question> Handle<Q> {
    pub(super) fn new(requests: mpsc::Sender<Request<Q>>, client: Arc<KisClient>, memory: Arc<Memory<Q>>) -> Self {
        let clock = client.clock().clone();
        Self { requests, client, clock, memory }
    }

    /// Applies `use_it` to the answer in memory if it is at most `max_age` old; `None` leaves the age to the configuration.
    /// Nothing is counted, copied or locked on the way.
    pub fn from_memory<T>(&self, max_age: Option<Duration>, use_it: impl FnOnce(&Arc<Q::Answer>) -> T) -> Option<T> {
        self.memory.young(max_age, self.clock.boottime(), use_it)
    }

    /// A look at the memory that does not keep the desk.
    pub fn glance(&self) -> Glance<Q> {
        Glance { memory: Arc::downgrade(&self.memory), clock: self.clock.clone(), since: self.clock.boottime() }
    }

    /// The answer for `caller`, at most `max_age` old, within `timeout`; `None` leaves either to the configuration.
    pub async fn ask(&self, caller: CallerId, max_age: Option<Duration>, timeout: Option<Duration>) -> Answer<Q> {
        self.can_be_answered()?;
        if let Some(answer) = self.from_memory(max_age, Arc::clone) {
            return Ok(answer);
        }
        let timeout = timeout.unwrap_or_else(|| self.call_timeout());
        // Whoever waits for the next fetch may have to see the end of one under way first.
        let until = self.clock.monotonic().saturating_add(timeout);
        let (reply, answer) = oneshot::channel();
        let waiter = Waiter { reply, caller, timeout, until };
        let asked = async {
            self.requests.send(Request { max_age, waiter }).await.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        };
        clock::before(&*self.clock, until, asked).await.unwrap_or_else(|| Err(self.timed_out(timeout)))
    }

    fn timed_out(&self, timeout: Duration) -> ReadError<Q::Fault> {
        if let Some(progress) = &*self.memory.progress.load() {
            return progress.does_not_fit(self.client.calls_per_second(), timeout);
        }
        let reason = format!("not complete within {}", humantime::format_duration(timeout));
        CallError::from(KisError::Unreachable { tr_id: self.memory.question.load().name(), reason, sent: true }).into()
    }

    /// Asks to be told of the answer whenever it changes, at most once in `interval`.
    pub fn subscribe(&self, interval: Duration) -> Result<Subscription<Q>, NoSubscription<Q::Fault>> {
        self.can_be_answered().map_err(NoSubscription::Never)?;
        let shortest = self.memory.shortest_interval(&self.client);
        if interval < shortest {
            return Err(NoSubscription::TooOften(shortest));
        }
        Ok(self.memory.watchers.subscribe(interval, self.clock.clone()))
    }

    /// The answer as it is written for callers: by `write`, once for each answer.
    pub fn written<E>(
        &self,
        answer: &Arc<Q::Answer>,
        write: impl FnOnce(&Q::Answer) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        if let Some(last) = &*self.memory.written.load()
            && Arc::ptr_eq(&last.0, answer)
        {
            return Ok(last.1.clone());
        }
        let written = write(answer)?;
        self.memory.written.store(Some(Arc::new((answer.clone(), written.clone()))));
        Ok(written)
    }

    /// Whether both are handles of one desk.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.memory, &other.memory)
    }

    /// Why the last fetch failed; `None`: it has succeeded, or there was none.
    pub fn last_fault(&self) -> Option<ReadError<Q::Fault>> {
        self.memory.watchers.fault()
    }

    /// Subscriptions to the answer.
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
    pub fn reload(&self, question: Q, settings: Settings) {
        self.memory.settings.store(Arc::new(settings));
        let is_answered = question.takes_answers_of(&self.memory.question.load());
        self.memory.question.store(Arc::new(question));
        if !is_answered {
            self.memory.last.store(None);
        }
        self.memory.watchers.forget_fault();
    }

    fn can_be_answered(&self) -> Result<(), ReadError<Q::Fault>> {
        self.memory.question.load().refusal().map_or(Ok(()), |fault| Err(ReadError::Fault(fault)))
    }
}

fn stopped() -> CallError {
    TokenError::Stopped.into()
}
