//! The table as Rust: texts in one string, and rows of small numbers that point into it.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::{self, Write as _},
};

use crate::read::{File, Operation, Paging};

/// Texts, each once.
#[derive(Default)]
pub(crate) struct Texts {
    numbers: HashMap<String, u16>,
    all: Vec<String>,
}

impl Texts {
    /// The text as it is written in the table.
    pub(crate) fn put(&mut self, text: &str) -> Result<String, fmt::Error> {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => {
                let number = u16::try_from(self.all.len()).map_err(|_| fmt::Error)?;
                self.numbers.insert(text.to_owned(), number);
                self.all.push(text.to_owned());
                number
            }
        };
        Ok(format!("Text({number})"))
    }

    fn optional(&mut self, text: Option<&String>) -> Result<String, fmt::Error> {
        match text {
            Some(text) => Ok(format!("Some({})", self.put(text)?)),
            None => Ok("None".to_owned()),
        }
    }
}

/// Lists of rows behind one another; an equal list is there once.
#[derive(Default)]
pub(crate) struct Lists {
    known: HashMap<Vec<String>, usize>,
    pub(crate) rows: Vec<String>,
}

impl Lists {
    pub(crate) fn put(&mut self, list: Vec<String>) -> String {
        let length = list.len();
        let start = *self.known.entry(list).or_insert_with_key(|list| {
            self.rows.extend(list.iter().cloned());
            self.rows.len() - length
        });
        format!("Range({start}, {length})")
    }

    fn write(&self, out: &mut String, name: &str, kind: &str) -> fmt::Result {
        writeln!(out, "pub(crate) static {name}: [{kind}; {}] = [", self.rows.len())?;
        for row in &self.rows {
            writeln!(out, "{row},")?;
        }
        writeln!(out, "];")
    }
}

/// All tables.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) texts: Texts,
    groups: Lists,
    old: Lists,
    params: Lists,
    fields: Lists,
    containers: Lists,
    operations: Lists,
    names: Lists,
    pub(crate) concepts: Lists,
    pub(crate) patterns: Lists,
    pub(crate) meanings: Lists,
    /// Sets of concepts of which an operation has several, and a question one.
    pub(crate) either: Lists,
    /// Concepts, and those that are not asked for where they are.
    pub(crate) silences: Lists,
    /// What the search knows of each operation beside its names.
    pub(crate) hints: Lists,
    /// Latin words that the search knows.
    pub(crate) words: BTreeSet<String>,
    /// Grams of what people ask for, sorted.
    pub(crate) grams: Lists,
    /// Where the postings of each end.
    pub(crate) gram_ends: Lists,
    /// An operation in the lower nine bits, what the gram is worth for it above.
    pub(crate) postings: Lists,
}

/// The tables of all operations.
pub(crate) fn tables(files: &[File]) -> Result<Tables, fmt::Error> {
    let mut tables = Tables::default();
    // What is left out is the text 0.
    tables.texts.put("")?;
    let mut names: Vec<(&str, usize, &str)> = Vec::new();
    for (group, file) in files.iter().enumerate() {
        let row = format!("({}, {})", tables.texts.put(&file.name)?, tables.texts.put(&file.group)?);
        tables.groups.rows.push(row);
        for operation in &file.operations {
            let number = tables.operations.rows.len();
            names.push((&operation.id, number, "Id"));
            let mut trs = [&operation.tr.real, &operation.tr.paper].map(Option::as_ref);
            if trs[0] == trs[1] {
                trs[1] = None;
            }
            names.extend(trs.into_iter().flatten().map(|tr| (tr.as_str(), number, "Tr")));
            names.extend(operation.old_tr.iter().map(|tr| (tr.as_str(), number, "OldTr")));
            let row = tables.operation(operation, group)?;
            tables.operations.rows.push(row);
        }
    }
    names.sort_unstable();
    for (name, operation, by) in names {
        let row = format!("({}, {operation}, By::{by})", tables.texts.put(name)?);
        tables.names.rows.push(row);
    }
    Ok(tables)
}

impl Tables {
    fn operation(&mut self, operation: &Operation, group: usize) -> Result<String, fmt::Error> {
        let texts = &mut self.texts;
        let (method, path) = operation.call.split_once(' ').ok_or(fmt::Error)?;
        let method = match method {
            "GET" => "Get",
            "POST" => "Post",
            _ => "WebSocket",
        };
        let mut row = String::from("Operation { ");
        write!(row, "id: {}, korean: {}, ", texts.put(&operation.id)?, texts.put(&operation.korean)?)?;
        write!(row, "english: {}, group: {group}, ", texts.put(&operation.english)?)?;
        write!(row, "kind: Kind::{:?}, method: Method::{method}, path: {}, ", operation.kind, texts.put(path)?)?;
        write!(row, "real: {}, ", texts.optional(operation.tr.real.as_ref())?)?;
        write!(row, "paper: {}, ", texts.optional(operation.tr.paper.as_ref())?)?;
        let old = operation.old_tr.iter().map(|tr| texts.put(tr)).collect::<Result<_, _>>()?;
        write!(row, "old: {}, scope: Scope::{:?}, ", self.old.put(old), operation.scope)?;
        write!(row, "paging: {}, ", paging(texts, operation.paging.as_ref())?)?;
        match &operation.limit {
            None => write!(row, "limit: None, ")?,
            Some(limit) => write!(
                row,
                "limit: Some(Limit {{ calls: {}, seconds: {}, all_customers: {} }}), ",
                limit.calls, limit.seconds, limit.all_customers
            )?,
        }

        let mut params = Vec::new();
        for param in &operation.params {
            let fill = param.fill.map_or("None".to_owned(), |fill| format!("Some(Fill::{fill:?})"));
            params.push(format!(
                "ParamRow {{ name: {}, label: {}, values: {}, required: {}, fill: {fill} }}",
                self.texts.put(&param.name)?,
                self.texts.put(&param.label)?,
                self.texts.put(&param.values)?,
                !param.optional
            ));
        }
        write!(row, "params: {}, ", self.params.put(params))?;

        let mut containers = Vec::new();
        for output in &operation.output {
            let mut fields = Vec::new();
            for (name, label) in &output.fields {
                fields.push(format!("({}, {})", self.texts.put(name)?, self.texts.put(label)?));
            }
            containers.push(format!(
                "ContainerRow {{ name: {}, shape: Shape::{:?}, fields: {} }}",
                self.texts.put(&output.name)?,
                output.shape,
                self.fields.put(fields)
            ));
        }
        write!(row, "outputs: {} }}", self.containers.put(containers))?;
        Ok(row)
    }

    /// The tables as the text of a Rust file.
    pub(crate) fn write(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        let all = self.texts.all.concat();
        writeln!(out, "pub(crate) static TEXT: &str = {all:?};")?;
        let mut ends = Lists::default();
        let mut end = 0;
        for text in &self.texts.all {
            end += text.len();
            ends.rows.push(end.to_string());
        }
        ends.write(&mut out, "ENDS", "u32")?;
        self.groups.write(&mut out, "GROUPS", "(Text, Text)")?;
        self.old.write(&mut out, "OLD", "Text")?;
        self.params.write(&mut out, "PARAMS", "ParamRow")?;
        self.fields.write(&mut out, "FIELDS", "(Text, Text)")?;
        self.containers.write(&mut out, "CONTAINERS", "ContainerRow")?;
        self.operations.write(&mut out, "OPERATIONS", "Operation")?;
        self.names.write(&mut out, "NAMES", "(Text, u16, By)")?;
        self.concepts.write(&mut out, "CONCEPTS", "Weight")?;
        self.patterns.write(&mut out, "PATTERNS", "(Text, Range)")?;
        self.meanings.write(&mut out, "MEANINGS", "u8")?;
        self.either.write(&mut out, "EITHER", "Range")?;
        self.silences.write(&mut out, "SILENCES", "(Range, Range)")?;
        self.hints.write(&mut out, "HINTS", "(Range, Range, i16)")?;
        self.grams.write(&mut out, "GRAMS", "u32")?;
        self.gram_ends.write(&mut out, "GRAM_ENDS", "u16")?;
        self.postings.write(&mut out, "POSTINGS", "u16")?;
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        writeln!(out, "pub(crate) static WORDS: &str = {:?};", format!(" {} ", words.join(" ")))?;
        Ok(out)
    }
}

fn paging(texts: &mut Texts, paging: Option<&Paging>) -> Result<String, fmt::Error> {
    // KIS's replies spell the keys of its requests in lower case.
    let key = |texts: &mut Texts, name: Option<&String>| match name {
        Some(name) => Ok(format!("Some(({}, {}))", texts.put(name)?, texts.put(&name.to_ascii_lowercase())?)),
        None => Ok("None".to_owned()),
    };
    Ok(match paging {
        None => "PagingRow::None".to_owned(),
        Some(Paging::Header) => "PagingRow::Header".to_owned(),
        Some(Paging::Keys { fk, nk, by_header }) => format!(
            "PagingRow::Keys {{ fk: {}, nk: {}, by_header: {by_header} }}",
            key(texts, fk.as_ref())?,
            key(texts, nk.as_ref())?
        ),
        Some(Paging::Cursor { param, flag, reply }) => format!(
            "PagingRow::Cursor {{ param: {}, flag: {}, reply: {} }}",
            texts.put(param)?,
            texts.optional(flag.as_ref())?,
            texts.optional(reply.as_ref())?
        ),
    })
}
