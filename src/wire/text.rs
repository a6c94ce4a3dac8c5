//! Text from outside, made fit to be shown.

/// Text without what would command a terminal, break a line, or reverse the direction of what follows.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !is_directional(*c)).collect()
}

/// The marks of Unicode that change the direction of writing: with them a text can look like another.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
