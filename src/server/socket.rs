//! Claims the socket's path, so that one daemon at a time serves it and a stale socket is in nobody's way.
//!
//! Ours is the path whose lock file we hold; a socket found there is replaced only if nobody answers on it, and removed at
//! the end only if it is still the one we made. The socket is private from its first instant: its mode is set before it is bound.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::{
        fd::AsFd,
        unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tracing::warn;

use super::Settings;

/// Longest path of a socket.
pub const MAX_PATH_BYTES: usize = 107;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: u32 = 1024;

/// Why the socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another daemon is there.
    #[error("another kisd is already serving {0}; stop it first, or set another rpc.socket")]
    InUse(PathBuf),
    /// Something that is not a socket is there.
    #[error("{0} exists and is not a socket; it is left alone")]
    NotASocket(PathBuf),
    /// The system refuses.
    #[error("cannot {action} {path}: {reason}{}", hint(reason))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

fn hint(reason: &io::Error) -> &'static str {
    match reason.kind() {
        io::ErrorKind::PermissionDenied => "; rpc.socket names another place, and so does XDG_RUNTIME_DIR",
        _ => "",
    }
}

/// A claimed socket; removed when dropped, if it is still ours.
#[derive(Debug)]
pub struct SocketClaim {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// Held until the socket is gone.
    _lock: File,
}

/// Claims the configured path and listens on it.
pub async fn claim(settings: &Settings) -> Result<(UnixListener, SocketClaim), ClaimError> {
    let path = &settings.socket;
    let failed = |action| move |reason| ClaimError::Io { action, path: path.clone(), reason };
    if let Some(directory) = path.parent().filter(|directory| !directory.is_dir()) {
        make(directory, settings.socket_mode).map_err(failed("make the directory of"))?;
    }
    let lock = lock(path)?;
    remove_stale(path).await?;
    let socket = UnixSocket::new_stream().map_err(failed("create"))?;
    // The mode that a socket has before it is bound is the one that its path gets.
    let narrow = Mode::RUSR | Mode::WUSR;
    rustix::fs::fchmod(socket.as_fd(), narrow).map_err(|errno| failed("protect")(errno.into()))?;
    socket.bind(path).map_err(failed("bind"))?;
    let metadata = fs::symlink_metadata(path).map_err(failed("look at"))?;
    let claim = SocketClaim { path: path.clone(), device: metadata.dev(), inode: metadata.ino(), _lock: lock };
    fs::set_permissions(path, Permissions::from_mode(settings.socket_mode)).map_err(failed("set the mode of"))?;
    let listener = socket.listen(BACKLOG).map_err(failed("listen on"))?;
    Ok((listener, claim))
}

/// Makes a directory, and those that it is in. Who may reach the socket must be able to enter them, and no more.
fn make(directory: &Path, socket_mode: u32) -> io::Result<()> {
    let missing: Vec<&Path> = directory.ancestors().take_while(|directory| !directory.is_dir()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mode =
        0o700 | if socket_mode & 0o060 == 0 { 0 } else { 0o010 } | if socket_mode & 0o006 == 0 { 0 } else { 0o001 };
    // Whatever the umask says.
    missing.into_iter().try_for_each(|made| fs::set_permissions(made, Permissions::from_mode(mode)))
}

fn lock(path: &Path) -> Result<File, ClaimError> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let failed = |reason| ClaimError::Io { action: "lock", path: PathBuf::from(&lock_path), reason };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(&lock_path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClaimError::InUse(path.to_owned())),
        Err(TryLockError::Error(reason)) => Err(failed(reason)),
    }
}

async fn remove_stale(path: &Path) -> Result<(), ClaimError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(reason) => return Err(ClaimError::Io { action: "look at", path: path.to_owned(), reason }),
        Ok(metadata) if !metadata.file_type().is_socket() => return Err(ClaimError::NotASocket(path.to_owned())),
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(ClaimError::InUse(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            warn!(socket = %path.display(), "removing a stale socket on which nobody answers");
            fs::remove_file(path).map_err(|reason| ClaimError::Io { action: "remove", path: path.to_owned(), reason })
        }
        Err(reason) => Err(ClaimError::Io { action: "probe", path: path.to_owned(), reason }),
    }
}

impl Drop for SocketClaim {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| metadata.dev() == self.device && metadata.ino() == self.inode);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            warn!(socket = %self.path.display(), %error, "cannot remove the socket");
        }
    }
}
