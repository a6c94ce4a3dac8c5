//! The waits of HTTP on the daemon's clock: for a request's head, and for a peer that does not take its answer.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::rt::{Sleep, Timer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::UnixStream,
};

use crate::clock::{SharedClock, Wait};

/// Longest wait for a peer to take some of what is sent to it.
pub(super) const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// hyper's timer.
#[derive(Debug, Clone)]
pub(super) struct ClockTimer {
    clock: SharedClock,
    /// The clock's zero, as hyper counts time.
    origin: std::time::Instant,
}

impl ClockTimer {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self { clock, origin: tokio::time::Instant::now().into_std() }
    }
}

impl Timer for ClockTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        let at = self.clock.monotonic().saturating_add(duration);
        Box::pin(ClockSleep(self.clock.sleep_until(at)))
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let at = deadline.saturating_duration_since(self.origin);
        Box::pin(ClockSleep(self.clock.sleep_until(at)))
    }

    fn now(&self) -> std::time::Instant {
        // A daemon does not live long enough to leave the range of instants.
        self.origin.checked_add(self.clock.monotonic()).unwrap_or(self.origin)
    }
}

struct ClockSleep(Wait);

impl Future for ClockSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

impl Sleep for ClockSleep {}

/// A stream whose peer must take what is written, or some of it, within a time.
pub(super) struct ImpatientStream {
    stream: UnixStream,
    clock: SharedClock,
    taken_within: Duration,
    /// Runs while nothing can be written.
    patience: Option<Wait>,
}

impl ImpatientStream {
    pub(super) fn new(stream: UnixStream, clock: SharedClock, taken_within: Duration) -> Self {
        Self { stream, clock, taken_within, patience: None }
    }

    /// What `written` is, unless patience has ended.
    fn or_give_up<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let (clock, within) = (&self.clock, self.taken_within);
        let patience = self.patience.get_or_insert_with(|| clock.sleep_until(clock.monotonic().saturating_add(within)));
        patience.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for ImpatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ImpatientStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_give_up(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.or_give_up(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.or_give_up(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
