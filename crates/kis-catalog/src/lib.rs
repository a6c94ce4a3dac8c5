//! Every operation of the Open API of Korea Investment & Securities (KIS), as one table.
//!
//! The table is written by hand in `catalog/`: a file a group, a block an operation. The build turns it into rows of small
//! numbers and one text, which are part of the program; nothing is parsed or allocated at run time.
//!
//! ```
//! use kis_catalog::{Effect, Mode, catalog};
//!
//! let found = catalog().find("TTTC8434R").unwrap();
//! assert_eq!(found.operation.korean_name(), "주식잔고조회");
//! assert_eq!(found.operation.tr_id(Mode::Paper), Some("VTTC8434R"));
//! assert_eq!(found.operation.effect(), Effect::Read);
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `operation` | an operation |
//! | `parts` | its parameters and outputs |
//! | `paging` | how its next page is asked for |
//! | `find` | an operation by id or TR id |
//! | `search` | operations for a question |
//! | `table` | the rows that the build wrote |

mod find;
mod operation;
mod paging;
mod parts;
mod search;
mod table;

pub use self::{
    find::{By, Found, NotFound},
    operation::{Effect, Kind, Limit, Method, Mode, Operation, Scope},
    paging::{Key, Paging},
    parts::{Container, Fill, OutputField, Param, Shape},
    search::Hit,
};

/// All operations.
#[derive(Debug)]
pub struct Catalog {
    _one: (),
}

static CATALOG: Catalog = Catalog { _one: () };

/// The catalogue of all operations.
pub fn catalog() -> &'static Catalog {
    &CATALOG
}

impl Catalog {
    /// All operations, group by group, in KIS's order.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = &'static Operation> + use<> {
        table::OPERATIONS.iter()
    }

    /// The operation of this id, or of this TR id of today or before.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or if several share the TR id; the error suggests ids.
    pub fn find(&self, id_or_tr: &str) -> Result<Found<'static>, NotFound> {
        find::find(id_or_tr)
    }

    /// The operations that may answer a question, best first, and at most so many of them.
    ///
    /// A question is words or a sentence in Korean or English, an id, a TR id, a part of a path, the name of a field.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        search::search(query, limit)
    }
}
