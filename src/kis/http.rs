//! The only HTTP client towards KIS, and the reading of answers under a cap.

use std::{
    collections::BTreeMap,
    error::Error as _,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Datelike, Utc};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{Response, redirect};
use url::{Host, Url};

use super::{
    error::KisError,
    reply::{self, MAX_BODY_BYTES},
    resolver::PastHostsFile,
};
use crate::clock::{BootTime, Clock};

/// Longest wait for a connection, TLS included: shorter than a request may take, so that "not even connected" is told apart
/// from "sent, and no answer".
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// KIS closes idle connections after a while it does not document; a connection older than this is not used again.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The client cannot be made: in practice, no certificate authorities on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up HTTPS (are the system's CA certificates installed?): {0}")]
pub struct SetupError(String);

/// Whether the host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Connections to one host that are kept open for the next call, of whichever app key.
const KEPT: usize = 32;

/// The HTTP clients of all app keys: TLS is set up once, and what tells keys apart is in the head of each request.
#[derive(Debug, Clone, Default)]
pub struct Http {
    pairs: Arc<Mutex<BTreeMap<(bool, bool), Pair>>>,
    /// Where KIS's hosts are looked up; `None`: where the system looks up all.
    resolver: Option<PastHostsFile>,
}

/// The two clients of one kind of host.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// Keeps its connections.
    pub(crate) kept: reqwest::Client,
    /// Makes a connection for each call.
    pub(crate) fresh: reqwest::Client,
}

impl Http {
    /// Clients that look KIS's hosts up past the hosts file: at this DNS server, or without one at those of the system.
    pub fn past_hosts_file(server: Option<SocketAddr>) -> Self {
        Self { pairs: Arc::default(), resolver: Some(PastHostsFile::new(server)) }
    }

    /// The clients for a host, made when they are first asked for.
    pub(crate) fn of(&self, base_url: &Url) -> Result<Pair, SetupError> {
        let kind = (is_loopback(base_url), base_url.scheme() == "http");
        // Whoever panicked here has added nothing.
        let mut known = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = known.get(&kind) {
            return Ok(pair.clone());
        }
        let client = |kept| client(base_url, kept, self.resolver.clone());
        let pair = Pair { kept: client(KEPT)?, fresh: client(0)? };
        known.insert(kind, pair.clone());
        Ok(pair)
    }
}

fn client(base_url: &Url, kept: usize, resolver: Option<PastHostsFile>) -> Result<reqwest::Client, SetupError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("kisd/", env!("CARGO_PKG_VERSION")))
        // reqwest takes `Authorization` off when a redirect leaves the host, but would send `appsecret` along.
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(kept)
        .tcp_keepalive(Duration::from_secs(15))
        .tcp_nodelay(true);
    if is_loopback(base_url) {
        builder = builder.no_proxy();
    } else if let Some(resolver) = resolver {
        builder = builder.dns_resolver(resolver);
    }
    if base_url.scheme() == "http" {
        // Nothing to verify, so a machine without CA certificates can still run the simulator.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| SetupError(cause(&error)))
}

/// An answer: the status, some headers and the whole body.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// HTTP status.
    pub http_status: u16,
    /// `Date`: what time it was by KIS's clock,
    pub(crate) date: Option<DateTime<Utc>>,
    /// when its head arrived, as the time since boot.
    pub(crate) head_at: BootTime,
    /// The local end of the connection that it came on.
    pub(crate) connection: Option<SocketAddr>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The TR.
    pub tr_id: Option<String>,
    /// Whether pages follow.
    pub tr_cont: Option<String>,
    /// KIS's number of the call.
    pub gt_uid: Option<String>,
    /// The body as UTF-8,
    pub(crate) body: Bytes,
    /// and as it came.
    pub as_sent: Bytes,
}

/// Sends a request and reads its answer.
pub(crate) async fn exchange(
    tr_id: &'static str,
    request: reqwest::RequestBuilder,
    clock: &dyn Clock,
) -> Result<Exchange, KisError> {
    let unreachable = |error: reqwest::Error| KisError::Unreachable {
        tr_id,
        sent: !error.is_connect() && !error.is_builder(),
        reason: {
            let host = error.url().map(|url| format!(" ({})", url.authority())).unwrap_or_default();
            // Without the rest of the URL, which holds the account number.
            format!("{}{host}", cause(&error.without_url()))
        },
    };
    let mut response = request.send().await.map_err(unreachable)?;
    let head_at = clock.boottime();
    let http_status = response.status().as_u16();
    let names = ["content-type", "tr_id", "tr_cont", "gt_uid"];
    let [content_type, said_tr_id, tr_cont, gt_uid] = names.map(|name| header(&response, name));
    let connection = response.extensions().get::<HttpInfo>().map(HttpInfo::local_addr);
    let date = header(&response, "date").and_then(|date| DateTime::parse_from_rfc2822(&date).ok());
    // A year that nobody lives in is a fault of whoever said it.
    let date = date.filter(|date| (2020..2200).contains(&date.year()));
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(KisError::Foreign { tr_id, http_status, what: "larger than any answer of KIS" });
        }
        body.extend_from_slice(&chunk);
    }
    let date = date.map(|date| date.to_utc());
    let as_sent = body.freeze();
    let body = reply::readable(as_sent.clone());
    Ok(Exchange {
        http_status,
        date,
        head_at,
        connection,
        content_type,
        tr_id: said_tr_id,
        tr_cont,
        gt_uid,
        body,
        as_sent,
    })
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The innermost reason of an error, which is the one a person can act on ("Connection refused").
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    reason
}
