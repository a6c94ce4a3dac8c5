//! Accepts connections, admits or refuses them, and lets them finish at shutdown.

use std::{
    future::Future,
    io,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::Router;
use futures_util::StreamExt;
use jsonrpsee::types::ErrorObjectOwned;
use rustix::net::RecvFlags;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::{codec::FramedRead, sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument, debug, debug_span, warn};

use super::{
    Backend, Settings,
    connection::{Connection, Phases},
    dispatch::Dispatcher,
    error::{own, passing},
    http, methods,
    peer::{Caller, Peer, RefusedPeers},
    reply::failure,
    request::id_of,
    stream,
};
use crate::{
    clock::{self, Clock, Instant, SharedClock},
    wire::{
        codes::Kind,
        frame::{Frame, JsonStream},
    },
};

/// At shutdown, calls in flight have this long to finish,
const FINISH_WITHIN: Duration = Duration::from_millis(4500);

/// and their callers this long to be told that they will not.
const TOLD_WITHIN: Duration = Duration::from_millis(300);

/// Pause after the system could not give us a connection, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A refused peer has this long to say which dialect it wants to be refused in.
const REFUSE_WITHIN: Duration = Duration::from_secs(1);

/// Bytes of a refused request that are read only to be thrown away.
const MAX_UNREAD: usize = 64 * 1024;

/// Refusals under way; beyond, connections are closed without a word.
const MAX_REFUSALS: usize = 32;

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

/// Serves the socket.
#[derive(Debug)]
pub struct Server {
    backend: Arc<Backend>,
    dispatcher: Arc<Dispatcher>,
    router: Router,
    settings: ArcSwap<Settings>,
    phases: Phases,
    refusals: Arc<Semaphore>,
    refused: RefusedPeers,
    clock: SharedClock,
}

impl Server {
    /// A server that listens nowhere yet.
    pub fn new(backend: Arc<Backend>, settings: Settings, clock: SharedClock) -> Self {
        let phases = Phases::default();
        let dispatcher = Dispatcher::new(methods::all(backend.clone()), phases.give_up.clone());
        Self {
            backend,
            dispatcher: Arc::new(dispatcher),
            router: http::router(),
            settings: ArcSwap::from_pointee(settings),
            phases,
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            refused: RefusedPeers::default(),
            clock,
        }
    }

    /// Replaces limits and admissions for connections to come. The socket itself stays where it is.
    pub fn reload(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    /// Serves `listener` until `shutdown`, then lets calls in flight finish; takes at most five seconds for that.
    pub async fn run(&self, listener: UnixListener, heartbeat: Option<Heartbeat>, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
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
                Some(_) = tasks.join_next() => {}
                () = reached(&*self.clock, self.refused.flush_at()) => self.refused.flush(self.clock.monotonic()),
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        accepting = true;
                        self.receive(stream, &mut tasks);
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
        self.finish(tasks).await;
    }

    /// Serves one accepted connection in `tasks`, or refuses it.
    pub(crate) fn receive(&self, stream: UnixStream, tasks: &mut JoinSet<()>) {
        let settings = self.settings.load();
        let peer = match Peer::of(&stream) {
            Ok(peer) => peer,
            Err(error) => return warn!(%error, "cannot tell who connects; the connection is closed"),
        };
        let Some(rights) = peer.rights(&settings) else {
            self.refused.note(peer, self.clock.monotonic());
            let message =
                format!("uid {} is not allowed here; the owner of kisd can add it to rpc.allow_uids", peer.uid);
            return self.refuse(stream, own(Kind::PermissionDenied, message), "403 Forbidden", tasks);
        };
        let Some(counted) = self.backend.connections.enter(settings.max_connections) else {
            warn!(limit = settings.max_connections, "refused a connection over rpc.max_connections");
            let message = format!("all {} connections of rpc.max_connections are taken", settings.max_connections);
            return self.refuse(stream, passing(Kind::Overloaded, message), "503 Service Unavailable", tasks);
        };
        let connection = Arc::new(Connection {
            caller: Caller { peer, rights },
            dispatcher: self.dispatcher.clone(),
            phases: self.phases.clone(),
            clock: self.clock.clone(),
            max_request_bytes: settings.max_request_bytes,
            calls: TaskTracker::new(),
            has_called: AtomicBool::new(false),
            _counted: counted,
            _open: self.phases.open.token(),
        });
        let router = self.router.clone();
        let span = debug_span!("connection", peer.uid, peer.pid);
        tasks.spawn(
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

    fn refuse(&self, stream: UnixStream, error: ErrorObjectOwned, status: &'static str, tasks: &mut JoinSet<()>) {
        let Ok(permit) = self.refusals.clone().try_acquire_owned() else { return };
        let clock = self.clock.clone();
        tasks.spawn(async move {
            let _permit = permit;
            let deadline = clock.monotonic().saturating_add(REFUSE_WITHIN);
            let _ = clock::before(&*clock, deadline, refuse(stream, error, status)).await;
        });
    }

    async fn finish(&self, mut tasks: JoinSet<()>) {
        let Phases { give_up, cut, open, .. } = &self.phases;
        open.close();
        self.phases.begin();
        if self.within(FINISH_WITHIN, open.wait()).await.is_none() {
            warn!(connections = self.backend.connections.read(), "calls are still in flight; giving them up");
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

/// Completes at `at`; never, if there is no such instant.
async fn reached(clock: &dyn Clock, at: Option<Instant>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The first byte that the peer sends, left where it is; `None` if it sends none.
async fn first_byte(stream: &UnixStream) -> io::Result<Option<u8>> {
    let mut byte = [0];
    let peek = || Ok(rustix::net::recv(stream, &mut byte[..], RecvFlags::PEEK).map(|(length, _)| length)?);
    let length: usize = stream.async_io(Interest::READABLE, peek).await?;
    Ok((length > 0).then_some(byte[0]))
}

/// Says no in the dialect of the peer.
async fn refuse(stream: UnixStream, error: ErrorObjectOwned, status: &str) -> io::Result<()> {
    let http = first_byte(&stream).await?.is_some_and(|byte| byte.is_ascii_uppercase());
    let (mut reader, mut writer) = stream.into_split();
    let reply = if http {
        let reply = failure("null", &error);
        let length = reply.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{reply}"
        )
    } else {
        // To the first request, so that a client that waits for its id is not left waiting.
        let request = FramedRead::new(&mut reader, JsonStream::new(MAX_UNREAD)).next().await;
        let id = match &request {
            Some(Ok(Frame::Message(request))) => id_of(request),
            _ => "null",
        };
        format!("{}\n", failure(id, &error))
    };
    writer.write_all(reply.as_bytes()).await?;
    writer.shutdown().await?;
    // Closed with something unread, the connection would be reset and the answer perhaps lost.
    tokio::io::copy(&mut reader.take(MAX_UNREAD as u64), &mut tokio::io::sink()).await?;
    Ok(())
}
