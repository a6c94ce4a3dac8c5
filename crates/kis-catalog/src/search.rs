//! Search over the catalogue, in Korean and English.
//!
//! A question is read for names first (ids, TR ids, paths, fields), and what is left for concepts: `catalog/search.toml` says
//! which words stand for which. The English names of the operations are read with the same words. An operation gets points
//! for each concept that it shares with the question, and loses some for each that only one of the two has: a question about
//! prices means domestic stocks by daylight, unless it says otherwise. What its words share with those with which people ask for an
//! operation (`catalog/asked.toml`) and with its names counts as well, and so do labels of fields.
//!
//! | file | what it is |
//! |---|---|
//! | `text` | the form in which texts are compared |
//! | `meaning` | concepts and words of a text |
//! | `asked` | with which words people ask for each operation |
//! | `gram` | parts of words that `asked` compares |
//! | `typo` | words that were mistyped |
//! | `name` | ids, TR ids, paths and names of fields in a question |
//! | `label` | labels of fields in a question |
//! | `index` | what is known of all operations, made at the first question |

mod asked;
mod gram;
mod index;
mod label;
mod meaning;
mod name;
mod text;
mod typo;

use std::{cmp::Reverse, sync::OnceLock};

use self::{
    index::Index,
    meaning::{Concepts, Reading},
};
use crate::{
    Operation,
    table::{CONCEPTS, OPERATIONS},
};

/// Characters of a question that are read.
const LONGEST: usize = 200;

/// Points that each operation has of the question.
type Points = Vec<i32>;

static INDEX: OnceLock<Index> = OnceLock::new();

/// An operation that may answer a question.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// The operation.
    pub operation: &'static Operation,
    /// How well it fits; comparable within one question only.
    pub score: i32,
}

pub(crate) fn search(query: &str, limit: usize) -> Vec<Hit> {
    let index = INDEX.get_or_init(Index::new);
    let query: String = query.chars().take(LONGEST).collect();
    let mut points: Points = vec![0; OPERATIONS.len()];

    let rest = name::points(&query, &mut points);
    let question = text::normalize(&rest);
    let question = typo::latin(question);
    asked::points(&question, &mut points);
    // A word that was read in part is perhaps one of a label: 신용등급 is not about orders on credit.
    let question = meaning::without(question, |word| {
        label::points(word, &mut points) || label::points(typo::without_particle(word), &mut points)
    });
    let mut reading = Reading::of(&question);
    for part in &reading.unread {
        if !label::points(part, &mut points)
            && let Some(concepts) = typo::hangul(part)
        {
            reading.concepts.add(concepts);
        }
    }
    index.names(&question, &mut points);

    let mut hits: Vec<(i32, usize)> = Vec::new();
    let mut faint: Vec<(i32, usize)> = Vec::new();
    for (number, entry) in index.entries.iter().enumerate() {
        let shared = reading.concepts.shared(&entry.concepts);
        if points[number] == 0 && shared == Concepts::default() {
            continue;
        }
        let asked: i32 = shared.iter().map(|concept| i32::from(CONCEPTS[concept].asked)).sum();
        let missing = reading.concepts.without(&entry.concepts);
        let missing: i32 = missing.iter().map(|concept| i32::from(CONCEPTS[concept].missing)).sum();
        let unasked = entry.says.without(&reading.concepts).without_either(&entry.says, &reading.concepts);
        let unasked: i32 = unasked.iter().map(|concept| i32::from(CONCEPTS[concept].unasked)).sum();
        let score = points[number] + asked - missing - unasked + i32::from(entry.often);
        let tells = points[number] > 0 || shared.iter().any(|concept| CONCEPTS[concept].asked >= FAINT);
        if tells { &mut hits } else { &mut faint }.push((score, number));
    }
    if hits.is_empty() {
        hits = faint;
    }
    hits.sort_by_key(|(score, number)| (Reverse(*score), *number));
    hits.truncate(limit);
    hits.into_iter().map(|(score, number)| Hit { operation: &OPERATIONS[number], score }).collect()
}

/// Concepts with fewer points are in too many operations to find one.
const FAINT: i16 = 50;

/// How rare something is that so many operations have, in points: 0 for all of them, about 850 for one of 370.
fn rarity(operations: usize) -> i32 {
    let ratio = (OPERATIONS.len() << 8) / operations.max(1);
    let log = ratio.max(256).ilog2();
    let rest = ((ratio * 100) >> log) - 100;
    i32::try_from(log as usize * 100 + rest).unwrap_or(i32::MAX) - 800
}
