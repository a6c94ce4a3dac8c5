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
        ];
        // All of it, even if every page was touched.
        assert!(sizes.iter().sum::<usize>() < 384 * 1024, "{sizes:?}");
    }
}
