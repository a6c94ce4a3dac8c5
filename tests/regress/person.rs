//! What the person in trouble reads.

mod doctor;
mod logs;
mod places;
mod reload;
mod setup;
mod terminal;

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Output, Stdio},
};

use tokio::process::Command;

use crate::support::{World, process::kisd};

/// kisctl with nothing of this machine's own.
fn kisctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything that a program has said.
fn said(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

/// A shell in a machine whose `/etc`, `/run` and `/var/lib` are empty, with `$KISD`, `$KISCTL` and a home; `None` where nobody but root may
/// make one, and root may not either.
async fn machine(world: &World, script: &str) -> Option<Command> {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.arg("--mount").env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").kill_on_drop(true);
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command
    };
    let empty = ["/etc", "/run", "/var/lib"].map(|place| format!("mount -t tmpfs none {place}")).join(" && ");
    let can = unshare().args(["sh", "-c", &empty]).stderr(Stdio::null()).status().await;
    if !can.is_ok_and(|status| status.success()) {
        return None;
    }
    let home = world.path("home");
    std::fs::create_dir_all(&home).unwrap();
    let mut command = unshare();
    command
        .args(["sh", "-c", &format!("{empty} || exit 99\n{script}")])
        .env("HOME", home)
        .env("KISD", env!("CARGO_BIN_EXE_kisd"))
        .env("KISCTL", env!("CARGO_BIN_EXE_kisctl"))
        .stdin(Stdio::null());
    Some(command)
}

fn is_in(text: &[u8], path: &Path) -> bool {
    let path: &OsStr = path.as_ref();
    text.windows(path.len()).any(|window| window == path.as_bytes())
}
