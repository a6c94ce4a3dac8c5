//! A conversation over a connection that carries many messages: the JSON stream and WebSocket alike.
//!
//! Calls of one connection run side by side and are answered as they finish; what is answered at once is answered together. So
//! many calls may be in flight, and so much may wait to be taken; then nothing more is read.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{
    connection::Connection,
    dispatch::{Dispatcher, Started},
    reply::Reply,
    subscriptions::Subscriptions,
};

/// Calls of one connection in flight.
const MAX_IN_FLIGHT: usize = 64;

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
/// [`poll_flush`](Channel::poll_flush), after a while.
pub(super) trait Channel {
    /// The next message; `None` when the peer has said everything.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Incoming>>;

    /// Queues a reply.
    fn send(&mut self, reply: Reply);

    /// Whether so much is queued that nothing should be added.
    fn is_full(&self) -> bool;

    /// Writes what is queued.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Tells the peer that nothing will follow.
    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// Answers what comes on `channel` until it ends or the daemon goes down.
pub(super) async fn converse(connection: &Arc<Connection>, mut channel: impl Channel) {
    let phases = &connection.phases;
    let (mut drain, mut cut) = (pin!(phases.drain.cancelled()), pin!(phases.cut.cancelled()));
    let mut calls = FuturesUnordered::new();
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
            while !channel.is_full() {
                match calls.poll_next_unpin(context) {
                    Poll::Ready(Some(Some(reply))) => channel.send(reply),
                    Poll::Ready(Some(None)) => {}
                    Poll::Ready(None) | Poll::Pending => break,
                }
            }
            // Calls that are finished, or messages that are there, wait until some of it is taken.
            again |= channel.is_full();
            while reading && calls.len() < MAX_IN_FLIGHT {
                if channel.is_full() {
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
                        match connection.dispatcher.start(connection.caller, &message) {
                            Started::Done(reply) => reply,
                            Started::Pending(reply) => {
                                calls.push(reply);
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
            let flushed = channel.poll_flush(context);
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
                Poll::Ready(Ok(())) if !reading && calls.is_empty() && subscriptions.is_empty() => {
                    return Poll::Ready(());
                }
                Poll::Pending if again && !channel.is_full() => {}
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
