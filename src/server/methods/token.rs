//! `token.*`.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use tracing::info;

use super::{
    catalog::{Call, Catalog, Description, as_json},
    instant,
};
use crate::{
    account::Account,
    server::{
        Backend,
        error::Refusal,
        peer::{Caller, Peer},
        refusals::Refused,
    },
    token::{Source, State, TokenError, TokenHandle},
    wire::{
        codes::Kind,
        method,
        types::{AccountParams, Effect, Right, TokenSource, TokenState, TokenStatus},
    },
};

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add(
        Description {
            name: method::TOKEN_STATUS,
            needs: Right::Read,
            effect: Effect::Read,
            summary: "The state of the access token; never the token itself.",
            errors: &[Kind::UnknownAccount],
        },
        status,
    );
    catalog.add_async(
        Description {
            name: method::TOKEN_REFRESH,
            needs: Right::Refresh,
            effect: Effect::Issue,
            summary: "Renews the access token now if KIS's rule of one a minute allows it, else says when. KIS notifies the \
                      account's owner of every issuance, and within six hours of one hands out the same token again.",
            errors: &[Kind::TokenUnavailable, Kind::CredentialsRejected, Kind::UnknownAccount],
        },
        refresh,
    );
    catalog.add_subscription::<AccountParams, TokenStatus, _>(
        Description {
            name: method::TOKEN_SUBSCRIBE_STATUS,
            needs: Right::Read,
            effect: Effect::Read,
            summary: "The state of the access token as a notification, and again whenever it has changed. Over WebSocket and the \
                      JSON stream.",
            errors: &[],
        },
        method::TOKEN_STATUS,
        method::TOKEN_UNSUBSCRIBE_STATUS,
        |call| {
            let account = account(&call)?;
            let token = account.key.token.clone();
            Ok(Box::pin(stream::unfold((account, token, None), changes)))
        },
    );
}

fn account(call: &Call<'_, AccountParams>) -> Result<Account, Refusal> {
    Ok(call.backend.book().account(call.params.account.as_deref())?.clone())
}

/// The next state that differs from `told`.
async fn changes(
    (account, mut token, told): (Account, TokenHandle, Option<TokenStatus>),
) -> Option<(Bytes, (Account, TokenHandle, Option<TokenStatus>))> {
    loop {
        let status = on_the_wire(&account);
        if told.as_ref() != Some(&status) {
            return Some((as_json(&status).ok()?, (account, token, Some(status))));
        }
        token.changed().await;
    }
}

fn status(call: Call<'_, AccountParams>) -> Result<TokenStatus, Refusal> {
    Ok(on_the_wire(&account(&call)?))
}

async fn refresh(backend: Arc<Backend>, caller: Caller, params: AccountParams) -> Result<TokenStatus, Refusal> {
    let peer = caller.peer;
    let account = backend.book().account(params.account.as_deref())?.clone();
    let deadline = account.key.client.clock().monotonic().saturating_add(account.balance.call_timeout());
    let mut asked = Asked { peer, is_logged: false };
    let refreshed = account.key.token.refresh(deadline).await;
    if let Err(TokenError::TooEarly { .. }) = refreshed {
        asked.is_logged = true;
        backend.refusals.note(Refused::EarlyRenewal, peer);
    }
    refreshed.map_err(|error| Refusal::from(error).about(&account.name))?;
    Ok(on_the_wire(&account))
}

/// A renewal that was asked for by who may: it has a line in the log whatever becomes of it, also when the caller hangs up. One
/// within KIS's minute is refused, and counted with refusals.
struct Asked {
    peer: Peer,
    is_logged: bool,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let peer = self.peer;
        if !self.is_logged {
            info!(target: "audit", { peer.uid, peer.pid, allowed = true }, "a renewal of the token was asked for");
        }
    }
}

pub(super) fn state(state: State) -> TokenState {
    match state {
        State::Valid => TokenState::Valid,
        State::Renewing => TokenState::Renewing,
        State::Waiting => TokenState::Waiting,
        State::Rejected => TokenState::Rejected,
        State::Missing => TokenState::Missing,
    }
}

pub(super) fn on_the_wire(account: &Account) -> TokenStatus {
    let status = account.key.token.status();
    TokenStatus {
        account: account.id.to_string(),
        account_name: account.name.to_string(),
        state: state(status.state),
        expires_at: status.expires_at.map(instant),
        issued_at: status.issued_at.map(instant),
        next_refresh_at: status.next_refresh_at.map(instant),
        source: status.source.map(|source| match source {
            Source::Issued => TokenSource::Issued,
            Source::Mirror => TokenSource::Mirror,
        }),
        last_error: status.last_error.as_ref().map(ToString::to_string),
        last_fault: status.last_error.map(|error| Refusal::from(error).into()),
    }
}
