//! What a new configuration changes while running, and what has to wait for a restart.

use tracing::{info, warn};

use crate::{account::Account, config::Config, kis::KisClient, server::Server, token::store::Store};

/// Applies `new` where it can be; returns the configuration then in force.
pub(super) async fn apply(old: Config, new: Config, client: &KisClient, account: &Account, server: &Server) -> Config {
    let mut applied = new.clone();
    let waiting = needs_restart(&old, &new);
    for key in &waiting {
        warn!(key, "this key has changed and takes effect when kisd is restarted");
    }
    if another_account(&old, &new) {
        // Keys of another environment or account would only be refused by the one that is called.
        warn!("credentials are not reloaded together with another mode, host or account");
        applied.kis = old.kis.clone();
    }
    (applied.account, applied.log.format) = (old.account.clone(), old.log.format);
    (applied.log.dir, applied.token.file) = (old.log.dir.clone(), old.token.file.clone());
    (applied.rpc.socket, applied.rpc.socket_mode) = (old.rpc.socket.clone(), old.rpc.socket_mode);
    let is_same = applied.same_as(&old);

    client.reload(&applied.kis);
    let store = Store::files(applied.token.file.clone(), applied.kis.environment, &applied.kis.credentials);
    let credentials = applied.kis.credentials.clone();
    if account.token.reload(applied.token.clone(), store, credentials).await.is_err() {
        return applied;
    }
    account.balance.reload(applied.balance);
    server.reload(applied.rpc.clone());
    match (is_same, applied.handed_over) {
        (false, _) => info!("the configuration has been reloaded"),
        (true, false) => info!(waits_for_restart = waiting.len(), "nothing has changed in the configuration"),
        (true, true) => warn!(
            "nothing has changed in the configuration: what systemd or a container hands over is read at start only; restart kisd"
        ),
    }
    applied
}

fn another_account(old: &Config, new: &Config) -> bool {
    old.kis.environment != new.kis.environment || old.kis.base_url != new.kis.base_url || old.account != new.account
}

fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    [
        ("kis.mode", old.kis.environment != new.kis.environment),
        ("kis.base_url", old.kis.base_url != new.kis.base_url),
        ("kis.account_no", old.account != new.account),
        ("token.file", old.token.file != new.token.file),
        ("rpc.socket", old.rpc.socket != new.rpc.socket),
        ("rpc.socket_mode", old.rpc.socket_mode != new.rpc.socket_mode),
        ("log.format", old.log.format != new.log.format),
        ("log.dir", old.log.dir != new.log.dir),
    ]
    .into_iter()
    .filter_map(|(key, changed)| changed.then_some(key))
    .collect()
}
