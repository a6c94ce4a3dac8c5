//! What is known of all operations: made at the first question, some tens of kilobytes.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{
    Points,
    meaning::{Concepts, Reading},
    text::{Normal, normalize},
};
use crate::table::{HINTS, OPERATIONS};

/// Points for a question that is the name.
const THE_NAME: i32 = 400;

/// One operation.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) concepts: Concepts,
    /// Those that it is about, and not only good for.
    pub(super) says: Concepts,
    pub(super) often: i16,
    /// What its names hash to, in Korean and in English.
    names: [u64; 2],
}

#[derive(Debug)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
}

impl Index {
    pub(super) fn new() -> Index {
        let entries = OPERATIONS.iter().zip(&HINTS).map(|(operation, (shared, own, often))| {
            let (korean, english) = (normalize(operation.korean_name()), normalize(operation.english_name()));
            let mut says = Reading::of(&english).concepts;
            says.add(*shared);
            let mut concepts = says;
            concepts.add(*own);
            Entry { concepts, says, often: *often, names: [hash(&korean), hash(&english)] }
        });
        Index { entries: entries.collect() }
    }

    /// Points for the operations whose name the question is.
    pub(super) fn names(&self, question: &Normal, points: &mut Points) {
        let name = hash(question);
        for (number, _) in self.entries.iter().enumerate().filter(|(_, entry)| entry.names.contains(&name)) {
            points[number] += THE_NAME;
        }
    }
}

fn hash(text: &Normal) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.letters.hash(&mut hasher);
    hasher.finish()
}
