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
    server::{
        Backend,
        error::{MethodError, own},
        peer::{Caller, Peer},
        refusals::Refused,
    },
    token::{self, Source, State, TokenError, TokenHandle},
    wire::{
        codes::Kind,
        method,
        types::{NoParams, TokenSource, TokenState, TokenStatus},
    },
};

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add(
        Description {
            name: method::TOKEN_STATUS,
            summary: "The state of the access token; never the token itself.",
            errors: &[],
        },
        status,
    );
    catalog.add_async(
        Description {
            name: method::TOKEN_REFRESH,
            summary: "Renews the access token now if KIS's rule of one a minute allows it, else says when. KIS notifies the \
                      account's owner of every issuance, and within six hours of one hands out the same token again.",
            errors: &[Kind::TokenUnavailable, Kind::CredentialsRejected],
        },
        refresh,
    );
    catalog.add_subscription::<NoParams, TokenStatus, _>(
        Description {
            name: method::TOKEN_SUBSCRIBE_STATUS,
            summary: "The state of the access token as a notification, and again whenever it has changed. Over WebSocket and the \
                      JSON stream.",
            errors: &[],
        },
        method::TOKEN_STATUS,
        method::TOKEN_UNSUBSCRIBE_STATUS,
        |call| Ok(Box::pin(stream::unfold((call.backend.account.token.clone(), None), changes))),
    );
}

/// The next state that differs from `told`.
async fn changes(
    (mut token, told): (TokenHandle, Option<TokenStatus>),
) -> Option<(Bytes, (TokenHandle, Option<TokenStatus>))> {
    loop {
        let status = on_the_wire(token.status());
        if told.as_ref() != Some(&status) {
            return Some((as_json(&status).ok()?, (token, Some(status))));
        }
        token.changed().await;
    }
}

fn status(call: Call<'_, NoParams>) -> Result<TokenStatus, MethodError> {
    Ok(on_the_wire(call.backend.account.token.status()))
}

async fn refresh(backend: Arc<Backend>, caller: Caller, _: NoParams) -> Result<TokenStatus, MethodError> {
    let Caller { peer, rights } = caller;
    if !rights.refresh {
        backend.refusals.note(Refused::Renewal, peer);
        let message = format!(
            "uid {} may not ask for a renewal of the token; root and the daemon's own user may, and whoever is in \
             rpc.allow_refresh_uids",
            peer.uid
        );
        return Err(MethodError(own(Kind::PermissionDenied, message)));
    }
    let account = &backend.account;
    let deadline = account.client.clock().monotonic().saturating_add(account.balance.call_timeout());
    let mut asked = Asked { peer, is_logged: false };
    let refreshed = account.token.refresh(deadline).await;
    if let Err(TokenError::TooEarly { .. }) = refreshed {
        asked.is_logged = true;
        backend.refusals.note(Refused::EarlyRenewal, peer);
    }
    refreshed?;
    Ok(on_the_wire(account.token.status()))
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
            info!(peer.uid, peer.pid, allowed = true, "a renewal of the token was asked for");
        }
    }
}

pub(super) fn on_the_wire(status: token::TokenStatus) -> TokenStatus {
    TokenStatus {
        state: match status.state {
            State::Valid => TokenState::Valid,
            State::Renewing => TokenState::Renewing,
            State::Waiting => TokenState::Waiting,
            State::Rejected => TokenState::Rejected,
            State::Missing => TokenState::Missing,
        },
        expires_at: status.expires_at.map(instant),
        issued_at: status.issued_at.map(instant),
        next_refresh_at: status.next_refresh_at.map(instant),
        source: status.source.map(|source| match source {
            Source::Issued => TokenSource::Issued,
            Source::Mirror => TokenSource::Mirror,
        }),
        last_error: status.last_error,
    }
}
