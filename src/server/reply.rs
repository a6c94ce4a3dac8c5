//! A reply on its way out: the client's id as it was written, and a result that may be shared by many.

use bytes::Bytes;
use jsonrpsee::types::ErrorObjectOwned;
use serde::Serialize;

const BEFORE_ID: &str = r#"{"jsonrpc":"2.0","id":"#;
const BEFORE_RESULT: &str = r#","result":"#;

/// One reply, or the replies of a batch.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// A result with the id it belongs to, both as JSON.
    Result { id: Bytes, result: Bytes },
    /// The replies of a batch.
    Batch(Vec<Reply>),
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
            Self::Text(text) => piece(Piece::Small(text.as_bytes())),
        }
    }

    /// Its JSON in one piece.
    pub(super) fn into_text(self) -> String {
        if let Self::Text(text) = self {
            return text;
        }
        let mut json = Vec::new();
        self.pieces(&mut |piece| match piece {
            Piece::Small(bytes) => json.extend_from_slice(bytes),
            Piece::Result(bytes) => json.extend_from_slice(bytes),
        });
        // Every piece is JSON that was written here or read as UTF-8.
        String::from_utf8(json).unwrap_or_default()
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
        assert_eq!(reply.clone().into_text(), r#"{"jsonrpc":"2.0","id":-5,"result":[7]}"#);
        let batch = Reply::Batch(vec![reply, Reply::Text("{}".to_owned())]);
        assert_eq!(batch.into_text(), r#"[{"jsonrpc":"2.0","id":-5,"result":[7]},{}]"#);
    }

    #[test]
    fn an_error_is_written_after_its_id() {
        let error = ErrorObjectOwned::owned(-32601, "no {", None::<()>);
        assert_eq!(failure("\"a\"", &error), r#"{"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"no {"}}"#);
    }
}
