//! The lease as a lock file: its `flock` is held by whoever asks KIS for a token, its content is the last issuance.
//!
//! Another process keeps the lock for as long as an issuance takes. One that keeps it longer is stopped, or is no kisd: then this
//! process goes on without the lock, by the notes and by its own minute, and says who holds it.

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    BootId, BootTime, Clock, Held, Lease, Note, Obstacle, Pending,
    place::{MAX_BYTES, Place},
};
use crate::files::{blocking, careful, content, is_private};

/// An issuance takes at most half a minute, and so does the wait for another's.
const HELD_AT_MOST: Duration = Duration::from_secs(32);

/// A lock that is held for so long is worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(2);

/// Pauses between looks at a lock that is held: the first, and the longest.
const LOOK: Duration = Duration::from_millis(2);
const LONGEST_LOOK: Duration = Duration::from_millis(100);

/// The content of a lock file when nobody has asked for a token yet.
const NEVER: &[u8] = b"{}";

/// The lease of one app key.
#[derive(Debug)]
pub struct FileLease {
    place: Place,
}

/// The lock file, open. Closing it gives the lock back.
#[derive(Debug)]
struct LockFile(Arc<File>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    /// Wall time of the last issuance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<Utc>>,
    /// The start of the machine, and the time since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boot_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boottime_ns: Option<u64>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
}

impl FileLease {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// The lock if it is free. Whoever has got it looks again whether it is still the file of that name: a lock on a file that
    /// was removed keeps nobody out.
    fn try_lock(place: &Place) -> io::Result<(Arc<File>, bool)> {
        loop {
            let file = open(place)?;
            let locked = match file.try_lock() {
                Ok(()) => true,
                Err(fs::TryLockError::WouldBlock) => false,
                Err(fs::TryLockError::Error(error)) => return Err(error),
            };
            let (ours, there) = (file.metadata()?, fs::symlink_metadata(&place.lock));
            if there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
                return Ok((Arc::new(file), locked));
            }
        }
    }
}

impl Lease for FileLease {
    fn acquire<'a>(&'a self, clock: &'a dyn Clock, obstacle: &'a Obstacle) -> Pending<'a, io::Result<Box<dyn Held>>> {
        Box::pin(async move {
            let (began, mut pause) = (clock.monotonic(), LOOK);
            loop {
                let place = self.place.clone();
                let (file, locked) = blocking(move || Self::try_lock(&place)).await?;
                let waited = clock.monotonic().since(began);
                if locked {
                    obstacle.store(None);
                    return Ok(Box::new(LockFile(file)) as Box<dyn Held>);
                }
                if waited >= WORTH_A_WORD {
                    let (path, held) = (self.place.lock.clone(), file.clone());
                    let who = blocking(move || Ok(holder(&held))).await?;
                    obstacle.store(Some(Arc::new(in_the_way(&path, who.as_deref()))));
                }
                if waited >= HELD_AT_MOST {
                    return Ok(Box::new(LockFile(file)));
                }
                // The other process lives in the machine's time, whatever ours is.
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST_LOOK);
            }
        })
    }
}

fn in_the_way(lock: &Path, holder: Option<&str>) -> String {
    let who = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    format!("{who} holds {}; kisd waits for half a minute and then goes on without it", lock.display())
}

/// The process that holds the lock: by the kernel's list, else by the note, whose writer is the likely one.
fn holder(file: &File) -> Option<String> {
    let by_kernel = || {
        let inode = file.metadata().ok()?.ino();
        let locks = procfs::locks().ok()?;
        let held = |lock: &procfs::Lock| lock.inode == inode && lock.lock_type == procfs::LockType::FLock;
        locks.iter().find(|lock| held(lock)).and_then(|lock| lock.pid).filter(|pid| *pid > 0).map(|pid| pid.to_string())
    };
    by_kernel().or_else(|| read(file).ok()?.and_then(|content| content.pid).map(|pid| format!("{pid}, probably,")))
}

fn open(place: &Place) -> io::Result<File> {
    let directory = place.directory()?;
    let open = || careful().read(true).write(true).open(&place.lock);
    let file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // It appears with its first content: an empty one is one that lost it.
            let mut fresh = tempfile::Builder::new().prefix(".lock-").tempfile_in(directory)?;
            fresh.write_all(NEVER)?;
            match fresh.persist_noclobber(&place.lock) {
                Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(error.error),
                _ => open()?,
            }
        }
        opened => opened?,
    };
    // Whoever could write it could keep kisd from asking for a token.
    if !is_private(&file.metadata()?) {
        return Err(io::Error::other("the lock file beside it is not private to its owner"));
    }
    Ok(file)
}

/// What the file says; `None` if it is torn.
fn read(mut file: &File) -> io::Result<Option<Content>> {
    file.seek(SeekFrom::Start(0))?;
    Ok(content(file, MAX_BYTES)?.and_then(|text| serde_json::from_slice(&text).ok()))
}

fn write(mut file: &File, content: &Content) -> io::Result<()> {
    let text = serde_json::to_vec(content)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&text)?;
    file.set_len(text.len() as u64)?;
    file.sync_all()
}

impl Held for LockFile {
    fn last_issue(&mut self) -> Pending<'_, io::Result<Option<Note>>> {
        let file = self.0.clone();
        Box::pin(blocking(move || match read(&file)? {
            Some(content) => Ok(content.into()),
            // Torn by a crash or a full disk: somebody was about to ask when the file was last written.
            None => Ok(Some(Note { at: file.metadata()?.modified()?.into(), boot: None, pid: 0 })),
        }))
    }

    fn note(&mut self, issue: Option<Note>) -> Pending<'_, io::Result<()>> {
        let file = self.0.clone();
        Box::pin(blocking(move || write(&file, &issue.into())))
    }
}

impl From<Content> for Option<Note> {
    fn from(content: Content) -> Self {
        let boot = content
            .boot_id
            .as_deref()
            .and_then(BootId::parse)
            .zip(content.boottime_ns.map(|nanos| BootTime::at(Duration::from_nanos(nanos))));
        Some(Note { at: content.at?, boot, pid: content.pid.unwrap_or_default() })
    }
}

impl From<Option<Note>> for Content {
    fn from(note: Option<Note>) -> Self {
        let Some(Note { at, boot, pid }) = note else { return Self::default() };
        let (boot_id, boottime_ns) = boot
            .map(|(id, since)| (id.to_string(), u64::try_from(since.after_start().as_nanos()).unwrap_or(u64::MAX)))
            .unzip();
        Self { at: Some(at), boot_id, boottime_ns, pid: Some(pid) }
    }
}
