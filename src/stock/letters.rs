//! Names as they are compared: letters one byte each, Hangul taken apart, case and punctuation gone.
//!
//! | bytes | |
//! |---|---|
//! | `0-9a-z` | themselves |
//! | `0x80..` | an initial consonant (초성), or a consonant that stands alone |
//! | `0xA0..` | a vowel (중성) |
//! | `0xC0..` | a final consonant (종성) |
//! | `0xE0..` | any other letter; two letters may share a byte |
//!
//! Initials and finals differ, so that no match begins within a syllable; half a syllable matches the whole one, as it must while
//! somebody types.

const INITIAL: u8 = 0x80;
const VOWEL: u8 = 0xA0;
const FINAL: u8 = 0xC0;
const OTHER: u8 = 0xE0;

const FIRST_SYLLABLE: u32 = 0xAC00;
const LAST_SYLLABLE: u32 = 0xD7A3;
const VOWELS: u32 = 21;
const FINALS: u32 = 28;

/// The initial consonants in the order of Unicode's syllables.
const INITIALS: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";

/// Pairs that keyboards join while somebody types initials.
const JOINED: [(char, &str); 11] = [
    ('ㄳ', "ㄱㅅ"),
    ('ㄵ', "ㄴㅈ"),
    ('ㄶ', "ㄴㅎ"),
    ('ㄺ', "ㄹㄱ"),
    ('ㄻ', "ㄹㅁ"),
    ('ㄼ', "ㄹㅂ"),
    ('ㄽ', "ㄹㅅ"),
    ('ㄾ', "ㄹㅌ"),
    ('ㄿ', "ㄹㅍ"),
    ('ㅀ', "ㄹㅎ"),
    ('ㅄ', "ㅂㅅ"),
];

/// Adds a text as it is compared.
pub(super) fn push(key: &mut Vec<u8>, text: &str) {
    for letter in text.chars() {
        match letter {
            'a'..='z' | '0'..='9' => key.push(byte(u32::from(letter))),
            'A'..='Z' => key.push(byte(u32::from(letter.to_ascii_lowercase()))),
            // Full width, which keyboards and older lists have.
            '\u{ff10}'..='\u{ff5a}' => push(key, letter_of_half_width(letter).encode_utf8(&mut [0; 4])),
            _ if (FIRST_SYLLABLE..=LAST_SYLLABLE).contains(&u32::from(letter)) => {
                let index = u32::from(letter) - FIRST_SYLLABLE;
                key.push(INITIAL + byte(index / (VOWELS * FINALS)));
                key.push(VOWEL + byte(index / FINALS % VOWELS));
                let last = index % FINALS;
                key.extend((last > 0).then(|| FINAL + byte(last)));
            }
            'ㅏ'..='ㅣ' => key.push(VOWEL + byte(u32::from(letter) - u32::from('ㅏ'))),
            'ㄱ'..='ㅎ' => match JOINED.iter().find(|(joined, _)| *joined == letter) {
                Some((_, apart)) => push(key, apart),
                None => key.extend(INITIALS.chars().position(|known| known == letter).map(|at| INITIAL + byte_at(at))),
            },
            _ if letter.is_alphanumeric() => key.push(OTHER + byte(u32::from(letter) % 0x1F)),
            _ => {}
        }
    }
}

/// A text as it is compared.
pub(super) fn key(text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len());
    push(&mut key, text);
    key
}

fn letter_of_half_width(letter: char) -> char {
    char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(' ')
}

// Every value comes from a range of at most 0x80.
fn byte(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn byte_at(at: usize) -> u8 {
    u8::try_from(at).unwrap_or(u8::MAX)
}

/// Whether a byte begins a letter as a reader sees it: anything but what follows an initial.
pub(super) fn begins(byte: u8) -> bool {
    !(VOWEL..OTHER).contains(&byte)
}

/// True if a text has initials alone, as in ㅅㅅㅈㅈ (with digits and Latin letters among them).
pub(super) fn is_initials(key: &[u8]) -> bool {
    key.iter().any(|byte| (INITIAL..VOWEL).contains(byte)) && key.iter().all(|byte| begins(*byte))
}

/// How a name begins with these initials, contains them, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// They are all of it.
    Whole,
    /// It begins so.
    Start,
    /// It has them further on.
    Within,
}

/// Looks for initials in a name; `room` is used for those of the name.
pub(super) fn fits_initials(name: &[u8], initials: &[u8], room: &mut Vec<u8>) -> Option<Fit> {
    room.clear();
    room.extend(name.iter().filter(|byte| begins(**byte)));
    fits(room, initials)
}

/// Looks for one key in another.
pub(super) fn fits(name: &[u8], part: &[u8]) -> Option<Fit> {
    // Most names lack even the first letter, and this finds it quickest.
    let first = memchr::memchr(*part.first()?, name)?;
    let from = name.get(first..)?;
    match first + from.windows(part.len()).position(|window| window == part)? {
        0 if name.len() == part.len() => Some(Fit::Whole),
        0 => Some(Fit::Start),
        _ => Some(Fit::Within),
    }
}

/// Whether a name is the query, or begins with it, but for one letter that is wrong, missing, too much, or swapped with the next.
pub(super) fn is_near(name: &[u8], query: &[u8]) -> Option<Fit> {
    let same = name.iter().zip(query).take_while(|(name, query)| name == query).count();
    let (name, query) = (name.get(same..)?, query.get(same..)?);
    let begins = |name: Option<&[u8]>, query: Option<&[u8]>| {
        let (name, query) = (name?, query?);
        name.starts_with(query).then_some(if name.len() == query.len() { Fit::Whole } else { Fit::Start })
    };
    let swapped = || {
        let ([a, b, ..], [c, d, ..]) = (name, query) else { return None };
        (a == d && b == c).then(|| begins(name.get(2..), query.get(2..)))?
    };
    let tries = [
        begins(name.get(1..), query.get(1..)),
        begins(Some(name), query.get(1..)),
        begins(name.get(1..), Some(query)),
        swapped(),
    ];
    tries.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(name: &str, part: &str) -> Option<Fit> {
        fits(&key(name), &key(part))
    }

    #[test]
    fn case_spaces_and_punctuation_do_not_matter_and_half_a_syllable_matches() {
        assert_eq!(fit("KODEX 200", "kodex200"), Some(Fit::Whole));
        assert_eq!(fit("S-Oil", "s oil"), Some(Fit::Whole));
        assert_eq!(fit("ＫＯＤＥＸ　２００", "kodex 200"), Some(Fit::Whole));
        assert_eq!(fit("삼성전자", "삼성"), Some(Fit::Start));
        assert_eq!(fit("삼성전자", "삼성ㅈ"), Some(Fit::Start));
        assert_eq!(fit("삼성전자", "삼성저"), Some(Fit::Start));
        assert_eq!(fit("삼성전자", "전자"), Some(Fit::Within));
        // The ㄱ at the end of 각 begins nothing.
        assert_eq!(fit("각아", "가"), Some(Fit::Start));
        assert_eq!(fit("악아", "ㄱ"), None);
        assert_eq!(fit("삼성전자", "하이"), None);
    }

    #[test]
    fn initials_are_found_where_they_stand() {
        let fit = |name: &str, initials: &str| fits_initials(&key(name), &key(initials), &mut Vec::new());
        assert_eq!(fit("삼성전자", "ㅅㅅㅈㅈ"), Some(Fit::Whole));
        assert_eq!(fit("삼성전자우", "ㅅㅅㅈㅈ"), Some(Fit::Start));
        assert_eq!(fit("SK하이닉스", "skㅎㅇ"), Some(Fit::Start));
        assert_eq!(fit("SK하이닉스", "ㅎㅇㄴㅅ"), Some(Fit::Within));
        assert_eq!(fit("가스공사", "ㄳㄱㅅ"), Some(Fit::Whole));
        assert!(is_initials(&key("ㅅㅅ")) && !is_initials(&key("삼ㅅ")) && !is_initials(&key("sk")));
    }

    #[test]
    fn one_letter_may_be_wrong_missing_too_much_or_swapped() {
        let near = |name: &str, query: &str| is_near(&key(name), &key(query));
        for query in ["삼선전자", "삼성전쟈", "삼성저자", "삼송전자", "사성전자", "삼성전자ㅏ"]
        {
            assert_eq!(near("삼성전자", query), Some(Fit::Whole), "{query}");
        }
        for query in ["nvida", "nvidai", "nvisia", "nnvidia", "vnidia"] {
            assert!(near("NVIDIA", query).is_some(), "{query}");
        }
        assert_eq!(near("NVIDIA CORP", "nvisia"), Some(Fit::Start));
        assert_eq!(near("삼성전자", "현대전자"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_key_and_any_change_of_one_letter_is_near(text in "[가-힣a-z]{2,12}", at in 0_usize..30, letter: u8) {
            let name = key(&text);
            let mut changed = name.clone();
            let at = at % changed.len();
            changed[at] = letter;
            proptest::prop_assert!(changed == name || is_near(&name, &changed).is_some());
            let mut missing = name.clone();
            missing.remove(at);
            proptest::prop_assert!(missing == name || is_near(&name, &missing).is_some());
            let mut more = name.clone();
            more.insert(at, letter);
            proptest::prop_assert!(is_near(&name, &more).is_some());
        }

        #[test]
        fn no_text_is_too_odd(text: String) {
            let key = key(&text);
            let _ = (is_initials(&key), fits(&key, &key), fits_initials(&key, &key, &mut Vec::new()), is_near(&key, &key));
        }
    }
}
