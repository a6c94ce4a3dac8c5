//! What is known of all operations: made at the first question, some hundred kilobytes.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    Points,
    meaning::{Concepts, Reading},
    rarity,
    text::{Normal, is_hangul, normalize},
};
use crate::table::{HINTS, OPERATIONS, PATTERNS};

/// Points for a Korean name that has all of a question's pairs of syllables, if these are many or rare.
const ALL_PAIRS: i32 = 120;

/// Points for a question that has all pairs of a Korean name.
const ALL_OF_NAME: i32 = 40;

/// Points for a question that is the name.
const THE_NAME: i32 = 400;

/// One operation.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) concepts: Concepts,
    /// Those that it is about, and not only good for.
    pub(super) says: Concepts,
    pub(super) often: i16,
    /// How many pairs of syllables its Korean name has.
    pairs: i32,
    /// What its names hash to, in Korean and in English.
    names: [u64; 2],
}

#[derive(Debug)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// All Latin words of names and patterns, sorted.
    pub(super) words: Vec<Box<str>>,
    /// Latin words and pairs of syllables, each with an operation whose names have it; sorted.
    grams: Vec<(Gram, u16)>,
}

/// Two syllables as one number, or behind all of those a Latin word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Gram(u32);

/// Numbers of two syllables are below.
const WORDS: u32 = 1 << 31;

/// Syllables that Unicode has.
const SYLLABLES: u32 = 11_172;

impl Index {
    pub(super) fn new() -> Index {
        let mut index = Index { entries: Vec::new(), words: Vec::new(), grams: Vec::new() };
        for (pattern, _) in &PATTERNS {
            index.words.extend(latin(pattern.get()).map(Box::from));
        }
        for operation in &OPERATIONS {
            for name in [operation.korean_name(), operation.english_name(), operation.id()] {
                index.words.extend(latin(&normalize(name).text()).map(Box::from));
            }
        }
        index.words.sort();
        index.words.dedup();
        index.words.shrink_to_fit();

        for (number, operation) in (0..).zip(&OPERATIONS) {
            let (korean, english) = (normalize(operation.korean_name()), normalize(operation.english_name()));
            let before = index.grams.len();
            index.grams.extend(pairs(&korean.letters).map(|gram| (gram, number)));
            let pairs = i32::try_from(index.grams.len() - before).unwrap_or(1);
            for text in [korean.text(), english.text(), normalize(operation.id()).text()] {
                let words: Vec<Gram> = latin(&text).filter_map(|word| index.word(word)).collect();
                index.grams.extend(words.into_iter().map(|gram| (gram, number)));
            }
            let mut says = Reading::of(&english).concepts;
            let (shared, own, often) = HINTS[usize::from(number)];
            says.add(shared);
            let mut concepts = says;
            concepts.add(own);
            index.entries.push(Entry { concepts, says, often, pairs, names: [hash(&korean), hash(&english)] });
        }
        index.grams.sort_unstable();
        index.grams.dedup();
        index.grams.shrink_to_fit();
        index
    }

    fn word(&self, word: &str) -> Option<Gram> {
        let number = self.words.binary_search_by(|known| known.as_ref().cmp(word)).ok()?;
        u32::try_from(number).ok().map(|number| Gram(WORDS + number))
    }

    /// The operations whose names have it.
    fn having(&self, gram: Gram) -> impl ExactSizeIterator<Item = usize> {
        let start = self.grams.partition_point(|(known, _)| *known < gram);
        let length = self.grams[start..].partition_point(|(known, _)| *known == gram);
        self.grams[start..start + length].iter().map(|(_, number)| usize::from(*number))
    }

    /// Points for operations whose names are like the question.
    pub(super) fn names(&self, question: &Normal, reading: &Reading, points: &mut Points) {
        for gram in reading.words.iter().filter_map(|word| self.word(word)) {
            let having = self.having(gram);
            let worth = rarity(having.len()) / 8;
            having.for_each(|number| points[number] += worth);
        }

        // Pairs over the border of two words are chance.
        let within = (1..question.letters.len()).filter(|at| !question.starts[*at]);
        let mut asked: Vec<Gram> = within.flat_map(|at| pairs(&question.letters[at - 1..=at])).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut all = 0;
        let mut found: BTreeMap<usize, (i32, i32)> = BTreeMap::new();
        for gram in asked {
            let having = self.having(gram);
            let worth = rarity(having.len().max(2)) / 10;
            all += worth;
            for number in having {
                let (sum, count) = found.entry(number).or_default();
                *sum += worth;
                *count += 1;
            }
        }
        for (number, (sum, count)) in found {
            let pairs = (sum * ALL_PAIRS / all.max(1)).min(sum * 3 / 2);
            points[number] += pairs + count * ALL_OF_NAME / self.entries[number].pairs.max(1);
        }

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

fn latin(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

fn pairs(letters: &[char]) -> impl Iterator<Item = Gram> {
    let number = |letter: char| u32::from(letter) - u32::from('가');
    let pairs = letters.windows(2).filter(|pair| pair.iter().all(|letter| is_hangul(*letter)));
    pairs.map(move |pair| Gram(number(pair[0]) * SYLLABLES + number(pair[1])))
}
