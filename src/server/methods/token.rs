//! `token.*`.

use futures_util::stream;

use super::{
    catalog::{About, Answer, Catalog, Outcome, as_json},
    instant,
};
use crate::{
    account::Account,
    server::{error::Refusal, refusals::Refused},
    token::{Source, State, TokenError, TokenHandle},
    wire::{
        method,
        types::{AccountParams, TokenSource, TokenState, TokenStatus},
    },
};

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_about::<method::TokenStatus, _>(|about| Outcome::Now(as_json(&on_the_wire(about.account))));
    catalog.add_async::<method::TokenRefresh, _, _>(|about: About<'_, AccountParams>| refresh(about.account.clone()));
    catalog.add_subscription::<method::TokenSubscribeStatus, _>(|about| {
        let account = about.account.clone();
        let token = account.key.token.clone();
        Ok(Box::pin(stream::unfold((account, token, None), changes)))
    });
}

/// The next state that differs from `told`.
async fn changes(
    (account, mut token, told): (Account, TokenHandle, Option<TokenStatus>),
) -> Option<(Answer, (Account, TokenHandle, Option<TokenStatus>))> {
    loop {
        let status = on_the_wire(&account);
        if told.as_ref() != Some(&status) {
            return Some((as_json(&status), (account, token, Some(status))));
        }
        token.changed().await;
    }
}

async fn refresh(account: Account) -> Result<TokenStatus, Refusal> {
    let deadline = account.key.client.clock().monotonic().saturating_add(account.balance.call_timeout());
    account.key.token.refresh(deadline).await.map_err(|error| {
        let counted = matches!(error, TokenError::TooEarly { .. }).then_some(Refused::EarlyRenewal);
        Refusal::from(error).about(&account.name).counted_as(counted)
    })?;
    Ok(on_the_wire(&account))
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
