//! An answer before it is written: the fields that the market knows, by their names. What the catalogue has besides is written
//! as nothing: a zero, a no, a blank.

use std::collections::BTreeMap;

use kis_catalog::OutputField;

/// Fields by their names.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    pub(super) fn of<const N: usize>(fields: [(&str, String); N]) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: impl ToString) {
        self.0.insert(name.into(), value.to_string());
    }

    pub(super) fn with<const N: usize>(mut self, fields: [(&str, String); N]) -> Self {
        for (name, value) in fields {
            self.set(name, value);
        }
        self
    }

    /// What stands in a field.
    pub(crate) fn value(&self, field: &OutputField) -> String {
        self.0.get(field.name).cloned().unwrap_or_else(|| nothing(field))
    }
}

/// What stands where there is nothing to say.
fn nothing(field: &OutputField) -> String {
    let name = field.name.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let text = ends(&["_yn"]).then_some("N").or_else(|| {
        ends(&["_dt", "date", "name", "_nm", "isnm", "_cd", "_code", "_no", "hour", "_tmd", "reas", "_id"])
            .then_some("")
    });
    let number = if ends(&["ctrt", "_rt", "rate", "_per", "icdc_rt"]) { "0.00" } else { "0" };
    text.unwrap_or(number).to_owned()
}

/// How an answer ends: with the words of a quotation, or with those of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// `MCA00000`, not padded.
    Quotation,
    /// What the mode says, padded; there is something or nothing.
    Ledger,
    /// What the mode says when there is nothing.
    Nothing,
    /// Other words of a ledger, padded.
    Other(&'static str, &'static str),
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// Rows by their container; an object has one.
    pub(crate) outputs: BTreeMap<&'static str, Vec<Fields>>,
    /// Keys of the next page and their widths.
    pub(crate) keys: Vec<(&'static str, String, usize)>,
    pub(crate) words: Words,
    pub(crate) tr_cont: &'static str,
}

impl Sheet {
    pub(super) fn of<const N: usize>(outputs: [(&'static str, Vec<Fields>); N]) -> Self {
        Self { outputs: outputs.into(), keys: Vec::new(), words: Words::Quotation, tr_cont: "" }
    }

    pub(super) fn one(container: &'static str, fields: Fields) -> Self {
        Self::of([(container, vec![fields])])
    }
}
