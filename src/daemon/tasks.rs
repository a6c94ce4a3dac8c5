//! Tasks with a name and an owner. They are all needed: one that ends before its time takes the daemon down, by name.

use std::{future::Future, time::Duration};

use tokio::task::JoinSet;
use tracing::{Instrument, error, info_span, warn};

#[derive(Debug, Default)]
pub(super) struct TaskGroup {
    tasks: JoinSet<()>,
    names: Vec<(tokio::task::Id, &'static str)>,
}

impl TaskGroup {
    pub(super) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.tasks.spawn(task.instrument(info_span!("task", task = name)));
        self.names.push((handle.id(), name));
    }

    /// The name of the next task that ends; never, if there is none.
    pub(super) async fn ended(&mut self) -> &'static str {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => self.forget(id),
            Some(Err(error)) => {
                let name = self.forget(error.id());
                error!(task = name, %error, "a task has failed");
                name
            }
            None => std::future::pending().await,
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

    fn forget(&mut self, id: tokio::task::Id) -> &'static str {
        let index = self.names.iter().position(|(known, _)| *known == id);
        index.map_or("task", |index| self.names.swap_remove(index).1)
    }
}
