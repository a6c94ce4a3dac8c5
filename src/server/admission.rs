//! Who is let in: by the peer's user, its groups, and what this user namespace can tell of both.

use std::{fs, io};

use super::{
    Settings,
    peer::{Caller, Peer},
};
use crate::book::{
    Grants, Standing,
    groups::{Answer, Groups},
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
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is let in.
    Admitted(Caller),
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
    pub(super) fn at_once(&self, peer: Peer, grants: &Grants) -> Option<Verdict> {
        if self.overflow.is_anybody(peer.uid) {
            return Some(Verdict::Unmapped);
        }
        let caller = self.caller(peer, &[], grants);
        if !grants.may_be_more_by_group(&caller.standing(grants)) {
            return Some(admitted(caller, grants).unwrap_or(Verdict::Stranger));
        }
        self.groups.fresh(peer.uid).map(|groups| self.by_groups(peer, Some(groups), grants))
    }

    /// The groups of a peer's user: the kernel names only the effective one. `None`: the database does not say in time.
    pub(super) fn groups_of(&self, peer: Peer) -> impl Future<Output = Option<Answer>> + Send + 'static {
        let groups = self.groups.clone();
        async move { groups.of(peer.uid).await }
    }

    /// What becomes of a peer, by the groups of its user. Without them it has what is granted to the user itself.
    pub(super) fn by_groups(&self, peer: Peer, groups: Option<Answer>, grants: &Grants) -> Verdict {
        let otherwise = if groups.is_some() { Verdict::Stranger } else { Verdict::GroupsUnknown };
        admitted(self.caller(peer, groups.as_deref().unwrap_or_default(), grants), grants).unwrap_or(otherwise)
    }

    fn caller(&self, peer: Peer, groups: &[u32], grants: &Grants) -> Caller {
        let effective = (self.overflow.gid != Some(peer.gid)).then_some(peer.gid);
        let gids = effective.into_iter().chain(groups.iter().copied()).collect();
        Caller::new(peer, peer.uid == self.own, gids, grants)
    }

    /// Says what is configured and can never be granted.
    pub(super) fn warn_of(&self, settings: &Settings) {
        let grants = settings.all_grants();
        if grants.iter().flat_map(|grant| &grant.uids).any(|uid| self.overflow.is_anybody(*uid)) {
            tracing::warn!(
                uid = self.overflow.uid,
                "kisd runs in a user namespace, where this uid stands for every user that is not mapped into it: rpc.allow_uids \
                 and rpc.allow_refresh_uids do not admit it, nor do grants"
            );
        }
        if grants.iter().flat_map(|grant| &grant.gids).any(|gid| self.overflow.gid == Some(*gid)) {
            tracing::warn!(
                gid = self.overflow.gid,
                "kisd runs in a user namespace, where this gid stands for every group that is not mapped into it: \
                 rpc.allow_gids does not admit by it, nor do grants"
            );
        }
    }
}

/// Lets in who may read something.
fn admitted(caller: Caller, grants: &Grants) -> Option<Verdict> {
    let is_nobody = Standing::anywhere(&caller.standing(grants)).is_none();
    (!is_nobody).then_some(Verdict::Admitted(caller))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::AccountName,
        book::{Grant, Rights},
        clock::ManualClock,
        wire::types::Right,
    };
    use chrono::DateTime;

    const STRANGER: Peer = Peer { uid: 54_321, gid: 54_322, pid: None };

    /// What is granted by the short forms.
    fn grants(allow_uids: &[u32], allow_gids: &[u32], allow_refresh_uids: &[u32]) -> Grants {
        let settings = Settings {
            socket: "/run/kisd/kisd.sock".into(),
            socket_mode: 0o600,
            allow_uids: allow_uids.to_vec(),
            allow_gids: allow_gids.to_vec(),
            allow_refresh_uids: allow_refresh_uids.to_vec(),
            grants: Vec::new(),
            max_connections: 1,
            max_request_bytes: 1024,
        };
        of(&settings.all_grants())
    }

    fn of(grants: &[Grant]) -> Grants {
        let name = AccountName::try_new("main").unwrap();
        Grants::new(grants, [(&name, true)].into_iter(), 0)
    }

    fn admission(overflow: Overflow) -> Admission {
        Admission::new(overflow, Groups::of_the_system(ManualClock::at(DateTime::UNIX_EPOCH).shared()))
    }

    /// A verdict, in words that can be compared.
    fn told(verdict: Verdict, grants: &Grants) -> String {
        match verdict {
            Verdict::Admitted(caller) => {
                let rights = caller.standing(grants).anywhere();
                rights.each().map(Right::name).collect::<Vec<_>>().join(" ")
            }
            other => format!("{other:?}"),
        }
    }

    fn at_once(admission: &Admission, peer: Peer, grants: &Grants) -> Option<String> {
        admission.at_once(peer, grants).map(|verdict| told(verdict, grants))
    }

    #[test]
    fn only_the_own_user_root_and_whoever_is_configured_are_admitted() {
        let admission = Admission { own: 5, ..admission(Overflow::default()) };
        let stranger = |grants| at_once(&admission, STRANGER, &grants);
        assert_eq!(stranger(grants(&[], &[], &[])).as_deref(), Some("Stranger"));
        assert_eq!(stranger(grants(&[54_322], &[], &[])).as_deref(), Some("Stranger"));
        assert_eq!(stranger(grants(&[54_321], &[], &[])).as_deref(), Some("read"));
        assert_eq!(stranger(grants(&[], &[54_322], &[])).as_deref(), Some("read"));
        assert_eq!(stranger(grants(&[], &[], &[54_321])).as_deref(), Some("read refresh"));
        assert_eq!(stranger(grants(&[], &[7], &[])), None, "the group database is asked");
        assert_eq!(
            stranger(grants(&[54_321], &[7], &[])).as_deref(),
            Some("read"),
            "and not for what is there already"
        );
        for (uid, rights) in [(0, "read refresh trade approve admin"), (5, "read refresh")] {
            let peer = Peer { uid, ..STRANGER };
            assert_eq!(at_once(&admission, peer, &grants(&[], &[7], &[])).as_deref(), Some(rights));
        }
    }

    #[tokio::test]
    async fn a_member_of_an_allowed_group_is_admitted_whatever_its_effective_group() {
        let admission = Admission { own: 5, ..admission(Overflow::default()) };
        let groups = admission.groups_of(Peer { uid: 0, ..STRANGER }).await;
        assert!(groups.as_deref().is_some_and(|groups| groups.contains(&0)), "root is in the group of root everywhere");
        let by_groups = |allowed: &[u32], groups| {
            let grants = grants(&[], allowed, &[]);
            told(admission.by_groups(STRANGER, groups, &grants), &grants)
        };
        assert_eq!(by_groups(&[7, 0], groups.clone()), "read");
        assert_eq!(by_groups(&[7], groups), "Stranger");
        assert_eq!(by_groups(&[7], None), "GroupsUnknown");
        assert_eq!(by_groups(&[54_322], None), "read", "by its effective group");
    }

    #[test]
    fn who_has_a_right_of_its_own_does_not_wait_for_a_group_database_that_is_silent() {
        let admission = admission(Overflow::default());
        let trade = Grant { uids: Vec::new(), gids: vec![7], rights: Rights::of([Right::Trade]), accounts: None };
        let trade = Grant { accounts: AccountName::try_new("main").map(|name| vec![name]), ..trade };
        let read = Grant { uids: vec![54_321], gids: Vec::new(), rights: Rights::of([Right::Read]), accounts: None };
        let grants = of(&[trade, read]);
        assert_eq!(at_once(&admission, STRANGER, &grants), None, "the group may give more");
        assert_eq!(told(admission.by_groups(STRANGER, None, &grants), &grants), "read");
        assert_eq!(told(admission.by_groups(STRANGER, Some([7].into()), &grants), &grants), "read trade");
    }

    #[test]
    fn nobody_is_admitted_by_an_id_that_may_be_anybodys() {
        let admission = admission(Overflow { uid: Some(65_534), gid: Some(65_533) });
        let unmapped = Peer { uid: 65_534, ..STRANGER };
        let all = grants(&[65_534], &[54_322], &[65_534]);
        assert_eq!(at_once(&admission, unmapped, &all).as_deref(), Some("Unmapped"));
        let of_an_unmapped_group = Peer { gid: 65_533, ..STRANGER };
        let by_group = grants(&[], &[65_533], &[]);
        assert_eq!(at_once(&admission, of_an_unmapped_group, &by_group), None, "its user's groups decide");
        let unmapped_itself = Admission { own: 65_534, ..admission };
        assert_eq!(at_once(&unmapped_itself, unmapped, &all).as_deref(), Some("Unmapped"));
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
