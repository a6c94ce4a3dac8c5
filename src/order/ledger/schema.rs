//! The tables, and how each version of them becomes the next.

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};

/// The newest version.
pub(super) const NEWEST: i64 = 1;

/// How long another program may hold the file: a backup, or a person's own sqlite3.
const LOCKED: Duration = Duration::from_secs(1);

/// Each step leads from the version of its place to the next.
const STEPS: [&str; 1] = ["
    CREATE TABLE orders (
        order_id    TEXT PRIMARY KEY,
        account     TEXT NOT NULL,
        created_ms  INTEGER NOT NULL,
        trading_day TEXT NOT NULL,
        stock_code  TEXT NOT NULL,
        is_open     INTEGER NOT NULL,
        body        TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX orders_open ON orders (account) WHERE is_open = 1;
    CREATE INDEX orders_by_time ON orders (account, created_ms);
    CREATE INDEX orders_by_day ON orders (account, trading_day);

    CREATE TABLE events (
        seq         INTEGER PRIMARY KEY,
        order_id    TEXT NOT NULL REFERENCES orders (order_id),
        at          TEXT NOT NULL,
        event       TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_of_order ON events (order_id, seq);
    CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are never rewritten'); END;

    CREATE TABLE requests (
        account         TEXT NOT NULL,
        owner           TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        order_id        TEXT NOT NULL,
        kind            TEXT NOT NULL,
        contents        TEXT NOT NULL,
        outcome         TEXT,
        PRIMARY KEY (account, owner, client_order_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE halts (
        account     TEXT PRIMARY KEY,
        by_uid      INTEGER NOT NULL,
        at          TEXT NOT NULL,
        why         TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// How the connection works: every commit is on the disk when it returns.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.busy_timeout(LOCKED)
}

/// Brings the tables to the newest version. `Ok(Err(version))`: they are of a newer one.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Result<(), i64>> {
    let transaction = Transaction::new(connection, TransactionBehavior::Exclusive)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let Some(steps) = usize::try_from(version).ok().and_then(|version| STEPS.get(version..)) else {
        return Ok(Err(version));
    };
    if steps.is_empty() {
        return Ok(Ok(()));
    }
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", NEWEST)?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// Whether a row is refused since there is one of the same key.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE))
}
