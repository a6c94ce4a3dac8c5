//! Finds the file, reads it and the environment, and merges the layers. The only file that knows figment.

use std::{
    fs::OpenOptions,
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    error::Kind,
    providers::{Format, Toml},
    value::Value,
};
use zeroize::Zeroizing;

use super::{
    Config, ConfigError, Fault, Found, Variables,
    check::check,
    credential,
    environment::{Environment, source},
    raw::{RawConfig, SECRET},
};
use crate::{
    token::Remedy,
    wire::place::{SYSTEM_CONFIGURATION, User},
};

/// Largest configuration or credential file read.
const MAX_BYTES: u64 = 1024 * 1024;

/// Where the unit keeps the state of the service.
const STATE_OF_SERVICE: &str = "/var/lib/kisd";

/// Where systemd holds the socket of the service.
const SOCKET_OF_SERVICE: &str = "/run/kisd";

/// What stands for the place of a key that is written nowhere.
pub(super) const NO_FILE: &str = "no configuration file";

/// Where the configuration comes from, for messages.
pub(super) struct Sources<'a> {
    /// The file that was read, or the one that was looked for last.
    pub(super) file: PathBuf,
    pub(super) found: bool,
    pub(super) variables: &'a Variables,
}

impl Sources<'_> {
    /// The place where a key was, or should have been, written.
    pub(super) fn of(&self, key: &str) -> String {
        let environment = Environment(self.variables);
        let variable = environment.keys().find(|(_, known, _)| known == key);
        match variable {
            Some((name, ..)) => source(name),
            None if self.found => self.file.display().to_string(),
            None => {
                let system = match Path::new(SYSTEM_CONFIGURATION).symlink_metadata() {
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => ", which this user may not read",
                    _ => "",
                };
                let looked_for = self.file.display();
                format!("{NO_FILE} (looked for {looked_for} and {SYSTEM_CONFIGURATION}{system})")
            }
        }
    }

    /// A path as the file means it that names it: from its own directory, and not from where kisd was started.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        let file = std::path::absolute(&self.file).ok().filter(|_| self.found);
        file.as_deref().and_then(Path::parent).map_or_else(|| path.to_owned(), |directory| directory.join(path))
    }
}

/// Reads and checks the configuration: from `file` if one is named, else from where it usually is.
pub fn load(file: Option<&Path>, variables: &Variables) -> Result<Config, ConfigError> {
    let (path, required) = locate(file, variables);
    let whole_file = |problem: String| {
        let source = match path.to_str().filter(|text| credential::is_like_one(text)) {
            Some(_) if !path.exists() => "a configuration file whose name is like a credential".to_owned(),
            _ => path.display().to_string(),
        };
        ConfigError { faults: vec![Fault { source, key: String::new(), problem }] }
    };
    let text = match read(&path) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !required => None,
        Err(error) => return Err(whole_file(format!("cannot be read: {error}"))),
    };
    let mut figment = Figment::new();
    if let Some(Written { text, .. }) = &text {
        figment = figment.merge(Toml::string(text));
    }
    let sources = Sources { file: path.clone(), found: text.is_some(), variables };
    let environment = Environment(variables);
    environment.refuse_strangers()?;
    let merged = figment.clone().merge(environment);
    let raw: RawConfig = merged.extract().map_err(|error| {
        let written = text.as_ref().map_or("", |written| written.text.as_str());
        explain(error, &sources, written)
    })?;
    if let Some(Written { mode, .. }) = text
        && mode & 0o077 != 0
        && holds_secret(&figment)
    {
        let problem = format!(
            "holds a secret and has mode {mode:04o}, so that others can read it; allowed is 0600 (chmod 600 {})",
            path.display()
        );
        return Err(whole_file(problem));
    }
    let mut config = check(raw, &sources)?;
    config.handed_over |=
        variables.directory(credential::DIRECTORY).is_some_and(|directory| path.starts_with(directory));
    if config.handed_over {
        config.token.remedy = Remedy::Restart;
    }
    config.file = text.is_some().then_some(path);
    Ok(config)
}

/// What there is of the file of a configuration that was refused.
pub fn found(file: Option<&Path>, variables: &Variables) -> Found {
    let (path, required) = locate(file, variables);
    let is_denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    let system = Path::new(SYSTEM_CONFIGURATION);
    match read(&path) {
        Err(error) if path == system && is_denied(&error) => Found::Hidden,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !required => {
            let is_hidden = system.symlink_metadata().is_err_and(|error| is_denied(&error));
            if is_hidden { Found::Hidden } else { Found::Missing }
        }
        _ => Found::Refused,
    }
}

/// As [`load`], for who looks at the configuration of the system's service without being it: systemd's part is played, which
/// hands the service its keys and directories.
pub fn load_as_service(file: Option<&Path>, variables: &Variables) -> Result<Config, ConfigError> {
    let own = load(file, variables);
    let (path, _) = locate(file, variables);
    let credentials = credential::beside(&path).and_then(Path::to_str);
    match credentials.filter(|_| own.is_err() && path == Path::new(SYSTEM_CONFIGURATION)) {
        Some(directory) if variables.get(credential::DIRECTORY).is_none() => {
            let played = [
                (credential::DIRECTORY, directory),
                ("STATE_DIRECTORY", STATE_OF_SERVICE),
                ("RUNTIME_DIRECTORY", SOCKET_OF_SERVICE),
            ];
            load(file, &variables.with(played))
        }
        _ => own,
    }
}

/// Whether a secret stands in what was read so far.
fn holds_secret(figment: &Figment) -> bool {
    let accounts = figment.find_value("accounts").ok().and_then(Value::into_dict).unwrap_or_default();
    let tables = accounts.keys().map(|name| format!("accounts.{name}")).chain(["kis".to_owned()]);
    tables.into_iter().any(|table| SECRET.iter().any(|key| figment.contains(&format!("{table}.{key}"))))
}

/// The file to read, and whether it must be there.
fn locate(named: Option<&Path>, variables: &Variables) -> (PathBuf, bool) {
    if let Some(path) = named.map(Path::to_owned).or_else(|| variables.get("KISD_CONFIG").map(PathBuf::from)) {
        return (path, true);
    }
    let system = PathBuf::from(SYSTEM_CONFIGURATION);
    match User::new(|name| variables.get(name).map(Into::into)).configuration() {
        Some(user) if user.exists() => (user, false),
        Some(user) if !system.exists() => (user, false),
        _ => (system, false),
    }
}

struct Written {
    text: Zeroizing<String>,
    mode: u32,
}

fn read(path: &Path) -> io::Result<Written> {
    // Not waited for: a pipe would hold up a start, or a daemon that reloads.
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    // One more than is allowed: a file that was cut would be another configuration.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Written { text: Zeroizing::new(text.to_owned()), mode: metadata.mode() & 0o7777 }),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is not text in UTF-8; was it saved as UTF-16?")),
    }
}

/// The content of a credential's own file. `private` files must be closed to others.
pub(super) fn read_credential(path: &Path, private: bool) -> Result<Zeroizing<String>, String> {
    let file = read(path).map_err(|error| format!("the file {} cannot be read: {error}", path.display()))?;
    if private && file.mode & 0o077 != 0 {
        return Err(format!(
            "the file {} has mode {:04o}, so that others can read it; allowed is 0600",
            path.display(),
            file.mode
        ));
    }
    Ok(file.text)
}

/// A path with grants counted as people count them.
fn counted_from_one(mut path: Vec<String>) -> Vec<String> {
    if let [table, place, ..] = &mut path[..]
        && table == "grants"
        && let Ok(index) = place.parse::<usize>()
    {
        *place = (index + 1).to_string();
    }
    path
}

/// figment's errors in our words: they quote values and names, which may be secrets.
fn explain(error: figment::Error, sources: &Sources<'_>, written: &str) -> ConfigError {
    let faults = error
        .into_iter()
        .map(|error| {
            let mut key = counted_from_one(error.path.clone()).join(".");
            let problem = match &error.kind {
                Kind::UnknownField(name, allowed) => {
                    if key.rsplit('.').next() != Some(name.as_str()) {
                        key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                    }
                    format!("is not a key; allowed here are {}", allowed.join(", "))
                }
                Kind::InvalidType(found, expected) => {
                    format!("is {}; allowed is {}", kind_of(found), expectation(&expected.to_string()))
                }
                Kind::InvalidValue(_, expected) | Kind::InvalidLength(_, expected) => format!("allowed is {expected}"),
                // A syntax error: the first line says where, the others quote the file.
                Kind::Message(message) => {
                    let place = message.lines().next().unwrap_or_default();
                    format!(
                        "is not valid TOML ({})",
                        place.strip_prefix("TOML parse error ").unwrap_or("unknown place")
                    )
                }
                _ => "does not have the form that it should have".to_owned(),
            };
            let source = if key.is_empty() { sources.file.display().to_string() } else { sources.of(&key) };
            match key.split('.').find(|name| !name.is_empty() && credential::shown(name).is_none()) {
                None => Fault { source, key, problem },
                Some(name) => {
                    let line = written.lines().position(|line| line.contains(name));
                    let place = line.map(|index| format!("line {}: ", index + 1)).unwrap_or_default();
                    let problem = format!("{place}{} {problem}", credential::hidden(name));
                    let shown: Vec<&str> = key.split('.').take_while(|part| *part != name).collect();
                    Fault { source, key: shown.join("."), problem }
                }
            }
        })
        .collect();
    ConfigError { faults }
}

/// What serde expects, in words for people.
fn expectation(expected: &str) -> &str {
    match expected {
        "i64" | "u32" => "a whole number",
        "a string" | "path string" => "a text in quotes",
        "a sequence" => "a list such as [1000]",
        table if table.starts_with("struct ") => "a table",
        other => other,
    }
}

fn kind_of(found: &figment::error::Actual) -> &'static str {
    use figment::error::Actual;
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "of another kind",
    }
}
