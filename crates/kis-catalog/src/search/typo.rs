//! Words that are one letter away from one that is known.

use super::text::{Normal, is_hangul};
use crate::table::{PATTERNS, Range, WORDS};

/// The text with each unknown Latin word replaced by the nearest that is known.
pub(super) fn latin(text: Normal) -> Normal {
    let unknown = |word: &str| word.len() >= 4 && !WORDS.contains(&format!(" {word} "));
    let whole = text.text();
    if !whole.split(' ').any(|part| part.is_ascii() && unknown(part)) {
        return text;
    }
    let mut mended = Normal::default();
    let mut at = 0;
    while at < text.letters.len() {
        if text.letters[at] != ' ' {
            mended.letters.push(text.letters[at]);
            mended.starts.push(text.starts[at]);
            at += 1;
            continue;
        }
        let word: String = text.letters[at + 1..].iter().take_while(|letter| letter.is_ascii_alphanumeric()).collect();
        at += 1 + word.len();
        match nearest(&word).filter(|_| unknown(&word)) {
            Some(other) => mended.push_word(other),
            None if !word.is_empty() => mended.push_word(&word),
            None => {}
        }
    }
    mended
}

/// The known word with the fewest letters changed: one, or two of a long word. Numbers are not mistyped words.
fn nearest(word: &str) -> Option<&'static str> {
    let most = if word.len() >= 8 { 2 } else { 1 };
    let near = WORDS.split(' ').filter(|known| known.len().abs_diff(word.len()) <= most && known.len() >= 4);
    let near = near.map(|known| (strsim::osa_distance(known, word), known));
    near.filter(|(distance, _)| *distance <= most && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .min()
        .map(|(_, known)| known)
}

/// What the pattern means that differs in one letter (not syllable) from a part of this text; the longest.
pub(super) fn hangul(text: &str) -> Option<Range> {
    let text: Vec<[u32; 3]> = text.chars().map(letters).collect();
    let mut best: Option<(usize, Range)> = None;
    for (pattern, meaning) in &PATTERNS {
        let pattern = pattern.get();
        let length = pattern.len() / 3;
        if !(2..=text.len()).contains(&length) || best.is_some_and(|(longest, _)| length <= longest) {
            continue;
        }
        if !pattern.chars().all(is_hangul) {
            continue;
        }
        let differ = |part: &[[u32; 3]]| {
            let letters = part.iter().zip(pattern.chars().map(letters));
            letters.map(|(one, other)| (0..3).filter(|at| one[*at] != other[*at]).count()).sum::<usize>()
        };
        // Two syllables are like many others: only a whole word with a particle at most, and only its vowels.
        let same_consonants =
            |part: &[[u32; 3]]| part.iter().zip(pattern.chars().map(letters)).all(|(one, other)| one[0] == other[0]);
        let mut parts = text.windows(length).take(if length == 2 { 1 } else { usize::MAX });
        let short = |part: &[[u32; 3]]| length > 2 || text.len() <= 3 && same_consonants(part);
        if parts.any(|part| differ(part) == 1 && short(part)) {
            best = Some((length, *meaning));
        }
    }
    best.map(|(_, meaning)| meaning)
}

/// The word without its particle.
pub(super) fn without_particle(word: &str) -> &str {
    word.strip_suffix(['은', '는', '이', '가', '을', '를', '의', '에', '로', '도', '만', '과', '와']).unwrap_or(word)
}

/// The letters of a syllable: first consonant, vowel, last consonant.
fn letters(syllable: char) -> [u32; 3] {
    let number = u32::from(syllable).wrapping_sub(u32::from('가'));
    [number / 588, number % 588 / 28, number % 28]
}
