//! The task that owns the token: *look at the clocks → try → show → wait*.
//!
//! It decides by [`policy`] alone. It is woken by its own sleep on the monotonic clock, by the scheduler's
//! [`tick`](super::TokenHandle::tick) (which sees that a suspended machine has woken), by callers whose token was refused and by an
//! operator. One try runs at a time, however many wait for it, and at shutdown a try under way is brought to its end: the token
//! it gets has cost an issuance.

mod outcome;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Settings, Token, TokenError,
    handle::{Command, Snapshot, TokenHandle},
    issue::{Issuer, Known, Outcome},
    policy::{self, Hold, Wake},
    store::{Mirrored, Store},
};
use crate::{
    clock::{self, Instant, SharedClock},
    kis::{Answer, Credentials, KisClient},
};

/// A try, which says with its outcome which mirror, and so which app key, it was for.
type Attempt = Pin<Box<dyn Future<Output = (Outcome, Arc<Store>)> + Send>>;

/// The owner of the token.
#[derive(Debug)]
pub struct TokenKeeper {
    issuer: Issuer,
    refresh_before: Duration,
    commands: mpsc::Receiver<Command>,
    shown: watch::Sender<Snapshot>,
    clock: SharedClock,

    current: Option<Arc<Token>>,
    /// When the token held was got.
    held_since: Instant,
    /// The last token that KIS refused, which it may hand out again.
    refused: Option<Arc<Token>>,
    /// When the refused token is tried again, if KIS has handed it out again, and how often it has been.
    retry: Option<(Instant, u32)>,
    hold: Option<Hold>,
    refusal: Option<Answer>,
    /// Before this instant this process does not ask for a token.
    not_before: Instant,
    /// Before this instant nobody can make this process try, after a try in vain.
    no_refresh_before: Instant,
    failures: u32,
    /// Issuances in a row whose tokens were of no use.
    in_vain: u32,
    last_error: Option<String>,
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
        // Until the first look, whoever asks waits.
        let (shown, snapshot) = watch::channel(Snapshot { renewing: true, ..Snapshot::default() });
        let handle = TokenHandle { commands: sender, snapshot, clock: clock.clone() };
        let keeper = Self {
            issuer: Issuer {
                client,
                store: Arc::new(store),
                clock: clock.clone(),
                issue_interval: settings.issue_interval,
                credentials,
                started: clock.monotonic(),
            },
            refresh_before: settings.refresh_before,
            commands,
            shown,
            clock,
            current: None,
            held_since: Instant::ZERO,
            refused: None,
            retry: None,
            hold: None,
            refusal: None,
            not_before: Instant::ZERO,
            no_refresh_before: Instant::ZERO,
            failures: 0,
            in_vain: 0,
            last_error: None,
            refreshing: Vec::new(),
        };
        (keeper, handle)
    }

    /// Keeps the token until `shutdown`, and brings a try under way to its end.
    pub async fn run(mut self, shutdown: CancellationToken) {
        self.load().await;
        let mut attempt: Option<Attempt> = None;
        loop {
            self.try_refused_again();
            if attempt.is_none() {
                if shutdown.is_cancelled() {
                    return;
                }
                if self.wake() == Wake::Now {
                    attempt = Some(self.attempt());
                }
            }
            self.show(attempt.is_some());
            let sleep = match self.wake() {
                Wake::In(wait) if attempt.is_none() => Some(self.clock.monotonic().saturating_add(wait)),
                _ => None,
            };
            let sleep = sleep.into_iter().chain(self.retry_at()).min();
            tokio::select! {
                (outcome, store) = end_of(&mut attempt) => {
                    attempt = None;
                    if Arc::ptr_eq(&store, &self.issuer.store) {
                        self.finish(outcome);
                    } else {
                        info!("what was got for the app key before the reload is not used");
                        self.answer(&Err(TokenError::Unavailable {
                            reason: "the app key has just changed".to_owned(),
                            retry_after: Duration::from_secs(1),
                        }));
                    }
                }
                command = self.commands.recv() => match command {
                    None => return,
                    Some(command) => {
                        if self.obey(command).await && attempt.is_none() {
                            attempt = Some(self.attempt());
                        }
                    }
                },
                () = self.clock.sleep_until(sleep.unwrap_or(Instant::MAX)), if sleep.is_some() => {}
                () = shutdown.cancelled(), if attempt.is_none() => return,
            }
        }
    }

    fn wake(&self) -> Wake {
        policy::next_wake(self.clock.now(), self.clock.monotonic(), self.due(), self.hold)
    }

    fn due(&self) -> Option<DateTime<Utc>> {
        self.current.as_ref().map(|token| policy::refresh_at(token.issued_at, token.expires_at, self.refresh_before))
    }

    fn attempt(&self) -> Attempt {
        let known = Known { current: self.current.clone(), refused: self.refused.clone(), not_before: self.not_before };
        let (issuer, store) = (self.issuer.clone(), self.issuer.store.clone());
        Box::pin(async move { (issuer.attempt(known).await, store) })
    }

    /// Takes over what the last run, or another process, left in the mirror.
    async fn load(&mut self) {
        let (store, now) = (self.issuer.store.clone(), self.clock.now());
        let mirror = store.path().display().to_string();
        match tokio::task::spawn_blocking(move || store.read(now)).await {
            Ok(Ok(Some(Mirrored::Usable(token)))) => {
                info!(expires_at = %clock::kst(token.expires_at), "Using cached token (still valid)");
                self.held_since = self.clock.monotonic();
                self.current = Some(Arc::new(token));
            }
            Ok(Ok(Some(Mirrored::Refused(token)))) => {
                warn!(mirror, "the mirrored token was refused by KIS; asking for another");
                self.refused = Some(Arc::new(token));
            }
            Ok(Ok(None)) => info!(mirror, "no cached token; asking KIS for one"),
            Ok(Err(distrust)) => {
                warn!(mirror, "the token mirror {distrust}; it is set aside, and KIS asked for a token")
            }
            Err(panic) => error!(%panic, "reading the token mirror failed"),
        }
    }

    /// Does what it is told; true if a try is to be made although it may not be due.
    async fn obey(&mut self, command: Command) -> bool {
        match command {
            Command::Tick => false,
            Command::Invalidate { token, answer, done } => {
                let hit = is(&self.current, &token);
                if hit && is(&self.refused, &token) && self.is_waited_out() {
                    self.refused_again(&answer);
                    self.show(false);
                    let _ = done.send(());
                    return false;
                }
                if hit {
                    warn!(%answer, "KIS refuses the access token before its time; getting another");
                    self.last_error = Some(format!("KIS refuses the access token ({answer})"));
                    self.refused = self.current.take();
                    self.retry = None;
                    self.count_refusal();
                    if self.hold != Some(Hold::Rejected) {
                        self.hold = None;
                    }
                    self.show(self.hold.is_none());
                }
                let _ = done.send(());
                hit && self.hold.is_none()
            }
            Command::Accepted { token } => {
                if is(&self.current, &token) && is(&self.refused, &token) {
                    info!("KIS takes the token again that it had refused");
                    (self.refused, self.retry, self.hold, self.last_error) = (None, None, None, None);
                    self.in_vain = 0;
                    self.issuer.forgive(&token).await;
                }
                false
            }
            Command::Refresh { done } => {
                if let Some(refusal) = self.too_early_to_refresh() {
                    let _ = done.send(Err(refusal));
                    return false;
                }
                self.refreshing.push(done);
                true
            }
            Command::Reload { settings, store, credentials } => {
                self.issuer.credentials = credentials;
                self.no_refresh_before = Instant::ZERO;
                self.refresh_before = settings.refresh_before;
                self.issuer.issue_interval = settings.issue_interval;
                if self.hold == Some(Hold::Rejected) {
                    (self.hold, self.refusal, self.last_error) = (None, None, None);
                }
                if !self.issuer.store.same_binding(&store) {
                    info!("the app key has changed; looking for its token");
                    self.issuer.store = Arc::new(store);
                    (self.current, self.refused, self.retry, self.hold) = (None, None, None, None);
                    (self.not_before, self.failures, self.in_vain, self.last_error) = (Instant::ZERO, 0, 0, None);
                    self.load().await;
                }
                false
            }
        }
    }

    fn show(&self, renewing: bool) {
        let now = self.clock.now();
        let held =
            self.hold.and_then(|hold| hold.remaining(now, self.clock.monotonic())).map(|wait| clock::after(now, wait));
        let next_refresh_at = match (self.hold, self.due()) {
            (Some(Hold::Rejected), _) => None,
            (_, due) => Some(due.unwrap_or(now).max(held.unwrap_or(now))),
        };
        let snapshot = Snapshot {
            token: self.current.clone(),
            renewing,
            hold: self.hold,
            refusal: self.refusal.clone(),
            retry_at: self.retry_at(),
            on_trial: self.current.as_ref().is_some_and(|token| is(&self.refused, token)),
            next_refresh_at: next_refresh_at.filter(|_| !renewing),
            last_error: self.last_error.clone(),
        };
        self.shown.send_replace(snapshot);
    }
}

fn is(held: &Option<Arc<Token>>, token: &Token) -> bool {
    held.as_ref().is_some_and(|held| held.access_token.same_as(&token.access_token))
}

/// The end of the try under way; never, if there is none.
async fn end_of(attempt: &mut Option<Attempt>) -> (Outcome, Arc<Store>) {
    match attempt {
        Some(attempt) => attempt.await,
        None => std::future::pending().await,
    }
}
