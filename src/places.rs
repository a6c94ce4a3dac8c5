//! Who holds how many connections: each user has a share, and a few places are kept for those who must get in.
//!
//! What one user takes never uses up what another needs. The same holds for whatever else is handed out by number: connections
//! that are being refused, and those that wait for a look at the group database. Who a user is (`W`) is the front door's to say.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Places of at least this number are many enough to keep some from the daemon's own user too.
const MANY: usize = 64;

/// Of many: places kept for each of root, the daemon's own user, and the others, and for the other processes of each user.
const FEW: usize = 4;

/// How places are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules<W> {
    /// Places in all.
    pub(crate) max: usize,
    /// The daemon's own user.
    pub(crate) own: W,
    /// Root.
    pub(crate) root: W,
    /// Whether anybody but root and the own user is let in.
    pub(crate) admits_others: bool,
}

/// What the places of one user have in common.
pub(crate) trait OfUser: Clone + Default {
    /// That of a user who has no place yet, beside the others.
    fn of_another_user(&self) -> Self;
}

impl OfUser for () {
    fn of_another_user(&self) {}
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
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

impl<W: Copy + Eq> Rules<W> {
    fn few(self) -> usize {
        if self.max >= MANY { FEW } else { 0 }
    }

    /// Places that the others cannot take, for root and the own user together.
    fn kept(self) -> usize {
        if self.max < 2 { 0 } else { (self.max / 8).clamp(1, 2 * FEW) }
    }

    /// What one user may hold.
    fn share(self, user: W) -> usize {
        if user == self.own { self.max } else { (self.max / 2).max(1) }
    }

    /// Places that this user leaves free, since those for whom they are kept have not taken them yet.
    fn owed(self, user: W, counts: Counts) -> usize {
        let few = self.few();
        let root = if self.own == self.root { 0 } else { few.saturating_sub(counts.root) };
        if user == self.own {
            let others = if self.admits_others { few.saturating_sub(counts.others) } else { 0 };
            root + others
        } else if user == self.root {
            few.saturating_sub(counts.own)
        } else if few > 0 {
            root + (self.kept() - if self.own == self.root { 0 } else { few }).saturating_sub(counts.own)
        } else {
            self.kept().saturating_sub(counts.root + counts.own)
        }
    }

    fn check(self, user: W, counts: Counts) -> Result<(), NoPlace> {
        let share = self.share(user);
        if counts.user >= share {
            return Err(if share == self.max { NoPlace::Taken } else { NoPlace::OverShare { share } });
        }
        let taken = counts.root + counts.own + counts.others + self.owed(user, counts);
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
struct Held<X> {
    connections: usize,
    processes: BTreeMap<Option<i32>, usize>,
    common: X,
}

#[derive(Debug)]
struct Book<W, X> {
    open: usize,
    users: BTreeMap<W, Held<X>>,
    common: X,
}

/// Places, and who has them.
#[derive(Debug)]
pub(crate) struct Places<W, X = ()>(Arc<Mutex<Book<W, X>>>);

impl<W, X> Clone for Places<W, X> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W, X: Default> Default for Places<W, X> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book { open: 0, users: BTreeMap::new(), common: X::default() })))
    }
}

impl<W, X> Places<W, X> {
    fn book(&self) -> MutexGuard<'_, Book<W, X>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.book().open
    }
}

impl<W: Copy + Ord, X: OfUser> Places<W, X> {
    /// Takes one for a process of a user.
    pub(crate) fn enter(&self, user: W, process: Option<i32>, rules: Rules<W>) -> Result<Place<W, X>, NoPlace> {
        let mut book = self.book();
        let of = |user| book.users.get(&user).map_or(0, |held| held.connections);
        let root = if rules.own == rules.root { 0 } else { of(rules.root) };
        let known = book.users.get(&user);
        let of_process = known.and_then(|held| held.processes.get(&process)).copied().unwrap_or(0);
        let own = of(rules.own);
        let others = book.open.saturating_sub(root + own);
        let of_user = known.map_or(0, |held| held.connections);
        rules.check(user, Counts { root, own, others, user: of_user, process: of_process })?;
        let Book { open, users, common } = &mut *book;
        *open += 1;
        let new = || Held { connections: 0, processes: BTreeMap::new(), common: common.of_another_user() };
        let held = users.entry(user).or_insert_with(new);
        held.connections += 1;
        *held.processes.entry(process).or_default() += 1;
        let common = held.common.clone();
        Ok(Place { places: self.clone(), user, process, common })
    }
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<W: Ord, X = ()> {
    places: Places<W, X>,
    user: W,
    process: Option<i32>,
    /// What all places of its user have in common.
    pub(crate) common: X,
}

impl<W: Ord, X> Drop for Place<W, X> {
    fn drop(&mut self) {
        let mut book = self.places.book();
        book.open = book.open.saturating_sub(1);
        let Some(held) = book.users.get_mut(&self.user) else { return };
        held.connections = held.connections.saturating_sub(1);
        if let Some(of_process) = held.processes.get_mut(&self.process) {
            *of_process = of_process.saturating_sub(1);
            if *of_process == 0 {
                held.processes.remove(&self.process);
            }
        }
        if held.connections == 0 {
            book.users.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 990;

    type Places = super::Places<u32>;
    type Place = super::Place<u32>;

    fn rules(max: usize) -> Rules<u32> {
        Rules { max, own: OWN, root: 0, admits_others: true }
    }

    /// Takes places as long as there are any, each for a process of its own.
    fn all_of(places: &Places, uid: u32, rules: Rules<u32>) -> (Vec<Place>, NoPlace) {
        let mut taken = Vec::new();
        loop {
            let pid = i32::try_from(taken.len()).ok();
            match places.enter(uid, pid, rules) {
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
        let enter = |pid| places.enter(OWN, Some(pid), rules(1024));
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
