//! Whom a call is for, and its places in the line.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use tokio::sync::{oneshot, watch};

use super::{
    Shared,
    lanes::{CallerId, Claim, Ticket},
    scheduler::Grant,
};

/// Those whom one call is for. More may join while it waits: it goes as soon as it would for any of them.
#[derive(Debug, Clone)]
pub struct Claimants {
    claims: watch::Sender<Vec<Claim>>,
    /// Whether the call has gone out.
    is_sent: Arc<AtomicBool>,
}

impl From<Claim> for Claimants {
    fn from(claim: Claim) -> Self {
        Self { claims: watch::Sender::new(vec![claim]), is_sent: Arc::default() }
    }
}

impl Claimants {
    /// Those who wait for an answer; nobody: it is fetched in the background.
    pub fn waiting(mut callers: impl Iterator<Item = CallerId>) -> Self {
        let claimants = Self::from(callers.next().map_or(Claim::BACKGROUND, Claim::waiting));
        callers.for_each(|caller| claimants.join(Claim::waiting(caller)));
        claimants
    }

    /// The call is for somebody else as well.
    pub fn join(&self, claim: Claim) {
        self.claims.send_if_modified(|claims| {
            let is_new = !claims.contains(&claim);
            claims.extend(is_new.then_some(claim));
            is_new
        });
    }

    /// The call goes out.
    pub(crate) fn sent(&self) {
        self.is_sent.store(true, Ordering::Relaxed);
    }

    /// Whether it has, or may have: who comes now is not served by it.
    pub fn is_sent(&self) -> bool {
        self.is_sent.load(Ordering::Relaxed)
    }

    /// Their claims, and those of who joins.
    pub(super) fn subscribe(&self) -> watch::Receiver<Vec<Claim>> {
        self.claims.subscribe()
    }
}

/// A place in the line; it is left when this is dropped.
pub(super) struct Place<'a> {
    pub(super) shared: &'a Shared,
    pub(super) ticket: Ticket,
    pub(super) granted: oneshot::Receiver<Grant>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.waiting.remove(&self.ticket.number);
        let was_waiting = state.scheduler.leave(self.ticket);
        // It may have been let go in the same moment.
        let unused = self.granted.try_recv().ok();
        if let Some(grant) = &unused {
            state.scheduler.give_back(grant);
        }
        drop(state);
        if was_waiting || unused.is_some() {
            self.shared.go_on();
        }
    }
}

/// The first grant to one of these places.
pub(super) async fn first(places: &mut [Place<'_>]) -> Grant {
    poll_fn(|context| {
        for place in &mut *places {
            if let Poll::Ready(Ok(grant)) = Pin::new(&mut place.granted).poll(context) {
                return Poll::Ready(grant);
            }
        }
        Poll::Pending
    })
    .await
}
