//! Reads that many share: identical questions in flight are one fetch, young answers come from memory, subscribers are told what
//! changes, and callers of a KIS that has failed are told so at once.
//!
//! One [`Desk`] answers one [`Question`], whatever that is. Must never: know what is asked, JSON-RPC or a socket, or call KIS past
//! the quota.

mod circuit;
mod error;
mod fetching;
mod handle;
mod many;
mod pace;
mod task;
mod watch;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch::Sender;

use crate::{
    clock::Instant,
    kis::{Call, Exchange, Failed, KisClient, KisError, quota::Claimants, reply::Reply},
    token::{CallError, TokenHandle},
};

pub use self::{
    error::ReadError,
    handle::{Glance, Handle, NoSubscription},
    many::{Asked, Desks},
    pace::{Deadline, Pace, Progress, Size},
    task::Desk,
    watch::{News, Subscription},
};

/// What is asked of KIS, and how it is answered.
pub trait Question: fmt::Debug + Clone + Send + Sync + 'static {
    /// What comes of it.
    type Answer: fmt::Debug + Send + Sync + 'static;
    /// Why nothing comes of it, beyond what may befall any question.
    type Fault: std::error::Error + Clone + PartialEq + Send + Sync + 'static;

    /// Whether KIS is asked in the background until it answers again, after it has failed. Where there are many questions, they would
    /// hammer a KIS that is down; then the next caller finds out.
    const IS_PROBED: bool = true;

    /// Whether it is asked only for as long as a caller waits for the answer. If not, a fetch under way goes on, so that the next
    /// caller finds it.
    const ENDS_WITH_ITS_CALLERS: bool = false;

    /// Its name in the log and in errors.
    fn name(&self) -> &'static str;

    /// Why it cannot be answered at all.
    fn refusal(&self) -> Option<Self::Fault> {
        None
    }

    /// Whether what an earlier version of it was answered is an answer to this one.
    fn takes_answers_of(&self, earlier: &Self) -> bool;

    /// Asks KIS.
    fn fetch(
        self,
        errand: Errand<Self::Answer>,
    ) -> impl Future<Output = Result<Self::Answer, ReadError<Self::Fault>>> + Send;

    /// How many calls an answer has cost.
    fn size(answer: &Self::Answer) -> Size;

    /// Whether two answers are one to a subscriber.
    fn says_the_same(one: &Self::Answer, other: &Self::Answer) -> bool;

    /// Whether two faults are one to a subscriber.
    fn is_alike(one: &Self::Fault, other: &Self::Fault) -> bool;
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// An answer this young is served again from memory.
    pub max_age: Duration,
    /// Longest time that one call may take, waiting for token and quota included, unless the caller says otherwise.
    pub call_timeout: Duration,
}

/// What a fetch is made with.
#[derive(Debug)]
pub struct Errand<A> {
    /// The way to KIS,
    pub client: Arc<KisClient>,
    /// and the token for it.
    pub token: TokenHandle,
    /// When all of it must be there,
    pub deadline: Arc<Deadline>,
    /// and the first page, if that is sooner.
    pub first_page_by: Instant,
    /// KIS was silent, and it is to be found out whether it still is.
    pub is_probe: bool,
    /// Whom its calls are for.
    pub claimants: Claimants,
    /// The answer before.
    pub previous: Option<Arc<A>>,
    /// What is known of the size.
    pub known: Option<Size>,
    /// Told after each page that is not the last.
    pub progress: Sender<Option<Progress>>,
}

impl<A> Errand<A> {
    /// Makes a call with the token. The first of a fetch must be answered sooner, and knocks where KIS was silent.
    pub async fn call(&self, call: &Call<'_>, is_first: bool) -> Result<Reply, CallError> {
        let deadline = self.deadline.get();
        let deadline = if is_first { deadline.min(self.first_page_by) } else { deadline };
        let (client, claimants, knocks) = (&self.client, &self.claimants, self.is_probe && is_first);
        self.token
            .authorized(deadline, |token| async move {
                match knocks {
                    true => client.knock(call, &token.access_token, claimants, deadline).await,
                    false => client.call(call, &token.access_token, claimants, deadline).await,
                }
            })
            .await
    }

    /// Makes a call with the token and returns what KIS has sent, also where it is a refusal that nothing here can help with.
    pub async fn relay(&self, call: &Call<'_>) -> Result<Exchange, CallError> {
        let deadline = self.deadline.get().min(self.first_page_by);
        let (client, claimants) = (&self.client, &self.claimants);
        let refused = Mutex::new(None);
        let answered = self.token.authorized(deadline, |token| {
            let refused = &refused;
            async move {
                let answered = client.call_whole(call, &token.access_token, claimants, deadline).await;
                answered.map(|(_, exchange)| exchange).map_err(|Failed { error, exchange }| {
                    // Held for an assignment, which cannot panic.
                    *refused.lock().unwrap_or_else(PoisonError::into_inner) = exchange;
                    error
                })
            }
        });
        let error = match answered.await {
            Ok(exchange) => return Ok(exchange),
            Err(error) => error,
        };
        let refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (&error, refused) {
            (CallError::Kis(KisError::Rejected(_) | KisError::Transient(_) | KisError::Changed(_)), Some(refused)) => {
                Ok(*refused)
            }
            _ => Err(error),
        }
    }
}
