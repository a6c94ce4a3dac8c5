//! The way to the daemon, found anew whenever it is lost.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use jsonrpsee::{
    core::client::{Client, ClientT, Error},
    types::ErrorObjectOwned,
};
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::wire::{
    client::{self, ConnectError, RawParams},
    place::Places,
};

/// A daemon that restarts is back within this; tries to find it, and the pause between them.
const TRIES: u32 = 15;
const PAUSE: Duration = Duration::from_millis(200);

/// A daemon answers within its rpc.call_timeout, half a minute unless configured; an agent does not wait for ever.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The daemon says no.
    Refused(ErrorObjectOwned),
    /// No daemon answers.
    Away(String),
    /// There is a socket that we may not open.
    Shut(String),
}

#[derive(Debug)]
pub(super) struct Link {
    sockets: Places,
    /// The account that is meant where a model names none.
    account: Option<String>,
    /// Held while connecting, so that calls side by side connect once.
    client: Mutex<Option<Arc<Client>>>,
}

impl Link {
    pub(super) fn new(sockets: Places, account: Option<String>) -> Self {
        Self { sockets, account, client: Mutex::new(None) }
    }

    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Calls a method that only reads: it is called again if the daemon goes away before it has answered.
    pub(super) async fn ask(&self, method: &str, params: Option<Box<RawValue>>) -> Result<Box<RawValue>, Trouble> {
        self.ask_within(ANSWERED_WITHIN, method, params).await
    }

    /// The same with a deadline of the caller's, if that is later than the usual one.
    pub(super) async fn ask_within(
        &self,
        deadline: Duration,
        method: &str,
        params: Option<Box<RawValue>>,
    ) -> Result<Box<RawValue>, Trouble> {
        let deadline = deadline.max(ANSWERED_WITHIN);
        match tokio::time::timeout(deadline, self.ask_until_answered(method, params)).await {
            Ok(answer) => answer,
            Err(_) => {
                *self.client.lock().await = None;
                Err(Trouble::Away(format!("it takes longer than {} s to answer", deadline.as_secs())))
            }
        }
    }

    async fn ask_until_answered(&self, method: &str, params: Option<Box<RawValue>>) -> Result<Box<RawValue>, Trouble> {
        let mut tries = 0;
        loop {
            let lost = match self.client().await {
                Ok(client) => {
                    let answer: Result<Box<RawValue>, Error> = client.request(method, RawParams(params.clone())).await;
                    match answer {
                        Ok(result) => return Ok(result),
                        Err(error) => match client::daemon_error(&error) {
                            // Whoever is going down is asked again when it is up.
                            Some(error) if !client::is_going_down(&error) => return Err(Trouble::Refused(error)),
                            _ => format!("the connection to the daemon broke: {error}"),
                        },
                    }
                }
                Err(tried) => {
                    let told = tried.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                    if tried.iter().any(|error| error.reason.kind() == ErrorKind::PermissionDenied) {
                        return Err(Trouble::Shut(told));
                    }
                    told
                }
            };
            *self.client.lock().await = None;
            tries += 1;
            if tries == TRIES {
                return Err(Trouble::Away(lost));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn client(&self) -> Result<Arc<Client>, Vec<ConnectError>> {
        let mut client = self.client.lock().await;
        if let Some(client) = client.as_ref().filter(|client| client.is_connected()) {
            return Ok(client.clone());
        }
        let found = Arc::new(client::first(&self.sockets).await?);
        *client = Some(found.clone());
        Ok(found)
    }
}
