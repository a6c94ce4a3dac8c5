//! What the rest of kisd holds of the token: the current one, a way to say that it is dead, and its status.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot, watch};

use super::{CallError, Settings, State, Token, TokenError, TokenStatus, policy::Hold, store::Store};
use crate::{
    clock::{self, Instant, SharedClock},
    kis::{Answer, Credentials, KisError},
};

/// What the keeper shows the world; replaced whole at every change.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) token: Option<Arc<Token>>,
    pub(super) renewing: bool,
    pub(super) hold: Option<Hold>,
    pub(super) refusal: Option<Answer>,
    /// When a refused token is tried again.
    pub(super) retry_at: Option<Instant>,
    /// Whether the token shown is one that KIS has refused before.
    pub(super) on_trial: bool,
    pub(super) next_refresh_at: Option<DateTime<Utc>>,
    pub(super) last_error: Option<String>,
}

/// What the keeper can be asked for.
#[derive(Debug)]
pub(super) enum Command {
    /// Look at the clocks.
    Tick,
    /// KIS has refused this token.
    Invalidate { token: Arc<Token>, answer: Answer, done: oneshot::Sender<()> },
    /// KIS has taken this token, which it had refused before.
    Accepted { token: Arc<Token> },
    /// Renew, whether it is due or not.
    Refresh { done: oneshot::Sender<Result<(), TokenError>> },
    /// The configuration has changed; the client has its new credentials already.
    Reload { settings: Settings, store: Store, credentials: Credentials },
}

/// A clone for everyone who needs the token.
#[derive(Debug, Clone)]
pub struct TokenHandle {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) snapshot: watch::Receiver<Snapshot>,
    pub(super) clock: SharedClock,
}

impl TokenHandle {
    /// A usable token; waits for one that is on its way, at most until `deadline`.
    pub async fn current(&self, deadline: Instant) -> Result<Arc<Token>, TokenError> {
        let mut snapshot = self.snapshot.clone();
        loop {
            let seen = snapshot.borrow_and_update().clone();
            let now = self.clock.now();
            if let Some(token) = seen.token.as_ref().filter(|token| token.is_usable(now)) {
                return Ok(token.clone());
            }
            if let Some(answer) = seen.refusal {
                return Err(TokenError::Rejected(answer));
            }
            let wait = self.wait(&seen);
            if !seen.renewing && self.clock.monotonic().saturating_add(wait) >= deadline {
                return Err(unavailable(&seen, wait));
            }
            tokio::select! {
                changed = snapshot.changed() => changed.map_err(|_| TokenError::Stopped)?,
                () = self.clock.sleep_until(deadline) => return Err(unavailable(&seen, self.wait(&seen))),
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
            result => return Ok(self.accepted(&first, result)?),
        };
        self.invalidate(first, answer).await?;
        let second = self.current(deadline).await?;
        match call(second.clone()).await {
            Err(KisError::TokenRefused(answer)) => {
                self.invalidate(second, answer).await?;
                let seen = self.snapshot.borrow().clone();
                Err(unavailable(&seen, self.wait(&seen)).into())
            }
            result => Ok(self.accepted(&second, result)?),
        }
    }

    /// Tells the keeper, if `result` says that KIS has taken a token that it had refused before.
    fn accepted<T>(&self, token: &Arc<Token>, result: Result<T, KisError>) -> Result<T, KisError> {
        if result.is_ok() && self.snapshot.borrow().on_trial {
            // A full queue is no reason to wait: the next success says it again.
            let _ = self.commands.try_send(Command::Accepted { token: token.clone() });
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
    pub async fn reload(&self, settings: Settings, store: Store, credentials: Credentials) -> Result<(), TokenError> {
        self.send(Command::Reload { settings, store, credentials }).await
    }

    /// The status now.
    pub fn status(&self) -> TokenStatus {
        let seen = self.snapshot.borrow().clone();
        let usable = seen.token.as_ref().is_some_and(|token| token.is_usable(self.clock.now()));
        let state = match (usable, seen.hold) {
            (_, Some(Hold::Rejected)) => State::Rejected,
            (true, _) => State::Valid,
            (false, _) if seen.renewing => State::Renewing,
            (false, Some(_)) => State::Waiting,
            (false, None) => State::Missing,
        };
        let token = seen.token.as_ref();
        TokenStatus {
            state,
            expires_at: token.map(|token| token.expires_at),
            issued_at: token.map(|token| token.issued_at),
            next_refresh_at: seen.next_refresh_at,
            source: token.map(|token| token.source),
            last_error: seen.last_error,
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
        let (least, now) = (Duration::from_secs(1), self.clock.monotonic());
        let held = seen.hold.map(|hold| hold.remaining(self.clock.now(), now).unwrap_or(Duration::MAX));
        let tried_again = seen.retry_at.map_or(Duration::MAX, |at| at.saturating_sub(now));
        held.map_or(least, |held| held.min(tried_again).max(least))
    }
}

fn unavailable(seen: &Snapshot, retry_after: Duration) -> TokenError {
    let reason = match (&seen.last_error, &seen.next_refresh_at) {
        (Some(error), _) if seen.retry_at.is_some() => format!("{error}; kisd tries it again every now and then"),
        (Some(error), Some(at)) => {
            format!("{error}; kisd asks KIS again at {}", clock::kst(*at).format("%H:%M:%S KST"))
        }
        (Some(error), None) => error.clone(),
        (None, _) => "it has been asked for, and KIS has not answered".to_owned(),
    };
    TokenError::Unavailable { reason, retry_after }
}
