//! What operators watch, as OpenMetrics text, which Prometheus reads: made of counters that are kept anyway, when it is asked for.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};

use super::Backend;
use crate::{
    account::{Account, AccountName},
    book::{Book, Standing},
    clients::Door,
};

type Labels = Vec<(&'static str, String)>;

/// 1 or 0.
type Switch = Gauge<f64, AtomicU64>;

/// All metrics now. Whole numbers become floats here, since the format knows nothing else; none of them is money.
pub(super) fn text(backend: &Backend, book: &Book, standing: &Standing) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("kisd");
    // Whoever is let in may read one.
    let account = book.foremost(standing).ok_or(std::fmt::Error)?;
    token(account, &mut registry);
    upstream(account, &mut registry);
    accounts(book, standing, &mut registry);
    let version =
        Info::new([("version", env!("CARGO_PKG_VERSION")), ("mode", account.key.client.environment().name())]);
    registry.register("build", "The daemon and the environment it serves", version);
    gauge(&mut registry, "start_time_seconds", "When the daemon started, in Unix time", seconds(backend.started_at));
    gauge(&mut registry, "connections", "Open connections", count(backend.connections.taken()));
    gauge(&mut registry, "subscriptions", "Subscriptions to the balance", count(account.balance.subscriptions()));
    let coalesced = account.balance.coalesced();
    let (questions, evictions) = (account.calls.questions(), account.calls.evictions());
    gauge(&mut registry, "operations_in_memory", "Answers of KIS's operations that are in memory", count(questions));
    counter(&mut registry, "operations_evicted", "Answers that were forgotten for want of room", evictions);
    counter(&mut registry, "coalesced_calls", "Calls of clients answered together with another", coalesced);
    clients(backend, book, standing, &mut registry);
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

/// What is told of each account that the caller may read; all else is about the default one, or the first of them.
fn accounts(book: &Book, standing: &Standing, registry: &mut Registry) {
    let (usable, failing) = (Family::<Labels, Switch>::default(), Family::<Labels, Switch>::default());
    for (account, _) in book.readable(standing) {
        let labels = || vec![("account", account.name.to_string()), ("key", account.key.fingerprint().to_owned())];
        let is_usable = matches!(account.key.token.status().state, crate::token::State::Valid);
        usable.get_or_create(&labels()).set(f64::from(u8::from(is_usable)));
        failing.get_or_create(&labels()).set(f64::from(u8::from(account.balance.last_fault().is_some())));
    }
    registry.register("account_token_usable", "Whether a usable access token is held, for each account", usable);
    registry.register("account_failing", "Whether the last fetch of the balance failed, for each account", failing);
}

/// The gateway, and those of its clients in all of whose accounts the caller may read.
fn clients(backend: &Backend, book: &Book, standing: &Standing, registry: &mut Registry) {
    let serving = matches!(backend.clients.doors().listen, Door::Serving { .. });
    gauge(registry, "gateway_serving", "Whether the gateway serves", f64::from(u8::from(serving)));
    let (calls, refused) = (Family::<Labels, Counter>::default(), Family::<Labels, Counter>::default());
    let all = backend.clients.all();
    let is_read = |name: &AccountName| book.account(Some(name.as_str()), standing).is_ok();
    for client in all.iter().filter(|client| client.accounts().iter().all(is_read)) {
        let labels = vec![("client", client.name.to_string())];
        let (answered, denied) = client.counted();
        calls.get_or_create(&labels).inc_by(answered);
        refused.get_or_create(&labels).inc_by(denied);
    }
    registry.register("gateway_calls", "Requests of clients of the gateway that were answered", calls);
    registry.register("gateway_refused", "Requests of clients of the gateway that were refused", refused);
}

fn token(account: &Account, registry: &mut Registry) {
    let status = account.key.token.status();
    let usable = matches!(status.state, crate::token::State::Valid);
    gauge(registry, "token_usable", "Whether a usable access token is held", f64::from(u8::from(usable)));
    if let Some(at) = status.issued_at {
        let age = account.key.client.clock().now().signed_duration_since(at).as_seconds_f64();
        gauge(registry, "token_age_seconds", "Age of the held access token", age);
    }
    if let Some(at) = status.expires_at {
        gauge(registry, "token_expiry_time_seconds", "When the held access token ends, in Unix time", seconds(at));
    }
    let issuances = account.key.client.totals().issuances();
    counter(registry, "token_issuances", "Tokens that KIS has handed out; it messages the owner of each", issuances);
    let offset = account.key.client.clock().offset().as_seconds_f64();
    gauge(registry, "clock_offset_seconds", "How far KIS's clock is ahead of this machine's", offset);
}

fn upstream(account: &Account, registry: &mut Registry) {
    let client = &account.key.client;
    let totals = client.totals();
    let (sent, failed) = (Family::<Labels, Counter>::default(), Family::<Labels, Counter>::default());
    for (tr_id, calls) in totals.calls() {
        sent.get_or_create(&vec![("tr_id", tr_id.to_owned())]).inc_by(calls.sent);
        for (kind, count) in calls.failed {
            let labels = vec![("tr_id", tr_id.to_owned()), ("kind", kind.name().to_owned())];
            failed.get_or_create(&labels).inc_by(count);
        }
    }
    registry.register("upstream_calls", "Calls sent to KIS, by TR", sent);
    registry.register("upstream_failures", "Calls to KIS that failed, by TR and kind", failed);
    registry.register("upstream_seconds", "Time that KIS takes to answer, by TR", totals.durations.clone());
    let fault = account.balance.last_fault().is_some();
    gauge(registry, "upstream_failing", "Whether KIS failed the last fetch", f64::from(u8::from(fault)));
    gauge(registry, "quota_limit", "Calls a second that are made at most", f64::from(client.calls_per_second()));
    let learned = client.learned_rate().calls_per_second();
    gauge(registry, "quota_learned", "Calls a second that KIS is known to allow, of those", learned);
    gauge(registry, "quota_taken", "Slots of the quota that are taken", count(client.slots_taken()));
    gauge(registry, "quota_waiting", "Calls that wait for a slot of the quota", count(totals.waiting()));
    registry.register("quota_wait_seconds", "Time that calls wait for a slot of the quota", totals.waits.clone());
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let counter = Counter::<u64>::default();
    counter.inc_by(value);
    registry.register(name, help, counter);
}

fn seconds(at: DateTime<Utc>) -> f64 {
    at.signed_duration_since(DateTime::UNIX_EPOCH).as_seconds_f64()
}

fn count(number: usize) -> f64 {
    // More than four thousand millions of anything here do not exist.
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
