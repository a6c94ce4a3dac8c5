//! The thread that owns the file.

use std::{sync::mpsc, time::Duration};

use tokio::sync::oneshot;
use tracing::{debug, info, warn};

use super::{
    super::kept::{Kept, Learned, Needs},
    Settings,
    file::{Fault, File, set_aside},
    rows,
};
use crate::clock::{Instant, SharedClock};

/// After a fault the file is left alone for so long.
const AGAIN: Duration = Duration::from_secs(600);

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    Recall { source: String, needs: Needs, reply: oneshot::Sender<Kept> },
    Learn { source: String, learned: Learned },
    Settle { reply: oneshot::Sender<()> },
}

pub(super) struct Keeper {
    settings: Settings,
    clock: SharedClock,
    file: Option<File>,
    /// Not before this.
    again: Option<Instant>,
    /// The file is of a later kisd, or cannot be moved aside.
    is_hopeless: bool,
    /// A fault has been told, and nothing has worked since.
    is_told: bool,
}

impl Keeper {
    pub(super) fn new(settings: Settings, clock: SharedClock) -> Self {
        Self { settings, clock, file: None, again: None, is_hopeless: false, is_told: false }
    }

    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            // Whoever asked may have gone.
            match job {
                Job::Recall { source, needs, reply } => {
                    let now = self.clock.now();
                    let kept = self.with(|file| rows::recall(file, &source, &needs, now));
                    let _ = reply.send(kept.unwrap_or_default());
                }
                Job::Learn { source, learned } => {
                    let most = self.settings.max_bytes;
                    self.with(|file| {
                        rows::learn(file, &source, &learned)?;
                        rows::bound(file, most)
                    });
                }
                Job::Settle { reply } => {
                    let _ = reply.send(());
                }
            }
        }
    }

    /// Does something with the file, if there is one that can be used.
    fn with<T>(&mut self, work: impl FnOnce(&mut File) -> Result<T, Fault>) -> Option<T> {
        if self.is_hopeless || self.again.is_some_and(|again| self.clock.monotonic() < again) {
            return None;
        }
        let done = match &mut self.file {
            Some(file) => work(file),
            None => match File::open(&self.settings.file) {
                Ok(file) => work(self.file.insert(file)),
                Err(fault) => Err(fault),
            },
        };
        match done {
            Ok(done) => {
                if std::mem::take(&mut self.is_told) {
                    info!(file = %self.settings.file.display(), "candles are kept again");
                }
                self.again = None;
                Some(done)
            }
            Err(fault) => {
                self.fail(&fault);
                None
            }
        }
    }

    fn fail(&mut self, fault: &Fault) {
        let file = self.settings.file.display();
        match fault {
            // Another daemon is at it.
            Fault::Busy => debug!(%file, "the file of candles is in use"),
            Fault::Newer { .. } => {
                warn!(%file, %fault, "candles are not kept");
                self.is_hopeless = true;
            }
            Fault::Damaged(_) => {
                self.file = None;
                match set_aside(&self.settings.file) {
                    Ok(aside) => {
                        warn!(%file, %fault, moved_to = %aside.display(), "the file of candles is moved aside, and begun anew");
                    }
                    Err(error) => {
                        warn!(%file, %fault, %error, "candles are not kept: the damaged file cannot be moved aside");
                        self.is_hopeless = true;
                    }
                }
            }
            Fault::Io(_) | Fault::Sql(_) => {
                if !self.is_told {
                    warn!(%file, %fault, "candles are not kept for now");
                }
                self.is_told = true;
                self.file = None;
                self.again = Some(self.clock.monotonic().saturating_add(AGAIN));
            }
        }
    }
}
