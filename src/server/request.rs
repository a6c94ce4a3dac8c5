//! A JSON-RPC request, read from a message as far as it must be: ids and parameters stay as the client wrote them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{error::Category, value::RawValue};

use super::error::{Refusal, standard};
use crate::wire::codes::{INVALID_REQUEST, PARSE_ERROR};

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

/// One request.
pub(super) struct Request<'a> {
    /// As written; `None` makes it a notification.
    pub(super) id: Option<&'a str>,
    pub(super) method: Cow<'a, str>,
    pub(super) params: Option<&'a str>,
}

/// A request that cannot be carried out, with the id to answer to.
pub(super) struct Refused<'a> {
    pub(super) id: &'a str,
    pub(super) error: Refusal,
}

/// Reads a request.
pub(super) fn parse(text: &str) -> Result<Request<'_>, Refused<'_>> {
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
    let Some(method) = envelope.method.and_then(|method| string(method.get())) else {
        return Err(invalid("Invalid request: method must be a string"));
    };
    let params = match envelope.params.map(RawValue::get) {
        None | Some("null") => None,
        Some(params) if params.starts_with(['{', '[']) => Some(params),
        Some(_) => return Err(invalid("Invalid request: params must be an object or an array")),
    };
    Ok(Request { id, method, params })
}

/// The text of a JSON string; most hold nothing that is escaped, and are their own text.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(text) if !text.contains('\\') => Some(Cow::Borrowed(text)),
        _ => serde_json::from_str(raw).ok().map(Cow::Owned),
    }
}

/// Whether a JSON value is an id: a string, `null`, or an integer of 64 bits, signed or not.
fn is_id(raw: &str) -> bool {
    raw == "null" || raw.starts_with('"') || raw.parse::<i64>().is_ok() || raw.parse::<u64>().is_ok()
}

/// The id of a request that is not going to be carried out, as written; `null` if it has none.
pub(super) fn id_of(message: &[u8]) -> &str {
    let id = serde_json::from_slice::<Envelope<'_>>(message).ok().and_then(|envelope| envelope.id.map(RawValue::get));
    id.filter(|id| is_id(id)).unwrap_or("null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_string_null_or_an_integer_of_64_bits() {
        for id in ["null", "\"\"", "\"a\"", "0", "-1", "-9223372036854775808", "18446744073709551615"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["1.0", "1e3", "18446744073709551616", "-9223372036854775809", "[1]", "{}", "true"] {
            assert!(!is_id(id), "{id}");
        }
    }
}
