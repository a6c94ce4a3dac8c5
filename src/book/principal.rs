//! A user as rights are concerned, with what it may do by the grants of now.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::{Grants, Standing, Who};

/// A user with the groups that are known of it.
#[derive(Debug)]
pub struct Principal {
    uid: u32,
    is_own: bool,
    gids: Vec<u32>,
    /// What it may do, as of the grants that it was last asked of.
    standing: ArcSwap<Standing>,
}

impl Principal {
    /// A user; `is_own`: it is the daemon's own.
    pub fn new(uid: u32, is_own: bool, gids: Vec<u32>, grants: &Grants) -> Self {
        let standing = grants.standing(Who { uid, is_own, gids: &gids });
        Self { uid, is_own, gids, standing: ArcSwap::from_pointee(standing) }
    }

    /// What it may do by these grants: worked out when they are new, and remembered.
    pub fn standing(&self, grants: &Grants) -> Guard<Arc<Standing>> {
        let known = self.standing.load();
        if grants.is_current(&known) {
            return known;
        }
        let who = Who { uid: self.uid, is_own: self.is_own, gids: &self.gids };
        let standing = Arc::new(grants.standing(who));
        self.standing.store(standing.clone());
        // Not what is remembered now: another thread may know of newer grants than these.
        Guard::from_inner(standing)
    }
}
