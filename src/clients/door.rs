//! How the gateway stands, for who asks the socket.

use std::net::SocketAddr;

/// How the gateway stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// It is not configured.
    Off,
    /// It serves.
    Serving {
        /// Where.
        listen: SocketAddr,
    },
    /// It cannot, and goes on trying.
    Failed {
        /// Where it should.
        listen: SocketAddr,
        /// What is in the way.
        reason: String,
    },
}
