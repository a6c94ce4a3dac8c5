//! Holds a call until KIS has answered it: while the token is on its way, the quota is used up or KIS counts too many calls, the client
//! waits, and sees nothing of it.

use std::{sync::Arc, time::Duration};

use super::{Gateway, answer::Refusal, rest::ended};
use crate::{
    account::{Account, relay::RelayQuestion},
    clients::Client,
    clock,
    desk::ReadError,
    kis::{Exchange, KisError, SHORTLY, quota::Claim},
    token::{CallError, TokenError},
};

impl Gateway {
    /// What KIS answers, for as long as the client waits, at most `gateway.patience`.
    pub(super) async fn hold(
        &self,
        client: &Arc<Client>,
        account: &Account,
        question: RelayQuestion,
    ) -> Result<Arc<Exchange>, Refusal> {
        tokio::select! {
            biased;
            () = client.clone().ended() => Err(ended()),
            answer = self.ask(client, account, question) => answer,
        }
    }

    async fn ask(&self, client: &Client, account: &Account, question: RelayQuestion) -> Result<Arc<Exchange>, Refusal> {
        let settings = self.settings.load_full();
        let deadline = self.clock.monotonic().saturating_add(settings.patience);
        let max_age = match question.target.is_quotation() {
            true => settings.quotation_max_age,
            false => settings.account_max_age,
        };
        if let Some(answer) = account.relays.from_memory(&question, max_age, Arc::clone) {
            return Ok(answer);
        }
        if let Some(quota) = &client.quota {
            let permit = quota.permit(&Claim::waiting(client.caller).into(), deadline).await;
            permit.map_err(|_| Refusal::later())?.is_used();
        }
        loop {
            let left = deadline.since(self.clock.monotonic());
            let error = match account.relays.ask(client.caller, question.clone(), max_age, left).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if self.clock.monotonic() >= deadline {
                return Err(Refusal::later());
            }
            let pause = passes(&error).ok_or_else(|| refusal(&error))?;
            let again_at = self.clock.monotonic().saturating_add(pause);
            if again_at >= deadline {
                clock::before(&*self.clock, deadline, std::future::pending::<()>()).await;
                return Err(Refusal::later());
            }
            self.clock.sleep_until(again_at).await;
        }
    }
}

/// After how long a call that ended so is worth making again; `None`: it has met something that does not pass by waiting.
fn passes<F>(error: &ReadError<F>) -> Option<Duration> {
    match error {
        ReadError::Call(error) => is_in_our_way(error),
        ReadError::CircuitOpen { last, retry_after } => is_in_our_way(last).map(|_| *retry_after),
        ReadError::DoesNotFit { .. } => Some(SHORTLY),
        ReadError::Fault(_) => None,
    }
}

/// Whether a call failed for want of a token or of a slot, and when there may be one.
fn is_in_our_way(error: &CallError) -> Option<Duration> {
    match error {
        CallError::Token(TokenError::Unavailable { retry_after, .. }) => Some((*retry_after).max(SHORTLY)),
        CallError::Kis(KisError::NoSlot { retry_after, .. }) => Some((*retry_after).max(SHORTLY)),
        CallError::Kis(KisError::Throttled(_) | KisError::TokenRefused(_)) => Some(SHORTLY),
        _ => None,
    }
}

fn refusal<F: std::error::Error>(error: &ReadError<F>) -> Refusal {
    match error {
        ReadError::Call(error) | ReadError::CircuitOpen { last: error, .. } => Refusal::of(error),
        ReadError::DoesNotFit { .. } | ReadError::Fault(_) => Refusal::later(),
    }
}
