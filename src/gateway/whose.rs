//! Whose a connection is, and how many of them one may have.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::peer;
use crate::places::{NoPlace, Rules};

/// Bits of an IPv6 address that one network is given at least: whoever has one address has all with these bits.
const NETWORK: u32 = 64;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// A user of this machine.
    User(u32),
    /// Somebody of this machine, and the kernel does not say who.
    Unknown,
    /// Another machine, by its address, or its network.
    Machine(IpAddr),
}

impl Whose {
    /// By the two ends of a connection.
    pub(super) async fn of(peer: SocketAddr, local: SocketAddr) -> Self {
        let address = peer.ip().to_canonical();
        // By whichever of its addresses this machine speaks to itself, both ends have the same.
        if !address.is_loopback() && address != local.ip().to_canonical() {
            return Self::Machine(match address {
                IpAddr::V4(_) => address,
                IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << NETWORK)).into(),
            });
        }
        peer::uid(peer, local).await.map_or(Self::Unknown, Self::User)
    }

    /// How so many places are shared out among all.
    pub(super) fn rules(max: usize) -> Rules<Self> {
        let own = Self::User(rustix::process::geteuid().as_raw());
        Rules { max, own, root: Self::User(0), admits_others: true }
    }
}

/// What a connection is told that finds no place: what every client takes for "later".
pub(super) fn full(why: NoPlace) -> String {
    let message = match why {
        NoPlace::Taken => "kisd: too many connections (gateway.max_connections)",
        NoPlace::OverShare { .. } | NoPlace::OverProcess => {
            "kisd: too many connections of one user (half of gateway.max_connections)"
        }
    };
    let body = format!("{{\"rt_cd\":\"1\",\"msg1\":\"{message}\",\"msg_cd\":\"EGW00201\",\"message\":\"EGW00201\"}}");
    format!(
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_of_a_user_here_and_of_a_machine_or_its_network_elsewhere() {
        let of = |peer: &str, local: &str| Whose::of(peer.parse().unwrap(), local.parse().unwrap());
        let machine = |address: &str| Whose::Machine(address.parse().unwrap());
        assert_eq!(of("192.0.2.7:1000", "192.0.2.1:9443").await, machine("192.0.2.7"));
        assert_eq!(of("[::ffff:192.0.2.7]:1000", "[::]:9443").await, machine("192.0.2.7"));
        assert_eq!(of("[2001:db8:1:2:3:4:5:6]:1000", "[2001:db8::1]:9443").await, machine("2001:db8:1:2::"));
        // Nobody has this connection.
        assert_eq!(of("127.0.0.1:1", "127.0.0.1:2").await, Whose::Unknown);
        assert_eq!(of("192.0.2.1:1", "192.0.2.1:2").await, Whose::Unknown);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let _client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, peer) = listener.accept().await.unwrap();
        let uid = rustix::process::geteuid().as_raw();
        assert_eq!(Whose::of(peer, accepted.local_addr().unwrap()).await, Whose::User(uid));
    }
}
