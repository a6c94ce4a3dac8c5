//! The task that owns the token: *look at the clocks → try → show → wait*.
//!
//! It decides by [`policy`] alone. It is woken by its own sleep on the monotonic clock, by the scheduler's
//! [`tick`](super::TokenHandle::tick) (which sees that a suspended machine has woken), by callers whose token was refused and by an
//! operator. One try runs at a time, however many wait for it, and at shutdown a try under way is brought to its end: the token
//! it gets has cost an issuance.

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
    backoff::Backoff,
    clock::{self, Instant, SharedClock},
    kis::{Answer, KisClient, KisError},
};

/// Pauses after KIS could not be reached: short, so that the first good moment after an outage is used.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));

/// Beyond the interval, after KIS has said EGW00133: its minute began at an instant that only it knows.
const REFUSED_MARGIN: Duration = Duration::from_secs(1);

type Attempt = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The owner of the token.
#[derive(Debug)]
pub struct TokenKeeper {
    issuer: Issuer,
    refresh_before: Duration,
    commands: mpsc::Receiver<Command>,
    shown: watch::Sender<Snapshot>,
    clock: SharedClock,

    current: Option<Arc<Token>>,
    /// The last token that KIS refused, which it may hand out again.
    refused: Option<Arc<Token>>,
    hold: Option<Hold>,
    refusal: Option<Answer>,
    /// Before this instant this process does not ask for a token.
    not_before: Instant,
    failures: u32,
    /// Issuances in a row whose tokens were of no use.
    in_vain: u32,
    last_error: Option<String>,
    /// Who waits for the end of the try under way.
    refreshing: Vec<oneshot::Sender<Result<(), TokenError>>>,
}

impl TokenKeeper {
    /// A keeper that has not looked at anything yet, and a handle to it.
    pub fn new(client: Arc<KisClient>, settings: Settings, store: Store, clock: SharedClock) -> (Self, TokenHandle) {
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
            },
            refresh_before: settings.refresh_before,
            commands,
            shown,
            clock,
            current: None,
            refused: None,
            hold: None,
            refusal: None,
            not_before: Instant::ZERO,
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
            tokio::select! {
                outcome = end_of(&mut attempt) => {
                    attempt = None;
                    self.finish(outcome);
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
        Box::pin(self.issuer.clone().attempt(known))
    }

    /// Takes over what the last run, or another process, left in the mirror.
    async fn load(&mut self) {
        let (store, now) = (self.issuer.store.clone(), self.clock.now());
        let mirror = store.path().display().to_string();
        match tokio::task::spawn_blocking(move || store.read(now)).await {
            Ok(Ok(Some(Mirrored::Usable(token)))) => {
                info!(expires_at = %clock::kst(token.expires_at), "Using cached token (still valid)");
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
                if hit {
                    warn!(%answer, "KIS refuses the access token before its time; getting another");
                    self.last_error = Some(format!("KIS refuses the access token ({answer})"));
                    self.refused = self.current.take();
                    self.count_refusal(&token);
                    if self.hold != Some(Hold::Rejected) {
                        self.hold = None;
                    }
                    self.show(self.hold.is_none());
                }
                let _ = done.send(());
                hit && self.hold.is_none()
            }
            Command::Refresh { done } => {
                self.refreshing.push(done);
                true
            }
            Command::Reload { settings, store } => {
                self.refresh_before = settings.refresh_before;
                self.issuer.issue_interval = settings.issue_interval;
                if self.hold == Some(Hold::Rejected) {
                    (self.hold, self.refusal) = (None, None);
                }
                if !self.issuer.store.same_binding(&store) {
                    info!("the app key has changed; looking for its token");
                    self.issuer.store = Arc::new(store);
                    (self.current, self.refused, self.hold) = (None, None, None);
                    (self.not_before, self.failures, self.in_vain, self.last_error) = (Instant::ZERO, 0, 0, None);
                    self.load().await;
                }
                false
            }
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        let now = self.clock.monotonic();
        let outcome = match outcome {
            // It was refused while this try was under way.
            Outcome::Adopted(token) | Outcome::Issued(token) if is(&self.refused, &token) => Outcome::StillDead(token),
            outcome => outcome,
        };
        let result = match outcome {
            Outcome::Adopted(token) => {
                info!(expires_at = %clock::kst(token.expires_at), "took over the token that another process was issued");
                self.take_over(token);
                Ok(())
            }
            Outcome::Issued(token) => {
                self.not_before = now.saturating_add(self.interval());
                info!(expires_at = %clock::kst(token.expires_at), "KIS issued an access token");
                self.take_over(token);
                Ok(())
            }
            Outcome::StillDead(token) => {
                self.not_before = now.saturating_add(self.issuer.issue_interval);
                let hold = policy::dead_token_hold(self.clock.now(), token.issued_at);
                self.refused = Some(Arc::new(token));
                self.wait(
                    hold,
                    "KIS hands out the token again that it refuses, as it does for six hours after issuing it"
                        .to_owned(),
                )
            }
            Outcome::TooEarly(wait) => {
                let reason = self.last_error.clone().unwrap_or_else(|| {
                    "KIS issues one token a minute, and one was asked for less than a minute ago".to_owned()
                });
                self.not_before = now.saturating_add(wait);
                // With a good token in hand there is nothing to wait for, and nothing to report but to who asked.
                if self.current.as_ref().is_some_and(|token| token.is_usable(self.clock.now())) {
                    self.hold = Some(Hold::Until(self.not_before));
                    Err(TokenError::Unavailable { reason, retry_after: wait })
                } else {
                    self.wait(Hold::Until(self.not_before), reason)
                }
            }
            Outcome::Failed(error) => self.failed(error),
        };
        for waiting in self.refreshing.drain(..) {
            let _ = waiting.send(result.clone());
        }
    }

    fn interval(&self) -> Duration {
        policy::interval(self.issuer.issue_interval, self.in_vain)
    }

    /// A token that dies young may be followed by another that does, and each costs the owner a message.
    fn count_refusal(&mut self, token: &Token) {
        if clock::until(token.issued_at, self.clock.now()) >= policy::PROVEN_AFTER {
            self.in_vain = 0;
            return;
        }
        self.in_vain = self.in_vain.saturating_add(1);
        if self.in_vain > 1 {
            self.not_before = self.not_before.max(self.clock.monotonic().saturating_add(self.interval()));
        }
    }

    fn take_over(&mut self, token: Token) {
        self.current = Some(Arc::new(token));
        (self.hold, self.refusal, self.last_error, self.failures) = (None, None, None, 0);
        // Due again already: KIS hands out one token for six hours, and this one was renewed too early to be replaced.
        if self.due().is_some_and(|due| due <= self.clock.now()) {
            let issued_at = self.current.as_ref().map_or(self.clock.now(), |token| token.issued_at);
            self.hold = Some(policy::dead_token_hold(self.clock.now(), issued_at));
        }
    }

    fn failed(&mut self, error: KisError) -> Result<(), TokenError> {
        let now = self.clock.monotonic();
        if error.may_have_issued() {
            // An outage cuts answers off, and its end must not be slept through; nonsense in a whole answer is another matter.
            self.in_vain += u32::from(matches!(error, KisError::Malformed { .. }));
            self.not_before = now.saturating_add(self.interval());
        }
        match error {
            KisError::CredentialsRejected(answer) => {
                error!(%answer, "KIS refuses the app key or secret; nothing more is tried until they are corrected");
                self.hold = Some(Hold::Rejected);
                self.refusal = Some(answer.clone());
                self.last_error = Some(format!("KIS refuses the app key or secret ({answer})"));
                Err(TokenError::Rejected(answer))
            }
            KisError::IssuedTooSoon(_) => {
                // Another program uses this app key.
                self.not_before = now.saturating_add(self.issuer.issue_interval + REFUSED_MARGIN);
                self.wait(Hold::Until(self.not_before), error.to_string())
            }
            error => {
                self.failures = self.failures.saturating_add(1);
                let resume = now.saturating_add(BACKOFF.delay(self.failures)).max(self.not_before);
                self.wait(Hold::Until(resume), error.to_string())
            }
        }
    }

    fn wait(&mut self, hold: Hold, reason: String) -> Result<(), TokenError> {
        let retry_after = hold.remaining(self.clock.now(), self.clock.monotonic()).unwrap_or_default();
        warn!(retry_in = %humantime::format_duration(whole_seconds(retry_after)), "no new token: {reason}");
        self.hold = Some(hold);
        self.last_error = Some(reason.clone());
        Err(TokenError::Unavailable { reason, retry_after })
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
async fn end_of(attempt: &mut Option<Attempt>) -> Outcome {
    match attempt {
        Some(attempt) => attempt.await,
        None => std::future::pending().await,
    }
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs() + u64::from(duration.subsec_nanos() > 0))
}
