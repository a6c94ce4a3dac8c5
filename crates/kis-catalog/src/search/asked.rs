//! What people ask for with other words than those of the concepts: `catalog/asked.toml`, by grams.

use super::{Points, gram::grams, text::Normal};
use crate::table::{GRAMS, POSTINGS};

/// Gives points to the operations that are asked for with the grams of the question.
pub(super) fn points(question: &Normal, points: &mut Points) {
    let mut asked = grams(question);
    asked.dedup();
    for gram in asked {
        let Ok(found) = GRAMS.binary_search_by_key(&gram, |(known, _)| *known) else { continue };
        let start = found.checked_sub(1).map_or(0, |before| GRAMS[before].1);
        for posting in &POSTINGS[usize::from(start)..usize::from(GRAMS[found].1)] {
            points[usize::from(posting % 512)] += i32::from(posting / 512) * 2;
        }
    }
}
