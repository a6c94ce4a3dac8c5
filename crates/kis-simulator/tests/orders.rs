//! Orders: what is accepted and refused, what becomes of it, and what the lists and the money tell.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

#[path = "orders/world.rs"]
mod world;

#[path = "orders/domestic.rs"]
mod domestic;

#[path = "orders/wire.rs"]
mod wire;

#[path = "orders/market.rs"]
mod market;

#[path = "orders/abroad.rs"]
mod abroad;

#[path = "orders/reserved.rs"]
mod reserved;
