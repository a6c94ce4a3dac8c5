//! Clients of the gateway: programs that speak to KIS, and reach it through kisd with a key pair of their own.
//!
//! A local key is worth nothing at KIS and cannot be mistaken for one of KIS's. A client has at most the rights and accounts of
//! who made it, never those to approve or to administer, and is a program of one user. Must never: hold a key, a secret or a token
//! of KIS, or keep a local secret otherwise than hashed.

mod client;
mod door;
mod keys;
mod store;

use std::{collections::HashMap, io, path::PathBuf, sync::Arc};

use arc_swap::{ArcSwap, Guard};
use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, watch};
use tracing::{error, info};

use self::store::Stored;
use crate::{account::AccountName, book::Rights, clock::SharedClock, files, secret::AppSecret, wire::types::Program};

pub use self::{
    client::Client,
    door::{Door, Doors},
    keys::is_local,
};

/// Clients at most.
pub const MOST: usize = 500;

/// Every client, and the file that keeps them.
#[derive(Debug)]
pub struct Clients {
    file: PathBuf,
    clock: SharedClock,
    all: ArcSwap<All>,
    /// Why they cannot be read: then there are none, and none can be added, so that the file stays as it is.
    fault: Option<String>,
    /// One change at a time.
    changing: Mutex<()>,
    doors: watch::Sender<Doors>,
}

/// The clients as they are now.
#[derive(Debug, Default)]
pub struct All {
    /// By name.
    clients: Vec<Arc<Client>>,
    by_key: HashMap<String, Arc<Client>>,
}

/// A client that is to be made.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its name.
    pub name: AccountName,
    /// The accounts that it may use; the first is the one that it means where none is named.
    pub accounts: Vec<AccountName>,
    /// What it may do.
    pub rights: Rights,
    /// Whose program it is.
    pub uid: u32,
    /// Whether it is a program of any user, here and elsewhere.
    pub any_user: bool,
    /// Who makes it.
    pub made_by: u32,
    /// Which program it is, where that is known.
    pub program: Option<Program>,
    /// Calls a second that it may make at most.
    pub calls_per_second: Option<u32>,
    /// When its key ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a client is not made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is one of this name.
    #[error("there is a client \"{0}\" already; choose another name, or give that one new keys with client.rotate")]
    Taken(AccountName),
    /// There is none of this name.
    #[error("there is no client \"{0}\"")]
    NotFound(String),
    /// There are as many as can be.
    #[error("there are {MOST} clients, and cannot be more; remove some")]
    TooMany,
    /// The file of the clients is not one of ours.
    #[error("the clients cannot be changed: {0}")]
    Broken(String),
    /// The file of the clients cannot be written.
    #[error("the clients cannot be written to {file}: {error}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
}

impl All {
    /// Each, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.iter()
    }

    fn of(clients: Vec<Arc<Client>>) -> Self {
        let by_key = clients.iter().map(|client| (client.app_key().to_owned(), client.clone())).collect();
        Self { clients, by_key }
    }
}

impl Clients {
    /// Those in a file, which need not be there.
    pub fn open(file: PathBuf, clock: SharedClock) -> Self {
        let (clients, fault) = match store::read(&file) {
            Ok(stored) => {
                let client = |stored| Arc::new(Client::new(stored, &clock));
                (stored.into_iter().map(client).collect(), None)
            }
            Err(fault) => {
                error!(file = %file.display(), "the gateway has no clients: {fault}");
                (Vec::new(), Some(format!("{}: {fault}", file.display())))
            }
        };
        let (all, doors) = (ArcSwap::from_pointee(All::of(clients)), watch::Sender::default());
        Self { file, clock, all, fault, changing: Mutex::default(), doors }
    }

    /// The clients as they are now.
    pub fn all(&self) -> Guard<Arc<All>> {
        self.all.load()
    }

    /// The client with a local app key.
    pub fn of_key(&self, app_key: &str) -> Option<Arc<Client>> {
        self.all.load().by_key.get(app_key).cloned()
    }

    /// How the gateway stands.
    pub fn doors(&self) -> Doors {
        self.doors.borrow().clone()
    }

    /// Tells how the gateway stands.
    pub fn set_doors(&self, doors: Doors) {
        self.doors.send_replace(doors);
    }

    /// Makes a client. The secret is told once, and kept nowhere.
    pub async fn add(&self, new: NewClient) -> Result<(Arc<Client>, AppSecret), ClientError> {
        let (keys, secret) = keys::generate().map_err(|error| self.io(error))?;
        let stored = Stored::new(new, keys, self.clock.now());
        let made = move |clients: &mut Vec<Arc<Client>>| {
            let place = clients.binary_search_by(|known| known.name.cmp(&stored.name));
            match place {
                Ok(_) => return Err(ClientError::Taken(stored.name)),
                Err(_) if clients.len() >= MOST => return Err(ClientError::TooMany),
                Err(_) => {}
            }
            let client = Arc::new(Client::new(stored, &self.clock));
            clients.insert(place.unwrap_or_else(|at| at), client.clone());
            Ok(client)
        };
        Ok((self.change(made).await?, secret))
    }

    /// Gives a client new keys; the old ones end at once.
    pub async fn rotate(&self, name: &str) -> Result<(Arc<Client>, AppSecret), ClientError> {
        let (keys, secret) = keys::generate().map_err(|error| self.io(error))?;
        let turned = |clients: &mut Vec<Arc<Client>>| {
            let known = clients.iter_mut().find(|known| known.name.as_str() == name);
            let known = known.ok_or_else(|| ClientError::NotFound(name.to_owned()))?;
            *known = Arc::new(Client::new(Stored { keys, ..known.stored() }, &self.clock));
            Ok(known.clone())
        };
        Ok((self.change(turned).await?, secret))
    }

    /// Takes a client its keys.
    pub async fn remove(&self, name: &str) -> Result<Arc<Client>, ClientError> {
        self.change(|clients| {
            let at = clients.iter().position(|known| known.name.as_str() == name);
            at.map(|at| clients.remove(at)).ok_or_else(|| ClientError::NotFound(name.to_owned()))
        })
        .await
    }

    /// Changes the clients, on disk and then here.
    async fn change<F>(&self, change: F) -> Result<Arc<Client>, ClientError>
    where
        F: FnOnce(&mut Vec<Arc<Client>>) -> Result<Arc<Client>, ClientError>,
    {
        if let Some(fault) = &self.fault {
            return Err(ClientError::Broken(fault.clone()));
        }
        let _turn = self.changing.lock().await;
        let mut clients = self.all.load().clients.clone();
        let concerned = change(&mut clients)?;
        let stored: Vec<Stored> = clients.iter().map(|client| client.stored()).collect();
        let file = self.file.clone();
        files::blocking(move || store::write(&file, stored)).await.map_err(|error| self.io(error))?;
        let old = self.all.swap(Arc::new(All::of(clients)));
        let all = self.all.load();
        // Whoever waits with a key that is gone is told at once.
        old.iter().filter(|old| !all.clients.iter().any(|new| Arc::ptr_eq(old, new))).for_each(|old| old.end());
        info!(client = %concerned.name, "the clients of the gateway have changed");
        Ok(concerned)
    }

    fn io(&self, error: io::Error) -> ClientError {
        ClientError::Io { file: self.file.display().to_string(), error }
    }
}

#[cfg(test)]
mod tests;
