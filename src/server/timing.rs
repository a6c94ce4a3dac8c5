//! The waits of HTTP on the daemon's clock.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::rt::{Sleep, Timer};

use crate::clock::{Instant, SharedClock, Wait};

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
        let at = Instant::at(deadline.saturating_duration_since(self.origin));
        Box::pin(ClockSleep(self.clock.sleep_until(at)))
    }

    fn now(&self) -> std::time::Instant {
        // A daemon does not live long enough to leave the range of instants.
        self.origin.checked_add(self.clock.monotonic().after_start()).unwrap_or(self.origin)
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
