//! Replies that wait to be written: small ones side by side, large ones shared with whoever else gets them, written together.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use super::reply::{Piece, Reply, alone};

/// A result of at least so many bytes is not copied.
const SHARED_FROM: usize = 512;

/// With more than this waiting, nothing should be added;
const FULL: usize = 256 * 1024;

/// nor with more than this that is held for this connection alone.
const FULL_ALONE: usize = 64 * 1024;

/// So little is copied together for one plain write, which costs less than a gathering one of shared pieces. Memory for small
/// pieces comes in chunks of this size.
const LITTLE: usize = 4096;

/// Pieces in one write.
const PIECES: usize = 64;

/// What waits to be written to one connection.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    sealed: VecDeque<Sealed>,
    /// Small pieces that follow the sealed ones.
    open: BytesMut,
    bytes: usize,
    /// Of these, what nobody else has.
    alone: usize,
}

#[derive(Debug)]
struct Sealed {
    bytes: Bytes,
    is_alone: bool,
}

impl Outbox {
    /// Adds a reply and the end of its line.
    pub(super) fn push_line(&mut self, reply: &Reply) {
        self.push(reply);
        self.copy(b"\n");
    }

    /// Adds a reply.
    pub(super) fn push(&mut self, reply: &Reply) {
        reply.pieces(&mut |piece| match piece {
            Piece::Result(result) if result.len() >= SHARED_FROM && !self.is_little(result.len()) => {
                self.seal();
                self.bytes += result.len();
                let alone = alone(result);
                self.alone += alone;
                self.sealed.push_back(Sealed { bytes: result.clone(), is_alone: alone > 0 });
            }
            Piece::Result(result) => self.copy(result),
            Piece::Small(bytes) => self.copy(bytes),
        });
    }

    /// Whether all that waits is still little when so many bytes are added.
    fn is_little(&self, more: usize) -> bool {
        self.sealed.is_empty() && self.bytes + more <= LITTLE
    }

    /// Adds a few bytes.
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        if self.open.capacity() - self.open.len() < bytes.len() {
            self.open.reserve(bytes.len().max(LITTLE));
        }
        self.open.extend_from_slice(bytes);
        self.bytes += bytes.len();
        self.alone += bytes.len();
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= FULL || self.alone >= FULL_ALONE
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Memory of what waits, without what others have too.
    pub(super) fn alone(&self) -> usize {
        self.alone
    }

    fn seal(&mut self) {
        if !self.open.is_empty() {
            self.sealed.push_back(Sealed { bytes: self.open.split().freeze(), is_alone: true });
        }
    }

    /// All that waits, in pieces.
    pub(super) fn into_pieces(mut self) -> VecDeque<Bytes> {
        self.seal();
        self.sealed.into_iter().map(|sealed| sealed.bytes).collect()
    }

    /// Writes all that waits.
    pub(super) fn poll_write<W: AsyncWrite>(
        &mut self,
        mut writer: Pin<&mut W>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.bytes > 0 {
            let written = if self.sealed.is_empty() {
                ready!(writer.as_mut().poll_write(context, &self.open))?
            } else {
                self.seal();
                let mut slices = [IoSlice::new(&[]); PIECES];
                let pieces = self
                    .sealed
                    .iter()
                    .zip(&mut slices)
                    .map(|(piece, slice)| *slice = IoSlice::new(&piece.bytes))
                    .count();
                ready!(writer.as_mut().poll_write_vectored(context, &slices[..pieces]))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.take(written);
        }
        Poll::Ready(Ok(()))
    }

    fn take(&mut self, mut written: usize) {
        self.bytes -= written;
        if self.sealed.is_empty() {
            self.alone -= written;
            self.open.advance(written);
            if self.open.is_empty() {
                // A connection that has nothing to say holds no memory.
                self.open = BytesMut::new();
            }
            return;
        }
        while let Some(first) = self.sealed.front_mut().filter(|_| written > 0) {
            let part = written.min(first.bytes.len());
            first.bytes.advance(part);
            written -= part;
            if first.is_alone {
                self.alone -= part;
            }
            if first.bytes.is_empty() {
                self.sealed.pop_front();
            }
        }
        if self.sealed.is_empty() && self.sealed.capacity() > PIECES {
            self.sealed = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Takes a few bytes at a time, and now and then none.
    struct Slow(Vec<u8>, Vec<usize>);

    impl AsyncWrite for Slow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            match self.1.pop() {
                Some(0) => Poll::Pending,
                limit => {
                    let taken = bytes.len().min(limit.unwrap_or(usize::MAX));
                    self.0.extend_from_slice(&bytes[..taken]);
                    Poll::Ready(Ok(taken))
                }
            }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    proptest! {
        #[test]
        fn what_was_pushed_is_written_whole_and_in_order(
            lengths in prop::collection::vec(prop_oneof![0_usize..100, 400_usize..3000], 0..20),
            limits in prop::collection::vec(0_usize..700, 0..60),
        ) {
            let (mut outbox, mut slow, mut expected) = (Outbox::default(), Slow(Vec::new(), limits), String::new());
            let mut context = Context::from_waker(std::task::Waker::noop());
            for (number, length) in lengths.into_iter().enumerate() {
                let result = "x".repeat(length);
                let reply = match number % 4 {
                    0 => Reply::Text(result),
                    1 => Reply::Batch(vec![Reply::Text(result); 3]),
                    _ => Reply::Result { id: Bytes::from(number.to_string()), result: Bytes::from(result) },
                };
                expected += &(reply.clone().into_text() + "\n");
                outbox.push_line(&reply);
                let _ = outbox.poll_write(Pin::new(&mut slow), &mut context);
            }
            while outbox.poll_write(Pin::new(&mut slow), &mut context).is_pending() {}
            prop_assert_eq!(String::from_utf8(slow.0).unwrap(), expected);
            prop_assert_eq!((outbox.bytes, outbox.alone), (0, 0));
        }
    }

    #[test]
    fn a_result_that_many_have_fills_no_memory() {
        let shared = Bytes::from("x".repeat(2000));
        let many = |result: &dyn Fn() -> Bytes| {
            let replies = (0..100).map(|_| Reply::Result { id: Bytes::from_static(b"1"), result: result() }).collect();
            let mut outbox = Outbox::default();
            outbox.push_line(&Reply::Batch(replies));
            outbox
        };
        let outbox = many(&|| shared.clone());
        // The first two are little enough to be copied.
        assert!(outbox.bytes > 200_000 && outbox.alone() < 10_000, "{}", outbox.alone());
        let own = many(&|| Bytes::from("x".repeat(2000)));
        assert!(own.alone() > 190_000 && own.is_full() && !outbox.is_full());
    }
}
