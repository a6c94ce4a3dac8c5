//! A reply on its way out: the client's id as it was written, and a result that may be shared by many.

use bytes::Bytes;
use jsonrpsee::types::ErrorObjectOwned;
use serde::Serialize;

const BEFORE_ID: &str = r#"{"jsonrpc":"2.0","id":"#;
const BEFORE_RESULT: &str = r#","result":"#;
const END: &str = "}";

/// One reply, or the replies of a batch.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// A result with the id it belongs to, both as JSON.
    Result { id: Bytes, result: Bytes },
    /// Anything else, written out.
    Text(String),
}

impl Reply {
    /// The pieces that make up its JSON; the one before the last may be large, and shared.
    pub(super) fn pieces(&self) -> [&[u8]; 5] {
        match self {
            Self::Result { id, result } => [BEFORE_ID.as_bytes(), id, BEFORE_RESULT.as_bytes(), result, END.as_bytes()],
            Self::Text(text) => [&[], &[], &[], text.as_bytes(), &[]],
        }
    }

    /// Its JSON in one piece.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            // Every piece is JSON that was written here or read as UTF-8.
            Self::Result { .. } => String::from_utf8(self.pieces().concat()).unwrap_or_default(),
        }
    }
}

/// An error reply; the id as JSON.
pub(super) fn failure(id: &str, error: &ErrorObjectOwned) -> String {
    #[derive(Serialize)]
    struct Failure<'a> {
        error: &'a ErrorObjectOwned,
    }
    // Strings, numbers and raw JSON: nothing in it can fail to serialize.
    let error = serde_json::to_string(&Failure { error }).unwrap_or_default();
    format!("{BEFORE_ID}{id},{}", error.trim_start_matches('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_spliced_around_its_id() {
        let reply = Reply::Result { id: Bytes::from_static(b"-5"), result: Bytes::from_static(b"[7]") };
        assert_eq!(reply.into_text(), r#"{"jsonrpc":"2.0","id":-5,"result":[7]}"#);
    }

    #[test]
    fn an_error_is_written_after_its_id() {
        let error = ErrorObjectOwned::owned(-32601, "no {", None::<()>);
        assert_eq!(failure("\"a\"", &error), r#"{"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"no {"}}"#);
    }
}
