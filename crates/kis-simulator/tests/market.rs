//! One market: whatever is asked of it, in whichever way, agrees.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "market/world.rs"]
mod world;

#[path = "market/domestic.rs"]
mod domestic;

#[path = "market/others.rs"]
mod others;
