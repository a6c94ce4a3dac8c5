//! The gateway: KIS's own REST for programs that know nothing of kisd. They are changed by nothing but a host and two keys.
//!
//! The way of a request: [`listen`] accepts at each [`entrance`], with [`tls`] or without, [`connection`] says whether the client
//! may speak here at all, [`rest`] finds what it wants and whether it has [`proved`] who it is. A token call is answered here
//! ([`oauth`]); an operation of KIS is checked against the catalogue and the client's rights ([`check`]), and asked with the real
//! key when token and quota allow it ([`hold`]). Everything leaves in KIS's form ([`answer`]).
//!
//! Must never: pass on what was not checked, let a key, a secret or a token of KIS out, or answer otherwise than in JSON.

mod answer;
mod check;
mod connection;
mod entrance;
mod hold;
mod listen;
mod oauth;
mod peer;
mod proved;
mod rest;
mod tls;
mod unknown;
mod whose;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::{
    book::{Principals, Shelf},
    clients::Clients,
    clock::SharedClock,
    places::Places,
    trust::Trust,
};

pub use self::{
    entrance::{PLAIN_PORTS, TLS_PORTS},
    tls::{Tls, TlsFault},
};

/// How the gateway serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where; `None`: it does not.
    pub listen: Option<SocketAddr>,
    /// The certificate there; `None`: it speaks plain text.
    pub tls: Option<Tls>,
    /// Where it serves under KIS's own host names besides; `None`: it does not.
    pub hosts: Option<IpAddr>,
    /// The DNS server that knows KIS's addresses then; `None`: those of the system.
    pub resolver: Option<SocketAddr>,
    /// Names besides those of this machine by which clients may call it.
    pub allow_hosts: Vec<String>,
    /// Whether programs may read at paths that the catalogue does not know.
    pub unknown: bool,
    /// Longest time that a call is held until token and quota allow it.
    pub patience: Duration,
    /// Connections at one time.
    pub max_connections: usize,
    /// An answer about a market this young is served again,
    pub quotation_max_age: Duration,
    /// and one about an account.
    pub account_max_age: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: None,
            tls: None,
            hosts: None,
            resolver: None,
            allow_hosts: Vec::new(),
            unknown: false,
            patience: Duration::from_secs(120),
            max_connections: 1024,
            quotation_max_age: Duration::ZERO,
            account_max_age: Duration::ZERO,
        }
    }
}

/// The gateway.
#[derive(Debug)]
pub struct Gateway {
    settings: ArcSwap<Settings>,
    /// There are other settings.
    changed: Notify,
    shelf: Arc<Shelf>,
    clients: Arc<Clients>,
    trust: Arc<Trust>,
    principals: Principals,
    stands: entrance::Stands,
    /// Who has how many connections, by whichever entrance.
    places: Places<whose::Whose>,
    /// The last connection found no place.
    is_full: AtomicBool,
    clock: SharedClock,
}

impl Gateway {
    /// A gateway that serves nobody yet.
    pub fn new(
        settings: Settings,
        shelf: Arc<Shelf>,
        clients: Arc<Clients>,
        trust: Arc<Trust>,
        clock: SharedClock,
    ) -> Arc<Self> {
        let principals = Principals::of_the_system(clock.clone());
        let settings = ArcSwap::from_pointee(settings);
        let (changed, stands, places) = (Notify::new(), entrance::Stands::default(), Places::default());
        Arc::new(Self {
            settings,
            changed,
            shelf,
            clients,
            trust,
            principals,
            stands,
            places,
            is_full: AtomicBool::new(false),
            clock,
        })
    }

    /// Replaces the settings while it runs.
    pub fn reload(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
        self.changed.notify_one();
    }
}

/// What is asked of KIS for a request of these parts, and with which account; `None`: nothing is.
#[cfg(any(test, fuzzing))]
pub(crate) fn passed(
    [method, path, query, tr_id]: [&str; 4],
    client: &Arc<crate::clients::Client>,
    book: &crate::book::Book,
    maker: &crate::book::Standing,
    passes_unknown: bool,
) -> Option<(crate::account::Account, crate::account::RelayQuestion)> {
    let text = str::to_owned;
    let headers = vec![(text("tr_id"), text(tr_id))];
    let (method, path, query) = (text(method), text(path), text(query));
    let request = spelled_http::Request { method, path, query, headers, ..spelled_http::Request::default() };
    let passed = check::check(&request, client, book, maker, passes_unknown).ok()?;
    Some((passed.account, passed.question))
}
