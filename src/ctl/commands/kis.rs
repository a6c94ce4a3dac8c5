//! `kisctl kis`: any operation of KIS that reads. Tables for people, and what the daemon says as JSON for pipes.

use std::{collections::BTreeMap, time::Duration};

use clap::Subcommand;
use serde_json::value::RawValue;

use crate::ctl::{
    Failure, Format,
    asking::{ask, in_time, patiently},
    output::{Printer, members},
    show,
    table::{self, Row, Style},
    words::{KisWords, Words},
};
use crate::wire::{
    daemon::Daemon,
    method,
    raw::Values,
    text::printable,
    types::{CallParams, CallResult, DescribeParams, OperationDescription, OperationEntry, SearchParams, SearchResult},
};

/// Rows of a list that are shown.
const MOST_ROWS: usize = 20;

/// Columns of a list that are shown.
const MOST_COLUMNS: usize = 6;

#[derive(Debug, Subcommand)]
pub(in crate::ctl) enum KisCommand {
    /// Finds operations by words in Korean or English, a TR id, a path or the name of a field.
    Search {
        /// What is looked for.
        #[arg(required = true)]
        query: Vec<String>,
        /// So many operations at most.
        #[arg(long, short = 'n', value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=50))]
        limit: Option<u64>,
    },
    /// Tells what an operation takes and answers.
    Describe {
        /// Its id, or its TR id.
        operation: String,
    },
    /// Calls an operation that reads.
    Call {
        /// Its id, or its TR id.
        operation: String,
        /// Its parameters, as in FID_INPUT_ISCD=005930.
        #[arg(value_name = "NAME=VALUE", value_parser = assignment)]
        params: Vec<(String, String)>,
        /// Pages to read and join; 0: all.
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(..=200))]
        pages: Option<u64>,
        /// Goes on where an answer before has ended.
        #[arg(long, value_name = "CURSOR")]
        next: Option<String>,
        /// Greatest age of an answer from memory, as in 500ms or 10s. KIS is asked unless it is given.
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
        max_age: Option<Duration>,
    },
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is NAME=VALUE, as in FID_INPUT_ISCD=005930")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(in crate::ctl) async fn run(
    command: KisCommand,
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    format: Format,
) -> Result<(), Failure> {
    match command {
        KisCommand::Search { query, limit } => {
            let params = SearchParams { query: query.join(" "), limit };
            let raw = in_time(ask::<method::KisSearch>(daemon, &params)).await?;
            show(printer, format, &raw, |style, found: SearchResult| searched(style, &found))
        }
        KisCommand::Describe { operation } => {
            let raw = in_time(ask::<method::KisDescribe>(daemon, &DescribeParams { operation })).await?;
            show(printer, format, &raw, |style, operation| described(style, &operation))
        }
        KisCommand::Call { operation, params, pages, next, max_age } => {
            let params = distinct(params)?;
            let max_age_ms = max_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
            let about = DescribeParams { operation: operation.clone() };
            let params = CallParams { operation, params, pages, next, max_age_ms, timeout_ms: None, account };
            let raw = patiently(daemon.places(), printer.words(), ask::<method::KisCall>(daemon, &params)).await?;
            if format != Format::Table {
                return show(printer, format, &raw, |_, _: CallResult| String::new());
            }
            let about = in_time(ask::<method::KisDescribe>(daemon, &about)).await?;
            let about: OperationDescription = serde_json::from_str(about.get()).map_err(Failure::Answer)?;
            show(printer, format, &raw, |style, answer: CallResult| called(style, &about, &answer))
        }
    }
}

fn distinct(params: Vec<(String, String)>) -> Result<Values, Failure> {
    let mut values = BTreeMap::new();
    for (name, value) in params {
        if values.contains_key(&name) {
            return Err(Failure::Usage(format!("{name} is given twice")));
        }
        values.insert(name, value);
    }
    Ok(Values(values))
}

fn searched(style: Style, found: &SearchResult) -> String {
    if found.operations.is_empty() {
        return format!("{}\n", style.words.kis.nothing_found);
    }
    let row = |operation: &OperationEntry| {
        Row([
            printable(&operation.id),
            printable(&operation.korean_name),
            trs(operation),
            marks(style.words, operation),
        ])
    };
    style.rows(found.operations.iter().map(row))
}

/// The TR ids of an operation.
fn trs(operation: &OperationEntry) -> String {
    let ids = [&operation.tr_id, &operation.paper_tr_id];
    let mut ids: Vec<String> = ids.into_iter().flatten().map(|id| printable(id)).collect();
    ids.dedup();
    ids.join(" / ")
}

/// What there is to know before one is called.
fn marks(words: &Words, operation: &OperationEntry) -> String {
    let KisWords { effect, real_only, .. } = &words.kis;
    let mut marks: Vec<&str> = Vec::new();
    marks.extend(effect(operation.effect, operation.transport));
    if operation.paper_tr_id.is_none() && operation.tr_id.is_some() {
        marks.push(real_only);
    }
    marks.join(", ")
}

fn described(style: Style, operation: &OperationDescription) -> String {
    let (words, entry) = (&style.words.kis, &operation.operation);
    let mut heading = vec![
        (words.name, format!("{} ({})", printable(&entry.korean_name), printable(&entry.english_name))),
        (words.call, format!("{} {}", printable(&entry.method), printable(&entry.path))),
        (words.tr, trs(entry)),
    ];
    let marks = marks(style.words, entry);
    if !marks.is_empty() {
        heading.push((words.note, marks));
    }
    heading.extend(operation.not_called.as_ref().map(|why| (words.not_called, printable(why))));
    if let Some(param) = &operation.paging.param {
        heading.push((words.pages, (words.pages_by)(&printable(param))));
    } else if operation.paging.pages {
        heading.push((words.pages, words.pages_by_next.to_owned()));
    }
    let mut text = format!("{}\n{}", printable(&entry.id), style.rows(heading));
    let params = operation.params.iter().filter(|param| !param.filled_in);
    let params: Vec<Row<4>> = params
        .map(|param| {
            let need = if param.required { words.required } else { "" };
            let values = param.values.as_deref().map(printable).unwrap_or_default();
            Row([printable(&param.name), need.to_owned(), printable(&param.label), values])
        })
        .collect();
    if !params.is_empty() {
        text.push_str(&format!("\n{}\n{}", words.params, style.rows(params)));
    }
    for result in operation.results.iter().filter(|result| result.name != "top") {
        let fields = result.fields.iter().map(|field| Row([printable(&field.name), printable(&field.label)]));
        text.push_str(&format!("\n{} ({})\n{}", printable(&result.name), printable(&result.shape), style.rows(fields)));
    }
    text
}

fn called(style: Style, about: &OperationDescription, answer: &CallResult) -> String {
    let words = &style.words.kis;
    let mut text = format!("{} · {}\n", printable(&about.operation.korean_name), table::local(answer.as_of));
    for (name, value) in members(answer.body.get()) {
        let label = |field: &str| {
            let result = about.results.iter().find(|result| result.name.eq_ignore_ascii_case(&name));
            let known =
                result.and_then(|result| result.fields.iter().find(|known| known.name.eq_ignore_ascii_case(field)));
            known.map(|field| printable(&field.label)).unwrap_or_default()
        };
        text.push_str(&format!("\n{}\n", printable(&name)));
        text.push_str(&container(style, &value, label));
    }
    text.push_str(&format!("\n{} {}\n", printable(&answer.msg_cd), printable(&answer.msg1)));
    if answer.next.is_some() {
        text.push_str(&format!("{}\n", words.more_pages));
    }
    text
}

/// A container: the fields of an object one below the other, the rows of a list side by side as far as they fit.
fn container(style: Style, value: &RawValue, label: impl Fn(&str) -> String) -> String {
    let words = &style.words.kis;
    let Ok(rows) = serde_json::from_str::<Vec<Box<RawValue>>>(value.get()) else {
        let fields = members(value.get()).into_iter();
        return style.rows(fields.map(|(name, value)| Row([printable(&name), plain(&value), label(&name)])));
    };
    let rows: Vec<Vec<(String, Box<RawValue>)>> = rows.iter().map(|row| members(row.get())).collect();
    let [first, ..] = &rows[..] else { return format!("{}\n", words.empty) };
    if let [only] = &rows[..] {
        return style.rows(only.iter().map(|(name, value)| Row([printable(name), plain(value), label(name)])));
    }
    // Columns in which nothing stands say nothing.
    let says = |name: &str| {
        rows.iter().take(MOST_ROWS).flatten().any(|(known, value)| known == name && !plain(value).is_empty())
    };
    let columns: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).filter(|name| says(name)).collect();
    let shown = &columns[..columns.len().min(MOST_COLUMNS)];
    let titles = shown.iter().map(|name| match label(name) {
        label if label.is_empty() => printable(name),
        label => label,
    });
    let cells = rows.iter().take(MOST_ROWS).map(|row| {
        let cell = |name: &&str| {
            row.iter().find(|(known, _)| known == name).map(|(_, value)| plain(value)).unwrap_or_default()
        };
        shown.iter().map(cell).collect()
    });
    let mut text = style.titled(titles.collect(), cells);
    let (rows_left, columns_left) = (rows.len().saturating_sub(MOST_ROWS), columns.len() - shown.len());
    if rows_left + columns_left > 0 {
        text.push_str(&format!("{}\n", (words.left_out)(rows_left, columns_left)));
    }
    text
}

/// A value as text.
fn plain(value: &RawValue) -> String {
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) => printable(text.trim()),
        Err(_) => printable(value.get()),
    }
}
