//! The task that answers for one account's balance: identical requests share one gathering, young answers come from memory.
//!
//! The rule for a caller who wants a fresh answer (`max_age` zero): KIS must be asked *after* the call came in. Such callers
//! wait for the next gathering and share it; one already under way never serves them. A gathering belongs to the desk, so it
//! goes on when its callers hang up. When KIS has failed them, the [`circuit`](super::circuit) answers until it is back.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    AccountId, BalanceError, Settings,
    balance::{self, Balance},
    circuit::{self, Circuit},
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
enum Request {
    Balance { max_age: Option<Duration>, reply: oneshot::Sender<Answer> },
    Coalesced { reply: oneshot::Sender<u64> },
    Reload(Settings),
}

/// The owner of one account's balance.
#[derive(Debug)]
pub struct BalanceDesk {
    account: AccountId,
    client: Arc<KisClient>,
    token: TokenHandle,
    settings: Settings,
    clock: SharedClock,
    requests: mpsc::Receiver<Request>,

    last: Option<(Instant, Arc<Balance>)>,
    /// Waiting for the gathering under way.
    waiting: Vec<oneshot::Sender<Answer>>,
    /// Waiting for the one after it.
    next: Vec<oneshot::Sender<Answer>>,
    circuit: Circuit,
    coalesced: u64,
}

/// A clone for everyone who asks.
#[derive(Debug, Clone)]
pub struct BalanceHandle {
    requests: mpsc::Sender<Request>,
    clock: SharedClock,
    call_timeout: Arc<arc_swap::ArcSwap<Duration>>,
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
        let handle = BalanceHandle {
            requests: sender,
            clock: clock.clone(),
            call_timeout: Arc::new(arc_swap::ArcSwap::from_pointee(settings.call_timeout)),
        };
        let desk = Self {
            account,
            client,
            token,
            settings,
            clock,
            requests,
            last: None,
            waiting: Vec::new(),
            next: Vec::new(),
            circuit: Circuit::default(),
            coalesced: 0,
        };
        (desk, handle)
    }

    /// Answers until `shutdown` or until nobody can ask any more.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut gathering: Option<Gathering> = None;
        loop {
            let probe_at = self.circuit.probe_at().filter(|_| gathering.is_none());
            tokio::select! {
                gathered = end_of(&mut gathering) => {
                    gathering = self.finish(gathered);
                }
                () = self.clock.sleep_until(probe_at.unwrap_or(Instant::MAX)), if probe_at.is_some() => {
                    gathering = self.circuit.is_probed(self.clock.monotonic()).then(|| self.gather());
                }
                request = self.requests.recv() => match request {
                    None => return,
                    Some(request) => self.take(request, &mut gathering),
                },
                () = shutdown.cancelled() => return,
            }
        }
    }

    fn take(&mut self, request: Request, gathering: &mut Option<Gathering>) {
        match request {
            Request::Coalesced { reply } => {
                let _ = reply.send(self.coalesced);
            }
            Request::Reload(settings) => self.settings = settings,
            Request::Balance { max_age, reply } => {
                let max_age = max_age.unwrap_or(self.settings.max_age);
                if let Some(balance) = self.young(max_age) {
                    let _ = reply.send(Ok(balance));
                } else if let Some((last, retry_after)) = self.circuit.refusal(self.clock.monotonic()) {
                    let _ = reply.send(Err(BalanceError::CircuitOpen { last, retry_after }));
                } else if gathering.is_none() {
                    self.waiting.push(reply);
                    *gathering = Some(self.gather());
                } else if max_age > Duration::ZERO {
                    self.coalesced += 1;
                    self.waiting.push(reply);
                } else {
                    if !self.next.is_empty() {
                        self.coalesced += 1;
                    }
                    self.next.push(reply);
                }
            }
        }
    }

    fn young(&self, max_age: Duration) -> Option<Arc<Balance>> {
        let (answered, balance) = self.last.as_ref()?;
        let age = self.clock.monotonic().saturating_sub(*answered);
        (max_age > Duration::ZERO && age <= max_age).then(|| balance.clone())
    }

    fn gather(&self) -> Gathering {
        let (account, client, token) = (self.account.clone(), self.client.clone(), self.token.clone());
        let deadline = self.clock.monotonic().saturating_add(self.settings.call_timeout);
        Box::pin(async move { balance::gather(&account, &client, &token, deadline).await })
    }

    /// Hands out what was gathered, and starts the next gathering if somebody waits for it.
    fn finish(&mut self, gathered: Result<Balance, CallError>) -> Option<Gathering> {
        let now = self.clock.monotonic();
        let answer = gathered.map(Arc::new);
        match &answer {
            Ok(balance) => self.last = Some((now, balance.clone())),
            Err(error) => debug!(account = %self.account, %error, "no balance"),
        }
        let fault = answer.as_ref().err().filter(|error| circuit::passes(error, self.settings.call_timeout));
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
    /// The balance, at most `max_age` old; `None` leaves that to the configuration.
    pub async fn balance(&self, max_age: Option<Duration>) -> Answer {
        let call_timeout = **self.call_timeout.load();
        // Whoever waits for the next gathering may have to see the end of one under way first.
        let deadline = self.clock.monotonic().saturating_add(call_timeout);
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.requests.send(Request::Balance { max_age, reply }).await.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        };
        clock::before(&*self.clock, deadline, asked).await.unwrap_or_else(|| Err(timed_out(call_timeout).into()))
    }

    /// Calls that were answered by a gathering that another call had set in motion.
    pub async fn coalesced(&self) -> u64 {
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request::Coalesced { reply }).await.is_err() {
            return 0;
        }
        answer.await.unwrap_or(0)
    }

    /// Gives the desk a changed configuration.
    pub async fn reload(&self, settings: Settings) {
        self.call_timeout.store(Arc::new(settings.call_timeout));
        // Closed only when the daemon is going down, which has no use for settings.
        let _ = self.requests.send(Request::Reload(settings)).await;
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
