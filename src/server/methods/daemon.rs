//! `daemon.*`.

use tracing::error;

use super::{
    account,
    catalog::{Call, Catalog},
    gateway, instant, mode, token,
};
use crate::{
    kis::FailureKind,
    server::{
        error::{Refusal, internal, standard},
        metrics,
    },
    wire::{
        codes::INVALID_PARAMS,
        method,
        types::{CONTRACT, Calls, DaemonStatus, FailedCalls, Hello, HelloParams, LearnedRate, NoParams, Quota},
    },
};

/// Letters of what a program calls itself.
const LONGEST_NAME: usize = 64;

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add::<method::DaemonStatus, _>(status);
    catalog.add::<method::DaemonHello, _>(|call, params| hello(&call, &params));
    catalog.add::<method::DaemonMetrics, _>(|Call { backend, book, standing, .. }, NoParams {}| {
        metrics::text(backend, book, standing).map_err(|fault| {
            error!(%fault, "metrics cannot be written");
            internal()
        })
    });
}

fn hello(call: &Call<'_>, HelloParams { client }: &HelloParams) -> Result<Hello, Refusal> {
    if !(1..=LONGEST_NAME).contains(&client.chars().count()) || client.chars().any(char::is_control) {
        let problem = format!("Invalid params: client must have 1 to {LONGEST_NAME} letters, as in \"my-bot 1.2\"");
        return Err(standard(INVALID_PARAMS, problem));
    }
    call.caller.set_claim(client.clone());
    Ok(Hello { version: env!("CARGO_PKG_VERSION").to_owned(), contract: CONTRACT })
}

fn status(Call { backend, book, standing, .. }: Call<'_>, NoParams {}: NoParams) -> Result<DaemonStatus, Refusal> {
    // Whoever is let in may read one.
    let account = book.foremost(standing).ok_or_else(internal)?;
    let kis = &account.key.client;
    let (totals, learned) = (kis.totals(), kis.learned_rate());
    let sum = totals.sum();
    let failed = |kind| sum.failed.get(&kind).copied().unwrap_or(0);
    Ok(DaemonStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        started_at: instant(backend.started_at),
        mode: mode(kis.environment()),
        account: account.id.to_string(),
        account_name: account.name.to_string(),
        accounts: account::entries(book, standing),
        contract: CONTRACT,
        token: token::on_the_wire(account),
        calls: Calls {
            sent: sum.sent,
            issuances: totals.issuances(),
            failed: FailedCalls {
                token_refused: failed(FailureKind::TokenRefused),
                credentials_rejected: failed(FailureKind::CredentialsRejected),
                upstream_unreachable: failed(FailureKind::Unreachable),
                upstream_rejected: failed(FailureKind::Rejected),
                upstream_malformed: failed(FailureKind::Malformed),
            },
            rate_limited: failed(FailureKind::Throttled),
            coalesced: account.balance.coalesced(),
        },
        connections: backend.connections.taken() as u64,
        subscriptions: account.balance.subscriptions() as u64,
        quota: Quota {
            calls_per_second: kis.calls_per_second(),
            learned: Some(LearnedRate { calls: learned.calls(), in_ms: learned.window_ms() }),
            taken: kis.slots_taken() as u64,
            waiting: totals.waiting() as u64,
        },
        upstream_error: account.balance.last_fault().map(|fault| Refusal::from(fault).into()),
        clock_offset_ms: kis.clock().offset().num_milliseconds(),
        gateway: gateway::status(backend),
    })
}
