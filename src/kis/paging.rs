//! Lists that come in pages: where the next one starts, and whether there is one.

use super::{
    error::KisError,
    field::Place,
    reply::{More, Reply},
};

/// What some lists have for a key after their last row, while the header still promises another page.
const END_OF_LIST: &str = "^^";

/// Pages of one list at most; a thousand holdings on a paper account are 50.
pub const MOST_PAGES: usize = 200;

/// Where a page starts: opaque to everybody but KIS, echoed as it came, padding included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// `ctx_area_fk100`, or whatever its width is.
    pub fk: String,
    /// `ctx_area_nk100`, or whatever its width is.
    pub nk: String,
}

impl PageKey {
    /// The page after the one that starts here, if there is one. `answered` is what `reply` says, in the field `nk_name`.
    pub fn next(&self, answered: Self, reply: &Reply, nk_name: &str) -> Result<Option<Self>, KisError> {
        match (self.is_followed_by(&answered), reply.more) {
            (true, More::Yes) => Ok(Some(answered)),
            // Better no list than half of one.
            (true, More::Unsaid) => {
                let problem = format!("is missing or unknown, while {nk_name} names another page");
                Err(Place { tr_id: reply.tr_id, row: None }.malformed("the header tr_cont", problem))
            }
            _ => Ok(None),
        }
    }

    fn is_followed_by(&self, answered: &Self) -> bool {
        let (before, key) = (self.nk.trim(), answered.nk.trim());
        !key.is_empty() && key != END_OF_LIST && key != before
    }
}
