//! `kisctl logs`: the daemon's log, which systemd's journal has if systemd has started the daemon.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::Path,
    process::Command,
};

use crate::ctl::{Failure, words::Words};

/// The service, when no daemon says which unit it belongs to.
const USUAL: &str = "kisd.service";

/// Where systemd keeps journals, in a directory for each machine; which others than root may read.
const JOURNALS: [&str; 2] = ["/var/log/journal", "/run/log/journal"];
const READERS: [&str; 3] = ["systemd-journal", "adm", "wheel"];

/// Where a daemon is, by what the kernel says of its control group.
#[derive(Debug, PartialEq, Eq)]
enum Unit {
    System(String),
    User(String),
    /// It was started by hand.
    None,
}

/// Becomes journalctl, for the unit that the daemon of this process id belongs to; without one, for the service of the system, or
/// of a user who has a daemon of their own.
pub(in crate::ctl) fn show(
    pid: Option<u32>,
    is_own: bool,
    follow: bool,
    lines: u32,
    words: &Words,
) -> Result<(), Failure> {
    let usual = || if is_own { Unit::User(USUAL.to_owned()) } else { Unit::System(USUAL.to_owned()) };
    let unit = pid.map_or_else(usual, |pid| {
        // Another container's processes cannot be seen from here.
        fs::read_to_string(format!("/proc/{pid}/cgroup")).map_or_else(|_| usual(), |groups| unit_of(&groups))
    });
    let scope = match (&unit, pid) {
        (Unit::System(name), Some(pid)) if !is_started_by("--system", name, pid) => None,
        (Unit::User(name), Some(pid)) if !is_started_by("--user", name, pid) => None,
        (Unit::System(name), _) => Some(("--unit", name)),
        (Unit::User(name), _) => Some(("--user-unit", name)),
        (Unit::None, _) => None,
    };
    let Some((scope, name)) = scope else {
        return Err(Failure::Told((words.logs.not_by_systemd)(pid.unwrap_or_default())));
    };
    if !may_read(matches!(unit, Unit::User(_))) {
        // journalctl would say "No entries", as if there were none.
        return Err(Failure::Told(words.logs.may_not_read.to_owned()));
    }
    let mut journal = Command::new("journalctl");
    journal.args([scope, name, "--lines", &lines.to_string()]);
    if follow {
        journal.arg("--follow");
    }
    let error = journal.exec();
    Err(Failure::Told((words.logs.no_journal)(&error.to_string())))
}

/// The innermost service; below `user@UID.service`, the user's own systemd, it is one of the user's.
fn unit_of(groups: &str) -> Unit {
    let of_line = |line: &str| {
        let path = line.splitn(3, ':').nth(2)?;
        let is_service = |part: &&str| part.ends_with(".service");
        match path.split_once("/user@").and_then(|(_, below)| below.split_once('/')) {
            Some((_, below)) => below.split('/').rfind(is_service).map(|name| Unit::User(name.to_owned())),
            None => path.split('/').rfind(is_service).map(|name| Unit::System(name.to_owned())),
        }
    };
    groups.lines().find_map(of_line).unwrap_or(Unit::None)
}

/// Whether systemd has started this process for that unit, and not something else that runs there, as cron or a terminal: their
/// journal has nothing of it. Where systemd says nothing of it, the control group counts.
fn is_started_by(scope: &str, unit: &str, pid: u32) -> bool {
    let output = Command::new("systemctl").args([scope, "show", unit, "--property=MainPID", "--value"]).output();
    let said = output.ok().filter(|output| output.status.success());
    let main = said.and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().ok());
    main.is_none_or(|main| main == 0 || main == pid || parent_of(pid) == Some(main))
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets, and may have some of its own.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Whether this user is shown what is in the journal of the system, or in their own.
fn may_read(is_own: bool) -> bool {
    let uid = rustix::process::geteuid();
    let own = format!("user-{}", uid.as_raw());
    let is_shown = |name: &str| name.starts_with("system") || is_own && name.starts_with(&own);
    let opens = |directory: &Path| {
        let files = fs::read_dir(directory).into_iter().flatten().flatten();
        files.filter(|file| file.file_name().to_str().is_some_and(is_shown)).any(|file| File::open(file.path()).is_ok())
    };
    let machines = JOURNALS.iter().flat_map(|journals| fs::read_dir(journals).into_iter().flatten().flatten());
    uid.is_root() || machines.into_iter().any(|machine| opens(&machine.path())) || is_reader()
}

/// Whether this user is in a group that may read the journal, wherever that is kept.
fn is_reader() -> bool {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let ours: Vec<u32> = rustix::process::getgroups().unwrap_or_default().iter().map(|group| group.as_raw()).collect();
    let own = rustix::process::getegid().as_raw();
    groups
        .lines()
        .filter_map(|line| {
            let mut parts = line.split(':');
            parts.next().filter(|name| READERS.contains(name))?;
            parts.nth(1)?.parse::<u32>().ok()
        })
        .any(|group| group == own || ours.contains(&group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_group_says_which_unit_the_daemon_belongs_to() {
        let system = |name: &str| Unit::System(name.to_owned());
        let user = |name: &str| Unit::User(name.to_owned());
        for (groups, unit) in [
            ("0::/system.slice/kisd.service\n", system("kisd.service")),
            ("0::/system.slice/system-kisd.slice/kisd@real.service\n", system("kisd@real.service")),
            ("0::/system.slice/broker.service/worker\n", system("broker.service")),
            ("12:pids:/\n1:name=systemd:/system.slice/kisd.service\n", system("kisd.service")),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/kisd.service\n", user("kisd.service")),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/kisd-paper.service\n",
                user("kisd-paper.service"),
            ),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope\n", Unit::None),
            ("0::/user.slice/user-1000.slice/session-3.scope\n", Unit::None),
            ("0::/\n", Unit::None),
        ] {
            assert_eq!(unit_of(groups), unit, "{groups}");
        }
    }

    #[test]
    fn the_parent_of_a_process_is_found_behind_its_name() {
        assert_eq!(parent_of(std::process::id()), Some(std::os::unix::process::parent_id()));
    }
}
