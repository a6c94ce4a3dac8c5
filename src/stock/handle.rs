//! How the others ask for stocks: the first question has them loaded.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};

use super::{
    Settings, due::due_at, keeper::Keeper, listed::Stock, market::Market, resolve::Unresolved, stocks::Stocks,
};
use crate::{
    clock::{self, Instant, SharedClock},
    kis::{Http, SetupError},
};

/// Why there is no answer about stocks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StockError {
    /// Which is meant cannot be said.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// There is no master file yet.
    #[error("there are no stocks yet: {reason}")]
    Unavailable {
        /// Why.
        reason: Arc<str>,
        /// When the next try is worth it.
        retry_after: Duration,
    },
    /// They did not come in time.
    #[error("the master files are being downloaded, and did not come in time")]
    TimedOut,
    /// The daemon is going down.
    #[error("kisd is shutting down")]
    Stopped,
}

/// What the keeper has.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// All stocks, once there are any.
    pub(super) stocks: Option<Arc<Stocks>>,
    /// When all files were last looked at.
    pub(super) looked_at: Option<DateTime<Utc>>,
    /// How often the keeper has tried.
    pub(super) tries: u64,
    /// Why there are none, and when the next try is.
    pub(super) failed: Option<(Arc<str>, Instant)>,
}

/// What handle and keeper share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: SharedClock,
    pub(super) asked: Notify,
    max_age: Mutex<Duration>,
}

impl Shared {
    pub(super) fn max_age(&self) -> Duration {
        *self.max_age.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the files are due, if they were ever looked at.
    pub(super) fn due_at(&self, looked_at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        looked_at.map(|looked_at| due_at(looked_at, self.max_age()))
    }
}

/// Asks for stocks. Cheap to clone.
#[derive(Clone)]
pub struct StockHandle {
    shared: Arc<Shared>,
    state: watch::Receiver<State>,
}

impl fmt::Debug for StockHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StockHandle").finish_non_exhaustive()
    }
}

impl StockHandle {
    /// A handle, and the task that works for it.
    pub fn new(settings: &Settings, http: &Http, clock: SharedClock) -> Result<(Self, Keeper), SetupError> {
        let max_age = Mutex::new(settings.master_max_age);
        let shared = Arc::new(Shared { clock, asked: Notify::new(), max_age });
        let (told, state) = watch::channel(State::default());
        let keeper = Keeper::new(settings, http, shared.clone(), told)?;
        Ok((Self { shared, state }, keeper))
    }

    /// Another greatest age of the files, from now on.
    pub fn reload(&self, settings: &Settings) {
        *self.shared.max_age.lock().unwrap_or_else(PoisonError::into_inner) = settings.master_max_age;
        if self.state.borrow().stocks.is_some() {
            self.shared.asked.notify_one();
        }
    }

    /// When the files were last looked at.
    pub fn looked_at(&self) -> Option<DateTime<Utc>> {
        self.state.borrow().looked_at
    }

    /// All stocks if they are in memory. If their files are due, these are served and newer ones fetched meanwhile.
    pub fn at_once(&self) -> Option<Arc<Stocks>> {
        let state = self.state.borrow();
        let stocks = state.stocks.clone()?;
        if self.shared.due_at(state.looked_at).is_none_or(|due| due <= self.shared.clock.now()) {
            self.shared.asked.notify_one();
        }
        Some(stocks)
    }

    /// All stocks. The first caller waits until they are loaded, or downloaded, at most so long.
    pub async fn stocks(&self, within: Duration) -> Result<Arc<Stocks>, StockError> {
        if let Some(stocks) = self.at_once() {
            return Ok(stocks);
        }
        let clock = &*self.shared.clock;
        let mut state = self.state.clone();
        let tries = {
            let now = state.borrow_and_update();
            if let Some((reason, again)) = &now.failed
                && clock.monotonic() < *again
            {
                let retry_after = again.since(clock.monotonic());
                return Err(StockError::Unavailable { reason: reason.clone(), retry_after });
            }
            now.tries
        };
        self.shared.asked.notify_one();
        let deadline = clock.monotonic().saturating_add(within);
        let tried = state.wait_for(|state| state.stocks.is_some() || state.tries > tries);
        match clock::before(clock, deadline, tried).await {
            None => Err(StockError::TimedOut),
            Some(Err(_)) => Err(StockError::Stopped),
            Some(Ok(state)) => match (&state.stocks, &state.failed) {
                (Some(stocks), _) => Ok(stocks.clone()),
                (None, Some((reason, again))) => {
                    Err(StockError::Unavailable { reason: reason.clone(), retry_after: again.since(clock.monotonic()) })
                }
                // A try ends with stocks or with a reason.
                (None, None) => Err(StockError::TimedOut),
            },
        }
    }

    /// The stock with this code or name: see [`Stocks::resolve`].
    pub async fn resolve(&self, text: &str, market: Option<Market>, within: Duration) -> Result<Stock, StockError> {
        Ok(self.stocks(within).await?.resolve(text, market)?)
    }
}
