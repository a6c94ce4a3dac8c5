//! The service, of the system or of the user, from the units that kisd comes with.

use std::{fs, path::PathBuf, process::Command};

use super::{Place, Questions, failed, read};
use crate::ctl::{Failure, beside, output::Printer, socket};

const SERVICE: &str = include_str!("../../../systemd/kisd.service");
const SOCKET: &str = include_str!("../../../systemd/kisd.socket");
const USER_SERVICE: &str = include_str!("../../../systemd/user/kisd.service");

/// Where the units say that kisd is.
const INSTALLED: &str = "/usr/local/bin/kisd";

/// Offers to install the units and to start them, where there is systemd.
pub(super) fn offer(printer: &mut Printer, questions: &mut Questions, place: &Place) -> Result<(), Failure> {
    let words = printer.words();
    let kisd = beside("kisd").unwrap_or_else(|| PathBuf::from(INSTALLED));
    let config = place.directory.join("config.toml");
    let by_hand = match place.is_system {
        true => format!(
            "CREDENTIALS_DIRECTORY={} {} run --config {}",
            place.directory.display(),
            kisd.display(),
            config.display()
        ),
        false => format!("{} run --config {}", kisd.display(), config.display()),
    };
    let what = if place.is_system { "systemd system service" } else { "systemd user service" };
    if !is_there(place.is_system) || !questions.yes(&(words.init.install)(what))? {
        return printer.text(&format!("{}\n", (words.init.start_yourself)(&by_hand))).map_err(Failure::Output);
    }
    let directory = match place.is_system {
        true => PathBuf::from("/etc/systemd/system"),
        false => socket::of_user_units(),
    };
    let units: &[(&str, &str)] = match place.is_system {
        true => &[("kisd.service", SERVICE), ("kisd.socket", SOCKET)],
        false => &[("kisd.service", USER_SERVICE)],
    };
    fs::create_dir_all(&directory).map_err(|error| failed(words, &directory, &error))?;
    for (name, unit) in units {
        let path = directory.join(name);
        let unit = unit.replace(INSTALLED, &kisd.display().to_string());
        let unit = unit.replace("%h/.config/kisd/config.toml", &config.display().to_string());
        let shown = path.display().to_string();
        let differs = read(&path).is_some_and(|there| there != unit);
        if differs && !questions.yes(&(words.init.replace)(&shown))? {
            return printer.text(&format!("{}\n", (words.init.kept)(&shown))).map_err(Failure::Output);
        }
        fs::write(&path, unit).map_err(|error| failed(words, &path, &error))?;
    }
    let scope: &[&str] = if place.is_system { &[] } else { &["--user"] };
    let names = units.iter().map(|(name, _)| *name);
    systemctl(scope.iter().copied().chain(["daemon-reload"]))?;
    systemctl(scope.iter().copied().chain(["enable", "--now"]).chain(names))?;
    printer.text(&format!("{}\n", (words.init.installed)(what))).map_err(Failure::Output)
}

/// Whether there is a systemd to install into.
fn is_there(system: bool) -> bool {
    match system {
        true => std::path::Path::new("/run/systemd/system").is_dir(),
        false => {
            let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            runtime.is_some_and(|directory| directory.join("systemd").is_dir())
        }
    }
}

fn systemctl<'a>(arguments: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let arguments: Vec<&str> = arguments.collect();
    let output = Command::new("systemctl").args(&arguments).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Failure::Told(format!("systemctl {}: {said}", arguments.join(" "))))
        }
        Err(error) => Err(Failure::Told(format!("systemctl: {error}"))),
    }
}
