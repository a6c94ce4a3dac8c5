//! `kisd check --try-keys`: whether KIS takes the keys of an account. A daemon asks that knows this one account only, on a private
//! socket, so that the token lands in the mirror, the minute is kept, and nobody is asked for a token who was not named.

use std::{path::Path, time::Duration};

use kisd::{
    clock::SystemClock,
    config::{self, Config, Variables},
    daemon::{Daemon, Listening},
    gateway,
    wire::{
        daemon::{self, Daemon as Client},
        method::AccountBalance,
        place::Places,
        text::printable,
        types::{Balance, BalanceParams},
    },
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{Failure, print};

/// Longest wait for a balance: KIS's minute, and a little.
const WITHIN: Duration = Duration::from_secs(90);

pub(crate) fn run(file: Option<&Path>, variables: &Variables, account: Option<&str>) -> Result<(), Failure> {
    let config = config::load_as_service(file, variables)?;
    let directory = tempfile::Builder::new().prefix("kisd-try-").tempdir().map_err(Failure::other)?;
    let config = of_one(config, account, directory.path()).map_err(Failure::Other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::other)?;
    runtime.block_on(attempt(config))
}

/// What is left of a configuration where nothing but one account is to be tried.
fn of_one(mut config: Config, account: Option<&str>, directory: &Path) -> Result<Config, String> {
    let name = account.unwrap_or(config.default.as_str()).to_owned();
    let mut accounts = config.accounts.into_iter();
    let mut account = accounts
        .find(|account| account.name.as_str() == name)
        .ok_or_else(|| format!("there is no account {} in the configuration", printable(&name)))?;
    config.keys = vec![config.keys.swap_remove(account.key)];
    account.key = 0;
    config.default = account.name.clone();
    config.accounts = vec![account];
    config.rpc.socket = directory.join("kisd.sock");
    config.gateway = gateway::Settings::default();
    Ok(config)
}

async fn attempt(config: Config) -> Result<(), Failure> {
    let socket = config.rpc.socket.clone();
    let listening = Listening::start(&config).await.map_err(Failure::other)?;
    let daemon = Daemon::new(config, SystemClock::shared()).map_err(Failure::other)?;
    let shutdown = CancellationToken::new();
    let (_no_reloads, reloads) = mpsc::channel(1);
    let serving = tokio::spawn(daemon.run(listening, None, reloads, shutdown.clone()));
    let asked = balance(&Client::new(Places::named(socket))).await;
    shutdown.cancel();
    serving.await.map_err(Failure::other)?.map_err(Failure::other)?;
    let Balance { account, account_name, .. } = asked?;
    print(&format!("KIS takes the keys: a balance of {account} ({account_name}) has come\n"))
}

async fn balance(client: &Client) -> Result<Balance, Failure> {
    let timeout_ms = u64::try_from(WITHIN.as_millis()).ok();
    let params = BalanceParams { max_age_ms: Some(0), timeout_ms, account: None };
    let raw = client.call::<AccountBalance>(&params).await.map_err(|failure| match failure {
        daemon::Failure::Refused(error) => Failure::Other(printable(error.message())),
        daemon::Failure::Lost(error) => Failure::other(error),
        daemon::Failure::Away(_) => Failure::other("the daemon for the trial has ended; kisd run says why"),
    })?;
    serde_json::from_str(raw.get()).map_err(Failure::other)
}
