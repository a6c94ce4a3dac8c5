//! `kisctl init`: asks for what kisd must know, writes its configuration for its owner's eyes only, and installs the service.
//!
//! The one place of kisctl that touches a secret: it is read without echo, goes to a file of mode 0600, and is wiped from
//! memory, which no core file takes along. Nothing that is there is replaced without a yes.

mod before;
mod configuration;
mod questions;
mod service;
mod target;
mod trial;

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::{
        self,
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use self::{
    before::Before,
    configuration::Configuration,
    questions::Answers,
    target::{Target, key_files, refuse},
};
pub(in crate::ctl) use self::{questions::Questions, target::Wanted};
use crate::ctl::{
    Failure, beside,
    output::Printer,
    socket::{self, Whose},
    sudo_caller,
    words::Words,
};

/// Where the service of the system has its configuration.
const SYSTEM: &str = "/etc/kisd";

/// The file that is read first; the others are named in it, or are credentials.
const CONFIG: &str = "config.toml";

/// What it was before it was changed.
const BACKUP: &str = "config.toml.bak";

/// The files of an app key and its secret.
const KEYS: [&str; 2] = ["app_key", "app_secret"];

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
pub(in crate::ctl) async fn set_up(
    printer: &mut Printer,
    whose: Whose,
    directory: Option<PathBuf>,
    wanted: Wanted,
) -> Result<(), Failure> {
    let words = printer.words();
    protect().map_err(|error| Failure::Told(error.to_string()))?;
    let place = Place::of(whose, directory, words)?;
    can_write_below(&place.directory).map_err(|error| failed(words, &place.directory, &error))?;
    let mut questions = Questions::new(words)?;
    let there = read(&place, words)?;
    if wanted.service && !matches!(there, Some(Some(_))) {
        return Err(Failure::Told((words.init.no_configuration)(&place.file(CONFIG).display().to_string())));
    }
    let is_set_up = matches!(there, Some(Some(_)));
    let Some(wanted) = questions.what(wanted, is_set_up).await? else { return Ok(()) };
    if wanted.service {
        return match there {
            Some(Some(configuration)) => service::offer(&mut questions, &place, &configuration, words).await,
            _ => Ok(()),
        };
    }
    let mut configuration = match &there {
        Some(Some(configuration)) => configuration.clone(),
        Some(None) if wanted.account.is_some() || wanted.keys => {
            return Err(Failure::Told((words.init.broken)(&place.file(CONFIG).display().to_string())));
        }
        _ => Configuration::new(),
    };
    let target = Target::of(wanted.account.as_deref(), &configuration, words)?;
    refuse(&target, &configuration, &wanted, words)?;
    let files = key_files(&target, &place, &configuration, words)?;
    let directory = place.directory.display().to_string();
    questions.say(&(words.init.welcome)(&directory))?;
    // What is added replaces nothing of the configuration; keys that the account names itself are meant to be replaced.
    let config = place.file(CONFIG);
    let adds = wanted.account.is_some() && there.is_some();
    let names_its_own = configuration.text_in(&target, "app_key_file").is_some() && !place.is_system;
    let mut in_question: Vec<&Path> = Vec::new();
    if !(wanted.keys && names_its_own) && wanted.key_of.is_none() {
        in_question.extend(files.iter().map(PathBuf::as_path));
    }
    if !wanted.keys && !adds {
        in_question.push(&config);
    }
    for file in in_question {
        let shown = file.display().to_string();
        let question = if *file == *config { words.init.change } else { words.init.replace };
        // A link that leads nowhere is there as well.
        if file.symlink_metadata().is_ok() && !questions.yes(&question(&shown)).await? {
            return questions.say(&format!("{}\n", (words.init.kept)(&shown)));
        }
    }
    let answers = ask(&mut questions, &wanted).await?;
    let is_simulated = answers.keys.as_ref().is_some_and(|keys| keys.app_key.starts_with(SIMULATED));
    if matches!(there, Some(None)) {
        questions.say(&format!("{}\n", (words.init.not_toml)(&place.file(CONFIG).display().to_string())))?;
    }
    configure(&questions, &mut configuration, (&place, &files), &target, &answers, &wanted, words)?;
    let told = |error: io::Error| failed(words, &place.directory, &error);
    let can_be_tried = !is_simulated || configuration.text_in(&target, "base_url").is_some();
    if wanted.tries && !can_be_tried {
        return Err(Failure::Told((words.init.base_url_needed)(&config.display().to_string())));
    }
    if can_be_tried && (wanted.tries || questions.yes_on_terminal(words.init.try_keys).await?) {
        questions.say(&format!("{}\n", words.init.trying))?;
        let said = trial::attempt(&place, &configuration, &target, &files, &answers, words).await?;
        questions.say(&format!("{said}\n"))?;
    }
    let before = Before::of(files.iter().chain([&config, &place.file(BACKUP)])).map_err(told)?;
    // Secrets that are replaced are in no copy.
    let old = there.as_ref().and_then(Option::as_ref).filter(|old| answers.keys.is_some() && old.has_keys(&target));
    let has_moved_keys = old.is_some();
    let copy = old.map(|old| old.without_keys(&target).text());
    let written = match write(&place, &files, &answers, &configuration.text(), copy) {
        Ok(written) => written,
        Err(error) => {
            // The error that matters is the first; what cannot be put back was hardly changed.
            let _ = before.put_back();
            return Err(told(error));
        }
    };
    drop(answers);
    for file in written {
        questions.say(&format!("{}\n", (words.init.written)(&file.display().to_string())))?;
    }
    // Which kisd refuses by itself, since KIS knows none of these keys.
    if is_simulated && configuration.text_in(&target, "base_url").is_none() {
        let needed = (words.init.base_url_needed)(&place.file(CONFIG).display().to_string());
        return questions.say(&format!("{needed}\n"));
    }
    if let Err(refusal) = check(&place, words) {
        if matches!(there, Some(Some(_))) {
            before.put_back().map_err(told)?;
            questions.say(&format!("{}\n", words.init.put_back))?;
        }
        return Err(refusal);
    }
    // Keys that were in the configuration are in files now, which the service has to be handed.
    if wanted.keys && !(place.is_system && has_moved_keys) {
        let next = if place.is_system { words.init.restart } else { words.init.reload };
        return questions.say(&format!("{next}\n"));
    }
    service::offer(&mut questions, &place, &configuration, words).await
}

async fn ask(questions: &mut Questions, wanted: &Wanted) -> Result<Answers, Failure> {
    if wanted.keys {
        return Ok(Answers { keys: Some(questions.keys().await?), ..Answers::default() });
    }
    if wanted.key_of.is_some() {
        return Ok(Answers { account: Some(questions.account().await?), ..Answers::default() });
    }
    let (mode, keys) = (questions.mode().await?, questions.keys().await?);
    Ok(Answers { mode: Some(mode), keys: Some(keys), account: Some(questions.account().await?) })
}

/// The configuration that is there: `Some(None)`, if it is no TOML.
fn read(place: &Place, words: &Words) -> Result<Option<Option<Configuration>>, Failure> {
    let file = place.file(CONFIG);
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some(Configuration::read(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(words, &file, &error)),
    }
}

/// Writes into the configuration what was answered.
fn configure(
    questions: &Questions,
    configuration: &mut Configuration,
    files: (&Place, &[PathBuf; 2]),
    target: &Target,
    answers: &Answers,
    wanted: &Wanted,
    words: &Words,
) -> Result<(), Failure> {
    let base_url = wanted.base_url.as_deref();
    if let Some(stays) = configuration.text_in(target, "base_url").filter(|_| base_url.is_none()) {
        questions.say(&format!("{}\n", (words.init.base_url_stays)(stays)))?;
    }
    // With a second account it must be said which is meant where none is named: the one that was.
    let before = configuration.accounts();
    if let (false, None, [only], false) =
        (configuration.has_kis(), configuration.default_account(), &before[..], target.is_in(configuration))
    {
        configuration.set_default(only);
        questions.say(&format!("{}\n", (words.init.default_stays)(only)))?;
    }
    configuration.set(target, files, answers, wanted.key_of.as_deref(), base_url);
    if wanted.default {
        configuration.set_default(target.name());
    }
    // Who has become root for this will want to ask as well.
    if let Some(uid) = sudo_caller().filter(|_| files.0.is_system) {
        configuration.allow(uid);
    }
    Ok(())
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
fn write(
    place: &Place,
    files: &[PathBuf; 2],
    answers: &Answers,
    config: &str,
    copy: Option<String>,
) -> io::Result<Vec<PathBuf>> {
    DirBuilder::new().recursive(true).mode(0o700).create(&place.directory)?;
    let keys = answers.keys.iter().flat_map(|keys| files.iter().zip([&keys.app_key, &keys.app_secret]));
    let keys = keys.map(|(file, content)| (file.clone(), Zeroizing::new(format!("{}\n", content.trim_end()))));
    let mut staged = Vec::new();
    for (path, content) in keys.chain([(place.file(CONFIG), Zeroizing::new(config.to_owned()))]) {
        // A link stays one.
        let path = fs::canonicalize(&path).unwrap_or(path);
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, path.display().to_string()));
        }
        // Beside the file, which may stand in another directory.
        let directory = path.parent().unwrap_or(&place.directory).to_owned();
        staged.push((stage(&directory, content.as_bytes())?, path));
    }
    let mut written = Vec::new();
    let (config, backup) = (place.file(CONFIG), place.file(BACKUP));
    // Nothing of it is lost, whatever it was.
    if config.exists() {
        match copy {
            Some(copy) => drop(stage(&place.directory, copy.as_bytes())?.persist(&backup)?),
            None => drop(fs::copy(&config, &backup)?),
        }
        written.push(backup);
    }
    for (file, path) in staged {
        let is_key = path != config && fs::canonicalize(&config).map_or(true, |config| config != path);
        persist(file, &path, if is_key { PRIVATE } else { ANY })?;
        written.push(path);
    }
    Ok(written)
}

/// What is taken over of the mode of a file that is replaced: all of it, or what is its owner's.
const ANY: u32 = 0o777;
const PRIVATE: u32 = 0o700;

/// Puts a file in the place of another, whose owner and mode it takes over.
fn persist(file: NamedTempFile, path: &Path, taken_over: u32) -> io::Result<()> {
    if let Ok(old) = fs::metadata(path) {
        file.as_file().set_permissions(fs::Permissions::from_mode(old.mode() & taken_over))?;
        // Only root can, and nobody else needs to.
        let _ = unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
    }
    file.persist(path)?;
    Ok(())
}

fn stage(directory: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    // Made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(".kisctl-").tempfile_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Has the daemon's own check look at what was written.
fn check(place: &Place, words: &Words) -> Result<(), Failure> {
    let Some(kisd) = beside("kisd") else { return Ok(()) };
    let mut command = Command::new(kisd);
    command.arg("check").arg("--config").arg(place.file(CONFIG)).env_remove("CREDENTIALS_DIRECTORY");
    if place.is_system {
        // As systemd will hand them over.
        command.env("CREDENTIALS_DIRECTORY", &place.directory);
    }
    let output = command.output().map_err(|error| failed(words, "kisd check", &error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::Told(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

fn failed(words: &Words, what: impl AsRef<Path>, why: &impl ToString) -> Failure {
    Failure::Told((words.init.failed)(&what.as_ref().display().to_string(), &why.to_string()))
}
