//! The rows as the build wrote them, and how a number becomes a text again.

use crate::{
    Operation,
    find::By,
    operation::{Kind, Limit, Method, Scope},
    parts::{Fill, Shape},
};

/// A text of the table, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text(u16);

impl Text {
    pub(crate) fn get(self) -> &'static str {
        let number = usize::from(self.0);
        let start = number.checked_sub(1).map_or(0, |before| ENDS[before]);
        &TEXT[start as usize..ENDS[number] as usize]
    }

    pub(crate) fn of(number: usize) -> Text {
        Text(u16::try_from(number).unwrap_or(0))
    }

    pub(crate) fn number(self) -> usize {
        usize::from(self.0)
    }

    /// The number of the text that has this byte of all texts.
    pub(crate) fn at(byte: usize) -> usize {
        ENDS.partition_point(|end| *end as usize <= byte)
    }

    /// The text, or nothing where there is none.
    pub(crate) fn given(self) -> Option<&'static str> {
        (self.0 > 0).then(|| self.get())
    }
}

/// Some rows behind one another: where they begin, and how many they are.
#[derive(Clone, Copy)]
pub(crate) struct Range(u16, u16);

impl Range {
    pub(crate) fn of<T>(self, rows: &'static [T]) -> &'static [T] {
        let start = usize::from(self.0);
        &rows[start..start + usize::from(self.1)]
    }
}

pub(crate) struct ParamRow {
    pub(crate) name: Text,
    pub(crate) label: Text,
    pub(crate) values: Text,
    pub(crate) required: bool,
    pub(crate) fill: Option<Fill>,
}

pub(crate) struct ContainerRow {
    pub(crate) name: Text,
    pub(crate) shape: Shape,
    pub(crate) fields: Range,
}

pub(crate) enum PagingRow {
    None,
    Keys { fk: Option<(Text, Text)>, nk: Option<(Text, Text)>, by_header: bool },
    Header,
    Cursor { param: Text, flag: Option<Text>, reply: Option<Text> },
}

/// Points for a concept of a question.
pub(crate) struct Weight {
    /// For an operation that has it.
    pub(crate) asked: i16,
    /// Lost by one that lacks it.
    pub(crate) missing: i16,
    /// Lost by one that has it, where it is not asked for.
    pub(crate) unasked: i16,
}

include!(concat!(env!("OUT_DIR"), "/table.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_small() {
        let sizes = [
            TEXT.len(),
            size_of_val(&ENDS),
            size_of_val(&GROUPS),
            size_of_val(&OLD),
            size_of_val(&PARAMS),
            size_of_val(&FIELDS),
            size_of_val(&CONTAINERS),
            size_of_val(&OPERATIONS),
            size_of_val(&NAMES),
            size_of_val(&CONCEPTS),
            size_of_val(&PATTERNS),
            size_of_val(&MEANINGS),
            size_of_val(&HINTS),
            size_of_val(&GRAMS),
            size_of_val(&GRAM_ENDS),
            size_of_val(&POSTINGS),
            WORDS.len(),
        ];
        // All of it, even if every page was touched.
        assert!(sizes.iter().sum::<usize>() < 576 * 1024, "{sizes:?}");
    }
}
