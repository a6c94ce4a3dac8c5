//! The subscriptions of one connection. Each is looked at only when everything before it is written, so that a slow client gets
//! the newest state and never a queue.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll},
};

use bytes::Bytes;

use jsonrpsee::types::ErrorObjectOwned;
use serde_json::json;

use super::{error::Refusal, methods::Feed, reply::Reply};

/// Subscriptions of one connection.
const MAX_SUBSCRIPTIONS: usize = 16;

/// Numbers are not used twice, on no connection: a client that mixes up its connections ends nothing that is not its own.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Default)]
pub(super) struct Subscriptions {
    active: Vec<Active>,
    /// Each ends with its first notification.
    ending: bool,
}

struct Active {
    number: u64,
    feed: Feed,
    told: bool,
}

impl Subscriptions {
    /// Takes a feed; returns its number, or the limit that it would exceed.
    pub(super) fn begin(&mut self, feed: Feed) -> Result<u64, usize> {
        if self.active.len() >= MAX_SUBSCRIPTIONS {
            return Err(MAX_SUBSCRIPTIONS);
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.active.push(Active { number, feed, told: false });
        Ok(number)
    }

    /// Ends a subscription of those whose notifications have this method; whether there was one.
    pub(super) fn end(&mut self, method: &str, number: u64) -> bool {
        let before = self.active.len();
        self.active.retain(|active| (active.feed.method, active.number) != (method, number));
        self.active.len() < before
    }

    /// The client has said everything: it gets the first state of what it has asked for, and no more.
    pub(super) fn end_after_first(&mut self) {
        self.ending = true;
        self.active.retain(|active| !active.told);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Notifications that are due, at most one of each subscription.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Option<Reply> {
        let mut due = None;
        let ending = self.ending;
        self.active.retain_mut(|active| {
            if due.is_some() {
                return true;
            }
            match active.feed.results.as_mut().poll_next(context) {
                Poll::Pending => true,
                Poll::Ready(None) => false,
                Poll::Ready(Some(Ok(result))) => {
                    due = Some(notification(active.feed.method, active.number, result));
                    active.told = true;
                    !ending
                }
                Poll::Ready(Some(Err(refusal))) => {
                    due = Some(end(active.feed.method, active.number, &refusal));
                    false
                }
            }
        });
        due
    }
}

/// The last that is told of a subscription which goes on no longer, and why: an error in the place of a result.
fn end(method: &str, number: u64, refusal: &Refusal) -> Reply {
    let error = ErrorObjectOwned::from(refusal);
    let params = json!({ "subscription": number, "error": error });
    Reply::Text(json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string())
}

fn notification(method: &str, number: u64, result: Bytes) -> Reply {
    let before = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"subscription":{number},"result":"#);
    Reply::Notification { before, result }
}
