//! Who is at the other end of a connection, by the credentials that the kernel vouches for.

use tokio::net::UnixStream;

use crate::wire::types::Right;

/// The process that connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
    /// Its process id, where known; only for the log, since ids are used again.
    pub pid: Option<i32>,
}

impl Peer {
    /// The peer of a connection.
    pub fn of(stream: &UnixStream) -> std::io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self { uid: credentials.uid(), gid: credentials.gid(), pid: credentials.pid() })
    }
}

/// What an admitted peer may do beyond reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Ask for a renewal of the token, of which KIS sends the account's owner a message.
    pub refresh: bool,
}

/// An admitted peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub peer: Peer,
    /// What it may do.
    pub rights: Rights,
}

impl Caller {
    /// Whether the caller has a right.
    pub fn may(self, right: Right) -> bool {
        match right {
            // Whoever is let in may read.
            Right::Read => true,
            Right::Refresh => self.rights.refresh,
            Right::Unknown => false,
        }
    }
}
