//! The task that answers one question: identical requests share one fetch, young answers come from memory, which
//! callers read without asking the task.
//!
//! The rule for a caller who wants a fresh answer (`max_age` zero): KIS must be asked *after* the call came in. Such callers
//! share a fetch that has not gone out yet, else they wait for the next and share that. A fetch belongs to the desk, so it goes on
//! when its callers hang up, but for questions that say otherwise. When KIS has failed them, the [`circuit`] answers until it is back.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    Errand, Question, ReadError, Settings,
    circuit::{self, Circuit},
    fetching::{Event, Fetching, event_of, left},
    handle::{Fetched, Handle, Memory, Request, Waiter},
    pace::{Deadline, Progress, Size},
    watch::Fetched as Answer,
};
use crate::{
    clock::{Instant, SharedClock},
    kis::{
        KisClient, KisError,
        quota::{Claim, Claimants},
        reach::Pass,
    },
    token::{CallError, State, TokenHandle},
};

/// Longest time of a fetch that nobody waits for: that of the largest balance on the smallest quota.
const LONGEST: Duration = Duration::from_secs(600);

/// A fetch is over so long before the time of its callers is: what it has met says more than that the time is over.
const LAST_WORD: Duration = Duration::from_millis(100);

/// A caller that finds out whether KIS can be reached again waits no longer for a first answer.
const KNOCKS: Duration = Duration::from_secs(10);

/// What a fetch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// An answer.
    Answer,
    /// To find out in the background whether KIS answers this question again.
    Probe,
    /// An answer, where KIS could not be reached for any question.
    Knock,
}

/// The owner of one answer.
#[derive(Debug)]
pub struct Desk<Q: Question> {
    client: Arc<KisClient>,
    token: TokenHandle,
    memory: Arc<Memory<Q>>,
    clock: SharedClock,
    requests: mpsc::Receiver<Request<Q>>,

    /// Waiting for the fetch under way.
    waiting: Vec<Waiter<Q>>,
    /// Waiting for the one after it.
    next: Vec<Waiter<Q>>,
    circuit: Circuit,
    /// What is known of the answer's size.
    size: Option<Size>,
    /// When the last fetch began; `None`: there was none.
    fetched_at: Option<Instant>,
}

impl<Q: Question> Desk<Q> {
    /// A desk that has asked nothing yet, and a handle to it. It takes over the subscribers of its predecessor, if there is one.
    pub fn new(
        question: Q,
        client: Arc<KisClient>,
        token: TokenHandle,
        settings: Settings,
        predecessor: Option<&Handle<Q>>,
    ) -> (Self, Handle<Q>) {
        let (sender, requests) = mpsc::channel(256);
        let clock = client.clock().clone();
        let memory = Arc::new(Memory::new(question, settings, predecessor));
        let handle = Handle::new(sender, client.clone(), memory.clone());
        let desk = Self {
            client,
            token,
            memory,
            clock,
            requests,
            waiting: Vec::new(),
            next: Vec::new(),
            circuit: Circuit::default(),
            size: None,
            fetched_at: None,
        };
        (desk, handle)
    }

    /// Answers until `shutdown` or until nobody can ask any more.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut fetching: Option<Fetching<Q>> = None;
        let (watchers, mut token) = (self.memory.watchers.clone(), self.token.clone());
        loop {
            let probe_at = self.circuit.probe_at().filter(|_| fetching.is_none());
            let due_at = self.due_at().filter(|_| fetching.is_none());
            tokio::select! {
                event = event_of(&mut fetching) => self.note(event, &mut fetching),
                () = self.clock.sleep_until(probe_at.unwrap_or(Instant::MAX)), if probe_at.is_some() => {
                    let is_probed = self.circuit.is_probed(Q::IS_PROBED, self.clock.monotonic());
                    fetching = is_probed.then(|| self.fetch(Aim::Probe));
                }
                () = self.clock.sleep_until(due_at.unwrap_or(Instant::MAX)), if due_at.is_some() => {
                    fetching = self.fetch_for_watchers();
                }
                () = token.changed(), if self.circuit.lacks_token() => {
                    if self.look_for_token() {
                        // Subscribers have waited for it.
                        self.fetched_at = None;
                    }
                }
                () = watchers.changed.notified() => {}
                () = left(&mut self.waiting), if Q::ENDS_WITH_ITS_CALLERS && fetching.is_some() => {
                    // One that waits for the next is served by a fetch of its own.
                    fetching = self.fetch_next();
                }
                request = self.requests.recv() => match request {
                    None => return,
                    Some(request) => self.take(request, &mut fetching),
                },
                () = shutdown.cancelled() => return,
            }
        }
    }

    fn take(&mut self, Request { max_age, waiter }: Request<Q>, fetching: &mut Option<Fetching<Q>>) {
        let now = self.clock.monotonic();
        // It may have come in while this request waited to be taken.
        if let Some(answer) = self.memory.young(max_age, self.clock.boottime(), Arc::clone) {
            let _ = waiter.reply.send(Ok(answer));
            return;
        }
        self.look_for_token();
        let aim = match self.aim(now) {
            Ok(aim) => aim,
            Err(refusal) => {
                let _ = waiter.reply.send(Err(refusal));
                return;
            }
        };
        let Some(under_way) = fetching else {
            self.waiting.push(waiter);
            *fetching = Some(self.fetch(aim));
            return;
        };
        // Whoever wants a later one waits for this one to end.
        under_way.claimants.join(Claim::waiting(waiter.caller));
        let progress = *under_way.progress.borrow();
        // What has not gone out yet is as fresh as what would go out next.
        let is_shared = !under_way.claimants.is_sent()
            || max_age.unwrap_or_else(|| self.memory.settings.load().max_age) > Duration::ZERO;
        let waiting = if is_shared { &mut self.waiting } else { &mut self.next };
        if is_shared {
            under_way.deadline.extend(waiter.until.saturating_sub(LAST_WORD));
        }
        if is_shared || !waiting.is_empty() {
            self.memory.coalesced.fetch_add(1, Ordering::Relaxed);
        }
        waiting.push(waiter);
        if let Some(progress) = progress {
            self.tell_who_cannot_wait(progress);
        }
    }

    /// When the most eager subscriber wants to be told again; `None`: there is none.
    fn due_at(&self) -> Option<Instant> {
        // What was allowed when they came may not be any more: there are more pages, or the quota is lower.
        let interval = self.memory.watchers.shortest()?.max(self.memory.shortest_interval(&self.client));
        Some(self.fetched_at.map_or(Instant::ZERO, |at| at.saturating_add(interval)))
    }

    fn fetch_for_watchers(&mut self) -> Option<Fetching<Q>> {
        let now = self.clock.monotonic();
        if self.circuit.refusal(now).is_some() {
            // The probes go on, since somebody cares, and their end is news.
            self.fetched_at = Some(now);
            return None;
        }
        // Where another question finds that KIS cannot be reached, subscribers to this one have to be told as well.
        Some(self.fetch(Aim::Answer))
    }

    /// What a fetch for callers is for; an error, if KIS is not to be asked for them now.
    fn aim(&mut self, now: Instant) -> Result<Aim, ReadError<Q::Fault>> {
        if let Some((last, retry_after)) = self.circuit.refusal(now) {
            return Err(ReadError::CircuitOpen { last, retry_after });
        }
        match self.client.reach().pass(now) {
            Pass::Free => Ok(Aim::Answer),
            Pass::Probe => Ok(Aim::Knock),
            Pass::No { last, retry_after } => Err(ReadError::CircuitOpen { last: last.into(), retry_after }),
        }
    }

    fn fetch(&mut self, aim: Aim) -> Fetching<Q> {
        let now = self.clock.monotonic();
        self.fetched_at = Some(now);
        self.memory.progress.store(None);
        let settings = **self.memory.settings.load();
        let usual = now.saturating_add(settings.call_timeout);
        // Nobody's time is over while nobody waits; that KIS does not answer at all is news soon enough.
        let waited = self.waiting.iter().map(|waiter| waiter.until).max();
        let (latest, first_page_by) = match waited {
            Some(until) => (until.max(usual).saturating_sub(LAST_WORD), Instant::MAX),
            None => (usual.max(now.saturating_add(LONGEST)), usual),
        };
        let first_page_by = match aim {
            Aim::Knock => first_page_by.min(now.saturating_add(KNOCKS)),
            Aim::Answer | Aim::Probe => first_page_by,
        };
        let is_probe = aim == Aim::Probe;
        let claimants = Claimants::waiting(self.waiting.iter().map(|waiter| waiter.caller));
        let deadline = Arc::new(Deadline::new(latest));
        let (progress, told) = watch::channel(None);
        let errand = Errand {
            client: self.client.clone(),
            token: self.token.clone(),
            deadline: deadline.clone(),
            first_page_by,
            is_probe: aim != Aim::Answer,
            claimants: claimants.clone(),
            previous: self.memory.last.load().as_ref().map(|last| last.answer.clone()),
            known: self.size,
            progress,
        };
        let question = Q::clone(&self.memory.question.load());
        Fetching { end: Box::pin(question.fetch(errand)), progress: told, began: now, deadline, claimants, is_probe }
    }

    fn note(&mut self, event: Event<Q>, fetching: &mut Option<Fetching<Q>>) {
        match event {
            Event::Progressed(progress) => {
                // KIS answers, whatever becomes of the pages that follow.
                self.circuit.answered();
                self.size = Some(progress.size);
                self.memory.progress.store(Some(Arc::new(progress)));
                let told = self.tell_who_cannot_wait(progress);
                let is_wanted = !self.waiting.is_empty()
                    || self.memory.watchers.shortest().is_some()
                    || fetching.as_ref().is_some_and(|fetching| fetching.is_probe);
                // Each page costs a call, which nobody is there for.
                if told && !is_wanted {
                    *fetching = self.fetch_next();
                }
            }
            Event::Ended(answer) => {
                if let Some(ended) = fetching.take() {
                    *fetching = self.finish(answer, &ended);
                }
            }
        }
    }

    /// Answers those whose time is over before the answer can be there; whether there were any.
    fn tell_who_cannot_wait(&mut self, progress: Progress) -> bool {
        let hasty = self.waiting.extract_if(.., |waiter| !progress.fits(waiter.timeout, waiter.until));
        // The next fetch begins when this one is over.
        let late = self.next.extract_if(.., |waiter| !progress.fits_next(waiter.until));
        let told: Vec<Waiter<Q>> = hasty.chain(late).collect();
        let any = !told.is_empty();
        for waiter in told {
            self.tell_it_does_not_fit(waiter, &progress);
        }
        any
    }

    fn tell_it_does_not_fit(&mut self, waiter: Waiter<Q>, progress: &Progress) {
        if let Some(size) = &mut self.size {
            size.too_short = size.too_short.max(waiter.timeout);
        }
        let error = progress.does_not_fit(self.client.calls_per_second(), waiter.timeout);
        let _ = waiter.reply.send(Err(error));
    }

    /// Hands out what was fetched, and starts the next fetch if somebody waits for it.
    fn finish(&mut self, answer: Answer<Q>, ended: &Fetching<Q>) -> Option<Fetching<Q>> {
        let now = self.clock.monotonic();
        let progress = self.memory.progress.swap(None);
        match &answer {
            Ok(answer) => {
                self.size = Some(Q::size(answer));
                let fetched = Fetched { at: self.clock.boottime(), answer: answer.clone() };
                self.memory.last.store(Some(Arc::new(fetched)));
            }
            Err(error) => debug!(question = ?self.memory.question.load(), %error, "no answer"),
        }
        self.memory.watchers.tell(answer.clone(), self.clock.boottime());
        let call_timeout = self.memory.settings.load().call_timeout;
        let fault = answer.as_ref().err().and_then(|error| circuit::passes(error, call_timeout));
        // A probe that met silence has paused between its tries.
        self.circuit.note(fault, if ended.is_probe { ended.began } else { now }, now);
        self.look_for_token();
        let over_at = ended.deadline.get().saturating_add(LAST_WORD);
        let is_about_time = answer.as_ref().is_err_and(ReadError::is_about_time);
        let no_slot = matches!(answer, Err(ReadError::Call(CallError::Kis(KisError::NoSlot { .. }))));
        for waiter in std::mem::take(&mut self.waiting) {
            if is_about_time && waiter.until > over_at {
                self.next.push(waiter);
            } else if let Some(progress) = progress.as_ref().filter(|_| no_slot) {
                // There was a slot for some pages, and none for the others.
                self.tell_it_does_not_fit(waiter, progress);
            } else {
                let _ = waiter.reply.send(answer.clone());
            }
        }
        self.fetch_next()
    }

    /// Begins the next fetch, if somebody waits for it and KIS can be asked.
    fn fetch_next(&mut self) -> Option<Fetching<Q>> {
        let now = self.clock.monotonic();
        self.waiting = std::mem::take(&mut self.next);
        self.waiting.retain(|waiter| !waiter.reply.is_closed());
        if self.waiting.is_empty() {
            return None;
        }
        match self.aim(now) {
            Ok(aim) => Some(self.fetch(aim)),
            Err(refusal) => {
                for waiter in self.waiting.drain(..) {
                    let _ = waiter.reply.send(Err(refusal.clone()));
                }
                None
            }
        }
    }

    /// Closes the circuit if it was opened for want of a token, and there is one.
    fn look_for_token(&mut self) -> bool {
        let is_back = self.circuit.lacks_token() && self.token.status().state == State::Valid;
        if is_back {
            self.circuit.token_is_back();
        }
        is_back
    }
}
