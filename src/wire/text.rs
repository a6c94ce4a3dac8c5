//! Text from outside, made fit to be shown.

/// Text without what would command a terminal, break a line, reverse the direction of what follows, or not be seen at all.
pub fn printable(text: &str) -> String {
    let text = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    text.filter(|c| !c.is_control() && !is_invisible(*c)).collect()
}

/// The marks of Unicode that nobody sees, some of which change the direction of writing: with them a text can look like another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
