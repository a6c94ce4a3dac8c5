//! The certificate with which the gateway is KIS under KIS's own host names, for programs whose host is a constant.
//!
//! It is made on request and kept beside the token. The authority that signs it is limited to KIS's host names, signs this once, and
//! its key is gone before anything is written. Must never: write that key, add anything to the system's store, or touch a hosts file.

mod issue;
mod roots;

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex, watch};
use tracing::{error, info};
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use crate::{clock::SharedClock, files};

use self::issue::Issued;

/// Longest file that is read; a bundle has some 250 kB.
const MAX_BYTES: usize = 4 << 20;

/// Mode of what any program may read,
const PUBLIC: u32 = 0o644;

/// and of the key.
const PRIVATE: u32 = 0o600;

/// The files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate of KIS's hosts, and that of its authority.
    pub certificate: PathBuf,
    /// Its private key, for the daemon alone.
    pub private_key: PathBuf,
    /// The roots of the system and the authority, for programs.
    pub bundle: PathBuf,
}

/// Whether there is a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// There is none.
    None,
    /// There is one.
    Made {
        /// When it ends.
        ends_at: DateTime<Utc>,
        /// Counts the certificates that were made and removed.
        turn: u64,
    },
    /// There is something that is none.
    Broken(String),
}

/// A certificate with its key, as they are written.
#[derive(Debug)]
pub struct Pair {
    /// The chain, in PEM.
    pub certificate: Zeroizing<Vec<u8>>,
    /// The private key, in PEM.
    pub private_key: Zeroizing<Vec<u8>>,
}

/// The certificate under KIS's names, and where it is kept.
#[derive(Debug)]
pub struct Trust {
    files: Files,
    clock: SharedClock,
    state: watch::Sender<State>,
    /// One change at a time.
    changing: Mutex<()>,
}

impl Trust {
    /// What there is in a directory.
    pub fn open(directory: &Path, clock: SharedClock) -> Self {
        let file = |name| directory.join(name);
        let files = Files {
            certificate: file("gateway-certificate.pem"),
            private_key: file("gateway-key.pem"),
            bundle: file("gateway-bundle.pem"),
        };
        let state = watch::Sender::new(found(&files, 0));
        if let State::Broken(fault) = &*state.borrow() {
            error!(file = %files.certificate.display(), "the gateway has no certificate for KIS's hosts: {fault}");
        }
        Self { files, clock, state, changing: Mutex::default() }
    }

    /// The files, which need not be there.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Whether there is a certificate.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Tells of each change.
    pub fn changes(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Makes a certificate, in the place of the one before.
    pub async fn make(&self) -> io::Result<DateTime<Utc>> {
        let _turn = self.changing.lock().await;
        let (files, now) = (self.files.clone(), self.clock.now());
        let ends_at = files::blocking(move || {
            let Issued { certificate, authority, private_key, ends_at } =
                issue::issue(now).map_err(io::Error::other)?;
            let bundle = roots::with(&pem::parse(&authority).map_err(io::Error::other)?);
            let directory = files::directory_of(&files.certificate)?;
            // Whoever reads in between finds a key that does not fit, and says so.
            replace(&files.private_key, private_key.as_bytes(), PRIVATE)?;
            replace(&files.certificate, format!("{certificate}{authority}").as_bytes(), PUBLIC)?;
            replace(&files.bundle, bundle.as_bytes(), PUBLIC)?;
            File::open(directory)?.sync_all()?;
            Ok(ends_at)
        })
        .await?;
        self.turn(Some(ends_at));
        info!(%ends_at, "the gateway has a certificate for KIS's hosts");
        Ok(ends_at)
    }

    /// Removes the certificate; whether there was anything.
    pub async fn remove(&self) -> io::Result<bool> {
        let _turn = self.changing.lock().await;
        let files = self.files.clone();
        let was_there = files::blocking(move || {
            let mut was_there = false;
            for file in [&files.private_key, &files.certificate, &files.bundle] {
                match fs::remove_file(file) {
                    Ok(()) => was_there = true,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(was_there)
        })
        .await?;
        self.turn(None);
        if was_there {
            info!("the gateway has no certificate for KIS's hosts any more");
        }
        Ok(was_there)
    }

    /// What programs are to trust, as it would be written now: the system's roots change. `None`: there is no certificate.
    pub async fn bundle(&self) -> io::Result<Option<String>> {
        let file = self.files.certificate.clone();
        files::blocking(move || {
            let Some(text) = read(&file)? else { return Ok(None) };
            let authority = pem::parse_many(&*text).map_err(io::Error::other)?.pop();
            Ok(authority.map(|authority| roots::with(&authority)))
        })
        .await
    }

    /// The certificate and its key; `None`: there is none.
    pub async fn pair(&self) -> io::Result<Option<Pair>> {
        let files = self.files.clone();
        files::blocking(move || {
            let (certificate, private_key) = (read(&files.certificate)?, read(&files.private_key)?);
            Ok(certificate.zip(private_key).map(|(certificate, private_key)| Pair { certificate, private_key }))
        })
        .await
    }

    fn turn(&self, ends_at: Option<DateTime<Utc>>) {
        self.state.send_modify(|state| {
            let turn = if let State::Made { turn, .. } = state { *turn + 1 } else { 0 };
            *state = ends_at.map_or(State::None, |ends_at| State::Made { ends_at, turn });
        });
    }
}

/// When the first certificate of a text in PEM ends.
pub fn end_of(certificates: &[u8]) -> Result<DateTime<Utc>, &'static str> {
    const FAULT: &str = "is not a certificate in PEM";
    let (certificate, _) = Pem::read(io::Cursor::new(certificates)).map_err(|_| FAULT)?;
    let certificate = certificate.parse_x509().map_err(|_| FAULT)?;
    DateTime::from_timestamp(certificate.validity().not_after.timestamp(), 0).ok_or(FAULT)
}

fn found(files: &Files, turn: u64) -> State {
    match read(&files.certificate) {
        Ok(None) => State::None,
        Ok(Some(text)) => match end_of(&text) {
            Ok(ends_at) => State::Made { ends_at, turn },
            Err(fault) => State::Broken(format!("the file {fault}; make another with kisctl gateway trust")),
        },
        Err(error) => State::Broken(error.to_string()),
    }
}

fn read(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match files::careful().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = files::content(&file, MAX_BYTES)?;
    text.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than any of kisd's"))
}

fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    // Created with mode 0600.
    let mut temporary = tempfile::Builder::new().prefix(".gateway.kisd-").tempfile_in(files::directory_of(path)?)?;
    temporary.write_all(content)?;
    temporary.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests;
