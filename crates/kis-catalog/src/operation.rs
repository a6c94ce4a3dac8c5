//! One operation of KIS, and what there is to know of it.

use std::fmt;

use crate::{
    paging::Paging,
    parts::{Container, Param},
    table::{CONTAINERS, ContainerRow, GROUPS, OLD, PARAMS, PagingRow, Range, Text},
};

/// One operation of KIS.
///
/// Operations are rows of a table in the program: a reference is all that is ever passed around.
pub struct Operation {
    pub(crate) id: Text,
    pub(crate) korean: Text,
    pub(crate) english: Text,
    pub(crate) group: u8,
    pub(crate) kind: Kind,
    pub(crate) method: Method,
    pub(crate) path: Text,
    pub(crate) real: Option<Text>,
    pub(crate) paper: Option<Text>,
    pub(crate) old: Range,
    pub(crate) scope: Scope,
    pub(crate) paging: PagingRow,
    pub(crate) limit: Option<Limit>,
    pub(crate) params: Range,
    pub(crate) outputs: Range,
}

/// What sort of operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Tokens and keys.
    Auth,
    /// Prices and other facts that are the same for everybody, or belong to an HTS id.
    Quotation,
    /// What an account has and did.
    AccountRead,
    /// Orders.
    Trading,
    /// Frames over the WebSocket.
    Realtime,
}

/// How it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters in a JSON body.
    Post,
    /// Subscribed over the WebSocket.
    WebSocket,
}

impl Method {
    /// The word of HTTP, or `WS`.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::WebSocket => "WS",
        }
    }
}

/// KIS's two environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Real money.
    Real,
    /// Paper trading.
    Paper,
}

/// What a call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Nothing.
    Read,
    /// Tokens and keys.
    Issue,
    /// Orders: money.
    Trade,
}

/// Whose reply it is: what a cache must be keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The account's: it takes an account number.
    Account,
    /// The owner's of the key or the HTS id.
    Owner,
    /// The same for everybody.
    Public,
}

/// A limit of its own, beside the limit of calls a second that every key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many calls …
    pub calls: u32,
    /// … in how many seconds.
    pub seconds: u32,
    /// Whether all customers of KIS share it, so that a key cannot keep it alone.
    pub all_customers: bool,
}

impl Operation {
    /// Its name in kisd, for example `domestic-stock-quotations-inquire-price`.
    pub fn id(&self) -> &'static str {
        self.id.get()
    }

    /// Its name in KIS's documentation. Several operations may share one: selling and buying, for example.
    pub fn korean_name(&self) -> &'static str {
        self.korean.get()
    }

    /// Its name in English.
    pub fn english_name(&self) -> &'static str {
        self.english.get()
    }

    /// The group that it belongs to, for example `domestic-stock-quotations`.
    pub fn group(&self) -> &'static str {
        GROUPS[usize::from(self.group)].0.get()
    }

    /// The group as KIS's documentation calls it.
    pub fn group_name(&self) -> &'static str {
        GROUPS[usize::from(self.group)].1.get()
    }

    /// What sort of operation it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How it is called.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Its path, which begins with a slash. Several operations may share one.
    pub fn path(&self) -> &'static str {
        self.path.get()
    }

    /// The TR id in this mode; nothing where the mode lacks the operation, and for those of kind [`Kind::Auth`].
    pub fn tr_id(&self, mode: Mode) -> Option<&'static str> {
        match mode {
            Mode::Real => self.real,
            Mode::Paper => self.paper,
        }
        .map(Text::get)
    }

    /// Whether this mode has the operation.
    pub fn available(&self, mode: Mode) -> bool {
        self.kind == Kind::Auth || self.tr_id(mode).is_some()
    }

    /// TR ids that KIS has replaced by those of today.
    pub fn old_tr_ids(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.old.of(&OLD).iter().map(|text| text.get())
    }

    /// What a call changes.
    pub fn effect(&self) -> Effect {
        match self.kind {
            Kind::Quotation | Kind::AccountRead | Kind::Realtime => Effect::Read,
            Kind::Auth => Effect::Issue,
            Kind::Trading => Effect::Trade,
        }
    }

    /// Whose reply it is.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// How the next page is asked for.
    pub fn paging(&self) -> Paging {
        Paging::of(&self.paging)
    }

    /// A limit of its own.
    pub fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// Its parameters, in KIS's order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Param> + use<> {
        self.params.of(&PARAMS).iter().map(Param::of)
    }

    /// The parts of its reply. The one that is called `top` lists the members of the reply itself.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = Container> + use<> {
        self.outputs_rows().map(Container::of)
    }

    pub(crate) fn outputs_rows(&self) -> impl ExactSizeIterator<Item = &'static ContainerRow> + use<> {
        self.outputs.of(&CONTAINERS).iter()
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Operation) -> bool {
        self.id == other.id
    }
}

impl Eq for Operation {}

impl fmt::Debug for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Operation({})", self.id())
    }
}
