//! A user as rights are concerned, with what it may do by the grants of now.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::{ArcSwap, Guard};

use super::{
    Grants, Standing, Who,
    groups::{Answer, Groups},
};
use crate::clock::SharedClock;

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

/// A user with the groups that it had when it was looked up.
#[derive(Debug)]
struct Known {
    groups: Option<Answer>,
    principal: Arc<Principal>,
}

/// Users by their uid alone, whose groups are looked up.
#[derive(Debug)]
pub struct Principals {
    own: u32,
    groups: Groups,
    /// By user, with groups and without.
    known: Mutex<HashMap<(u32, bool), Known>>,
}

impl Principals {
    /// Those that the system knows.
    pub fn of_the_system(clock: SharedClock) -> Self {
        let own = rustix::process::geteuid().as_raw();
        Self { own, groups: Groups::of_the_system(clock), known: Mutex::default() }
    }

    /// A user, with its groups if some group is granted more than it has itself. Where they cannot be looked up, it has none.
    pub async fn of(&self, uid: u32, grants: &Grants) -> Arc<Principal> {
        let itself = self.known(uid, None, grants);
        if !grants.may_be_more_by_group(&itself.standing(grants)) {
            return itself;
        }
        let groups = match self.groups.fresh(uid) {
            Some(groups) => Some(groups),
            None => self.groups.of(uid).await,
        };
        self.known(uid, groups, grants)
    }

    /// The user with these groups, as it is remembered.
    fn known(&self, uid: u32, groups: Option<Answer>, grants: &Grants) -> Arc<Principal> {
        // Every change leaves the map whole.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (uid, groups.is_some());
        match known.get(&key) {
            Some(same) if same.groups == groups => same.principal.clone(),
            _ => {
                let gids = groups.as_deref().unwrap_or_default().to_vec();
                let principal = Arc::new(Principal::new(uid, uid == self.own, gids, grants));
                known.insert(key, Known { groups, principal: principal.clone() });
                principal
            }
        }
    }
}
