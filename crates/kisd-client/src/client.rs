//! A client of the socket: jsonrpsee's, on a transport that speaks the JSON stream.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::StreamExt;
use jsonrpsee::{
    core::{
        client::{
            Client, ClientBuilder, ClientT, Error as ClientError, ReceivedMessage, Subscription, SubscriptionClientT,
            TransportReceiverT, TransportSenderT,
        },
        traits::ToRpcParams,
    },
    types::ErrorObjectOwned,
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::value::RawValue;
use tokio::{
    io::AsyncWriteExt,
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_util::codec::FramedRead;

use super::{
    codes::Kind,
    frame::{Frame, FrameError, JsonStream},
    method::{self, Method},
    place::{NotAsked, Places},
};

/// Largest reply taken: ten thousand holdings are about 3 MiB.
const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// Longest wait for a reply; the daemon has its own, shorter deadline for each call.
const REPLY_WITHIN: Duration = Duration::from_secs(660);

/// Tries to connect to a daemon that cannot take the connection at the moment, and the pause between them.
const CONNECT_TRIES: u32 = 100;
const CONNECT_PAUSE: Duration = Duration::from_millis(20);

/// No daemon answers.
#[derive(Debug)]
pub struct ConnectError {
    /// The socket that was tried.
    pub path: PathBuf,
    /// What the system said, or why it was not asked.
    pub reason: io::Error,
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NotAsked::of(self) {
            Some(reason) => write!(f, "{} is not asked: {reason}", self.path.display()),
            None => write!(f, "no daemon answers on {}: {}", self.path.display(), self.reason),
        }
    }
}

/// Calls a method.
///
/// # Errors
///
/// Fails with the daemon's error, or where no answer comes that is understood.
pub async fn call<M: Method>(client: &Client, params: &M::Params) -> Result<M::Result, ClientError> {
    let params = serde_json::value::to_raw_value(params).map_err(ClientError::ParseError)?;
    client.request(M::NAME, RawParams(Some(params))).await
}

/// Subscribes; `E` is the event of `S`, or whatever else can be read of it.
///
/// # Errors
///
/// Fails with the daemon's error, or where no answer comes that is understood.
pub async fn subscribe<S: method::Subscription, E: DeserializeOwned + 'static>(
    client: &Client,
    params: &S::Params,
) -> Result<Subscription<E>, ClientError> {
    let params = serde_json::value::to_raw_value(params).map_err(ClientError::ParseError)?;
    client.subscribe(S::NAME, RawParams(Some(params)), S::End::NAME).await
}

/// Connects to the daemon at `path`.
pub async fn connect(path: &Path) -> Result<Client, ConnectError> {
    let stream = patiently(path).await.map_err(|reason| ConnectError { path: path.to_owned(), reason })?;
    let (read, write) = stream.into_split();
    let receiver = Receiver(FramedRead::new(read, JsonStream::new(MAX_REPLY_BYTES)));
    Ok(ClientBuilder::new().request_timeout(REPLY_WITHIN).build_with_tokio(Sender(write), receiver))
}

/// Connects to the first daemon that answers, and later to that one only; else says what was tried.
pub async fn first(places: &Places) -> Result<Client, Vec<ConnectError>> {
    let mut tried = Vec::new();
    for path in places.sockets() {
        match connect(path).await {
            Ok(client) => {
                places.answered(path);
                return Ok(client);
            }
            Err(error) => tried.push(error),
        }
    }
    match places.system(&tried) {
        Some(Ok(system)) => match connect(&system).await {
            Ok(client) => {
                places.answered(&system);
                return Ok(client);
            }
            Err(error) => tried.push(error),
        },
        Some(Err(not_asked)) => tried.push(not_asked),
        None => {}
    }
    Err(tried)
}

/// Connects, and tries again for a while if the daemon has more connections waiting than it can take at this moment.
async fn patiently(path: &Path) -> io::Result<UnixStream> {
    for _ in 0..CONNECT_TRIES {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => tokio::time::sleep(CONNECT_PAUSE).await,
            result => return result,
        }
    }
    UnixStream::connect(path).await
}

/// An error reply that names no request: the daemon refuses the connection, or could not make out the request.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unaddressed(pub ErrorObjectOwned);

/// Why nothing more is received.
#[derive(Debug, thiserror::Error)]
enum ReceiveError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Unaddressed(#[from] Unaddressed),
}

/// The daemon's error behind a failed request, whether it was addressed to that request or to none.
pub fn daemon_error(error: &ClientError) -> Option<ErrorObjectOwned> {
    match error {
        ClientError::Call(error) => Some(error.clone()),
        ClientError::RestartNeeded(inner) => daemon_error(inner),
        ClientError::Transport(inner) => match inner.downcast_ref::<ReceiveError>() {
            Some(ReceiveError::Unaddressed(Unaddressed(error))) => Some(error.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the daemon has said that it cannot serve this client now, and may in a moment.
pub fn passes(error: &ErrorObjectOwned) -> bool {
    is_going_down(error) || error.code() == Kind::Overloaded.code()
}

/// Whether the daemon has said that it is going down.
pub fn is_going_down(error: &ErrorObjectOwned) -> bool {
    error.code() == Kind::ShuttingDown.code()
}

/// The error of a reply whose id is `null`; jsonrpsee would only say that it waits for no such id.
fn unaddressed(reply: &[u8]) -> Option<Unaddressed> {
    #[derive(Deserialize)]
    struct Reply {
        id: Option<IgnoredAny>,
        error: Option<ErrorObjectOwned>,
    }
    // Results are long, and never without an id.
    let reply =
        reply.starts_with(br#"{"jsonrpc":"2.0","id":null"#).then(|| serde_json::from_slice::<Reply>(reply).ok())??;
    reply.error.filter(|_| reply.id.is_none()).map(Unaddressed)
}

/// Parameters that are JSON already, or none.
#[derive(Debug, Clone)]
pub struct RawParams(pub Option<Box<RawValue>>);

impl ToRpcParams for RawParams {
    fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
        Ok(self.0)
    }
}

struct Sender(OwnedWriteHalf);

impl TransportSenderT for Sender {
    type Error = io::Error;

    async fn send(&mut self, mut message: String) -> io::Result<()> {
        message.push('\n');
        self.0.write_all(message.as_bytes()).await
    }
}

struct Receiver(FramedRead<OwnedReadHalf, JsonStream>);

impl TransportReceiverT for Receiver {
    type Error = ReceiveError;

    async fn receive(&mut self) -> Result<ReceivedMessage, ReceiveError> {
        let broken = |kind: io::ErrorKind| ReceiveError::Frame(FrameError::Io(kind.into()));
        match self.0.next().await {
            Some(Ok(Frame::Message(reply))) => match unaddressed(&reply) {
                Some(error) => Err(error.into()),
                None => Ok(ReceivedMessage::Bytes(reply.into())),
            },
            Some(Ok(Frame::Malformed)) => Err(broken(io::ErrorKind::InvalidData)),
            Some(Err(error)) => Err(error.into()),
            None => Err(broken(io::ErrorKind::UnexpectedEof)),
        }
    }
}
