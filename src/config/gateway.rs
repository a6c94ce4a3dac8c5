//! `[gateway]`: where programs that speak to KIS are served, checked.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use super::{
    check::{Check, MINUTE, SECOND},
    credential::DIRECTORY,
    load::read_credential,
    raw::{RawGateway, RawMaxAge},
};
use crate::gateway::{PLAIN_PORTS, Settings, TLS_PORTS, Tls, TlsFault};

/// Longest age of an answer that is served again.
const OLDEST: Duration = Duration::from_secs(60);

/// The port of DNS.
const DNS: u16 = 53;

impl Check<'_> {
    pub(super) fn gateway(&mut self, raw: RawGateway) -> Settings {
        let usual = Settings::default();
        let RawGateway {
            listen,
            allow_remote,
            certificate,
            private_key,
            hosts,
            resolver,
            allow_hosts,
            unknown,
            patience,
            max_connections,
            max_age,
        } = raw;
        let RawMaxAge { quotations, accounts } = max_age;
        let listen = listen.and_then(|text| self.listen(&text, allow_remote.unwrap_or(false)));
        let allow_hosts = self.hosts(allow_hosts.unwrap_or_default());
        if let Some(listen) = listen.filter(|listen| !listen.ip().is_loopback()) {
            self.remote(listen, certificate.is_some(), &allow_hosts);
        }
        Settings {
            listen,
            tls: self.tls(certificate, private_key),
            hosts: hosts.and_then(|text| self.hosts_address(&text, listen)),
            resolver: resolver.and_then(|text| self.resolver(&text)),
            allow_hosts,
            unknown: unknown.unwrap_or(usual.unknown),
            patience: self.duration("gateway.patience", patience, usual.patience, SECOND, 10 * MINUTE),
            max_connections: self.number("gateway.max_connections", max_connections, usual.max_connections, 1, 65_536),
            quotation_max_age: self.duration(
                "gateway.max_age.quotations",
                quotations,
                Duration::ZERO,
                Duration::ZERO,
                OLDEST,
            ),
            account_max_age: self.duration(
                "gateway.max_age.accounts",
                accounts,
                Duration::ZERO,
                Duration::ZERO,
                OLDEST,
            ),
        }
    }

    fn listen(&mut self, text: &str, allow_remote: bool) -> Option<SocketAddr> {
        let key = "gateway.listen";
        match text.parse::<SocketAddr>() {
            // Whoever can reach it could try.
            Ok(listen) if !listen.ip().is_loopback() && !allow_remote => self.none(
                key,
                "is not an address of this machine alone; allowed is a loopback address, as in \"127.0.0.1:9443\", and another \
                 only with gateway.allow_remote = true, gateway.certificate and gateway.private_key",
            ),
            Ok(listen) => Some(listen),
            Err(_) => self.none(key, "is not an address with a port; allowed is one as in \"127.0.0.1:9443\""),
        }
    }

    /// What an entrance for other machines needs.
    fn remote(&mut self, listen: SocketAddr, has_certificate: bool, allow_hosts: &[String]) {
        // Keys would cross the network in clear.
        if !has_certificate {
            self.fault(
                "gateway.certificate",
                format!(
                    "is missing; gateway.listen = \"{listen}\" is for other machines, which are served in TLS only"
                ),
            );
        }
        if allow_hosts.is_empty() {
            self.fault(
                "gateway.allow_hosts",
                format!(
                    "is missing; gateway.listen = \"{listen}\" is for other machines, whose programs call it by a name that is \
                     allowed here, as in [\"kisd.lan\"]"
                ),
            );
        }
    }

    fn tls(&mut self, certificate: Option<PathBuf>, private_key: Option<PathBuf>) -> Option<Tls> {
        let (certificate, private_key) = match (certificate, private_key) {
            (None, None) => return None,
            (Some(certificate), Some(private_key)) => (certificate, private_key),
            (Some(_), None) => {
                return self.none("gateway.private_key", "is missing; it belongs to gateway.certificate");
            }
            (None, Some(_)) => {
                return self.none("gateway.certificate", "is missing; it belongs to gateway.private_key");
            }
        };
        let handed_over = self.sources.variables.directory(DIRECTORY);
        let private_key = self.sources.beside(&private_key);
        // systemd has seen to it that only this service can read it, in a way that mode bits do not show.
        let must_be_private = !handed_over.is_some_and(|directory| private_key.starts_with(directory));
        let certificate = read_credential(&self.sources.beside(&certificate), false);
        let private_key = read_credential(&private_key, must_be_private);
        let (certificate, private_key) = match (certificate, private_key) {
            (Ok(certificate), Ok(private_key)) => (certificate, private_key),
            (Err(problem), _) => return self.none("gateway.certificate", problem),
            (_, Err(problem)) => return self.none("gateway.private_key", problem),
        };
        let tls = Tls::of_pem(certificate.as_bytes(), private_key.as_bytes());
        tls.map_or_else(
            |fault| match fault {
                TlsFault::Certificate => self.none("gateway.certificate", fault),
                TlsFault::PrivateKey | TlsFault::Mismatch => self.none("gateway.private_key", fault),
            },
            Some,
        )
    }

    fn hosts_address(&mut self, text: &str, listen: Option<SocketAddr>) -> Option<IpAddr> {
        let key = "gateway.hosts";
        let Some(address) = text.parse::<IpAddr>().ok().filter(IpAddr::is_loopback) else {
            return self.none(key, "is not a loopback address without a port; allowed is one as in \"127.0.0.77\"");
        };
        let has_its_ports = |listen: SocketAddr| {
            let ports = [TLS_PORTS, PLAIN_PORTS].concat();
            listen.ip() == address || listen.ip().is_unspecified() && ports.contains(&listen.port())
        };
        match listen.is_some_and(has_its_ports) {
            true => self.none(key, "is the address of gateway.listen; allowed is another, as in \"127.0.0.77\""),
            false => Some(address),
        }
    }

    fn resolver(&mut self, text: &str) -> Option<SocketAddr> {
        let of_address = |_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS));
        text.parse::<SocketAddr>().or_else(of_address).map_or_else(
            |_| {
                let problem =
                    "is not the address of a DNS server; allowed is one as in \"192.0.2.1\" or \"192.0.2.1:53\"";
                self.none("gateway.resolver", problem)
            },
            Some,
        )
    }

    fn hosts(&mut self, hosts: Vec<String>) -> Vec<String> {
        let is_name = |host: &String| {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(is_letter)
        };
        if !hosts.iter().all(is_name) {
            self.fault(
                "gateway.allow_hosts",
                "has something that is no host name; allowed are names without a port, as in [\"kisd\"]",
            );
        }
        hosts
    }
}
