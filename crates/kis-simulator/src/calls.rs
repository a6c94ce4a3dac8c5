//! What was called and how it was answered, without anything that is secret.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::clock::Instant;

/// Calls remembered; a simulator may run for days.
const KEPT: usize = 100_000;

/// Characters of a text that a client has sent.
const LONGEST: usize = 200;

/// One call as it arrived and was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// When it arrived, on the simulator's monotonic clock.
    pub at: Instant,
    /// When it arrived, on the simulator's wall clock.
    pub time: DateTime<Utc>,
    /// Which of the simulator's keys it named, the first being 0.
    pub key: Option<usize>,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Request header `tr_id`.
    pub tr_id: String,
    /// Request header `tr_cont`.
    pub tr_cont: String,
    /// HTTP status of the answer; 0 if the connection was closed without one.
    pub status: u16,
    /// `msg_cd` or `error_code` of the answer; empty if it had none.
    pub msg_cd: String,
}

#[derive(Debug, Default)]
pub(super) struct Calls(VecDeque<CallRecord>);

impl Calls {
    pub(super) fn push(&mut self, call: CallRecord) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &CallRecord> {
        self.0.iter()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// A text that a client has sent, fit to be logged: not long, on one line, and without any of the `secrets`, which a client in error
/// may have put anywhere.
pub(super) fn shown<'a>(text: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let mut text = text.to_owned();
    for secret in secrets.filter(|secret| !secret.is_empty()) {
        if text.contains(secret) {
            text = text.replace(secret, "***");
        }
    }
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}
