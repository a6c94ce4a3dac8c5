//! The socket: who may connect, the three dialects, and the methods.
//!
//! The way of a call: [`serve`] accepts, [`admission`] says whether the peer is let in and [`places`] whether there is room for
//! it, the first byte chooses [`http`] (with [`websocket`]) or [`stream`] (JSON values one after another), and every dialect
//! hands its messages to one [`dispatch::Dispatcher`], so that ids, batches, notifications and errors are the same everywhere.
//! Methods are described once, in [`methods`].
//!
//! What is handed out by number or by memory ([`places`], [`unread`], [`refuse`]) is shared out by user: what one
//! takes never uses up what another needs.
//!
//! jsonrpsee's errors are used; its server is not: it cannot serve the JSON stream, loses ids that are negative numbers, never
//! runs notifications and ignores unknown parameters. Nor is its registry: what a method answers is parsed and copied there once
//! more, which for a balance from memory is most of the work.
//!
//! Must never: hold a decision of a domain, or let a side effect live in a future that dies with its connection.

mod admission;
mod connection;
mod dispatch;
mod error;
mod http;
mod methods;
mod metrics;
mod outbox;
pub mod peer;
mod pipe;
mod places;
mod refusals;
mod refuse;
mod reply;
mod request;
pub mod serve;
mod session;
pub mod socket;
mod stream;
mod subscriptions;
mod timing;
mod unread;
mod websocket;

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};

use arc_swap::Guard;

use crate::{
    book::{Book, Grant, Rights, Shelf},
    clients::Clients,
    order::Orders,
    quote::CandleStore,
    stock::StockHandle,
    trust::Trust,
    wire::types::Right,
};

pub use self::serve::Server;

/// How the socket is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The socket.
    pub socket: PathBuf,
    /// Its permission bits.
    pub socket_mode: u32,
    /// Users admitted besides the daemon's own and root.
    pub allow_uids: Vec<u32>,
    /// Groups whose members are admitted.
    pub allow_gids: Vec<u32>,
    /// Users who are admitted and may also ask for a renewal of the token, besides the daemon's own and root.
    pub allow_refresh_uids: Vec<u32>,
    /// What is granted besides, for some accounts or more than these.
    pub grants: Vec<Grant>,
    /// Connections at one time.
    pub max_connections: usize,
    /// Bytes of one request or batch.
    pub max_request_bytes: usize,
}

impl Settings {
    /// Every grant, those of the short forms too.
    pub fn all_grants(&self) -> Vec<Grant> {
        let short = |uids: &[u32], gids: &[u32], right| Grant {
            uids: uids.to_vec(),
            gids: gids.to_vec(),
            rights: Rights::of([right]),
            accounts: None,
        };
        let mut grants = vec![
            short(&self.allow_uids, &self.allow_gids, Right::Read),
            short(&self.allow_refresh_uids, &[], Right::Refresh),
        ];
        grants.extend(self.grants.iter().cloned());
        grants.retain(|grant| !(grant.uids.is_empty() && grant.gids.is_empty()));
        grants
    }

    /// Whether anybody is let in besides root and the daemon's own user.
    pub fn admits_others(&self) -> bool {
        !self.all_grants().is_empty()
    }
}

/// What methods may touch.
#[derive(Debug)]
pub struct Backend {
    /// The accounts.
    pub shelf: Arc<Shelf>,
    /// The clients of the gateway.
    pub clients: Arc<Clients>,
    /// The certificate under KIS's host names.
    pub trust: Arc<Trust>,
    /// Which stocks there are.
    pub stocks: StockHandle,
    /// Orders.
    pub orders: Arc<Orders>,
    /// What is kept of candles.
    pub candles: CandleStore,
    /// When the daemon started.
    pub started_at: DateTime<Utc>,
    /// Open connections.
    pub(crate) connections: places::Places,
    /// What was refused, for the log.
    refusals: Arc<refusals::Refusals>,
}

impl Backend {
    /// A backend for these accounts.
    pub fn new(
        shelf: Arc<Shelf>,
        clients: Arc<Clients>,
        trust: Arc<Trust>,
        (stocks, candles, orders): (StockHandle, CandleStore, Arc<Orders>),
        started_at: DateTime<Utc>,
    ) -> Self {
        let clock = shelf.book().default_account().key.client.clock().clone();
        let refusals = Arc::new(refusals::Refusals::new(clock));
        let connections = places::Places::default();
        Self { shelf, clients, trust, stocks, candles, orders, started_at, connections, refusals }
    }

    /// The accounts, as they are now.
    pub fn book(&self) -> Guard<Arc<Book>> {
        self.shelf.book()
    }
}
