//! Who is at the other end of a connection, by the credentials that the kernel vouches for.

use nix::unistd::{Gid, Uid, User, getgrouplist};
use tokio::net::UnixStream;

use super::Settings;

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
