//! App key and app secret from wherever they are written. What is wrong with one is told by its name and never shown: a byte
//! order mark, quotes or an invisible character would else be a length that nobody can see.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{check::Check, load::read_credential, raw::RawAccount};
use crate::secret::{AppKey, AppSecret, SecretFault};

/// Marks that text programs put around a word, the typographic ones included.
const QUOTES: [char; 9] = ['"', '\'', '`', '“', '”', '‘', '’', '«', '»'];

/// The variable in which systemd, or a container, says where credentials are.
pub(super) const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

impl Check<'_> {
    /// The app key.
    pub(super) fn app_key(&mut self, table: &str, prefix: &str, raw: &RawAccount) -> Option<AppKey> {
        let (this, other) = (("app_key", AppKey::LENGTH), ("app_secret", AppSecret::LENGTH));
        let written = (raw.app_key.as_ref(), raw.app_key_file.as_ref());
        self.credential((table, prefix), this, other, written, AppKey::try_new)
    }

    /// The app secret.
    pub(super) fn app_secret(&mut self, table: &str, prefix: &str, raw: &RawAccount) -> Option<AppSecret> {
        let (this, other) = (("app_secret", AppSecret::LENGTH), ("app_key", AppKey::LENGTH));
        let written = (raw.app_secret.as_ref(), raw.app_secret_file.as_ref());
        self.credential((table, prefix), this, other, written, AppSecret::try_new)
    }

    /// A credential that is handed over as `<prefix><name>`, else from the file of its own, else from the configuration.
    fn credential<T>(
        &mut self,
        (table, prefix): (&str, &str),
        (name, length): (&str, usize),
        other: (&str, usize),
        (written, file): (Option<&SecretString>, Option<&PathBuf>),
        try_new: fn(String) -> Result<T, SecretFault>,
    ) -> Option<T> {
        let key = format!("{table}.{name}");
        let file_key = format!("{key}_file");
        let handed_over =
            self.sources.variables.directory(DIRECTORY).map(|directory| directory.join(format!("{prefix}{name}")));
        let (key, text) = if let Some(path) = handed_over.filter(|path| path.exists()) {
            self.handed_over = true;
            // systemd has seen to it that only this service can read it, in a way that mode bits do not show.
            (key, read_credential(&path, false))
        } else if let Some(path) = file {
            if written.is_some() {
                return self.none(&file_key, format!("is given together with {key}; allowed is one of the two"));
            }
            if path.to_str().is_some_and(is_like_one) && !self.sources.beside(path).exists() {
                let problem = "names no file: its value is like a credential itself; write that into a file of its own, and \
                               the path of the file here";
                return self.none(&file_key, problem);
            }
            (file_key, read_credential(&self.sources.beside(path), true))
        } else if let Some(secret) = written {
            (key, Ok(Zeroizing::new(secret.expose_secret().to_owned())))
        } else {
            let problem = format!(
                "is missing; give it as {key}, as the path {file_key}, or as the systemd credential \"{prefix}{name}\""
            );
            return self.none(&key, problem);
        };
        let credential = text.and_then(|text| {
            let text = text.trim();
            what_is_wrong(text, length, other)?;
            try_new(text.to_owned()).map_err(|fault| fault.to_string())
        });
        credential.map_or_else(|problem| self.none(&key, problem), Some)
    }
}

/// Whether a text that should be a path has the form of an app key or an app secret.
pub(super) fn is_like_one(text: &str) -> bool {
    let is_key = text.len() == AppKey::LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_key || text.len() == AppSecret::LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.')
}

/// What pasting and saving add to a credential, by its name.
fn what_is_wrong(text: &str, length: usize, (other, other_length): (&str, usize)) -> Result<(), String> {
    let found = text.chars().count();
    let invisible = text.chars().find(|c| is_invisible(*c));
    Err(if text.starts_with('\u{feff}') {
        "begins with a byte order mark (BOM, U+FEFF), which some editors add; save it as UTF-8 without one".to_owned()
    } else if text.is_empty() {
        "is empty".to_owned()
    } else if found > 1 && text.starts_with(QUOTES) && text.ends_with(QUOTES) {
        "is in quotes; it must be written without them here".to_owned()
    } else if let Some(c) = invisible {
        format!(
            "holds an invisible character (U+{:04X}), which pasting may add; paste it anew, or type it",
            u32::from(c)
        )
    } else if text.contains(['\n', '\r']) {
        "has more than one line; allowed is the one credential and nothing else".to_owned()
    } else if text.contains(char::is_whitespace) {
        "holds white space; a credential has none".to_owned()
    } else if !text.is_ascii() {
        "holds a character that is not ASCII; a credential has none".to_owned()
    } else if found == other_length && found != length {
        format!("has {found} characters, KIS issues {length}; it may be the {other}, which has {other_length}")
    } else {
        return Ok(());
    })
}

/// Characters that nobody sees and that are no white space to `trim`: zero-width ones, marks of direction, soft hyphens, controls.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}')
        || c.is_control() && !c.is_whitespace()
}

/// The name of a key or a variable, if it may be shown: a secret may have been written in its place.
pub(super) fn shown(name: &str) -> Option<&str> {
    /// No key has so long a name.
    const LONGEST: usize = 32;
    /// Longer ones of mixed letters and digits are more likely part of a key of KIS than a name.
    const MIXED: usize = 16;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let has = |kind: fn(&u8) -> bool| name.bytes().any(|byte| kind(&byte));
    let is_mixed = name.len() >= MIXED
        && has(u8::is_ascii_digit)
        && (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) || !name.contains(['_', '-']));
    (is_name && name.len() <= LONGEST && !is_mixed).then_some(name)
}

/// What to say in the place of a name that is not shown.
pub(super) fn hidden(name: &str) -> String {
    format!("a name of {} characters, which is not shown since it may be a secret,", name.chars().count())
}

/// The directory in which a service of the system has its credentials beside its configuration.
pub(super) fn beside(configuration: &Path) -> Option<&Path> {
    configuration
        .parent()
        .filter(|directory| ["app_key", "app_secret"].iter().any(|name| directory.join(name).exists()))
}
