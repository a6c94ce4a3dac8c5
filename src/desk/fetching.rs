//! A fetch under way, what becomes of it, and who waits for it.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio::sync::watch;

use super::{
    Question, ReadError,
    handle::Waiter,
    pace::{Deadline, Progress},
    watch::Fetched as Answer,
};
use crate::{clock::Instant, kis::quota::Claimants};

/// How a fetch ends.
type End<Q> = Result<<Q as Question>::Answer, ReadError<<Q as Question>::Fault>>;

/// A fetch under way.
pub(super) struct Fetching<Q: Question> {
    pub(super) end: Pin<Box<dyn Future<Output = End<Q>> + Send>>,
    pub(super) progress: watch::Receiver<Option<Progress>>,
    pub(super) began: Instant,
    pub(super) deadline: Arc<Deadline>,
    /// Whom it is for.
    pub(super) claimants: Claimants,
    /// It goes on although nobody waits for it.
    pub(super) is_probe: bool,
}

/// What becomes of a fetch.
pub(super) enum Event<Q: Question> {
    Ended(Answer<Q>),
    Progressed(Progress),
}

/// What becomes of the fetch under way; never anything, if there is none.
pub(super) async fn event_of<Q: Question>(fetching: &mut Option<Fetching<Q>>) -> Event<Q> {
    let Some(Fetching { end, progress, .. }) = fetching else { return std::future::pending().await };
    tokio::select! {
        biased;
        result = &mut *end => Event::Ended(result.map(Arc::new)),
        progress = told(progress) => Event::Progressed(progress),
    }
}

/// Completes when nobody waits any more.
pub(super) async fn left<Q: Question>(waiting: &mut [Waiter<Q>]) {
    for waiter in waiting {
        waiter.reply.closed().await;
    }
}

/// The next progress; never any, once the fetch is over.
async fn told(progress: &mut watch::Receiver<Option<Progress>>) -> Progress {
    loop {
        if progress.changed().await.is_err() {
            return std::future::pending().await;
        }
        if let Some(progress) = *progress.borrow_and_update() {
            return progress;
        }
    }
}
