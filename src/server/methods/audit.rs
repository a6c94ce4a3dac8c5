//! Who may use a method, and who did: the refusal of a right that was not granted, and a line in the log for each use of one that
//! does more than reading.

use std::sync::Arc;

use tracing::info;

use super::{
    catalog::{Answer, Outcome},
    openrpc,
};
use crate::{
    account::{Account, AccountName},
    book::{Book, Standing},
    server::{
        Backend,
        error::{Refusal, own},
        peer::{Caller, Peer},
        refusals::{Refused, asked_for},
    },
    wire::{codes::Kind, method::Method, types::Right},
};

/// A method, as far as rights are concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guarded {
    name: &'static str,
    needs: Right,
}

impl Guarded {
    pub(super) fn of<M: Method>() -> Self {
        Self { name: M::NAME, needs: M::NEEDS }
    }

    /// Whether the caller has the right in some account; it is refused otherwise.
    pub(super) fn anywhere(self, backend: &Backend, caller: &Caller, standing: &Standing) -> Result<(), Refusal> {
        if standing.anywhere().has(self.needs) { Ok(()) } else { Err(self.denied(backend, caller, None)) }
    }

    /// The account that is meant, if the caller has the right there. For who may not read it, there is none.
    pub(super) fn account<'a>(
        self,
        backend: &Backend,
        caller: &Caller,
        (book, standing): (&'a Book, &Standing),
        name: Option<&str>,
    ) -> Result<&'a Account, Refusal> {
        let (account, rights) = book.account(name, standing)?;
        if rights.has(self.needs) { Ok(account) } else { Err(self.denied(backend, caller, Some(&account.name))) }
    }

    /// Says no to a caller who lacks the right, in an account or everywhere: to the caller, and in the log.
    fn denied(self, backend: &Backend, caller: &Caller, account: Option<&AccountName>) -> Refusal {
        let Self { name, needs } = self;
        backend.refusals.note(Refused::Denied { method: name, needs }, caller.peer);
        let (uid, right) = (caller.peer.uid, needs.name());
        let place = account.map(|account| format!(" in the account \"{account}\"")).unwrap_or_default();
        let short = match needs {
            Right::Read => ", and that to read every account by rpc.allow_uids",
            Right::Refresh => ", and that to refresh every token by rpc.allow_refresh_uids",
            _ => "",
        };
        let message = format!(
            "{name} needs the right \"{right}\", which uid {uid} does not have{place}; the owner of kisd can give it by [[grants]] \
             with rights = [\"{right}\"] in the configuration{short}"
        );
        own(Kind::PermissionDenied, message)
    }

    /// Sees to it that the use of a right is in the log, with what came of it. Reading is not.
    pub(super) fn audited(
        self,
        backend: &Arc<Backend>,
        caller: &Caller,
        account: Option<&AccountName>,
        outcome: Outcome,
    ) -> Outcome {
        if self.needs == Right::Read {
            return outcome;
        }
        let (backend, peer) = (backend.clone(), caller.peer);
        let (account, claim) = (account.cloned(), caller.claim());
        let mut used = Use { method: self, backend, peer, claim, account, is_logged: false };
        match outcome {
            Outcome::Now(answer) => Outcome::Now(used.with(answer)),
            Outcome::Later(answer) => Outcome::Later(Box::pin(async move {
                let answer = answer.await;
                used.with(answer)
            })),
            outcome => {
                used.log("begun");
                outcome
            }
        }
    }
}

/// The use of a right. It has a line in the log whatever becomes of it, also when the caller hangs up.
struct Use {
    method: Guarded,
    backend: Arc<Backend>,
    peer: Peer,
    /// What the caller calls itself.
    claim: Option<Arc<String>>,
    account: Option<AccountName>,
    is_logged: bool,
}

impl Use {
    fn with(&mut self, answer: Answer) -> Answer {
        match answer.as_ref().map_err(Refusal::counted) {
            Ok(_) => self.log("done"),
            // Nothing was done, and whoever asks chooses how often.
            Err(Some(counted)) => {
                self.is_logged = true;
                self.backend.refusals.note(counted, self.peer);
            }
            Err(None) => {
                let kind = answer.as_ref().err().and_then(Refusal::kind);
                self.log(&kind.map_or_else(|| "error".to_owned(), openrpc::name));
            }
        }
        answer
    }

    fn log(&mut self, outcome: &str) {
        self.is_logged = true;
        let (peer, method, account) = (self.peer, self.method.name, self.account.as_ref().map(AccountName::as_str));
        let text = asked_for(self.method.needs);
        let claim = self.claim.as_deref().map(String::as_str);
        info!(target: "audit", { peer.uid, peer.pid, claim, method, account, outcome, allowed = true }, "{text}");
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        if !self.is_logged {
            self.log("its caller did not wait for the end");
        }
    }
}
