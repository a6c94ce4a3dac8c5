//! What is written to `config.toml`. One that is there is changed in what was asked, and keeps the rest: users that are let in, other
//! tables, comments.

use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use super::{Place, questions::Answers};

/// The first line of a new file.
const HEADING: &str = "# Written by kisctl init; config.toml.example of kisd explains every key.\n";

/// A configuration as it was or as it will be.
#[derive(Debug)]
pub(super) struct Configuration(DocumentMut);

impl Configuration {
    /// An empty one.
    pub(super) fn new() -> Self {
        let mut document = DocumentMut::new();
        document.decor_mut().set_prefix(HEADING);
        Self(document)
    }

    /// What was written; `None`, if that is no TOML.
    pub(super) fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    /// Where KIS is asked, if that is said.
    pub(super) fn base_url(&self) -> Option<&str> {
        self.0.get("kis")?.as_table_like()?.get("base_url")?.as_str()
    }

    /// Whether the mode of the socket is said.
    pub(super) fn has_socket_mode(&self) -> bool {
        self.0.get("rpc").and_then(Item::as_table_like).is_some_and(|rpc| rpc.contains_key("socket_mode"))
    }

    /// Takes the answers over.
    pub(super) fn set(&mut self, place: &Place, answers: &Answers, base_url: Option<&str>) {
        let kis = self.table("kis");
        set(kis, "mode", answers.mode);
        for key in ["app_key", "app_secret"] {
            // Each has a file of its own now, which is named here; to the service of the system, systemd hands them.
            kis.remove(key);
            let file_key = format!("{key}_file");
            match place.is_system {
                true => drop(kis.remove(&file_key)),
                false => set(kis, &file_key, text_of(&place.file(key))),
            }
        }
        set(kis, "account_no", answers.account.0.as_str());
        set(kis, "account_product_code", answers.account.1.as_str());
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

    /// The table of this name, made if there is none.
    fn table(&mut self, name: &str) -> &mut dyn TableLike {
        if self.0.get(name).is_none_or(|item| !item.is_table_like()) {
            self.0.insert(name, Item::Table(Table::new()));
        }
        #[expect(clippy::expect_used, reason = "it is a table, or was made one above")]
        self.0.get_mut(name).and_then(Item::as_table_like_mut).expect("a table")
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

fn text_of(path: &Path) -> String {
    path.display().to_string()
}
