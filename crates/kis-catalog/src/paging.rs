//! How KIS asks for the next page: four ways, one of them with keys of many widths.

use crate::table::{PagingRow, Text};

/// How the next page of an operation is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// There is one page.
    None,
    /// The keys of a reply are sent back with the next request, whose header `tr_cont` is `N`.
    Keys {
        /// The condition of the search.
        fk: Option<Key>,
        /// Where it goes on.
        nk: Option<Key>,
        /// Whether the header `tr_cont` of a reply tells that there is more.
        /// KIS's documentation says of the others that they have one page, although they take keys.
        by_header: bool,
    },
    /// The header `tr_cont` alone: `M` or `F` in a reply, `N` in the next request.
    Header,
    /// A parameter says where the page begins.
    Cursor {
        /// That parameter.
        param: &'static str,
        /// A parameter that must be `1` for every page but the first.
        flag: Option<&'static str>,
        /// The field of a reply that has the value for the next page, where KIS names one.
        reply: Option<&'static str>,
    },
}

/// A key of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in a request, for example `CTX_AREA_NK100`.
    pub request: &'static str,
    /// Its name in a reply, for example `ctx_area_nk100`.
    pub reply: &'static str,
}

impl Paging {
    pub(crate) fn of(row: &PagingRow) -> Paging {
        let key =
            |key: &Option<(Text, Text)>| key.map(|(request, reply)| Key { request: request.get(), reply: reply.get() });
        match row {
            PagingRow::None => Paging::None,
            PagingRow::Keys { fk, nk, by_header } => Paging::Keys { fk: key(fk), nk: key(nk), by_header: *by_header },
            PagingRow::Header => Paging::Header,
            PagingRow::Cursor { param, flag, reply } => {
                Paging::Cursor { param: param.get(), flag: flag.map(Text::get), reply: reply.map(Text::get) }
            }
        }
    }
}
