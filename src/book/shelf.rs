//! The book as it is now, for everybody who asks: the socket and the gateway.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use super::Book;

/// The book as it is now.
#[derive(Debug)]
pub struct Shelf {
    book: ArcSwap<Book>,
    /// Told when there is another.
    replaced: watch::Sender<()>,
}

impl Shelf {
    /// With this book.
    pub fn new(book: Book) -> Self {
        Self { book: ArcSwap::from_pointee(book), replaced: watch::Sender::default() }
    }

    /// The accounts, as they are now.
    pub fn book(&self) -> Guard<Arc<Book>> {
        self.book.load()
    }

    /// Replaces all accounts, and what is granted, at once.
    pub fn replace(&self, book: Book) {
        self.book.store(Arc::new(book));
        self.replaced.send_replace(());
    }

    /// Tells when there is another book.
    pub fn replaced(&self) -> watch::Receiver<()> {
        self.replaced.subscribe()
    }
}
