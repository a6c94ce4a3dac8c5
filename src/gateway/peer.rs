//! Whose connection it is: of a connection within this machine, the kernel knows the user.

use std::{io, net::SocketAddr};

use procfs::process::Process;

use crate::files;

/// The user at the other end of a connection within this machine; `None`: the kernel does not say.
pub(super) async fn uid(peer: SocketAddr, local: SocketAddr) -> Option<u32> {
    let found = files::blocking(move || look_up(peer, local).map_err(io::Error::other)).await;
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "whose a connection is cannot be looked up");
        None
    })
}

fn look_up(peer: SocketAddr, local: SocketAddr) -> procfs::ProcResult<Option<u32>> {
    // Not below /proc/net, which systemd hides from some services.
    let process = Process::myself()?;
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let (peer, local) = (canonical(peer), canonical(local));
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
