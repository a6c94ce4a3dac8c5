//! A conversation over a connection that carries many messages: the JSON stream and WebSocket alike.
//!
//! Calls of one connection run side by side and are answered as they finish; what is answered at once is answered together. So
//! many calls may be in flight, and so much may wait to be taken; then nothing more is read.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{
    connection::Connection,
    dispatch::{Dispatcher, Pending, Started},
    outbox::Outbox,
    reply::Reply,
    subscriptions::Subscriptions,
};

/// Calls of one connection in flight, each request of a batch by itself,
const MAX_IN_FLIGHT: usize = 64;

/// and bytes of the messages that asked for them: their ids are kept.
const MAX_IN_FLIGHT_BYTES: usize = 256 * 1024;

/// What one connection may do before others have their turn, in requests of usual length,
const TURN: usize = 64;

/// which have so many bytes.
const USUAL_BYTES: usize = 128;

/// What a dialect found on its connection.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Bytes),
    /// Something that is not JSON; the conversation goes on.
    Malformed,
    /// A message that is too long; nothing after it can be understood.
    TooLong,
    /// A message that does not come to its end.
    Stalled,
}

/// A connection that carries messages both ways. A peer that does not take what is sent is an error of
/// [`poll_flush`](Channel::poll_flush), after a while; one that has gone while only an answer is waited for, at once.
pub(super) trait Channel {
    /// The next message; `None` when the peer has said everything.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Incoming>>;

    /// Queues a reply.
    fn send(&mut self, reply: Reply);

    /// What is queued.
    fn outbox(&self) -> &Outbox;

    /// Writes what is queued.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Tells the peer that nothing will follow.
    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// Messages whose replies are waited for.
#[derive(Default)]
struct InFlight {
    calls: FuturesUnordered<Call>,
    requests: usize,
    bytes: usize,
}

struct Call {
    pending: Pending,
    bytes: usize,
}

impl Future for Call {
    type Output = (Option<Reply>, usize, usize);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let reply = ready!(self.pending.reply.as_mut().poll(context));
        Poll::Ready((reply, self.pending.requests, self.bytes))
    }
}

impl InFlight {
    fn push(&mut self, pending: Pending, bytes: usize) {
        self.requests += pending.requests;
        self.bytes += bytes;
        self.calls.push(Call { pending, bytes });
    }

    fn is_empty(&self) -> bool {
        self.requests == 0
    }

    fn is_full(&self) -> bool {
        self.requests >= MAX_IN_FLIGHT || self.bytes >= MAX_IN_FLIGHT_BYTES
    }

    /// The next reply, if there is one to give; pending also when nothing is in flight.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Reply>> {
        match ready!(self.calls.poll_next_unpin(context)) {
            Some((reply, requests, bytes)) => {
                self.requests -= requests;
                self.bytes -= bytes;
                Poll::Ready(reply)
            }
            None => Poll::Pending,
        }
    }
}

/// Answers what comes on `channel` until it ends or the daemon goes down.
pub(super) async fn converse(connection: &Arc<Connection>, mut channel: impl Channel) {
    let phases = &connection.phases;
    let (mut drain, mut cut) = (pin!(phases.drain.cancelled()), pin!(phases.cut.cancelled()));
    let mut in_flight = InFlight::default();
    // Where memory is scarce, a reply has to be taken before the next is made.
    let (unread, mut charge) = (connection.unread(), connection.unread().charge());
    let is_full = |outbox: &Outbox| outbox.is_full() || (!outbox.is_empty() && unread.is_scarce());
    let mut subscriptions = Subscriptions::default();
    let (mut reading, mut listening) = (true, false);
    poll_fn(|context| {
        // Once they know whom to wake there is no need to look at them before there is something to see.
        if !listening || phases.has_begun() {
            listening = true;
            if cut.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            if drain.as_mut().poll(context).is_ready() {
                reading = false;
                subscriptions = Subscriptions::default();
            }
        }
        let mut turn = TURN;
        loop {
            // Whether something that has not been looked at may be ready.
            let mut again = false;
            while !is_full(channel.outbox()) {
                match in_flight.poll_next(context) {
                    Poll::Ready(Some(reply)) => channel.send(reply),
                    Poll::Ready(None) => {}
                    Poll::Pending => break,
                }
            }
            // Calls that are finished, or messages that are there, wait until some of it is taken.
            again |= is_full(channel.outbox());
            while reading && !in_flight.is_full() {
                if is_full(channel.outbox()) {
                    again = true;
                    break;
                }
                if turn == 0 {
                    context.waker().wake_by_ref();
                    break;
                }
                let Poll::Ready(incoming) = channel.poll_receive(context) else { break };
                let cost = match &incoming {
                    Some(Incoming::Message(message)) => message.len().div_ceil(USUAL_BYTES),
                    _ => 1,
                };
                turn = turn.saturating_sub(cost);
                let reply = match incoming {
                    Some(Incoming::Message(message)) => {
                        match connection.dispatcher.start(&connection.caller, unread, &message) {
                            Started::Done(reply) => reply,
                            Started::Pending(pending) => {
                                in_flight.push(pending, message.len());
                                again = true;
                                None
                            }
                            Started::Subscribe { id, feed } => {
                                again = true;
                                Some(Dispatcher::subscribed(id, subscriptions.begin(feed)))
                            }
                            Started::Unsubscribe { id, method, number } => {
                                Dispatcher::unsubscribed(id, subscriptions.end(method, number))
                            }
                        }
                    }
                    Some(Incoming::Malformed) => Some(Dispatcher::malformed()),
                    Some(Incoming::TooLong) => {
                        reading = false;
                        // Nobody would see this client go.
                        subscriptions = Subscriptions::default();
                        Some(Dispatcher::too_long(connection.max_request_bytes))
                    }
                    Some(Incoming::Stalled) => {
                        reading = false;
                        subscriptions = Subscriptions::default();
                        Some(Dispatcher::malformed())
                    }
                    None => {
                        reading = false;
                        subscriptions.end_after_first();
                        None
                    }
                };
                if let Some(reply) = reply {
                    channel.send(reply);
                }
            }
            connection.owes.store(!reading || !in_flight.is_empty(), Ordering::Relaxed);
            let flushed = channel.poll_flush(context);
            charge.set(channel.outbox().alone());
            if matches!(flushed, Poll::Ready(Ok(())))
                && !again
                && let Some(notification) = subscriptions.poll_next(context)
            {
                // Everything was written: this is the newest now.
                channel.send(notification);
                continue;
            }
            match flushed {
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) if again => {}
                Poll::Ready(Ok(())) if !reading && in_flight.is_empty() && subscriptions.is_empty() => {
                    return Poll::Ready(());
                }
                Poll::Pending if again && !is_full(channel.outbox()) => {}
                _ => return Poll::Pending,
            }
        }
    })
    .await;
    tokio::select! {
        biased;
        () = phases.cut.cancelled() => {}
        // A peer that is gone already need not be told.
        _ = poll_fn(|context| channel.poll_close(context)) => {}
    }
}
