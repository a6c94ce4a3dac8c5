//! Accepts connections, admits or refuses them, and lets them finish at shutdown.

use std::{
    future::Future,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::Router;
use rustix::process::{Resource, getrlimit};
use tokio::{
    net::{UnixListener, UnixStream},
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument, debug, debug_span, warn};

use super::{
    Backend, Settings,
    admission::{Admission, Overflow, Verdict},
    connection::{Connection, Phases},
    dispatch::Dispatcher,
    http, methods,
    peer::{Caller, Peer},
    places::{Place, Places, Rules},
    refuse::{NotServed, REFUSE_WITHIN, first_byte, refuse},
    stream,
};
use crate::{
    book::groups::{Answer, Groups},
    clock::{self, SharedClock},
};

/// At shutdown, calls in flight have this long to finish,
const FINISH_WITHIN: Duration = Duration::from_millis(4500);

/// and their callers this long to be told that they will not.
const TOLD_WITHIN: Duration = Duration::from_millis(300);

/// Pause after the system could not give us a connection, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Refusals under way; beyond, connections are closed without a word.
const MAX_REFUSALS: usize = 64;

/// Connections that wait for a look at the group database.
const MAX_ASKING: usize = 64;

/// File descriptors for everything that is not a connection.
const OTHER_DESCRIPTORS: usize = 64;

/// Something to do at regular times from within the accepting loop, to prove that it runs.
pub struct Heartbeat {
    /// How often.
    pub every: Duration,
    /// What.
    pub beat: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heartbeat").field("every", &self.every).finish_non_exhaustive()
    }
}

/// What the accepting loop has begun, and sees the end of.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// Connections, served or being refused.
    connections: JoinSet<()>,
    /// Peers whose groups are being looked up.
    asking: JoinSet<Asked>,
}

#[derive(Debug)]
struct Asked {
    stream: UnixStream,
    peer: Peer,
    groups: Option<Answer>,
    _place: Place,
}

/// The settings, with what follows from them.
#[derive(Debug)]
struct Terms {
    settings: Settings,
    rules: Rules,
}

/// However few file descriptors there are, this part of them is for connections.
const LEAST_SHARE: usize = 4;

impl Terms {
    fn of(settings: Settings, admission: &Admission) -> Self {
        admission.warn_of(&settings);
        let (admits_others, max_connections) = (settings.admits_others(), settings.max_connections);
        let descriptors = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
        let others = OTHER_DESCRIPTORS + MAX_REFUSALS + MAX_ASKING;
        let within_reach =
            descriptors.map_or(usize::MAX, |all| all.saturating_sub(others).max(all / LEAST_SHARE).max(1));
        let max = max_connections.min(within_reach);
        if max < max_connections {
            warn!(descriptors, max, "rpc.max_connections is more than the system's limit of file descriptors allows");
        }
        Self { rules: Rules { max, own: admission.own(), root: 0, admits_others }, settings }
    }
}

/// Serves the socket.
#[derive(Debug)]
pub struct Server {
    backend: Arc<Backend>,
    dispatcher: Arc<Dispatcher>,
    router: Router,
    admission: Admission,
    terms: ArcSwap<Terms>,
    phases: Phases,
    refusing: Places,
    asking: Places,
    clock: SharedClock,
}

impl Server {
    /// A server that listens nowhere yet.
    pub fn new(backend: Arc<Backend>, settings: Settings, clock: SharedClock) -> Self {
        let phases = Phases::default();
        let dispatcher = Dispatcher::new(methods::all(backend.clone()), phases.give_up.clone());
        let admission = Admission::new(Overflow::of_this_process(), Groups::of_the_system(clock.clone()));
        Self {
            backend,
            dispatcher: Arc::new(dispatcher),
            router: http::router(),
            terms: ArcSwap::from_pointee(Terms::of(settings, &admission)),
            admission,
            phases,
            refusing: Places::default(),
            asking: Places::default(),
            clock,
        }
    }

    /// Replaces limits and admissions for connections to come. The socket itself stays where it is.
    pub fn reload(&self, settings: Settings) {
        self.terms.store(Arc::new(Terms::of(settings, &self.admission)));
    }

    /// Serves `listener` until `shutdown`, then lets calls in flight finish; takes at most five seconds for that.
    pub async fn run(&self, listener: UnixListener, heartbeat: Option<Heartbeat>, shutdown: CancellationToken) {
        let mut begun = Begun::default();
        let refusals = &self.backend.refusals;
        let mut accepting = true;
        let mut beats = heartbeat.as_ref().map(|heartbeat| tokio::time::interval(heartbeat.every));
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = next_beat(&mut beats) => {
                    if let Some(heartbeat) = &heartbeat {
                        (heartbeat.beat)();
                    }
                }
                Some(_) = begun.connections.join_next() => {}
                Some(Ok(asked)) = begun.asking.join_next() => {
                    let Asked { stream, peer, groups, _place } = asked;
                    let verdict = self.admission.by_groups(peer, groups, self.backend.book().grants());
                    self.judge(stream, peer, verdict, &mut begun);
                }
                () = refusals.due() => refusals.flush(),
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        accepting = true;
                        self.receive(stream, &mut begun);
                    }
                    Err(error) => {
                        // Once for as long as it lasts, and not twenty times a second.
                        if std::mem::take(&mut accepting) {
                            warn!(%error, "cannot accept connections; trying on");
                        }
                        clock::sleep(&*self.clock, ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        refusals.finish();
        self.finish(begun.connections).await;
        refusals.finish();
    }

    /// Serves one accepted connection, or refuses it. Never waits, since others wait to be accepted.
    pub(crate) fn receive(&self, stream: UnixStream, begun: &mut Begun) {
        let terms = self.terms.load();
        let peer = match Peer::of(&stream) {
            Ok(peer) => peer,
            Err(error) => return warn!(%error, "cannot tell who connects; the connection is closed"),
        };
        let book = self.backend.book();
        if let Some(verdict) = self.admission.at_once(peer, book.grants()) {
            return self.judge(stream, peer, verdict, begun);
        }
        let rules = Rules { max: MAX_ASKING, admits_others: true, ..terms.rules };
        match self.asking.enter(peer.uid, peer.pid, rules) {
            Ok(place) => {
                let groups = self.admission.groups_of(peer);
                begun.asking.spawn(async move { Asked { stream, peer, groups: groups.await, _place: place } });
            }
            Err(_) => self.judge(stream, peer, self.admission.by_groups(peer, None, book.grants()), begun),
        }
    }

    fn judge(&self, stream: UnixStream, peer: Peer, verdict: Verdict, begun: &mut Begun) {
        match NotServed::of_verdict(verdict, peer) {
            Err(refusal) => self.refuse(stream, peer, refusal, begun),
            Ok(caller) => self.admit(stream, caller, begun),
        }
    }

    fn admit(&self, stream: UnixStream, caller: Caller, begun: &mut Begun) {
        let (terms, peer) = (self.terms.load(), caller.peer);
        let place = match self.backend.connections.enter(peer.uid, peer.pid, terms.rules) {
            Ok(place) => place,
            Err(why) => {
                let refusal = NotServed::of_no_place(why, peer, terms.rules.max);
                return self.refuse(stream, peer, refusal, begun);
            }
        };
        let connection = Arc::new(Connection {
            caller: Arc::new(caller),
            dispatcher: self.dispatcher.clone(),
            phases: self.phases.clone(),
            clock: self.clock.clone(),
            max_request_bytes: terms.settings.max_request_bytes,
            refusals: self.backend.refusals.clone(),
            calls: TaskTracker::new(),
            has_called: AtomicBool::new(false),
            owes: AtomicBool::new(false),
            place,
            _open: self.phases.open.token(),
        });
        let router = self.router.clone();
        let span = debug_span!("connection", peer.uid, peer.pid);
        begun.connections.spawn(
            async move {
                let first = tokio::select! {
                    first = first_byte(&stream) => first,
                    () = connection.phases.drain.cancelled() => return,
                };
                match first {
                    Ok(Some(byte)) if byte.is_ascii_uppercase() => {
                        // Boxed, so that a connection that says nothing does not hold the room of one that does.
                        Box::pin(http::serve(stream, connection, router)).await;
                    }
                    Ok(Some(_)) => Box::pin(stream::serve(stream, connection)).await,
                    // Connected and went away: a probe for a living daemon.
                    Ok(None) => {}
                    Err(error) => debug!(%error, "a connection failed before its first byte"),
                }
            }
            .instrument(span),
        );
    }

    fn refuse(&self, stream: UnixStream, peer: Peer, refusal: NotServed, begun: &mut Begun) {
        self.backend.refusals.note(refusal.what, peer);
        let rules = Rules { max: MAX_REFUSALS, admits_others: true, ..self.terms.load().rules };
        let Ok(place) = self.refusing.enter(peer.uid, peer.pid, rules) else { return };
        let clock = self.clock.clone();
        begun.connections.spawn(async move {
            let _place = place;
            let deadline = clock.monotonic().saturating_add(REFUSE_WITHIN);
            let _ = clock::before(&*clock, deadline, refuse(stream, refusal)).await;
        });
    }

    async fn finish(&self, mut tasks: JoinSet<()>) {
        let Phases { give_up, cut, open, .. } = &self.phases;
        open.close();
        self.phases.begin();
        if self.within(FINISH_WITHIN, open.wait()).await.is_none() {
            warn!(connections = self.backend.connections.taken(), "calls are still in flight; giving them up");
            give_up.cancel();
            let _ = self.within(TOLD_WITHIN, open.wait()).await;
        }
        cut.cancel();
        tasks.abort_all();
        while tasks.join_next().await.is_some() {}
    }

    async fn within<F: Future>(&self, time: Duration, future: F) -> Option<F::Output> {
        clock::before(&*self.clock, self.clock.monotonic().saturating_add(time), future).await
    }
}

async fn next_beat(beats: &mut Option<tokio::time::Interval>) {
    match beats {
        Some(beats) => {
            beats.tick().await;
        }
        None => std::future::pending().await,
    }
}
