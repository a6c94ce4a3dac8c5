//! `[gateway]`: where programs that speak to KIS are served, checked.

use std::{net::SocketAddr, time::Duration};

use super::{
    check::{Check, MINUTE, SECOND},
    raw::{RawGateway, RawMaxAge},
};
use crate::gateway::Settings;

/// Longest age of an answer that is served again.
const OLDEST: Duration = Duration::from_secs(60);

impl Check<'_> {
    pub(super) fn gateway(&mut self, raw: RawGateway) -> Settings {
        let usual = Settings::default();
        let RawGateway { listen, allow_hosts, patience, max_connections, max_age } = raw;
        let RawMaxAge { quotations, accounts } = max_age;
        Settings {
            listen: listen.and_then(|text| self.listen(&text)),
            allow_hosts: self.hosts(allow_hosts.unwrap_or_default()),
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

    fn listen(&mut self, text: &str) -> Option<SocketAddr> {
        let key = "gateway.listen";
        match text.parse::<SocketAddr>() {
            // Keys would cross the network in clear.
            Ok(listen) if !listen.ip().is_loopback() => self.none(
                key,
                "is not an address of this machine alone; allowed is a loopback address, as in \"127.0.0.1:9443\"",
            ),
            Ok(listen) => Some(listen),
            Err(_) => self.none(key, "is not an address with a port; allowed is one as in \"127.0.0.1:9443\""),
        }
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
