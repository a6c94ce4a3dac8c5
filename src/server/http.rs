//! HTTP/1.1 on the socket: `POST /` with a request as body, `GET /metrics`, and the way to WebSocket, an upgrade on `GET /`.

use std::{
    collections::VecDeque,
    convert::Infallible,
    error::Error as _,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Extension,
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http_body_util::LengthLimitError;
use hyper::{
    body::{Frame, SizeHint},
    upgrade::OnUpgrade,
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::UnixStream;

use super::{
    connection::Connection,
    dispatch::{Dispatcher, Started},
    error::own,
    outbox::Outbox,
    pipe::Pipe,
    refusals::Refused,
    reply::{Reply, failure},
    timing::ClockTimer,
    unread::{Charge, Unread},
    websocket,
};
use crate::{
    clock,
    wire::{
        codes::Kind,
        method::{DaemonMetrics, Method},
    },
};

/// Longest wait for a request's head, and for the next request on an open connection.
const HEAD_WITHIN: Duration = Duration::from_secs(75);

/// Longest wait for a request's body.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// A reply of at most so many bytes is copied together: one write of them costs less than a gathering one.
const LITTLE: usize = 16 * 1024;

/// At shutdown, time to write an answer that is complete,
const FLUSH: Duration = Duration::from_secs(1);

/// and to see that there is none to write.
const NOTHING_TO_FLUSH: Duration = Duration::from_millis(50);

/// The media type of metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where a request leaves what the connection becomes.
type Upgrading = Arc<Mutex<Option<OnUpgrade>>>;

/// The routes, the same for every connection.
pub(super) fn router() -> Router {
    Router::new().route("/", post(call).get(upgrade)).route("/metrics", get(metrics))
}

pub(super) async fn serve(stream: UnixStream, connection: Arc<Connection>, router: Router) {
    let upgrading = Upgrading::default();
    let service = router.layer(Extension(connection.clone())).layer(Extension(upgrading.clone()));
    converse(stream, &connection, service).await;
    let upgrading = upgrading.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(upgrading) = upgrading
        && let Ok(upgraded) = upgrading.await
        && let Ok(parts) = upgraded.downcast::<TokioIo<Pipe>>()
    {
        websocket::serve(parts.io.into_inner(), parts.read_buf, &connection).await;
    }
}

async fn converse(stream: UnixStream, connection: &Arc<Connection>, service: Router) {
    let clock = &connection.clock;
    let stream = Pipe::new(stream, connection.clone());
    let http = hyper::server::conn::http1::Builder::new()
        .timer(ClockTimer::new(clock.clone()))
        .header_read_timeout(HEAD_WITHIN)
        // A client that has said everything still gets its answers; the pipe notices one that has gone.
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
    if let Some(refusal) = from_a_browser(&connection, request.headers()) {
        return refusal;
    }
    let deadline = connection.clock.monotonic().saturating_add(BODY_WITHIN);
    let body = to_bytes(request.into_body(), connection.max_request_bytes);
    let body: Bytes = match clock::before(&*connection.clock, deadline, body).await {
        Some(Ok(body)) => body,
        Some(Err(error)) if error.source().is_some_and(|source| source.is::<LengthLimitError>()) => {
            let reply = Dispatcher::too_long(connection.max_request_bytes);
            return json(StatusCode::PAYLOAD_TOO_LARGE, &reply, connection.unread());
        }
        Some(Err(_)) => return json(StatusCode::BAD_REQUEST, &Dispatcher::broken_body(), connection.unread()),
        None => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let _call = connection.calls.token();
    connection.has_called.store(true, Ordering::Relaxed);
    let reply = match connection.dispatcher.start_once(&connection.caller, connection.unread(), &body) {
        Started::Pending(pending) => {
            connection.owes.store(true, Ordering::Relaxed);
            let reply = pending.reply.await;
            connection.owes.store(false, Ordering::Relaxed);
            reply
        }
        started => started.done(),
    };
    match reply {
        Some(reply) => json(StatusCode::OK, &reply, connection.unread()),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn metrics(Extension(connection): Extension<Arc<Connection>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = from_a_browser(&connection, &headers) {
        return refusal;
    }
    match connection.dispatcher.text(&connection.caller, DaemonMetrics::NAME) {
        Some(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn upgrade(
    Extension(connection): Extension<Arc<Connection>>,
    Extension(upgrading): Extension<Upgrading>,
    request: Request<Body>,
) -> Response {
    if let Some(refusal) = from_a_browser(&connection, request.headers()) {
        return refusal;
    }
    match websocket::accept(&request) {
        Ok(accepted) => {
            *upgrading.lock().unwrap_or_else(PoisonError::into_inner) = Some(hyper::upgrade::on(request));
            accepted
        }
        Err(problem) => {
            let message = format!("GET / is for WebSocket ({problem}); requests are sent by POST /");
            (StatusCode::BAD_REQUEST, message).into_response()
        }
    }
}

/// A browser must not reach the socket through a proxy; nothing else sends `Origin`.
fn from_a_browser(connection: &Connection, headers: &HeaderMap) -> Option<Response> {
    headers.contains_key(header::ORIGIN).then(|| {
        connection.refusals.note(Refused::Browser, connection.caller.peer);
        let error = own(Kind::PermissionDenied, "requests with an Origin header, which browsers send, are refused");
        json(StatusCode::FORBIDDEN, &Reply::Text(failure("null", &error)), connection.unread())
    })
}

fn json(status: StatusCode, reply: &Reply, unread: &Unread) -> Response {
    let length = reply.length();
    let body = if length <= LITTLE {
        let mut json = Vec::with_capacity(length);
        reply.copy_to(&mut json);
        Body::from(json)
    } else {
        Body::new(Pieces::new(reply, unread))
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A body whose pieces are shared with whoever else gets them.
struct Pieces {
    left: VecDeque<Bytes>,
    length: u64,
}

impl Pieces {
    fn new(reply: &Reply, unread: &Unread) -> Self {
        let mut outbox = Outbox::default();
        outbox.push(reply);
        let mut charge = unread.charge();
        charge.set(outbox.alone());
        let mut left = outbox.into_pieces();
        // Counted until the last piece is written, wherever it is kept until then.
        if let Some(last) = left.pop_back() {
            left.push_back(Bytes::from_owner(Charged { bytes: last, _charge: charge }));
        }
        let length = left.iter().map(|piece| piece.len() as u64).sum();
        Self { left, length }
    }
}

struct Charged {
    bytes: Bytes,
    _charge: Charge,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(self.left.pop_front().map(|piece| {
            self.length -= piece.len() as u64;
            Ok(Frame::data(piece))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
