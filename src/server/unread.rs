//! Memory of replies that were asked for and are not taken: counted for each user and for all, and bounded.
//!
//! Only what a reply holds alone is counted. Results that many replies share cost nothing more when they are held once more.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// What the replies of one user may hold,
const OF_USER: usize = 32 * 1024 * 1024;

/// and those of all users. Beyond, each connection gets one reply at a time, and only a short one.
const OF_ALL: usize = 64 * 1024 * 1024;

/// What each connection may hold without being counted: replies on their way are no sign of a client that does not read.
const FREE: usize = 16 * 1024;

/// What the replies of one batch may hold,
const OF_BATCH: usize = 256 * 1024;

/// and while memory is scarce.
const OF_BATCH_WHEN_SCARCE: usize = 16 * 1024;

/// The replies of one user, with those of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread {
    of_user: Arc<AtomicUsize>,
    of_all: Arc<AtomicUsize>,
}

impl Unread {
    /// A user of whom nothing is held yet, beside the others.
    pub(super) fn of_another_user(&self) -> Self {
        Self { of_user: Arc::default(), of_all: self.of_all.clone() }
    }

    /// Whether so much is held that each connection has to be content with little.
    pub(super) fn is_scarce(&self) -> bool {
        self.of_user.load(Ordering::Relaxed) >= OF_USER || self.of_all.load(Ordering::Relaxed) >= OF_ALL
    }

    /// What the replies of one batch may hold now.
    pub(super) fn of_batch(&self) -> usize {
        if self.is_scarce() { OF_BATCH_WHEN_SCARCE } else { OF_BATCH }
    }

    /// Counts nothing yet.
    pub(super) fn charge(&self) -> Charge {
        Charge { unread: self.clone(), counted: 0 }
    }
}

/// What one holder of replies is counted with, until it is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    unread: Unread,
    counted: usize,
}

impl Charge {
    /// Counts `held` bytes from now on.
    pub(super) fn set(&mut self, held: usize) {
        let (before, now) = (self.counted, held.saturating_sub(FREE));
        if now == before {
            return;
        }
        for sum in [&self.unread.of_user, &self.unread.of_all] {
            if now > before {
                sum.fetch_add(now - before, Ordering::Relaxed);
            } else {
                sum.fetch_sub(before - now, Ordering::Relaxed);
            }
        }
        self.counted = now;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_has_half_and_leaves_the_other_half() {
        let (one, other) = (Unread::default(), Unread::default().of_another_user());
        let other = Unread { of_all: one.of_all.clone(), ..other };
        let mut charges: Vec<Charge> = std::iter::repeat_with(|| one.charge()).take(32).collect();
        charges.iter_mut().for_each(|charge| charge.set(1024 * 1024 + FREE));
        assert!(one.is_scarce() && !other.is_scarce());
        let mut more = other.charge();
        more.set(OF_USER - 1 + FREE);
        assert!(!other.is_scarce());
        more.set(OF_USER + FREE);
        assert!(one.of_another_user().is_scarce(), "all together hold too much");
        drop((charges, more));
        assert!(!one.is_scarce() && one.of_all.load(Ordering::Relaxed) == 0);
    }

    #[test]
    fn what_is_on_its_way_is_not_counted() {
        let unread = Unread::default();
        let mut charge = unread.charge();
        charge.set(FREE);
        assert_eq!(unread.of_all.load(Ordering::Relaxed), 0);
        charge.set(FREE + 1);
        assert_eq!(unread.of_all.load(Ordering::Relaxed), 1);
    }
}
