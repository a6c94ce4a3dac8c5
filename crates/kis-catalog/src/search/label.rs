//! Labels of fields in a question: 자본잠식, 액면가, and other words that no operation has in its name.

use super::{Points, rarity};
use crate::table::{FIELDS, OPERATIONS, TEXT, Text};

/// Gives points to the operations that reply with a field whose label has this text; says whether there are any.
pub(super) fn points(part: &str, points: &mut Points) -> bool {
    let mut labels: Vec<usize> = TEXT
        .match_indices(part)
        .filter(|(byte, _)| Text::at(*byte) == Text::at(byte + part.len() - 1))
        .map(|(byte, _)| Text::at(byte))
        .collect();
    labels.dedup();
    if labels.is_empty() {
        return false;
    }
    let has = |text: &Text| labels.binary_search(&text.number()).is_ok();
    let numbers: Vec<usize> = OPERATIONS
        .iter()
        .enumerate()
        .filter(|(_, operation)| {
            operation.outputs_rows().any(|row| row.fields.of(&FIELDS).iter().any(|(_, label)| has(label)))
        })
        .map(|(number, _)| number)
        .collect();
    // A label tells less than a name, and more if it is a long word.
    let worth = rarity(numbers.len()) / if part.chars().nth(3).is_some() { 2 } else { 8 };
    for number in &numbers {
        points[*number] += worth;
    }
    !numbers.is_empty()
}
