//! The service, of the system or of the user, from the units that kisd comes with.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{CONFIG, Configuration, KEYS, Place, Questions, SYSTEM, failed};
use crate::ctl::{Failure, beside, socket, sudo_caller, words::Words};

const SERVICE: &str = include_str!("../../../../systemd/kisd.service");
const SOCKET: &str = include_str!("../../../../systemd/kisd.socket");
const USER_SERVICE: &str = include_str!("../../../../systemd/user/kisd.service");

/// Where the units say that kisd is.
const INSTALLED: &str = "/usr/local/bin/kisd";

/// What the user's unit says of the configuration.
const USER_CONFIG: &str = "\"%h/.config/kisd/config.toml\"";

/// Where the service of the system cannot see programs: ProtectHome= and PrivateTmp= hide them.
const HIDDEN: [&str; 3] = ["/home", "/root", "/tmp"];

/// Offers to install the units and to start them, where there is systemd.
pub(super) async fn offer(
    questions: &mut Questions,
    place: &Place,
    configuration: &Configuration,
    words: &Words,
) -> Result<(), Failure> {
    let kisd = program();
    let what = if place.is_system { words.init.system_service } else { words.init.user_service };
    let is_hidden = place.is_system && HIDDEN.iter().any(|directory| kisd.starts_with(directory));
    if is_hidden {
        questions.say(&format!("{}\n", (words.init.install_first)(&kisd.display().to_string())))?;
    }
    if is_hidden || !is_there(place.is_system) || !questions.yes(&(words.init.install)(what)).await? {
        return questions.say(&format!("{}\n", (words.init.start_yourself)(&by_hand(place, configuration, &kisd))));
    }
    let (directory, units): (_, &[(&str, &str)]) = match place.is_system {
        true => (PathBuf::from("/etc/systemd/system"), &[("kisd.service", SERVICE), ("kisd.socket", SOCKET)]),
        false => {
            let directory = socket::of_user_units().ok_or_else(|| Failure::Told(words.init.no_home.to_owned()))?;
            (directory, &[("kisd.service", USER_SERVICE)])
        }
    };
    let mut units: Vec<(PathBuf, String)> =
        units.iter().map(|(name, unit)| (directory.join(name), fitted(unit, place, &kisd))).collect();
    let further = directory.join("kisd.service.d").join("accounts.conf");
    match credentials(place, configuration) {
        Some(credentials) => units.push((further, credentials)),
        // It would name files that are not there any more, and the service would not start.
        None if place.is_system && further.exists() => {
            fs::remove_file(&further).map_err(|error| failed(words, &further, &error))?;
        }
        None => {}
    }
    let mut kept = Vec::new();
    for (path, unit) in &units {
        let differs = fs::read_to_string(path).is_ok_and(|there| there != *unit);
        let shown = path.display().to_string();
        if differs && !questions.yes(&(words.init.replace)(&shown)).await? {
            questions.say(&format!("{}\n", (words.init.kept)(&shown)))?;
            kept.push(path.clone());
        }
    }
    units.retain(|(path, _)| !kept.contains(path));
    fs::create_dir_all(&directory).map_err(|error| failed(words, &directory, &error))?;
    for (path, unit) in &units {
        replace(path, unit).map_err(|error| failed(words, path, &error))?;
    }
    let scope = if place.is_system { "--system" } else { "--user" };
    systemctl(&[scope, "daemon-reload"])?;
    if place.is_system {
        systemctl(&[scope, "enable", "--now", "kisd.socket"])?;
    }
    systemctl(&[scope, "enable", "kisd.service"])?;
    // One that runs already has the old configuration.
    systemctl(&[scope, "restart", "kisd.service"])?;
    questions.say(&format!("{}\n", (words.init.installed)(what)))?;
    if place.is_system { Ok(()) } else { questions.say(&format!("{}\n", words.init.lingers)) }
}

/// Writes a unit in the place of the one before, readable by everybody, as systemd's are.
fn replace(path: &Path, unit: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new()
        .prefix(".kisctl-")
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(directory)?;
    file.write_all(unit.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// What hands the service of the system the keys of further accounts: the unit names those of the default one.
fn credentials(place: &Place, configuration: &Configuration) -> Option<String> {
    if !place.is_system {
        return None;
    }
    let mut lines = String::from("# Written by kisctl init: the keys of further accounts.\n[Service]\n");
    let mut any = false;
    for name in configuration.accounts() {
        for key in KEYS {
            let file = place.file(&format!("{name}.{key}"));
            if file.exists() {
                any = true;
                lines.push_str(&format!("LoadCredential={name}.{key}:{}\n", quoted(&file)));
            }
        }
    }
    any.then_some(lines)
}

/// The kisd that belongs to this kisctl, or the one that is installed.
fn program() -> PathBuf {
    let installed = PathBuf::from(INSTALLED);
    if installed.exists() {
        return installed;
    }
    beside("kisd").unwrap_or(installed)
}

/// A unit with the paths of this place.
fn fitted(unit: &str, place: &Place, kisd: &Path) -> String {
    let kisd = quoted(kisd);
    let unit = unit.replace(&format!("={INSTALLED} "), &format!("={kisd} "));
    unit.replace(USER_CONFIG, &quoted(&place.file(CONFIG)))
}

/// A path as one word of systemd, whose specifiers begin with a percent sign.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string().replace('%', "%%").replace('$', "$$");
    match text.contains(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '.' | '-' | '_' | '%')) {
        true => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        false => text,
    }
}

/// The command for a terminal. For the system it plays systemd's part: a directory that those who are let in can enter, the
/// keys, and the state. Without sudo, whoever runs this is root.
fn by_hand(place: &Place, configuration: &Configuration, kisd: &Path) -> String {
    let word = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let run = format!("{} run --config {}", word(kisd), word(&place.file(CONFIG)));
    if !place.is_system {
        return run;
    }
    let sudo = if sudo_caller().is_some() { "sudo " } else { "" };
    // The daemon itself knows whom it answers, as with the socket of systemd.
    let mode = if configuration.has_socket_mode() { "" } else { "KISD_RPC__SOCKET_MODE=0666 " };
    format!(
        "{sudo}install -d -m 755 {RUNTIME} && {sudo}env CREDENTIALS_DIRECTORY={SYSTEM} STATE_DIRECTORY=/var/lib/kisd \
         RUNTIME_DIRECTORY={RUNTIME} {mode}{run}"
    )
}

/// Where the socket of the system is.
const RUNTIME: &str = "/run/kisd";

/// Whether there is a systemd to install into.
fn is_there(system: bool) -> bool {
    match system {
        true => Path::new("/run/systemd/system").is_dir(),
        false => socket::user().runtime_directory().is_some_and(|directory| directory.join("systemd").is_dir()),
    }
}

fn systemctl(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("systemctl");
    if let Some(directory) = socket::user().runtime_directory() {
        // A session that does not say where it is has one all the same.
        command.env("XDG_RUNTIME_DIR", directory);
    }
    match command.args(arguments).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Failure::Told(format!("systemctl {}: {said}", arguments.join(" "))))
        }
        Err(error) => Err(Failure::Told(format!("systemctl: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_units_are_one_word_without_specifiers() {
        for (path, expected) in [
            ("/usr/local/bin/kisd", "/usr/local/bin/kisd"),
            ("/opt/my kisd", "\"/opt/my kisd\""),
            ("/opt/100%h", "/opt/100%%h"),
            ("/opt/\"a$b", "\"/opt/\\\"a$$b\""),
        ] {
            assert_eq!(quoted(Path::new(path)), expected);
        }
    }

    #[test]
    fn the_units_name_what_is_replaced_in_them() {
        let place = Place { directory: "/opt/k".into(), is_system: false };
        for unit in [SERVICE, USER_SERVICE] {
            assert!(fitted(unit, &place, Path::new("/opt/kisd")).contains("ExecStart=/opt/kisd run"));
        }
        let of_user = fitted(USER_SERVICE, &place, Path::new("/opt/kisd"));
        assert!(of_user.contains("ExecReload=/opt/kisd check --config /opt/k/config.toml\n"), "{of_user}");
        assert!(!of_user.contains("%h") && !of_user.contains(INSTALLED), "{of_user}");
    }
}
