//! Finds the daemon: at the socket that was named, else at the user's own, else at the system's.

use std::{env, path::PathBuf};

use crate::wire::{client::ConnectError, place};

/// Where to look: at the socket that was named, or in the usual places.
pub(super) fn candidates(named: Option<PathBuf>) -> Vec<PathBuf> {
    match named {
        Some(path) => vec![path],
        None => {
            let user = env::var_os("XDG_RUNTIME_DIR").map(|directory| place::of_user(directory.as_ref()));
            user.into_iter().chain([PathBuf::from(place::SYSTEM)]).collect()
        }
    }
}

/// What was tried, and how to start a daemon.
pub(super) fn explain(tried: &[ConnectError]) -> String {
    let mut text = String::new();
    for error in tried {
        text.push_str(&format!("{error}\n"));
    }
    let denied = tried.iter().any(|error| error.reason.kind() == std::io::ErrorKind::PermissionDenied);
    text.push_str(match denied {
        true => {
            "a socket, or a directory above it, that you may not open belongs to another user: see rpc.socket_mode and \
             rpc.allow_uids there, or name another socket with --socket or KISD_SOCKET"
        }
        false => {
            "start the daemon with `systemctl start kisd` or `kisd run`, or try `kisd demo`; \
             name another socket with --socket or KISD_SOCKET"
        }
    });
    text
}
