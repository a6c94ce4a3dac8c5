//! Names in a question: ids, TR ids, paths, and fields.

use super::{Points, rarity};
use crate::{
    find::{named, nearest_tail},
    table::{FIELDS, OPERATIONS, PARAMS, PATTERNS, TEXT, Text},
};

/// Gives points for the names in a question; returns what is left of it.
pub(super) fn points(query: &str, points: &mut Points) -> String {
    let mut rest = String::new();
    for word in query.split([' ', ',', '\t', '\n', '"', '\'', '`', '(', ')', '?', '!', ':', ';']) {
        let name = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '/');
        if name.len() < 3 || !name.is_ascii() || !whole(name, points) {
            rest.push_str(word);
            rest.push(' ');
        }
    }
    rest
}

/// Gives points for one name; says whether it is nothing but a name.
fn whole(name: &str, points: &mut Points) -> bool {
    let operations = named(name);
    if !operations.is_empty() {
        for operation in operations {
            points[operation] += 3000;
        }
        return true;
    }
    let small = name.to_ascii_lowercase();
    if small.contains('/') {
        return path(small.trim_matches('/'), points);
    }
    if small.contains('-') {
        return tail(&small, points);
    }
    let digits = small.bytes().filter(u8::is_ascii_digit).count();
    if digits > 0 && digits < small.len() && small.len() >= 4 && start_of_tr(&small, points) {
        return true;
    }
    // A word with a meaning of its own is that first: "token" is a field, too.
    let plain = !small.contains('_');
    if plain && PATTERNS.iter().any(|(pattern, _)| pattern.get().trim() == small) {
        return false;
    }
    field(&small, points) && !plain
}

fn path(path: &str, points: &mut Points) -> bool {
    let mut found = false;
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let known = operation.path().trim_start_matches('/').to_ascii_lowercase();
        let more = i32::try_from(known.len().saturating_sub(path.len())).unwrap_or(0);
        if known.contains(path) || path.ends_with(&known) {
            found = true;
            points[number] += if more == 0 { 2500 } else { 1500 - 5 * more };
        }
    }
    found
}

fn tail(tail: &str, points: &mut Points) -> bool {
    let mut found = false;
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let same = operation.path().ends_with(&format!("/{tail}"));
        if operation.id().contains(tail) {
            found = true;
            points[number] += if same { 1000 } else { 600 };
        }
    }
    if !found && let Some(near) = nearest_tail(tail) {
        found = true;
        for (number, _) in OPERATIONS.iter().enumerate().filter(|(_, operation)| operation.path().ends_with(near)) {
            points[number] += 800;
        }
    }
    found
}

fn start_of_tr(start: &str, points: &mut Points) -> bool {
    let start = start.to_ascii_uppercase();
    let mut found = false;
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let trs = [operation.real, operation.paper].into_iter().flatten().map(Text::get);
        if trs.chain(operation.old_tr_ids()).any(|tr| tr.starts_with(&start)) {
            found = true;
            points[number] += 1000;
        }
    }
    found
}

/// Points for the operations that have a field or a parameter of this name.
fn field(name: &str, points: &mut Points) -> bool {
    let upper = name.to_ascii_uppercase();
    let mut same: Vec<usize> = Vec::new();
    for spelled in [name, &upper] {
        for (byte, _) in TEXT.match_indices(spelled) {
            let text = Text::at(byte);
            if Text::of(text).get() == spelled {
                same.push(text);
                break;
            }
        }
    }
    if same.is_empty() {
        return false;
    }
    let has = |text: Text| same.contains(&text.number());
    let numbers: Vec<usize> = OPERATIONS
        .iter()
        .enumerate()
        .filter(|(_, operation)| {
            let replied = operation.outputs_rows().any(|row| row.fields.of(&FIELDS).iter().any(|(name, _)| has(*name)));
            replied || operation.params.of(&PARAMS).iter().any(|row| has(row.name))
        })
        .map(|(number, _)| number)
        .collect();
    let worth = if name.contains('_') { 500 } else { 40 } + rarity(numbers.len()) / 10;
    for number in &numbers {
        points[*number] += worth;
    }
    !numbers.is_empty()
}
