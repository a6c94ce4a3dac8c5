//! The composition root: makes the parts of a [`Config`], runs them, and takes them down in order.
//!
//! Start: claim the socket → take over the mirrored token → serve → READY. Stop: accept no more → let calls in flight finish,
//! and an issuance under way too → stop the rest → remove the socket. It imports everything; nothing imports it.

pub mod process;
mod reload;
mod schedule;
pub mod signals;
pub mod systemd;
mod tasks;

use std::{sync::Arc, time::Duration};

use tokio::{net::UnixListener, sync::mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use self::{schedule::Schedule, tasks::TaskGroup};
use crate::{
    account::{Account, BalanceDesk},
    clock::{DisciplinedClock, SharedClock},
    config::Config,
    kis::{KisClient, SetupError},
    server::{
        Backend, Server,
        serve::Heartbeat,
        socket::{self, ClaimError, SocketClaim},
    },
    token::{TokenKeeper, store::Store},
};

/// Longest time from the order to stop to the end, calls and an issuance under way included: five seconds with the rest,
const STOP_WITHIN: Duration = Duration::from_millis(4800);

/// of which the owner tasks have at least this, once nobody asks them any more.
const TASKS_WITHIN: Duration = Duration::from_millis(150);

/// Why the daemon does not start, or does not go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The socket cannot be had.
    #[error(transparent)]
    Socket(#[from] ClaimError),
    /// The scheduler does not start: a fault of ours.
    #[error("the renewal job cannot be scheduled: {0}")]
    Schedule(String),
    /// A part that must run has ended: a fault of ours.
    #[error("the {0} has ended unexpectedly; the log says why")]
    Task(&'static str),
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
    client: Arc<KisClient>,
    keeper: TokenKeeper,
    desk: BalanceDesk,
    account: Account,
    server: Server,
}

impl Daemon {
    /// Makes all parts. Nothing is sent anywhere yet.
    pub fn new(config: Config, clock: SharedClock) -> Result<Self, DaemonError> {
        let clock = DisciplinedClock::shared(clock);
        let client = KisClient::new(config.kis.clone(), clock.clone())?.remembering_calls(&config.token.file);
        let client = Arc::new(client);
        let credentials = config.kis.credentials.clone();
        let store = Store::files(config.token.file.clone(), config.kis.environment, &credentials);
        let (keeper, token) = TokenKeeper::new(client.clone(), credentials, config.token.clone(), store, clock.clone());
        let (desk, balance) = BalanceDesk::new(config.account.clone(), client.clone(), token.clone(), config.balance);
        let account = Account { id: config.account.clone(), client: client.clone(), token, balance };
        let backend = Backend::new(account.clone(), clock.now());
        let server = Server::new(backend, config.rpc.clone(), clock);
        Ok(Self { config, client, keeper, desk, account, server })
    }

    /// Serves until `shutdown`. Each configuration from `reloads` replaces what can be replaced while running.
    pub async fn run(
        self,
        listening: Listening,
        heartbeat: Option<Heartbeat>,
        mut reloads: mpsc::Receiver<Config>,
        shutdown: CancellationToken,
    ) -> Result<(), DaemonError> {
        let Self { mut config, client, keeper, desk, account, server } = self;
        let stop = CancellationToken::new();
        let mut tasks = TaskGroup::default();
        tasks.spawn("token keeper", keeper.run(shutdown.clone()));
        tasks.spawn("balance desk", desk.run(stop.clone()));
        let schedule = Schedule::start(account.token.clone()).await?;
        info!(
            version = env!("CARGO_PKG_VERSION"),
            mode = config.kis.environment.name(),
            account = %account.id,
            socket = %config.rpc.socket.display(),
            "kisd is ready"
        );
        systemd::ready();

        let serving = server.run(listening.listener, heartbeat, shutdown.clone());
        tokio::pin!(serving);
        let (mut status, mut said) = (account.token.clone(), String::new());
        let (mut failed, mut stop_at) = (None, None);
        loop {
            tokio::select! {
                () = &mut serving => break,
                () = shutdown.cancelled(), if stop_at.is_none() => {
                    stop_at = Some(client.clock().monotonic().saturating_add(STOP_WITHIN));
                }
                // The keeper ends by itself at a shutdown, while calls are still being answered.
                name = tasks.ended() => {
                    if !shutdown.is_cancelled() {
                        error!(task = name, "a task has ended unexpectedly; shutting down");
                        failed = Some(name);
                        shutdown.cancel();
                    }
                }
                Some(new) = reloads.recv() => config = reload::apply(config, new, &client, &account, &server).await,
                () = status.changed() => systemd::status(&status.status(), &mut said),
            }
        }
        systemd::stopping();
        schedule.stop().await;
        stop.cancel();
        let now = client.clock().monotonic();
        tasks.finish(stop_at.unwrap_or(now).saturating_sub(now).max(TASKS_WITHIN)).await;
        // `listening` is dropped on return, and with it the socket.
        info!("kisd has stopped");
        failed.map_or(Ok(()), |name| Err(DaemonError::Task(name)))
    }
}
