//! Requests and answers on one connection.

use std::{future::Future, io, time::Duration};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    MAX_BODY, MAX_HEAD, Refusal, Request, Response,
    request::{Body, Head},
};

/// Longest line with the size of a chunk, with whatever extensions.
const MAX_CHUNK_LINE: usize = 1024;

/// What is still read after a refusal. Closing with bytes unread would reset the connection and could take the answer with it.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 4 * MAX_BODY;

/// How long a client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte of a request to its last.
    pub request: Duration,
    /// From an answer to the first byte of the next request.
    pub idle: Duration,
    /// From the first byte of an answer to its last, which waits for a client that does not read.
    pub answer: Duration,
}

impl Limits {
    /// As long as it likes.
    pub const NONE: Self = Self { request: Duration::MAX, idle: Duration::MAX, answer: Duration::MAX };
}

/// What answers requests.
pub trait Service: Send + Sync + 'static {
    /// Whether a client that closes its side while it waits has left: its answer is not waited for any more. If not, it may have
    /// closed only the side that it has nothing more to say on.
    const ENDS_WITH_ITS_CLIENT: bool = false;

    /// How long a client may take.
    const LIMITS: Limits = Limits::NONE;

    /// Answers a request.
    fn answer(&self, request: Request) -> impl Future<Output = Delivery> + Send;

    /// Completes when no further request is to be read.
    fn stopped(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Words the answer to a request that cannot be read.
    fn refuse(&self, refusal: Refusal) -> Response {
        Response::new(refusal.status()).header("Content-Type", "text/plain; charset=utf-8").body(format!("{refusal}\n"))
    }
}

/// How an answer reaches the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// As it should.
    Whole(Response),
    /// The connection is closed after so many bytes of the body.
    Cut {
        /// The answer.
        response: Response,
        /// Bytes of the body that are sent.
        after: usize,
    },
    /// The connection is closed without an answer.
    Closed,
}

/// Serves one connection until the client leaves, or is refused.
pub async fn serve_connection<S, C>(mut connection: C, service: &S)
where
    S: Service,
    C: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut buffer = Vec::new();
    loop {
        if buffer.is_empty() {
            let first = tokio::time::timeout(S::LIMITS.idle, connection.read_buf(&mut buffer));
            tokio::select! {
                biased;
                read = first => if !matches!(read, Ok(Ok(1..))) { return },
                () = service.stopped() => return,
            }
        }
        let reading = tokio::time::timeout(S::LIMITS.request, read(&mut connection, &mut buffer)).await;
        let (request, keep_alive) = match reading.unwrap_or(Err(Broken::Refused(Refusal::TooSlow))) {
            Ok(read) => read,
            Err(Broken::Gone) => return,
            Err(Broken::Refused(refusal)) => {
                let response = service.refuse(refusal);
                if send(&mut connection, &response, None, false, true, S::LIMITS.answer).await.is_ok() {
                    linger(&mut connection).await;
                }
                return;
            }
        };
        let only_head = request.method == "HEAD";
        let Some(delivery) = answer(&mut connection, &mut buffer, service, request).await else { return };
        let (response, after) = match delivery {
            Delivery::Whole(response) => (response, None),
            Delivery::Cut { response, after } => (response, Some(after)),
            Delivery::Closed => return,
        };
        let sent = send(&mut connection, &response, after, only_head, !keep_alive, S::LIMITS.answer).await;
        if sent.is_err() || after.is_some() || !keep_alive {
            return;
        }
    }
}

/// The answer to a request; `None` if the client has left before it was there.
async fn answer<S, C>(connection: &mut C, buffer: &mut Vec<u8>, service: &S, request: Request) -> Option<Delivery>
where
    S: Service,
    C: AsyncRead + Unpin,
{
    let answering = service.answer(request);
    tokio::pin!(answering);
    loop {
        tokio::select! {
            biased;
            delivery = &mut answering => return Some(delivery),
            // Further requests of who does not wait for answers; so many, and the others wait where they are.
            read = connection.read_buf(buffer), if S::ENDS_WITH_ITS_CLIENT && buffer.len() < MAX_HEAD => {
                if !matches!(read, Ok(1..)) {
                    return None;
                }
            }
        }
    }
}

/// Why there is no next request.
enum Broken {
    Refused(Refusal),
    /// The client went away within a request.
    Gone,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl From<Refusal> for Broken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn send(
    connection: &mut (impl AsyncWrite + Unpin),
    response: &Response,
    after: Option<usize>,
    only_head: bool,
    closes: bool,
    within: Duration,
) -> io::Result<()> {
    let mut bytes = response.head(closes).into_bytes();
    let length = if only_head { 0 } else { after.unwrap_or(usize::MAX).min(response.body.len()) };
    bytes.extend_from_slice(&response.body[..length]);
    let written = async {
        connection.write_all(&bytes).await?;
        connection.flush().await
    };
    tokio::time::timeout(within, written).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Reads and forgets what the client still sends, so that it can read the answer.
async fn linger(connection: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    if connection.shutdown().await.is_err() {
        return;
    }
    let mut forgotten = vec![0; 16 * 1024];
    let reading = async {
        let mut left = LINGER_BYTES;
        while let Ok(read @ 1..) = connection.read(&mut forgotten).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    // A client that neither leaves nor stops sending has had its answer for a second.
    let _ = tokio::time::timeout(LINGER, reading).await;
}

/// The next request, and whether another may follow.
async fn read<C>(connection: &mut C, buffer: &mut Vec<u8>) -> Result<(Request, bool), Broken>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    let head = loop {
        if let Some(head) = Head::parse(buffer)? {
            break head;
        }
        if buffer.len() > MAX_HEAD {
            return Err(Refusal::HeadTooLarge.into());
        }
        if connection.read_buf(buffer).await? == 0 {
            return Err(Broken::Gone);
        }
    };
    if head.length > MAX_HEAD {
        return Err(Refusal::HeadTooLarge.into());
    }
    buffer.drain(..head.length);
    let Head { mut request, body, keep_alive, .. } = head;
    if request.header_has("expect", "100-continue") && body != Body::Length(0) && buffer.is_empty() {
        connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        connection.flush().await?;
    }
    request.body = match body {
        Body::Length(length) => take(connection, buffer, length).await?,
        Body::Chunked => chunks(connection, buffer).await?,
    };
    Ok((request, keep_alive))
}

/// The next `length` bytes.
async fn take<C: AsyncRead + Unpin>(
    connection: &mut C,
    buffer: &mut Vec<u8>,
    length: usize,
) -> Result<Vec<u8>, Broken> {
    while buffer.len() < length {
        if connection.read_buf(buffer).await? == 0 {
            return Err(Broken::Gone);
        }
    }
    let rest = buffer.split_off(length);
    Ok(std::mem::replace(buffer, rest))
}

/// A body in chunks, with its trailers, which are forgotten.
async fn chunks<C: AsyncRead + Unpin>(connection: &mut C, buffer: &mut Vec<u8>) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    loop {
        let size = chunk_size(connection, buffer).await?;
        if size == 0 {
            break;
        }
        if size > MAX_BODY - body.len() {
            return Err(Refusal::BodyTooLarge.into());
        }
        body.extend(take(connection, buffer, size).await?);
        if take(connection, buffer, 2).await? != b"\r\n" {
            return Err(Refusal::Malformed.into());
        }
    }
    let mut trailers = 0;
    loop {
        let line = line(connection, buffer).await?;
        trailers += line.len();
        if line == b"\r\n" {
            return Ok(body);
        }
        if trailers > MAX_HEAD {
            return Err(Refusal::HeadTooLarge.into());
        }
    }
}

async fn chunk_size<C: AsyncRead + Unpin>(connection: &mut C, buffer: &mut Vec<u8>) -> Result<usize, Broken> {
    loop {
        match httparse::parse_chunk_size(buffer) {
            Ok(httparse::Status::Complete((line, size))) => {
                buffer.drain(..line);
                return usize::try_from(size).map_err(|_| Refusal::BodyTooLarge.into());
            }
            Ok(httparse::Status::Partial) if buffer.len() <= MAX_CHUNK_LINE => {}
            _ => return Err(Refusal::Malformed.into()),
        }
        if connection.read_buf(buffer).await? == 0 {
            return Err(Broken::Gone);
        }
    }
}

/// The next line, with its end.
async fn line<C: AsyncRead + Unpin>(connection: &mut C, buffer: &mut Vec<u8>) -> Result<Vec<u8>, Broken> {
    loop {
        if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            return take(connection, buffer, end + 1).await;
        }
        if buffer.len() > MAX_HEAD {
            return Err(Refusal::HeadTooLarge.into());
        }
        if connection.read_buf(buffer).await? == 0 {
            return Err(Broken::Gone);
        }
    }
}

#[cfg(test)]
mod tests;
