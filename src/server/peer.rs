//! Who is at the other end of a connection, by the credentials that the kernel vouches for.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::{ArcSwapOption, Guard};
use tokio::net::UnixStream;

use crate::{
    book::{Grants, Principal, Standing},
    kis::quota::CallerId,
};

/// Connections of processes that are not known, each with a number of its own.
static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

/// The process that connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
    /// Its process id, where known; for the log and for fairness only, since ids are used again.
    pub pid: Option<i32>,
}

impl Peer {
    /// The peer of a connection.
    pub fn of(stream: &UnixStream) -> std::io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self { uid: credentials.uid(), gid: credentials.gid(), pid: credentials.pid() })
    }
}

/// An admitted peer.
#[derive(Debug)]
pub struct Caller {
    /// Who it is.
    pub peer: Peer,
    /// Who it is among those that share KIS's quota: its process, or its connection where that is not known.
    pub id: CallerId,
    principal: Principal,
    /// What it calls itself.
    claim: ArcSwapOption<String>,
}

impl Caller {
    /// A peer with the groups that are known of it; `is_own`: it is of the daemon's own user.
    pub fn new(peer: Peer, is_own: bool, gids: Vec<u32>, grants: &Grants) -> Self {
        let connection = || CallerId::Connection(CONNECTIONS.fetch_add(1, Ordering::Relaxed));
        // The kernel says 0 of a process in another namespace, as of one in a container.
        let id =
            peer.pid.filter(|pid| *pid > 0).map_or_else(connection, |pid| CallerId::Process { uid: peer.uid, pid });
        Self { peer, id, principal: Principal::new(peer.uid, is_own, gids, grants), claim: ArcSwapOption::empty() }
    }

    /// What it calls itself, if it has said so.
    pub fn claim(&self) -> Option<Arc<String>> {
        self.claim.load_full()
    }

    /// It calls itself so.
    pub fn set_claim(&self, name: String) {
        self.claim.store(Some(Arc::new(name)));
    }

    /// What it may do by these grants: worked out when they are new, and remembered.
    pub fn standing(&self, grants: &Grants) -> Guard<Arc<Standing>> {
        self.principal.standing(grants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_one_process_are_one_caller_and_those_of_unknown_ones_are_several() {
        let grants = Grants::new(&[], std::iter::empty(), 0);
        let caller = |uid, pid| Caller::new(Peer { uid, gid: 1, pid }, false, Vec::new(), &grants).id;
        assert_eq!(caller(1, Some(7)), caller(1, Some(7)));
        assert_ne!(caller(1, Some(7)), caller(2, Some(7)));
        for unknown in [None, Some(0)] {
            assert_ne!(caller(1, unknown), caller(1, unknown), "{unknown:?}");
        }
    }
}
