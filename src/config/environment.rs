//! The layer of environment variables, and which of them are keys.

use figment::{
    Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

use super::{ConfigError, Fault, Variables, credential, raw::is_not_text};

const PREFIX: &str = "KISD_";

/// Variables with the prefix that are not keys.
const OTHER_VARIABLES: &[&str] = &[
    "KISD_CONFIG",  // this file
    "KISD_SOCKET",  // where kisctl asks
    "KISD_ACCOUNT", // which account kisctl asks about
    "KISD_BOOT_ID", // from the unit, which hides that of the kernel
];

/// A variable, for messages.
pub(super) fn source(variable: &str) -> String {
    match variable.split("__").all(|part| credential::shown(part).is_some()) {
        true => format!("environment variable {variable}"),
        false => format!("an environment variable that begins with {PREFIX}: {}", credential::hidden(variable)),
    }
}

/// A figment layer of `KISD_<KEY>`, `KISD_<TABLE>__<KEY>` and `KISD_ACCOUNTS__<NAME>__<KEY>`.
pub(super) struct Environment<'a>(pub(super) &'a Variables);

impl Environment<'_> {
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, String, &str)> {
        self.0
            .iter()
            .filter(|(name, value)| name.starts_with(PREFIX) && !OTHER_VARIABLES.contains(name) && !value.is_empty())
            .map(|(name, value)| (name, key_of(&name[PREFIX.len()..]), value))
    }

    /// figment would lose a variable that has no table, or too many.
    pub(super) fn refuse_strangers(&self) -> Result<(), ConfigError> {
        let faults: Vec<Fault> = self
            .keys()
            .filter(|(_, key, _)| !is_key(key))
            .map(|(name, ..)| Fault {
                source: self::source(name),
                key: String::new(),
                problem: "is not a key; allowed are KISD_<TABLE>__<KEY>, as in KISD_KIS__MODE, and \
                          KISD_ACCOUNTS__<NAME>__<KEY>"
                    .to_owned(),
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
            let value = if is_not_text(&key) && is_flat(value) {
                // Never fails: what is not a number or a list is a text, and refused as one.
                value.parse::<Value>().unwrap_or_else(|_| Value::from(value))
            } else {
                Value::from(value)
            };
            insert(&mut tables, &key, value);
        }
        Ok(Profile::Default.collect(tables))
    }
}

/// The key that a variable means, without the prefix. The name of an account has dashes where a variable has underscores.
fn key_of(variable: &str) -> String {
    let key = variable.replace("__", ".").to_lowercase();
    match key.strip_prefix("accounts.").and_then(|rest| rest.split_once('.')) {
        Some((name, key)) => format!("accounts.{}.{key}", name.replace('_', "-")),
        None => key,
    }
}

/// Whether a key has as many parts as it must.
fn is_key(key: &str) -> bool {
    match key.split('.').collect::<Vec<_>>()[..] {
        [key] => key == "default_account",
        // A list of tables has no place in a variable.
        [table, _] => !["accounts", "grants"].contains(&table),
        ["gateway", "max_age", _] => true,
        [table, ..] => table == "accounts" && key.split('.').count() == 3,
        [] => false,
    }
}

/// Puts a value into nested tables.
fn insert(tables: &mut Dict, key: &str, value: Value) {
    let Some((table, rest)) = key.split_once('.') else {
        tables.insert(key.to_owned(), value);
        return;
    };
    if let Value::Dict(_, inner) = tables.entry(table.to_owned()).or_insert_with(|| Value::from(Dict::new())) {
        insert(inner, rest, value);
    }
}

/// Whether a value is a number, or a list of what are no lists. The parser takes a part of the stack for each bracket.
fn is_flat(value: &str) -> bool {
    value.matches(['[', '{']).count() <= 1
}
