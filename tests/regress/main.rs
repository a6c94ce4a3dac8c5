//! Faults that users met once: one story a test, with the smallest input that showed it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod balance;
mod neighbours;
mod person;
mod token;
