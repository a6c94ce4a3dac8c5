//! Spans and rows in the file.

use chrono::{DateTime, NaiveDateTime, Utc};
use rusqlite::{
    Connection, OptionalExtension, Row, Transaction, params,
    types::{FromSqlError, Type},
};
use rust_decimal::Decimal;

use super::{
    super::{
        Bar, Value,
        kept::{Agreement, Kept, KeptSpan, Kind, Learned, Needs, Series, Span, Whole},
    },
    file::{Fault, File},
};
use crate::wire::types::Market;

/// How exactly it is known when a series was last of use, in seconds.
const USED: i64 = 3600;

/// What is kept of a series.
pub(super) fn recall(file: &mut File, source: &str, needs: &Needs, now: DateTime<Utc>) -> Result<Kept, Fault> {
    let connection = &file.connection;
    let Some((series, used_at)) = find(connection, source, &needs.series)? else { return Ok(Kept::default()) };
    if used_at.abs_diff(now.timestamp()) > USED.unsigned_abs() {
        let used = connection
            .execute("UPDATE series SET used_at = ?2 WHERE id = ?1", params![series, now.timestamp()])
            .map_err(Fault::from);
        // What cannot be written can be read.
        match used {
            Ok(_) | Err(Fault::Busy | Fault::Sql(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    let (kind, to) = (needs.series.kind, seconds(needs.to));
    let before = i64::try_from(needs.before).unwrap_or(i64::MAX);
    let floor: Option<i64> = match needs.from.map(seconds) {
        Some(from) => connection.query_row(
            "SELECT coalesce((SELECT min(at) FROM (SELECT at FROM bar WHERE series = ?1 AND at < ?2
             ORDER BY at DESC LIMIT ?3)), ?2)",
            params![series, from, before],
            |row| row.get(0),
        )?,
        None => None,
    };
    let most = i64::try_from(needs.most).unwrap_or(i64::MAX);
    let mut newest = connection.prepare(
        "SELECT at, open, high, low, close, volume, value FROM bar WHERE series = ?1 AND at BETWEEN ?2 AND ?3
         ORDER BY at DESC LIMIT ?4",
    )?;
    let bars: Vec<Bar> = newest
        .query_map(params![series, floor.unwrap_or(i64::MIN), to, most], |row| bar(row, kind))?
        .collect::<Result<_, _>>()?;
    let mut spans = spans(connection, series)?;
    // What is older than the last row that was read is not known to the reader.
    let is_cut = bars.len() >= needs.most || floor < needs.from.map(seconds);
    let first = bars.last().map(|bar| bar.at).filter(|_| is_cut);
    spans.retain_mut(|kept| {
        kept.span.first = first.map_or(kept.span.first, |first| kept.span.first.max(first));
        kept.span.first <= kept.span.last
    });
    Ok(Kept { spans, bars })
}

/// Keeps what was learned. Adjusted rows of a stock are dropped when KIS has others now.
pub(super) fn learn(file: &mut File, source: &str, learned: &Learned) -> Result<(), Fault> {
    let Learned { series, pages, sure_since, is_stale, at } = learned;
    let change = file.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let known = find(&change, source, series)?.map(|(id, _)| id);
    let differs = |id| {
        let differ = pages.iter().map(|page| differs(&change, id, series.kind, page));
        differ.collect::<Result<Vec<bool>, Fault>>().map(|differ| differ.contains(&true))
    };
    let is_stale = series.adjusted && (*is_stale || known.map(differs).transpose()?.unwrap_or(false));
    if is_stale {
        drop_adjusted(&change, source, series)?;
    }
    let id = match known.filter(|_| !is_stale) {
        Some(id) => id,
        None => add(&change, source, series, *at)?,
    };
    change.execute("UPDATE series SET used_at = ?2 WHERE id = ?1", params![id, at.timestamp()])?;
    for page in pages {
        put(&change, id, series, page, *sure_since)?;
    }
    Ok(change.commit()?)
}

/// Whether what is kept of a page's times is not what it says.
fn differs(connection: &Connection, id: i64, kind: Kind, page: &Whole) -> Result<bool, Fault> {
    let mut kept = Kept { spans: spans(connection, id)?, bars: within(connection, id, kind, &page.span)? };
    Ok(kept.compare(page) == Agreement::Differs)
}

/// Puts a page into a series: its rows take the place of those of its times, and spans that it joins become one.
fn put(
    change: &Transaction<'_>,
    id: i64,
    series: &Series,
    page: &Whole,
    sure_since: DateTime<Utc>,
) -> Result<(), Fault> {
    let step = series.kind.step();
    let before = within(change, id, series.kind, &page.span)?;
    let mut joined = KeptSpan { span: page.span, agreed_at: page.at };
    for kept in spans(change, id)? {
        let KeptSpan { span, agreed_at } = kept;
        if span.last + step < page.span.first || page.span.last + step < span.first {
            continue;
        }
        change.execute("DELETE FROM span WHERE series = ?1 AND first = ?2", params![id, seconds(span.first)])?;
        let shares_rows = before.iter().any(|bar| span.has(bar.at));
        if !series.adjusted || shares_rows || agreed_at >= sure_since {
            joined.span = Span { first: joined.span.first.min(span.first), last: joined.span.last.max(span.last) };
            joined.agreed_at = if shares_rows { joined.agreed_at } else { joined.agreed_at.min(agreed_at) };
            continue;
        }
        // Beside it, and perhaps adjusted in another way: it stays apart until KIS agrees.
        for rest in [
            Span { first: span.first, last: span.last.min(page.span.first - step) },
            Span { first: span.first.max(page.span.last + step), last: span.last },
        ] {
            if rest.first <= rest.last {
                note(change, id, &KeptSpan { span: rest, agreed_at })?;
            }
        }
    }
    note(change, id, &joined)?;
    let (first, last) = (seconds(page.span.first), seconds(page.span.last));
    change.execute("DELETE FROM bar WHERE series = ?1 AND at BETWEEN ?2 AND ?3", params![id, first, last])?;
    let mut insert = change.prepare("INSERT INTO bar VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    let text = |number: Option<Decimal>| number.map(|number| number.to_string());
    for bar in &page.bars {
        let value = match bar.value {
            Value::Own(value) => value,
            Value::SinceOpen(value) => Some(value),
        };
        insert.execute(params![
            id,
            seconds(bar.at),
            text(bar.open),
            text(bar.high),
            text(bar.low),
            bar.close.to_string(),
            text(bar.volume),
            text(value)
        ])?;
    }
    Ok(())
}

/// Makes the file as small as it may be: what was of no use for longest goes first.
pub(super) fn bound(file: &mut File, most: u64) -> Result<(), Fault> {
    if file.bytes()? <= most {
        return Ok(());
    }
    // A tenth below, so that not every page has to make room.
    let goal = most - most / 10;
    while file.bytes()? > goal {
        let oldest = "DELETE FROM series WHERE id = (SELECT id FROM series ORDER BY used_at, id LIMIT 1)";
        if file.connection.execute(oldest, [])? == 0 {
            break;
        }
    }
    // It gives room back with each row that it answers.
    let mut vacuum = file.connection.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

fn find(connection: &Connection, source: &str, series: &Series) -> Result<Option<(i64, i64)>, Fault> {
    let mut find = connection.prepare(
        "SELECT id, used_at FROM series WHERE source = ?1 AND code = ?2 AND market = ?3 AND kind = ?4 AND adjusted = ?5",
    )?;
    let key = params![source, series.code, name(series.market), series.kind.name(), series.adjusted];
    Ok(find.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn add(change: &Transaction<'_>, source: &str, series: &Series, at: DateTime<Utc>) -> Result<i64, Fault> {
    change.execute(
        "INSERT INTO series (source, code, market, kind, adjusted, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![source, series.code, name(series.market), series.kind.name(), series.adjusted, at.timestamp()],
    )?;
    Ok(change.last_insert_rowid())
}

/// Drops the adjusted rows of a stock, on every market that has the same stock.
fn drop_adjusted(change: &Transaction<'_>, source: &str, series: &Series) -> Result<(), Fault> {
    let same: &[Market] = match series.market {
        Market::Krx | Market::Nxt | Market::Un => &[Market::Krx, Market::Nxt, Market::Un],
        _ => std::slice::from_ref(&series.market),
    };
    for market in same {
        change.execute(
            "DELETE FROM series WHERE source = ?1 AND code = ?2 AND market = ?3 AND adjusted",
            params![source, series.code, name(*market)],
        )?;
    }
    Ok(())
}

fn note(change: &Transaction<'_>, id: i64, kept: &KeptSpan) -> Result<(), Fault> {
    let KeptSpan { span, agreed_at } = kept;
    let (first, last) = (seconds(span.first), seconds(span.last));
    change.execute("INSERT INTO span VALUES (?1, ?2, ?3, ?4)", params![id, first, last, agreed_at.timestamp()])?;
    Ok(())
}

fn spans(connection: &Connection, id: i64) -> Result<Vec<KeptSpan>, Fault> {
    let mut all =
        connection.prepare("SELECT first, last, agreed_at FROM span WHERE series = ?1 ORDER BY first DESC")?;
    let span = |row: &Row<'_>| {
        let agreed_at = time(row, 2)?.and_utc();
        Ok(KeptSpan { span: Span { first: time(row, 0)?, last: time(row, 1)? }, agreed_at })
    };
    Ok(all.query_map([id], span)?.collect::<Result<_, _>>()?)
}

fn within(connection: &Connection, id: i64, kind: Kind, span: &Span) -> Result<Vec<Bar>, Fault> {
    let mut all = connection.prepare(
        "SELECT at, open, high, low, close, volume, value FROM bar WHERE series = ?1 AND at BETWEEN ?2 AND ?3
         ORDER BY at DESC",
    )?;
    let rows = all.query_map(params![id, seconds(span.first), seconds(span.last)], |row| bar(row, kind))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn bar(row: &Row<'_>, kind: Kind) -> rusqlite::Result<Bar> {
    let number = |at: usize| -> rusqlite::Result<Option<Decimal>> {
        let text = row.get_ref(at)?.as_str_or_null()?;
        text.map(|text| text.parse().map_err(|error| wrong(at, error))).transpose()
    };
    let value = match (kind, number(6)?) {
        (Kind::Minute, Some(value)) => Value::SinceOpen(value),
        (_, value) => Value::Own(value),
    };
    let close = number(4)?.ok_or_else(|| wrong(4, FromSqlError::InvalidType))?;
    Ok(Bar { at: time(row, 0)?, open: number(1)?, high: number(2)?, low: number(3)?, close, volume: number(5)?, value })
}

fn wrong(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<NaiveDateTime> {
    let at = DateTime::from_timestamp(row.get(column)?, 0);
    at.map(|at| at.naive_utc()).ok_or_else(|| wrong(column, FromSqlError::OutOfRange(0)))
}

fn seconds(at: NaiveDateTime) -> i64 {
    at.and_utc().timestamp()
}

/// What a market is called in the file, whatever the wire calls it one day.
fn name(market: Market) -> &'static str {
    match market {
        Market::Krx => "KRX",
        Market::Nxt => "NXT",
        Market::Un => "UN",
        Market::Nasdaq => "NASDAQ",
        Market::Nyse => "NYSE",
        Market::Amex => "AMEX",
        Market::Hkex => "HKEX",
        Market::Tse => "TSE",
        Market::Sse => "SSE",
        Market::Szse => "SZSE",
        Market::Hnx => "HNX",
        Market::Hsx => "HSX",
        Market::Unknown => "?",
    }
}
