//! How the gateway stands, for who asks the socket.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};

/// How the gateway stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doors {
    /// Where programs are told to go.
    pub listen: Door,
    /// When the certificate there ends, if there is one.
    pub certificate_ends_at: Option<DateTime<Utc>>,
    /// Under KIS's host names.
    pub hosts: Door,
}

/// How one entrance of the gateway stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Door {
    /// It is not configured.
    #[default]
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
