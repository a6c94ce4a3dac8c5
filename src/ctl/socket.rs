//! Where things are: the daemon's socket, and the directories of the user.

use std::{env, ffi::OsString, io, path::PathBuf};

use super::words::Words;
use crate::wire::{
    client::ConnectError,
    place::{self, NotAsked, Places, User},
};

/// Whose daemon is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The user's own; without one, the system's.
    Usual,
    User,
    System,
}

/// Where to look: at the socket that was named, or in the usual places.
pub(super) fn places(named: Option<OsString>, whose: Whose) -> Places {
    // An empty variable is as good as none.
    if let Some(path) = named.filter(|path| !path.is_empty()) {
        return Places::named(path.into());
    }
    match whose {
        Whose::Usual => Places::usual(&user()),
        Whose::User => Places::of_user(&user()),
        Whose::System => Places::named(place::SYSTEM.into()),
    }
}

/// The user who runs kisctl.
pub(super) fn user() -> User<'static> {
    User::new(|name| env::var_os(name).filter(|value| !value.is_empty())).with_home(env::home_dir())
}

/// The user's directory for the configuration, where kisd looks as well; `None`: the user has no home.
pub(super) fn of_configuration() -> Option<PathBuf> {
    Some(user().configurations()?.join("kisd"))
}

/// The user's own units of systemd.
pub(super) fn of_user_units() -> Option<PathBuf> {
    Some(user().configurations()?.join("systemd/user"))
}

/// What was tried, and how to start a daemon.
pub(super) fn explain(tried: &[ConnectError], words: &Words) -> String {
    format!("{}\n{}", self::tried(tried, words), advice(tried, words))
}

/// What was tried, on one line.
pub(super) fn tried(tried: &[ConnectError], words: &Words) -> String {
    let tried = tried.iter().map(|error| {
        let path = error.path.display().to_string();
        match NotAsked::of(error) {
            Some(NotAsked { own }) => (words.not_asked)(&path, &own.display().to_string()),
            None => (words.no_daemon_on)(&path, &error.reason.to_string()),
        }
    });
    tried.collect::<Vec<_>>().join("; ")
}

/// What to do when nobody answers.
pub(super) fn advice(tried: &[ConnectError], words: &Words) -> &'static str {
    let denied = tried.iter().any(|error| error.reason.kind() == io::ErrorKind::PermissionDenied);
    let has_own = tried.iter().any(|error| NotAsked::of(error).is_some());
    match (has_own, denied) {
        (true, _) => words.how_to_choose,
        (false, true) => words.socket_of_another,
        (false, false) => words.how_to_start,
    }
}
