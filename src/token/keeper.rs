//! The task that owns the token: it feeds the [machine](super::machine) with events and the time, does what the machine asks for, and
//! shows the world what it holds.
//!
//! It is woken by the machine's timer on the monotonic clock, by the scheduler's [`tick`](super::TokenHandle::tick) and by callers
//! (both see that a suspended machine has woken), by callers whose token was refused and by an operator. One action runs at a
//! time, however many wait for it, and at shutdown a try under way is brought to its end: the token it gets has cost an issuance.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    Settings, TokenError,
    handle::{Command, Snapshot, TokenHandle},
    issue::{Issuer, Outcome},
    machine::{Action, Machine, Now, Rules},
    store::{Mirrored, Obstacle, Store},
};
use crate::{
    clock::{self, Instant, SharedClock},
    kis::{Credentials, KisClient},
};

/// An action under way.
type Work = Pin<Box<dyn Future<Output = Done> + Send>>;

/// An action that has ended.
enum Done {
    Tried(Outcome),
    TimeAsked,
    Forgiven,
}

/// The owner of the token.
#[derive(Debug)]
pub struct TokenKeeper {
    issuer: Issuer,
    machine: Machine,
    commands: mpsc::Receiver<Command>,
    shown: watch::Sender<Snapshot>,
    clock: SharedClock,
    /// Who waits for the end of the try under way.
    refreshing: Vec<oneshot::Sender<Result<(), TokenError>>>,
}

impl TokenKeeper {
    /// A keeper that has not looked at anything yet, and a handle to it.
    pub fn new(
        client: Arc<KisClient>,
        credentials: Credentials,
        settings: Settings,
        store: Store,
        clock: SharedClock,
    ) -> (Self, TokenHandle) {
        let (sender, commands) = mpsc::channel(64);
        let (shown, snapshot) = watch::channel(Snapshot { renewing: true, ..Snapshot::default() });
        let obstacle = Arc::new(Obstacle::empty());
        let handle = TokenHandle { commands: sender, snapshot, obstacle: obstacle.clone(), clock: clock.clone() };
        let machine = Machine::new(rules(&settings));
        let issuer = Issuer {
            client,
            store,
            clock: clock.clone(),
            issue_interval: settings.issue_interval,
            credentials,
            started: clock.boottime(),
            obstacle,
        };
        let keeper = Self { issuer, machine, commands, shown, clock, refreshing: Vec::new() };
        (keeper, handle)
    }

    /// Keeps the token until `shutdown`, and brings a try under way to its end.
    pub async fn run(mut self, shutdown: CancellationToken) {
        self.load().await;
        let mut work: Option<Work> = None;
        loop {
            let now = self.now();
            if work.is_none() && shutdown.is_cancelled() {
                return;
            }
            if let Some(action) = self.machine.poll(now) {
                work = Some(self.begin(action));
            }
            self.shown.send_replace(self.machine.snapshot(now));
            let timer = self.machine.timer(now).map(|at| at.since(now.boot));
            let timer = timer.map(|wait| self.clock.monotonic().saturating_add(wait));
            tokio::select! {
                done = end_of(&mut work) => {
                    work = None;
                    self.finish(done);
                }
                command = self.commands.recv() => match command {
                    None => return,
                    Some(command) => self.obey(command).await,
                },
                () = self.clock.sleep_until(timer.unwrap_or(Instant::MAX)), if timer.is_some() => {}
                () = shutdown.cancelled(), if work.is_none() => return,
            }
        }
    }

    fn now(&self) -> Now {
        Now { wall: self.clock.now(), confirmed: self.clock.is_confirmed(), boot: self.clock.boottime() }
    }

    fn begin(&self, action: Action) -> Work {
        let issuer = self.issuer.clone();
        match action {
            Action::Try(known) => Box::pin(async move { Done::Tried(issuer.attempt(known).await) }),
            Action::LearnTime => Box::pin(async move {
                issuer.client.learn_time().await;
                Done::TimeAsked
            }),
            Action::Forgive(token) => Box::pin(async move {
                issuer.forgive(&token).await;
                Done::Forgiven
            }),
        }
    }

    fn finish(&mut self, done: Done) {
        let now = self.now();
        let told = match done {
            Done::TimeAsked => return self.machine.time_asked(now),
            Done::Forgiven => return self.machine.idle(),
            Done::Tried(outcome) => self.machine.ended(outcome, now),
        };
        for waiting in self.refreshing.drain(..) {
            let _ = waiting.send(told.clone());
        }
    }

    /// Takes over what the last run, or another process, left in the mirror.
    async fn load(&mut self) {
        let mirror = &self.issuer.store.mirror;
        let name = mirror.name();
        match mirror.read().await {
            Ok(Some(mirrored)) => {
                match &mirrored {
                    Mirrored::Usable(token) => {
                        let now = self.clock.now();
                        if token.issued_at <= now && token.is_usable(now) {
                            // The clock fits what KIS said when it issued the token.
                            self.clock.vouch();
                            info!(expires_at = %clock::kst(token.expires_at), "Using cached token (still valid)");
                        } else {
                            let expires_at = clock::kst(token.expires_at);
                            warn!(%expires_at, "the cached token has ended or is from the future by this machine's clock; KIS decides");
                        }
                    }
                    Mirrored::Refused(_) => {
                        warn!(mirror = name, "the mirrored token was refused by KIS; asking for another");
                    }
                }
                self.machine.loaded(mirrored, self.now());
            }
            Ok(None) => info!(mirror = name, "no cached token; asking KIS for one"),
            Err(distrust) => {
                warn!(mirror = name, "the token mirror {distrust}; it is set aside, and KIS asked for a token");
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Tick => {}
            Command::Invalidate { token, answer, done } => {
                let now = self.now();
                self.machine.refused(&token, &answer, now);
                // Shown before the caller goes on, so that it does not meet the same token again.
                let mut snapshot = self.machine.snapshot(now);
                snapshot.renewing |= self.machine.is_about_to_act(now);
                self.shown.send_replace(snapshot);
                let _ = done.send(());
            }
            Command::Served { token } => self.machine.served(&token, self.now()),
            Command::Unexplained { token } => self.machine.unexplained(&token, self.now()),
            Command::Refresh { done } => match self.machine.refresh(self.now()) {
                Ok(()) => self.refreshing.push(done),
                Err(refusal) => {
                    let _ = done.send(Err(refusal));
                }
            },
            Command::Reload { settings, credentials } => {
                self.issuer.credentials = credentials;
                self.issuer.issue_interval = settings.issue_interval;
                self.machine.reconfigured(rules(&settings));
            }
        }
    }
}

fn rules(settings: &Settings) -> Rules {
    let Settings { refresh_before, issue_interval, remedy, .. } = *settings;
    Rules { refresh_before, issue_interval, remedy }
}

/// The end of the action under way; never, if there is none.
async fn end_of(work: &mut Option<Work>) -> Done {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
