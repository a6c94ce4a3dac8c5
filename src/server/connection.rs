//! What a connection carries through every dialect, and the count of connections.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use super::{dispatch::Dispatcher, peer::Caller};
use crate::clock::SharedClock;

/// Counts open connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    pub(crate) fn read(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts one more, unless there are `limit` already.
    pub(super) fn enter(&self, limit: usize) -> Option<Entered> {
        let counted =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < limit).then_some(open + 1));
        counted.is_ok().then(|| Entered(self.clone()))
    }
}

/// One counted connection.
#[derive(Debug)]
pub(super) struct Entered(Gauge);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How a shutdown reaches connections: first no more requests are read, then calls in flight are answered, then all is cut.
#[derive(Debug, Clone, Default)]
pub(super) struct Phases {
    /// Whether the first has begun: what a busy connection looks at, since looking at a token takes a lock that all share.
    begun: Arc<AtomicBool>,
    /// Read no further requests.
    pub(super) drain: CancellationToken,
    /// Answer calls in flight with "shutting down".
    pub(super) give_up: CancellationToken,
    /// Close, whatever is under way.
    pub(super) cut: CancellationToken,
    /// Open connections, WebSocket sessions included.
    pub(super) open: TaskTracker,
}

impl Phases {
    pub(super) fn begin(&self) {
        self.begun.store(true, Ordering::Release);
        self.drain.cancel();
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }
}

/// One connection; dropped when its last task ends.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) caller: Caller,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) phases: Phases,
    pub(super) clock: SharedClock,
    pub(super) max_request_bytes: usize,
    /// HTTP calls being answered.
    pub(super) calls: TaskTracker,
    /// Whether there has been an HTTP call, so that part of its answer may still have to be written.
    pub(super) has_called: AtomicBool,
    pub(super) _counted: Entered,
    pub(super) _open: TaskTrackerToken,
}
