//! `gateway.*`: the certificate under KIS's host names, and how the gateway stands.

use std::{io, net::SocketAddr, path::Path};

use chrono::{DateTime, Utc};

use super::{
    catalog::{Call, Catalog},
    instant,
};
use crate::{
    clients::{Door, Doors},
    kis,
    server::{
        Backend,
        error::{Refusal, not_found, standard},
    },
    trust::{Files, State},
    wire::{
        codes::INTERNAL_ERROR,
        method,
        types::{GatewayBundle, GatewayState, GatewayStatus, GatewayTrust, GatewayUntrusted, HostsStatus, NoParams},
    },
};

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_later::<method::GatewayTrust, _, _>(|Call { backend, .. }, NoParams {}| {
        let backend = backend.clone();
        async move {
            let ends_at = backend.trust.make().await.map_err(|error| failed("made", &error))?;
            let Files { certificate, private_key, bundle } = backend.trust.files();
            let shown = |file: &Path| file.display().to_string();
            Ok(GatewayTrust {
                hosts: hosts(),
                ends_at: instant(ends_at),
                certificate: shown(certificate),
                private_key: shown(private_key),
                bundle: shown(bundle),
                gateway: status(&backend),
            })
        }
    });
    catalog.add_later::<method::GatewayUntrust, _, _>(|Call { backend, .. }, NoParams {}| {
        let trust = backend.trust.clone();
        async move {
            let removed = trust.remove().await.map_err(|error| failed("removed", &error))?;
            Ok(GatewayUntrusted { removed, hosts: hosts() })
        }
    });
    catalog.add_later::<method::GatewayBundle, _, _>(|Call { backend, .. }, NoParams {}| {
        let trust = backend.trust.clone();
        async move {
            let pem = trust.bundle().await.map_err(|error| failed("read", &error))?;
            match (pem, trust.state()) {
                (Some(pem), State::Made { ends_at, .. }) => Ok(GatewayBundle { pem, ends_at: instant(ends_at) }),
                _ => Err(not_found(
                    "certificate",
                    Vec::new(),
                    "there is no certificate for KIS's hosts; gateway.trust makes one".to_owned(),
                )),
            }
        }
    });
}

fn hosts() -> Vec<String> {
    kis::HOSTS.map(str::to_owned).to_vec()
}

fn failed(what: &str, error: &io::Error) -> Refusal {
    standard(INTERNAL_ERROR, format!("the certificate for KIS's hosts cannot be {what}: {error}"))
}

/// How the gateway stands.
pub(super) fn status(backend: &Backend) -> GatewayStatus {
    let Doors { listen, certificate_ends_at, hosts } = backend.clients.doors();
    let scheme = if certificate_ends_at.is_some() { "https" } else { "http" };
    let (state, at, error) = told(listen);
    let hosts = match told(hosts) {
        (_, None, _) => None,
        (state, Some(at), error) => Some(HostsStatus { state, address: at.ip().to_string(), error }),
    };
    let trust_ends_at = match backend.trust.state() {
        State::Made { ends_at, .. } => Some(ends_at),
        State::None | State::Broken(_) => None,
    };
    let now = backend.book().default_account().key.client.clock().now();
    // Of one that has ended there are less than none left.
    let days_left = |ends_at: DateTime<Utc>| (ends_at - now).num_seconds().div_euclid(86_400);
    GatewayStatus {
        state,
        base_url: at.map(|at| format!("{scheme}://{at}")),
        error,
        certificate_ends_at: certificate_ends_at.map(instant),
        certificate_days_left: certificate_ends_at.map(days_left),
        hosts,
        trust_ends_at: trust_ends_at.map(instant),
        trust_days_left: trust_ends_at.map(days_left),
    }
}

fn told(door: Door) -> (GatewayState, Option<SocketAddr>, Option<String>) {
    match door {
        Door::Off => (GatewayState::Off, None, None),
        Door::Serving { listen } => (GatewayState::Serving, Some(listen), None),
        Door::Failed { listen, reason } => (GatewayState::Failed, Some(listen), Some(reason)),
    }
}
