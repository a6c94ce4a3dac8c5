//! A daemon that may be restarted or upgraded while its client lives: it is found when it is asked, and again when it is lost.
//!
//! What was sent and not answered is sent again where the method's effect allows it, and nowhere else: the one policy of all clients.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jsonrpsee::{
    core::{
        client::{Client, ClientT, Error, Subscription as Events},
        params::ObjectParams,
    },
    types::ErrorObjectOwned,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::{
    client::{self, ConnectError, RawParams},
    method::{DaemonHello, Method, Subscription},
    place::Places,
    types::Effect,
};

/// A daemon that is restarted is back within this: looks for it, and the pause between them.
const TRIES: u32 = 15;
const PAUSE: Duration = Duration::from_millis(200);

/// Letters of a name that the daemon takes.
const LONGEST_NAME: usize = 64;

/// Pause between looks for a daemon that may be away for long.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// No daemon answers: what was tried.
    Away(Vec<ConnectError>),
    /// The daemon says no.
    Refused(ErrorObjectOwned),
    /// The connection broke, or the answer cannot be understood.
    Lost(Error),
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(tried) => {
                let tried: Vec<String> = tried.iter().map(ToString::to_string).collect();
                f.write_str(&tried.join("; "))
            }
            Self::Refused(error) => f.write_str(error.message()),
            Self::Lost(error) => write!(f, "the connection to the daemon broke: {error}"),
        }
    }
}

/// Of what jsonrpsee says.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match client::daemon_error(&error) {
            Some(refusal) => Self::Refused(refusal),
            None => Self::Lost(error),
        }
    }
}

impl Failure {
    /// Whether the daemon may be there again in a moment.
    fn passes(&self) -> bool {
        match self {
            Self::Refused(error) => client::is_going_down(error),
            // It takes too long, and would again.
            Self::Lost(Error::RequestTimeout) => false,
            Self::Lost(_) | Self::Away(_) => true,
        }
    }
}

/// The way to a daemon.
#[derive(Debug)]
pub struct Daemon {
    places: Places,
    /// Held while connecting, so that calls side by side connect once.
    client: Mutex<Option<Arc<Client>>>,
    /// What the program calls itself.
    name: OnceLock<String>,
}

impl Daemon {
    /// The first that answers on one of these places, and later that one only. Nothing is connected yet.
    pub fn new(places: Places) -> Self {
        Self { places, client: Mutex::new(None), name: OnceLock::new() }
    }

    /// Says on every connection from the next on what the program calls itself, which the daemon's log shows; the first name stays.
    pub fn calls_itself(&self, name: &str) {
        let name: String = name.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
        let _ = self.name.set(name);
    }

    /// Where it is looked for.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// A connection: the one there is, or a new one.
    ///
    /// # Errors
    ///
    /// Fails if no daemon answers, with what was tried.
    pub async fn connect(&self) -> Result<Arc<Client>, Vec<ConnectError>> {
        let mut client = self.client.lock().await;
        if let Some(client) = client.as_ref().filter(|client| client.is_connected()) {
            return Ok(client.clone());
        }
        let found = Arc::new(client::first(&self.places).await?);
        if let Some(name) = self.name.get().filter(|name| !name.is_empty()) {
            let mut params = ObjectParams::new();
            // Nothing depends on it, and an older daemon does not know it: its answer is not waited for.
            if params.insert("client", name).is_ok() {
                let _ = found.notification(DaemonHello::NAME, params).await;
            }
        }
        *client = Some(found.clone());
        Ok(found)
    }

    /// Forgets the connection, which hangs.
    pub async fn disconnect(&self) {
        *self.client.lock().await = None;
    }

    /// Calls a method; the result as the daemon wrote it.
    ///
    /// # Errors
    ///
    /// Fails with the daemon's refusal, or if it does not answer; what may be called again has been, for a few seconds.
    pub async fn call<M: Method>(&self, params: &M::Params) -> Result<Box<RawValue>, Failure> {
        let params =
            serde_json::value::to_raw_value(params).map_err(|error| Failure::Lost(Error::ParseError(error)))?;
        self.call_named(M::NAME, M::EFFECT, Some(params)).await
    }

    /// Calls a method by its name, which is known to have this effect.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call) does.
    pub async fn call_named(
        &self,
        method: &str,
        effect: Effect,
        params: Option<Box<RawValue>>,
    ) -> Result<Box<RawValue>, Failure> {
        let tries = match effect {
            Effect::Read => TRIES,
            Effect::Issue | Effect::Trade | Effect::Control | Effect::Unknown => 1,
        };
        let mut answer = self.once(method, params.clone()).await;
        for _ in 1..tries {
            if !answer.as_ref().is_err_and(Failure::passes) {
                break;
            }
            self.disconnect().await;
            tokio::time::sleep(PAUSE).await;
            answer = self.once(method, params.clone()).await;
        }
        answer
    }

    async fn once(&self, method: &str, params: Option<Box<RawValue>>) -> Result<Box<RawValue>, Failure> {
        let client = self.connect().await.map_err(Failure::Away)?;
        Ok(client.request(method, RawParams(params)).await?)
    }

    /// Subscribes; `E` is the event of `S`, or whatever else can be read of it. The events end when the connection does.
    ///
    /// # Errors
    ///
    /// Fails with the daemon's refusal, or if it does not answer.
    pub async fn subscribe<S: Subscription, E: DeserializeOwned + 'static>(
        &self,
        params: &S::Params,
    ) -> Result<Events<E>, Failure> {
        let client = self.connect().await.map_err(Failure::Away)?;
        Ok(client::subscribe::<S, E>(&client, params).await?)
    }

    /// Subscribes again, as soon as a daemon answers that has room for it.
    ///
    /// # Errors
    ///
    /// Fails with the daemon's refusal.
    pub async fn subscribe_again<S: Subscription, E: DeserializeOwned + 'static>(
        &self,
        params: &S::Params,
    ) -> Result<Events<E>, Failure> {
        loop {
            self.disconnect().await;
            tokio::time::sleep(LONG_PAUSE).await;
            match self.subscribe::<S, E>(params).await {
                // It is going down, or not yet ready for all who come back.
                Err(Failure::Refused(error)) if client::passes(&error) => {}
                Err(Failure::Away(_) | Failure::Lost(_)) => {}
                result => return result,
            }
        }
    }
}
