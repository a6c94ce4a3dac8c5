//! The form in which questions, names and the words of `catalog/search.toml` are compared. The build uses it too.

/// Text in its normal form: Latin words in lower case and singular with a space on either side, Hangul without any.
///
/// Koreans put spaces where they like (`주식 잔고`, `주식잔고`), so there are none; Latin words would run into each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Normal {
    /// The characters.
    pub(crate) letters: Vec<char>,
    /// For each character, whether a word of the text began there.
    pub(crate) starts: Vec<bool>,
}

/// Whether it is a syllable of Hangul.
pub(crate) fn is_hangul(letter: char) -> bool {
    ('가'..='힣').contains(&letter)
}

/// Brings a text into its normal form.
pub(crate) fn normalize(text: &str) -> Normal {
    let mut normal = Normal::default();
    let mut word = String::new();
    let mut start = true;
    for letter in text.chars().flat_map(char::to_lowercase).chain([' ']) {
        if letter.is_ascii_alphanumeric() {
            word.push(letter);
            continue;
        }
        // A single s of "Moody's" is no word.
        if !word.is_empty() {
            normal.push_word(singular(&word));
            word.clear();
        }
        if is_hangul(letter) {
            normal.letters.push(letter);
            normal.starts.push(start);
            start = false;
        } else {
            start = true;
        }
    }
    normal
}

impl Normal {
    /// Appends a Latin word.
    pub(crate) fn push_word(&mut self, word: &str) {
        if self.letters.last() != Some(&' ') {
            self.letters.push(' ');
            self.starts.push(true);
        }
        self.letters.extend(word.chars().chain([' ']));
        self.starts.resize(self.letters.len(), true);
    }

    /// The text as one string.
    pub(crate) fn text(&self) -> String {
        self.letters.iter().collect()
    }
}

/// An English word without the `s` of its plural, where it is one that is known not to be otherwise.
fn singular(word: &str) -> &str {
    // Orders are a list, and an order is an act.
    let kept = word.len() < 4
        || ["news", "orders"].contains(&word)
        || ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    if kept { word } else { word.strip_suffix('s').unwrap_or(word) }
}
