//! What can be found out about the configuration of the daemon that is asked, and of a service that has ended.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use super::{Mark, Report};
use crate::{
    ctl::{beside, words::Doctor},
    wire::{
        place::{self, Places},
        text::printable,
    },
};

/// The exit code of a daemon that refuses its configuration.
const REFUSED: &str = "78";

/// What `kisd check --json` says.
#[derive(Deserialize)]
struct Checked {
    state: Found,
    file: Option<PathBuf>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    faults: Vec<Fault>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Found {
    Sound,
    Missing,
    Hidden,
    #[serde(other)]
    Refused,
}

#[derive(Deserialize)]
struct Fault {
    source: String,
    key: String,
    problem: String,
}

/// Looks at the configuration. Returns whether somebody has set kisd up already, as far as can be seen.
pub(super) fn examine(report: &mut Report, places: &Places, words: &Doctor) -> bool {
    let found = places.found();
    let service = Service::look(places);
    if found.is_none() && service.has_refused {
        report.add(0, Mark::Bad, words.service_refused, Some(words.service_log));
        return true;
    }
    let Some(Checked { state, file, settings, faults }) = check() else {
        report.add(0, Mark::Unknown, words.no_kisd, None);
        return service.is_there;
    };
    let nowhere = || faults.first().map(|fault| printable(&fault.source)).unwrap_or_default();
    match state {
        Found::Sound => {
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            let socket = settings.get("rpc.socket").map_or("", String::as_str);
            match found.filter(|found| !is_its_socket(found, &file, socket)) {
                Some(found) => {
                    let other = (words.configuration_of_another)(&file, &found.display().to_string());
                    report.add(0, Mark::Unknown, printable(&other), None);
                }
                None => report.add(0, Mark::Good, printable(&(words.configuration_good)(&file)), None),
            }
        }
        // The service of the system has a configuration that its callers cannot read.
        Found::Missing | Found::Hidden if found.is_some() => {
            report.add(0, Mark::Good, words.configuration_elsewhere, None);
        }
        // A daemon at a place of its own has a configuration of its own.
        Found::Refused if found.is_some_and(|found| !is_usual(found)) => {
            report.add(0, Mark::Unknown, words.configuration_elsewhere, None);
        }
        Found::Missing if !service.is_there => {
            report.add(0, Mark::Bad, nowhere(), Some(words.make_configuration));
            return false;
        }
        Found::Missing | Found::Hidden => {
            report.add(0, Mark::Unknown, words.configuration_hidden, Some(words.look_as_root));
        }
        Found::Refused => {
            let faults: Vec<String> = faults
                .iter()
                .map(|Fault { source, key, problem }| match key.as_str() {
                    "" => printable(&format!("{source}: {problem}")),
                    key => printable(&format!("{source}: {key}: {problem}")),
                })
                .collect();
            report.add(0, Mark::Bad, faults.join("; "), Some(words.correct_configuration));
        }
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

/// What `kisd check` says; `None`: there is no kisd to ask, or an older one.
fn check() -> Option<Checked> {
    let kisd = beside("kisd").unwrap_or_else(|| PathBuf::from("kisd"));
    let output = Command::new(kisd).args(["check", "--json"]).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
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
