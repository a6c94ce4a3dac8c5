//! One client: what it is, what it may do, and what it has done.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Duration, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::{store::Stored, usage::Usage};
use crate::{
    account::{Account, AccountName},
    book::{Book, Rights, Standing},
    clock::SharedClock,
    kis::quota::{Beginning, CallerId, Quota},
    wire::types::{Program, Right},
};

/// The life that a token is said to have, at every issuance: clients that are told less ask again and again.
const TOKEN_LIFE: Duration = Duration::hours(24);

/// Requests of one client that may be under way at one time.
const IN_FLIGHT: usize = 256;

/// Clients, numbered as they are made, for the quota.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Its name.
    pub name: AccountName,
    /// Who it is among those that share KIS's quota.
    pub caller: CallerId,
    /// Its own limit of calls a second.
    pub quota: Option<Quota>,
    /// What it has done. It goes on when the client is given other keys.
    pub(super) usage: Arc<Usage>,
    ended: CancellationToken,
    /// Requests that may be under way at one time.
    places: Semaphore,
    stored: Stored,
}

impl Client {
    pub(super) fn new(stored: Stored, usage: Arc<Usage>, clock: &SharedClock) -> Self {
        Self {
            name: stored.name.clone(),
            caller: CallerId::Client(NUMBERS.fetch_add(1, Ordering::Relaxed)),
            quota: stored.calls_per_second.map(|calls| Quota::new(calls, Beginning::Configured, clock.clone())),
            usage,
            ended: CancellationToken::new(),
            places: Semaphore::new(IN_FLIGHT),
            stored,
        }
    }

    pub(super) fn stored(&self) -> Stored {
        self.stored.clone()
    }

    /// Its app key, which is no secret.
    pub fn app_key(&self) -> &str {
        &self.stored.keys.app_key
    }

    /// The names of its accounts, the one that it means where none is named first.
    pub fn accounts(&self) -> &[AccountName] {
        &self.stored.accounts
    }

    /// What it was given.
    pub fn rights(&self) -> Rights {
        self.stored.rights
    }

    /// Whose program it is.
    pub fn uid(&self) -> u32 {
        self.stored.uid
    }

    /// Whether it is a program of any user, here and elsewhere.
    pub fn is_for_any_user(&self) -> bool {
        self.stored.any_user
    }

    /// Who made it.
    pub fn made_by(&self) -> u32 {
        self.stored.made_by
    }

    /// Which program it is, where that is known.
    pub fn program(&self) -> Option<Program> {
        self.stored.program
    }

    /// Calls a second that it may make at most.
    pub fn calls_per_second(&self) -> Option<u32> {
        self.stored.calls_per_second
    }

    /// When it was made.
    pub fn created_at(&self) -> DateTime<Utc> {
        self.stored.created_at
    }

    /// When its key ends, if it does.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.stored.expires_at
    }

    /// Whether its key has ended.
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.stored.expires_at.is_some_and(|end| now >= end)
    }

    /// Whether this is its secret.
    pub fn is_proved_by(&self, secret: &str) -> bool {
        self.stored.keys.is_proved_by(secret)
    }

    /// A token, and when it says that it ends.
    pub fn token(&self, now: DateTime<Utc>) -> Option<(String, DateTime<Utc>)> {
        let end = now + TOKEN_LIFE;
        self.stored.keys.token(now.timestamp(), end.timestamp()).map(|token| (token, end))
    }

    /// Whether a token is one of its own.
    pub fn has_made(&self, token: &str) -> bool {
        self.stored.keys.has_made(token)
    }

    /// Its approval key.
    pub fn approval_key(&self) -> String {
        self.stored.keys.approval_key()
    }

    /// The accounts that it may read, as far as who made it may, with what it may do there.
    pub fn allowed<'a>(&'a self, book: &'a Book, maker: &'a Standing) -> impl Iterator<Item = (&'a Account, Rights)> {
        let granted = |name| book.account(Some(AccountName::as_str(name)), maker).ok();
        let common = |(account, rights): (&'a Account, Rights)| (account, rights.common(self.rights()));
        self.accounts().iter().filter_map(granted).map(common).filter(|(_, rights)| rights.has(Right::Read))
    }

    /// A place for a request under way, until it is dropped; `None`: it has as many as it may.
    pub fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// Counts a request.
    pub fn count(&self, now: DateTime<Utc>, was_refused: bool) {
        self.usage.count(now, was_refused);
    }

    /// Requests that were answered, and those that were refused, since it was made.
    pub fn counted(&self) -> (u64, u64) {
        self.usage.counted()
    }

    /// When it was last used.
    pub fn used_at(&self) -> Option<DateTime<Utc>> {
        self.usage.used_at()
    }

    pub(super) fn end(&self) {
        self.ended.cancel();
    }

    /// Completes when its keys are taken from it, or replaced.
    pub async fn ended(self: Arc<Self>) {
        self.ended.cancelled().await;
    }
}
