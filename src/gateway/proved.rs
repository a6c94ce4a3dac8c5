//! What a connection has proved already: its secret and its token are verified once, and then known by their bytes.
//!
//! What is remembered belongs to one client as it is now. Whoever gets other keys, or none, is another client to the store, so
//! that nothing that was proved before counts any more from the next request on. When a key ends is looked at in every request.

use std::sync::{Arc, Mutex, PoisonError};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::clients::Client;

/// What a client proves itself with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Credential {
    /// The secret of its key pair.
    Secret,
    /// A token.
    Token,
}

/// What the client of a connection has proved.
#[derive(Default)]
pub(super) struct Proved(Mutex<Option<Kept>>);

struct Kept {
    client: Arc<Client>,
    secret: Option<Zeroizing<Box<[u8]>>>,
    token: Option<Zeroizing<Box<[u8]>>>,
}

impl Proved {
    /// Whether a credential is the client's.
    pub(super) fn holds(&self, client: &Arc<Client>, credential: Credential, given: &str) -> bool {
        // Every change leaves it whole, so a panic elsewhere while it was held has broken nothing.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The client is kept as long as what it has proved, so that no other can be in its place in memory.
        let kept = match &mut *kept {
            Some(kept) if Arc::ptr_eq(&kept.client, client) => kept,
            other => other.insert(Kept { client: client.clone(), secret: None, token: None }),
        };
        let known = match credential {
            Credential::Secret => &mut kept.secret,
            Credential::Token => &mut kept.token,
        };
        let is_known = |known: &Zeroizing<Box<[u8]>>| bool::from(known.ct_eq(given.as_bytes()));
        if known.as_ref().is_some_and(is_known) {
            return true;
        }
        let is_proof = match credential {
            Credential::Secret => client.is_proved_by(given),
            Credential::Token => client.has_made(given),
        };
        if is_proof {
            *known = Some(Zeroizing::new(given.as_bytes().into()));
        }
        is_proof
    }
}
