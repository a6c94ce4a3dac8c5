//! Addresses of KIS's hosts past the hosts file, which may lead other programs of this machine to kisd itself.
//!
//! Names other than KIS's are looked up as the system does it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use resolv_conf::{Config, ScopedIp};

use super::HOSTS;

/// The port of DNS.
const DNS: u16 = 53;

/// Where the servers are written: those behind systemd-resolved, which itself answers from the hosts file, and then the others.
const SERVERS: [&str; 2] = ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"];

/// Longest wait for one server, and tries: together less than a connection may take.
const TIMEOUT: Duration = Duration::from_secs(2);
const TRIES: usize = 2;

/// Why there is no address.
#[derive(Debug, thiserror::Error)]
enum NoAddress {
    #[error("there is no DNS server to ask for {0} past the hosts file; name one in gateway.resolver")]
    NoServer(String),
    #[error("the DNS server leads {0} to this machine itself; name another in gateway.resolver")]
    Loopback(String),
    #[error("the DNS server does not tell the address of {host}: {reason}")]
    Failed { host: String, reason: String },
}

/// Asks DNS servers for KIS's hosts, and nobody's hosts file.
#[derive(Clone)]
pub(super) struct PastHostsFile {
    /// The server that is configured.
    server: Option<SocketAddr>,
    known: Arc<Mutex<Option<Known>>>,
}

/// A resolver, which keeps answers for as long as they say.
struct Known {
    /// The servers that it asks.
    servers: Vec<SocketAddr>,
    resolver: TokioResolver,
}

impl std::fmt::Debug for PastHostsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PastHostsFile").field("server", &self.server).finish_non_exhaustive()
    }
}

impl PastHostsFile {
    /// Asks this server, or without one those of the system.
    pub(super) fn new(server: Option<SocketAddr>) -> Self {
        Self { server, known: Arc::default() }
    }

    async fn addresses(self, host: String) -> Result<Vec<SocketAddr>, NoAddress> {
        let servers = match self.server {
            Some(server) => vec![server],
            // They change where networks do.
            None => tokio::task::spawn_blocking(servers_of_the_system).await.unwrap_or_default(),
        };
        if servers.is_empty() {
            return Err(NoAddress::NoServer(host));
        }
        let failed = |reason: String| NoAddress::Failed { host: host.clone(), reason };
        let resolver = self.asking(servers).map_err(failed)?;
        // With a dot at its end it is a whole name.
        let found = resolver.lookup_ip(format!("{host}.")).await.map_err(|error| failed(error.to_string()))?;
        let of_others = |address: &IpAddr| !is_this_machine(*address);
        let found: Vec<SocketAddr> = found.iter().filter(of_others).map(|address| (address, 0).into()).collect();
        if found.is_empty() { Err(NoAddress::Loopback(host)) } else { Ok(found) }
    }

    fn asking(&self, servers: Vec<SocketAddr>) -> Result<TokioResolver, String> {
        // Whoever panicked here has replaced nothing.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(known) if known.servers == servers => Ok(known.resolver.clone()),
            _ => {
                let resolver = resolver(&servers)?;
                *known = Some(Known { servers, resolver: resolver.clone() });
                Ok(resolver)
            }
        }
    }
}

fn resolver(servers: &[SocketAddr]) -> Result<TokioResolver, String> {
    let server = |address: &SocketAddr| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = address.port();
            connection
        });
        NameServerConfig::new(address.ip(), true, connections.to_vec())
    };
    let config = ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect());
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = TIMEOUT;
    options.attempts = TRIES;
    builder.build().map_err(|error| error.to_string())
}

fn servers_of_the_system() -> Vec<SocketAddr> {
    let found = SERVERS.iter().filter_map(|file| servers_in(Path::new(file)).ok());
    found.into_iter().find(|servers| !servers.is_empty()).unwrap_or_default()
}

fn servers_in(file: &Path) -> io::Result<Vec<SocketAddr>> {
    let config = Config::parse(std::fs::read(file)?).map_err(io::Error::other)?;
    let address = |server: &ScopedIp| match server {
        ScopedIp::V4(address) => Some(SocketAddr::from((*address, DNS))),
        // One of a link is of no use without the link.
        ScopedIp::V6(address, None) => Some(SocketAddr::from((*address, DNS))),
        ScopedIp::V6(_, Some(_)) => None,
    };
    Ok(config.nameservers.iter().filter_map(address).collect())
}

/// Whether an address leads back to this machine: it would have kisd ask itself.
fn is_this_machine(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified()
}

impl Resolve for PastHostsFile {
    fn resolve(&self, name: Name) -> Resolving {
        let (this, host) = (self.clone(), name.as_str().trim_end_matches('.').to_ascii_lowercase());
        Box::pin(async move {
            let addresses = match HOSTS.contains(&host.as_str()) {
                true => this.addresses(host).await?,
                false => tokio::net::lookup_host((host, 0)).await?.collect(),
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
