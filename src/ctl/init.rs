//! `kisctl init`: asks for what kisd must know, writes its configuration for its owner's eyes only, and installs the service.
//!
//! The one place of kisctl that touches a secret: it is read without echo, goes to a file of mode 0600, and is wiped from
//! memory. Nothing that is there is replaced without a yes.

mod service;

use std::{
    fs::{self, DirBuilder},
    io::{self, IsTerminal, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::Command,
};

use zeroize::Zeroizing;

use super::{Failure, beside, output::Printer, words::Words};

/// Where the service of the system has its configuration.
const SYSTEM: &str = "/etc/kisd";

/// Wrong answers to one question before it is given up.
const TRIES: u32 = 3;

/// Where to set kisd up.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) directory: PathBuf,
    pub(super) is_system: bool,
}

impl Place {
    /// The system's, another, or the user's own, which for root is the system's.
    pub(super) fn of(system: bool, directory: Option<PathBuf>) -> Self {
        match directory {
            Some(directory) => Self { directory, is_system: false },
            None if system || rustix::process::geteuid().is_root() => {
                Self { directory: PathBuf::from(SYSTEM), is_system: true }
            }
            None => Self { directory: super::socket::of_configuration(), is_system: false },
        }
    }
}

/// What was answered.
struct Answers {
    mode: String,
    app_key: Zeroizing<String>,
    app_secret: Zeroizing<String>,
    account: (String, String),
}

/// Asks, writes, and offers to install.
pub(super) fn set_up(printer: &mut Printer, place: &Place) -> Result<(), Failure> {
    let words = printer.words();
    let mut questions = Questions { is_terminal: io::stdin().is_terminal(), words };
    questions.say(&(words.init.welcome)(&place.directory.display().to_string()))?;
    let files = ["config.toml", "app_key", "app_secret"].map(|name| place.directory.join(name));
    for file in &files {
        let shown = file.display().to_string();
        if file.exists() && !questions.yes(&(words.init.replace)(&shown))? {
            return printer.text(&format!("{}\n", (words.init.kept)(&shown))).map_err(Failure::Output);
        }
    }
    let answers = questions.all()?;
    let make = DirBuilder::new().recursive(true).mode(0o700).create(&place.directory);
    make.map_err(|error| failed(words, &place.directory, &error))?;
    let config = configuration(&answers, place);
    let contents: [&str; 3] = [&config, &answers.app_key, &answers.app_secret];
    for (file, content) in files.iter().zip(contents) {
        write(file, content).map_err(|error| failed(words, file, &error))?;
        printer.text(&format!("{}\n", (words.init.written)(&file.display().to_string()))).map_err(Failure::Output)?;
    }
    check(&place.directory, words)?;
    service::offer(printer, &mut questions, place)
}

fn configuration(answers: &Answers, place: &Place) -> String {
    let mut text = format!(
        "# Written by kisctl init; config.toml.example of kisd explains every key.\n[kis]\nmode = \"{}\"\n",
        answers.mode
    );
    if !place.is_system {
        // To the service of the system, systemd hands the two as credentials.
        for key in ["app_key", "app_secret"] {
            let path = toml_text(&place.directory.join(key).display().to_string());
            text.push_str(&format!("{key}_file = {path}\n"));
        }
    }
    let (number, product) = &answers.account;
    text.push_str(&format!("account_no = \"{number}\"\naccount_product_code = \"{product}\"\n"));
    // Who has become root for this will want to ask as well.
    let user = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse::<u32>().ok()).filter(|uid| *uid != 0);
    if let Some(uid) = user.filter(|_| place.is_system) {
        text.push_str(&format!("\n[rpc]\nallow_uids = [{uid}]\n"));
    }
    text
}

/// A text as TOML writes it, which is as JSON does.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Writes whole or not at all, readable by the owner only.
fn write(path: &Path, content: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(".kisctl-").tempfile_in(directory)?;
    file.write_all(content.as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Has the daemon's own check look at what was written.
fn check(directory: &Path, words: &Words) -> Result<(), Failure> {
    let Some(kisd) = beside("kisd") else { return Ok(()) };
    let mut command = Command::new(kisd);
    command.arg("check").arg("--config").arg(directory.join("config.toml")).env("CREDENTIALS_DIRECTORY", directory);
    let output = command.output().map_err(|error| failed(words, "kisd check", &error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::Told(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

fn failed(words: &Words, what: impl AsRef<Path>, why: &impl ToString) -> Failure {
    Failure::Told((words.init.failed)(&what.as_ref().display().to_string(), &why.to_string()))
}

/// Asks on stderr, so that stdout has results only, and reads from stdin.
struct Questions {
    is_terminal: bool,
    words: &'static Words,
}

impl Questions {
    fn all(&mut self) -> Result<Answers, Failure> {
        let words = &self.words.init;
        let mode = self.until(words.mode, words.mode_is, false, |answer| {
            let answer = answer.to_lowercase();
            matches!(answer.as_str(), "real" | "paper").then_some(answer)
        })?;
        let secret = |length: usize| {
            move |answer: &str| {
                let fits = answer.len() == length && answer.bytes().all(|byte| byte.is_ascii_graphic());
                fits.then(|| Zeroizing::new(answer.to_owned()))
            }
        };
        let app_key = self.until(words.app_key, words.app_key_is, true, secret(36))?;
        let app_secret = self.until(words.app_secret, words.app_secret_is, true, secret(180))?;
        let account = self.until(words.account, words.account_is, false, |answer| {
            let digits: String = answer.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
            let is_account = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_account.then(|| (digits[..8].to_owned(), digits[8..].to_owned()))
        })?;
        Ok(Answers { mode, app_key, app_secret, account })
    }

    /// Asks until the answer is one.
    fn until<T>(
        &mut self,
        question: &str,
        what_it_is: &str,
        hidden: bool,
        answer: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        for _ in 0..TRIES {
            let text = self.ask(question, hidden)?;
            match answer(text.trim()) {
                Some(answer) => return Ok(answer),
                None => self.say(&format!("{what_it_is}\n"))?,
            }
        }
        Err(Failure::Told(what_it_is.to_owned()))
    }

    fn yes(&mut self, question: &str) -> Result<bool, Failure> {
        let answer = self.ask(question, false)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "예" | "네"))
    }

    fn ask(&mut self, question: &str, hidden: bool) -> Result<Zeroizing<String>, Failure> {
        self.say(&format!("{question}: "))?;
        if hidden && self.is_terminal {
            let text = rpassword::read_password().map_err(|error| Failure::Told(error.to_string()))?;
            return Ok(Zeroizing::new(text));
        }
        let mut line = Zeroizing::new(String::new());
        match io::stdin().read_line(&mut line) {
            Ok(0) => Err(Failure::Told(self.words.init.no_input.to_owned())),
            Ok(_) => Ok(line),
            Err(error) => Err(Failure::Told(error.to_string())),
        }
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        write!(io::stderr(), "{text}").map_err(Failure::Output)
    }
}

/// What is there already.
fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}
