//! The ledger: every order with its whole life, on disk before KIS is asked.
//!
//! SQLite, written through to the disk at each commit (WAL, `synchronous = FULL`). One thread owns the connection, so that commits
//! are in one order and nobody's runtime waits for a disk. Events are only ever added; the row of an order is what they add up to,
//! written in the same commit.

mod rows;
mod schema;

use std::{
    fmt, fs, io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

pub use self::rows::Page;
pub(in crate::order) use self::rows::halt_reason;
pub(super) use self::rows::{Claimed, Request};

/// Why the ledger does not do what it is asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// SQLite fails: the disk is full, read-only, or broken.
    #[error("the ledger of orders {path} cannot be used: {problem}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// The file was written by a newer kisd.
    #[error(
        "the ledger of orders {path} was written by a newer kisd (version {version}); this one knows up to {known}"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i64,
        /// The newest that is known.
        known: i64,
    },
    /// What is in it does not parse: a fault of ours.
    #[error("the ledger of orders {path} has an order that does not parse: {problem}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What does not.
        problem: String,
    },
    /// Its thread has ended.
    #[error("the ledger of orders is closed")]
    Closed,
}

type Job = Box<dyn FnOnce(Result<&mut Connection, LedgerError>) + Send>;

/// A handle to the ledger, whose file is opened, or made, when it is first needed.
#[derive(Clone)]
pub struct Ledger {
    path: Arc<Path>,
    jobs: mpsc::Sender<Job>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({})", self.path.display())
    }
}

impl Ledger {
    /// The ledger at this place.
    pub fn at(path: &Path) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let file = path.to_owned();
        let work = move || {
            let mut opened: Option<Connection> = None;
            while let Ok(job) = queue.recv() {
                match opened.take().map_or_else(|| open(&file), Ok) {
                    Ok(mut connection) => {
                        job(Ok(&mut connection));
                        opened = Some(connection);
                    }
                    // The next job tries again.
                    Err(error) => job(Err(error)),
                }
            }
        };
        thread::Builder::new().name("orders-ledger".to_owned()).spawn(work)?;
        Ok(Self { path: path.into(), jobs })
    }

    /// Whether there is one already.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Opens the ledger of a daemon that does not run, and leaves nothing behind.
    pub fn offline(path: &Path) -> Result<Connection, LedgerError> {
        let failed = |error: rusqlite::Error| LedgerError::Sqlite { path: path.to_owned(), problem: error.to_string() };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let uri = format!(
            "file:{}?immutable=1",
            path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
        );
        Connection::open_with_flags(uri, flags).map_err(failed)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has the ledger's thread do something, and waits for it. It is done even if nobody waits any more.
    async fn run<T, F>(&self, work: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (give, done) = oneshot::channel();
        let path = self.path.clone();
        let job: Job = Box::new(move |connection| {
            let path = || path.to_path_buf();
            let result = connection.and_then(|connection| {
                work(connection).map_err(|failure| match failure {
                    Failure::Sqlite(error) => LedgerError::Sqlite { path: path(), problem: error.to_string() },
                    Failure::Json(error) => LedgerError::Broken { path: path(), problem: error.to_string() },
                })
            });
            // Who asked may be gone.
            let _ = give.send(result);
        });
        self.jobs.send(job).map_err(|_| LedgerError::Closed)?;
        done.await.map_err(|_| LedgerError::Closed)?
    }
}

/// What fails within.
enum Failure {
    Sqlite(rusqlite::Error),
    Json(serde_json::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// Opens the file, makes it where there is none, and brings it to the newest form.
fn open(path: &Path) -> Result<Connection, LedgerError> {
    let failed = |error: &dyn fmt::Display| LedgerError::Sqlite { path: path.to_owned(), problem: error.to_string() };
    make_private(path).map_err(|error| failed(&error))?;
    let mut connection = Connection::open(path).map_err(|error| failed(&error))?;
    schema::prepare(&mut connection).map_err(|error| failed(&error))?;
    match schema::migrate(&mut connection).map_err(|error| failed(&error))? {
        Ok(()) => Ok(connection),
        Err(version) => Err(LedgerError::Newer { path: path.to_owned(), version, known: schema::NEWEST }),
    }
}

/// The file and its directory, for their owner alone: SQLite gives the files beside it the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
