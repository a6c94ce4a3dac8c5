//! Finds the file, reads it and the environment, and merges the layers. The only file that knows figment.

use std::{
    fs::OpenOptions,
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    error::Kind,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};
use zeroize::Zeroizing;

use super::{
    Config, ConfigError, Fault, Variables,
    check::check,
    raw::{NOT_TEXT, RawConfig, SECRET},
};

/// Largest configuration or credential file read.
const MAX_BYTES: u64 = 1024 * 1024;

const PREFIX: &str = "KISD_";

/// Variables with the prefix that are not keys.
const OTHER_VARIABLES: &[&str] = &["KISD_ACCOUNT", "KISD_BOOT_ID", "KISD_CONFIG", "KISD_SOCKET"];

/// The file of the machine, if the user has none.
const SYSTEM_FILE: &str = "/etc/kisd/config.toml";

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
        let variable = variable(key);
        match self.variables.get(&variable) {
            Some(_) => format!("environment variable {variable}"),
            None if self.found => self.file.display().to_string(),
            None => format!("no configuration file (looked for {} and {SYSTEM_FILE})", self.file.display()),
        }
    }
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// Reads and checks the configuration: from `file` if one is named, else from where it usually is.
pub fn load(file: Option<&Path>, variables: &Variables) -> Result<Config, ConfigError> {
    let (path, required) = locate(file, variables);
    let whole_file = |problem: String| ConfigError {
        faults: vec![Fault { source: path.display().to_string(), key: String::new(), problem }],
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
    let raw: RawConfig = merged.extract().map_err(|error| explain(error, &sources))?;
    if let Some(Written { mode, .. }) = text
        && mode & 0o077 != 0
        && SECRET.iter().any(|key| figment.contains(key))
    {
        let problem = format!(
            "holds a secret and has mode {mode:04o}, so that others can read it; allowed is 0600 (chmod 600 {})",
            path.display()
        );
        return Err(whole_file(problem));
    }
    let mut config = check(raw, &sources)?;
    config.file = text.is_some().then_some(path);
    Ok(config)
}

/// The file to read, and whether it must be there.
fn locate(named: Option<&Path>, variables: &Variables) -> (PathBuf, bool) {
    if let Some(path) = named.map(Path::to_owned).or_else(|| variables.get("KISD_CONFIG").map(PathBuf::from)) {
        return (path, true);
    }
    let system = PathBuf::from(SYSTEM_FILE);
    match variables.xdg("XDG_CONFIG_HOME", ".config").map(|directory| directory.join("kisd/config.toml")) {
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
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(Written { text, mode: metadata.mode() & 0o7777 })
}

/// A credential from a file of its own, without the white space that editors and pasting add. `private` files must be closed to others.
pub(super) fn read_credential(path: &Path, private: bool) -> Result<String, String> {
    let file = read(path).map_err(|error| format!("the file {} cannot be read: {error}", path.display()))?;
    if private && file.mode & 0o077 != 0 {
        return Err(format!(
            "the file {} has mode {:04o}, so that others can read it; allowed is 0600",
            path.display(),
            file.mode
        ));
    }
    Ok(file.text.trim().to_owned())
}

/// A figment layer of `KISD_<TABLE>__<KEY>`.
struct Environment<'a>(&'a Variables);

impl Environment<'_> {
    fn keys(&self) -> impl Iterator<Item = (&str, String, &str)> {
        self.0
            .iter()
            .filter(|(name, value)| name.starts_with(PREFIX) && !OTHER_VARIABLES.contains(name) && !value.is_empty())
            .map(|(name, value)| (name, name[PREFIX.len()..].replace("__", ".").to_lowercase(), value))
    }

    /// figment would lose a variable that has no table, or too many.
    fn refuse_strangers(&self) -> Result<(), ConfigError> {
        let faults: Vec<Fault> = self
            .keys()
            .filter(|(_, key, _)| key.split('.').count() != 2)
            .map(|(name, ..)| Fault {
                source: format!("environment variable {name}"),
                key: String::new(),
                problem: "is not a key; allowed is KISD_<TABLE>__<KEY>, as in KISD_KIS__MODE".to_owned(),
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(ConfigError { faults }) }
    }
}

impl Provider for Environment<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut tables = Dict::new();
        for (_, key, value) in self.keys() {
            let Some((table, name)) = key.split_once('.') else { continue };
            let value = if NOT_TEXT.contains(&key.as_str()) {
                // Never fails: what is not a number or a list is a text, and refused as one.
                value.parse::<Value>().unwrap_or_else(|_| Value::from(value))
            } else {
                Value::from(value)
            };
            let entry = tables.entry(table.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, dict) = entry {
                dict.insert(name.to_owned(), value);
            }
        }
        Ok(Profile::Default.collect(tables))
    }
}

/// figment's errors in our words: they quote values, which may be secrets.
fn explain(error: figment::Error, sources: &Sources<'_>) -> ConfigError {
    let faults = error
        .into_iter()
        .map(|error| {
            let mut key = error.path.join(".");
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
            Fault { source, key, problem }
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
