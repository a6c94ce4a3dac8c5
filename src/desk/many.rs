//! Desks of many questions, made when they are first asked. Their answers share a bounded memory: what does not fit is forgotten,
//! and so is a desk that nobody has asked for a while.

use std::{
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::{notification::RemovalCause, sync::Cache};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Desk, Glance, Handle, Question, ReadError, Settings};
use crate::{
    kis::{KisClient, quota::CallerId},
    token::TokenHandle,
};

/// What an answer takes beside its bytes: its question and its desk.
const OVERHEAD: u32 = 2048;

/// A desk that nobody has asked for so long is let go.
const IDLE: Duration = Duration::from_secs(600);

/// A question of which there are many.
pub trait Asked: Question + Eq + Hash {
    /// Bytes that an answer takes in memory.
    fn bytes(answer: &Self::Answer) -> usize;
}

/// The desks of the questions that were asked with one app key.
pub struct Desks<Q: Asked> {
    client: Arc<KisClient>,
    token: TokenHandle,
    settings: Settings,
    desks: Cache<Q, Kept<Q>>,
    evictions: Arc<AtomicU64>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// The desk of a question.
#[derive(Clone)]
struct Kept<Q: Question> {
    desk: Handle<Q>,
    /// Bytes of its answer.
    bytes: u32,
}

impl<Q: Asked> fmt::Debug for Desks<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desks").field("questions", &self.desks.entry_count()).finish_non_exhaustive()
    }
}

impl<Q: Asked> Desks<Q> {
    /// With an app key, whose answers take at most so many bytes, until `stop`.
    pub fn new(
        client: Arc<KisClient>,
        token: TokenHandle,
        settings: Settings,
        memory: u64,
        stop: CancellationToken,
    ) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let counted = evictions.clone();
        let desks = Cache::builder()
            .max_capacity(memory)
            .weigher(|_, kept: &Kept<Q>| kept.bytes.saturating_add(OVERHEAD))
            .time_to_idle(IDLE)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .build();
        Self { client, token, settings, desks, evictions, tasks: TaskTracker::new(), stop }
    }

    /// Completes when they have been stopped and no desk is left.
    pub async fn ended(&self) {
        self.stop.cancelled().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Applies `use_it` to the answer in memory if it is at most `max_age` old.
    pub fn from_memory<T>(
        &self,
        question: &Q,
        max_age: Duration,
        use_it: impl FnOnce(&Arc<Q::Answer>) -> T,
    ) -> Option<T> {
        if max_age.is_zero() {
            return None;
        }
        self.desks.get(question)?.desk.from_memory(Some(max_age), use_it)
    }

    /// A look at the memory of a question that was asked.
    pub fn glance(&self, question: &Q) -> Option<Glance<Q>> {
        Some(self.desks.get(question)?.desk.glance())
    }

    /// The answer for `caller`, at most `max_age` old, within `timeout`.
    pub async fn ask(
        &self,
        caller: CallerId,
        question: Q,
        max_age: Duration,
        timeout: Duration,
    ) -> Result<Arc<Q::Answer>, ReadError<Q::Fault>> {
        let Kept { desk, bytes } = self.desks.get_with(question.clone(), || self.open(&question));
        let answer = desk.ask(caller, Some(max_age), Some(timeout)).await?;
        let now = u32::try_from(Q::bytes(&answer)).unwrap_or(u32::MAX);
        if now != bytes {
            // It is weighed anew.
            self.desks.insert(question, Kept { desk, bytes: now });
        }
        Ok(answer)
    }

    fn open(&self, question: &Q) -> Kept<Q> {
        let (client, token) = (self.client.clone(), self.token.clone());
        let (desk, handle) = Desk::new(question.clone(), client, token, self.settings, None);
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
