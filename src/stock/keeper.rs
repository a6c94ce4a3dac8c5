//! The task that owns the master files: it loads them when somebody first asks, and downloads those that are due.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    Settings,
    handle::{Shared, State},
    kept::{Index, Kept, Put},
    master::{MOST_ZIPPED, MasterFile},
    stocks::Stocks,
};
use crate::{
    backoff::Backoff,
    clock,
    files::blocking,
    kis::{
        Http, SetupError,
        masters::{Download, MasterHost},
    },
};

/// Files that are downloaded at one time.
const AT_ONCE: usize = 4;

/// Between tries while files do not come.
const AGAIN: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(3600));

/// Owns the master files. Made by [`StockHandle::new`](super::StockHandle::new).
#[derive(Debug)]
pub struct Keeper {
    host: MasterHost,
    kept: Kept,
    shared: Arc<Shared>,
    told: watch::Sender<State>,
}

/// What the task knows between its tries.
#[derive(Default)]
struct Known {
    /// Nothing before somebody asks.
    index: Option<Index>,
    /// Why files are missing or not newer.
    problems: BTreeMap<&'static str, Arc<str>>,
    failures: u32,
    /// Not before this.
    again: Option<clock::Instant>,
}

impl Keeper {
    pub(super) fn new(
        settings: &Settings,
        http: &Http,
        shared: Arc<Shared>,
        told: watch::Sender<State>,
    ) -> Result<Self, SetupError> {
        let host = MasterHost::new(settings.master_url.clone(), http, shared.clock.clone())?;
        let kept = Kept { directory: settings.directory.clone(), source: settings.master_url.as_str().into() };
        Ok(Self { host, kept, shared, told })
    }

    /// Works until it is told to stop. A download that is cut off is begun again some time.
    pub async fn run(self, stop: CancellationToken) {
        let mut known = Known::default();
        let work = async {
            loop {
                self.wait(&known).await;
                self.look(&mut known).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    /// Waits until somebody asks, or, once somebody has, until files are due.
    async fn wait(&self, known: &Known) {
        let Some(index) = &known.index else { return self.shared.asked.notified().await };
        let due = async {
            let now = self.shared.clock.now();
            let due = self.shared.due_at(index.looked_at).unwrap_or(now);
            let due = self.shared.clock.monotonic().saturating_add(clock::until(now, due));
            self.shared.clock.sleep_until(known.again.map_or(due, |again| again.max(due))).await;
        };
        tokio::select! {
            () = due => {}
            () = self.shared.asked.notified() => {}
        }
    }

    async fn look(&self, known: &mut Known) {
        let index = match known.index.take() {
            Some(index) => index,
            None => match self.load(Index::default(), None).await {
                Some((index, stocks)) => {
                    self.publish(&index, stocks, None);
                    index
                }
                None => return,
            },
        };
        let (now, at) = (self.shared.clock.now(), self.shared.clock.monotonic());
        let is_due = self.shared.due_at(index.looked_at).is_none_or(|due| due <= now);
        if !is_due || known.again.is_some_and(|again| at < again) {
            known.index = Some(index);
            return;
        }
        known.index = self.refresh(index, known).await;
    }

    /// Downloads what has changed. What is known is lost if the runtime goes down meanwhile.
    async fn refresh(&self, index: Index, known: &mut Known) -> Option<Index> {
        let versions = MasterFile::ALL.map(|file| (file, index.version(file)));
        let downloads = stream::iter(versions)
            .map(|(file, version)| async move { (file, self.host.download(file.name(), &version, MOST_ZIPPED).await) });
        let mut downloads = downloads.buffer_unordered(AT_ONCE);
        let (mut index, mut changed) = (index, false);
        known.problems.clear();
        while let Some((file, download)) = downloads.next().await {
            let problem = match download {
                Ok(Download::Same) => None,
                Ok(Download::File { content, version }) => {
                    let (kept, mut noted) = (self.kept.clone(), index);
                    let put = move || {
                        let put = kept.put(&mut noted, file, &content, version);
                        Ok((noted, put))
                    };
                    let (noted, put) = blocking(put).await.ok()?;
                    index = noted;
                    changed |= matches!(put, Ok(Put::Changed));
                    put.err().map(|error| error.to_string())
                }
                Err(error) => Some(error.to_string()),
            };
            if let Some(problem) = problem {
                warn!(file = file.name(), problem, "a master file is not replaced");
                known.problems.insert(file.name(), problem.into());
            }
        }
        let all_came = known.problems.is_empty();
        known.failures = if all_came { 0 } else { known.failures.saturating_add(1) };
        let pause = (!all_came).then(|| AGAIN.delay(known.failures));
        known.again = pause.map(|pause| self.shared.clock.monotonic().saturating_add(pause));
        if all_came {
            index.looked_at = Some(self.shared.clock.now());
        }
        let has_none = self.told.borrow().stocks.is_none();
        let (index, stocks) = match changed || has_none {
            true => {
                self.load(index, Some(known.problems.clone())).await.map(|(index, stocks)| (index, Some(stocks)))?
            }
            false => (index, None),
        };
        let kept = self.kept.clone();
        let noted = index.clone();
        if let Err(error) = blocking(move || kept.note(&noted)).await {
            warn!(directory = %self.kept.directory.display(), %error, "what is known of the master files is not written");
        }
        match stocks {
            Some(stocks) => self.publish(&index, stocks, known.again),
            None => self.told.send_modify(|state| {
                state.looked_at = index.looked_at;
                state.tries += 1;
            }),
        }
        Some(index)
    }

    /// Loads what is kept; for the first time if there are no problems to tell of. Nothing if the runtime goes down meanwhile.
    async fn load(&self, index: Index, problems: Option<BTreeMap<&'static str, Arc<str>>>) -> Option<(Index, Stocks)> {
        let kept = self.kept.clone();
        let load = move || {
            let mut index = if problems.is_none() { kept.index() } else { index };
            let stocks = kept.load(&mut index, &problems.unwrap_or_default());
            Ok((index, stocks))
        };
        blocking(load).await.ok()
    }

    fn publish(&self, index: &Index, stocks: Stocks, again: Option<clock::Instant>) {
        if stocks.is_empty() && again.is_none() {
            // Nothing is kept: the files are fetched next.
            return;
        }
        let missing = stocks.files.iter().filter(|state| state.stocks.is_none()).count();
        match stocks.is_empty() {
            true => debug!("there are no stocks"),
            false => info!(stocks = stocks.len(), missing_files = missing, bytes = stocks.bytes(), "stocks are loaded"),
        }
        let reason = stocks.problem_of(None).map(|(file, problem)| format!("{file}: {problem}").into());
        self.told.send_modify(|state| {
            state.failed = reason.filter(|_| stocks.is_empty()).zip(again);
            state.stocks = (!stocks.is_empty()).then(|| Arc::new(stocks));
            state.looked_at = index.looked_at;
            state.tries += 1;
        });
    }
}
