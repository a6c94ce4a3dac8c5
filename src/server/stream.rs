//! The JSON stream: JSON values in, one line for each reply out.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{io::AsyncWrite, net::UnixStream};
use tokio_util::{codec::Decoder, io::poll_read_buf};

use super::{
    connection::Connection,
    outbox::Outbox,
    pipe::Pipe,
    reply::Reply,
    session::{Channel, Incoming, converse},
};
use crate::{
    clock::{SharedClock, Wait},
    wire::frame::{Frame, FrameError, JsonStream},
};

/// A message has this long to come to its end.
const COMPLETE_WITHIN: Duration = Duration::from_secs(30);

/// Bytes that are read at a time.
const READ: usize = 8 * 1024;

pub(super) async fn serve(stream: UnixStream, connection: Arc<Connection>) {
    let lines = Lines {
        stream: Pipe::new(stream, connection.clone()),
        clock: connection.clock.clone(),
        codec: JsonStream::new(connection.max_request_bytes),
        buffer: BytesMut::new(),
        at_end: false,
        stalling: None,
        outbox: Outbox::default(),
    };
    converse(&connection, lines).await;
}

struct Lines {
    stream: Pipe,
    clock: SharedClock,
    codec: JsonStream,
    buffer: BytesMut,
    /// Nothing more will be read.
    at_end: bool,
    /// Runs while a message has begun and not ended.
    stalling: Option<Wait>,
    outbox: Outbox,
}

impl Channel for Lines {
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        loop {
            let decoded = match self.at_end {
                false => self.codec.decode(&mut self.buffer),
                true => self.codec.decode_eof(&mut self.buffer),
            };
            match decoded {
                Ok(Some(frame)) => {
                    self.stalling = None;
                    return Poll::Ready(Some(match frame {
                        Frame::Message(message) => Incoming::Message(message),
                        Frame::Malformed => Incoming::Malformed,
                    }));
                }
                Ok(None) if self.at_end => return Poll::Ready(None),
                Ok(None) => {}
                Err(FrameError::TooLong(_)) => return Poll::Ready(Some(Incoming::TooLong)),
                Err(FrameError::Io(_)) => return Poll::Ready(None),
            }
            self.buffer.reserve(READ);
            match poll_read_buf(Pin::new(&mut self.stream), context, &mut self.buffer) {
                Poll::Ready(Ok(0)) => self.at_end = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                // Silence between messages is a client that has nothing to ask.
                Poll::Pending if !self.codec.is_inside() => {
                    if self.buffer.is_empty() && self.buffer.capacity() > 2 * READ {
                        // After a long message.
                        self.buffer = BytesMut::new();
                    }
                    return Poll::Pending;
                }
                Poll::Pending => {
                    let clock = &self.clock;
                    let end = || clock.sleep_until(clock.monotonic().saturating_add(COMPLETE_WITHIN));
                    ready!(self.stalling.get_or_insert_with(end).as_mut().poll(context));
                    return Poll::Ready(Some(Incoming::Stalled));
                }
            }
        }
    }

    fn send(&mut self, reply: Reply) {
        self.outbox.push_line(&reply);
    }

    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.outbox.poll_write(Pin::new(&mut self.stream), context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
