//! Tasks with a name and an owner. They are all needed: one that ends before its time takes the daemon down, by name.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info_span, warn};

use super::sessions::Task;

#[derive(Debug, Default)]
pub(super) struct TaskGroup {
    tasks: JoinSet<()>,
    names: Vec<(tokio::task::Id, String, CancellationToken)>,
}

impl TaskGroup {
    pub(super) fn spawn(&mut self, Task { name, work, stop }: Task) {
        let handle = self.tasks.spawn(work.instrument(info_span!("task", task = name)));
        self.names.push((handle.id(), name, stop));
    }

    /// The name of the next task that ends without having been told to; never, if there is none.
    pub(super) async fn ended(&mut self) -> String {
        loop {
            let (id, failure) = match self.tasks.join_next_with_id().await {
                Some(Ok((id, ()))) => (id, None),
                Some(Err(error)) => (error.id(), Some(error)),
                None => return std::future::pending().await,
            };
            let Some(index) = self.names.iter().position(|(known, ..)| *known == id) else { continue };
            let (_, name, stop) = self.names.swap_remove(index);
            match failure {
                Some(error) => error!(task = name, %error, "a task has failed"),
                None if stop.is_cancelled() => continue,
                None => {}
            }
            return name;
        }
    }

    /// Waits for all tasks, which have been told to end, and ends those that do not.
    pub(super) async fn finish(mut self, within: Duration) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(within, all).await.is_err() {
            warn!("tasks did not stop in time and are cut off");
            self.tasks.shutdown().await;
        }
    }
}
