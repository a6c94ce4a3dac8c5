//! JSON-RPC 2.0: from the bytes of a message to the bytes of its reply, the same for every dialect.
//!
//! Ids are kept as the client wrote them and never parsed into a number that could lose a digit. What has no id is a
//! notification: it is carried out and not answered.

use std::{borrow::Cow, panic::AssertUnwindSafe};

use futures_util::{FutureExt, future::join_all};
use jsonrpsee::{
    ConnectionId, Extensions, MethodCallback, Methods,
    types::{ErrorObjectOwned, Id, Params},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{error::Category, value::RawValue};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{
    error::{internal, own, passing, standard},
    peer::Caller,
};
use crate::wire::codes::{INVALID_REQUEST, Kind, METHOD_NOT_FOUND, PARSE_ERROR};

/// Requests in one batch.
const MAX_BATCH: usize = 100;

/// Every reply starts so; the registry is called with the id `null`, and the client's own takes its place.
const NULL_ID: &str = r#"{"jsonrpc":"2.0","id":null"#;

/// The methods, and how to call them.
#[derive(Debug)]
pub(super) struct Dispatcher {
    methods: Methods,
    /// Calls in flight are given up.
    give_up: CancellationToken,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
}

/// A member that is there, `null` included.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

struct Request<'a> {
    /// As written; `None` makes it a notification.
    id: Option<&'a str>,
    method: Cow<'a, str>,
    params: Option<&'a str>,
}

/// A request that cannot be carried out, with the id to answer to.
struct Refused<'a> {
    id: &'a str,
    error: ErrorObjectOwned,
}

impl Dispatcher {
    pub(super) fn new(methods: Methods, give_up: CancellationToken) -> Self {
        Self { methods, give_up }
    }

    /// The reply to a message; `None` if there is none to give.
    pub(super) async fn reply(&self, caller: Caller, message: &[u8]) -> Option<String> {
        let Ok(text) = std::str::from_utf8(message) else {
            return Some(failure("null", &standard(PARSE_ERROR, "Parse error: not UTF-8")));
        };
        match text.trim_ascii_start().as_bytes().first() {
            Some(b'[') => self.batch(caller, text).await,
            _ => self.single(caller, text).await,
        }
    }

    /// The reply to bytes that are not JSON at all.
    pub(super) fn malformed() -> String {
        failure("null", &standard(PARSE_ERROR, "Parse error: not JSON, or nested too deeply"))
    }

    /// The reply to an HTTP body that does not arrive as announced.
    pub(super) fn broken_body() -> String {
        failure("null", &standard(PARSE_ERROR, "Parse error: the body breaks off or its framing is wrong"))
    }

    /// The reply to a message that was not read to its end.
    pub(super) fn too_long(max_bytes: usize) -> String {
        failure(
            "null",
            &own(Kind::Overloaded, format!("the request is longer than rpc.max_request_bytes = {max_bytes}")),
        )
    }

    async fn batch(&self, caller: Caller, text: &str) -> Option<String> {
        let requests: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(requests) => requests,
            Err(error) => return Some(failure("null", &standard(PARSE_ERROR, format!("Parse error: {error}")))),
        };
        if requests.is_empty() {
            return Some(failure("null", &standard(INVALID_REQUEST, "Invalid request: the batch is empty")));
        }
        if requests.len() > MAX_BATCH {
            let message = format!("the batch has {} requests; allowed are {MAX_BATCH}", requests.len());
            return Some(failure("null", &own(Kind::Overloaded, message)));
        }
        let replies = join_all(requests.iter().map(|request| self.single(caller, request.get()))).await;
        let replies: Vec<String> = replies.into_iter().flatten().collect();
        (!replies.is_empty()).then(|| format!("[{}]", replies.join(",")))
    }

    async fn single(&self, caller: Caller, text: &str) -> Option<String> {
        let request = match parse(text) {
            Ok(request) => request,
            Err(Refused { id, error }) => return Some(failure(id, &error)),
        };
        let reply = self.call(caller, &request).await;
        let id = request.id?;
        Some(reply.map_or_else(|error| failure(id, &error), |reply| with_id(reply, id)))
    }

    /// The reply with id `null`.
    async fn call(&self, caller: Caller, request: &Request<'_>) -> Result<String, ErrorObjectOwned> {
        let callback = match self.methods.method(&request.method) {
            Some(MethodCallback::Async(callback)) => callback,
            // Only asynchronous methods are ever registered.
            _ => return Err(standard(METHOD_NOT_FOUND, format!("Method not found: {}", shortened(&request.method)))),
        };
        let mut extensions = Extensions::new();
        extensions.insert(caller);
        let params = Params::new(request.params).into_owned();
        let call = AssertUnwindSafe(callback(Id::Null, params, ConnectionId(0), usize::MAX, extensions));
        tokio::select! {
            biased;
            response = call.catch_unwind() => match response {
                Ok(response) => Ok(String::from(Box::<str>::from(response.into_json()))),
                Err(_) => {
                    error!(method = %request.method, "a method panicked");
                    Err(internal())
                }
            },
            () = self.give_up.cancelled() => Err(passing(Kind::ShuttingDown, "kisd is shutting down")),
        }
    }
}

fn parse(text: &str) -> Result<Request<'_>, Refused<'_>> {
    let refuse = |id, code, message: &str| Refused { id, error: standard(code, message) };
    let envelope: Envelope<'_> = if text.trim_ascii_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => refuse("null", INVALID_REQUEST, &format!("Invalid request: {error}")),
            _ => refuse("null", PARSE_ERROR, &format!("Parse error: {error}")),
        })?
    } else {
        return Err(match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => refuse("null", INVALID_REQUEST, "Invalid request: not an object"),
            Err(error) => refuse("null", PARSE_ERROR, &format!("Parse error: {error}")),
        });
    };
    let id = envelope.id.map(RawValue::get);
    if id.is_some_and(|id| !is_id(id)) {
        let message = "Invalid request: an id is a string, null or an integer of 64 bits";
        return Err(refuse("null", INVALID_REQUEST, message));
    }
    let invalid = |message: &str| refuse(id.unwrap_or("null"), INVALID_REQUEST, message);
    if envelope.jsonrpc.map(RawValue::get) != Some(r#""2.0""#) {
        return Err(invalid("Invalid request: jsonrpc must be \"2.0\""));
    }
    let method = envelope.method.and_then(|method| serde_json::from_str::<Method<'_>>(method.get()).ok());
    let Some(Method(method)) = method else {
        return Err(invalid("Invalid request: method must be a string"));
    };
    let params = match envelope.params.map(RawValue::get) {
        None | Some("null") => None,
        Some(params) if params.starts_with(['{', '[']) => Some(params),
        Some(_) => return Err(invalid("Invalid request: params must be an object or an array")),
    };
    Ok(Request { id, method, params })
}

#[derive(Deserialize)]
struct Method<'a>(#[serde(borrow)] Cow<'a, str>);

/// Whether a JSON value is an id: a string, `null`, or an integer of 64 bits, signed or not.
fn is_id(raw: &str) -> bool {
    raw == "null" || raw.starts_with('"') || raw.parse::<i64>().is_ok() || raw.parse::<u64>().is_ok()
}

/// An error reply.
pub(super) fn failure(id: &str, error: &ErrorObjectOwned) -> String {
    #[derive(Serialize)]
    struct Failure<'a> {
        jsonrpc: &'a str,
        id: Option<()>,
        error: &'a ErrorObjectOwned,
    }
    let reply = serde_json::to_string(&Failure { jsonrpc: "2.0", id: None, error });
    // Strings, numbers and raw JSON: nothing in it can fail to serialize.
    with_id(reply.unwrap_or_default(), id)
}

/// Puts the client's id in the place of `null`.
fn with_id(reply: String, id: &str) -> String {
    match reply.strip_prefix(NULL_ID) {
        Some(rest) if id != "null" => format!(r#"{{"jsonrpc":"2.0","id":{id}{rest}"#),
        _ => reply,
    }
}

/// The id of a request that is not going to be carried out, as written; `null` if it has none.
pub(super) fn id_of(message: &[u8]) -> &str {
    let id = serde_json::from_slice::<Envelope<'_>>(message).ok().and_then(|envelope| envelope.id.map(RawValue::get));
    id.filter(|id| is_id(id)).unwrap_or("null")
}

/// A name from outside, cut to what a person would read.
fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::peer::{Peer, Rights};

    #[tokio::test]
    async fn a_panic_in_a_method_is_an_internal_error_and_the_next_call_is_answered() {
        let mut module = jsonrpsee::RpcModule::new(());
        let panics = |_, _, _| async { if true { panic!("with a secret in it") } else { "unreachable" } };
        module.register_async_method("panics", panics).unwrap();
        module.register_async_method("answers", |_, _, _| async { 7 }).unwrap();
        let dispatcher = Dispatcher::new(module.into(), CancellationToken::new());
        let caller = Caller { peer: Peer { uid: 1, gid: 1, pid: None }, rights: Rights { refresh: false } };
        let batch = br#"[{"jsonrpc":"2.0","id":1,"method":"panics"},{"jsonrpc":"2.0","id":2,"method":"answers"}]"#;
        let reply = dispatcher.reply(caller, batch).await.unwrap();
        assert!(reply.contains("\"id\":1,\"error\":{\"code\":-32603") && !reply.contains("secret"), "{reply}");
        assert!(reply.contains(r#"{"jsonrpc":"2.0","id":2,"result":7}"#), "{reply}");
    }

    #[test]
    fn an_id_is_a_string_null_or_an_integer_of_64_bits() {
        for id in ["null", "\"\"", "\"a\"", "0", "-1", "-9223372036854775808", "18446744073709551615"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["1.0", "1e3", "18446744073709551616", "-9223372036854775809", "[1]", "{}", "true"] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn the_registry_writes_replies_in_the_form_whose_id_is_replaced() {
        use jsonrpsee::{MethodResponse, ResponsePayload};
        let response = MethodResponse::response(Id::Null, ResponsePayload::success(7), usize::MAX);
        let reply = String::from(Box::<str>::from(response.into_json()));
        assert_eq!(with_id(reply, "-5"), r#"{"jsonrpc":"2.0","id":-5,"result":7}"#);
    }
}
