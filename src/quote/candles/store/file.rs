//! The file: opened, brought up to date, moved aside when it is damaged.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Settings;
use crate::files::{careful, directory_of};

/// What makes each version of the one before; a file says how many of them it has.
const STEPS: &[&str] = &["
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,      -- the KIS that was asked
    market TEXT NOT NULL,
    code TEXT NOT NULL,
    kind TEXT NOT NULL,        -- 1d, 1m
    adjusted INTEGER NOT NULL, -- never both in one
    used_at INTEGER NOT NULL,
    UNIQUE (source, code, market, kind, adjusted)
) STRICT;
CREATE TABLE span (            -- every row between is known
    series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    agreed_at INTEGER NOT NULL,
    PRIMARY KEY (series, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE bar (             -- times of the market's clock; numbers as KIS wrote them
    series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
    at INTEGER NOT NULL,
    open TEXT,
    high TEXT,
    low TEXT,
    close TEXT NOT NULL,
    volume TEXT,
    value TEXT,
    PRIMARY KEY (series, at)
) STRICT, WITHOUT ROWID;
"];

/// Longest time that another daemon with the same file is waited for.
const BUSY: Duration = Duration::from_secs(1);

/// What the name of a file that was moved aside ends with.
const ASIDE: &str = "damaged";

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("another program holds it")]
    Busy,
    #[error("it was written by a later kisd (form {found}, and this one knows {known})")]
    Newer { found: usize, known: usize },
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error;
        match (error.sqlite_error_code(), &error) {
            (Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked), _) => Self::Busy,
            (Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase), _)
            // What a kisd has not written.
            | (None, Error::FromSqlConversionFailure(..) | Error::InvalidColumnType(..) | Error::IntegralValueOutOfRange(..)) => {
                Self::Damaged(error.to_string())
            }
            // Tables that are not there.
            (Some(ErrorCode::Unknown), Error::SqliteFailure(_, Some(message))) if message.starts_with("no such") => {
                Self::Damaged(message.clone())
            }
            _ => Self::Sql(error),
        }
    }
}

/// The open file.
pub(super) struct File {
    pub(super) connection: Connection,
}

impl File {
    /// Opens it; makes it if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        Self::with(path, STEPS)
    }

    fn with(path: &Path, steps: &[&str]) -> Result<Self, Fault> {
        directory_of(path)?;
        // SQLite would follow a link, and let others read what is looked at.
        let made = careful().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        if !made.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file").into());
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(BUSY)?;
        connection
            .execute_batch("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;")?;
        let mut file = Self { connection };
        file.bring_up_to_date(steps)?;
        Ok(file)
    }

    fn bring_up_to_date(&mut self, steps: &[&str]) -> Result<(), Fault> {
        let known = steps.len();
        match version(&self.connection)? {
            found if found == known => return Ok(()),
            found if found > known => return Err(Fault::Newer { found, known }),
            // Room that is no longer needed is given back: to be said before there is a table.
            0 => self.connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?,
            _ => {}
        }
        let change = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Another daemon may have done it meanwhile.
        let found = version(&change)?;
        for step in steps.get(found..).ok_or(Fault::Newer { found, known })? {
            change.execute_batch(step)?;
        }
        change.pragma_update(None, "user_version", u32::try_from(known).unwrap_or(u32::MAX))?;
        Ok(change.commit()?)
    }

    /// Bytes that are in use.
    pub(super) fn bytes(&self) -> Result<u64, Fault> {
        let pragma = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let used = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
        Ok(u64::try_from(used.saturating_mul(pragma("page_size")?)).unwrap_or_default())
    }
}

fn version(connection: &Connection) -> Result<usize, Fault> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Moves a damaged file out of the way, and says where to. One that was there before is replaced.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = aside(path);
    fs::rename(path, &aside)?;
    // What was begun in it would be done to the next one.
    match fs::remove_file(with_suffix(path, "-journal")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(aside),
    }
}

fn aside(path: &Path) -> PathBuf {
    with_suffix(path, &format!(".{ASIDE}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What is wrong with the file of candles, for who checks a configuration. Nothing is changed.
pub fn trouble(settings: &Settings) -> Option<String> {
    let Settings { file: path, max_bytes } = settings;
    if *max_bytes == 0 {
        return None;
    }
    let shown = path.display();
    let aside = aside(path);
    match looked_at(path) {
        Err(Fault::Damaged(reason)) => Some(format!(
            "the file of candles {shown} is damaged ({reason}); the daemon moves it to {} and begins a new one",
            aside.display()
        )),
        Err(Fault::Busy) => None,
        Err(fault) => Some(format!("the file of candles {shown} cannot be used, so that none are kept: {fault}")),
        Ok(()) if aside.exists() => {
            Some(format!("a file of candles was damaged and is now {}; it can be deleted", aside.display()))
        }
        Ok(()) => None,
    }
}

fn looked_at(path: &Path) -> Result<(), Fault> {
    use rustix::fs::{Access, access};
    let directory = path.ancestors().skip(1).find(|directory| directory.exists());
    if let Some(directory) = directory {
        access(directory, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
            let error = io::Error::from(error);
            io::Error::new(error.kind(), format!("the directory {} cannot be written: {error}", directory.display()))
        })?;
    }
    let file = match careful().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file").into());
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (found, known) = (version(&connection)?, STEPS.len());
    if found > known {
        return Err(Fault::Newer { found, known });
    }
    let said: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(Fault::Damaged(said.lines().last().unwrap_or_default().to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_earlier_form_is_brought_up_to_date_and_one_of_a_later_form_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("candles.db");
        let first = ["CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (7);"];
        drop(File::with(&path, &first).unwrap());
        let second = [first[0], "ALTER TABLE one ADD COLUMN b INTEGER; UPDATE one SET b = a + 1;"];
        for _ in 0..2 {
            let file = File::with(&path, &second).unwrap();
            let b: i64 = file.connection.query_row("SELECT b FROM one", [], |row| row.get(0)).unwrap();
            assert_eq!((b, version(&file.connection).unwrap()), (8, 2));
        }
        let bytes = fs::read(&path).unwrap();
        assert!(matches!(File::with(&path, &first), Err(Fault::Newer { found: 2, known: 1 })));
        assert!(fs::read(&path).unwrap() == bytes);
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("candles.db");
        let first = ["CREATE TABLE one (a INTEGER) STRICT;"];
        drop(File::with(&path, &first).unwrap());
        let broken = [first[0], "CREATE TABLE two (a INTEGER) STRICT; CREATE TABLE one (a INTEGER);"];
        assert!(File::with(&path, &broken).is_err());
        let file = File::with(&path, &first).unwrap();
        let tables: i64 =
            file.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 1);
    }
}
