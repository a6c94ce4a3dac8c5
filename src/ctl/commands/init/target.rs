//! Which account is set up, and whether that can be.

use std::path::PathBuf;

use super::{KEYS, Place, configuration::Configuration};
use crate::ctl::{Failure, words::Words};

/// The account that `[kis]` is.
const OF_KIS: &str = "default";

/// What is to be set up.
#[derive(Debug)]
pub(in crate::ctl) struct Wanted {
    /// The account, by its name.
    pub(in crate::ctl) account: Option<String>,
    /// Its app key and secret alone.
    pub(in crate::ctl) keys: bool,
    /// The service alone.
    pub(in crate::ctl) service: bool,
    /// Whether KIS is asked before anything is written.
    pub(in crate::ctl) tries: bool,
    /// Whether it becomes the account that is meant where none is named.
    pub(in crate::ctl) default: bool,
    /// The account whose app key it shares.
    pub(in crate::ctl) key_of: Option<String>,
    /// Where KIS is asked.
    pub(in crate::ctl) base_url: Option<String>,
}

impl Wanted {
    /// Whether it is not said what is to be done, so that a person at a terminal is asked.
    pub(super) fn is_open(&self) -> bool {
        self.account.is_none() && !self.keys && !self.service && self.key_of.is_none()
    }
}

/// The table of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `[kis]`, which is the account `default`.
    Kis,
    /// `[accounts.NAME]`.
    Account(String),
}

impl Target {
    /// The account that is meant by a name, or without one.
    pub(super) fn of(name: Option<&str>, configuration: &Configuration, words: &Words) -> Result<Self, Failure> {
        let accounts = configuration.accounts();
        match name {
            Some(name) if !is_name(name) => Err(Failure::Told(words.init.no_name.to_owned())),
            Some(OF_KIS) if !accounts.iter().any(|known| known == OF_KIS) => Ok(Self::Kis),
            Some(name) => Ok(Self::Account(name.to_owned())),
            None if configuration.has_kis() || accounts.is_empty() => Ok(Self::Kis),
            None => match (configuration.default_account(), &accounts[..]) {
                (Some(default), _) => Ok(Self::Account(default.to_owned())),
                (None, [only]) => Ok(Self::Account(only.clone())),
                (None, _) => Err(Failure::Told(words.init.which.to_owned())),
            },
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Kis => OF_KIS,
            Self::Account(name) => name,
        }
    }

    pub(super) fn is_in(&self, configuration: &Configuration) -> bool {
        match self {
            Self::Kis => configuration.has_kis(),
            Self::Account(name) => configuration.accounts().contains(name),
        }
    }

    /// What the names of its key files begin with: as systemd's credentials, those of the default account have no prefix.
    fn prefix(&self, configuration: &Configuration) -> String {
        let others = configuration.accounts().iter().any(|known| known != self.name());
        let is_default = match self {
            Self::Kis => true,
            Self::Account(name) => match configuration.default_account() {
                Some(default) => default == name,
                None => !configuration.has_kis() && !others,
            },
        };
        if is_default { String::new() } else { format!("{}.", self.name()) }
    }
}

/// Whether a text can be the name of an account.
pub(super) fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(is_letter)
}

/// Where the app key and the secret of an account stand, or will: in the files that it names, which must be no other account's.
pub(super) fn key_files(
    target: &Target,
    place: &Place,
    configuration: &Configuration,
    words: &Words,
) -> Result<[PathBuf; 2], Failure> {
    let prefix = target.prefix(configuration);
    let named = |target: &Target, key: &str| {
        configuration.text_in(target, &format!("{key}_file")).filter(|_| !place.is_system).map(|file| place.file(file))
    };
    let of_account = |key: &str| named(target, key).unwrap_or_else(|| place.file(&format!("{prefix}{key}")));
    let files = KEYS.map(of_account);
    let others = configuration.accounts().into_iter().map(Target::Account);
    let mut others = others.chain(configuration.has_kis().then_some(Target::Kis)).filter(|other| other != target);
    let shared = others.find_map(|other| {
        let file = KEYS.iter().filter_map(|key| named(&other, key)).find(|file| files.contains(file))?;
        Some((file, other))
    });
    match shared {
        Some((file, other)) => {
            Err(Failure::Told((words.init.file_of_another)(&file.display().to_string(), other.name())))
        }
        None => Ok(files),
    }
}

/// Says what cannot be, before anything is asked.
pub(super) fn refuse(
    target: &Target,
    configuration: &Configuration,
    wanted: &Wanted,
    words: &Words,
) -> Result<(), Failure> {
    let told = |text: String| Err(Failure::Told(text));
    let of_account = |name: &str| if name == OF_KIS { Target::Kis } else { Target::Account(name.to_owned()) };
    match (wanted.keys, target.is_in(configuration)) {
        (true, false) => return told((words.init.is_not_there)(target.name())),
        (true, true) => {
            if let Some(owner) = configuration.text_in(target, "key_of") {
                return told((words.init.shares_key)(target.name(), owner));
            }
        }
        (false, true) if wanted.account.is_some() => return told((words.init.is_there)(target.name())),
        (false, _) => {}
    }
    match wanted.key_of.as_deref() {
        Some(owner) if !of_account(owner).is_in(configuration) => told((words.init.is_not_there)(owner)),
        Some(_) if wanted.account.is_none() => told(words.init.which.to_owned()),
        _ => Ok(()),
    }
}
