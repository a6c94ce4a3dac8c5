//! What a connection carries through every dialect.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use super::{dispatch::Dispatcher, peer::Caller, places::Place, refusals::Refusals, unread::Unread};
use crate::clock::SharedClock;

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
    pub(super) caller: Arc<Caller>,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) phases: Phases,
    pub(super) clock: SharedClock,
    pub(super) max_request_bytes: usize,
    pub(super) refusals: Arc<Refusals>,
    /// HTTP calls being answered.
    pub(super) calls: TaskTracker,
    /// Whether there has been an HTTP call, so that part of its answer may still have to be written.
    pub(super) has_called: AtomicBool,
    /// Whether an answer is waited for, and nothing of the peer: then somebody has to notice that the peer has gone.
    pub(super) owes: AtomicBool,
    pub(super) place: Place,
    pub(super) _open: TaskTrackerToken,
}

impl Connection {
    /// The replies of the peer's user.
    pub(super) fn unread(&self) -> &Unread {
        &self.place.common
    }
}
