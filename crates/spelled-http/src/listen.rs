//! Connections of a listener.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinSet};

use crate::{Service, serve_connection};

/// The pause after a connection could not be accepted: out of descriptors, or the peer is gone already.
const PAUSE: Duration = Duration::from_millis(20);

/// Serves every connection; ends, and all connections with it, when it is dropped.
pub async fn serve<S: Service>(listener: TcpListener, service: Arc<S>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Answers are written at once; what the system cannot do costs a few milliseconds.
                    let _ = stream.set_nodelay(true);
                    let service = service.clone();
                    connections.spawn(async move { serve_connection(stream, &*service).await });
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
