//! `kisctl logs`: the daemon's log, which systemd's journal has if systemd has started the daemon.

use std::{fs, os::unix::process::CommandExt, process::Command};

use super::{Failure, words::Words};

/// Where a daemon is, by what the kernel says of its control group.
#[derive(Debug, PartialEq, Eq)]
enum Unit {
    System,
    User,
    /// It was started by hand.
    None,
}

/// Becomes journalctl, for the unit that the daemon of this process id belongs to; without one, for the system's.
pub(super) fn show(pid: Option<u32>, follow: bool, lines: u32, words: &Words) -> Result<(), Failure> {
    let unit = pid.map_or(Unit::System, |pid| {
        let groups = fs::read_to_string(format!("/proc/{pid}/cgroup"));
        // Another container's processes cannot be seen from here.
        groups.map_or(Unit::System, |groups| unit_of(&groups))
    });
    let mut journal = Command::new("journalctl");
    match (unit, pid) {
        (Unit::None, Some(pid)) => return Err(Failure::Told((words.logs.not_by_systemd)(pid))),
        (Unit::User, _) => journal.args(["--user-unit", "kisd"]),
        _ => journal.args(["--unit", "kisd"]),
    };
    journal.args(["--lines", &lines.to_string()]);
    if follow {
        journal.arg("--follow");
    }
    let error = journal.exec();
    Err(Failure::Told((words.logs.no_journal)(&error.to_string())))
}

fn unit_of(groups: &str) -> Unit {
    match groups.lines().find(|line| line.contains("/kisd.service")) {
        Some(line) if line.contains("/user@") => Unit::User,
        Some(_) => Unit::System,
        None => Unit::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_group_says_who_has_started_the_daemon() {
        for (groups, unit) in [
            ("0::/system.slice/kisd.service\n", Unit::System),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/kisd.service\n", Unit::User),
            ("0::/user.slice/user-1000.slice/session-3.scope\n", Unit::None),
        ] {
            assert_eq!(unit_of(groups), unit, "{groups}");
        }
    }
}
