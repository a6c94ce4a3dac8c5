//! Steering over HTTP: `/__sim/…` on the same port, JSON in and out.
//!
//! Only with the header `X-Kisd-Sim: 1`, which a page in a browser cannot send to another host, and only for a loopback `Host`
//! without `Origin`, which a page whose name was pointed to this machine does not have. Steering is no call: it is not counted,
//! not recorded, not late, and meets no fault.

mod orders;
mod steer;

use std::net::IpAddr;

use serde_json::json;

use super::{
    http::{Answer, Request},
    world::World,
};

const PREFIX: &str = "/__sim/";

/// Whether a request is for us and not for KIS.
pub(super) fn is_meant(request: &Request) -> bool {
    request.path.starts_with(PREFIX)
}

/// Why something cannot be done.
struct Refused {
    status: u16,
    error: String,
}

impl Refused {
    fn new(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: error.into() }
    }
}

/// What was done, as JSON.
type Done = Result<serde_json::Value, Refused>;

/// What does it, with the body of the request.
type Steering = fn(&World, &[u8]) -> Done;

/// HTTP method, name and what does it.
type Route = (&'static str, &'static str, Steering);

const ROUTES: [Route; 18] = [
    ("POST", "time", steer::time),
    ("POST", "prices", steer::prices),
    ("POST", "faults", steer::faults),
    ("POST", "token", steer::token),
    ("POST", "session", steer::session),
    ("POST", "limit", steer::limit),
    ("POST", "portfolio", steer::portfolio),
    ("POST", "reset", steer::reset),
    ("GET", "calls", steer::calls),
    ("GET", "orders", orders::told),
    ("POST", "orders/fill", orders::fill),
    ("POST", "orders/reject", orders::reject),
    ("POST", "orders/expire", orders::expire),
    ("POST", "orders/confirm", orders::confirm),
    ("POST", "orders/show", orders::show),
    ("POST", "orders/hide", orders::hide),
    ("POST", "orders/stranger", orders::stranger),
    ("POST", "orders/steer", orders::steer),
];

/// Does what is asked.
pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match route(request).and_then(|route| route(world, &request.body)) {
        Ok(done) => Answer::of(200, &done),
        Err(Refused { status, error }) => Answer::of(status, &json!({ "error": error })),
    }
}

fn route(request: &Request) -> Result<Steering, Refused> {
    if request.header("x-kisd-sim").map(str::trim) != Some("1") {
        return Err(Refused::new(403, "steering needs the header X-Kisd-Sim: 1"));
    }
    if request.header("origin").is_some() || !request.header("host").is_some_and(is_loopback) {
        let error = "steering is for programs on this machine: a request must have no Origin, and a Host such as 127.0.0.1 or localhost";
        return Err(Refused::new(403, error));
    }
    let name = request.path.strip_prefix(PREFIX).unwrap_or_default();
    match ROUTES.iter().find(|(_, known, _)| *known == name) {
        Some((method, _, route)) if *method == request.method => Ok(*route),
        Some((method, name, _)) => Err(Refused::new(405, format!("it is {method} {PREFIX}{name}"))),
        None => {
            let known = ROUTES.map(|(method, name, _)| format!("{method} {PREFIX}{name}")).join(", ");
            Err(Refused::new(404, format!("there is no {}; there are {known}", request.path)))
        }
    }
}

/// Whether a `Host` is this machine by an address or a name that only this machine gives itself.
fn is_loopback(host: &str) -> bool {
    let host = host.trim();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_loopback_by_its_address_or_as_localhost() {
        for host in ["127.0.0.1", "127.0.0.1:8765", "localhost:80", "LOCALHOST", "[::1]:9", "127.3.2.1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "[::2]", "kis"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
