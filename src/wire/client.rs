//! A client of the socket: jsonrpsee's, on a transport that speaks the JSON stream.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::StreamExt;
use jsonrpsee::core::{
    client::{Client, ClientBuilder, ReceivedMessage, TransportReceiverT, TransportSenderT},
    traits::ToRpcParams,
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

use super::frame::{Frame, FrameError, JsonStream};

/// Largest reply taken: ten thousand holdings are about 3 MiB.
const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// Longest wait for a reply; the daemon has its own, shorter deadline for each call.
const REPLY_WITHIN: Duration = Duration::from_secs(660);

/// No daemon answers.
#[derive(Debug, thiserror::Error)]
#[error("no daemon answers on {path}: {reason}")]
pub struct ConnectError {
    /// The socket that was tried.
    pub path: PathBuf,
    /// What the system said.
    pub reason: io::Error,
}

/// Connects to the daemon at `path`.
pub async fn connect(path: &Path) -> Result<Client, ConnectError> {
    let stream = UnixStream::connect(path).await.map_err(|reason| ConnectError { path: path.to_owned(), reason })?;
    let (read, write) = stream.into_split();
    let receiver = Receiver(FramedRead::new(read, JsonStream::new(MAX_REPLY_BYTES)));
    Ok(ClientBuilder::new().request_timeout(REPLY_WITHIN).build_with_tokio(Sender(write), receiver))
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
    type Error = FrameError;

    async fn receive(&mut self) -> Result<ReceivedMessage, FrameError> {
        match self.0.next().await {
            Some(Ok(Frame::Message(bytes))) => Ok(ReceivedMessage::Bytes(bytes.into())),
            Some(Ok(Frame::Malformed)) => Err(io::Error::from(io::ErrorKind::InvalidData).into()),
            Some(Err(error)) => Err(error),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }
}
