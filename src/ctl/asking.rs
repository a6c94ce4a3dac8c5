//! Asks the daemon: again where that is safe, in time where it must be, and with a word to a person who waits.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use jsonrpsee::core::client::{Client, ClientT, Error};
use serde_json::value::RawValue;

use super::{
    Failure,
    words::{Waiting, Words},
};
use crate::wire::{
    client::{self, RawParams},
    method::{self, Method},
    place::Places,
    text::printable,
    types::{DaemonStatus, Effect, NoParams, TokenState},
};

/// A daemon that is well answers what it knows within this.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A person is told what is waited for after this, and again whenever that has changed.
const PATIENCE: Duration = Duration::from_secs(1);

/// A daemon that is restarted is back within this; looks for it, and the pause between them.
const RESTART_TRIES: u32 = 15;
const RESTART_PAUSE: Duration = Duration::from_millis(200);

/// Calls a method: again, where that does no harm, if the daemon goes away before it has answered, as it does when it is
/// restarted.
pub(super) async fn ask<M: Method>(
    client: &Client,
    places: &Places,
    params: &M::Params,
) -> Result<Box<RawValue>, Failure> {
    let params = Some(serde_json::value::to_raw_value(params).map_err(Failure::Answer)?);
    match M::EFFECT {
        Effect::Read => again(client, places, M::NAME, params).await,
        Effect::Issue | Effect::Trade | Effect::Unknown => ask_named(client, M::NAME, params).await,
    }
}

/// Calls a method once.
pub(super) async fn ask_once<M: Method>(client: &Client, params: &M::Params) -> Result<M::Result, Failure> {
    let params = serde_json::value::to_raw_value(params).map_err(Failure::Answer)?;
    let raw = ask_named(client, M::NAME, Some(params)).await?;
    serde_json::from_str(raw.get()).map_err(Failure::Answer)
}

/// Calls what is called by name, once.
pub(super) async fn ask_named(
    client: &Client,
    method: &str,
    params: Option<Box<RawValue>>,
) -> Result<Box<RawValue>, Failure> {
    client
        .request(method, RawParams(params))
        .await
        .map_err(|error| Failure::Call(client::daemon_error(&error).map_or(error, Error::Call)))
}

async fn again(
    client: &Client,
    places: &Places,
    method: &str,
    params: Option<Box<RawValue>>,
) -> Result<Box<RawValue>, Failure> {
    let mut answer = ask_named(client, method, params.clone()).await;
    for _ in 0..RESTART_TRIES {
        match &answer {
            Err(Failure::Call(Error::Call(error))) if !client::is_going_down(error) => break,
            // It takes too long, and would again.
            Err(Failure::Call(Error::RequestTimeout)) => break,
            Err(Failure::Call(_) | Failure::NoDaemon(_)) => {}
            _ => break,
        }
        tokio::time::sleep(RESTART_PAUSE).await;
        answer = match client::first(places).await {
            Ok(client) => ask_named(&client, method, params.clone()).await,
            Err(tried) => Err(Failure::NoDaemon(tried)),
        };
    }
    answer
}

pub(super) async fn status_of(places: &Places) -> Result<DaemonStatus, Failure> {
    ask_status(&client::first(places).await.map_err(Failure::NoDaemon)?).await
}

pub(super) async fn ask_status(client: &Client) -> Result<DaemonStatus, Failure> {
    ask_once::<method::DaemonStatus>(client, &NoParams {}).await
}

/// The output of `asked`, which a daemon that is well gives at once.
pub(super) async fn in_time<T>(asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(AT_ONCE, asked).await.unwrap_or(Err(Failure::Call(Error::RequestTimeout)))
}

/// The output of `asked`. Somebody at a terminal is told after a second what it waits for; others are told nothing.
pub(super) async fn patiently<T>(places: &Places, words: &Words, asked: impl Future<Output = T>) -> T {
    tokio::pin!(asked);
    if !io::stderr().is_terminal() {
        return asked.await;
    }
    let mut said = None;
    loop {
        let told = async {
            tokio::time::sleep(PATIENCE).await;
            in_time(status_of(places)).await.map_or(Waiting::Daemon, |status| what_for(&status))
        };
        tokio::select! {
            biased;
            output = &mut asked => return output,
            waiting = told => if said.as_ref() != Some(&waiting) {
                // Nobody to tell if the terminal has gone; the answer is waited for all the same.
                let _ = writeln!(io::stderr(), "kisctl: {}", printable(&(words.waiting_for)(&waiting)));
                said = Some(waiting);
            }
        }
    }
}

/// What a call waits for, as far as the daemon knows.
fn what_for(status: &DaemonStatus) -> Waiting {
    let token = &status.token;
    match token.state {
        TokenState::Valid if status.quota.waiting > 0 => Waiting::Quota(status.quota.waiting),
        TokenState::Valid => Waiting::Kis,
        state => Waiting::Token(state, token.last_error.clone()),
    }
}
