//! Questions on stderr and answers from stdin; those to a secret are not shown.

use std::io::{self, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use super::target::{Wanted, is_name};
use crate::ctl::{Failure, words::Words};

/// Wrong answers to one question before it is given up.
const TRIES: u32 = 3;

/// What was answered, as far as it was asked.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) mode: Option<&'static str>,
    pub(super) keys: Option<Keys>,
    pub(super) account: Option<(String, String)>,
}

/// An app key and its secret.
pub(super) struct Keys {
    pub(super) app_key: Zeroizing<String>,
    pub(super) app_secret: Zeroizing<String>,
}

/// Whoever asks.
pub(in crate::ctl) struct Questions {
    words: &'static Words,
    /// A signal that ends the program must not leave the terminal without echo.
    signals: [Signal; 3],
}

impl Questions {
    pub(in crate::ctl) fn new(words: &'static Words) -> Result<Self, Failure> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        let told = |error: io::Error| Failure::Told(error.to_string());
        let signals = [interrupt.map_err(told)?, terminate.map_err(told)?, hangup.map_err(told)?];
        Ok(Self { words, signals })
    }

    /// Real or paper.
    pub(super) async fn mode(&mut self) -> Result<&'static str, Failure> {
        let words = &self.words.init;
        let mode = self.until(words.mode, words.mode_is, false, |answer| {
            let answer = answer.to_lowercase();
            match answer.as_str() {
                "real" | "실전" | "실전투자" => Some("real"),
                "paper" | "모의" | "모의투자" => Some("paper"),
                _ => None,
            }
        });
        mode.await
    }

    /// App key and secret, which are not shown.
    pub(super) async fn keys(&mut self) -> Result<Keys, Failure> {
        let words = &self.words.init;
        let secret = |length: usize| {
            move |answer: &str| {
                let fits = answer.len() == length && answer.bytes().all(|byte| byte.is_ascii_graphic());
                fits.then(|| Zeroizing::new(answer.to_owned()))
            }
        };
        let app_key = self.until(words.app_key, words.app_key_is, true, secret(36)).await?;
        let app_secret = self.until(words.app_secret, words.app_secret_is, true, secret(180)).await?;
        Ok(Keys { app_key, app_secret })
    }

    /// The account number, in its two parts.
    pub(super) async fn account(&mut self) -> Result<(String, String), Failure> {
        let words = &self.words.init;
        let account = self.until(words.account, words.account_is, false, |answer| {
            let digits: String = answer.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
            let is_account = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_account.then(|| (digits[..8].to_owned(), digits[8..].to_owned()))
        });
        account.await
    }

    /// Asks until the answer is one.
    async fn until<T>(
        &mut self,
        question: &str,
        what_it_is: &str,
        hidden: bool,
        answer: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        for _ in 0..TRIES {
            let Some(text) = self.ask(question, hidden).await? else {
                return Err(Failure::Told(self.words.init.no_input.to_owned()));
            };
            match answer(text.trim()) {
                Some(answer) => return Ok(answer),
                None => self.say(&format!("{what_it_is}\n"))?,
            }
        }
        Err(Failure::Told(what_it_is.to_owned()))
    }

    /// What is to be done with a configuration that is there: as was said, else what a person at a terminal chooses. Nothing: nothing.
    pub(super) async fn what(&mut self, wanted: Wanted, is_set_up: bool) -> Result<Option<Wanted>, Failure> {
        if !is_set_up || !wanted.is_open() || !io::stdin().is_terminal() {
            return Ok(Some(wanted));
        }
        let words = &self.words.init;
        let choice = self.until(words.menu, words.menu_is, false, |answer| match answer {
            "1" | "2" | "3" | "4" => Some(answer.to_owned()),
            "" => Some(String::new()),
            _ => None,
        });
        Ok(match choice.await?.as_str() {
            "1" => {
                let name = self.until(words.name, words.no_name, false, |name| is_name(name).then(|| name.to_owned()));
                Some(Wanted { account: Some(name.await?), ..wanted })
            }
            "2" => Some(Wanted { keys: true, ..wanted }),
            "3" => Some(Wanted { service: true, ..wanted }),
            "4" => Some(wanted),
            _ => None,
        })
    }

    /// The same as [`yes`](Self::yes), asked of a person only; of others, no.
    pub(super) async fn yes_on_terminal(&mut self, question: &str) -> Result<bool, Failure> {
        if io::stdin().is_terminal() { self.yes(question).await } else { Ok(false) }
    }

    /// Whether the answer is yes; the end of the input is a no.
    pub(in crate::ctl) async fn yes(&mut self, question: &str) -> Result<bool, Failure> {
        let answer = self.ask(question, false).await?;
        let answer = answer.map(|answer| answer.trim().to_lowercase());
        Ok(matches!(answer.as_deref(), Some("y" | "yes" | "예" | "네")))
    }

    /// One line; `None` at the end of the input.
    async fn ask(&mut self, question: &str, hidden: bool) -> Result<Option<Zeroizing<String>>, Failure> {
        self.say(&format!("{question}: "))?;
        let _echo = hidden.then(Hidden::begin).flatten();
        let line = tokio::task::spawn_blocking(|| {
            let mut line = Zeroizing::new(String::new());
            io::stdin().read_line(&mut line).map(|read| (read > 0).then_some(line))
        });
        let [interrupt, terminate, hangup] = &mut self.signals;
        let line = tokio::select! {
            line = line => line,
            _ = interrupt.recv() => return Err(Failure::Interrupted),
            _ = terminate.recv() => return Err(Failure::Interrupted),
            _ = hangup.recv() => return Err(Failure::Interrupted),
        };
        // A task that reads a line does not panic.
        line.map_err(io::Error::other).flatten().map_err(|error| Failure::Told(error.to_string()))
    }

    /// Tells something that is no result.
    pub(in crate::ctl) fn say(&self, text: &str) -> Result<(), Failure> {
        write!(io::stderr(), "{text}").map_err(|error| Failure::Told(error.to_string()))
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden {
    before: Termios,
}

impl Hidden {
    /// `None`, if stdin is no terminal.
    fn begin() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let before = tcgetattr(io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        // What was typed ahead was shown already, and is not an answer.
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).ok()?;
        Some(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that has gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
