//! kisd
pub mod account;
pub mod backoff;
pub mod clock;
pub mod kis;
pub mod secret;
pub mod token;
