//! The token on disk: the mirror that a restart and other processes read, and the lock that keeps issuances a minute apart.
//!
//! The mirror is replaced atomically and durably (temporary file, fsync, rename, fsync of the directory), so that a reader or
//! a crash sees the old or the new one. A mirror that cannot be trusted is left alone and not used: see [`Distrust`].
//!
//! Beside it lies `<mirror>.lock`. Its `flock` is held by whoever is asking KIS for a token, and its content is the instant of
//! the last issuance of each app key, written *before* KIS is asked: a crash between leaves a minute too many, never one too few.
//!
//! All calls here block, for an fsync or for another process's issuance; [`issue`](super::issue) runs them on a blocking thread.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDateTime, Utc};
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Source, Token};
use crate::{
    clock,
    kis::{Credentials, Environment},
    secret::AccessToken,
};

/// Largest mirror read.
const MAX_BYTES: u64 = 64 * 1024;

/// What follows the name of the mirror in those of its temporary files.
const TEMPORARY: &str = ".kisd-";

/// The content of a lock file when nobody has asked for a token yet.
const NEVER: &[u8] = b"{}";

/// A token's life, where only its end is known.
const USUAL_LIFE: chrono::TimeDelta = chrono::TimeDelta::hours(24);

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
    /// Torn, not JSON, or not a mirror.
    #[error("is torn or not a token mirror")]
    Unreadable,
    /// Written for other credentials.
    #[error("belongs to another app key or mode")]
    OtherKey,
    /// Its token has ended.
    #[error("holds a token that expired at {0}")]
    Expired(DateTime<Utc>),
    /// It cannot be opened.
    #[error("cannot be read: {0}")]
    Io(io::Error),
}

/// What the mirror says.
#[derive(Debug)]
pub enum Mirrored {
    /// A token to use.
    Usable(Token),
    /// A token that KIS has refused; remembered because KIS may hand it out again.
    Refused(Token),
}

/// The mirror of one app key.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
    binding: String,
}

#[derive(Serialize, Deserialize)]
struct MirrorFile {
    access_token: Zeroizing<String>,
    token_type: String,
    expires_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    /// When KIS refused the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused_at: Option<String>,
    /// Hash of app key and mode.
    binding: String,
}

impl Store {
    /// The mirror at `path`, for these credentials in this environment.
    pub fn new(path: PathBuf, environment: Environment, credentials: &Credentials) -> Self {
        Self { path, binding: binding(environment, credentials) }
    }

    /// Where the mirror is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a mirror of this app key is marked with; says nothing of the key.
    #[cfg(fuzzing)]
    pub(crate) fn binding(&self) -> &str {
        &self.binding
    }

    /// Whether both are the mirror of the same app key.
    pub fn same_binding(&self, other: &Self) -> bool {
        self.binding == other.binding
    }

    /// Reads the mirror; `None` if there is none.
    pub fn read(&self, now: DateTime<Utc>) -> Result<Option<Mirrored>, Distrust> {
        // Neither followed (a link is not what kisd wrote) nor waited for (a pipe would hold up the start).
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(Distrust::NotAFile);
            }
            Err(error) => return Err(Distrust::Io(error)),
        };
        let metadata = file.metadata().map_err(Distrust::Io)?;
        if !metadata.is_file() {
            return Err(Distrust::NotAFile);
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(Distrust::OtherOwner(metadata.uid()));
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(Distrust::NotPrivate(metadata.mode() & 0o7777));
        }
        let mut text = Zeroizing::new(Vec::new());
        file.take(MAX_BYTES).read_to_end(&mut text).map_err(Distrust::Io)?;
        self.parse(&text, now).map(Some)
    }

    pub(crate) fn parse(&self, text: &[u8], now: DateTime<Utc>) -> Result<Mirrored, Distrust> {
        let mirror: MirrorFile = serde_json::from_slice(text).map_err(|_| Distrust::Unreadable)?;
        if mirror.binding != self.binding {
            return Err(Distrust::OtherKey);
        }
        let access_token = AccessToken::try_new(mirror.access_token.to_string()).map_err(|_| Distrust::Unreadable)?;
        let expires_at = parse_instant(&mirror.expires_at).ok_or(Distrust::Unreadable)?;
        let issued_at = match &mirror.issued_at {
            Some(text) => parse_instant(text).ok_or(Distrust::Unreadable)?,
            None => expires_at.checked_sub_signed(USUAL_LIFE).unwrap_or(expires_at),
        };
        let token =
            Token { access_token, token_type: mirror.token_type, issued_at, expires_at, source: Source::Mirror };
        if !token.is_usable(now) {
            return Err(Distrust::Expired(expires_at));
        }
        Ok(if mirror.refused_at.is_some() { Mirrored::Refused(token) } else { Mirrored::Usable(token) })
    }

    /// Replaces the mirror. With `refused_at`, the token is remembered as dead.
    pub fn write(&self, token: &Token, refused_at: Option<DateTime<Utc>>) -> io::Result<()> {
        let mirror = MirrorFile {
            access_token: Zeroizing::new(token.access_token.expose().to_owned()),
            token_type: token.token_type.clone(),
            expires_at: clock::kst(token.expires_at).to_rfc3339(),
            issued_at: Some(clock::kst(token.issued_at).to_rfc3339()),
            refused_at: refused_at.map(|at| clock::kst(at).to_rfc3339()),
            binding: self.binding.clone(),
        };
        let mut text = Zeroizing::new(serde_json::to_vec_pretty(&mirror)?);
        text.push(b'\n');
        let directory = self.directory()?;
        // Created with mode 0600.
        let mut temporary = tempfile::Builder::new().prefix(&self.temporary()).tempfile_in(directory)?;
        temporary.write_all(&text)?;
        temporary.as_file().sync_all()?;
        temporary.persist(&self.path)?;
        File::open(directory)?.sync_all()
    }

    /// How the names of temporary files begin: hidden, and of no other mirror in the same directory.
    fn temporary(&self) -> OsString {
        let mut name = OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(TEMPORARY);
        name
    }

    /// The directory of the mirror, made private if it has to be made.
    fn directory(&self) -> io::Result<&Path> {
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !directory.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        Ok(directory)
    }

    /// Waits until no other process is asking for a token, and keeps them from it until the result is dropped.
    pub fn lock(&self) -> io::Result<IssueLock> {
        self.directory()?;
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let open = || OpenOptions::new().read(true).write(true).custom_flags(flags.bits().cast_signed()).open(&path);
        let file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // It appears with its first content: an empty one is one that lost it.
                let mut fresh = tempfile::Builder::new().prefix(".lock-").tempfile_in(self.directory()?)?;
                fresh.write_all(NEVER)?;
                match fresh.persist_noclobber(&path) {
                    Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(error.error),
                    _ => open()?,
                }
            }
            opened => opened?,
        };
        let metadata = file.metadata()?;
        // Whoever could write it could keep kisd from asking for a token.
        if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o077 != 0 {
            return Err(io::Error::other("the lock file beside it is not private to its owner"));
        }
        file.lock()?;
        self.remove_leftovers();
        Ok(IssueLock { file, binding: self.binding.clone() })
    }

    /// Removes temporary files, each with a token in it, of processes that were killed while they replaced the mirror. Whoever
    /// replaces it holds the lock, so there are no others.
    fn remove_leftovers(&self) {
        let prefix = self.temporary();
        let Some(entries) = self.directory().ok().and_then(|directory| directory.read_dir().ok()) else { return };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
                // One that cannot be removed now may be next time.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// The right to ask KIS for a token, shared by all processes with this mirror.
#[derive(Debug)]
pub struct IssueLock {
    file: File,
    binding: String,
}

impl IssueLock {
    /// When a token was last asked for with this app key, if anybody knows.
    pub fn last_issue(&mut self) -> io::Result<Option<DateTime<Utc>>> {
        let text = self.content()?;
        match serde_json::from_str::<BTreeMap<String, DateTime<Utc>>>(&text) {
            Ok(instants) => Ok(instants.get(&self.binding).copied()),
            // Torn by a crash or a full disk: somebody was about to ask when the file was last written.
            Err(_) => Ok(Some(self.file.metadata()?.modified()?.into())),
        }
    }

    /// Notes that a token is about to be, or has been, asked for; `None` takes the note back.
    pub fn note(&mut self, at: Option<DateTime<Utc>>) -> io::Result<()> {
        let mut instants: BTreeMap<String, DateTime<Utc>> = serde_json::from_str(&self.content()?).unwrap_or_default();
        match at {
            Some(at) => instants.insert(self.binding.clone(), at),
            None => instants.remove(&self.binding),
        };
        let text = serde_json::to_vec(&instants)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&text)?;
        self.file.set_len(text.len() as u64)?;
        self.file.sync_all()
    }

    fn content(&mut self) -> io::Result<String> {
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(MAX_BYTES).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// A name for app key and environment from which neither can be found: an app key has far too many possible values to try.
fn binding(environment: Environment, credentials: &Credentials) -> String {
    let mut hash = Sha256::new();
    hash.update(b"kisd token mirror\0");
    hash.update(environment.name());
    hash.update(b"\0");
    hash.update(credentials.app_key.expose());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 3339, or a reading without a zone, which is Korean time.
fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.with_timezone(&Utc));
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .and_then(clock::from_kst)
}

#[cfg(test)]
mod tests;
