//! The file that keeps the clients: JSON, mode 0600, replaced atomically and durably.

use std::{io, path::Path};

use chrono::{DateTime, FixedOffset, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{NewClient, keys::Keys};
use crate::{
    account::AccountName,
    book::Rights,
    clock, files,
    wire::types::{Program, Right},
};

/// Longest file read; a client takes some 700 bytes.
const MAX_BYTES: usize = 1 << 20;

/// The form of the file.
const VERSION: u32 = 1;

/// A client, as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) name: AccountName,
    pub(super) keys: Keys,
    pub(super) accounts: Vec<AccountName>,
    pub(super) rights: Rights,
    pub(super) uid: u32,
    pub(super) any_user: bool,
    pub(super) made_by: u32,
    pub(super) program: Option<Program>,
    pub(super) calls_per_second: Option<u32>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    clients: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(rename = "keys")]
    keys: Keys,
    accounts: Vec<String>,
    rights: Vec<Right>,
    uid: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    any_user: bool,
    made_by: u32,
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    program: Option<Program>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calls_per_second: Option<u32>,
    created_at: DateTime<FixedOffset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<FixedOffset>>,
}

/// Why the file is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// The system does not let us.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Others may touch it.
    #[error("it is not private to its owner: make it so with chmod 600, and chown it to the daemon's user")]
    NotPrivate,
    /// It is not what kisd writes.
    #[error("it is not a file that this version reads: move it away, and make anew what it kept")]
    Malformed,
}

impl Stored {
    pub(super) fn new(new: NewClient, keys: Keys, created_at: DateTime<Utc>) -> Self {
        let NewClient { name, accounts, rights, uid, any_user, made_by, program, calls_per_second, expires_at } = new;
        Self { name, keys, accounts, rights, uid, any_user, made_by, program, calls_per_second, created_at, expires_at }
    }
}

impl From<Stored> for Row {
    fn from(stored: Stored) -> Self {
        Self {
            name: stored.name.to_string(),
            keys: stored.keys,
            accounts: stored.accounts.iter().map(AccountName::to_string).collect(),
            rights: stored.rights.each().collect(),
            uid: stored.uid,
            any_user: stored.any_user,
            made_by: stored.made_by,
            program: stored.program,
            calls_per_second: stored.calls_per_second,
            created_at: clock::kst(stored.created_at),
            expires_at: stored.expires_at.map(clock::kst),
        }
    }
}

impl TryFrom<Row> for Stored {
    type Error = Unreadable;

    fn try_from(row: Row) -> Result<Self, Unreadable> {
        let name = |name: &str| AccountName::try_new(name).ok_or(Unreadable::Malformed);
        Ok(Self {
            name: name(&row.name)?,
            keys: row.keys,
            accounts: row.accounts.iter().map(|account| name(account)).collect::<Result<_, _>>()?,
            rights: Rights::of(row.rights),
            uid: row.uid,
            any_user: row.any_user,
            made_by: row.made_by,
            program: row.program,
            calls_per_second: row.calls_per_second,
            created_at: row.created_at.to_utc(),
            expires_at: row.expires_at.map(|at| at.to_utc()),
        })
    }
}

/// The text of a file that nobody else may touch; `None`, if it is not there.
pub(super) fn text(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Unreadable> {
    let file = match files::careful().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Unreadable::Malformed);
    }
    if !files::is_private(&metadata) {
        return Err(Unreadable::NotPrivate);
    }
    files::content(&file, MAX_BYTES)?.map(Some).ok_or(Unreadable::Malformed)
}

/// The clients of a file, by name; none, if it is not there.
pub(super) fn read(path: &Path) -> Result<Vec<Stored>, Unreadable> {
    let Some(text) = text(path)? else { return Ok(Vec::new()) };
    let Content { version, clients } = serde_json::from_slice(&text).map_err(|_| Unreadable::Malformed)?;
    if version != VERSION {
        return Err(Unreadable::Malformed);
    }
    let mut clients: Vec<Stored> = clients.into_iter().map(Stored::try_from).collect::<Result<_, _>>()?;
    clients.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(clients)
}

/// Writes the clients in the place of those before.
pub(super) fn write(path: &Path, clients: Vec<Stored>) -> io::Result<()> {
    let content = Content { version: VERSION, clients: clients.into_iter().map(Row::from).collect() };
    let mut text = serde_json::to_vec_pretty(&content)?;
    text.push(b'\n');
    files::replace(path, &text)
}
