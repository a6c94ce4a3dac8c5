//! `daemon.*`.

use super::{
    catalog::{Call, Catalog, Description},
    instant, mode, token,
};
use crate::{
    server::error::MethodError,
    wire::{
        method,
        types::{Calls, DaemonStatus, FailedCalls, NoParams},
    },
};

pub(super) fn register(catalog: &mut Catalog) {
    let description = Description {
        name: method::DAEMON_STATUS,
        summary: "Version, account, token, and counters of calls and connections.",
        errors: &[],
    };
    catalog.add(description, status);
}

fn status(call: Call<'_, NoParams>) -> Result<DaemonStatus, MethodError> {
    let backend = call.backend;
    let account = &backend.account;
    let counts = account.client.totals().counts();
    Ok(DaemonStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        started_at: instant(backend.started_at),
        mode: mode(account.client.environment()),
        account: account.id.to_string(),
        token: token::on_the_wire(account.token.status()),
        calls: Calls {
            sent: counts.sent,
            failed: FailedCalls {
                token_refused: counts.token_refused,
                credentials_rejected: counts.credentials_rejected,
                upstream_unreachable: counts.unreachable,
                upstream_rejected: counts.rejected,
                upstream_malformed: counts.malformed,
            },
            rate_limited: counts.throttled,
            coalesced: account.balance.coalesced(),
        },
        connections: backend.connections.read() as u64,
    })
}
