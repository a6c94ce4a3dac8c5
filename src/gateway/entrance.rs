//! The entrances that settings ask for, and how each stands.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use super::{Settings, tls::Tls};
use crate::clients::{Door, Doors};

/// The ports of KIS: REST of real and paper accounts, in TLS, and the WebSocket of both, in plain text.
pub const TLS_PORTS: [u16; 2] = [9443, 29443];
/// The same of the WebSocket.
pub const PLAIN_PORTS: [u16; 2] = [21000, 31000];

/// An entrance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entrance {
    pub(super) address: SocketAddr,
    /// Whether programs find it under KIS's own host names.
    pub(super) is_hosts: bool,
    pub(super) cipher: Cipher,
}

/// Whether it speaks TLS, and with which certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    /// It does not.
    None,
    /// `gateway.certificate`.
    Configured,
    /// That of `kisctl gateway trust`.
    Trusted,
}

/// How each entrance stands: where it listens, or why not.
#[derive(Debug, Default)]
pub(super) struct Stands(Mutex<Vec<(Entrance, Result<SocketAddr, String>)>>);

impl Settings {
    /// The entrances, first the one that programs are told.
    pub(super) fn entrances(&self) -> Vec<Entrance> {
        let cipher = if self.tls.is_some() { Cipher::Configured } else { Cipher::None };
        let listen = self.listen.map(|address| Entrance { address, is_hosts: false, cipher });
        let of_hosts = |ports: [u16; 2], cipher| {
            let hosts = self.hosts;
            ports
                .into_iter()
                .filter_map(move |port| hosts.map(|ip| Entrance { address: (ip, port).into(), is_hosts: true, cipher }))
        };
        let tls = of_hosts(TLS_PORTS, Cipher::Trusted);
        listen.into_iter().chain(tls).chain(of_hosts(PLAIN_PORTS, Cipher::None)).collect()
    }
}

impl Stands {
    /// Notes how an entrance stands; `None`: it is no more.
    pub(super) fn note(&self, entrance: &Entrance, how: Option<Result<SocketAddr, String>>) {
        // Whoever panicked here has changed nothing.
        let mut stands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stands.retain(|(known, _)| known != entrance);
        stands.extend(how.map(|how| (entrance.clone(), how)));
    }

    /// All of them, as they are told.
    pub(super) fn doors(&self, tls: Option<&Tls>) -> Doors {
        let stands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let door = |is_hosts| {
            let mut all: Vec<_> = stands.iter().filter(|(entrance, _)| entrance.is_hosts == is_hosts).collect();
            // One that fails is what there is to tell; else the first.
            all.sort_by_key(|(entrance, how)| (how.is_ok(), entrance.address));
            match all.first() {
                None => Door::Off,
                Some((_, Ok(listen))) => Door::Serving { listen: *listen },
                Some((entrance, Err(reason))) => Door::Failed { listen: entrance.address, reason: reason.clone() },
            }
        };
        Doors { listen: door(false), certificate_ends_at: tls.map(Tls::ends_at), hosts: door(true) }
    }
}
