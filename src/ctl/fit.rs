//! Makes a table fit a terminal: names are shortened first, then columns left out, the least needed first. Widths are those on the
//! screen, where Hangul takes two columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A shortened name has at least this width before columns are left out.
const LEAST_NAME: usize = 14;

/// And at least this whatever is left out.
const SHORTEST: usize = 6;

/// What is shown of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// Columns that are left out.
    pub(super) left_out: Vec<usize>,
    /// Width of the longest name that is shown.
    pub(super) name: usize,
    /// Whether names are shortened by that.
    pub(super) is_shortened: bool,
}

/// Draws a table as wide as it may be; `order` has the columns that may be left out, the least needed first.
pub(super) fn fit(
    limit: Option<usize>,
    names: impl Iterator<Item = usize>,
    order: &[usize],
    draw: impl Fn(&Choice) -> String,
) -> (String, Choice) {
    let longest = names.max().unwrap_or_default();
    let whole = Choice { left_out: Vec::new(), name: longest, is_shortened: false };
    let text = draw(&whole);
    let Some(limit) = limit.filter(|limit| width(&text) > *limit) else { return (text, whole) };
    for count in 0..=order.len() {
        let is_last = count == order.len();
        let choice = Choice { left_out: order[..count].to_vec(), ..whole.clone() };
        let text = draw(&choice);
        let over = width(&text).saturating_sub(limit);
        if over == 0 {
            return (text, choice);
        }
        let least = if is_last { SHORTEST } else { LEAST_NAME };
        let name = longest.saturating_sub(over).max(least.min(longest));
        let choice = Choice { name, is_shortened: name < longest, ..choice };
        let text = draw(&choice);
        if width(&text) <= limit || is_last {
            return (text, choice);
        }
    }
    (text, whole)
}

/// A name that is at most so wide; what is cut off is marked.
pub(super) fn shortened(name: &str, most: usize) -> String {
    if name.width() <= most {
        return name.to_owned();
    }
    let mut short = String::new();
    let mut width = 1;
    for letter in name.chars() {
        width += letter.width().unwrap_or_default();
        if width > most {
            break;
        }
        short.push(letter);
    }
    format!("{}…", short.trim_end())
}

/// Width of the widest line, without what colours it.
pub(super) fn width(text: &str) -> usize {
    text.lines().map(|line| plain(line).width()).max().unwrap_or_default()
}

fn plain(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_where_they_would_be_too_wide_on_the_screen() {
        assert_eq!(shortened("삼성전자", 8), "삼성전자");
        assert_eq!(shortened("삼성전자우", 8), "삼성전…");
        assert_eq!(shortened("NAVER", 4), "NAV…");
        assert_eq!(shortened("KODEX 200", 7), "KODEX…");
    }

    #[test]
    fn names_are_shortened_first_and_then_columns_go_in_their_order() {
        let name = "x".repeat(30);
        // Three columns of ten beside the name.
        let draw = |choice: &Choice| {
            let columns: Vec<String> =
                (1..4).filter(|column| !choice.left_out.contains(column)).map(|_| "0123456789".to_owned()).collect();
            format!("\x1b[1m{}\x1b[0m {}", shortened(&name, choice.name), columns.join(" "))
        };
        let of = |limit| {
            let (text, choice) = fit(limit, [30].into_iter(), &[2, 1], draw);
            (width(&text), choice.left_out, choice.is_shortened)
        };
        assert_eq!(of(None), (63, vec![], false));
        assert_eq!(of(Some(63)), (63, vec![], false));
        assert_eq!(of(Some(50)), (50, vec![], true));
        assert_eq!(of(Some(45)), (45, vec![2], true));
        assert_eq!(of(Some(30)), (30, vec![2, 1], true));
        // Nothing more can be done.
        assert_eq!(of(Some(10)), (17, vec![2, 1], true));
    }
}
