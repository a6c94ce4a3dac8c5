//! What a text says: concepts, and what no concept stands for.

use super::text::{Normal, is_hangul, normalize};
use crate::table::{EITHER, MEANINGS, PATTERNS, Range, SILENCES};

/// What it is worth that a letter is read at all, beside that it is read by a long pattern.
const READ: usize = 4;

/// A set of concepts, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Concepts([u64; 3]);

impl Concepts {
    pub(super) fn add(&mut self, meaning: Range) {
        for concept in meaning.of(&MEANINGS) {
            self.0[usize::from(concept / 64)] |= 1 << (concept % 64);
        }
    }

    pub(super) fn has_all(&self, meaning: Range) -> bool {
        meaning.of(&MEANINGS).iter().all(|concept| self.0[usize::from(concept / 64)] >> (concept % 64) & 1 == 1)
    }

    pub(super) fn remove(&mut self, meaning: Range) {
        for concept in meaning.of(&MEANINGS) {
            self.0[usize::from(concept / 64)] &= !(1 << (concept % 64));
        }
    }

    /// Those without the sets of which one is asked for, and of which an operation has several.
    pub(super) fn without_either(mut self, says: &Concepts, asked: &Concepts) -> Concepts {
        for set in &EITHER {
            let mut concepts = Concepts::default();
            concepts.add(*set);
            if concepts.shared(asked) != Concepts::default() && concepts.shared(says).iter().nth(1).is_some() {
                self.remove(*set);
            }
        }
        self
    }

    pub(super) fn shared(&self, other: &Concepts) -> Concepts {
        Concepts([0, 1, 2].map(|part| self.0[part] & other.0[part]))
    }

    /// Those that the other set lacks.
    pub(super) fn without(&self, other: &Concepts) -> Concepts {
        Concepts([0, 1, 2].map(|part| self.0[part] & !other.0[part]))
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        (0..192).filter(move |concept| self.0[concept / 64] >> (concept % 64) & 1 == 1)
    }
}

/// What a text says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) concepts: Concepts,
    /// Hangul of two syllables and more that no pattern has.
    pub(super) unread: Vec<String>,
}

impl Reading {
    /// Reads a text by those patterns that leave the least of it unread, and by long ones rather than by several short ones.
    pub(super) fn of(text: &Normal) -> Reading {
        let length = text.letters.len();
        // From each letter on: what the best patterns are worth, and the one that begins here.
        let mut best: Vec<(usize, Option<(usize, Range)>)> = vec![(0, None); length + 1];
        for at in (0..length).rev() {
            best[at] = (best[at + 1].0, None);
            patterns(text, at, |letters, meaning| {
                let step = taken(text, at, letters);
                let worth = letters * (letters + READ) + best[at + step].0;
                if worth > best[at].0 {
                    best[at] = (worth, Some((step, meaning)));
                }
            });
        }
        let mut reading = Reading::default();
        let mut unread = String::new();
        let mut at = 0;
        while at < length {
            if let Some((step, meaning)) = best[at].1 {
                reading.concepts.add(meaning);
                reading.put(&mut unread);
                at += step;
                continue;
            }
            if is_hangul(text.letters[at]) {
                unread.push(text.letters[at]);
            } else {
                reading.put(&mut unread);
            }
            at += 1;
        }
        reading.put(&mut unread);
        for (by, silent) in &SILENCES {
            if reading.concepts.has_all(*by) {
                reading.concepts.remove(*silent);
            }
        }
        reading
    }

    fn put(&mut self, unread: &mut String) {
        // One syllable is a particle, or the end of a verb.
        if unread.chars().nth(1).is_some() {
            self.unread.push(unread.clone());
        }
        unread.clear();
    }
}

/// The patterns that begin here, each with how many letters it takes and what it means.
fn patterns(text: &Normal, at: usize, mut found: impl FnMut(usize, Range)) {
    let rest = &text.letters[at..];
    let Some(&first) = rest.first() else { return };
    // A single space would begin half of all patterns; with the letter after it, few are left.
    let begins = |pattern: &str| {
        let mut letters = pattern.chars();
        (letters.next(), if first == ' ' { letters.next() } else { None })
    };
    let key = (Some(first), if first == ' ' { rest.get(1).copied() } else { None });
    let start = PATTERNS.partition_point(|(pattern, _)| begins(pattern.get()) < key);
    for (pattern, meaning) in PATTERNS[start..].iter().take_while(|(pattern, _)| begins(pattern.get()) == key) {
        let pattern = pattern.get();
        let length = pattern.chars().count();
        let fits = length <= rest.len() && pattern.chars().zip(rest).all(|(one, other)| one == *other);
        // One syllable in the middle of a word means something else.
        let whole =
            length > 1 || text.starts[at] && text.starts.get(at + 2).is_none_or(|_| word_end(text, at) <= at + 2);
        if fits && whole {
            found(length, *meaning);
        }
    }
}

/// How far a pattern takes a reading on: the space after a Latin word is the one before the next.
fn taken(text: &Normal, at: usize, letters: usize) -> usize {
    letters - usize::from(text.letters[at] == ' ' || text.letters[at + letters - 1] == ' ')
}

/// Where the word that begins here ends.
fn word_end(text: &Normal, at: usize) -> usize {
    let next = text.starts.iter().enumerate().skip(at + 1).find(|(_, start)| **start);
    next.map_or(text.letters.len(), |(next, _)| next)
}

/// The text without those of its words in Hangul that something else has taken: it is asked about words that are read in part only.
pub(super) fn without(text: Normal, mut taken: impl FnMut(&str) -> bool) -> Normal {
    let mut rest = Normal::default();
    let mut at = 0;
    while at < text.letters.len() {
        let end = if text.starts[at] && is_hangul(text.letters[at]) { word_end(&text, at) } else { at + 1 };
        let word: String = text.letters[at..end].iter().filter(|letter| is_hangul(**letter)).collect();
        let unread = Reading::of(&normalize(&word)).unread;
        if unread.is_empty() || unread.contains(&word) || !taken(&word) {
            rest.letters.extend(&text.letters[at..end]);
            rest.starts.extend(&text.starts[at..end]);
        }
        at = end;
    }
    rest
}
