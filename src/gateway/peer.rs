//! Whose connection it is: of a connection within this machine, the kernel knows the user.

use std::{io, net::SocketAddr};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::{
    SockDiagMessage,
    constants::{AF_INET, AF_INET6, IPPROTO_TCP},
    inet::{ExtensionFlags, InetRequest, SocketId, StateFlags},
};
use netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG};
use procfs::process::Process;

use crate::files;

/// The user at the other end of a connection within this machine; `None`: the kernel does not say.
pub(super) async fn uid(peer: SocketAddr, local: SocketAddr) -> Option<u32> {
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let (peer, local) = (canonical(peer), canonical(local));
    let asked = match ask(peer, local) {
        Ok(uid) => return Some(uid),
        Err(error) => error,
    };
    // A service may be kept from asking, and a kernel may be without an answer.
    let found = files::blocking(move || look_up(peer, local).map_err(io::Error::other)).await;
    found.unwrap_or_else(|error| {
        tracing::warn!(%asked, %error, "whose a connection is cannot be looked up");
        None
    })
}

/// Asks the kernel for this one connection. Its table of all takes the longer the more there are.
fn ask(peer: SocketAddr, local: SocketAddr) -> io::Result<u32> {
    let socket_id = SocketId {
        source_port: peer.port(),
        destination_port: local.port(),
        source_address: peer.ip(),
        destination_address: local.ip(),
        interface_id: 0,
        // Any.
        cookie: [0xff; 8],
    };
    let request = InetRequest {
        family: if peer.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id,
    };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    let socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.send(&bytes, 0)?;
    let (answer, _) = socket.recv_from_full()?;
    let answer = NetlinkMessage::<SockDiagMessage>::deserialize(&answer).map_err(io::Error::other)?;
    match answer.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => Ok(found.header.uid),
        NetlinkPayload::Error(error) => Err(error.to_io()),
        _ => Err(io::Error::other("the kernel's answer is none to the question")),
    }
}

fn look_up(peer: SocketAddr, local: SocketAddr) -> procfs::ProcResult<Option<u32>> {
    // Not below /proc/net, which systemd hides from some services.
    let process = Process::myself()?;
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let find = |entries: Vec<procfs::net::TcpNetEntry>| {
        let is_it = |entry: &procfs::net::TcpNetEntry| {
            canonical(entry.local_address) == peer && canonical(entry.remote_address) == local
        };
        entries.into_iter().find(is_it).map(|entry| entry.uid)
    };
    match find(process.tcp()?) {
        Some(uid) => Ok(Some(uid)),
        // A kernel without IPv6 has no such table.
        None => Ok(process.tcp6().ok().and_then(find)),
    }
}

/// The processes that hold a port of this machine, as far as they may be looked at.
pub(super) fn holder(listen: SocketAddr) -> Option<i32> {
    let process = Process::myself().ok()?;
    let entries = process.tcp().ok()?.into_iter().chain(process.tcp6().unwrap_or_default());
    let is_it = |address: SocketAddr| {
        let is_any = address.ip().is_unspecified() || listen.ip().is_unspecified();
        address.port() == listen.port() && (is_any || address.ip().to_canonical() == listen.ip().to_canonical())
    };
    let mut listening =
        entries.filter(|entry| entry.state == procfs::net::TcpState::Listen && is_it(entry.local_address));
    let inode = listening.next()?.inode;
    let holds = |process: &Process| {
        let mut files = process.fd().into_iter().flatten().flatten();
        files.any(|file| matches!(file.target, procfs::process::FDTarget::Socket(socket) if socket == inode))
    };
    procfs::process::all_processes().ok()?.flatten().find(holds).map(|process| process.pid())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_and_its_table_name_the_same_user_of_a_connection_of_either_protocol() {
        let own = rustix::process::geteuid().as_raw();
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (peer, local) = (client.local_addr().unwrap(), listener.local_addr().unwrap());
            assert_eq!((ask(peer, local).unwrap(), look_up(peer, local).unwrap()), (own, Some(own)), "{address}");
            drop(client);
            let gone = SocketAddr::new(peer.ip(), 1);
            assert!(ask(gone, local).is_err() && look_up(gone, local).unwrap().is_none(), "{address}");
        }
    }
}
