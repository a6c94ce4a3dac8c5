//! Who is at the other end of a connection, by the credentials that the kernel vouches for.

use std::{
    collections::BTreeMap,
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

    /// What it may do on the socket; `None`: nothing. The daemon's own user and root may do all there is, others what is
    /// configured.
    pub fn rights(&self, settings: &Settings) -> Option<Rights> {
        if self.uid == 0 || self.uid == rustix::process::geteuid().as_raw() {
            return Some(Rights { refresh: true });
        }
        let refresh = settings.allow_refresh_uids.contains(&self.uid);
        let admitted = refresh
            || settings.allow_uids.contains(&self.uid)
            || settings.allow_gids.contains(&self.gid)
            || self.is_member_of(&settings.allow_gids);
        admitted.then_some(Rights { refresh })
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

/// What an admitted peer may do beyond reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Ask for a renewal of the token, of which KIS sends the account's owner a message.
    pub refresh: bool,
}

/// An admitted peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub peer: Peer,
    /// What it may do.
    pub rights: Rights,
}

/// Refusals of one user are logged at most this often, with their number: a stranger must not be able to fill the disk.
const LOGGED_EVERY: Duration = Duration::from_secs(1);

/// Peers that were refused, for the log: every refusal is in a line, some share one.
#[derive(Debug, Default)]
pub(super) struct RefusedPeers(Mutex<BTreeMap<u32, Refused>>);

#[derive(Debug)]
struct Refused {
    logged_at: Instant,
    unlogged: u64,
}

impl RefusedPeers {
    /// Logs the refusal, unless one of this user has just been logged; then it is counted.
    pub(super) fn note(&self, peer: Peer, now: Instant) {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match users.get_mut(&peer.uid) {
            Some(refused) => refused.unlogged += 1,
            None => {
                users.insert(peer.uid, Refused { logged_at: now, unlogged: 0 });
                drop(users);
                info!(peer.uid, peer.gid, peer.pid, "refused a peer that is not allowed");
            }
        }
    }

    /// When there is something to [`flush`](Self::flush).
    pub(super) fn flush_at(&self) -> Option<Instant> {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        users.values().map(|refused| refused.logged_at.saturating_add(LOGGED_EVERY)).min()
    }

    /// Logs what has been counted, and forgets who has been quiet.
    pub(super) fn flush(&self, now: Instant) {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        users.retain(|uid, refused| {
            if now.saturating_sub(refused.logged_at) < LOGGED_EVERY {
                return true;
            }
            let again = std::mem::take(&mut refused.unlogged);
            refused.logged_at = now;
            if again > 0 {
                info!(peer.uid = uid, again, "refused a peer that is not allowed, again");
            }
            again > 0
        });
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
            allow_refresh_uids: Vec::new(),
            max_connections: 1,
            max_request_bytes: 1024,
        }
    }

    #[test]
    fn only_the_own_user_root_and_whoever_is_configured_are_admitted() {
        let stranger = Peer { uid: 54_321, gid: 54_322, pid: None };
        let reads = Some(Rights { refresh: false });
        assert_eq!(stranger.rights(&settings(&[], &[])), None);
        assert_eq!(stranger.rights(&settings(&[54_322], &[54_321])), None);
        assert_eq!(stranger.rights(&settings(&[54_321], &[])), reads);
        assert_eq!(stranger.rights(&settings(&[], &[54_322])), reads);
        for own in [0, rustix::process::geteuid().as_raw()] {
            let own = Peer { uid: own, ..stranger };
            assert_eq!(own.rights(&settings(&[], &[])), Some(Rights { refresh: true }));
        }
    }

    #[test]
    fn a_renewal_may_be_asked_for_by_whom_the_owner_names() {
        let stranger = Peer { uid: 54_321, gid: 54_322, pid: None };
        let named = Settings { allow_refresh_uids: vec![54_321], ..settings(&[], &[]) };
        assert_eq!(stranger.rights(&named), Some(Rights { refresh: true }));
    }

    #[test]
    fn a_member_of_an_allowed_group_is_admitted_whatever_its_effective_group() {
        // Present on every Debian: user `daemon`, uid 1, whose own group is 1.
        let daemon = Peer { uid: 1, gid: 54_322, pid: None };
        assert_eq!(
            daemon.rights(&settings(&[], &[1])).is_some(),
            User::from_uid(Uid::from_raw(1)).unwrap().is_some_and(|user| user.gid == Gid::from_raw(1))
        );
    }

    #[test]
    fn every_refusal_is_accounted_for_and_a_quiet_user_is_forgotten() {
        let (refused, at) = (RefusedPeers::default(), Duration::from_secs);
        let counted = |uid| refused.0.lock().unwrap().get(&uid).map(|user| user.unlogged);
        for uid in [7, 7, 7, 8] {
            refused.note(Peer { uid, gid: 1, pid: None }, at(100));
        }
        assert_eq!((counted(7), counted(8), refused.flush_at()), (Some(2), Some(0), Some(at(101))));
        refused.flush(at(101));
        assert_eq!((counted(7), counted(8)), (Some(0), None), "the two were logged");
        refused.flush(at(102));
        assert_eq!((counted(7), refused.flush_at()), (None, None));
    }
}
