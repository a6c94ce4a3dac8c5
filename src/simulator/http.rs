//! HTTP/1.1 as KIS speaks it: `Content-Type` in title case, `tr_id`, `tr_cont` and `gt_uid` in lower case with underscores.
//!
//! hyper writes every header name in one case or the other, and clients of KIS look for these very spellings; hence this small
//! server on `httparse`. It serves what such clients send: a head, a body of known length, one request after another.

use std::{io, sync::Arc};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::World;

const MAX_HEAD: usize = 32 * 1024;
const MAX_BODY: usize = 1024 * 1024;

/// A request, read whole.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    keep_alive: bool,
}

impl Request {
    /// A header by its name, in any case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A query parameter by its exact name.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An answer before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

#[derive(Serialize)]
struct OAuthError<'a> {
    error_description: &'a str,
    error_code: &'a str,
}

#[derive(Serialize)]
struct GatewayError<'a> {
    rt_cd: &'a str,
    msg1: &'a str,
    msg_cd: &'a str,
}

impl Answer {
    pub(super) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let content_type = ("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned());
        Self { status, headers: vec![content_type], body: body.into() }
    }

    pub(super) fn of(status: u16, body: &impl Serialize) -> Self {
        // Only our own structs of strings are serialized here, which cannot fail.
        Self::json(status, serde_json::to_vec(body).unwrap_or_default())
    }

    /// The shape that the token calls fail in.
    pub(super) fn oauth_error(code: &str, message: &str) -> Self {
        Self::of(403, &OAuthError { error_description: message, error_code: code })
    }

    /// The shape that the gateway refuses business calls in.
    pub(super) fn gateway_error(code: &str, message: &str) -> Self {
        Self::of(500, &GatewayError { rt_cd: "1", msg1: message, msg_cd: code })
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn head(&self, date: Option<DateTime<Utc>>) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        if let Some(date) = date.filter(|_| !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date"))) {
            head.push_str(&date.format("Date: %a, %d %b %Y %H:%M:%S GMT\r\n").to_string());
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        head
    }
}

/// How an answer reaches the client.
#[derive(Debug)]
pub(super) enum Delivery {
    Whole(Answer),
    Cut { answer: Answer, after: usize },
    Reset,
}

pub(super) async fn accept(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, world.clone()));
                }
                // Out of descriptors, or the peer is gone: the next one may do better.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(mut stream: TcpStream, world: Arc<World>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::new();
    // An error is a client that went away, which is its right.
    while let Ok(Some(request)) = read(&mut stream, &mut buffer).await {
        let keep_alive = request.keep_alive;
        let (answer, length) = match world.answer(&request).await {
            Delivery::Reset => return,
            Delivery::Cut { answer, after } => (answer, Some(after)),
            Delivery::Whole(answer) => (answer, None),
        };
        let mut bytes = answer.head(world.date()).into_bytes();
        bytes.extend_from_slice(&answer.body[..length.unwrap_or(answer.body.len()).min(answer.body.len())]);
        if stream.write_all(&bytes).await.is_err() || length.is_some() || !keep_alive {
            return;
        }
    }
}

/// The next request; `None` when the client has closed the connection between two.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let (mut request, head_length, body_length) = loop {
        if let Some(head) = parse_head(buffer)? {
            break head;
        }
        if buffer.len() > MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(buffer).await? == 0 {
            return if buffer.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    };
    if body_length > MAX_BODY {
        return Err(io::ErrorKind::InvalidData.into());
    }
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    while buffer.len() < head_length + body_length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    request.body = buffer[head_length..head_length + body_length].to_vec();
    buffer.drain(..head_length + body_length);
    Ok(Some(request))
}

/// The request without its body, the length of its head and of its body; `None` while the head is incomplete.
fn parse_head(buffer: &[u8]) -> io::Result<Option<(Request, usize, usize)>> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let head_length = match head.parse(buffer).map_err(|_| invalid())? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(length) => length,
    };
    let target = url::Url::options()
        .base_url(url::Url::parse("http://kis").ok().as_ref())
        .parse(head.path.unwrap_or("/"))
        .map_err(|_| invalid())?;
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    let mut request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: target.path().to_owned(),
        query: target.query_pairs().into_owned().collect(),
        headers,
        body: Vec::new(),
        keep_alive: head.version == Some(1),
    };
    if request.header("transfer-encoding").is_some() {
        return Err(invalid());
    }
    if request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        request.keep_alive = false;
    }
    let body_length = match request.header("content-length") {
        Some(length) => length.trim().parse().map_err(|_| invalid())?,
        None => 0,
    };
    Ok(Some((request, head_length, body_length)))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
