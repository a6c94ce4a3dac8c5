//! The mirror as a file: one JSON object, mode 0600, replaced atomically and durably (temporary file, fsync, rename, fsync of the
//! directory), so that a reader or a crash sees the old or the new one.
//!
//! A mirror that cannot be trusted is left where it is and not used: see [`Distrust`]. Only a mirror of the same app key is
//! ever overwritten; where `token.file` belongs to another, the mirror has the key's own name beside it.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, NaiveDateTime, Utc};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use tracing::info;
use zeroize::Zeroizing;

use super::{
    Binding, Distrust, Mirror, Mirrored, Pending, Source, Token, USUAL_LIFE,
    place::{MAX_BYTES, Place},
};
use crate::{
    clock,
    files::{blocking, careful, content, is_private},
    secret::AccessToken,
};

/// What follows the name of the mirror in those of its temporary files.
const TEMPORARY: &str = ".kisd-";

/// The mirror of one app key.
#[derive(Debug)]
pub struct FileMirror {
    files: Files,
    /// Whether the log has said that the file is written in place.
    said_in_place: AtomicBool,
}

#[derive(Debug, Clone)]
struct Files {
    place: Place,
    binding: Binding,
}

/// What the file holds. The binding comes first, so that a file that breaks off still says whose it is.
#[derive(Serialize, Deserialize)]
struct MirrorFile {
    /// Hash of app key and mode.
    binding: String,
    access_token: Zeroizing<String>,
    token_type: String,
    expires_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    /// When KIS refused the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused_at: Option<String>,
}

/// How a mirror was written.
enum Way {
    Replaced,
    InPlace,
}

impl FileMirror {
    pub(super) fn new(place: Place, binding: Binding) -> Self {
        Self { files: Files { place, binding }, said_in_place: AtomicBool::new(false) }
    }
}

impl Mirror for FileMirror {
    fn read(&self) -> Pending<'_, Result<Option<Mirrored>, Distrust>> {
        let files = self.files.clone();
        Box::pin(async move { blocking(move || Ok(files.read())).await.map_err(Distrust::Io)? })
    }

    fn write(&self, token: &Token, refused_at: Option<DateTime<Utc>>) -> Pending<'_, io::Result<()>> {
        let (files, token) = (self.files.clone(), token.clone());
        Box::pin(async move {
            let way = blocking(move || files.write(&token, refused_at)).await?;
            if matches!(way, Way::InPlace) && !self.said_in_place.swap(true, Ordering::Relaxed) {
                info!(mirror = %self.name(), "the token mirror cannot be replaced, only written in place: it is a mount point, or its directory is closed");
            }
            Ok(())
        })
    }

    fn name(&self) -> String {
        self.files.path().display().to_string()
    }
}

impl Files {
    /// The file in use: the one of the key's own name if there is one, else `token.file` unless it is another key's.
    fn path(&self) -> &Path {
        let Place { file, named, .. } = &self.place;
        if named.symlink_metadata().is_err() && self.may_use(file) { file } else { named }
    }

    /// True if `token.file` is not there, empty, or bound to this app key.
    fn may_use(&self, file: &Path) -> bool {
        let text = match careful().read(true).open(file) {
            Ok(file) => content(&file, MAX_BYTES).ok().flatten().unwrap_or_default(),
            Err(error) => return error.kind() == io::ErrorKind::NotFound,
        };
        match serde_json::from_slice::<MirrorFile>(&text) {
            Ok(mirror) => mirror.binding == self.binding.as_str(),
            // Written in place and broken off, or made for a mount and never written.
            Err(_) => text.is_empty() || text.starts_with(begin(&self.binding).as_bytes()),
        }
    }

    fn read(&self) -> Result<Option<Mirrored>, Distrust> {
        let file = match careful().read(true).open(self.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => return Err(Distrust::NotAFile),
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
        match content(&file, MAX_BYTES).map_err(Distrust::Io)? {
            // Made for a mount, and never written.
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => parse(&text, &self.binding).map(Some),
            None => Err(Distrust::Unreadable),
        }
    }

    fn write(&self, token: &Token, refused_at: Option<DateTime<Utc>>) -> io::Result<Way> {
        let mirror = MirrorFile {
            binding: self.binding.as_str().to_owned(),
            access_token: Zeroizing::new(token.access_token.expose().to_owned()),
            token_type: token.token_type.clone(),
            expires_at: clock::kst(token.expires_at).to_rfc3339(),
            issued_at: Some(clock::kst(token.issued_at).to_rfc3339()),
            refused_at: refused_at.map(|at| clock::kst(at).to_rfc3339()),
        };
        let mut text = Zeroizing::new(serde_json::to_vec_pretty(&mirror)?);
        text.push(b'\n');
        loop {
            let path = self.path();
            let is_vacant = path.symlink_metadata().is_err();
            // Seen again, now that it is known whether something is there.
            if path != self.path() {
                continue;
            }
            match self.replace(path, is_vacant, &text) {
                Err(error) if is_only_in_place(&error) && path.exists() => return write_in_place(path, &text),
                Ok(true) => return Ok(Way::Replaced),
                // Another key's has just appeared in the same place.
                Ok(false) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts a new mirror in the place of this key's old one, or into a place that is vacant; false if it is not vacant any more.
    fn replace(&self, path: &Path, is_vacant: bool, text: &[u8]) -> io::Result<bool> {
        let directory = self.place.directory()?;
        let prefix = temporary(path, &self.binding);
        remove_leftovers(directory, &prefix);
        // Created with mode 0600.
        let mut temporary = tempfile::Builder::new().prefix(&prefix).tempfile_in(directory)?;
        temporary.write_all(text)?;
        temporary.as_file().sync_all()?;
        match is_vacant {
            true => match temporary.persist_noclobber(path) {
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
                persisted => drop(persisted?),
            },
            false => drop(temporary.persist(path)?),
        }
        File::open(directory)?.sync_all()?;
        Ok(true)
    }
}

/// How a mirror of this key begins.
fn begin(binding: &Binding) -> String {
    format!("{{\n  \"binding\": \"{}\"", binding.as_str())
}

/// True where a file cannot be renamed over another, and may be writable all the same.
fn is_only_in_place(error: &io::Error) -> bool {
    [Errno::BUSY, Errno::ACCESS, Errno::PERM, Errno::ROFS]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn write_in_place(path: &Path, text: &[u8]) -> io::Result<Way> {
    let mut file = careful().write(true).open(path)?;
    if !is_private(&file.metadata()?) {
        return Err(io::Error::other("it is not private to its owner (0600)"));
    }
    file.write_all(text)?;
    file.set_len(text.len() as u64)?;
    file.sync_all()?;
    Ok(Way::InPlace)
}

/// Removes temporary files, each with a token in it, of processes that were killed while they replaced the mirror. Whoever
/// replaces it holds the key's lease, so there are no others.
fn remove_leftovers(directory: &Path, prefix: &OsStr) {
    let Ok(entries) = directory.read_dir() else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            // One that cannot be removed now may be next time.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// How the names of temporary files begin: hidden, and of no other mirror and no other key in the same directory.
fn temporary(mirror: &Path, binding: &Binding) -> OsString {
    let mut name = OsString::from(".");
    name.push(mirror.file_name().unwrap_or_default());
    name.push(format!("{TEMPORARY}{}-", binding.short()));
    name
}

pub(crate) fn parse(text: &[u8], binding: &Binding) -> Result<Mirrored, Distrust> {
    let mirror: MirrorFile = serde_json::from_slice(text).map_err(|_| Distrust::Unreadable)?;
    if mirror.binding != binding.as_str() {
        return Err(Distrust::OtherKey);
    }
    let access_token = AccessToken::try_new(mirror.access_token.to_string()).map_err(|_| Distrust::Unreadable)?;
    let expires_at = parse_instant(&mirror.expires_at).ok_or(Distrust::Unreadable)?;
    let issued_at = match &mirror.issued_at {
        Some(text) => parse_instant(text).ok_or(Distrust::Unreadable)?,
        None => expires_at.checked_sub_signed(USUAL_LIFE).unwrap_or(expires_at),
    };
    let token = Token { access_token, token_type: mirror.token_type, issued_at, expires_at, source: Source::Mirror };
    Ok(if mirror.refused_at.is_some() { Mirrored::Refused(token) } else { Mirrored::Usable(token) })
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
