//! What outlives the process: the mirror of the token, and the lease under which one process at a time asks KIS for another.
//!
//! Both are traits, so that the machine and the one try know nothing of files. [`Store::files`] is the pair on disk: the
//! [`mirror`] is replaced atomically, and the [`lease`] is a lock file that holds the last issuance, noted *before* KIS is
//! asked: a crash between leaves a minute too many, never one too few.

pub mod lease;
pub mod mirror;
mod place;

use std::{fmt, future::Future, io, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use self::{lease::FileLease, mirror::FileMirror, place::Place};
use super::{Source, Token};
use crate::{
    clock::{self, BootId, BootTime, Clock},
    kis::{Credentials, Environment},
};

/// Wall clocks of two processes may differ by this much: where they alone decide, the minute is longer by it.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// What a mirror or a lease does in the background.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A copy of the token outside of the process.
pub trait Mirror: fmt::Debug + Send + Sync {
    /// Reads it; `None` if there is none.
    fn read(&self) -> Pending<'_, Result<Option<Mirrored>, Distrust>>;

    /// Replaces it. With `refused_at`, the token is remembered as dead.
    fn write(&self, token: &Token, refused_at: Option<DateTime<Utc>>) -> Pending<'_, io::Result<()>>;

    /// Its name, for messages.
    fn name(&self) -> String;
}

/// The right to ask KIS for a token of one app key, which one process has at a time.
pub trait Lease: fmt::Debug + Send + Sync {
    /// Waits for the right, a bounded time on `clock`. Who keeps us from it is told meanwhile, and afterwards if they never let go.
    fn acquire<'a>(&'a self, clock: &'a dyn Clock, obstacle: &'a Obstacle) -> Pending<'a, io::Result<Box<dyn Held>>>;
}

/// The right, until it is dropped; or the notes alone, where somebody else did not let go of it.
pub trait Held: fmt::Debug + Send {
    /// The last issuance, as it was noted.
    fn last_issue(&mut self) -> Pending<'_, io::Result<Option<Note>>>;

    /// Notes that a token is about to be, or has been, asked for; `None` takes the note back.
    fn note(&mut self, issue: Option<Note>) -> Pending<'_, io::Result<()>>;
}

/// Who keeps this process from the lease, in words; empty while nobody does.
pub type Obstacle = ArcSwapOption<String>;

/// What a mirror holds.
#[derive(Debug)]
pub enum Mirrored {
    /// A token to use.
    Usable(Token),
    /// A token that KIS has refused; remembered because KIS may hand it out again.
    Refused(Token),
}

/// Why a mirror is not used.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// It is a link, a directory, a pipe: not a file that kisd wrote.
    #[error("is not a regular file")]
    NotAFile,
    /// Somebody else may have written it.
    #[error("belongs to uid {0}")]
    OtherOwner(u32),
    /// Somebody else may have read it.
    #[error("has mode {0:04o}; only its owner may have access (0600)")]
    NotPrivate(u32),
    /// Torn, too large, not JSON, or not a mirror.
    #[error("is torn or not a token mirror")]
    Unreadable,
    /// Written for other credentials.
    #[error("belongs to another app key or mode")]
    OtherKey,
    /// It cannot be opened.
    #[error("cannot be read: {0}")]
    Io(io::Error),
}

/// The last issuance, by two clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The wall time.
    pub at: DateTime<Utc>,
    /// The time since boot, and which boot; `None` where that could not be told.
    pub boot: Option<(BootId, BootTime)>,
    /// The process that asked.
    pub pid: u32,
}

/// How long an issuance must still wait for the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// By the time since boot, which is exact.
    Exact(Duration),
    /// By wall clocks, which may be wrong.
    ByWall(Duration),
    /// By wall clocks, of which one is certainly wrong: the note is from the future.
    Unknown,
}

impl Note {
    /// An issuance that happens `ahead` of now.
    pub fn of(clock: &dyn Clock, ahead: Duration) -> Self {
        let boot = clock.boot_id().map(|id| (id, clock.boottime().saturating_add(ahead)));
        Self { at: clock::after(clock.now(), ahead), boot, pid: std::process::id() }
    }

    /// How long until `interval` has passed since. Within one start of the machine the time since boot alone decides.
    pub fn remaining(&self, clock: &dyn Clock, interval: Duration) -> Remaining {
        if let (Some((noted_in, since_boot)), Some(id)) = (&self.boot, clock.boot_id())
            && *noted_in == id
        {
            let remaining = since_boot.saturating_add(interval).since(clock.boottime());
            // A container may count the time since boot from elsewhere: then it says nothing.
            if remaining <= interval.saturating_add(CLOCKS_DIFFER) {
                return Remaining::Exact(remaining);
            }
        }
        let (now, wait) = (clock.now(), interval.saturating_add(CLOCKS_DIFFER));
        match self.at.signed_duration_since(now) <= clock::delta(CLOCKS_DIFFER) {
            true => Remaining::ByWall(clock::until(now, clock::after(self.at, wait)).min(wait)),
            false => Remaining::Unknown,
        }
    }
}

/// What one app key keeps outside of the process.
#[derive(Debug, Clone)]
pub struct Store {
    /// The copy of the token.
    pub mirror: Arc<dyn Mirror>,
    /// The right to ask for another.
    pub lease: Arc<dyn Lease>,
    /// The file of the calls of the last second.
    pub calls: PathBuf,
    binding: Binding,
}

impl Store {
    /// The files beside `token.file`, for these credentials in this environment.
    pub fn files(file: PathBuf, environment: Environment, credentials: &Credentials) -> Self {
        let binding = Binding::of(environment, credentials);
        let place = Place::new(file, environment, &binding);
        let mirror = Arc::new(FileMirror::new(place.clone(), binding.clone()));
        let calls = place.calls.clone();
        Self { mirror, lease: Arc::new(FileLease::new(place)), calls, binding }
    }

    /// What would mark the files of an app key.
    pub fn binding_of(environment: Environment, credentials: &Credentials) -> Binding {
        Binding::of(environment, credentials)
    }

    /// The app key that this belongs to.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }
}

/// A name for app key and environment from which neither can be found: an app key has far too many possible values to try.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding(Arc<str>);

impl Binding {
    fn of(environment: Environment, credentials: &Credentials) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"kisd token mirror\0");
        hash.update(environment.name());
        hash.update(b"\0");
        hash.update(credentials.app_key.expose());
        Self(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
    }

    /// Its first digits, in names and for people: enough to tell the keys of one user apart.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }

    /// Its 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token's life, where only its end is known.
const USUAL_LIFE: TimeDelta = TimeDelta::hours(24);

#[cfg(test)]
mod tests;
