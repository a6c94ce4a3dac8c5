//! Any operation of KIS that reads, by its row of the catalogue. What a caller gives is checked before KIS is asked, and what KIS
//! answers is passed on as KIS wrote it.
//!
//! The answers of one app key share a bounded memory. An operation that changes something cannot be asked here at all.

mod body;
mod check;
mod days;
mod question;
mod seal;

use std::{fmt, ops::Deref, sync::Arc};

use tokio_util::sync::CancellationToken;

use self::seal::Seal;
use crate::{
    desk::{Asked, Desks, Settings},
    token::KeySession,
};

pub use self::{
    check::{Refused, Wanted, filled_in, not_called},
    days::Told,
    question::{CallFault, CallQuestion, Called, Form},
};

/// Memory for the answers of one app key, in bytes.
const MEMORY: u64 = 4 << 20;

/// The questions that were asked with one app key, and their answers.
pub struct Calls {
    desks: Desks<CallQuestion>,
    seal: Seal,
    days: days::Kept,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.desks.fmt(f)
    }
}

impl Asked for CallQuestion {
    fn bytes(answer: &Called) -> usize {
        // KIS's containers, and the replies made of them once they are given from memory.
        2 * answer.body.get().len()
    }
}

impl Calls {
    /// With an app key, until `stop`.
    pub fn new(key: &KeySession, settings: Settings, stop: CancellationToken) -> Arc<Self> {
        let desks = Desks::new(key.client.clone(), key.token.clone(), settings, MEMORY, stop);
        Arc::new(Self { desks, seal: Seal::new(), days: days::Kept::at(key.file_beside("days")) })
    }
}

impl Deref for Calls {
    type Target = Desks<CallQuestion>;

    fn deref(&self) -> &Desks<CallQuestion> {
        &self.desks
    }
}
