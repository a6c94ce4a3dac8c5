//! Any operation of KIS that reads, by its row of the catalogue. What a caller gives is checked before KIS is asked, and what KIS
//! answers is passed on as KIS wrote it.
//!
//! The answers of one app key share a bounded memory. An operation that changes something cannot be asked here at all.

mod body;
mod check;
mod question;
mod seal;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::{notification::RemovalCause, sync::Cache};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::seal::Seal;
use crate::{
    desk::{Desk, Handle, ReadError, Settings},
    kis::quota::CallerId,
    token::KeySession,
};

pub use self::{
    check::{Refused, Wanted, filled_in, not_called},
    question::{CallFault, CallQuestion, Called},
};

/// Memory for the answers of one app key, in bytes.
const MEMORY: u64 = 4 << 20;

/// What an answer takes beside its bytes: its question and its desk.
const OVERHEAD: u32 = 2048;

/// The questions that were asked with one app key, and their answers.
pub struct Calls {
    key: Arc<KeySession>,
    settings: Settings,
    desks: Cache<CallQuestion, Kept>,
    evictions: Arc<AtomicU64>,
    seal: Seal,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// The desk of a question.
#[derive(Clone)]
struct Kept {
    desk: Handle<CallQuestion>,
    /// Bytes of its answer.
    bytes: u32,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("questions", &self.desks.entry_count()).finish_non_exhaustive()
    }
}

impl Calls {
    /// With an app key, until `stop`.
    pub fn new(key: Arc<KeySession>, settings: Settings, stop: CancellationToken) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let counted = evictions.clone();
        let desks = Cache::builder()
            .max_capacity(MEMORY)
            .weigher(|_, kept: &Kept| kept.bytes.saturating_add(OVERHEAD))
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build();
        Self { key, settings, desks, evictions, seal: Seal::new(), tasks: TaskTracker::new(), stop }
    }

    /// Completes when they have been stopped and no desk is left.
    pub async fn ended(self: Arc<Self>) {
        self.stop.cancelled().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Applies `use_it` to the answer in memory if it is at most `max_age` old.
    pub fn from_memory<T>(
        &self,
        question: &CallQuestion,
        max_age: Duration,
        use_it: impl FnOnce(&Arc<Called>) -> T,
    ) -> Option<T> {
        if max_age.is_zero() {
            return None;
        }
        self.desks.get(question)?.desk.from_memory(Some(max_age), use_it)
    }

    /// The answer for `caller`, at most `max_age` old, within `timeout`.
    pub async fn ask(
        &self,
        caller: CallerId,
        question: CallQuestion,
        max_age: Duration,
        timeout: Duration,
    ) -> Result<Arc<Called>, ReadError<CallFault>> {
        let Kept { desk, bytes } = self.desks.get_with(question.clone(), || self.open(&question));
        let answer = desk.ask(caller, Some(max_age), Some(timeout)).await?;
        let now = u32::try_from(answer.body.get().len()).unwrap_or(u32::MAX);
        if now != bytes {
            // It is weighed anew.
            self.desks.insert(question, Kept { desk, bytes: now });
        }
        Ok(answer)
    }

    fn open(&self, question: &CallQuestion) -> Kept {
        let KeySession { client, token, .. } = &*self.key;
        let (desk, handle) = Desk::new(question.clone(), client.clone(), token.clone(), self.settings, None);
        // It ends when the memory has forgotten it and nobody waits for it.
        self.tasks.spawn(desk.run(self.stop.clone()));
        Kept { desk: handle, bytes: 0 }
    }

    /// Answers in memory.
    pub fn questions(&self) -> usize {
        // It counts late otherwise.
        self.desks.run_pending_tasks();
        usize::try_from(self.desks.entry_count()).unwrap_or(usize::MAX)
    }

    /// Answers that were forgotten for want of room.
    pub fn evictions(&self) -> u64 {
        self.evictions.load(Ordering::Relaxed)
    }
}
