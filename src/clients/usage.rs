//! What clients have done: counted in memory, and written to a file of its own at most once a minute and at the end.
//!
//! It is a help to whoever manages clients and decides nothing: a file that cannot be read is told and replaced.

use std::{
    path::Path,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
};

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};

use super::store::{self, Unreadable};
use crate::clock;

/// The form of the file.
const VERSION: u32 = 1;

/// What one client has done.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Requests that were answered by KIS, or from memory.
    calls: AtomicU64,
    /// Requests that were refused here.
    refused: AtomicU64,
    /// When it was last used, in milliseconds of Unix time; 0: never.
    used_at: AtomicI64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    clients: Vec<Used>,
}

/// What one client has done, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Used {
    /// The client: one that was made later under the same name is another.
    pub(super) name: String,
    pub(super) created_at: DateTime<FixedOffset>,
    calls: u64,
    refused: u64,
    used_at: Option<DateTime<FixedOffset>>,
}

impl Usage {
    /// Counts a request.
    pub(super) fn count(&self, now: DateTime<Utc>, was_refused: bool) {
        let counter = if was_refused { &self.refused } else { &self.calls };
        counter.fetch_add(1, Ordering::Relaxed);
        self.used_at.store(now.timestamp_millis(), Ordering::Relaxed);
    }

    /// Requests that were answered, and those that were refused.
    pub(super) fn counted(&self) -> (u64, u64) {
        (self.calls.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }

    /// The time of the last one.
    pub(super) fn used_at(&self) -> Option<DateTime<Utc>> {
        let at = self.used_at.load(Ordering::Relaxed);
        DateTime::from_timestamp_millis(at).filter(|_| at != 0)
    }

    /// As it is kept.
    pub(super) fn of(&self, name: &str, created_at: DateTime<Utc>) -> Used {
        let (calls, refused) = self.counted();
        let (name, created_at) = (name.to_owned(), clock::kst(created_at));
        Used { name, created_at, calls, refused, used_at: self.used_at().map(clock::kst) }
    }
}

impl From<&Used> for Usage {
    fn from(used: &Used) -> Self {
        Self {
            calls: used.calls.into(),
            refused: used.refused.into(),
            used_at: used.used_at.map_or(0, |at| at.timestamp_millis()).into(),
        }
    }
}

/// What a file says; nothing, if it is not there.
pub(super) fn read(path: &Path) -> Result<Vec<Used>, Unreadable> {
    let Some(text) = store::text(path)? else { return Ok(Vec::new()) };
    let Content { version, clients } = serde_json::from_slice(&text).map_err(|_| Unreadable::Malformed)?;
    if version == VERSION { Ok(clients) } else { Err(Unreadable::Malformed) }
}

/// The text of a file.
pub(super) fn write(clients: Vec<Used>) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec_pretty(&Content { version: VERSION, clients })
}
