//! What an operation takes and what it replies.

use std::fmt;

use crate::table::{ContainerRow, FIELDS, ParamRow};

/// What fills a parameter that is the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fill {
    /// The eight digits of the account number, as in `CANO`.
    AccountNumber,
    /// The two digits of its product, as in `ACNT_PRDT_CD`.
    ProductCode,
    /// The HTS id, as in `USER_ID`.
    HtsId,
}

/// A parameter of a call.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// As it is sent.
    pub name: &'static str,
    /// What KIS calls it in Korean; may be empty.
    pub label: &'static str,
    /// Whether KIS demands a value.
    pub required: bool,
    /// The values that KIS names, as a text.
    pub values: Option<&'static str>,
    /// What fills it, if the caller does not.
    pub fill: Option<Fill>,
}

/// How the rows of a container come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// One JSON object.
    Object,
    /// A JSON array of objects.
    Array,
    /// Sources disagree: either of the two.
    Unknown,
    /// A record of the WebSocket: values in order, without names.
    Frame,
}

/// A part of a reply.
#[derive(Clone, Copy)]
pub struct Container {
    row: &'static ContainerRow,
}

/// A field of a reply.
#[derive(Clone, Copy, Debug)]
pub struct OutputField {
    /// As KIS spells it.
    pub name: &'static str,
    /// What KIS calls it in Korean; may be empty.
    pub label: &'static str,
}

impl Param {
    pub(crate) fn of(row: &ParamRow) -> Param {
        Param {
            name: row.name.get(),
            label: row.label.get(),
            required: row.required,
            values: row.values.given(),
            fill: row.fill,
        }
    }
}

impl Container {
    pub(crate) fn of(row: &'static ContainerRow) -> Container {
        Container { row }
    }

    /// Its key in the reply, or `top`, or `frame`.
    pub fn name(&self) -> &'static str {
        self.row.name.get()
    }

    /// How its rows come.
    pub fn shape(&self) -> Shape {
        self.row.shape
    }

    /// Its fields; those of a frame in the order of its values.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = OutputField> + use<> {
        let fields = self.row.fields.of(&FIELDS).iter();
        fields.map(|(name, label)| OutputField { name: name.get(), label: label.get() })
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Container({}, {:?})", self.name(), self.shape())
    }
}
