//! The JSON stream: JSON values in, one line for each reply out.

use std::{sync::Arc, time::Duration};

use bytes::{BufMut, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use tokio::net::UnixStream;
use tokio_util::codec::{Encoder, FramedRead, FramedWrite};

use super::{
    connection::Connection,
    session::{Incoming, converse},
};
use crate::{
    clock,
    wire::frame::{Frame, FrameError, JsonStream},
};

/// How often a half-sent message is looked at: the second time, it has stalled.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn serve(stream: UnixStream, connection: Arc<Connection>) {
    let (read, write) = stream.into_split();
    let frames = FramedRead::new(read, JsonStream::new(connection.max_request_bytes));
    converse(&connection, incoming(frames, &connection), FramedWrite::new(write, Lines)).await;
}

fn incoming<'a, R>(frames: FramedRead<R, JsonStream>, connection: &'a Connection) -> impl Stream<Item = Incoming> + 'a
where
    R: tokio::io::AsyncRead + Unpin + 'a,
{
    stream::unfold(Some(frames), move |frames| async move {
        let mut frames = frames?;
        let mut looked_at_half = false;
        let next = loop {
            let deadline = connection.clock.monotonic().saturating_add(PATIENCE);
            match clock::before(&*connection.clock, deadline, frames.next()).await {
                Some(next) => break next,
                // Silence between messages is a client that has nothing to ask.
                None if frames.decoder().is_inside() && looked_at_half => return Some((Incoming::Stalled, None)),
                None => looked_at_half = frames.decoder().is_inside(),
            }
        };
        match next? {
            Ok(Frame::Message(message)) => Some((Incoming::Message(message), Some(frames))),
            Ok(Frame::Malformed) => Some((Incoming::Malformed, Some(frames))),
            Err(FrameError::TooLong(_)) => Some((Incoming::TooLong, None)),
            Err(FrameError::Io(_)) => None,
        }
    })
}

/// Writes each reply as a line.
struct Lines;

impl Encoder<String> for Lines {
    type Error = std::io::Error;

    fn encode(&mut self, reply: String, buffer: &mut BytesMut) -> Result<(), Self::Error> {
        buffer.reserve(reply.len() + 1);
        buffer.put_slice(reply.as_bytes());
        buffer.put_u8(b'\n');
        Ok(())
    }
}
