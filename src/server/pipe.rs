//! The bytes of one connection, with two things that a plain socket does not notice: a peer that takes nothing of what is sent
//! to it, and a peer that has gone while it is owed an answer.

use std::{
    io,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::UnixStream,
};

use super::connection::Connection;
use crate::clock::Wait;

/// Longest wait for a peer to take some of what is sent to it.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// A connection's socket.
///
/// Flushing fails when the peer has gone and nothing but an answer is waited for ([`Connection::owes`]): nobody would read it,
/// and the connection's place is somebody else's. A peer that has only said everything (half-close) is not gone.
pub(super) struct Pipe {
    stream: UnixStream,
    connection: Arc<Connection>,
    /// Runs while nothing can be written.
    patience: Option<Wait>,
    /// The runtime has been told that the socket cannot be written to, so that it reports the next event. It may be wrong.
    unsure: bool,
}

impl Pipe {
    pub(super) fn new(stream: UnixStream, connection: Arc<Connection>) -> Self {
        Self { stream, connection, patience: None, unsure: false }
    }

    /// What `written` is, unless patience has ended.
    fn or_give_up<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let clock = &self.connection.clock;
        let patience =
            self.patience.get_or_insert_with(|| clock.sleep_until(clock.monotonic().saturating_add(TAKEN_WITHIN)));
        patience.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes without asking the runtime first, where it may be wrong; `None`: wait for it.
    fn write_now(&self, write: impl Fn(&UnixStream) -> rustix::io::Result<usize>) -> Option<io::Result<usize>> {
        if !self.unsure {
            return None;
        }
        match rustix::io::retry_on_intr(|| write(&self.stream)) {
            // Then the runtime's next event is about this socket becoming writable.
            Err(rustix::io::Errno::AGAIN) => None,
            written => Some(written.map_err(Into::into)),
        }
    }

    /// Completes when the peer has closed its end altogether.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            // The runtime wakes writers when a peer goes; so writability, which would wake us for nothing, is taken away first.
            if ready!(self.stream.poll_write_ready(context)).is_err() {
                return Poll::Ready(());
            }
            let gone = || if has_gone(&self.stream) { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) };
            match self.stream.try_io(Interest::WRITABLE, gone) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.unsure = true,
                _ => return Poll::Ready(()),
            }
        }
    }
}

/// Whether the peer has closed its end. After a half-close the kernel reports that no more will come, and not this.
fn has_gone(stream: &UnixStream) -> bool {
    let mut descriptor = [PollFd::new(stream, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut descriptor, Some(&at_once)).is_ok() && descriptor[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = match self.write_now(|stream| rustix::io::write(stream, bytes)) {
            Some(written) => Poll::Ready(written),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        };
        self.or_give_up(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match self.write_now(|stream| rustix::io::writev(stream, slices)) {
            Some(written) => Poll::Ready(written),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
        };
        self.or_give_up(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A socket has nothing to flush.
        let owes = self.connection.owes.load(Ordering::Relaxed);
        if owes && self.poll_gone(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
