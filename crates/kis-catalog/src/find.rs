//! An operation by its id or a TR id, and what is near where there is none.

use std::{error::Error, fmt};

use crate::{
    Operation,
    table::{NAMES, OPERATIONS, Text},
};

/// Most suggestions for a name that does not exist.
const SUGGESTIONS: usize = 5;

/// Letters of a name that are looked at; no id is longer.
const LONGEST: usize = 80;

/// By which name an operation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// Its id.
    Id,
    /// A TR id of today.
    Tr,
    /// A TR id that KIS has replaced.
    OldTr,
}

/// An operation that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// By which name it was found.
    pub by: By,
}

/// There is no such operation, or more than one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// The name that was looked for, in one line and cut where it is longer than any name.
    pub name: String,
    /// Whether several operations have this TR id: `suggestions` are all of them.
    pub ambiguous: bool,
    /// Ids of the nearest operations, nearest first.
    pub suggestions: Vec<&'static str>,
}

/// The operation of this id or TR id; either is found in any case.
pub(crate) fn find(name: &str) -> Result<Found<'static>, NotFound> {
    pick(name, rows_in_any_case(name))
}

/// The operation of the rows that have this name.
fn pick(name: &str, rows: &[(Text, u16, By)]) -> Result<Found<'static>, NotFound> {
    let cut = || name.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    let operation = |number: u16| &OPERATIONS[usize::from(number)];
    match rows {
        [(_, number, by)] => Ok(Found { operation: operation(*number), by: *by }),
        [] => Err(NotFound { name: cut(), ambiguous: false, suggestions: nearest(name) }),
        several => {
            let suggestions = several.iter().map(|(_, number, _)| operation(*number).id()).collect();
            Err(NotFound { name: cut(), ambiguous: true, suggestions })
        }
    }
}

/// The numbers of the operations that have this name, in any case.
pub(crate) fn named(name: &str) -> Vec<usize> {
    let rows = rows_in_any_case(name);
    rows.iter().map(|(_, number, _)| usize::from(*number)).collect()
}

fn rows_in_any_case(name: &str) -> &'static [(Text, u16, By)] {
    let found = [rows(name), rows(&name.to_ascii_uppercase()), rows(&name.to_ascii_lowercase())];
    found.into_iter().find(|rows| !rows.is_empty()).unwrap_or_default()
}

/// The rows of this name.
fn rows(name: &str) -> &'static [(Text, u16, By)] {
    let start = NAMES.partition_point(|(known, ..)| known.get() < name);
    let length = NAMES[start..].iter().take_while(|(known, ..)| known.get() == name).count();
    &NAMES[start..start + length]
}

/// The last part of a path that is the nearest to a name, if at most two letters differ.
pub(crate) fn nearest_tail(name: &str) -> Option<&'static str> {
    let tails = OPERATIONS.iter().filter_map(|operation| operation.path().rsplit('/').next());
    let near = tails.filter(|tail| tail.len() > 6).map(|tail| (strsim::osa_distance(tail, name), tail));
    near.filter(|(distance, _)| *distance <= 2).min().map(|(_, tail)| tail)
}

/// Ids that the name may have meant: ids that end or begin so or contain it, and then those with the fewest letters changed.
fn nearest(name: &str) -> Vec<&'static str> {
    let name: String = name.chars().take(LONGEST).collect::<String>().to_ascii_lowercase();
    let mut all: Vec<(usize, usize, u16)> = NAMES
        .iter()
        .map(|(known, operation, _)| {
            let known = known.get().to_ascii_lowercase();
            // A path's last part is what people remember of an id.
            let tail = known.len().checked_sub(name.len()).and_then(|at| known.get(at..)).unwrap_or(&known);
            let rank = match (known.ends_with(&name), known.contains(&name)) {
                _ if name.is_empty() => 2,
                (true, _) => 0,
                (_, true) => 1,
                _ => 2,
            };
            let whole = strsim::osa_distance(&known, &name);
            (rank, whole.min(strsim::osa_distance(tail, &name).saturating_add(1)), *operation)
        })
        .collect();
    all.sort_unstable();
    let mut suggestions: Vec<&'static str> = Vec::new();
    for (.., operation) in all {
        let id = OPERATIONS[usize::from(operation)].id();
        if suggestions.len() < SUGGESTIONS && !suggestions.contains(&id) {
            suggestions.push(id);
        }
    }
    suggestions
}

impl fmt::Display for NotFound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suggestions = self.suggestions.join(", ");
        if self.ambiguous {
            return write!(out, "several operations of KIS have the TR id {}: say which of {suggestions}", self.name);
        }
        write!(out, "KIS has no operation {}; the nearest are {suggestions}", self.name)
    }
}

impl Error for NotFound {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tr_id_of_several_operations_names_them_all() {
        // No TR id of today is shared; KIS's documentation has had such.
        let error = pick("TTTC0000R", &NAMES[..3]).unwrap_err();
        assert!(error.ambiguous && error.suggestions.len() == 3);
        let told = error.to_string();
        assert!(told.starts_with("several operations of KIS have the TR id TTTC0000R: say which of "), "{told}");
        assert!(error.suggestions.iter().all(|id| told.contains(id)), "{told}");
    }
}
