//! What is written into the ledger, and read from it.

use chrono::{DateTime, FixedOffset, NaiveDate};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, named_params, params};

use super::{Failure, Ledger, LedgerError, schema};
use crate::{
    order::{event::Event, life::Kept},
    wire::types::Reason,
};

/// A caller's own id, with what it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The account.
    pub account: String,
    /// Whose it is.
    pub owner: String,
    /// The id.
    pub client_order_id: String,
    /// The order that it is about.
    pub order_id: String,
    /// `place`, `cancel`, `amend`.
    pub kind: &'static str,
    /// What was asked for, as one text for one meaning.
    pub contents: String,
}

/// An id that was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The order that it was used for.
    pub order_id: String,
    /// What it was used for.
    pub kind: String,
    /// What was asked for.
    pub contents: String,
    /// What came of it, of what is not an order itself.
    pub outcome: Option<String>,
}

/// Which orders are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The account.
    pub account: String,
    /// Only those that are not over.
    pub open: bool,
    /// Only those of this stock.
    pub stock_code: Option<String>,
    /// Only those asked for at this time or later, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Only those asked for before.
    pub until_ms: Option<i64>,
    /// Only those older than this order.
    pub before: Option<String>,
    /// At most so many.
    pub limit: i64,
}

impl Ledger {
    /// Writes a new order down with its first event, under an id that was not used before; what it was used for otherwise.
    pub async fn create(
        &self,
        kept: Kept,
        request: Request,
        events: Vec<Event>,
    ) -> Result<Option<Claimed>, LedgerError> {
        self.run(move |connection| {
            let transaction = immediate(connection)?;
            if let Some(claimed) = claim(&transaction, &request)? {
                return Ok(Some(claimed));
            }
            put(&transaction, &kept)?;
            for event in &events {
                add(&transaction, &kept, event)?;
            }
            transaction.commit()?;
            Ok(None)
        })
        .await
    }

    /// Writes down that an id is used for something about an order, with the event; what it was used for before otherwise.
    pub async fn request(&self, kept: Kept, request: Request, event: Event) -> Result<Option<Claimed>, LedgerError> {
        self.run(move |connection| {
            let transaction = immediate(connection)?;
            if let Some(claimed) = claim(&transaction, &request)? {
                return Ok(Some(claimed));
            }
            put(&transaction, &kept)?;
            add(&transaction, &kept, &event)?;
            transaction.commit()?;
            Ok(None)
        })
        .await
    }

    /// Writes down what has happened to an order.
    pub async fn note(&self, kept: Kept, events: Vec<Event>) -> Result<(), LedgerError> {
        self.run(move |connection| {
            let transaction = immediate(connection)?;
            put(&transaction, &kept)?;
            for event in &events {
                add(&transaction, &kept, event)?;
            }
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Writes down what came of a request.
    pub async fn outcome(&self, request: Request, outcome: String) -> Result<(), LedgerError> {
        self.run(move |connection| {
            let Request { account, owner, client_order_id, .. } = request;
            connection.execute(
                "UPDATE requests SET outcome = ?4 WHERE account = ?1 AND owner = ?2 AND client_order_id = ?3",
                params![account, owner, client_order_id, outcome],
            )?;
            Ok(())
        })
        .await
    }

    /// What an id was used for.
    pub async fn claimed(&self, account: String, owner: String, id: String) -> Result<Option<Claimed>, LedgerError> {
        self.run(move |connection| Ok(claimed(connection, &account, &owner, &id)?)).await
    }

    /// An order by its id.
    pub async fn get(&self, order_id: String) -> Result<Option<Kept>, LedgerError> {
        self.run(move |connection| get(connection, &order_id)).await
    }

    /// Orders, the newest first.
    pub async fn list(&self, page: Page) -> Result<Vec<Kept>, LedgerError> {
        self.run(move |connection| list(connection, &page)).await
    }

    /// What a daemon has to know of an account when it starts: the orders that are not over, and those that count for a day or later.
    pub async fn current(&self, account: String, since: NaiveDate) -> Result<Vec<Kept>, LedgerError> {
        self.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT body FROM orders WHERE account = ?1 AND is_open = 1
                 UNION SELECT body FROM orders WHERE account = ?1 AND trading_day >= ?2",
            )?;
            let bodies = statement.query_map(params![account, since.to_string()], |row| row.get::<_, String>(0))?;
            bodies.map(|body| Ok(serde_json::from_str::<Kept>(&body?)?)).collect()
        })
        .await
    }

    /// The halt of an account, if there is one.
    pub async fn halt_of(&self, account: String) -> Result<Option<Reason>, LedgerError> {
        self.run(move |connection| {
            let mut statement = connection.prepare_cached("SELECT by_uid, at, why FROM halts WHERE account = ?1")?;
            let reason = |row: &rusqlite::Row<'_>| {
                let (uid, at, why): (u32, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(halt_reason(uid, &at, &why))
            };
            Ok(statement.query_row([account], reason).optional()?)
        })
        .await
    }

    /// Halts the orders of an account, or lets them go on.
    pub async fn set_halt(
        &self,
        account: String,
        halt: Option<(u32, DateTime<FixedOffset>, String)>,
    ) -> Result<(), LedgerError> {
        self.run(move |connection| {
            match halt {
                Some((uid, at, why)) => connection.execute(
                    "INSERT INTO halts (account, by_uid, at, why) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (account) DO NOTHING",
                    params![account, uid, at.to_rfc3339(), why],
                )?,
                None => connection.execute("DELETE FROM halts WHERE account = ?1", [account])?,
            };
            Ok(())
        })
        .await
    }
}

/// Why orders are halted, in a sentence.
pub(in crate::order) fn halt_reason(uid: u32, at: &str, why: &str) -> Reason {
    let because = if why.is_empty() { String::new() } else { format!(": {why}") };
    Reason { code: "halt".to_owned(), message: format!("orders are halted by uid {uid} since {at}{because}") }
}

fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new(connection, TransactionBehavior::Immediate)
}

fn claim(connection: &Connection, request: &Request) -> Result<Option<Claimed>, Failure> {
    let Request { account, owner, client_order_id, order_id, kind, contents } = request;
    let mut statement = connection.prepare_cached(
        "INSERT INTO requests (account, owner, client_order_id, order_id, kind, contents) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    match statement.execute(params![account, owner, client_order_id, order_id, kind, contents]) {
        Ok(_) => Ok(None),
        Err(error) if schema::is_taken(&error) => Ok(claimed(connection, account, owner, client_order_id)?),
        Err(error) => Err(error.into()),
    }
}

fn claimed(connection: &Connection, account: &str, owner: &str, id: &str) -> rusqlite::Result<Option<Claimed>> {
    let mut statement = connection.prepare_cached(
        "SELECT order_id, kind, contents, outcome FROM requests WHERE account = ?1 AND owner = ?2 AND client_order_id = ?3",
    )?;
    let claimed = |row: &rusqlite::Row<'_>| {
        Ok(Claimed { order_id: row.get(0)?, kind: row.get(1)?, contents: row.get(2)?, outcome: row.get(3)? })
    };
    statement.query_row(params![account, owner, id], claimed).optional()
}

fn put(connection: &Connection, kept: &Kept) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO orders (order_id, account, created_ms, trading_day, stock_code, is_open, body)
         VALUES (:order_id, :account, :created_ms, :trading_day, :stock_code, :is_open, :body)
         ON CONFLICT (order_id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body",
    )?;
    let order = &kept.order;
    statement.execute(named_params! {
        ":order_id": order.order_id,
        ":account": kept.account,
        ":created_ms": order.created_at.timestamp_millis(),
        ":trading_day": kept.trading_day.to_string(),
        ":stock_code": order.stock_code,
        ":is_open": !order.state.is_over(),
        ":body": serde_json::to_string(kept)?,
    })?;
    Ok(())
}

fn add(connection: &Connection, kept: &Kept, event: &Event) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached("INSERT INTO events (order_id, at, event) VALUES (?1, ?2, ?3)")?;
    let (id, at) = (&kept.order.order_id, kept.order.updated_at.to_rfc3339());
    statement.execute(params![id, at, serde_json::to_string(event)?])?;
    Ok(())
}

fn get(connection: &Connection, order_id: &str) -> Result<Option<Kept>, Failure> {
    let mut statement = connection.prepare_cached("SELECT body FROM orders WHERE order_id = ?1")?;
    let body: Option<String> = statement.query_row([order_id], |row| row.get(0)).optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Orders, the newest first: their ids begin with the time.
pub(in crate::order) fn list(connection: &Connection, page: &Page) -> Result<Vec<Kept>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM orders
         WHERE account = :account
           AND (:open = 0 OR is_open = 1)
           AND (:stock_code IS NULL OR stock_code = :stock_code)
           AND (:from_ms IS NULL OR created_ms >= :from_ms)
           AND (:until_ms IS NULL OR created_ms < :until_ms)
           AND (:before IS NULL OR (created_ms, order_id) < ((SELECT created_ms FROM orders WHERE order_id = :before), :before))
         ORDER BY created_ms DESC, order_id DESC LIMIT :limit",
    )?;
    let Page { account, open, stock_code, from_ms, until_ms, before, limit } = page;
    let bodies = statement.query_map(
        named_params! {
            ":account": account,
            ":open": open,
            ":stock_code": stock_code,
            ":from_ms": from_ms,
            ":until_ms": until_ms,
            ":before": before,
            ":limit": limit,
        },
        |row| row.get::<_, String>(0),
    )?;
    bodies.map(|body| Ok(serde_json::from_str::<Kept>(&body?)?)).collect()
}
