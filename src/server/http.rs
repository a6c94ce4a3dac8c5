//! HTTP/1.1 and WebSocket on the socket: `POST /` with a request as body, or an upgrade on `GET /`.

use std::{
    collections::VecDeque,
    error::Error as _,
    io,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{
        Extension,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{SinkExt, StreamExt};
use http_body_util::LengthLimitError;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::UnixStream;

use super::{
    connection::Connection,
    dispatch::Dispatcher,
    error::own,
    reply::{Reply, failure},
    session::{Channel, Incoming, converse},
    timing::{ClockTimer, ImpatientStream, TAKEN_WITHIN},
};
use crate::{
    clock,
    wire::{codes::Kind, method},
};

/// Longest wait for a request's head, and for the next request on an open connection.
const HEAD_WITHIN: Duration = Duration::from_secs(75);

/// Longest wait for a request's body.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Replies of a WebSocket that wait to be written; beyond, nothing more is read.
const MAX_QUEUED_BYTES: usize = 256 * 1024;

/// Frames of a WebSocket that wait to be taken, pongs included; beyond, the peer is let go.
const MAX_UNTAKEN_BYTES: usize = 16 * 1024 * 1024;

/// At shutdown, time to write an answer that is complete,
const FLUSH: Duration = Duration::from_secs(1);

/// and to see that there is none to write.
const NOTHING_TO_FLUSH: Duration = Duration::from_millis(50);

/// The media type of metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes, the same for every connection.
pub(super) fn router() -> Router {
    Router::new().route("/", post(call).get(upgrade)).route("/metrics", get(metrics))
}

pub(super) async fn serve(stream: UnixStream, connection: Arc<Connection>, router: Router) {
    let service = router.layer(Extension(connection.clone()));
    let clock = &connection.clock;
    let stream = ImpatientStream::new(stream, clock.clone(), TAKEN_WITHIN);
    let http = hyper::server::conn::http1::Builder::new()
        .timer(ClockTimer::new(clock.clone()))
        .header_read_timeout(HEAD_WITHIN)
        // A client that has said everything still gets its answers.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut http = pin!(http);
    let phases = &connection.phases;
    // An error is a client that broke the protocol or went away; hyper has answered what could be answered.
    tokio::select! {
        _ = http.as_mut() => return,
        () = phases.drain.cancelled() => {}
    }
    http.as_mut().graceful_shutdown();
    let answered = async {
        connection.calls.close();
        connection.calls.wait().await;
        let flush = if connection.has_called.load(Ordering::Relaxed) { FLUSH } else { NOTHING_TO_FLUSH };
        clock::sleep(&*connection.clock, flush).await;
    };
    // Without the second arm, half a request would hold up the shutdown.
    tokio::select! {
        _ = http => {}
        () = answered => {}
        () = phases.cut.cancelled() => {}
    }
}

async fn call(Extension(connection): Extension<Arc<Connection>>, request: Request<Body>) -> Response {
    if let Some(refusal) = from_a_browser(request.headers()) {
        return refusal;
    }
    let deadline = connection.clock.monotonic().saturating_add(BODY_WITHIN);
    let body = to_bytes(request.into_body(), connection.max_request_bytes);
    let body: Bytes = match clock::before(&*connection.clock, deadline, body).await {
        Some(Ok(body)) => body,
        Some(Err(error)) if error.source().is_some_and(|source| source.is::<LengthLimitError>()) => {
            return json(StatusCode::PAYLOAD_TOO_LARGE, Dispatcher::too_long(connection.max_request_bytes));
        }
        Some(Err(_)) => return json(StatusCode::BAD_REQUEST, Dispatcher::broken_body()),
        None => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let _call = connection.calls.token();
    connection.has_called.store(true, Ordering::Relaxed);
    match connection.dispatcher.reply(connection.caller, &body).await {
        Some(reply) => json(StatusCode::OK, reply),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn metrics(Extension(connection): Extension<Arc<Connection>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = from_a_browser(&headers) {
        return refusal;
    }
    match connection.dispatcher.text(connection.caller, method::DAEMON_METRICS) {
        Some(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn upgrade(
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Some(refusal) = from_a_browser(&headers) {
        return refusal;
    }
    let max_bytes = connection.max_request_bytes;
    upgrade
        .max_message_size(max_bytes)
        .max_frame_size(max_bytes)
        .max_write_buffer_size(MAX_UNTAKEN_BYTES)
        .on_upgrade(move |socket| websocket(socket, connection))
}

async fn websocket(socket: WebSocket, connection: Arc<Connection>) {
    converse(&connection, Messages { socket, queued: VecDeque::new(), bytes: 0 }).await;
}

struct Messages {
    socket: WebSocket,
    queued: VecDeque<Utf8Bytes>,
    bytes: usize,
}

impl Channel for Messages {
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Incoming>> {
        loop {
            return Poll::Ready(match ready!(self.socket.poll_next_unpin(context)) {
                Some(Ok(Message::Text(text))) => Some(Incoming::Message(text.into())),
                Some(Ok(Message::Binary(bytes))) => Some(Incoming::Message(bytes)),
                // Pings are answered below us; a close ends the stream by itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => continue,
                Some(Err(error)) if is_too_long(&error) => Some(Incoming::TooLong),
                Some(Err(_)) | None => None,
            });
        }
    }

    fn send(&mut self, reply: Reply) {
        let text = reply.into_text();
        self.bytes += text.len();
        self.queued.push_back(text.into());
    }

    fn is_full(&self) -> bool {
        self.bytes >= MAX_QUEUED_BYTES
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.queued.is_empty() {
            ready!(self.socket.poll_ready_unpin(context)).map_err(io::Error::other)?;
            if let Some(text) = self.queued.pop_front() {
                self.bytes -= text.len();
                self.socket.start_send_unpin(Message::Text(text)).map_err(io::Error::other)?;
            }
        }
        self.socket.poll_flush_unpin(context).map_err(io::Error::other)
    }

    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_close_unpin(context).map_err(io::Error::other)
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    // axum hides the kind of the error; its text names the limit.
    error.source().is_some_and(|source| source.to_string().contains("too long"))
}

/// A browser must not reach the socket through a proxy; nothing else sends `Origin`.
fn from_a_browser(headers: &HeaderMap) -> Option<Response> {
    headers.contains_key(header::ORIGIN).then(|| {
        let error = own(Kind::PermissionDenied, "requests with an Origin header, which browsers send, are refused");
        json(StatusCode::FORBIDDEN, Reply::Text(failure("null", &error)))
    })
}

fn json(status: StatusCode, reply: Reply) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], reply.into_text()).into_response()
}
