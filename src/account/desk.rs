//! The task that answers for one account's balance: identical requests share one gathering, young answers come from memory,
//! which callers read without asking the task.
//!
//! The rule for a caller who wants a fresh answer (`max_age` zero): KIS must be asked *after* the call came in. Such callers
//! wait for the next gathering and share it; one already under way never serves them. A gathering belongs to the desk, so it
//! goes on when its callers hang up. When KIS has failed them, the [`circuit`] answers until it is back.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    AccountId, BalanceError, Settings,
    balance::{self, Balance},
    circuit::{self, Circuit},
    watch::{Subscription, Watchers},
};
use crate::{
    clock::{self, Instant, SharedClock},
    kis::{KisClient, KisError},
    token::{CallError, TokenError, TokenHandle},
};

type Answer = Result<Arc<Balance>, BalanceError>;
type Gathering = Pin<Box<dyn Future<Output = Result<Balance, CallError>> + Send>>;

/// What the desk can be asked for.
#[derive(Debug)]
struct Request {
    max_age: Option<Duration>,
    reply: oneshot::Sender<Answer>,
}

/// What the desk shares with everyone who asks.
#[derive(Debug)]
struct Memory {
    settings: ArcSwap<Settings>,
    last: ArcSwapOption<Gathered>,
    /// Calls that were answered by a gathering that another call had set in motion.
    coalesced: AtomicU64,
    watchers: Arc<Watchers>,
}

#[derive(Debug)]
struct Gathered {
    /// On the clock that runs on while the machine is suspended: an answer ages meanwhile.
    at: Duration,
    balance: Arc<Balance>,
}

impl Memory {
    /// What `use_it` makes of the last balance, if it is at most `max_age` old; without one, what is configured counts.
    fn young<T>(&self, max_age: Option<Duration>, now: Duration, use_it: impl FnOnce(&Arc<Balance>) -> T) -> Option<T> {
        let max_age = max_age.unwrap_or_else(|| self.settings.load().max_age);
        let last = self.last.load();
        let last = last.as_ref()?;
        (max_age > Duration::ZERO && now.saturating_sub(last.at) <= max_age).then(|| use_it(&last.balance))
    }
}

impl Memory {
    /// How often subscribers may be told: so often that half of the quota is left for everybody else.
    fn shortest_interval(&self, client: &KisClient) -> Duration {
        let pages = self.last.load().as_ref().map_or(1, |last| last.balance.pages);
        let calls = u32::try_from(pages).unwrap_or(u32::MAX);
        let exact = Duration::from_secs(2).saturating_mul(calls) / client.calls_per_second();
        // In whole milliseconds, as it is told and asked for.
        Duration::from_millis(u64::try_from(exact.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// The owner of one account's balance.
#[derive(Debug)]
pub struct BalanceDesk {
    account: AccountId,
    client: Arc<KisClient>,
    token: TokenHandle,
    memory: Arc<Memory>,
    clock: SharedClock,
    requests: mpsc::Receiver<Request>,

    /// Waiting for the gathering under way.
    waiting: Vec<oneshot::Sender<Answer>>,
    /// Waiting for the one after it.
    next: Vec<oneshot::Sender<Answer>>,
    circuit: Circuit,
    /// When the last gathering began; `None`: there was none.
    gathered_at: Option<Instant>,
}

/// A clone for everyone who asks.
#[derive(Debug, Clone)]
pub struct BalanceHandle {
    requests: mpsc::Sender<Request>,
    client: Arc<KisClient>,
    clock: SharedClock,
    memory: Arc<Memory>,
}

impl BalanceDesk {
    /// A desk that has asked nothing yet, and a handle to it.
    pub fn new(
        account: AccountId,
        client: Arc<KisClient>,
        token: TokenHandle,
        settings: Settings,
    ) -> (Self, BalanceHandle) {
        let (sender, requests) = mpsc::channel(256);
        let clock = client.clock().clone();
        let memory = Arc::new(Memory {
            settings: ArcSwap::from_pointee(settings),
            last: ArcSwapOption::empty(),
            coalesced: AtomicU64::new(0),
            watchers: Arc::default(),
        });
        let handle =
            BalanceHandle { requests: sender, client: client.clone(), clock: clock.clone(), memory: memory.clone() };
        let desk = Self {
            account,
            client,
            token,
            memory,
            clock,
            requests,
            waiting: Vec::new(),
            next: Vec::new(),
            circuit: Circuit::default(),
            gathered_at: None,
        };
        (desk, handle)
    }

    /// Answers until `shutdown` or until nobody can ask any more.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut gathering: Option<Gathering> = None;
        let watchers = self.memory.watchers.clone();
        loop {
            let probe_at = self.circuit.probe_at().filter(|_| gathering.is_none());
            let due_at = self.due_at().filter(|_| gathering.is_none());
            tokio::select! {
                gathered = end_of(&mut gathering) => {
                    gathering = self.finish(gathered);
                }
                () = self.clock.sleep_until(probe_at.unwrap_or(Instant::MAX)), if probe_at.is_some() => {
                    gathering = self.circuit.is_probed(self.clock.monotonic()).then(|| self.gather());
                }
                () = self.clock.sleep_until(due_at.unwrap_or(Instant::MAX)), if due_at.is_some() => {
                    gathering = self.gather_for_watchers();
                }
                () = watchers.changed.notified() => {}
                request = self.requests.recv() => match request {
                    None => return,
                    Some(request) => self.take(request, &mut gathering),
                },
                () = shutdown.cancelled() => return,
            }
        }
    }

    fn take(&mut self, Request { max_age, reply }: Request, gathering: &mut Option<Gathering>) {
        let now = self.clock.monotonic();
        // It may have come in while this request waited to be taken.
        if let Some(balance) = self.memory.young(max_age, self.clock.boottime(), Arc::clone) {
            let _ = reply.send(Ok(balance));
        } else if let Some((last, retry_after)) = self.circuit.refusal(now) {
            let _ = reply.send(Err(BalanceError::CircuitOpen { last, retry_after }));
        } else if gathering.is_none() {
            self.waiting.push(reply);
            *gathering = Some(self.gather());
        } else if max_age.unwrap_or_else(|| self.memory.settings.load().max_age) > Duration::ZERO {
            self.count_coalesced();
            self.waiting.push(reply);
        } else {
            if !self.next.is_empty() {
                self.count_coalesced();
            }
            self.next.push(reply);
        }
    }

    fn count_coalesced(&self) {
        self.memory.coalesced.fetch_add(1, Ordering::Relaxed);
    }

    /// When the most eager subscriber wants to be told again; `None`: there is none.
    fn due_at(&self) -> Option<Instant> {
        // What was allowed when they came may not be any more: there are more pages, or the quota is lower.
        let interval = self.memory.watchers.shortest()?.max(self.memory.shortest_interval(&self.client));
        Some(self.gathered_at.map_or(Instant::ZERO, |at| at.saturating_add(interval)))
    }

    fn gather_for_watchers(&mut self) -> Option<Gathering> {
        let now = self.clock.monotonic();
        if self.circuit.refusal(now).is_some() {
            // The probes go on, since somebody cares, and their end is news.
            self.gathered_at = Some(now);
            return None;
        }
        Some(self.gather())
    }

    fn gather(&mut self) -> Gathering {
        self.gathered_at = Some(self.clock.monotonic());
        let (account, client, token) = (self.account.clone(), self.client.clone(), self.token.clone());
        let deadline = self.clock.monotonic().saturating_add(self.memory.settings.load().call_timeout);
        Box::pin(async move { balance::gather(&account, &client, &token, deadline).await })
    }

    /// Hands out what was gathered, and starts the next gathering if somebody waits for it.
    fn finish(&mut self, gathered: Result<Balance, CallError>) -> Option<Gathering> {
        let now = self.clock.monotonic();
        let answer = gathered.map(Arc::new);
        match &answer {
            Ok(balance) => {
                self.memory.last.store(Some(Arc::new(Gathered { at: self.clock.boottime(), balance: balance.clone() })))
            }
            Err(error) => debug!(account = %self.account, %error, "no balance"),
        }
        self.memory.watchers.tell(answer.clone(), self.clock.boottime());
        let call_timeout = self.memory.settings.load().call_timeout;
        let fault = answer.as_ref().err().filter(|error| circuit::passes(error, call_timeout));
        self.circuit.note(fault, now);
        let answer = answer.map_err(BalanceError::Call);
        for reply in self.waiting.drain(..) {
            let _ = reply.send(answer.clone());
        }
        let mut next = std::mem::take(&mut self.next);
        if !next.is_empty()
            && let Some((last, retry_after)) = self.circuit.refusal(now)
        {
            for reply in next.drain(..) {
                let _ = reply.send(Err(BalanceError::CircuitOpen { last: last.clone(), retry_after }));
            }
        }
        next.retain(|reply| !reply.is_closed());
        if next.is_empty() {
            return None;
        }
        self.waiting = next;
        Some(self.gather())
    }
}

impl BalanceHandle {
    /// What `use_it` makes of the balance in memory, if that is at most `max_age` old; `None` leaves the age to the
    /// configuration. Nothing is counted, copied or locked on the way.
    pub fn from_memory<T>(&self, max_age: Option<Duration>, use_it: impl FnOnce(&Arc<Balance>) -> T) -> Option<T> {
        self.memory.young(max_age, self.clock.boottime(), use_it)
    }

    /// The balance, at most `max_age` old; `None` leaves that to the configuration.
    pub async fn balance(&self, max_age: Option<Duration>) -> Answer {
        if let Some(balance) = self.from_memory(max_age, Arc::clone) {
            return Ok(balance);
        }
        let call_timeout = self.call_timeout();
        // Whoever waits for the next gathering may have to see the end of one under way first.
        let deadline = self.clock.monotonic().saturating_add(call_timeout);
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.requests.send(Request { max_age, reply }).await.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        };
        clock::before(&*self.clock, deadline, asked).await.unwrap_or_else(|| Err(timed_out(call_timeout).into()))
    }

    /// Asks to be told of the balance whenever it changes, at most once in `interval`; `Err` with the shortest interval if KIS's
    /// quota does not allow this one.
    pub fn subscribe(&self, interval: Duration) -> Result<Subscription, Duration> {
        let shortest = self.memory.shortest_interval(&self.client);
        if interval < shortest {
            return Err(shortest);
        }
        Ok(self.memory.watchers.subscribe(interval, self.clock.clone()))
    }

    /// Why the last gathering failed; `None`: it has succeeded, or there was none.
    pub fn last_fault(&self) -> Option<CallError> {
        self.memory.watchers.fault()
    }

    /// Subscriptions to the balance.
    pub fn subscriptions(&self) -> usize {
        self.memory.watchers.count()
    }

    /// Longest time that one call may take.
    pub fn call_timeout(&self) -> Duration {
        self.memory.settings.load().call_timeout
    }

    /// Calls that were answered by a gathering that another call had set in motion.
    pub fn coalesced(&self) -> u64 {
        self.memory.coalesced.load(Ordering::Relaxed)
    }

    /// Changes the configuration.
    pub fn reload(&self, settings: Settings) {
        self.memory.settings.store(Arc::new(settings));
        self.memory.watchers.forget_fault();
    }
}

fn stopped() -> CallError {
    TokenError::Stopped.into()
}

fn timed_out(call_timeout: Duration) -> CallError {
    let reason = format!("not complete within {}", humantime::format_duration(call_timeout));
    KisError::Unreachable { tr_id: "account.balance", reason, sent: true }.into()
}

/// The end of the gathering under way; never, if there is none.
async fn end_of(gathering: &mut Option<Gathering>) -> Result<Balance, CallError> {
    match gathering {
        Some(gathering) => gathering.await,
        None => std::future::pending().await,
    }
}
