//! The only file that knows tokio-cron-scheduler. A job decides nothing: it tells the keeper to look at the clocks.
//!
//! A cron job and never a repeated one: after the machine has slept, a cron job fires once and goes on, a repeated job whose
//! interval was overslept never fires again.

use std::sync::Arc;

use tokio_cron_scheduler::{Job, JobScheduler};
use tracing::warn;

use super::DaemonError;
use crate::server::Backend;

/// Every two seconds: a suspended machine that wakes up with a dead token has a new one within the time a person notices.
const EVERY_TWO_SECONDS: &str = "*/2 * * * * *";

pub(super) struct Schedule {
    scheduler: JobScheduler,
}

impl Schedule {
    /// Starts the renewal job.
    pub(super) async fn start(backend: Arc<Backend>) -> Result<Self, DaemonError> {
        let failed = |error: tokio_cron_scheduler::JobSchedulerError| DaemonError::Schedule(error.to_string());
        let scheduler = JobScheduler::new().await.map_err(failed)?;
        let job = Job::new(EVERY_TWO_SECONDS, move |_, _| backend.book().keys().for_each(|key| key.token.tick()))
            .map_err(failed)?;
        scheduler.add(job).await.map_err(failed)?;
        scheduler.start().await.map_err(failed)?;
        Ok(Self { scheduler })
    }

    pub(super) async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            warn!(%error, "the scheduler did not stop");
        }
    }
}
