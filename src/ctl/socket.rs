//! Where things are: the daemon's socket, and the directories of the user.

use std::{env, ffi::OsString, path::PathBuf};

use super::words::Words;
use crate::wire::{client::ConnectError, place};

/// Where to look: at the socket that was named, or in the usual places.
pub(super) fn candidates(named: Option<OsString>) -> Vec<PathBuf> {
    // An empty variable is as good as none.
    match named.filter(|path| !path.is_empty()) {
        Some(path) => vec![path.into()],
        None => {
            let user = runtime_directory().map(|directory| place::of_user(&directory));
            user.into_iter().chain([PathBuf::from(place::SYSTEM)]).collect()
        }
    }
}

/// The runtime directory of the user's session.
pub(super) fn runtime_directory() -> Option<PathBuf> {
    // A relative one would be anybody's who can write in the current directory.
    env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|directory| directory.is_absolute())
}

/// The user's directory for the configuration, where kisd looks as well; `None`: the user has no home.
pub(super) fn of_configuration() -> Option<PathBuf> {
    Some(under_config()?.join("kisd"))
}

/// The user's own units of systemd.
pub(super) fn of_user_units() -> Option<PathBuf> {
    Some(under_config()?.join("systemd/user"))
}

fn under_config() -> Option<PathBuf> {
    let config = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    config.or_else(|| Some(env::home_dir().filter(|home| home.is_absolute())?.join(".config")))
}

/// What was tried, and how to start a daemon.
pub(super) fn explain(tried: &[ConnectError], words: &Words) -> String {
    format!("{}\n{}", self::tried(tried, words), advice(tried, words))
}

/// What was tried, on one line.
pub(super) fn tried(tried: &[ConnectError], words: &Words) -> String {
    let tried =
        tried.iter().map(|error| (words.no_daemon_on)(&error.path.display().to_string(), &error.reason.to_string()));
    tried.collect::<Vec<_>>().join("; ")
}

/// What to do when nobody answers.
pub(super) fn advice(tried: &[ConnectError], words: &Words) -> &'static str {
    let denied = tried.iter().any(|error| error.reason.kind() == std::io::ErrorKind::PermissionDenied);
    if denied { words.socket_of_another } else { words.how_to_start }
}
