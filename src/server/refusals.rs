//! Refusals in the log: the first of a user and kind at once, then a count a second.
//!
//! Whoever is refused chooses how often. A line for each refusal would let a stranger fill the disk.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tracing::{info, warn};

use super::peer::Peer;
use crate::{
    clock::{Instant, SharedClock},
    wire::types::Right,
};

/// Time between two lines about the same user and kind.
const LOGGED_EVERY: Duration = Duration::from_secs(1);

/// Users and kinds with lines of their own. A peer may have thousands of uids (subordinate ones); beyond this number, refusals
/// of one kind share a line.
const MAX_OWN_LINES: usize = 128;

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refused {
    /// A connection of a user who is not allowed.
    Stranger,
    /// A connection of a user whom this user namespace does not know.
    Unmapped,
    /// A connection of a user whose groups cannot be looked up in time.
    GroupsUnknown,
    /// A connection over `rpc.max_connections`.
    NoPlace,
    /// A connection over what one user, or one process, may hold of it.
    OverShare,
    /// An HTTP request with an `Origin` header.
    Browser,
    /// A method, by a user who has not the right to it.
    Denied {
        /// Its name,
        method: &'static str,
        /// and the right.
        needs: Right,
    },
    /// A renewal of the token within KIS's minute.
    EarlyRenewal,
}

impl Refused {
    fn text(self) -> &'static str {
        match self {
            Self::Stranger => "refused a peer that is not allowed",
            Self::Unmapped => "refused a peer whose user is not known in this user namespace",
            Self::GroupsUnknown => "refused a peer whose groups cannot be looked up in time",
            Self::NoPlace => "refused a connection over rpc.max_connections",
            Self::OverShare => "refused a connection over its user's share of rpc.max_connections",
            Self::Browser => "refused an HTTP request with an Origin header",
            Self::Denied { needs, .. } => asked_for(needs),
            Self::EarlyRenewal => asked_for(Right::Refresh),
        }
    }

    /// The method that was called, where it is told.
    fn method(self) -> Option<&'static str> {
        match self {
            Self::Denied { method, .. } => Some(method),
            _ => None,
        }
    }

    /// Whether the owner of the daemon has something to do about it.
    fn is_warning(self) -> bool {
        matches!(self, Self::GroupsUnknown | Self::NoPlace | Self::OverShare)
    }

    /// For methods, whether the user has the right.
    fn allowed(self) -> Option<bool> {
        match self {
            Self::Denied { .. } => Some(false),
            Self::EarlyRenewal => Some(true),
            _ => None,
        }
    }

    fn log_first(self, peer: Peer) {
        let (text, allowed, method) = (self.text(), self.allowed(), self.method());
        if self.is_warning() {
            warn!(peer.uid, peer.gid, peer.pid, allowed, method, "{text}");
        } else {
            info!(peer.uid, peer.gid, peer.pid, allowed, method, "{text}");
        }
    }

    /// `uid` is `None` for many users together.
    fn log_again(self, uid: Option<u32>, again: u64) {
        let (text, allowed, method) = (self.text(), self.allowed(), self.method());
        if self.is_warning() {
            warn!(peer.uid = uid, again, allowed, method, "{text}, again");
        } else {
            info!(peer.uid = uid, again, allowed, method, "{text}, again");
        }
    }
}

/// What is asked for by who uses a right, for the log.
pub(super) fn asked_for(right: Right) -> &'static str {
    match right {
        Right::Refresh => "a renewal of the token was asked for",
        Right::Trade => "an order was asked for",
        Right::Approve => "an approval was asked for",
        Right::Admin => "a change of the gateway was asked for",
        Right::Read | Right::Unknown => "an account was asked about",
    }
}

#[derive(Debug)]
struct Counted {
    logged_at: Instant,
    unlogged: u64,
}

/// Refusals of the last second.
#[derive(Debug)]
pub(super) struct Refusals {
    clock: SharedClock,
    counted: Mutex<BTreeMap<(Option<u32>, Refused), Counted>>,
    /// Tells [`due`](Self::due) of a first refusal.
    begun: Notify,
}

impl Refusals {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self { clock, counted: Mutex::default(), begun: Notify::new() }
    }

    /// Logs a refusal, or counts it if one of this user and kind was logged within the last second.
    pub(super) fn note(&self, what: Refused, peer: Peer) {
        let now = self.clock.monotonic();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = counted.len() < MAX_OWN_LINES;
        if let Some(known) = counted.get_mut(&(Some(peer.uid), what)) {
            known.unlogged += 1;
            return;
        }
        if has_room {
            counted.insert((Some(peer.uid), what), Counted { logged_at: now, unlogged: 0 });
        } else {
            counted.entry((None, what)).or_insert(Counted { logged_at: now, unlogged: 0 }).unlogged += 1;
        }
        drop(counted);
        self.begun.notify_one();
        if has_room {
            what.log_first(peer);
        }
    }

    /// Completes when there are counts to [`flush`](Self::flush).
    pub(super) async fn due(&self) {
        loop {
            match self.flush_at() {
                Some(at) => return self.clock.sleep_until(at).await,
                None => self.begun.notified().await,
            }
        }
    }

    fn flush_at(&self) -> Option<Instant> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.values().map(|known| known.logged_at.saturating_add(LOGGED_EVERY)).min()
    }

    /// Logs what was counted for a second, and forgets who was quiet for one.
    pub(super) fn flush(&self) {
        let now = self.clock.monotonic();
        self.log_counts(|counted| now.since(counted.logged_at) >= LOGGED_EVERY);
    }

    /// Logs what was counted and is not in the log yet.
    pub(super) fn finish(&self) {
        self.log_counts(|_| true);
    }

    fn log_counts(&self, is_due: impl Fn(&Counted) -> bool) {
        let now = self.clock.monotonic();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|(uid, what), known| {
            if !is_due(known) {
                return true;
            }
            let again = std::mem::take(&mut known.unlogged);
            known.logged_at = now;
            if again > 0 {
                what.log_again(*uid, again);
            }
            again > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use chrono::DateTime;

    const DENIED: Refused = Refused::Denied { method: "token.refresh", needs: Right::Refresh };

    fn peer(uid: u32) -> Peer {
        Peer { uid, gid: 1, pid: None }
    }

    #[test]
    fn every_refusal_is_accounted_for_and_a_quiet_user_is_forgotten() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let refusals = Refusals::new(clock.shared());
        let counted = |uid, what| refusals.counted.lock().unwrap().get(&(uid, what)).map(|known| known.unlogged);
        for uid in [7, 7, 7, 8] {
            refusals.note(Refused::Stranger, peer(uid));
        }
        refusals.note(DENIED, peer(7));
        assert_eq!(counted(Some(7), Refused::Stranger), Some(2));
        assert_eq!(counted(Some(7), DENIED), Some(0), "kinds are counted apart");
        assert_eq!(
            (counted(Some(8), Refused::Stranger), refusals.flush_at()),
            (Some(0), Some(Instant::at(LOGGED_EVERY)))
        );
        clock.advance(LOGGED_EVERY);
        refusals.flush();
        assert_eq!(counted(Some(7), Refused::Stranger), Some(0), "the two were logged");
        assert_eq!(counted(Some(8), Refused::Stranger), None);
        clock.advance(LOGGED_EVERY);
        refusals.flush();
        assert_eq!((counted(Some(7), Refused::Stranger), refusals.flush_at()), (None, None));
    }

    #[test]
    fn many_users_share_one_line() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let refusals = Refusals::new(clock.shared());
        for uid in 0..1000 {
            refusals.note(Refused::Stranger, peer(uid));
        }
        let counted = refusals.counted.lock().unwrap();
        assert_eq!(counted.len(), MAX_OWN_LINES + 1);
        assert_eq!(counted[&(None, Refused::Stranger)].unlogged, 1000 - MAX_OWN_LINES as u64);
    }

    #[tokio::test]
    async fn counts_are_due_although_the_first_came_after_the_wait_began() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH);
        let refusals = Refusals::new(clock.shared());
        let due = refusals.due();
        tokio::pin!(due);
        assert!(futures_util::poll!(&mut due).is_pending());
        refusals.note(Refused::NoPlace, peer(7));
        assert!(futures_util::poll!(&mut due).is_pending());
        clock.advance(LOGGED_EVERY);
        due.await;
    }
}
