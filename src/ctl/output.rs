//! The only place of kisctl that writes to stdout, but for the MCP bridge. Colour is used on a terminal only, and not if `NO_COLOR`
//! is set.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use serde_json::{Value, value::RawValue};

use super::{
    table::Style,
    words::{Language, Words},
};

/// Writes results.
pub struct Printer {
    out: Box<dyn Write>,
    style: Style,
    /// Whether what is written can be overwritten.
    pub(super) is_terminal: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").field("colour", &self.style.colour).finish_non_exhaustive()
    }
}

impl Printer {
    /// On stdout.
    pub fn stdout(language: Language) -> Self {
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_terminal = io::stdout().is_terminal();
        let style = Style { words: language.words(), colour: is_terminal && !no_colour };
        Self { out: Box::new(io::stdout()), style, is_terminal }
    }

    pub(super) fn words(&self) -> &'static Words {
        self.style.words
    }

    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// Any text as it is, at once.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    pub(super) fn json(&mut self, raw: &RawValue) -> io::Result<()> {
        writeln!(self.out, "{}", raw.get())
    }

    /// A result as CSV: the holdings of a balance, a row each; of anything else a row for each member.
    pub(super) fn csv(&mut self, raw: &RawValue) -> io::Result<()> {
        let mut members = serde_json::from_str::<Members>(raw.get())?;
        let mut csv = csv::Writer::from_writer(&mut self.out);
        if let Some(holdings) = members.0.iter().position(|(name, _)| name == "holdings") {
            let holdings: Vec<Members> = serde_json::from_str(members.0.swap_remove(holdings).1.get())?;
            if let Some(first) = holdings.first() {
                csv.write_record(first.0.iter().map(|(name, _)| name))?;
            }
            for holding in &holdings {
                csv.write_record(holding.0.iter().map(|(_, value)| plain(value)))?;
            }
        } else {
            csv.write_record(["name", "value"])?;
            for (name, value) in members.flat("")? {
                csv.write_record([name, value])?;
            }
        }
        csv.flush()
    }
}

/// The members of a JSON object in their order, numbers as they were written.
struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// With the members of inner objects, by their way.
    fn flat(&self, way: &str) -> serde_json::Result<Vec<(String, String)>> {
        let mut flat = Vec::new();
        for (name, value) in &self.0 {
            let name = format!("{way}{name}");
            match value.get().starts_with('{') {
                true => flat.extend(serde_json::from_str::<Self>(value.get())?.flat(&format!("{name}."))?),
                false => flat.push((name, plain(value))),
            }
        }
        Ok(flat)
    }
}

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// A value without quotes; nothing for `null`.
fn plain(value: &RawValue) -> String {
    match serde_json::from_str(value.get()) {
        Ok(Value::String(text)) => text,
        Ok(Value::Null) => String::new(),
        _ => value.get().to_owned(),
    }
}
