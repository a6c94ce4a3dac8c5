//! Cursors: where a list goes on, as a text that only this process reads, and only for the call that it was given for.
//!
//! KIS's own keys hold the account number, so they are encrypted. A restart makes them invalid, as it may well be with KIS's.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    ChaCha20Poly1305, Nonce,
    aead::{Aead, Generate, Key, KeyInit, Payload},
};

use crate::kis::paging::PageKey;

/// Bytes of a nonce.
const NONCE: usize = 12;

/// What separates the two keys: no key of KIS has a line break.
const SEPARATOR: char = '\n';

/// Seals cursors, and opens its own.
pub(super) struct Seal(ChaCha20Poly1305);

impl Seal {
    pub(super) fn new() -> Self {
        Self(ChaCha20Poly1305::new(&Key::<ChaCha20Poly1305>::generate()))
    }

    /// The cursor of a page, for calls that are about the same. `None`: it cannot be written.
    pub(super) fn seal(&self, page: &PageKey, about: &str) -> Option<String> {
        let nonce = Nonce::generate();
        let text = format!("{}{SEPARATOR}{}", page.fk, page.nk);
        let sealed = self.0.encrypt(&nonce, Payload { msg: text.as_bytes(), aad: about.as_bytes() }).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// The page of a cursor; `None`: it is not one of ours, or was given for another call.
    pub(super) fn open(&self, cursor: &str, about: &str) -> Option<PageKey> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let text = self.0.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: about.as_bytes() }).ok()?;
        let (fk, nk) = std::str::from_utf8(&text).ok()?.split_once(SEPARATOR)?;
        Some(PageKey { fk: fk.to_owned(), nk: nk.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_where_it_was_sealed_for_the_same_call_and_says_nothing_else() {
        let (seal, page) = (Seal::new(), PageKey { fk: "12345678^01".to_owned(), nk: "  A1 ".to_owned() });
        let cursor = seal.seal(&page, "one").unwrap();
        assert!(!cursor.contains("12345678"));
        assert_ne!(seal.seal(&page, "one").unwrap(), cursor);
        assert_eq!(seal.open(&cursor, "one"), Some(page));
        assert_eq!(seal.open(&cursor, "another"), None);
        assert_eq!(Seal::new().open(&cursor, "one"), None);
        for garbage in ["", "A", "not base64!", &cursor[1..], &cursor[..cursor.len() - 4], &"A".repeat(10_000)] {
            assert_eq!(seal.open(garbage, "one"), None, "{garbage}");
        }
    }
}
