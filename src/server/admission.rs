//! Who is let in, and what for: by the peer's user, its groups, and what this user namespace can tell of both.

use std::{fs, io};

use super::{
    Settings,
    groups::Groups,
    peer::{Peer, Rights},
};

/// What the kernel shows for users and groups that a user namespace does not know, where it does not say.
const USUAL_OVERFLOW: u32 = 65_534;

/// The ids that stand for everybody unknown in the user namespace of this process; `None` outside of one, where all are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Overflow {
    uid: Option<u32>,
    gid: Option<u32>,
}

impl Overflow {
    /// Those of this process.
    pub(super) fn of_this_process() -> Self {
        let of = |kind: &str| {
            let map = fs::read_to_string(format!("/proc/self/{kind}_map"));
            // systemd hides /proc/sys with ProcSubset=pid.
            let overflow = fs::read_to_string(format!("/proc/sys/kernel/overflow{kind}"));
            overflow_id(map, overflow, fs::exists("/proc/self").unwrap_or(false))
        };
        Self { uid: of("uid"), gid: of("gid") }
    }

    /// Whether the kernel shows this uid for users whom the namespace does not know.
    pub(super) fn is_anybody(self, uid: u32) -> bool {
        self.uid == Some(uid)
    }
}

fn overflow_id(map: io::Result<String>, overflow: io::Result<String>, has_proc: bool) -> Option<u32> {
    let knows_all = match map {
        Ok(map) => map.split_ascii_whitespace().eq(["0", "0", "4294967295"]),
        // A kernel without user namespaces. Without /proc nothing is known.
        Err(error) => error.kind() == io::ErrorKind::NotFound && has_proc,
    };
    let overflow = || overflow.ok().and_then(|id| id.trim().parse().ok()).unwrap_or(USUAL_OVERFLOW);
    (!knows_all).then(overflow)
}

/// What becomes of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is let in.
    Admitted(Rights),
    /// It is not.
    Stranger,
    /// It is not, since its uid may be anybody's.
    Unmapped,
    /// It is not, since the group database does not say in time whether it should be.
    GroupsUnknown,
}

/// Decides who is let in.
#[derive(Debug)]
pub(super) struct Admission {
    own: u32,
    overflow: Overflow,
    groups: Groups,
}

impl Admission {
    pub(super) fn new(overflow: Overflow, groups: Groups) -> Self {
        Self { own: rustix::process::geteuid().as_raw(), overflow, groups }
    }

    /// The daemon's own user.
    pub(super) fn own(&self) -> u32 {
        self.own
    }

    /// What becomes of a peer, if that is known without asking the group database.
    pub(super) fn at_once(&self, peer: Peer, settings: &Settings) -> Option<Verdict> {
        if self.overflow.is_anybody(peer.uid) {
            return Some(Verdict::Unmapped);
        }
        if peer.uid == 0 || peer.uid == self.own {
            return Some(Verdict::Admitted(Rights { refresh: true }));
        }
        let refresh = settings.allow_refresh_uids.contains(&peer.uid);
        let known_gid = self.overflow.gid != Some(peer.gid);
        if refresh || settings.allow_uids.contains(&peer.uid) || (known_gid && settings.allow_gids.contains(&peer.gid))
        {
            return Some(Verdict::Admitted(Rights { refresh }));
        }
        if settings.allow_gids.is_empty() {
            return Some(Verdict::Stranger);
        }
        self.groups.fresh(peer.uid).map(|groups| by_groups(&groups, &settings.allow_gids))
    }

    /// What becomes of a peer, by the groups of its user: the kernel names only the effective one.
    pub(super) fn by_groups(&self, peer: Peer, allowed: Vec<u32>) -> impl Future<Output = Verdict> + Send + 'static {
        let groups = self.groups.clone();
        async move {
            match groups.of(peer.uid).await {
                Some(groups) => by_groups(&groups, &allowed),
                None => Verdict::GroupsUnknown,
            }
        }
    }

    /// Says what is configured and can never be granted.
    pub(super) fn warn_of(&self, settings: &Settings) {
        let Settings { allow_uids, allow_refresh_uids, allow_gids, .. } = settings;
        let uids = allow_uids.iter().chain(allow_refresh_uids);
        if uids.into_iter().any(|uid| self.overflow.is_anybody(*uid)) {
            tracing::warn!(
                uid = self.overflow.uid,
                "kisd runs in a user namespace, where this uid stands for every user that is not mapped into it: rpc.allow_uids \
                 and rpc.allow_refresh_uids do not admit it"
            );
        }
        if allow_gids.iter().any(|gid| self.overflow.gid == Some(*gid)) {
            tracing::warn!(
                gid = self.overflow.gid,
                "kisd runs in a user namespace, where this gid stands for every group that is not mapped into it: \
                 rpc.allow_gids does not admit by it"
            );
        }
    }
}

fn by_groups(groups: &[u32], allowed: &[u32]) -> Verdict {
    if groups.iter().any(|group| allowed.contains(group)) {
        Verdict::Admitted(Rights { refresh: false })
    } else {
        Verdict::Stranger
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use chrono::DateTime;

    const STRANGER: Peer = Peer { uid: 54_321, gid: 54_322, pid: None };
    const READS: Option<Verdict> = Some(Verdict::Admitted(Rights { refresh: false }));
    const REFRESHES: Option<Verdict> = Some(Verdict::Admitted(Rights { refresh: true }));

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

    fn admission(overflow: Overflow) -> Admission {
        Admission::new(overflow, Groups::of_the_system(ManualClock::at(DateTime::UNIX_EPOCH).shared()))
    }

    #[test]
    fn only_the_own_user_root_and_whoever_is_configured_are_admitted() {
        let admission = admission(Overflow::default());
        assert_eq!(admission.at_once(STRANGER, &settings(&[], &[])), Some(Verdict::Stranger));
        assert_eq!(admission.at_once(STRANGER, &settings(&[54_322], &[])), Some(Verdict::Stranger));
        assert_eq!(admission.at_once(STRANGER, &settings(&[54_321], &[])), READS);
        assert_eq!(admission.at_once(STRANGER, &settings(&[], &[54_322])), READS);
        assert_eq!(admission.at_once(STRANGER, &settings(&[], &[7])), None, "the group database is asked");
        for own in [0, rustix::process::geteuid().as_raw()] {
            let own = Peer { uid: own, ..STRANGER };
            assert_eq!(admission.at_once(own, &settings(&[], &[])), REFRESHES);
        }
    }

    #[test]
    fn a_renewal_may_be_asked_for_by_whom_the_owner_names() {
        let named = Settings { allow_refresh_uids: vec![54_321], ..settings(&[], &[]) };
        assert_eq!(admission(Overflow::default()).at_once(STRANGER, &named), REFRESHES);
    }

    #[tokio::test]
    async fn a_member_of_an_allowed_group_is_admitted_whatever_its_effective_group() {
        let admission = admission(Overflow::default());
        // Root is a member of group 0 everywhere; as a peer it would be let in anyhow.
        let root = Peer { uid: 0, gid: 54_322, pid: None };
        assert_eq!(Some(admission.by_groups(root, vec![7, 0]).await), READS);
        assert_eq!(admission.by_groups(root, vec![7]).await, Verdict::Stranger);
        assert_eq!(admission.by_groups(STRANGER, vec![7, 0]).await, Verdict::Stranger);
    }

    #[test]
    fn nobody_is_admitted_by_an_id_that_may_be_anybodys() {
        let admission = admission(Overflow { uid: Some(65_534), gid: Some(65_533) });
        let unmapped = Peer { uid: 65_534, ..STRANGER };
        let mut all = settings(&[65_534], &[54_322]);
        all.allow_refresh_uids = vec![65_534];
        assert_eq!(admission.at_once(unmapped, &all), Some(Verdict::Unmapped));
        let of_an_unmapped_group = Peer { gid: 65_533, ..STRANGER };
        assert_eq!(
            admission.at_once(of_an_unmapped_group, &settings(&[], &[65_533])),
            None,
            "its user's groups decide"
        );
        let unmapped_itself = Admission { own: 65_534, ..admission };
        assert_eq!(unmapped_itself.at_once(unmapped, &all), Some(Verdict::Unmapped));
    }

    #[test]
    fn a_namespace_is_told_by_its_map() {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let all = || Ok("         0          0 4294967295\n".to_owned());
        let one = || Ok("         0       1000          1\n".to_owned());
        let id = || Ok("65534\n".to_owned());
        assert_eq!(overflow_id(all(), id(), true), None);
        assert_eq!(overflow_id(one(), Ok("777\n".to_owned()), true), Some(777));
        assert_eq!(overflow_id(one(), Err(gone()), true), Some(65_534), "/proc/sys is hidden");
        assert_eq!(overflow_id(Ok("0 0 65536\n65536 65536 1000\n".to_owned()), id(), true), Some(65_534));
        assert_eq!(overflow_id(Ok(String::new()), id(), true), Some(65_534), "nobody is mapped");
        assert_eq!(overflow_id(Err(gone()), id(), true), None, "a kernel without namespaces");
        assert_eq!(overflow_id(Err(gone()), Err(gone()), false), Some(65_534), "without /proc nothing is known");
        assert_eq!(overflow_id(Err(denied()), id(), true), Some(65_534));
    }
}
