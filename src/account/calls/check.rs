//! What a caller gives, against the row of the catalogue: everything that is wrong with it is told at once, by name.

use std::collections::BTreeMap;

use kis_catalog::{Effect, Fill, Kind, Mode, NotFound, Operation, Paging, Param, catalog};

use super::{Calls, question::CallQuestion};
use crate::{
    account::{Account, AccountName},
    kis::{
        Environment,
        paging::{MOST_PAGES, PageKey},
    },
};

/// Longest value of a parameter, in bytes; KIS's own are at most 200.
const LONGEST_VALUE: usize = 1000;

/// Faults, and names that an operation does not take, that are told of one call.
const MOST_TOLD: usize = 20;

/// What a caller wants of an operation.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Its id, or its TR id.
    pub operation: &'a str,
    /// Parameters, by name.
    pub params: &'a BTreeMap<String, String>,
    /// Pages; `None`: as many as there are.
    pub pages: Option<usize>,
    /// The cursor of an answer before.
    pub next: Option<&'a str>,
}

/// Why KIS is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such operation, or there are several.
    #[error("{0}")]
    NotFound(NotFound),
    /// It is there, and not called in this way.
    #[error("{id} {why}")]
    NotCalled {
        /// Its id.
        id: &'static str,
        /// What to do instead.
        why: &'static str,
    },
    /// The account's environment lacks it.
    #[error("KIS has no {id} for {} accounts, such as {account}", environment.name())]
    NotInMode {
        /// Its id.
        id: &'static str,
        /// The account's.
        environment: Environment,
        /// Its name.
        account: AccountName,
    },
    /// Parameters are wrong.
    #[error("{}", .0.join("; "))]
    Params(Vec<String>),
    /// The cursor is none of ours, or that of another call.
    #[error(
        "next is not a cursor for this call: it goes with the operation, account and params that it was given for, until kisd is \
         restarted; call without it to begin at the first page"
    )]
    Cursor,
}

impl Calls {
    /// The question that a caller asks about an account; `account` is one over this app key.
    pub fn question(&self, account: &Account, wanted: &Wanted<'_>) -> Result<CallQuestion, Refused> {
        let operation = catalog().find(wanted.operation).map_err(Refused::NotFound)?.operation;
        let id = operation.id();
        if let Some(why) = not_called(operation) {
            return Err(Refused::NotCalled { id, why });
        }
        let environment = account.key.client.environment();
        let tr_id = operation.tr_id(mode(environment)).ok_or_else(|| Refused::NotInMode {
            id,
            environment,
            account: account.name.clone(),
        })?;
        let mut faults = Vec::new();
        let values = values(operation, account, wanted.params, &mut faults);
        if let Some(pages) = wanted.pages.filter(|pages| !(1..=MOST_PAGES).contains(pages)) {
            faults.push(format!("pages is {pages}; allowed are 1 to {MOST_PAGES}, and 0 for all"));
        }
        if !faults.is_empty() {
            if let Some(more @ 1..) = faults.len().checked_sub(MOST_TOLD) {
                faults.truncate(MOST_TOLD);
                faults.push(format!("and {more} more"));
            }
            return Err(Refused::Params(faults));
        }
        let mut question = CallQuestion {
            operation,
            tr_id,
            values,
            start: PageKey::default(),
            pages: wanted.pages.unwrap_or(MOST_PAGES),
        };
        if let Some(cursor) = wanted.next {
            question.start = self.seal.open(cursor, &question.about(&account.name)).ok_or(Refused::Cursor)?;
        }
        Ok(question)
    }

    /// The cursor with which the same call goes on at a page.
    pub fn cursor(&self, question: &CallQuestion, account: &AccountName, page: &PageKey) -> Option<String> {
        self.seal.seal(page, &question.about(account))
    }
}

/// KIS's environment in the catalogue's words.
fn mode(environment: Environment) -> Mode {
    match environment {
        Environment::Real => Mode::Real,
        Environment::Paper => Mode::Paper,
    }
}

/// Why an operation is not called, and what to do instead; `None`: it is.
pub fn not_called(operation: &Operation) -> Option<&'static str> {
    match (operation.kind(), operation.effect()) {
        (Kind::Auth, _) | (_, Effect::Issue) => {
            Some("is never called: kisd keeps the token itself, and token.refresh renews it")
        }
        (Kind::Realtime, _) => Some("pushes over KIS's WebSocket, which kisd does not open yet"),
        (Kind::Trading, _) | (_, Effect::Trade) => Some("changes something at KIS, and kis.call only reads"),
        (Kind::Quotation | Kind::AccountRead, Effect::Read) => None,
    }
}

/// The value of each parameter, in KIS's order. Optional ones are sent empty, as KIS wants them.
fn values(
    operation: &'static Operation,
    account: &Account,
    given: &BTreeMap<String, String>,
    faults: &mut Vec<String>,
) -> Vec<(&'static str, String)> {
    let mut left: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for (name, value) in given {
        if left.insert(name.to_ascii_uppercase(), (name, value)).is_some() {
            faults.push(format!("{} is given twice", shown(name)));
        }
    }
    let pages = page_names(operation);
    let mut values = Vec::new();
    for param in operation.params() {
        let given = left.remove(&param.name.to_ascii_uppercase()).map(|(_, value)| value);
        let value = match (param.fill, given) {
            (Some(_), Some(_)) => {
                faults.push(format!(
                    "{} is the account's, and kisd fills it in: leave it out, and name the account",
                    param.name
                ));
                continue;
            }
            (Some(fill), None) => filled(fill, account, param.name, faults),
            (None, Some(value)) if pages.contains(&param.name) && !value.trim().is_empty() => {
                faults.push(format!("{} belongs to the pages: leave it out, and give next", param.name));
                continue;
            }
            (None, Some(value)) => sound(param.name, value, faults),
            (None, None) if param.required && !pages.contains(&param.name) => {
                faults.push(missing(&param));
                continue;
            }
            (None, None) => String::new(),
        };
        values.push((param.name, value));
    }
    if !left.is_empty() {
        let mut unknown: Vec<String> = left.values().take(MOST_TOLD).map(|(name, _)| shown(name)).collect();
        if let Some(more @ 1..) = left.len().checked_sub(MOST_TOLD) {
            unknown.push(format!("and {more} more"));
        }
        let known = operation.params().filter(|param| param.fill.is_none() && !pages.contains(&param.name));
        let known: Vec<&str> = known.map(|param| param.name).collect();
        let known =
            if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", known.join(", ")) };
        faults.push(format!("{} takes no {}; {known}", operation.id(), unknown.join(", ")));
    }
    values
}

/// The parameters that kisd fills in: what is the account's, and where a page begins.
pub fn filled_in(operation: &Operation) -> Vec<&'static str> {
    let of_account = operation.params().filter(|param| param.fill.is_some()).map(|param| param.name);
    of_account.chain(page_names(operation)).collect()
}

/// The parameters that say where a page begins.
fn page_names(operation: &Operation) -> Vec<&'static str> {
    match operation.paging() {
        Paging::Keys { fk, nk, .. } => fk.into_iter().chain(nk).map(|key| key.request).collect(),
        // Where a parameter says where a page begins, the caller gives it.
        Paging::Cursor { .. } | Paging::None | Paging::Header => Vec::new(),
    }
}

fn filled(fill: Fill, account: &Account, name: &str, faults: &mut Vec<String>) -> String {
    match fill {
        Fill::AccountNumber => account.id.cano().to_owned(),
        Fill::ProductCode => account.id.product_code().to_owned(),
        Fill::HtsId => match &account.hts_id {
            Some(id) => id.as_str().to_owned(),
            None => {
                faults.push(format!(
                    "{name} is the owner's HTS id, which kisd is not told: set hts_id for the account {}",
                    account.name
                ));
                String::new()
            }
        },
    }
}

/// A value that can be sent.
fn sound(name: &str, value: &str, faults: &mut Vec<String>) -> String {
    if value.len() > LONGEST_VALUE {
        faults.push(format!("{name} has {} bytes; allowed are {LONGEST_VALUE}", value.len()));
        return String::new();
    }
    if value.chars().any(char::is_control) {
        faults.push(format!("{name} holds a control character"));
        return String::new();
    }
    value.to_owned()
}

fn missing(param: &Param) -> String {
    let label = if param.label.is_empty() { String::new() } else { format!(" ({})", param.label) };
    let values = param.values.map(|values| format!("; KIS names {values}")).unwrap_or_default();
    format!("{}{label} is missing{values}", param.name)
}

/// A name of somebody else's, short enough to be repeated.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(40).collect()
}
