//! What can be found out about the configuration of the daemon that is asked, and of a service that has ended.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{Mark, Report};
use crate::{
    ctl::{beside, words::Doctor},
    wire::{
        place::{self, Places},
        text::printable,
    },
};

/// `kisd check` refuses a configuration with this, and so does the daemon; a missing one too.
const REFUSED: &str = "78";

/// How its message begins when there is no file at all, and what it says when there may be one.
const NO_FILE: &str = "no configuration file";
const NOT_READABLE: &str = "which this user may not read";

/// Looks at the configuration. Returns whether somebody has set kisd up already, as far as can be seen.
pub(super) fn examine(report: &mut Report, places: &Places, words: &Doctor) -> bool {
    let found = places.found();
    let service = Service::look(places);
    if found.is_none() && service.has_refused {
        report.add(0, Mark::Bad, words.service_refused, Some(words.service_log));
        return true;
    }
    let Some(Output { status, stdout, stderr }) = check() else {
        report.add(0, Mark::Unknown, words.no_kisd, None);
        return service.is_there;
    };
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if status.success() {
        let of = |key: &str| stdout.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim();
        let (file, socket) = (of("configuration file"), of("rpc.socket "));
        match found.filter(|found| !is_its_socket(found, file, socket)) {
            Some(found) => {
                let other = (words.configuration_of_another)(file, &found.display().to_string());
                report.add(0, Mark::Unknown, printable(&other), None);
            }
            None => report.add(0, Mark::Good, printable(&(words.configuration_good)(file)), None),
        }
        return true;
    }
    let faults: Vec<String> = stderr.lines().map(|line| printable(line.trim())).collect();
    let none = faults.iter().find(|line| line.starts_with(NO_FILE)).and_then(|line| line.split_inclusive(')').next());
    let is_hidden = faults.iter().any(|line| {
        line.contains(NOT_READABLE) || line.contains(place::SYSTEM_CONFIGURATION) && line.contains("Permission denied")
    });
    match none {
        // The service of the system has a configuration that its callers cannot read.
        _ if found.is_some() && (none.is_some() || is_hidden) => {
            report.add(0, Mark::Good, words.configuration_elsewhere, None);
        }
        // A daemon at a place of its own has a configuration of its own.
        _ if found.is_some_and(|found| !is_usual(found)) => {
            report.add(0, Mark::Unknown, words.configuration_elsewhere, None);
        }
        _ if is_hidden || none.is_some() && service.is_there => {
            report.add(0, Mark::Unknown, words.configuration_hidden, Some(words.look_as_root));
        }
        Some(none) => {
            report.add(0, Mark::Bad, none, Some(words.make_configuration));
            return false;
        }
        None => report.add(0, Mark::Bad, faults.join(" "), Some(words.correct_configuration)),
    }
    true
}

/// Whether the daemon on this socket is the one that `kisd check` has spoken of.
fn is_its_socket(found: &Path, file: &str, socket: &str) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // systemd holds the socket of the service, whatever its configuration says.
    let is_service = found == Path::new(place::SYSTEM) && file == place::SYSTEM_CONFIGURATION;
    is_service || real(found) == real(Path::new(socket))
}

/// Whether a socket is where the configuration of this user, or of the system, would have it.
fn is_usual(found: &Path) -> bool {
    found == Path::new(place::SYSTEM)
        || std::env::var_os("KISD_CONFIG").is_some_and(|file| !file.is_empty())
        || crate::ctl::socket::user().sockets().iter().any(|socket| socket == found)
}

/// What `kisd check` says; `None`: there is no kisd to ask.
fn check() -> Option<Output> {
    let kisd = beside("kisd").unwrap_or_else(|| PathBuf::from("kisd"));
    Command::new(kisd).arg("check").output().ok()
}

/// The service, as systemd tells anybody.
struct Service {
    is_there: bool,
    /// It has ended, and its last word was that its configuration is refused.
    has_refused: bool,
}

impl Service {
    fn look(places: &Places) -> Self {
        let scope = if places.configuration().is_some() { "--user" } else { "--system" };
        let arguments = ["show", "kisd.service", "--property=LoadState,ActiveState,ExecMainStatus"];
        let output = Command::new("systemctl").arg(scope).args(arguments).output();
        let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let is = |property: &str, value: &str| said.lines().any(|line| line == format!("{property}={value}"));
        let has_refused = !is("ActiveState", "active") && is("ExecMainStatus", REFUSED);
        Self { is_there: is("LoadState", "loaded"), has_refused }
    }
}
