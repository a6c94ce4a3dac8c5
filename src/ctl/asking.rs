//! Asks the daemon: again where that is safe, in time where it must be, and with a word to a person who waits.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use jsonrpsee::core::client::{Client, Error};
use serde_json::value::RawValue;

use super::{
    Failure,
    words::{Waiting, Words},
};
use crate::wire::{
    client,
    daemon::{self, Daemon},
    method::{self, Method},
    place::Places,
    text::printable,
    types::{DaemonStatus, NoParams, TokenState},
};

/// A daemon that is well answers what it knows within this.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A person is told what is waited for after this, and again whenever that has changed.
const PATIENCE: Duration = Duration::from_secs(1);

/// Calls a method; it is called again where that does no harm.
pub(super) async fn ask<M: Method>(daemon: &Daemon, params: &M::Params) -> Result<Box<RawValue>, Failure> {
    Ok(daemon.call::<M>(params).await?)
}

/// Calls a method once, and reads its result.
pub(super) async fn ask_once<M: Method>(client: &Client, params: &M::Params) -> Result<M::Result, Failure> {
    Ok(client::call::<M>(client, params).await.map_err(daemon::Failure::from)?)
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
