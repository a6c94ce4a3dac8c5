//! The accounts by their names, and who may do what with them. It is replaced whole when the configuration is read again, so that a
//! caller sees the old one or the new one and never a mixture.

mod grants;
pub(crate) mod groups;
mod principal;
mod shelf;

use std::sync::Arc;

use crate::{
    account::{Account, AccountName},
    kis::Environment,
    token::KeySession,
};

pub use self::{
    grants::{Grant, Grants, Rights, Standing, Who},
    principal::{Principal, Principals},
    shelf::Shelf,
};

/// Longest part of an unknown name that is repeated.
const SHOWN: usize = 32;

/// All accounts.
#[derive(Debug)]
pub struct Book {
    /// By name.
    accounts: Vec<Account>,
    default: usize,
    grants: Grants,
}

/// There is no account of this name, or none that is meant without a name, as far as the caller is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownAccount {
    /// The name, shortened and printable.
    pub name: Option<String>,
    /// The names that there are.
    pub names: Vec<String>,
}

impl std::error::Error for UnknownAccount {}

impl std::fmt::Display for UnknownAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "there is no account \"{name}\"")?,
            None => f.write_str("the call names no account, and must here")?,
        }
        write!(f, "; the accounts are {}", self.names.join(", "))
    }
}

impl Book {
    /// The accounts, of which `default` is one, and what was granted.
    pub fn new(accounts: impl IntoIterator<Item = Account>, default: &AccountName, grants: &[Grant]) -> Option<Self> {
        let mut accounts: Vec<_> = accounts.into_iter().collect();
        accounts.sort_by(|one, other| one.name.cmp(&other.name));
        let default = accounts.iter().position(|account| account.name == *default)?;
        let real = |account: &Account| account.key.client.environment() == Environment::Real;
        let grants = Grants::new(grants, accounts.iter().map(|account| (&account.name, real(account))), default);
        Some(Self { accounts, default, grants })
    }

    /// The account of a name, or the one that is meant without one, with what the caller may do with it. One that the caller may
    /// not read is not there.
    pub fn account(&self, name: Option<&str>, standing: &Standing) -> Result<(&Account, Rights), UnknownAccount> {
        let index = match name {
            None => standing.meant,
            Some(name) => self.accounts.iter().position(|account| account.name.as_str() == name),
        };
        let found = index.map(|index| (index, standing.at(index))).filter(|(_, rights)| !rights.is_none());
        match found.and_then(|(index, rights)| Some((self.accounts.get(index)?, rights))) {
            Some(found) => Ok(found),
            None => Err(UnknownAccount {
                name: name.map(|name| name.chars().filter(|c| !c.is_control()).take(SHOWN).collect()),
                names: self.readable(standing).map(|(account, _)| account.name.to_string()).collect(),
            }),
        }
    }

    /// The account that is meant where none is named.
    pub fn default_account(&self) -> &Account {
        &self.accounts[self.default]
    }

    /// The account that a caller is told of where it must be one: that which it means without a name, else the first that it may
    /// read.
    pub fn foremost(&self, standing: &Standing) -> Option<&Account> {
        self.accounts.get(standing.first?)
    }

    /// Whether a call of this caller that names no account is about this one.
    pub fn is_meant(&self, account: &Account, standing: &Standing) -> bool {
        standing.meant.and_then(|index| self.accounts.get(index)).is_some_and(|meant| meant.name == account.name)
    }

    /// Every account that a caller may read, by name, with what else it may.
    pub fn readable(&self, standing: &Standing) -> impl Iterator<Item = (&Account, Rights)> {
        let all = self.accounts.iter().enumerate().map(|(index, account)| (account, standing.at(index)));
        all.filter(|(_, rights)| !rights.is_none())
    }

    /// Every account, by name.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter()
    }

    /// Who may do what.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Every app key, once.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<KeySession>> {
        let mut seen: Vec<*const KeySession> = Vec::new();
        self.accounts.iter().map(|account| &account.key).filter(move |key| {
            let is_new = !seen.contains(&Arc::as_ptr(key));
            seen.extend(is_new.then_some(Arc::as_ptr(key)));
            is_new
        })
    }
}
