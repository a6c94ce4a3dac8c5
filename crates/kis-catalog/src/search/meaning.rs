//! What a text says: concepts, and what no concept stands for.

use super::text::{Normal, is_hangul, normalize};
use crate::table::{MEANINGS, PATTERNS, Range};

/// A set of concepts, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Concepts([u64; 3]);

impl Concepts {
    pub(super) fn add(&mut self, meaning: Range) {
        for concept in meaning.of(&MEANINGS) {
            self.0[usize::from(concept / 64)] |= 1 << (concept % 64);
        }
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
    /// Reads a text from its beginning, always by the longest pattern.
    pub(super) fn of(text: &Normal) -> Reading {
        let mut reading = Reading::default();
        let mut unread = String::new();
        let mut at = 0;
        while at < text.letters.len() {
            if let Some((length, meaning)) = longest(text, at) {
                reading.concepts.add(meaning);
                reading.put(&mut unread);
                at += length;
                continue;
            }
            if is_hangul(text.letters[at]) {
                unread.push(text.letters[at]);
                at += 1;
                continue;
            }
            // A space, and perhaps a word up to the next.
            reading.put(&mut unread);
            at += 1 + text.letters[at + 1..].iter().take_while(|letter| letter.is_ascii_alphanumeric()).count();
        }
        reading.put(&mut unread);
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

/// The longest pattern that begins here: how many letters it takes, and what it means.
fn longest(text: &Normal, at: usize) -> Option<(usize, Range)> {
    let rest = &text.letters[at..];
    let first = *rest.first()?;
    // A single space would begin half of all patterns; with the letter after it, few are left.
    let begins = |pattern: &str| {
        let mut letters = pattern.chars();
        (letters.next(), if first == ' ' { letters.next() } else { None })
    };
    let key = (Some(first), if first == ' ' { rest.get(1).copied() } else { None });
    let start = PATTERNS.partition_point(|(pattern, _)| begins(pattern.get()) < key);
    let mut best = None;
    for (pattern, meaning) in PATTERNS[start..].iter().take_while(|(pattern, _)| begins(pattern.get()) == key) {
        let pattern = pattern.get();
        let length = pattern.chars().count();
        let fits = length <= rest.len() && pattern.chars().zip(rest).all(|(one, other)| one == *other);
        // One syllable in the middle of a word means something else.
        let whole =
            length > 1 || text.starts[at] && text.starts.get(at + 2).is_none_or(|_| word_end(text, at) <= at + 2);
        if fits && whole && best.is_none_or(|(longest, _)| length > longest) {
            best = Some((length, *meaning));
        }
    }
    // The space after a Latin word is the one before the next.
    best.map(|(length, meaning)| (if first == ' ' || rest[length - 1] == ' ' { length - 1 } else { length }, meaning))
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
