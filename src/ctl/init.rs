//! `kisctl init`: asks for what kisd must know, writes its configuration for its owner's eyes only, and installs the service.
//!
//! The one place of kisctl that touches a secret: it is read without echo, goes to a file of mode 0600, and is wiped from
//! memory, which no core file takes along. Nothing that is there is replaced without a yes.

mod configuration;
mod questions;
mod service;

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tempfile::NamedTempFile;

use self::{
    configuration::Configuration,
    questions::{Answers, Questions},
};
use super::{
    Failure, beside,
    output::Printer,
    socket::{self, Whose},
    words::Words,
};

/// Where the service of the system has its configuration.
const SYSTEM: &str = "/etc/kisd";

/// The file that is read first; the others are named in it, or are credentials.
const CONFIG: &str = "config.toml";

/// How the app keys of the simulator begin: KIS knows none of them, and is not to be asked with one.
const SIMULATED: &str = "PSkisdSimulator";

/// Where to set kisd up.
#[derive(Debug)]
struct Place {
    directory: PathBuf,
    is_system: bool,
}

impl Place {
    /// The system's, another, or the user's own, which for root is the system's.
    fn of(whose: Whose, directory: Option<PathBuf>, words: &Words) -> Result<Self, Failure> {
        let is_system = directory.is_none()
            && (whose == Whose::System || whose == Whose::Usual && rustix::process::geteuid().is_root());
        let directory = match directory {
            Some(directory) => directory,
            None if is_system => PathBuf::from(SYSTEM),
            None => socket::of_configuration().ok_or_else(|| Failure::Told(words.init.no_home.to_owned()))?,
        };
        let directory = std::path::absolute(&directory).map_err(|error| failed(words, &directory, &error))?;
        // It goes into TOML and into a unit of systemd.
        match directory.to_str() {
            Some(text) if !text.contains(char::is_control) => Ok(Self { directory, is_system }),
            _ => Err(failed(words, &directory, &words.init.odd_name)),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Asks, writes, and offers to install.
pub(super) async fn set_up(
    printer: &mut Printer,
    whose: Whose,
    directory: Option<PathBuf>,
    base_url: Option<&str>,
) -> Result<(), Failure> {
    let words = printer.words();
    protect().map_err(|error| Failure::Told(error.to_string()))?;
    let place = Place::of(whose, directory, words)?;
    can_write_below(&place.directory).map_err(|error| failed(words, &place.directory, &error))?;
    let mut questions = Questions::new(words)?;
    questions.say(&(words.init.welcome)(&place.directory.display().to_string()))?;
    for name in ["app_key", "app_secret", CONFIG] {
        let file = place.file(name);
        let shown = file.display().to_string();
        let question = if name == CONFIG { words.init.change } else { words.init.replace };
        // A link that leads nowhere is there as well.
        if file.symlink_metadata().is_ok() && !questions.yes(&question(&shown)).await? {
            return questions.say(&format!("{}\n", (words.init.kept)(&shown)));
        }
    }
    let answers = questions.all().await?;
    let is_simulated = answers.app_key.starts_with(SIMULATED);
    let configuration = configured(&questions, &place, &answers, base_url, words)?;
    let written =
        write(&place, &answers, &configuration.text()).map_err(|error| failed(words, &place.directory, &error))?;
    drop(answers);
    for file in written {
        questions.say(&format!("{}\n", (words.init.written)(&file.display().to_string())))?;
    }
    // Which kisd refuses by itself, since KIS knows none of these keys.
    if is_simulated && configuration.base_url().is_none() {
        let needed = (words.init.base_url_needed)(&place.file(CONFIG).display().to_string());
        return questions.say(&format!("{needed}\n"));
    }
    check(&place, words)?;
    service::offer(&mut questions, &place, &configuration, words).await
}

/// The configuration that is there with what was answered, or a new one.
fn configured(
    questions: &Questions,
    place: &Place,
    answers: &Answers,
    base_url: Option<&str>,
    words: &Words,
) -> Result<Configuration, Failure> {
    let file = place.file(CONFIG);
    let mut configuration = match fs::read_to_string(&file) {
        Ok(text) => match Configuration::read(&text) {
            Some(configuration) => configuration,
            None => {
                questions.say(&format!("{}\n", (words.init.not_toml)(&file.display().to_string())))?;
                Configuration::new()
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Configuration::new(),
        Err(error) => return Err(failed(words, &file, &error)),
    };
    if let Some(stays) = configuration.base_url().filter(|_| base_url.is_none()) {
        questions.say(&format!("{}\n", (words.init.base_url_stays)(stays)))?;
    }
    configuration.set(place, answers, base_url);
    // Who has become root for this will want to ask as well.
    if let Some(uid) = caller().filter(|_| place.is_system) {
        configuration.allow(uid);
    }
    Ok(configuration)
}

/// The user who has become root by sudo.
fn caller() -> Option<u32> {
    let digits = std::env::var("SUDO_UID").ok().filter(|uid| uid.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<u32>().ok().filter(|uid| !matches!(uid, 0 | &u32::MAX))
}

/// Memory that holds secrets goes into no core file, and is closed to other processes of the user.
fn protect() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// Finds out before anything is asked.
fn can_write_below(directory: &Path) -> io::Result<()> {
    let there = directory.ancestors().find(|path| path.exists()).unwrap_or(directory);
    tempfile::tempfile_in(there).map(drop)
}

/// Writes all files or none; each is private from its first instant. Returns what is there now.
fn write(place: &Place, answers: &Answers, config: &str) -> io::Result<Vec<PathBuf>> {
    DirBuilder::new().recursive(true).mode(0o700).create(&place.directory)?;
    let contents: [(&str, &str); 3] =
        [("app_key", &answers.app_key), ("app_secret", &answers.app_secret), (CONFIG, config)];
    let mut staged = Vec::new();
    for (name, content) in contents {
        let path = place.file(name);
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, path.display().to_string()));
        }
        staged.push((stage(&place.directory, content)?, path));
    }
    let mut written = Vec::new();
    let (config, backup) = (place.file(CONFIG), place.file("config.toml.bak"));
    // Nothing of it is lost, whatever it was.
    if config.exists() {
        fs::copy(&config, &backup)?;
        written.push(backup);
    }
    for (file, path) in staged {
        file.persist(&path)?;
        written.push(path);
    }
    Ok(written)
}

fn stage(directory: &Path, content: &str) -> io::Result<NamedTempFile> {
    // Made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(".kisctl-").tempfile_in(directory)?;
    file.write_all(content.trim_end().as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Has the daemon's own check look at what was written.
fn check(place: &Place, words: &Words) -> Result<(), Failure> {
    let Some(kisd) = beside("kisd") else { return Ok(()) };
    let mut command = Command::new(kisd);
    command.arg("check").arg("--config").arg(place.file(CONFIG)).env("CREDENTIALS_DIRECTORY", &place.directory);
    let output = command.output().map_err(|error| failed(words, "kisd check", &error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::Told(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

fn failed(words: &Words, what: impl AsRef<Path>, why: &impl ToString) -> Failure {
    Failure::Told((words.init.failed)(&what.as_ref().display().to_string(), &why.to_string()))
}
