//! What the rest of kisd holds of the token: the current one, a way to say that it is dead, and its status.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use super::{CallError, LastError, Settings, State, Token, TokenError, TokenStatus, machine::Hold, store::Obstacle};
use crate::{
    clock::{self, BootTime, Instant, SharedClock},
    kis::{Answer, Credentials, KisError},
};

/// What the keeper shows the world; replaced whole at every change.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) offer: Option<Offer>,
    /// Something is under way that may end with another token.
    pub(super) renewing: bool,
    pub(super) hold: Option<Hold>,
    pub(super) refusal: Option<TokenError>,
    /// Whether the last try failed, for another reason than the minute.
    pub(super) has_failed: bool,
    /// When a refused token is tried again, as time since boot.
    pub(super) retry_at: Option<BootTime>,
    /// Whether it matters to the keeper that KIS serves a call with the token.
    pub(super) wants_news: bool,
    pub(super) next_refresh_at: Option<DateTime<Utc>>,
    pub(super) last_error: Option<LastError>,
}

/// A token that may be used: KIS has not refused it, or has handed it out again since.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) token: Arc<Token>,
    /// KIS has served a call with it after it had ended by our clock.
    pub(super) outlives_clock: bool,
}

impl Offer {
    /// Whether it has not ended, as far as is known.
    fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.outlives_clock || self.token.is_usable(now)
    }
}

/// What the keeper can be asked for.
#[derive(Debug)]
pub(super) enum Command {
    /// Look at the clocks.
    Tick,
    /// KIS has refused this token.
    Invalidate { token: Arc<Token>, answer: Answer, done: oneshot::Sender<()> },
    /// KIS has served a call with this token.
    Served { token: Arc<Token> },
    /// KIS has failed a call with this token and given no reason.
    Unexplained { token: Arc<Token> },
    /// Renew, whether it is due or not.
    Refresh { done: oneshot::Sender<Result<(), TokenError>> },
    /// The configuration has changed, and the app key has not; the client has its new secret already.
    Reload { settings: Settings, credentials: Credentials },
}

/// A clone for everyone who needs the token.
#[derive(Debug, Clone)]
pub struct TokenHandle {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) snapshot: watch::Receiver<Snapshot>,
    /// Who keeps the keeper from asking KIS.
    pub(super) obstacle: Arc<Obstacle>,
    pub(super) clock: SharedClock,
}

impl TokenHandle {
    /// A token to use; waits for one that is on its way, at most until `deadline`.
    ///
    /// A token that has ended by the clock is still a token, since a clock may be wrong and KIS decides: it is used when no
    /// better one comes within half of the time.
    pub async fn current(&self, deadline: Instant) -> Result<Arc<Token>, TokenError> {
        let mut snapshot = self.snapshot.clone();
        let asked = self.clock.monotonic();
        let patience = asked.saturating_add(deadline.since(asked) / 2);
        let mut woken = false;
        loop {
            let seen = snapshot.borrow_and_update().clone();
            if let Some(offer) = &seen.offer
                && (offer.is_good(self.clock.now()) || self.clock.monotonic() >= patience)
            {
                return Ok(offer.token.clone());
            }
            let is_held = self.held_for(&seen) > Duration::ZERO;
            if !seen.renewing && !is_held && !std::mem::replace(&mut woken, true) {
                // Its own timer may stand still after a suspend.
                self.tick();
            } else if let Some(offer) = seen.offer.as_ref().filter(|_| !seen.renewing) {
                return Ok(offer.token.clone());
            } else if let Some(refusal) = seen.refusal {
                return Err(refusal);
            } else if !seen.renewing && is_held {
                let wait = self.wait(&seen);
                // A failure is returned at once; only KIS's minute is waited for.
                if seen.has_failed || self.clock.monotonic().saturating_add(wait) >= deadline {
                    return Err(unavailable(&seen, wait));
                }
            }
            let until = if seen.offer.is_some() { patience } else { deadline };
            tokio::select! {
                changed = snapshot.changed() => changed.map_err(|_| TokenError::Stopped)?,
                () = self.clock.sleep_until(until) => {
                    if seen.offer.is_none() {
                        return Err(unavailable(&seen, self.wait(&seen)));
                    }
                }
            }
        }
    }

    /// Makes a call with the current token. If KIS refuses that token, another is got and the call made once more.
    pub async fn authorized<T, F, Fut>(&self, deadline: Instant, call: F) -> Result<T, CallError>
    where
        F: Fn(Arc<Token>) -> Fut,
        Fut: Future<Output = Result<T, KisError>>,
    {
        let first = self.current(deadline).await?;
        let answer = match call(first.clone()).await {
            Err(KisError::TokenRefused(answer)) => answer,
            result => return Ok(self.tell(&first, result)?),
        };
        self.invalidate(first, answer).await?;
        let second = self.current(deadline).await?;
        match call(second.clone()).await {
            Err(KisError::TokenRefused(answer)) => {
                self.invalidate(second, answer).await?;
                let seen = self.snapshot.borrow().clone();
                Err(unavailable(&seen, self.wait(&seen)).into())
            }
            result => Ok(self.tell(&second, result)?),
        }
    }

    /// Tells the keeper what `result` says of the token, if that is news.
    fn tell<T>(&self, token: &Arc<Token>, result: Result<T, KisError>) -> Result<T, KisError> {
        let news = match &result {
            Ok(_) if self.snapshot.borrow().wants_news => Some(Command::Served { token: token.clone() }),
            Err(error) if error.gives_no_reason() => Some(Command::Unexplained { token: token.clone() }),
            _ => None,
        };
        if let Some(news) = news {
            // A full queue is no reason to wait: the next call says it again.
            let _ = self.commands.try_send(news);
        }
        result
    }

    /// Tells the keeper that KIS refuses this very token; a later one is not touched. Afterwards [`current`](Self::current)
    /// does not return it any more.
    async fn invalidate(&self, token: Arc<Token>, answer: Answer) -> Result<(), TokenError> {
        let (done, invalidated) = oneshot::channel();
        self.send(Command::Invalidate { token, answer, done }).await?;
        invalidated.await.map_err(|_| TokenError::Stopped)
    }

    /// Renews now if KIS's rule allows it, else says when. The renewal goes on when the caller does not wait for it, which it does
    /// at most until `deadline`.
    pub async fn refresh(&self, deadline: Instant) -> Result<(), TokenError> {
        let (done, refreshed) = oneshot::channel();
        let renewed = async {
            self.send(Command::Refresh { done }).await?;
            refreshed.await.map_err(|_| TokenError::Stopped)?
        };
        clock::before(&*self.clock, deadline, renewed).await.unwrap_or_else(|| {
            let reason = "the renewal takes longer than rpc.call_timeout, and goes on".to_owned();
            Err(TokenError::Unavailable { reason, retry_after: Duration::from_secs(1) })
        })
    }

    /// Makes the keeper look at the clocks. Never waits: if the keeper is busy, it looks anyway.
    pub fn tick(&self) {
        // A full queue holds something that will make it look; a closed one means shutdown.
        let _ = self.commands.try_send(Command::Tick);
    }

    /// Gives the keeper a changed configuration.
    pub async fn reload(&self, settings: Settings, credentials: Credentials) -> Result<(), TokenError> {
        self.send(Command::Reload { settings, credentials }).await
    }

    /// The status now.
    pub fn status(&self) -> TokenStatus {
        let seen = self.snapshot.borrow().clone();
        let usable = seen.offer.as_ref().is_some_and(|offer| offer.is_good(self.clock.now()));
        let state = match (usable, seen.hold) {
            (_, Some(Hold::Rejected)) => State::Rejected,
            (true, _) => State::Valid,
            (false, _) if seen.renewing => State::Renewing,
            (false, Some(_)) => State::Waiting,
            (false, None) => State::Missing,
        };
        let token = seen.offer.as_ref().map(|offer| &offer.token);
        TokenStatus {
            state,
            expires_at: token.map(|token| token.expires_at),
            issued_at: token.map(|token| token.issued_at),
            next_refresh_at: seen.next_refresh_at,
            source: token.map(|token| token.source),
            last_error: self.obstacle.load().as_deref().cloned().map(LastError::Other).or(seen.last_error),
        }
    }

    /// Completes at the next change of the token's state, and never once the keeper is gone.
    pub async fn changed(&mut self) {
        if self.snapshot.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn send(&self, command: Command) -> Result<(), TokenError> {
        self.commands.send(command).await.map_err(|_| TokenError::Stopped)
    }

    /// How long until KIS will be asked, or a refused token tried again.
    fn wait(&self, seen: &Snapshot) -> Duration {
        self.held_for(seen).max(Duration::from_secs(1))
    }

    /// How much longer something keeps the keeper from acting.
    fn held_for(&self, seen: &Snapshot) -> Duration {
        let boot = self.clock.boottime();
        let held = seen.hold.map_or(Duration::ZERO, |hold| hold.remaining(boot).unwrap_or(Duration::MAX));
        held.min(seen.retry_at.map_or(Duration::MAX, |at| at.since(boot)))
    }
}

fn unavailable(seen: &Snapshot, retry_after: Duration) -> TokenError {
    let reason = match (&seen.last_error, &seen.next_refresh_at) {
        (Some(error), _) if seen.retry_at.is_some() => format!("{error}; kisd tries it again every now and then"),
        (Some(error), Some(at)) => {
            format!("{error}; kisd asks KIS again at {}", clock::kst(*at).format("%H:%M:%S KST"))
        }
        (Some(error), None) => error.to_string(),
        (None, _) => "it has been asked for, and KIS has not answered".to_owned(),
    };
    TokenError::Unavailable { reason, retry_after }
}
