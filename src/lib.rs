//! kisd
pub mod account;
pub mod backoff;
pub mod clock;
pub mod config;
pub mod ctl;
pub mod daemon;
pub mod kis;
pub mod secret;
pub mod server;
pub mod simulator;
pub mod telemetry;
pub mod token;
pub mod wire;
