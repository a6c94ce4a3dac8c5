//! Calls that were answered from memory, by the text of their parameters: the same text need not be parsed and checked again.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Weak},
};

use arc_swap::ArcSwapOption;

use super::catalog::Answer;
use crate::{
    account::{Account, AccountName},
    book::Book,
};

/// Texts that are remembered.
const SLOTS: usize = 512;

/// Longest text that is remembered, in bytes.
const LONGEST: usize = 1024;

/// Answers the same call about the same account again, if there is still an answer in memory that is young enough.
pub(super) type Again = Box<dyn Fn(&Account) -> Option<Answer> + Send + Sync>;

/// The texts that were asked last: one in each slot.
pub(super) struct Recent {
    slots: Box<[ArcSwapOption<Entry>]>,
    /// Seeded, so that nobody can choose texts that displace those of others.
    hasher: RandomState,
}

/// A text that was asked.
pub(super) struct Entry {
    text: Box<str>,
    /// The accounts as they were then.
    book: Weak<Book>,
    /// The account that it names.
    pub(super) named: Option<Box<str>>,
    /// The account that it was about.
    pub(super) account: AccountName,
    pub(super) again: Again,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| ArcSwapOption::empty()).collect(), hasher: RandomState::new() }
    }
}

impl Recent {
    fn slot(&self, text: &str) -> &ArcSwapOption<Entry> {
        #[allow(clippy::cast_possible_truncation, reason = "any part of a hash will do")]
        let hash = self.hasher.hash_one(text) as usize;
        &self.slots[hash % SLOTS]
    }

    /// Applies `use_it` to this text if it was asked before, while the accounts were those of `book`.
    pub(super) fn with<T>(&self, text: &str, book: &Arc<Book>, use_it: impl FnOnce(&Entry) -> Option<T>) -> Option<T> {
        if text.len() > LONGEST {
            return None;
        }
        let entry = self.slot(text).load();
        let entry = entry.as_deref().filter(|entry| *entry.text == *text)?;
        (entry.book.as_ptr() == Arc::as_ptr(book)).then(|| use_it(entry))?
    }

    /// Remembers a text, which names an account or not, and was about this one.
    pub(super) fn put(&self, text: &str, book: &Arc<Book>, named: Option<&str>, account: &AccountName, again: Again) {
        if text.len() > LONGEST {
            return;
        }
        let entry = Entry {
            text: text.into(),
            book: Arc::downgrade(book),
            named: named.map(Into::into),
            account: account.clone(),
            again,
        };
        self.slot(text).store(Some(Arc::new(entry)));
    }
}
