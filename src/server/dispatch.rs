//! JSON-RPC 2.0: from the bytes of a message to the bytes of its reply, the same for every dialect.
//!
//! Ids are kept as the client wrote them and never parsed into a number that could lose a digit. What has no id is a
//! notification: it is carried out and not answered.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{FutureExt, future::join_all};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{
    error::{Refusal, internal, own, passing, standard},
    methods::{Feed, Methods, Outcome},
    peer::Caller,
    reply::{Reply, alone, failure},
    request::{Refused, parse},
    unread::{Charge, Unread},
};
use crate::wire::codes::{INVALID_REQUEST, Kind, METHOD_NOT_FOUND, PARSE_ERROR};

/// Requests in one batch.
const MAX_BATCH: usize = 100;

/// A result of at most so many bytes is not worth refusing: the refusal is as long.
const SHORT: usize = 512;

/// The methods, and how to call them.
#[derive(Debug)]
pub(super) struct Dispatcher {
    methods: Methods,
    /// Calls in flight are given up.
    give_up: CancellationToken,
}

/// What became of a message so far.
pub(super) enum Started {
    /// All is said; `None` if there is no reply to give.
    Done(Option<Reply>),
    /// There will be a reply, or none.
    Pending(Pending),
    /// A subscription begins; its number is the reply.
    Subscribe { id: Bytes, feed: Feed },
    /// The subscription of this number ends; whether there was one is the reply.
    Unsubscribe { id: Option<Bytes>, method: &'static str, number: u64 },
}

/// A reply that is waited for.
pub(super) struct Pending {
    /// Requests that it answers.
    pub(super) requests: usize,
    pub(super) reply: Pin<Box<dyn Future<Output = Option<Reply>> + Send>>,
}

impl Started {
    /// The reply, if there is one already.
    pub(super) fn done(self) -> Option<Reply> {
        match self {
            Self::Done(reply) => reply,
            _ => None,
        }
    }

    /// What it is where nothing can follow a reply.
    fn without_subscriptions(self) -> Self {
        let id = match self {
            Self::Subscribe { id, .. } => Some(id),
            Self::Unsubscribe { id, .. } => id,
            started => return started,
        };
        let message = "Invalid request: subscriptions are for WebSocket and the JSON stream, and not within a batch";
        Self::Done(id.map(|id| reply_of(id, Err(standard(INVALID_REQUEST, message)))))
    }
}

impl Dispatcher {
    pub(super) fn new(methods: Methods, give_up: CancellationToken) -> Self {
        Self { methods, give_up }
    }

    /// Carries out a message, up to where it has to wait. Its replies count among those of the caller's user.
    pub(super) fn start(&self, caller: &Arc<Caller>, unread: &Unread, message: &Bytes) -> Started {
        let Ok(text) = std::str::from_utf8(message) else {
            return said(failure("null", &standard(PARSE_ERROR, "Parse error: not UTF-8")));
        };
        match text.trim_ascii_start().as_bytes().first() {
            Some(b'[') => self.batch(caller, unread, message, text),
            _ => self.single(caller, message, text),
        }
    }

    /// Carries out a message where nothing can follow its reply.
    pub(super) fn start_once(&self, caller: &Arc<Caller>, unread: &Unread, message: &Bytes) -> Started {
        self.start(caller, unread, message).without_subscriptions()
    }

    /// What a method without parameters answers with at once, if that is a text.
    pub(super) fn text(&self, caller: &Arc<Caller>, method: &str) -> Option<String> {
        match self.methods.call(method, caller, None)? {
            Outcome::Now(answer) => serde_json::from_slice(&answer.ok()?).ok(),
            _ => None,
        }
    }

    /// The reply to bytes that are not JSON at all.
    pub(super) fn malformed() -> Reply {
        Reply::Text(failure("null", &standard(PARSE_ERROR, "Parse error: not JSON, or nested too deeply")))
    }

    /// The reply to an HTTP body that does not arrive as announced.
    pub(super) fn broken_body() -> Reply {
        Reply::Text(failure("null", &standard(PARSE_ERROR, "Parse error: the body breaks off or its framing is wrong")))
    }

    /// The reply to a message that was not read to its end.
    pub(super) fn too_long(max_bytes: usize) -> Reply {
        let message = format!("the request is longer than rpc.max_request_bytes = {max_bytes}");
        Reply::Text(failure("null", &own(Kind::Overloaded, message)))
    }

    /// The reply to a subscription, which has a number unless there are too many.
    pub(super) fn subscribed(id: Bytes, number: Result<u64, usize>) -> Reply {
        reply_of(
            id,
            number
                .map(|number| number.to_string().into())
                .map_err(|limit| own(Kind::Overloaded, format!("a connection may have {limit} subscriptions"))),
        )
    }

    /// The reply to the end of a subscription.
    pub(super) fn unsubscribed(id: Option<Bytes>, was_there: bool) -> Option<Reply> {
        id.map(|id| reply_of(id, Ok(Bytes::from_static(if was_there { b"true" } else { b"false" }))))
    }

    fn batch(&self, caller: &Arc<Caller>, unread: &Unread, message: &Bytes, text: &str) -> Started {
        let requests: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(requests) => requests,
            Err(error) => return said(failure("null", &standard(PARSE_ERROR, format!("Parse error: {error}")))),
        };
        if requests.is_empty() {
            return said(failure("null", &standard(INVALID_REQUEST, "Invalid request: the batch is empty")));
        }
        if requests.len() > MAX_BATCH {
            let message = format!("the batch has {} requests; allowed are {MAX_BATCH}", requests.len());
            return said(failure("null", &own(Kind::Overloaded, message)));
        }
        // All are begun before any is waited for.
        let mut held = Held { bytes: 0, limit: unread.of_batch(), charge: unread.charge() };
        let started: Vec<Started> = requests
            .iter()
            .map(|request| held.add(self.single(caller, message, request.get()).without_subscriptions()))
            .collect();
        if started.iter().all(|started| matches!(started, Started::Done(_))) {
            return Started::Done(together(started.into_iter().filter_map(Started::done)));
        }
        held.charge.set(held.bytes);
        let requests = started.len();
        let reply = Box::pin(async move {
            let replies = join_all(started.into_iter().map(|started| async {
                match started {
                    Started::Pending(pending) => pending.reply.await,
                    started => started.done(),
                }
            }));
            let reply = together(replies.await.into_iter().flatten());
            drop(held);
            reply
        });
        Started::Pending(Pending { requests, reply })
    }

    fn single(&self, caller: &Arc<Caller>, message: &Bytes, text: &str) -> Started {
        let request = match parse(text) {
            Ok(request) => request,
            Err(Refused { id, error }) => return said(failure(id, &error)),
        };
        let id = request.id.map(|id| message.slice_ref(id.as_bytes()));
        let call = AssertUnwindSafe(|| self.methods.call(&request.method, caller, request.params));
        let answer = match catch_unwind(call) {
            Ok(Some(Outcome::Later(answer))) => {
                // Not a part of the message, which would be kept as long as the answer takes.
                let id = id.map(|id| Bytes::copy_from_slice(&id));
                return self.later(id, &request.method, answer);
            }
            Ok(Some(Outcome::Now(answer))) => answer,
            // Without an id nobody could tell its notifications from others.
            Ok(Some(Outcome::Subscribe(feed))) => {
                return id.map_or(Started::Done(None), |id| Started::Subscribe { id, feed });
            }
            Ok(Some(Outcome::Unsubscribe { method, number })) => return Started::Unsubscribe { id, method, number },
            Ok(None) => {
                let message = format!("Method not found: {}", shortened(&request.method));
                Err(standard(METHOD_NOT_FOUND, message))
            }
            Err(_) => Err(panicked(&request.method)),
        };
        Started::Done(id.map(|id| reply_of(id, answer)))
    }

    fn later<F>(&self, id: Option<Bytes>, method: &str, answer: F) -> Started
    where
        F: Future<Output = Result<Bytes, Refusal>> + Send + 'static,
    {
        let (give_up, method) = (self.give_up.clone(), method.to_owned());
        let reply = Box::pin(async move {
            let answer = tokio::select! {
                biased;
                answer = AssertUnwindSafe(answer).catch_unwind() => answer.unwrap_or_else(|_| Err(panicked(&method))),
                () = give_up.cancelled() => Err(passing(Kind::ShuttingDown, "kisd is shutting down")),
            };
            id.map(|id| reply_of(id, answer))
        });
        Started::Pending(Pending { requests: 1, reply })
    }
}

/// Replies of a batch while it is carried out.
struct Held {
    bytes: usize,
    limit: usize,
    charge: Charge,
}

impl Held {
    /// Adds what one request came to. A result that would take too much memory is refused; it has changed nothing, since what
    /// changes something is waited for.
    fn add(&mut self, started: Started) -> Started {
        let Started::Done(Some(reply)) = started else { return started };
        let reply = match reply {
            Reply::Result { id, result } if alone(&result) > SHORT && self.bytes + result.len() > self.limit => {
                let message = format!(
                    "the replies of this batch take more than {} bytes; ask for this one in a message of its own",
                    self.limit
                );
                reply_of(id, Err(passing(Kind::Overloaded, message)))
            }
            reply => reply,
        };
        self.bytes += reply.held();
        Started::Done(Some(reply))
    }
}

fn said(reply: String) -> Started {
    Started::Done(Some(Reply::Text(reply)))
}

fn reply_of(id: Bytes, answer: Result<Bytes, Refusal>) -> Reply {
    match answer {
        Ok(result) => Reply::Result { id, result },
        // An id is a part of a message that is UTF-8.
        Err(error) => Reply::Text(failure(std::str::from_utf8(&id).unwrap_or("null"), &error)),
    }
}

/// The reply to a batch; `None` if all in it were notifications.
fn together(replies: impl Iterator<Item = Reply>) -> Option<Reply> {
    let replies: Vec<Reply> = replies.collect();
    (!replies.is_empty()).then_some(Reply::Batch(replies))
}

fn panicked(method: &str) -> Refusal {
    error!(method, "a method panicked");
    internal()
}

/// A name from outside, cut to what a person would read.
fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{book::Grants, server::peer::Peer};

    fn nobody() -> Arc<Caller> {
        let grants = Grants::new(&[], std::iter::empty(), 0);
        Arc::new(Caller::new(Peer { uid: 1, gid: 1, pid: None }, false, Vec::new(), &grants))
    }

    #[tokio::test]
    async fn a_panic_in_a_method_is_an_internal_error_and_the_next_call_is_answered() {
        let mut methods = Methods::default();
        let panics = || if true { panic!("with a secret in it") } else { Ok(Bytes::new()) };
        methods.insert("panics", move |_, _| Outcome::Now(panics()));
        methods.insert("panics later", move |_, _| Outcome::Later(Box::pin(async move { panics() })));
        methods.insert("answers", |_, _| Outcome::Now(Ok(Bytes::from_static(b"7"))));
        let dispatcher = Dispatcher::new(methods, CancellationToken::new());
        let caller = nobody();
        let call = |id, method| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#);
        let batch = format!("[{},{},{}]", call(1, "panics"), call(2, "panics later"), call(3, "answers"));
        let started = dispatcher.start_once(&caller, &Unread::default(), &batch.into());
        let Started::Pending(pending) = started else { panic!("nothing waits") };
        let reply = pending.reply.await.unwrap().into_text();
        assert!(!reply.contains("secret") && reply.contains(r#"{"jsonrpc":"2.0","id":3,"result":7}"#), "{reply}");
        for id in [1, 2] {
            assert!(reply.contains(&format!(r#""id":{id},"error":{{"code":-32603"#)), "{reply}");
        }
    }

    #[test]
    fn a_batch_holds_a_bounded_amount_of_memory_unless_its_results_are_shared() {
        const LENGTH: usize = 10_000;
        let (shared, mut methods) = (Bytes::from(vec![b'7'; LENGTH]), Methods::default());
        methods.insert("shared", move |_, _| Outcome::Now(Ok(shared.clone())));
        methods.insert("own", |_, _| Outcome::Now(Ok(Bytes::from(vec![b'7'; LENGTH]))));
        let dispatcher = Dispatcher::new(methods, CancellationToken::new());
        let caller = nobody();
        let unread = Unread::default();
        let batch = |method| {
            let request = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
            let batch = format!("[{}]", vec![request; MAX_BATCH].join(","));
            let reply = dispatcher.start_once(&caller, &unread, &batch.into()).done().unwrap();
            (reply.held(), reply.into_text().matches("-32058").count())
        };
        let (held, refused) = batch("shared");
        assert!(held < 1000 && refused == 0, "{held} bytes, {refused} refused");
        let (held, refused) = batch("own");
        assert!(held < 300_000 && refused == 74, "{held} bytes, {refused} refused");
        let mut charge = unread.charge();
        charge.set(1 << 30);
        let (held, refused) = batch("own");
        assert!(held < 50_000 && refused == 99, "{held} bytes, {refused} refused");
    }
}
