//! Time as a parameter, for the daemon and for the simulator: see [`clock`].
//!
//! A crate of its own, so that the simulator, which must not know the daemon, can be put on the daemon's clock.

pub mod clock;
