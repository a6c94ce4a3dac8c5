//! The accounts by their names. It is replaced whole when the configuration is read again, so that a caller sees the old one or the
//! new one and never a mixture.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    account::{Account, AccountName},
    token::KeySession,
};

/// Longest part of an unknown name that is repeated.
const SHOWN: usize = 32;

/// All accounts.
#[derive(Debug)]
pub struct Book {
    accounts: BTreeMap<AccountName, Account>,
    default: AccountName,
}

/// There is no account of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no account \"{name}\"; the accounts are {}", names.join(", "))]
pub struct UnknownAccount {
    /// The name, shortened and printable.
    pub name: String,
    /// The names that there are.
    pub names: Vec<String>,
}

impl Book {
    /// The accounts, of which `default` is one.
    pub fn new(accounts: impl IntoIterator<Item = Account>, default: AccountName) -> Option<Self> {
        let accounts: BTreeMap<_, _> = accounts.into_iter().map(|account| (account.name.clone(), account)).collect();
        accounts.contains_key(&default).then_some(Self { accounts, default })
    }

    /// The account of a name, or the default one.
    pub fn account(&self, name: Option<&str>) -> Result<&Account, UnknownAccount> {
        let found = match name {
            None => self.accounts.get(&self.default),
            Some(name) => self.accounts.iter().find(|(known, _)| known.as_str() == name).map(|(_, account)| account),
        };
        found.ok_or_else(|| UnknownAccount {
            name: name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(SHOWN).collect(),
            names: self.accounts.keys().map(ToString::to_string).collect(),
        })
    }

    /// The account that is meant where none is named.
    pub fn default_account(&self) -> &Account {
        &self.accounts[&self.default]
    }

    /// Every account, by name.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// Every app key, once.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<KeySession>> {
        let mut seen: Vec<*const KeySession> = Vec::new();
        self.accounts.values().map(|account| &account.key).filter(move |key| {
            let is_new = !seen.contains(&Arc::as_ptr(key));
            seen.extend(is_new.then_some(Arc::as_ptr(key)));
            is_new
        })
    }
}
