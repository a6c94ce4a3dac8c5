//! A reply on its way out: the client's id as it was written, and a result that may be shared by many.

use bytes::Bytes;
use jsonrpsee::types::ErrorObjectOwned;
use serde::Serialize;

use super::error::Refusal;

const BEFORE_ID: &str = r#"{"jsonrpc":"2.0","id":"#;
const BEFORE_RESULT: &str = r#","result":"#;

/// One reply, or the replies of a batch.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// A result with the id it belongs to, both as JSON.
    Result { id: Bytes, result: Bytes },
    /// The replies of a batch.
    Batch(Vec<Reply>),
    /// What a subscriber is told: a result, with what is before it; two braces follow.
    Notification { before: String, result: Bytes },
    /// Anything else, written out.
    Text(String),
}

/// A piece of a reply.
pub(super) enum Piece<'a> {
    /// To be copied.
    Small(&'a [u8]),
    /// May be shared instead.
    Result(&'a Bytes),
}

impl Reply {
    /// Hands out its JSON piece by piece.
    pub(super) fn pieces(&self, piece: &mut impl FnMut(Piece<'_>)) {
        match self {
            Self::Result { id, result } => {
                piece(Piece::Small(BEFORE_ID.as_bytes()));
                piece(Piece::Small(id));
                piece(Piece::Small(BEFORE_RESULT.as_bytes()));
                piece(Piece::Result(result));
                piece(Piece::Small(b"}"));
            }
            Self::Batch(replies) => {
                for (number, reply) in replies.iter().enumerate() {
                    piece(Piece::Small(if number == 0 { b"[" } else { b"," }));
                    reply.pieces(piece);
                }
                piece(Piece::Small(b"]"));
            }
            Self::Notification { before, result } => {
                piece(Piece::Small(before.as_bytes()));
                piece(Piece::Result(result));
                piece(Piece::Small(b"}}"));
            }
            Self::Text(text) => piece(Piece::Small(text.as_bytes())),
        }
    }

    /// Bytes of its JSON.
    pub(super) fn length(&self) -> usize {
        let mut length = 0;
        self.pieces(&mut |piece| {
            length += match piece {
                Piece::Small(bytes) => bytes.len(),
                Piece::Result(result) => result.len(),
            }
        });
        length
    }

    /// Memory that it holds alone: what it shares with others is there anyway.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Result { id, result } => id.len() + alone(result),
            Self::Batch(replies) => replies.iter().map(Self::held).sum(),
            Self::Notification { before, result } => before.len() + alone(result),
            Self::Text(text) => text.len(),
        }
    }

    /// Appends its JSON.
    pub(super) fn copy_to(&self, json: &mut Vec<u8>) {
        self.pieces(&mut |piece| match piece {
            Piece::Small(bytes) => json.extend_from_slice(bytes),
            Piece::Result(bytes) => json.extend_from_slice(bytes),
        });
    }

    /// Its JSON in one piece.
    #[cfg(test)]
    pub(super) fn into_text(self) -> String {
        let mut json = Vec::new();
        self.copy_to(&mut json);
        String::from_utf8(json).unwrap()
    }
}

/// Bytes of a result that nobody else has.
pub(super) fn alone(result: &Bytes) -> usize {
    if result.is_unique() { result.len() } else { 0 }
}

/// An error reply; the id as JSON.
pub(super) fn failure(id: &str, error: &Refusal) -> String {
    #[derive(Serialize)]
    struct Failure {
        error: ErrorObjectOwned,
    }
    // Strings, numbers and raw JSON: nothing in it can fail to serialize.
    let error = serde_json::to_string(&Failure { error: error.into() }).unwrap_or_default();
    format!("{BEFORE_ID}{id},{}", error.trim_start_matches('{'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::error::standard;

    #[test]
    fn a_result_is_spliced_around_its_id() {
        let reply = Reply::Result { id: Bytes::from_static(b"-5"), result: Bytes::from_static(b"[7]") };
        assert_eq!(reply.clone().into_text(), r#"{"jsonrpc":"2.0","id":-5,"result":[7]}"#);
        let batch = Reply::Batch(vec![reply, Reply::Text("{}".to_owned())]);
        assert_eq!(batch.length(), 43);
        assert_eq!(batch.into_text(), r#"[{"jsonrpc":"2.0","id":-5,"result":[7]},{}]"#);
    }

    #[test]
    fn what_is_shared_is_held_by_nobody_alone() {
        let reply = |result: &Bytes| Reply::Result { id: Bytes::from_static(b"1"), result: result.clone() };
        let shared = Bytes::from(vec![b'7'; 1000]);
        assert_eq!(Reply::Batch(vec![reply(&shared), reply(&shared)]).held(), 2);
        assert_eq!(Reply::Result { id: Bytes::from_static(b"1"), result: shared }.held(), 1001);
    }

    #[test]
    fn an_error_is_written_after_its_id() {
        let error = standard(-32601, "no {");
        assert_eq!(failure("\"a\"", &error), r#"{"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"no {"}}"#);
    }
}
