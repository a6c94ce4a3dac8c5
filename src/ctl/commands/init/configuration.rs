//! What is written to `config.toml`. One that is there is changed in what was asked, and keeps the rest: users that are let in, other
//! tables, comments.

use std::path::{Path, PathBuf};

use similar::{Algorithm, ChangeTag, capture_diff_slices};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use super::{KEYS, Place, questions::Answers, target::Target};

/// The first line of a new file.
const HEADING: &str = "# Written by kisctl init; config.toml.example of kisd explains every key.\n";

/// What some editors write first.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A configuration as it was or as it will be.
#[derive(Debug, Clone)]
pub(super) struct Configuration {
    document: DocumentMut,
    /// As it was written.
    written: String,
}

impl Configuration {
    /// An empty one.
    pub(super) fn new() -> Self {
        let mut document = DocumentMut::new();
        document.decor_mut().set_prefix(HEADING);
        Self { document, written: String::new() }
    }

    /// What was written; `None`, if that is no TOML.
    pub(super) fn read(text: &str) -> Option<Self> {
        let document = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).parse().ok()?;
        Some(Self { document, written: text.to_owned() })
    }

    /// What is to be written: of what was there, every byte that was not asked about.
    pub(super) fn text(&self) -> String {
        let (new, written) = (self.document.to_string(), self.written.as_str());
        let body = written.strip_prefix(BYTE_ORDER_MARK).unwrap_or(written);
        let Some(old) = body.parse::<DocumentMut>().ok().map(|old| old.to_string()).filter(|_| !body.is_empty()) else {
            return ended(&new, "\n");
        };
        // TOML is written with its own ends of lines; those that were there stand line by line beside them.
        let lines: Vec<&str> = body.split_inclusive('\n').collect();
        let end = if body.contains("\r\n") { "\r\n" } else { "\n" };
        let (old_lines, new_lines): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let mut text = String::from(&written[..written.len() - body.len()]);
        for change in capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines)
            .iter()
            .flat_map(|op| op.iter_changes(&old_lines, &new_lines))
        {
            match (change.tag(), change.old_index()) {
                (ChangeTag::Equal, Some(at)) => {
                    // One that was the last, without an end, and is not any more.
                    let is_last = change.new_index() == Some(new_lines.len() - 1);
                    let line = lines.get(at).copied().unwrap_or_default();
                    text.push_str(&if is_last { line.to_owned() } else { ended(line, end) });
                }
                (ChangeTag::Insert, _) => text.push_str(&ended(change.value(), end)),
                _ => {}
            }
        }
        text
    }

    /// The same without the keys that an account has in the configuration itself.
    pub(super) fn without_keys(&self, target: &Target) -> Self {
        let mut copy = self.clone();
        for key in KEYS.into_iter().filter(|key| self.text_in(target, key).is_some()) {
            set(copy.account(target), key, "replaced");
        }
        copy
    }

    /// The same with the keys of an account in these files, for a trial.
    pub(super) fn with_files(&self, target: &Target, files: [&Path; 2]) -> Self {
        let mut trial = self.clone();
        let table = trial.account(target);
        for (key, file) in KEYS.into_iter().zip(files) {
            set(table, &format!("{key}_file"), text_of(file));
        }
        trial
    }

    /// Whether an account has its keys in the configuration itself.
    pub(super) fn has_keys(&self, target: &Target) -> bool {
        KEYS.iter().any(|key| self.text_in(target, key).is_some())
    }

    /// Whether `[kis]` is there.
    pub(super) fn has_kis(&self) -> bool {
        self.document.get("kis").is_some_and(Item::is_table_like)
    }

    /// The names of `[accounts.NAME]`.
    pub(super) fn accounts(&self) -> Vec<String> {
        let accounts = self.document.get("accounts").and_then(Item::as_table_like);
        accounts.map(|accounts| accounts.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
    }

    /// The account that is meant where none is named, as far as it is said.
    pub(super) fn default_account(&self) -> Option<&str> {
        self.document.get("default_account")?.as_str()
    }

    /// Calls that name no account mean this one.
    pub(super) fn set_default(&mut self, name: &str) {
        const KEY: &str = "default_account";
        let is_new = !self.document.contains_key(KEY);
        // A heading that stands before the first table, and is not about it, stays the first.
        let first =
            self.document.iter_mut().find_map(|(_, item)| item.as_table_mut().map(Table::decor_mut)).filter(|_| is_new);
        let heading = first.and_then(|decor| {
            let prefix = decor.prefix()?.as_str()?.replace("\r\n", "\n");
            let (heading, rest) = prefix.split_once("\n\n")?;
            decor.set_prefix(format!("\n{rest}"));
            Some(format!("{heading}\n\n"))
        });
        set(self.document.as_table_mut(), KEY, name);
        if let Some((mut key, heading)) = self.document.as_table_mut().key_mut(KEY).zip(heading) {
            key.leaf_decor_mut().set_prefix(heading);
        }
    }

    /// A text that is said of an account.
    pub(super) fn text_in(&self, target: &Target, key: &str) -> Option<&str> {
        let table = match target {
            Target::Kis => self.document.get("kis")?,
            Target::Account(name) => self.document.get("accounts")?.as_table_like()?.get(name)?,
        };
        table.as_table_like()?.get(key)?.as_str()
    }

    /// Whether the mode of the socket is said.
    pub(super) fn has_socket_mode(&self) -> bool {
        self.document.get("rpc").and_then(Item::as_table_like).is_some_and(|rpc| rpc.contains_key("socket_mode"))
    }

    /// Takes the answers about an account over, whose keys stand in files with this prefix.
    pub(super) fn set(
        &mut self,
        target: &Target,
        (place, files): (&Place, &[PathBuf; 2]),
        answers: &Answers,
        key_of: Option<&str>,
        base_url: Option<&str>,
    ) {
        let kis = self.account(target);
        if let Some(mode) = answers.mode {
            set(kis, "mode", mode);
        }
        if let Some(owner) = key_of {
            set(kis, "key_of", owner);
        }
        for (key, file) in KEYS.into_iter().zip(files).filter(|_| answers.keys.is_some()) {
            // Each has a file of its own now, which is named here; to the service of the system, systemd hands them.
            kis.remove(key);
            let file_key = format!("{key}_file");
            match place.is_system {
                true => drop(kis.remove(&file_key)),
                // A relative one that is named already is left as it is written.
                false if kis.get(&file_key).and_then(Item::as_str).is_some_and(|named| place.file(named) == *file) => {}
                false => set(kis, &file_key, text_of(file)),
            }
        }
        if let Some((number, product_code)) = &answers.account {
            set(kis, "account_no", number.as_str());
            set(kis, "account_product_code", product_code.as_str());
        }
        if let Some(base_url) = base_url {
            set(kis, "base_url", base_url);
        }
    }

    /// Lets a user in besides those who are.
    pub(super) fn allow(&mut self, uid: u32) {
        let uid = i64::from(uid);
        let rpc = self.table("rpc");
        match rpc.get_mut("allow_uids").and_then(Item::as_array_mut) {
            Some(uids) if uids.iter().any(|known| known.as_integer() == Some(uid)) => {}
            Some(uids) => uids.push(uid),
            None => set(rpc, "allow_uids", Array::from_iter([uid])),
        }
    }

    /// The table of an account, made if there is none.
    fn account(&mut self, target: &Target) -> &mut dyn TableLike {
        let Target::Account(name) = target else { return self.table("kis") };
        if self.document.get("accounts").is_none_or(|item| !item.is_table_like()) {
            let mut accounts = Table::new();
            accounts.set_implicit(true);
            self.document.insert("accounts", Item::Table(accounts));
        }
        let accounts = self.table("accounts");
        if accounts.get(name).is_none_or(|item| !item.is_table_like()) {
            accounts.insert(name, Item::Table(Table::new()));
        }
        #[expect(clippy::expect_used, reason = "it is a table, or was made one above")]
        accounts.get_mut(name).and_then(Item::as_table_like_mut).expect("a table")
    }

    /// The table of this name, made if there is none.
    fn table(&mut self, name: &str) -> &mut dyn TableLike {
        if self.document.get(name).is_none_or(|item| !item.is_table_like()) {
            self.document.insert(name, Item::Table(Table::new()));
        }
        #[expect(clippy::expect_used, reason = "it is a table, or was made one above")]
        self.document.get_mut(name).and_then(Item::as_table_like_mut).expect("a table")
    }
}

/// Sets a key, with the comment and the blanks that were around its value.
fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    match table.get_mut(key) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(value);
        }
        None => drop(table.insert(key, Item::Value(value))),
    }
}

/// A line with an end.
fn ended(line: &str, end: &str) -> String {
    if line.ends_with('\n') { line.to_owned() } else { format!("{line}{end}") }
}

fn text_of(path: &Path) -> String {
    path.display().to_string()
}
