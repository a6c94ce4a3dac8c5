//! What people ask for with other words than those of the concepts: `catalog/asked.toml`, by grams.

use super::{
    Points,
    gram::{grams, whole},
    text::Normal,
};
use crate::table::{GRAM_ENDS, GRAMS, POSTINGS};

/// Gives points to the operations that are asked for with the grams of the question.
pub(super) fn points(question: &Normal, points: &mut Points) {
    let mut asked = grams(question);
    asked.dedup();
    asked.push(whole(question));
    for gram in asked {
        let Ok(found) = GRAMS.binary_search(&gram) else { continue };
        let start = found.checked_sub(1).map_or(0, |before| GRAM_ENDS[before]);
        for posting in &POSTINGS[usize::from(start)..usize::from(GRAM_ENDS[found])] {
            points[usize::from(posting % 512)] += i32::from(posting / 512) * 2;
        }
    }
}
