//! Grams: the small parts by which texts are compared that share no whole word. The build uses it too.

use super::text::{Normal, is_hangul};

/// Syllables that Unicode has.
const SYLLABLES: u32 = 11_172;

/// Numbers of Hangul are below, Latin words above.
const LATIN: u32 = 1 << 31;

/// Words that are in every question, and tell nothing.
const EMPTY: [&str; 43] = [
    "a", "an", "and", "are", "at", "be", "by", "can", "do", "does", "for", "from", "get", "give", "how", "i", "in",
    "is", "it", "me", "my", "of", "on", "or", "the", "to", "what", "which", "with", "this", "that", "s", "please",
    "want", "would", "like", "am", "if", "there", "will", "was", "has", "have",
];

/// The grams of a text, sorted: pairs of syllables within a word, and the stems of Latin words.
pub(crate) fn grams(text: &Normal) -> Vec<u32> {
    let mut grams: Vec<u32> = text.text().split(' ').filter(|word| !EMPTY.contains(word)).filter_map(latin).collect();
    let mut at = 0;
    while at < text.letters.len() {
        let end = text.starts.iter().enumerate().skip(at + 1).find(|(_, start)| **start);
        let end = end.map_or(text.letters.len(), |(end, _)| end);
        let word = &text.letters[at..end];
        if word.iter().all(|letter| is_hangul(*letter)) {
            let number = |letter: char| u32::from(letter) - u32::from('가');
            match word {
                [letter] => grams.push(SYLLABLES * SYLLABLES + number(*letter)),
                _ => grams.extend(word.windows(2).map(|pair| number(pair[0]) * SYLLABLES + number(pair[1]))),
            }
        }
        at = end;
    }
    grams.sort_unstable();
    grams
}

/// The number of a whole text, wherever its spaces are.
pub(crate) fn whole(text: &Normal) -> u32 {
    hash(text.letters.iter().map(|letter| u32::from(*letter)))
}

/// The number of a Latin word.
fn latin(word: &str) -> Option<u32> {
    if word.is_empty() || !word.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        return None;
    }
    Some(hash(stem(word).bytes().map(u32::from)))
}

/// FNV-1a: the same number in the build and at run time.
fn hash(letters: impl Iterator<Item = u32>) -> u32 {
    letters.fold(0x811c_9dc5, |hash: u32, letter| (hash ^ letter).wrapping_mul(0x0100_0193)) | LATIN
}

/// What the forms of an English word have in common.
fn stem(word: &str) -> String {
    let ends = ["ings", "ing", "ed", "es", "s", "ly"];
    let mut ends = ends.iter().filter_map(|end| word.strip_suffix(end)).filter(|stem| stem.len() > 2);
    let mut stem = ends.next().unwrap_or(word).to_owned();
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    if stem.len() > 3 && stem.ends_with('y') {
        stem.pop();
        stem.push('i');
    }
    let doubled = |stem: &str| matches!(stem.as_bytes(), [.., one, other] if one == other && !b"aeiou".contains(one));
    if stem.len() > 3 && doubled(&stem) {
        stem.pop();
    }
    stem
}
