//! Who holds how many connections: each user has a share, and a few places are kept for those who must get in.
//!
//! What one user takes never uses up what another needs. The same holds for whatever else is handed out by number: connections
//! that are being refused, and those that wait for a look at the group database.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{peer::Peer, unread::Unread};

/// Places of at least this number are many enough to keep some from the daemon's own user too.
const MANY: usize = 64;

/// Of many: places kept for each of root, the daemon's own user, and the others, and for the other processes of each user.
const FEW: usize = 4;

/// How places are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    /// Places in all.
    pub(super) max: usize,
    /// The daemon's own user.
    pub(super) own: u32,
    /// Whether anybody but root and the own user is let in.
    pub(super) admits_others: bool,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// All are taken, or kept for others.
    Taken,
    /// The user has as many as one user may.
    OverShare {
        /// So many.
        share: usize,
    },
    /// The process has many, and what its user may still take is kept for the user's other processes.
    OverProcess,
}

/// How many connections there are, as one peer sees them.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    root: usize,
    own: usize,
    others: usize,
    /// Of the peer's user, which is counted above too.
    user: usize,
    /// Of the peer's process.
    process: usize,
}

impl Rules {
    fn few(self) -> usize {
        if self.max >= MANY { FEW } else { 0 }
    }

    /// Places that the others cannot take, for root and the own user together.
    fn kept(self) -> usize {
        if self.max < 2 { 0 } else { (self.max / 8).clamp(1, 2 * FEW) }
    }

    /// What one user may hold.
    fn share(self, uid: u32) -> usize {
        if uid == self.own { self.max } else { (self.max / 2).max(1) }
    }

    /// Places that this user leaves free, since those for whom they are kept have not taken them yet.
    fn owed(self, uid: u32, counts: Counts) -> usize {
        let few = self.few();
        let root = if self.own == 0 { 0 } else { few.saturating_sub(counts.root) };
        if uid == self.own {
            let others = if self.admits_others { few.saturating_sub(counts.others) } else { 0 };
            root + others
        } else if uid == 0 {
            few.saturating_sub(counts.own)
        } else if few > 0 {
            root + (self.kept() - if self.own == 0 { 0 } else { few }).saturating_sub(counts.own)
        } else {
            self.kept().saturating_sub(counts.root + counts.own)
        }
    }

    fn check(self, uid: u32, counts: Counts) -> Result<(), NoPlace> {
        let share = self.share(uid);
        if counts.user >= share {
            return Err(if share == self.max { NoPlace::Taken } else { NoPlace::OverShare { share } });
        }
        let taken = counts.root + counts.own + counts.others + self.owed(uid, counts);
        if taken >= self.max {
            return Err(NoPlace::Taken);
        }
        let few = self.few();
        let last_few = counts.user + few >= share || taken + few >= self.max;
        if few > 0 && counts.process >= few && last_few {
            return Err(NoPlace::OverProcess);
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Held {
    connections: usize,
    processes: BTreeMap<Option<i32>, usize>,
    unread: Unread,
}

#[derive(Debug, Default)]
struct Book {
    open: usize,
    users: BTreeMap<u32, Held>,
    unread: Unread,
}

/// Places, and who has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Arc<Mutex<Book>>);

impl Places {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.book().open
    }

    /// Takes one.
    pub(super) fn enter(&self, peer: Peer, rules: Rules) -> Result<Place, NoPlace> {
        let mut book = self.book();
        let of = |uid| book.users.get(&uid).map_or(0, |held| held.connections);
        let root = if rules.own == 0 { 0 } else { of(0) };
        let user = book.users.get(&peer.uid);
        let process = user.and_then(|held| held.processes.get(&peer.pid)).copied().unwrap_or(0);
        let own = of(rules.own);
        let others = book.open.saturating_sub(root + own);
        let user = user.map_or(0, |held| held.connections);
        rules.check(peer.uid, Counts { root, own, others, user, process })?;
        let Book { open, users, unread } = &mut *book;
        *open += 1;
        let held =
            users.entry(peer.uid).or_insert_with(|| Held { unread: unread.of_another_user(), ..Held::default() });
        held.connections += 1;
        *held.processes.entry(peer.pid).or_default() += 1;
        let unread = held.unread.clone();
        Ok(Place { places: self.clone(), peer, unread })
    }
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    peer: Peer,
    /// The replies of its user.
    pub(super) unread: Unread,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Peer { uid, pid, .. } = self.peer;
        let mut book = self.places.book();
        book.open = book.open.saturating_sub(1);
        let Some(held) = book.users.get_mut(&uid) else { return };
        held.connections = held.connections.saturating_sub(1);
        if let Some(of_process) = held.processes.get_mut(&pid) {
            *of_process = of_process.saturating_sub(1);
            if *of_process == 0 {
                held.processes.remove(&pid);
            }
        }
        if held.connections == 0 {
            book.users.remove(&uid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 990;

    fn rules(max: usize) -> Rules {
        Rules { max, own: OWN, admits_others: true }
    }

    /// Takes places as long as there are any, each for a process of its own.
    fn all_of(places: &Places, uid: u32, rules: Rules) -> (Vec<Place>, NoPlace) {
        let mut taken = Vec::new();
        loop {
            let pid = i32::try_from(taken.len()).ok();
            match places.enter(Peer { uid, gid: 1, pid }, rules) {
                Ok(place) => taken.push(place),
                Err(why) => return (taken, why),
            }
        }
    }

    #[test]
    fn one_user_has_half_and_the_own_user_gets_in_all_the_same() {
        for max in [2, 3, 4, 8, 63, 64, 1024] {
            let places = Places::default();
            let (one, why) = all_of(&places, 1000, rules(max));
            assert_eq!((one.len(), why), (max / 2, NoPlace::OverShare { share: max / 2 }), "{max}");
            let others: Vec<_> = (1001..1010).map(|uid| all_of(&places, uid, rules(max)).0).collect();
            let (own, why) = all_of(&places, OWN, rules(max));
            assert!(!own.is_empty() && why == NoPlace::Taken, "{max}");
            let others = others.iter().map(Vec::len).sum::<usize>();
            assert!(others > 0 || max < 4, "{max}: another user found a place");
            let (root, _) = all_of(&places, 0, rules(max));
            assert_eq!(root.len(), rules(max).few(), "{max}: what the own user has left");
            assert_eq!(places.taken(), max);
        }
    }

    #[test]
    fn root_finds_a_place_wherever_the_others_are_greedy() {
        for max in [4, 8, 64, 1024] {
            let places = Places::default();
            let others: Vec<_> = (1000..1010).map(|uid| all_of(&places, uid, rules(max)).0).collect();
            let root = all_of(&places, 0, rules(max)).0.len();
            assert!(root > 0, "{max}");
            drop(others);
        }
    }

    #[test]
    fn the_own_user_and_root_leave_each_other_a_few_and_the_rest_a_few() {
        let places = Places::default();
        let (own, _) = all_of(&places, OWN, rules(1024));
        assert_eq!(own.len(), 1024 - 2 * FEW);
        assert!(!all_of(&places, 0, rules(1024)).0.is_empty());
        assert!(!all_of(&places, 1000, rules(1024)).0.is_empty());
        drop(own);
        let places = Places::default();
        let root = all_of(&places, 0, rules(1024)).0;
        let stranger = all_of(&places, 1000, rules(1024)).0;
        assert_eq!((root.len(), stranger.len()), (512, 508), "four are the own user's");
        assert_eq!(all_of(&places, OWN, rules(1024)).0.len(), FEW);
    }

    #[test]
    fn one_program_leaves_the_last_few_to_other_programs_of_its_user() {
        let places = Places::default();
        let enter = |pid| places.enter(Peer { uid: OWN, gid: 1, pid: Some(pid) }, rules(1024));
        let mut taken = Vec::new();
        let why = loop {
            match enter(1) {
                Ok(place) => taken.push(place),
                Err(why) => break why,
            }
        };
        assert_eq!((taken.len(), why), (1024 - 3 * FEW, NoPlace::OverProcess));
        assert!(enter(2).is_ok());
    }

    #[test]
    fn a_daemon_of_root_and_a_single_place_are_served_too() {
        let of_root = Rules { own: 0, ..rules(1024) };
        let places = Places::default();
        let greedy = [all_of(&places, 1000, of_root).0, all_of(&places, 1001, of_root).0];
        assert_eq!(greedy.iter().map(Vec::len).sum::<usize>(), 1024 - 2 * FEW);
        assert_eq!(all_of(&places, 0, of_root).0.len(), 2 * FEW);
        for uid in [OWN, 0, 1000] {
            assert_eq!(all_of(&Places::default(), uid, rules(1)).0.len(), 1);
        }
        let alone = Rules { admits_others: false, ..of_root };
        assert_eq!(all_of(&Places::default(), 0, alone).0.len(), 1024);
    }

    #[test]
    fn a_place_that_is_left_is_free() {
        let places = Places::default();
        let (taken, _) = all_of(&places, OWN, rules(8));
        drop(taken);
        assert_eq!(places.taken(), 0);
        assert!(places.book().users.is_empty());
    }
}
