//! A file of the catalogue as it is written: one group, a block for each operation. `catalog/README.md` describes it.

use serde::Deserialize;

/// A group of operations.
#[derive(Debug)]
pub(crate) struct File {
    /// Name of the file, without its ending: the id of the group.
    pub(crate) name: String,
    /// The group as KIS's portal calls it.
    pub(crate) group: String,
    pub(crate) operations: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    group: String,
    operation: Vec<Operation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) korean: String,
    pub(crate) english: String,
    pub(crate) kind: Kind,
    /// Method and path.
    pub(crate) call: String,
    #[serde(default)]
    pub(crate) tr: Tr,
    #[serde(default)]
    pub(crate) old_tr: Vec<String>,
    pub(crate) scope: Scope,
    #[serde(default)]
    pub(crate) paging: Option<Paging>,
    #[serde(default)]
    pub(crate) limit: Option<Limit>,
    #[serde(default)]
    pub(crate) params: Vec<Param>,
    #[serde(default)]
    pub(crate) output: Vec<Output>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Auth,
    Quotation,
    AccountRead,
    Trading,
    Realtime,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tr {
    pub(crate) real: Option<String>,
    pub(crate) paper: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    Account,
    Owner,
    Public,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Paging {
    Keys {
        fk: Option<String>,
        nk: Option<String>,
        #[serde(default = "yes")]
        by_header: bool,
    },
    Header,
    Cursor {
        param: String,
        flag: Option<String>,
        reply: Option<String>,
    },
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) calls: u32,
    pub(crate) seconds: u32,
    #[serde(default)]
    pub(crate) all_customers: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) values: String,
    pub(crate) fill: Option<Fill>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fill {
    AccountNumber,
    ProductCode,
    HtsId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// Name and label of each field.
    pub(crate) fields: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shape {
    Object,
    Array,
    Unknown,
    Frame,
}

/// Reads one file.
pub(crate) fn file(name: &str, text: &str) -> Result<File, String> {
    let written: Written = toml::from_str(text).map_err(|error| format!("catalog/operations/{name}.toml: {error}"))?;
    Ok(File { name: name.to_owned(), group: written.group, operations: written.operation })
}
