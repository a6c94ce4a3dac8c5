//! What a subscriber is told, for as long as it may be.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::watch;

use super::catalog::Answer;
use crate::server::error::Refusal;

/// What a subscriber is told.
pub(in crate::server) struct Feed {
    /// The method of its notifications.
    pub(in crate::server) method: &'static str,
    /// The results in them, as JSON, or why there are no more. The first comes as soon as it can.
    pub(in crate::server) results: Results,
}

/// What comes of a subscription.
pub(in crate::server) type Results = Pin<Box<dyn Stream<Item = Answer> + Send>>;

/// What comes of a subscription, until there is a refusal, which then is the last. It is asked for whenever `replaced` tells of other
/// accounts or grants.
pub(super) fn while_allowed<F>(results: Results, mut replaced: watch::Receiver<()>, refusal: F) -> Results
where
    F: Fn() -> Option<Refusal> + Send + 'static,
{
    // They may have been replaced since the subscriber was let in.
    replaced.mark_changed();
    let feed = Some((results, replaced, refusal));
    Box::pin(stream::unfold(feed, |feed| async {
        let (mut results, mut replaced, refusal) = feed?;
        loop {
            tokio::select! {
                biased;
                Ok(()) = replaced.changed() => {
                    if let Some(refusal) = refusal() {
                        return Some((Err(refusal), None));
                    }
                }
                result = results.next() => return Some((result?, Some((results, replaced, refusal)))),
            }
        }
    }))
}
