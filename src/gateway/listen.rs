//! Listens where it is told to, tells why it cannot, and goes on trying.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OnceCell, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{Gateway, connection::Connection, peer};
use crate::{clients::Door, clock};

/// Time between two tries to listen.
const RETRY_EVERY: Duration = Duration::from_secs(5);

/// Pause after the system could not give us a connection, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// At shutdown, calls in flight have this long to finish.
const FINISH_WITHIN: Duration = Duration::from_millis(4500);

/// What a connection too many is told: what every client takes for "later".
const FULL: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n\
                    Content-Length: 90\r\n\r\n\
                    {\"rt_cd\":\"1\",\"msg1\":\"kisd: too many connections\",\"msg_cd\":\"EGW00201\",\"message\":\"EGW00201\"}";

impl Gateway {
    /// Serves until `shutdown`.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let connections = TaskTracker::new();
        let mut said = String::new();
        while !shutdown.is_cancelled() {
            let Some(listen) = self.settings.load().listen else {
                self.clients.set_door(Door::Off);
                self.wait(None, &shutdown).await;
                continue;
            };
            match TcpListener::bind(listen).await {
                Ok(listener) => {
                    said.clear();
                    self.serve(listener, listen, &connections, &shutdown).await;
                }
                Err(error) => {
                    let reason = why(listen, &error);
                    if said != reason {
                        warn!(%listen, "the gateway cannot listen, and goes on trying: {reason}");
                    }
                    said.clone_from(&reason);
                    self.clients.set_door(Door::Failed { listen, reason });
                    self.wait(Some(RETRY_EVERY), &shutdown).await;
                }
            }
        }
        connections.close();
        let end = self.clock.monotonic().saturating_add(FINISH_WITHIN);
        clock::before(&*self.clock, end, connections.wait()).await;
    }

    /// Waits for other settings, at most for so long.
    async fn wait(&self, most: Option<Duration>, shutdown: &CancellationToken) {
        let until = most.map_or(clock::Instant::MAX, |most| self.clock.monotonic().saturating_add(most));
        tokio::select! {
            () = self.changed.notified() => {}
            () = self.clock.sleep_until(until) => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Serves a listener until it is told to listen elsewhere.
    async fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        configured: SocketAddr,
        connections: &TaskTracker,
        shutdown: &CancellationToken,
    ) {
        let listen = listener.local_addr().unwrap_or(configured);
        info!(%listen, "the gateway serves programs that speak to KIS");
        self.clients.set_door(Door::Serving { listen });
        // Connections of this listener end with it.
        let stop = shutdown.child_token();
        let places = Arc::new(Semaphore::new(self.settings.load().max_connections));
        let mut is_full = false;
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => match places.clone().try_acquire_owned() {
                        Ok(place) => {
                            is_full = false;
                            let connection = self.connection(&stream, peer, listen, &stop);
                            connections.spawn(async move {
                                let _place = place;
                                // Answers are written at once; what the system cannot do costs a few milliseconds.
                                let _ = stream.set_nodelay(true);
                                spelled_http::serve_connection(stream, &connection).await;
                            });
                        }
                        Err(_) => {
                            // As much as can be said without waiting for a client that may not listen.
                            let _ = stream.try_write(FULL.as_bytes());
                            if !std::mem::replace(&mut is_full, true) {
                                warn!("connections to the gateway are refused: there are gateway.max_connections of them");
                            }
                        }
                    },
                    Err(error) => {
                        warn!(%error, "a connection to the gateway cannot be accepted");
                        let end = self.clock.monotonic().saturating_add(ACCEPT_PAUSE);
                        self.clock.sleep_until(end).await;
                    }
                },
                () = self.changed.notified() => {
                    let settings = self.settings.load();
                    if settings.listen != Some(configured) {
                        break;
                    }
                }
                () = shutdown.cancelled() => break,
            }
        }
        stop.cancel();
    }

    fn connection(
        self: &Arc<Self>,
        stream: &TcpStream,
        peer: SocketAddr,
        listen: SocketAddr,
        stop: &CancellationToken,
    ) -> Connection {
        let local = stream.local_addr().unwrap_or(listen);
        Connection { gateway: self.clone(), peer, local, uid: OnceCell::new(), stop: stop.clone() }
    }
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
