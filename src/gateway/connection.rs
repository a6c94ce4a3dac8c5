//! One connection: what is refused before anybody asks who it is, and whose connection it turns out to be.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use spelled_http::{Delivery, Limits, Refusal as Unreadable, Request, Response, Service};
use tokio_util::sync::CancellationToken;

use super::{Gateway, answer::Refusal, proved::Proved, whose::Whose};
use crate::{clients::Client, kis, wire::codes::Kind};

/// A connection of a client.
pub(super) struct Connection {
    pub(super) gateway: Arc<Gateway>,
    /// Whose it is.
    pub(super) whose: Whose,
    pub(super) local: SocketAddr,
    /// Whether programs find it under KIS's own host names.
    pub(super) is_hosts: bool,
    /// What its client has proved.
    pub(super) proved: Proved,
    pub(super) stop: CancellationToken,
}

impl Service for Connection {
    const ENDS_WITH_ITS_CLIENT: bool = true;

    const LIMITS: Limits =
        Limits { request: Duration::from_secs(30), idle: Duration::from_secs(300), answer: Duration::from_secs(30) };

    async fn answer(&self, request: Request) -> Delivery {
        let response = match self.refusal(&request) {
            Some(refusal) => refusal.response("", self.gateway.clock.now()),
            None => self.gateway.answer(self, &request).await,
        };
        Delivery::Whole(response)
    }

    fn refuse(&self, unreadable: Unreadable) -> Response {
        let message = format!("유효하지 않은 요청입니다. (kisd: {unreadable})");
        Refusal::status(unreadable.status(), "EGW00101", message).response("", self.gateway.clock.now())
    }

    async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

impl Connection {
    /// Why a request is not looked at: a page in a browser may have sent it, or two readers would read it differently.
    fn refusal(&self, request: &Request) -> Option<Refusal> {
        let denied = |message: &str| Some(Refusal::own_status(403, Kind::PermissionDenied, format!("kisd: {message}")));
        let all = |name: &str| {
            let named = request.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            named.map(|(_, value)| value.trim().to_owned()).collect::<Vec<_>>()
        };
        let (hosts, origins) = (all("host"), all("origin"));
        let host = match hosts.as_slice() {
            // Browsers always say it.
            [] => String::new(),
            [host] => host.to_ascii_lowercase(),
            _ => {
                return Some(Refusal::status(400, "EGW00101", "유효하지 않은 요청입니다. (kisd: there are two hosts)"));
            }
        };
        if (!host.is_empty() || self.is_for_others()) && !self.is_allowed(&host) {
            return denied("this host name is not the gateway's; gateway.allow_hosts names others");
        }
        // A program that sends an origin sends that of its own address.
        let is_own = |origin: &String| origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(&host));
        if !origins.iter().all(is_own) {
            return denied("web pages are not served");
        }
        super::check::is_ambiguous(request)
            .then(|| Refusal::status(400, "EGW00101", "유효하지 않은 요청입니다. (kisd: a header comes twice)"))
    }

    /// Whether clients may call the gateway by this name.
    fn is_allowed(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let is_named = || self.gateway.settings.load().allow_hosts.iter().any(|known| known.eq_ignore_ascii_case(name));
        if self.is_for_others() {
            return is_named();
        }
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name == "localhost"
            || self.is_hosts && kis::HOSTS.contains(&name)
            || address.is_ok_and(|address| address.is_loopback() || address == self.local.ip())
            || is_named()
    }

    /// Whether it came in at an address that other machines can reach.
    fn is_for_others(&self) -> bool {
        !self.local.ip().to_canonical().is_loopback()
    }

    /// Whether the connection may be the client's: within this machine it must be of the client's user, or of root. Whose a
    /// connection from elsewhere is, nobody knows here.
    pub(super) fn is_of(&self, client: &Client) -> Result<(), Refusal> {
        if client.is_for_any_user() {
            return Ok(());
        }
        let (found, remedy) = match self.whose {
            Whose::User(uid) if uid == 0 || uid == client.uid() => return Ok(()),
            Whose::User(uid) => (format!("of uid {uid}"), "--uid"),
            Whose::Unknown => ("of a user that the kernel does not tell".to_owned(), "--uid"),
            Whose::Machine(_) => ("on another machine, whose users are not known here".to_owned(), "--any-user"),
        };
        let message = format!(
            "kisd: the key of the client \"{}\" is for programs of uid {}, and this one is {found}; kisctl client add \
             with {remedy} makes one for it",
            client.name,
            client.uid()
        );
        Err(Refusal::own_status(403, Kind::PermissionDenied, message))
    }
}
