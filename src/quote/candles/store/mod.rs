//! Complete days of candles, kept in a file of SQLite.
//!
//! One thread owns the file, so that no disk holds up the runtime; the world holds a handle. Nothing is on disk before somebody asks for
//! candles. Whatever is wrong with the file costs calls to KIS and nothing else: it is told once, and the answers come from KIS.
//!
//! | file | what it is |
//! |---|---|
//! | `file` | the file: opened, brought up to date, moved aside when it is damaged |
//! | `rows` | spans and rows in it |
//! | `keeper` | the thread |

mod file;
mod keeper;
mod rows;

use std::{path::PathBuf, sync::mpsc, time::Duration};

use tokio::sync::oneshot;
use tracing::{debug, error};

pub use self::file::trouble;
use self::keeper::{Job, Keeper};
use super::kept::{Kept, Learned, Needs};
use crate::clock::{self, SharedClock};

/// Jobs that wait at most; the others are not done.
const WAITING: usize = 256;

/// Longest time that an answer waits for the disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where candles are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The file.
    pub file: PathBuf,
    /// Its greatest size; with 0 nothing is kept.
    pub max_bytes: u64,
}

/// What is kept of candles.
#[derive(Debug, Clone)]
pub struct CandleStore {
    /// Nothing: none are kept.
    jobs: Option<mpsc::SyncSender<Job>>,
    clock: SharedClock,
}

impl CandleStore {
    /// Keeps them there, from the first question on.
    pub fn open(settings: Settings, clock: SharedClock) -> Self {
        if settings.max_bytes == 0 {
            return Self { jobs: None, clock };
        }
        let (jobs, waiting) = mpsc::sync_channel(WAITING);
        let keeper = Keeper::new(settings, clock.clone());
        let thread = std::thread::Builder::new().name("candles".to_owned()).spawn(move || keeper.run(&waiting));
        match thread {
            Ok(_) => Self { jobs: Some(jobs), clock },
            Err(error) => {
                error!(%error, "there is no thread to keep candles with: none are kept");
                Self { jobs: None, clock }
            }
        }
    }

    /// What is kept of what a walk needs, from calls to this `source`.
    pub async fn recall(&self, source: &str, needs: Needs) -> Kept {
        let (reply, kept) = oneshot::channel();
        if !self.put(Job::Recall { source: source.to_owned(), needs, reply }) {
            return Kept::default();
        }
        let until = self.clock.monotonic().saturating_add(PATIENCE);
        // A disk that does not answer is as one that has nothing.
        clock::before(&*self.clock, until, kept).await.and_then(Result::ok).unwrap_or_default()
    }

    /// Keeps what a walk has learned.
    pub fn learn(&self, source: &str, learned: Learned) {
        self.put(Job::Learn { source: source.to_owned(), learned });
    }

    /// Waits until everything so far is written.
    pub async fn settle(&self, within: Duration) {
        let (reply, done) = oneshot::channel();
        if self.put(Job::Settle { reply }) {
            let until = self.clock.monotonic().saturating_add(within);
            let _ = clock::before(&*self.clock, until, done).await;
        }
    }

    fn put(&self, job: Job) -> bool {
        let Some(jobs) = &self.jobs else { return false };
        jobs.try_send(job).inspect_err(|_| debug!("the disk is too slow to keep these candles")).is_ok()
    }
}

#[cfg(test)]
mod odd_tests;
#[cfg(test)]
mod tests;
