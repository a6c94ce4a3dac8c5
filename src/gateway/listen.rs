//! Opens the entrances that it is told to, says why one cannot be opened, and goes on trying.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, info, warn};

use super::{
    Gateway,
    connection::Connection,
    entrance::{Cipher, Entrance},
    peer,
    proved::Proved,
    tls::Tls,
    whose::{Whose, full},
};
use crate::{clock, places::Place, trust};

/// Time between two tries to listen.
const RETRY_EVERY: Duration = Duration::from_secs(5);

/// Pause after the system could not give us a connection, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Longest TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// At shutdown, calls in flight have this long to finish.
const FINISH_WITHIN: Duration = Duration::from_millis(4500);

/// Connections of one entrance that are looked up at one time. Others wait to be accepted, and in their order.
const LOOKED_UP: usize = 64;

/// An entrance that is open, or is being opened.
struct Open {
    entrance: Entrance,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Open {
    async fn close(self) {
        self.stop.cancel();
        // One that panicked is closed as well.
        let _ = self.task.await;
    }
}

impl Gateway {
    /// Serves until `shutdown`.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let mut open: Vec<Open> = Vec::new();
        while !shutdown.is_cancelled() {
            let wanted = self.settings.load().entrances();
            let (stay, gone) = open.into_iter().partition(|open: &Open| wanted.contains(&open.entrance));
            open = stay;
            // Before others are opened: they may be at the same port.
            for gone in gone {
                gone.close().await;
            }
            for entrance in wanted {
                if !open.iter().any(|open| open.entrance == entrance) {
                    let stop = shutdown.child_token();
                    let opened = self.clone().keep_open(entrance.clone(), connections.clone(), stop.clone());
                    open.push(Open { entrance, stop, task: tokio::spawn(opened) });
                }
            }
            self.tell();
            tokio::select! {
                () = self.changed.notified() => {}
                () = shutdown.cancelled() => {}
            }
        }
        for open in open {
            open.close().await;
        }
        connections.close();
        let end = self.clock.monotonic().saturating_add(FINISH_WITHIN);
        clock::before(&*self.clock, end, connections.wait()).await;
    }

    /// Tells how the entrances stand.
    fn tell(&self) {
        self.clients.set_doors(self.stands.doors(self.settings.load().tls.as_ref()));
    }

    fn note(&self, entrance: &Entrance, how: Option<Result<SocketAddr, String>>) {
        self.stands.note(entrance, how);
        self.tell();
    }

    /// Serves an entrance until it is told to stop, and goes on trying while it cannot.
    async fn keep_open(self: Arc<Self>, entrance: Entrance, connections: TaskTracker, stop: CancellationToken) {
        let mut trusted = self.trust.changes();
        let mut said = String::new();
        while !stop.is_cancelled() {
            trusted.borrow_and_update();
            let opened = async {
                let tls = self.tls(&entrance).await?;
                let bound = TcpListener::bind(entrance.address).await;
                Ok((bound.map_err(|error| why(entrance.address, &error))?, tls))
            };
            let reason = match opened.await {
                Ok((listener, tls)) => {
                    said.clear();
                    self.serve(listener, tls, &entrance, &mut trusted, &connections, &stop).await;
                    continue;
                }
                Err(reason) => reason,
            };
            if said != reason {
                warn!(listen = %entrance.address, "the gateway cannot listen, and goes on trying: {reason}");
            }
            said.clone_from(&reason);
            self.note(&entrance, Some(Err(reason)));
            let until = self.clock.monotonic().saturating_add(RETRY_EVERY);
            tokio::select! {
                _ = trusted.changed() => {}
                () = self.clock.sleep_until(until) => {}
                () = stop.cancelled() => {}
            }
        }
        self.note(&entrance, None);
    }

    /// The certificate of an entrance, if it has one.
    async fn tls(&self, entrance: &Entrance) -> Result<Option<Tls>, String> {
        match entrance.cipher {
            Cipher::None => Ok(None),
            Cipher::Configured => Ok(self.settings.load().tls.clone()),
            Cipher::Trusted => {
                let pair =
                    self.trust.pair().await.map_err(|error| format!("its certificate cannot be read: {error}"))?;
                let pair = pair.ok_or("there is no certificate for KIS's hosts yet: kisctl gateway trust makes one")?;
                let tls = Tls::of_pem(&pair.certificate, &pair.private_key);
                tls.map(Some).map_err(|fault| {
                    let file = self.trust.files().certificate.display();
                    format!("{file}, or the key beside it, {fault}: kisctl gateway trust makes another")
                })
            }
        }
    }

    /// Serves a listener until it is told to stop, or has no certificate any more.
    async fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        mut tls: Option<Tls>,
        entrance: &Entrance,
        trusted: &mut watch::Receiver<trust::State>,
        connections: &TaskTracker,
        stop: &CancellationToken,
    ) {
        let listen = listener.local_addr().unwrap_or(entrance.address);
        info!(%listen, "the gateway serves programs that speak to KIS");
        self.note(entrance, Some(Ok(listen)));
        // Connections of this listener end with it.
        let stop = stop.child_token();
        let _ends = stop.clone().drop_guard();
        let hall = Arc::new(Semaphore::new(LOOKED_UP));
        loop {
            let accepted = async {
                // It is never closed.
                let in_hall = hall.clone().acquire_owned().await.ok();
                (in_hall, listener.accept().await)
            };
            tokio::select! {
                (in_hall, accepted) = accepted => match accepted {
                    Ok((stream, peer)) => {
                        if entrance.cipher == Cipher::Configured {
                            tls.clone_from(&self.settings.load().tls);
                        }
                        let local = stream.local_addr().unwrap_or(listen);
                        let (gateway, tls, stop) = (self.clone(), tls.clone(), stop.clone());
                        let is_hosts = entrance.is_hosts;
                        connections.spawn(async move {
                            let whose = Whose::of(peer, local).await;
                            drop(in_hall);
                            let Some(_place) = gateway.place(whose, peer, &stream, tls.is_some()) else { return };
                            let proved = Proved::default();
                            let connection = Connection { gateway, whose, local, is_hosts, proved, stop };
                            speak(stream, tls, connection).await;
                        });
                    }
                    Err(error) => {
                        warn!(%error, "a connection to the gateway cannot be accepted");
                        let end = self.clock.monotonic().saturating_add(ACCEPT_PAUSE);
                        self.clock.sleep_until(end).await;
                    }
                },
                Ok(()) = trusted.changed(), if entrance.cipher == Cipher::Trusted => match self.tls(entrance).await {
                    Ok(renewed) => tls = renewed,
                    Err(_) => return,
                },
                () = stop.cancelled() => return,
            }
        }
    }

    /// A place for a connection, which is told if there is none.
    fn place(&self, whose: Whose, peer: SocketAddr, stream: &TcpStream, is_tls: bool) -> Option<Place<Whose>> {
        let rules = Whose::rules(self.settings.load().max_connections);
        // Of which process it is is not known: each is for one of its own.
        match self.places.enter(whose, Some(peer.port().into()), rules) {
            Ok(place) => {
                self.is_full.store(false, Ordering::Relaxed);
                Some(place)
            }
            Err(why) => {
                if !is_tls {
                    // As much as can be said without waiting for a client that may not listen.
                    let _ = stream.try_write(full(why).as_bytes());
                }
                if !self.is_full.swap(true, Ordering::Relaxed) {
                    warn!(?whose, ?why, "connections to the gateway are refused: see gateway.max_connections");
                }
                None
            }
        }
    }
}

/// Serves a connection, in TLS if there is a certificate.
async fn speak(stream: TcpStream, tls: Option<Tls>, connection: Connection) {
    // Answers are written at once; what the system cannot do costs a few milliseconds.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return spelled_http::serve_connection(stream, &connection).await };
    // Boxed, so that a connection without TLS does not hold the room of one with it.
    Box::pin(async move {
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => shaken,
            () = connection.stop.cancelled() => return,
        };
        match shaken {
            Ok(Ok(stream)) => spelled_http::serve_connection(stream, &connection).await,
            Ok(Err(error)) => debug!(%error, "a TLS handshake with the gateway has failed"),
            Err(_) => debug!("a TLS handshake with the gateway has taken too long"),
        }
    })
    .await;
}

/// Why it cannot listen, and who is in the way as far as that may be seen.
fn why(listen: SocketAddr, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::AddrInUse {
        return error.to_string();
    }
    match peer::holder(listen) {
        Some(pid) => format!("the port is taken by the process {pid}"),
        None => "the port is taken by another process".to_owned(),
    }
}
