//! A conversation over a connection that carries many messages: the JSON stream and WebSocket alike.
//!
//! Calls of one connection run side by side and are answered as they finish. So many may be in flight; then nothing more is read.
//! A peer that does not read its replies is let go.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt, stream::FuturesUnordered};

use super::{connection::Connection, dispatch::Dispatcher};
use crate::clock;

/// Calls of one connection in flight.
const MAX_IN_FLIGHT: usize = 64;

/// Longest wait for a peer to take a reply.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

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

/// Answers `incoming` on `outgoing` until either ends or the daemon goes down.
pub(super) async fn converse<I, O>(connection: &Arc<Connection>, incoming: I, outgoing: O)
where
    I: Stream<Item = Incoming>,
    O: Sink<String>,
{
    let phases = &connection.phases;
    tokio::pin!(incoming, outgoing);
    let mut calls = FuturesUnordered::new();
    let mut reading = true;
    while reading || !calls.is_empty() {
        let reply = tokio::select! {
            Some(reply) = calls.next() => reply,
            message = incoming.next(), if reading && calls.len() < MAX_IN_FLIGHT => match message {
                Some(Incoming::Message(message)) => {
                    calls.push(async move { connection.dispatcher.reply(connection.caller, &message).await });
                    continue;
                }
                Some(Incoming::Malformed) => Some(Dispatcher::malformed()),
                Some(Incoming::TooLong) => {
                    reading = false;
                    Some(Dispatcher::too_long(connection.max_request_bytes))
                }
                Some(Incoming::Stalled) => {
                    reading = false;
                    Some(Dispatcher::malformed())
                }
                None => {
                    reading = false;
                    continue;
                }
            },
            () = phases.drain.cancelled(), if reading => {
                reading = false;
                continue;
            }
            () = phases.cut.cancelled() => return,
        };
        let Some(reply) = reply else { continue };
        let deadline = connection.clock.monotonic().saturating_add(TAKEN_WITHIN);
        tokio::select! {
            taken = clock::before(&*connection.clock, deadline, outgoing.send(reply)) => {
                if !matches!(taken, Some(Ok(()))) {
                    return;
                }
            }
            () = phases.cut.cancelled() => return,
        }
    }
    tokio::select! {
        // A peer that is gone already need not be told.
        _ = outgoing.close() => {}
        () = phases.cut.cancelled() => {}
    }
}
