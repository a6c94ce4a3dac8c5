//! The groups of a peer's user, by the system's database.
//!
//! The database may be a directory server that answers slowly, or not at all. It is asked on threads of its own, a few at a
//! time and once for each user; what it said is remembered for a while.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nix::unistd::{Uid, User, getgrouplist};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::clock::{self, Instant, SharedClock};

/// An answer this young is not asked for again.
const FRESH: Duration = Duration::from_secs(60);

/// An older answer counts while the database is slow or fails, but not beyond this age: who has left a group must be out.
const STALE: Duration = Duration::from_secs(10 * 60);

/// A failure is not repeated sooner.
const FAILED: Duration = Duration::from_secs(5);

/// Longest wait for the first answer about a user,
const FIRST_WITHIN: Duration = Duration::from_secs(5);

/// and for a newer one.
const NEWER_WITHIN: Duration = Duration::from_millis(200);

/// Look-ups at one time.
const LOOKUPS: usize = 4;

/// Users who are remembered; a peer may have thousands of uids.
const MAX_USERS: usize = 1024;

/// The groups of a user; `None`: the database cannot be asked. A user whom it does not know has no groups.
type Lookup = dyn Fn(u32) -> Option<Vec<u32>> + Send + Sync;

/// Groups as they were last looked up.
pub(crate) type Answer = Arc<[u32]>;

#[derive(Debug, Default)]
struct Known {
    answer: Option<(Answer, Instant)>,
    failed_at: Option<Instant>,
    /// A look-up is under way: closed when it has ended.
    running: Option<watch::Receiver<()>>,
}

impl Known {
    fn younger_than(&self, age: Duration, now: Instant) -> Option<Answer> {
        self.answer.as_ref().filter(|(_, at)| now.since(*at) < age).map(|(groups, _)| groups.clone())
    }
}

/// The groups of users.
#[derive(Clone)]
pub(crate) struct Groups {
    clock: SharedClock,
    lookup: Arc<Lookup>,
    known: Arc<Mutex<BTreeMap<u32, Known>>>,
    threads: Arc<Semaphore>,
    lookups: Arc<Mutex<JoinSet<()>>>,
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Groups {
    /// Those of the system.
    pub(crate) fn of_the_system(clock: SharedClock) -> Self {
        Self::looked_up_by(clock, Arc::new(look_up))
    }

    fn looked_up_by(clock: SharedClock, lookup: Arc<Lookup>) -> Self {
        let threads = Arc::new(Semaphore::new(LOOKUPS));
        Self { clock, lookup, known: Arc::default(), threads, lookups: Arc::default() }
    }

    /// The groups of a user, if they were looked up just now.
    pub(crate) fn fresh(&self, uid: u32) -> Option<Answer> {
        self.known().get(&uid)?.younger_than(FRESH, self.clock.monotonic())
    }

    /// The groups of a user; `None`: the database does not say in time.
    pub(crate) async fn of(&self, uid: u32) -> Option<Answer> {
        let now = self.clock.monotonic();
        let (stale, running) = {
            let mut known = self.known();
            if known.len() >= MAX_USERS && !known.contains_key(&uid) {
                forget_one(&mut known);
            }
            let user = known.entry(uid).or_default();
            if let Some(groups) = user.younger_than(FRESH, now) {
                return Some(groups);
            }
            let failed_just_now = user.failed_at.is_some_and(|at| now.since(at) < FAILED);
            if user.running.is_none() && !failed_just_now {
                user.running = Some(self.start(uid));
            }
            (user.younger_than(STALE, now), user.running.clone())
        };
        let Some(mut running) = running else { return stale };
        let within = if stale.is_some() { NEWER_WITHIN } else { FIRST_WITHIN };
        // It says nothing; it is closed.
        let ended = clock::before(&*self.clock, now.saturating_add(within), running.changed()).await;
        let newer = ended.and_then(|_| self.known().get(&uid)?.younger_than(FRESH, self.clock.monotonic()));
        newer.or(stale)
    }

    /// Starts a look-up, which goes on when nobody waits for it any more.
    fn start(&self, uid: u32) -> watch::Receiver<()> {
        let (ended, running) = watch::channel(());
        let groups = self.clone();
        let mut lookups = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
        while lookups.try_join_next().is_some() {}
        lookups.spawn(async move {
            // Never closed.
            let _permit = groups.threads.acquire().await;
            let lookup = groups.lookup.clone();
            let answer = tokio::task::spawn_blocking(move || lookup(uid)).await;
            let now = groups.clock.monotonic();
            if let Some(user) = groups.known().get_mut(&uid) {
                user.running = None;
                match answer {
                    Ok(Some(answer)) => {
                        user.answer = Some((answer.into(), now));
                        user.failed_at = None;
                    }
                    Ok(None) | Err(_) => user.failed_at = Some(now),
                }
            }
            drop(ended);
        });
        running
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<u32, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room, at the cost of whoever was looked up longest ago.
fn forget_one(known: &mut BTreeMap<u32, Known>) {
    let done = known.iter().filter(|(_, user)| user.running.is_none());
    let oldest = done.min_by_key(|(_, user)| user.answer.as_ref().map(|(_, at)| *at)).map(|(uid, _)| *uid);
    oldest.map(|uid| known.remove(&uid));
}

/// Asks the system. Blocks.
fn look_up(uid: u32) -> Option<Vec<u32>> {
    let Some(user) = User::from_uid(Uid::from_raw(uid)).ok()? else { return Some(Vec::new()) };
    let name = std::ffi::CString::new(user.name).ok()?;
    let groups = getgrouplist(&name, user.gid).ok()?;
    Some(groups.into_iter().map(nix::unistd::Gid::as_raw).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use chrono::DateTime;
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    /// A database that answers when it is let, and counts how often it was asked.
    fn slow_database() -> (ManualClock, Groups, mpsc::Sender<Option<Vec<u32>>>, Arc<AtomicUsize>) {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let (answers, queue) = mpsc::channel();
        let (queue, asked) = (Mutex::new(queue), Arc::new(AtomicUsize::new(0)));
        let counter = asked.clone();
        let groups = Groups::looked_up_by(
            clock.shared(),
            Arc::new(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                queue.lock().unwrap().recv().ok().flatten()
            }),
        );
        (clock, groups, answers, asked)
    }

    #[tokio::test]
    async fn many_who_ask_of_one_user_share_a_look_up_and_what_it_said() {
        let (clock, groups, answers, asked) = slow_database();
        let all = futures_util::future::join_all((0..50).map(|_| groups.of(7)));
        tokio::pin!(all);
        assert!(futures_util::poll!(&mut all).is_pending());
        answers.send(Some(vec![1, 2])).unwrap();
        assert!(all.await.iter().all(|groups| groups.as_deref() == Some(&[1, 2][..])));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        clock.advance(FRESH - Duration::from_millis(1));
        assert_eq!(groups.fresh(7).as_deref(), Some(&[1, 2][..]));
        clock.advance(Duration::from_millis(1));
        assert_eq!(groups.fresh(7), None);
        answers.send(Some(vec![3])).unwrap();
        assert_eq!(groups.of(7).await.as_deref(), Some(&[3][..]));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn who_was_known_is_known_while_the_database_is_slow_but_not_for_ever() {
        let (clock, groups, answers, asked) = slow_database();
        answers.send(Some(vec![1])).unwrap();
        assert!(groups.of(7).await.is_some());
        clock.advance(STALE - Duration::from_secs(1));
        let known = groups.of(7);
        tokio::pin!(known);
        assert!(futures_util::poll!(&mut known).is_pending());
        clock.advance(NEWER_WITHIN);
        assert_eq!(known.await.as_deref(), Some(&[1][..]));
        clock.advance(Duration::from_secs(1));
        let unknown = groups.of(7);
        tokio::pin!(unknown);
        assert!(futures_util::poll!(&mut unknown).is_pending());
        clock.advance(FIRST_WITHIN);
        assert_eq!(unknown.await, None);
        while asked.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        answers.send(None).unwrap();
        assert_eq!(groups.of(7).await, None);
        assert_eq!(groups.of(7).await, None);
        assert_eq!(
            asked.load(Ordering::Relaxed),
            2,
            "neither a look-up that runs is repeated, nor at once one that failed"
        );
        clock.advance(FAILED);
        answers.send(Some(vec![2])).unwrap();
        assert_eq!(groups.of(7).await.as_deref(), Some(&[2][..]));
    }

    #[tokio::test]
    async fn a_peer_with_many_uids_makes_the_oldest_forgotten() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let groups = Groups::looked_up_by(clock.shared(), Arc::new(|uid| Some(vec![uid])));
        for uid in 0..1100 {
            assert_eq!(groups.of(uid).await.as_deref(), Some(&[uid][..]));
            clock.advance(Duration::from_millis(1));
        }
        let remembered = groups.known().len();
        assert_eq!((remembered, groups.fresh(0), groups.fresh(1099).is_some()), (MAX_USERS, None, true));
    }

    #[tokio::test]
    async fn the_system_knows_the_groups_of_its_users() {
        let groups = Groups::of_the_system(ManualClock::at(DateTime::UNIX_EPOCH).shared());
        assert!(groups.of(0).await.unwrap().contains(&0), "root is in the group of root");
        assert!(groups.of(4_000_000_123).await.unwrap().is_empty());
    }
}
