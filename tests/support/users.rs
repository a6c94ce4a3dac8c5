//! Other users of the machine. Only root can be somebody else.

use std::path::Path;

use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_res_gid, set_thread_res_uid},
};
use tokio::net::UnixStream;

use super::{Lines, World, chmod};

pub fn are_at_hand() -> bool {
    rustix::process::geteuid().is_root()
}

/// Lets other users reach the sockets of a world.
pub fn let_into(world: &World) {
    chmod(world.path("").parent().unwrap(), 0o755);
    chmod(&world.path(""), 0o755);
}

/// A connection of another user, whose group has the same number.
pub fn connect(uid: u32, socket: &Path) -> Lines {
    let socket = socket.to_owned();
    // The kernel takes the credentials of the thread that connects.
    let connecting = std::thread::spawn(move || {
        let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
        set_thread_res_gid(group, group, group).unwrap();
        set_thread_res_uid(user, user, user).unwrap();
        std::os::unix::net::UnixStream::connect(socket).unwrap()
    });
    let stream = connecting.join().unwrap();
    stream.set_nonblocking(true).unwrap();
    Lines::of(UnixStream::from_std(stream).unwrap())
}
