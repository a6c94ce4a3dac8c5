//! Previews: what a caller has seen, for three minutes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{clock::Instant, order::ticket::Ticket};

/// How long one is good.
pub(super) const GOOD_FOR: Duration = Duration::from_secs(180);

/// So many are remembered; the oldest goes first.
const MOST: usize = 1000;

#[derive(Default)]
pub(super) struct Previews(Mutex<HashMap<String, (String, Ticket, Instant)>>);

impl fmt::Debug for Previews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Previews")
    }
}

impl Previews {
    pub(super) fn put(&self, id: String, owner: String, ticket: Ticket, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, _, at)| now.since(*at) < GOOD_FOR);
        while known.len() >= MOST {
            let oldest = known.iter().min_by_key(|(_, (_, _, at))| *at).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            known.remove(&oldest);
        }
        known.insert(id, (owner, ticket, now));
    }

    /// What was previewed, for the one who has seen it.
    pub(super) fn get(&self, id: &str, owner: &str, now: Instant) -> Option<Ticket> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, ticket, at) = known.get(id)?;
        (of == owner && now.since(*at) < GOOD_FOR).then(|| ticket.clone())
    }
}
