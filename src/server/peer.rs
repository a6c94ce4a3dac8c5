//! Who is at the other end of a connection, by the credentials that the kernel vouches for.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nix::unistd::{Gid, Uid, User, getgrouplist};
use tokio::net::UnixStream;
use tracing::info;

use super::Settings;
use crate::clock::Instant;

/// The process that connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
    /// Its process id, where known; only for the log, since ids are used again.
    pub pid: Option<i32>,
}

impl Peer {
    /// The peer of a connection.
    pub fn of(stream: &UnixStream) -> std::io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self { uid: credentials.uid(), gid: credentials.gid(), pid: credentials.pid() })
    }

    /// Whether it may use the socket: the daemon's own user, root, and whoever is configured.
    pub fn is_admitted(&self, settings: &Settings) -> bool {
        self.uid == 0
            || self.uid == rustix::process::geteuid().as_raw()
            || settings.allow_uids.contains(&self.uid)
            || settings.allow_gids.contains(&self.gid)
            || self.is_member_of(&settings.allow_gids)
    }

    /// Whether the user belongs to one of the groups by the system's database. The kernel names only the effective group.
    fn is_member_of(&self, groups: &[u32]) -> bool {
        if groups.is_empty() {
            return false;
        }
        let Ok(Some(user)) = User::from_uid(Uid::from_raw(self.uid)) else { return false };
        let Ok(name) = std::ffi::CString::new(user.name) else { return false };
        let Ok(member_of) = getgrouplist(&name, user.gid) else { return false };
        groups.iter().any(|group| member_of.contains(&Gid::from_raw(*group)))
    }
}

/// A refused peer is logged at most this often, with a count: it must not be able to fill the disk.
const LOGGED_EVERY: Duration = Duration::from_secs(1);

/// Peers that were refused, for the log.
#[derive(Debug, Default)]
pub(super) struct RefusedPeers(Mutex<Option<Refused>>);

#[derive(Debug)]
struct Refused {
    logged_at: Instant,
    unlogged: u64,
}

impl RefusedPeers {
    /// Logs the refusal, unless one has just been logged; then it is counted.
    pub(super) fn note(&self, peer: Peer, now: Instant) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unlogged = match &mut *last {
            Some(refused) if now.saturating_sub(refused.logged_at) < LOGGED_EVERY => {
                refused.unlogged += 1;
                return;
            }
            Some(refused) => refused.unlogged,
            None => 0,
        };
        *last = Some(Refused { logged_at: now, unlogged: 0 });
        drop(last);
        info!(peer.uid, peer.gid, peer.pid, unlogged, "refused a peer that is not allowed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(allow_uids: &[u32], allow_gids: &[u32]) -> Settings {
        Settings {
            socket: "/run/kisd/kisd.sock".into(),
            socket_mode: 0o600,
            allow_uids: allow_uids.to_vec(),
            allow_gids: allow_gids.to_vec(),
            max_connections: 1,
            max_request_bytes: 1024,
        }
    }

    #[test]
    fn only_the_own_user_root_and_whoever_is_configured_are_admitted() {
        let stranger = Peer { uid: 54_321, gid: 54_322, pid: None };
        assert!(!stranger.is_admitted(&settings(&[], &[])));
        assert!(!stranger.is_admitted(&settings(&[54_322], &[54_321])));
        assert!(stranger.is_admitted(&settings(&[54_321], &[])));
        assert!(stranger.is_admitted(&settings(&[], &[54_322])));
        for own in [0, rustix::process::geteuid().as_raw()] {
            assert!(Peer { uid: own, ..stranger }.is_admitted(&settings(&[], &[])));
        }
    }

    #[test]
    fn a_member_of_an_allowed_group_is_admitted_whatever_its_effective_group() {
        // Present on every Debian: user `daemon`, uid 1, whose own group is 1.
        let daemon = Peer { uid: 1, gid: 54_322, pid: None };
        assert_eq!(
            daemon.is_admitted(&settings(&[], &[1])),
            User::from_uid(Uid::from_raw(1)).unwrap().is_some_and(|user| user.gid == Gid::from_raw(1))
        );
    }
}
