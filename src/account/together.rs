//! Gathers what several callers ask within a few milliseconds into one call of KIS, of an operation that takes several things at once.
//!
//! It only decides which call that is: each caller asks the desk for it, where the same question is one call and one answer.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::clock::{self, Clock, Instant};

/// How long a call waits for more to ask.
const GATHERS: Duration = Duration::from_millis(5);

/// A call whose things are not asked again for so long is forgotten.
const REMEMBERED: Duration = Duration::from_secs(60);

/// So many things are remembered before those that are too old are forgotten.
const MANY: usize = 2048;

/// Things that are asked about together.
#[derive(Debug)]
pub struct Together<T> {
    most: usize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    /// The call that takes more.
    open: Option<Arc<Batch<T>>>,
    /// The last call of each thing.
    last: HashMap<T, Arc<Batch<T>>>,
}

/// The things of one call.
#[derive(Debug)]
pub struct Batch<T> {
    /// While it takes more; `None`: it does not.
    gathered: Mutex<Option<Vec<T>>>,
    closes: Instant,
    is_full: Notify,
    closed: OnceLock<(Instant, Vec<T>)>,
}

impl<T: Clone + Ord + Hash> Together<T> {
    /// At most so many in one call.
    pub fn new(most: usize) -> Self {
        Self { most, state: Mutex::new(State { open: None, last: HashMap::new() }) }
    }

    /// The calls that answer for these things, at most `max_age` old, in the order asked. They are complete when this returns.
    pub async fn calls(&self, clock: &dyn Clock, things: &[T], max_age: Duration) -> Vec<Arc<Batch<T>>> {
        let batches: Vec<Arc<Batch<T>>> = {
            let now = clock.monotonic();
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            things.iter().map(|thing| self.batch(&mut state, now, thing, max_age)).collect()
        };
        for batch in &batches {
            batch.wait(clock).await;
        }
        batches
    }

    fn batch(&self, state: &mut State<T>, now: Instant, thing: &T, max_age: Duration) -> Arc<Batch<T>> {
        if let Some(last) = state.last.get(thing) {
            // Under way, or answered not longer ago than is allowed.
            let is_young = last.closed.get().is_none_or(|(at, _)| now.since(*at) < max_age);
            if is_young {
                return last.clone();
            }
        }
        let open = state.open.take().filter(|open| now < open.closes);
        let (batch, count) = open.and_then(|open| open.add(thing).map(|count| (open, count))).unwrap_or_else(|| {
            let batch = Batch::new(now.saturating_add(GATHERS), thing.clone());
            (Arc::new(batch), 1)
        });
        if count >= self.most {
            batch.close(now);
        } else {
            state.open = Some(batch.clone());
        }
        if state.last.len() >= MANY {
            state.last.retain(|_, batch| batch.closed.get().is_none_or(|(at, _)| now.since(*at) < REMEMBERED));
        }
        state.last.insert(thing.clone(), batch.clone());
        batch
    }
}

impl<T: Clone + Ord> Batch<T> {
    fn new(closes: Instant, first: T) -> Self {
        Self { gathered: Mutex::new(Some(vec![first])), closes, is_full: Notify::new(), closed: OnceLock::new() }
    }

    /// Adds a thing, and says how many there are; `None`: it takes no more.
    fn add(&self, thing: &T) -> Option<usize> {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let gathered = gathered.as_mut()?;
        if !gathered.contains(thing) {
            gathered.push(thing.clone());
        }
        Some(gathered.len())
    }

    /// Takes no more.
    fn close(&self, now: Instant) {
        let gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut things) = gathered {
            things.sort();
            self.closed.get_or_init(|| (now, things));
            self.is_full.notify_waiters();
        }
    }

    /// Waits until it takes no more. Whoever waits can end it, so that nobody depends on another.
    async fn wait(&self, clock: &dyn Clock) {
        while self.closed.get().is_none() {
            let full = self.is_full.notified();
            if self.closed.get().is_none() && clock::before(clock, self.closes, full).await.is_none() {
                self.close(clock.monotonic());
                // Whoever was quicker has it in hand.
                tokio::task::yield_now().await;
            }
        }
    }

    /// The things, in their order, and when the last was added.
    pub fn things(&self) -> Option<(Instant, &[T])> {
        self.closed.get().map(|(at, things)| (*at, things.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::clock::ManualClock;

    fn things(batch: &Batch<u32>) -> Vec<u32> {
        batch.things().unwrap().1.to_vec()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_within_a_few_milliseconds_is_one_call_and_a_full_one_waits_for_nobody() {
        let clock = ManualClock::at(chrono::DateTime::UNIX_EPOCH);
        let together = Together::new(3);
        let ask = |asked: &'static [u32], max_age| together.calls(&clock, asked, max_age);
        let second = Duration::from_secs(1);
        let three = join_all([ask(&[2], second), ask(&[1, 2], second), ask(&[3], second)]).await;
        assert!(
            three.iter().flatten().all(|batch| things(batch) == [1, 2, 3]),
            "it is full, and the clock stood still"
        );
        let (more, ()) = tokio::join!(ask(&[1, 4], second), async { clock.advance(GATHERS) });
        assert_eq!(things(&more[1]), [4]);
        assert!(Arc::ptr_eq(&more[0], &three[0][0]), "young enough");
        let (fresh, ()) = tokio::join!(ask(&[1, 4], Duration::ZERO), async { clock.advance(GATHERS) });
        assert!(things(&fresh[0]) == [1, 4] && Arc::ptr_eq(&fresh[0], &fresh[1]));
    }
}
