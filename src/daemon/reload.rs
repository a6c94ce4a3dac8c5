//! What a new configuration changes while running, and what has to wait for a restart.

use tracing::{error, info, warn};

use super::sessions::{Sessions, Task};
use crate::{
    config::Config,
    server::{Backend, Server},
};

/// Applies `new` where it can be; returns the configuration then in force, and what has to be started for it.
pub(super) async fn apply(
    old: Config,
    new: Config,
    sessions: &mut Sessions,
    backend: &Backend,
    server: &Server,
) -> (Config, Vec<Task>) {
    let mut applied = new.clone();
    let waiting = needs_restart(&old, &new);
    for key in &waiting {
        warn!(key, "this key has changed and takes effect when kisd is restarted");
    }
    (applied.log.format, applied.log.dir) = (old.log.format, old.log.dir.clone());
    applied.token.file = old.token.file.clone();
    applied.stocks.master_url = old.stocks.master_url.clone();
    applied.orders.ledger = old.orders.ledger.clone();
    applied.stocks.directory = old.stocks.directory.clone();
    applied.quotes = old.quotes.clone();
    (applied.rpc.socket, applied.rpc.socket_mode) = (old.rpc.socket.clone(), old.rpc.socket_mode);
    (applied.gateway.hosts, applied.gateway.resolver) = (old.gateway.hosts, old.gateway.resolver);
    let is_same = applied.same_as(&old);
    let tasks = match sessions.apply(&applied).await {
        Ok((book, tasks)) => {
            backend.shelf.replace(book);
            let orders = sessions.orders(&backend.orders, &applied);
            tasks.into_iter().chain(orders).collect()
        }
        Err(error) => {
            error!(%error, "the old configuration stays in force");
            return (old, Vec::new());
        }
    };
    backend.stocks.reload(&applied.stocks);
    server.reload(applied.rpc.clone());
    match (is_same, applied.handed_over) {
        (false, _) => info!("the configuration has been reloaded"),
        (true, false) => info!(waits_for_restart = waiting.len(), "nothing has changed in the configuration"),
        (true, true) => warn!(
            "nothing has changed in the configuration: what systemd or a container hands over is read at start only; restart kisd"
        ),
    }
    (applied, tasks)
}

fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    [
        ("token.file", old.token.file != new.token.file),
        ("rpc.socket", old.rpc.socket != new.rpc.socket),
        ("rpc.socket_mode", old.rpc.socket_mode != new.rpc.socket_mode),
        // Connections to KIS are made by them.
        ("gateway.hosts", old.gateway.hosts != new.gateway.hosts),
        ("gateway.resolver", old.gateway.resolver != new.gateway.resolver),
        ("orders.ledger", old.orders.ledger != new.orders.ledger),
        ("stocks.master_url", old.stocks.master_url != new.stocks.master_url),
        ("quotes.candles_file", old.quotes.file != new.quotes.file),
        ("quotes.candles_max_mb", old.quotes.max_bytes != new.quotes.max_bytes),
        ("log.format", old.log.format != new.log.format),
        ("log.dir", old.log.dir != new.log.dir),
    ]
    .into_iter()
    .filter_map(|(key, changed)| changed.then_some(key))
    .collect()
}
