//! The composition root: makes the parts of a [`Config`], runs them, and takes them down in order.
//!
//! Start: claim the socket → take over the mirrored token → serve → READY. Stop: accept no more → let calls in flight finish,
//! and an issuance under way too → stop the rest → remove the socket. It imports everything; nothing imports it.

pub mod process;
mod reload;
mod schedule;
mod sessions;
pub mod signals;
pub mod systemd;
mod tasks;

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{net::UnixListener, sync::mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use self::{schedule::Schedule, sessions::Sessions, tasks::TaskGroup};
use crate::{
    book::Shelf,
    clients::Clients,
    clock::{DisciplinedClock, SharedClock},
    config::Config,
    gateway::Gateway,
    kis::{Http, SetupError},
    order::Orders,
    quote::CandleStore,
    server::{
        Backend, Server,
        serve::Heartbeat,
        socket::{self, ClaimError, SocketClaim},
    },
    stock::StockHandle,
    token::TokenHandle,
    trust::Trust,
};

/// Longest time from the order to stop to the end, calls and an issuance under way included: five seconds with the rest,
const STOP_WITHIN: Duration = Duration::from_millis(4800);

/// of which the owner tasks have at least this, once nobody asks them any more.
const TASKS_WITHIN: Duration = Duration::from_millis(150);

/// The file of the gateway's clients, beside the token.
const CLIENTS: &str = "clients.json";

/// Why the daemon does not start, or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The socket cannot be had.
    #[error(transparent)]
    Socket(#[from] ClaimError),
    /// The thread of the ledger of orders does not start.
    #[error("the ledger of orders has no thread: {0}")]
    Ledger(std::io::Error),
    /// The scheduler does not start: a fault of ours.
    #[error("the renewal job cannot be scheduled: {0}")]
    Schedule(String),
    /// A part that must run has ended: a fault of ours.
    #[error("the {0} has ended unexpectedly; the log says why")]
    Task(String),
}

/// The socket to serve, and what removes it in the end.
#[derive(Debug)]
pub struct Listening {
    listener: UnixListener,
    /// Nothing, when the socket belongs to systemd.
    _claim: Option<SocketClaim>,
}

impl Listening {
    /// The socket that systemd hands over, else the configured one.
    pub async fn start(config: &Config) -> Result<Self, DaemonError> {
        if let Some(listener) = systemd::listener() {
            info!("serving the socket handed over by systemd");
            return Ok(Self { listener, _claim: None });
        }
        let (listener, claim) = socket::claim(&config.rpc).await?;
        Ok(Self { listener, _claim: Some(claim) })
    }
}

/// All parts, made and not yet running.
#[derive(Debug)]
pub struct Daemon {
    config: Config,
    clock: SharedClock,
}

impl Daemon {
    /// Makes all parts. Nothing is sent anywhere yet.
    pub fn new(config: Config, clock: SharedClock) -> Result<Self, DaemonError> {
        Ok(Self { config, clock: DisciplinedClock::shared(clock) })
    }

    /// Serves until `shutdown`. Each configuration from `reloads` replaces what can be replaced while running.
    pub async fn run(
        self,
        listening: Listening,
        heartbeat: Option<Heartbeat>,
        mut reloads: mpsc::Receiver<Config>,
        shutdown: CancellationToken,
    ) -> Result<(), DaemonError> {
        let Self { mut config, clock } = self;
        let http = match config.gateway.hosts {
            // The hosts file leads to us then.
            Some(_) => Http::past_hosts_file(config.gateway.resolver),
            None => Http::default(),
        };
        let mut sessions = Sessions::new(http, clock.clone());
        let (book, start) = sessions.apply(&config).await?;
        let mut tasks = TaskGroup::default();
        start.into_iter().for_each(|task| tasks.spawn(task));
        let shelf = Arc::new(Shelf::new(book));
        let clients = Arc::new(Clients::open(config.token.file.with_file_name(CLIENTS), clock.clone()));
        tasks.spawn(sessions.usage(clients.clone()));
        let state = config.token.file.parent().unwrap_or(Path::new("."));
        let trust = Arc::new(Trust::open(state, clock.clone()));
        let gateway =
            Gateway::new(config.gateway.clone(), shelf.clone(), clients.clone(), trust.clone(), clock.clone());
        let (stocks, keeper) = StockHandle::new(&config.stocks, sessions.http(), clock.clone())?;
        tasks.spawn(sessions.stocks(keeper));
        let candles = CandleStore::open(config.quotes.clone(), clock.clone());
        let orders = Arc::new(Orders::new(&config.orders.ledger, stocks.clone()).map_err(DaemonError::Ledger)?);
        sessions.orders(&orders, &config).into_iter().for_each(|task| tasks.spawn(task));
        let backend = Arc::new(Backend::new(shelf, clients, trust, (stocks, candles, orders), clock.now()));
        let server = Server::new(backend.clone(), config.rpc.clone(), clock.clone());
        let schedule = Schedule::start(backend.clone()).await?;
        info!(
            version = env!("CARGO_PKG_VERSION"),
            accounts = %names(&backend),
            socket = %config.rpc.socket.display(),
            "kisd is ready"
        );
        systemd::ready();

        let serving = async {
            let socket = server.run(listening.listener, heartbeat, shutdown.clone());
            tokio::join!(socket, gateway.clone().run(shutdown.clone()));
        };
        tokio::pin!(serving);
        let (mut status, mut said) = (default_token(&backend), String::new());
        let (mut failed, mut stop_at) = (None, None);
        loop {
            tokio::select! {
                () = &mut serving => break,
                () = shutdown.cancelled(), if stop_at.is_none() => {
                    stop_at = Some(clock.monotonic().saturating_add(STOP_WITHIN));
                    sessions.stop_keys.cancel();
                }
                name = tasks.ended() => {
                    error!(task = name, "a task has ended unexpectedly; shutting down");
                    failed = Some(name);
                    shutdown.cancel();
                }
                Some(new) = reloads.recv() => {
                    let (applied, start) = reload::apply(config, new, &mut sessions, &backend, &server).await;
                    config = applied;
                    gateway.reload(config.gateway.clone());
                    start.into_iter().for_each(|task| tasks.spawn(task));
                    status = default_token(&backend);
                    systemd::status(&status.status(), &mut said);
                }
                () = status.changed() => systemd::status(&status.status(), &mut said),
            }
        }
        systemd::stopping();
        schedule.stop().await;
        sessions.stop_keys.cancel();
        sessions.stop_desks.cancel();
        let now = clock.monotonic();
        tasks.finish(stop_at.unwrap_or(now).since(now).max(TASKS_WITHIN)).await;
        backend.candles.settle(TASKS_WITHIN).await;
        // `listening` is dropped on return, and with it the socket.
        info!("kisd has stopped");
        failed.map_or(Ok(()), |name| Err(DaemonError::Task(name)))
    }
}

fn default_token(backend: &Backend) -> TokenHandle {
    backend.book().default_account().key.token.clone()
}

/// The accounts for the log: name, masked number and mode of each.
fn names(backend: &Backend) -> String {
    let book = backend.book();
    let names = book
        .accounts()
        .map(|account| format!("{} ({}, {})", account.name, account.id, account.key.client.environment().name()));
    names.collect::<Vec<_>>().join(", ")
}
