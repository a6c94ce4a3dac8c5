//! Clients of the gateway: programs that speak to KIS, and reach it through kisd with a key pair of their own.
//!
//! A local key is worth nothing at KIS and cannot be mistaken for one of KIS's. A client has at most the rights and accounts of
//! who made it, never those to approve or to administer, and is a program of one user. Must never: hold a key, a secret or a token
//! of KIS, or write down a local secret otherwise than hashed.

mod client;
mod door;
mod keys;
mod store;
mod usage;

use std::{collections::HashMap, io, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::{ArcSwap, Guard};
use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::{
    store::Stored,
    usage::{Usage, Used},
};
use crate::{account::AccountName, book::Rights, clock::SharedClock, files, secret::AppSecret, wire::types::Program};

pub use self::{
    client::Client,
    door::{Door, Doors},
    keys::is_local,
};

/// Clients at most.
pub const MOST: usize = 500;

/// What clients have done is written down this often.
const WRITE_EVERY: Duration = Duration::from_secs(60);

/// The file for that, beside that of the clients.
const USAGE: &str = "clients-usage.json";

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
        let used = usage::read(&file.with_file_name(USAGE)).unwrap_or_else(|fault| {
            warn!("what the clients of the gateway have done is counted anew; {USAGE} beside their file: {fault}");
            Vec::new()
        });
        let (clients, fault) = match store::read(&file) {
            Ok(stored) => {
                let client = |stored: Stored| {
                    let is_its =
                        |used: &&Used| *used.name == *stored.name.as_str() && used.created_at == stored.created_at;
                    let usage = used.iter().find(is_its).map(Usage::from).unwrap_or_default();
                    Arc::new(Client::new(stored, usage.into(), &clock))
                };
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
            let client = Arc::new(Client::new(stored, Arc::default(), &self.clock));
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
            let (stored, usage) = (Stored { keys, ..known.stored() }, known.usage.clone());
            *known = Arc::new(Client::new(stored, usage, &self.clock));
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

    /// Writes down what the clients have done, at most once a minute and at `stop`.
    pub async fn keep_usage(&self, stop: CancellationToken) {
        let (mut written, mut has_failed) = (self.used(), false);
        let mut due_at = self.clock.monotonic().saturating_add(WRITE_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.clock.sleep_until(due_at) => {}
            }
            due_at = self.clock.monotonic().saturating_add(WRITE_EVERY);
            let used = self.used();
            // Of clients that cannot be read nothing is known, and what they have done stays written.
            if used != written && self.fault.is_none() {
                match self.write_usage(used.clone()).await {
                    Ok(()) => (written, has_failed) = (used, false),
                    Err(error) => {
                        if !std::mem::replace(&mut has_failed, true) {
                            warn!(%error, "what the clients of the gateway have done cannot be written to {USAGE}");
                        }
                    }
                }
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }

    fn used(&self) -> Vec<Used> {
        self.all().iter().map(|client| client.usage.of(client.name.as_str(), client.created_at())).collect()
    }

    async fn write_usage(&self, used: Vec<Used>) -> io::Result<()> {
        let file = self.file.with_file_name(USAGE);
        files::blocking(move || files::replace(&file, &usage::write(used)?)).await
    }

    fn io(&self, error: io::Error) -> ClientError {
        ClientError::Io { file: self.file.display().to_string(), error }
    }
}

#[cfg(test)]
mod tests;
