//! WebSocket on the socket: one message each way, and subscriptions.
//!
//! The library reads, and answers pings and closing; what it has to say for that passes through our [`Outbox`], which writes
//! everything. The library would copy each message once more and keep all of it for a client that does not read.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        handshake::server::create_response_with_body,
        http::{Request, Response},
        protocol::{
            Role, WebSocketConfig,
            frame::{
                FrameHeader,
                coding::{Data, OpCode},
            },
        },
    },
};

use super::{
    connection::Connection,
    outbox::Outbox,
    pipe::Pipe,
    reply::Reply,
    session::{Channel, Incoming, converse},
};

/// Bytes that are read at a time.
const READ: usize = 8 * 1024;

/// Longest head of a frame.
const HEAD: usize = 14;

/// The answer to a request to speak WebSocket from now on.
pub(super) fn accept<T, B: Default>(request: &Request<T>) -> Result<Response<B>, Error> {
    create_response_with_body(request, B::default)
}

/// Serves a connection whose peer has said `begun` already.
pub(super) async fn serve(pipe: Pipe, begun: Bytes, connection: &Arc<Connection>) {
    let max_bytes = Some(connection.max_request_bytes);
    let config =
        WebSocketConfig::default().max_message_size(max_bytes).max_frame_size(max_bytes).read_buffer_size(READ);
    let wire = Wire { pipe, said: BytesMut::new() };
    let socket = WebSocketStream::from_partially_read(wire, begun.into(), Role::Server, Some(config)).await;
    converse(connection, Messages { socket, outbox: Outbox::default(), closed: false }).await;
}

/// What the library reads from and writes to: it writes nothing but control frames, each as a whole.
struct Wire {
    pipe: Pipe,
    said: BytesMut,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.said.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Messages {
    socket: WebSocketStream<Wire>,
    outbox: Outbox,
    /// The peer has closed the conversation: it takes no more messages.
    closed: bool,
}

impl Messages {
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.socket.get_mut();
        if !wire.said.is_empty() {
            self.outbox.copy(&std::mem::take(&mut wire.said));
        }
        ready!(self.outbox.poll_write(Pin::new(&mut wire.pipe), context))?;
        Pin::new(&mut wire.pipe).poll_flush(context)
    }
}

impl Channel for Messages {
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        loop {
            return Poll::Ready(match ready!(self.socket.poll_next_unpin(context)) {
                Some(Ok(Message::Text(text))) => Some(Incoming::Message(text.into())),
                Some(Ok(Message::Binary(bytes))) => Some(Incoming::Message(bytes)),
                Some(Ok(Message::Close(_))) => {
                    self.closed = true;
                    continue;
                }
                // Pings are answered by the library.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(Error::Capacity(_))) => Some(Incoming::TooLong),
                Some(Err(_)) | None => None,
            });
        }
    }

    fn send(&mut self, reply: Reply) {
        if self.closed {
            return;
        }
        let header = FrameHeader { is_final: true, opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let mut head = Vec::with_capacity(HEAD);
        // Memory takes whatever is written to it.
        let _ = header.format(reply.length() as u64, &mut head);
        self.outbox.copy(&head);
        self.outbox.push(&reply);
    }

    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write(context))?;
        // Then nobody waits for what is still in flight.
        Poll::Ready(if self.closed { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) })
    }

    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Writes to memory, and so does not wait.
        let _ = self.socket.poll_close_unpin(context);
        self.poll_write(context)
    }
}
