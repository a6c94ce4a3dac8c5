//! Points in time on the clocks that never jump. Two types, so that a deadline is never compared with a time since boot.

use std::time::Duration;

macro_rules! point {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(Duration);

        impl $name {
            /// Where the clock starts.
            pub const ZERO: Self = Self(Duration::ZERO);

            /// Later than any other.
            pub const MAX: Self = Self(Duration::MAX);

            /// The point so long after the clock's start.
            pub const fn at(after_start: Duration) -> Self {
                Self(after_start)
            }

            /// How long after the clock's start it is.
            pub const fn after_start(self) -> Duration {
                self.0
            }

            /// How long ago `earlier` was; zero if it is yet to come.
            pub const fn since(self, earlier: Self) -> Duration {
                self.0.saturating_sub(earlier.0)
            }

            /// So much later, at most the latest there is.
            pub const fn saturating_add(self, time: Duration) -> Self {
                Self(self.0.saturating_add(time))
            }

            /// So much earlier, at most the clock's start.
            pub const fn saturating_sub(self, time: Duration) -> Self {
                Self(self.0.saturating_sub(time))
            }
        }
    };
}

point! {
    /// A point on the monotonic clock, which stands still while the machine is suspended: for waiting.
    Instant
}

point! {
    /// A point on the clock that counts from the machine's start and runs on while it is suspended: for intervals that must
    /// survive that. Nothing can wait for it.
    BootTime
}
