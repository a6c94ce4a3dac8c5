//! Why a request cannot be read.

use std::fmt;

/// Why a request cannot be read. The connection is closed after the answer, since nobody knows where the next request begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is not HTTP.
    Malformed,
    /// Its head is longer than [`MAX_HEAD`](crate::MAX_HEAD), or has more than 64 headers.
    HeadTooLarge,
    /// Its body is longer than [`MAX_BODY`](crate::MAX_BODY).
    BodyTooLarge,
    /// It did not come to its end in time.
    TooSlow,
    /// Its body has a transfer encoding other than `chunked`.
    UnknownEncoding,
    /// It is of another version than HTTP/1.0 and HTTP/1.1.
    UnknownVersion,
}

impl Refusal {
    /// The status that says so.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::HeadTooLarge => 431,
            Self::BodyTooLarge => 413,
            Self::TooSlow => 408,
            Self::UnknownEncoding => 501,
            Self::UnknownVersion => 505,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the request is not HTTP/1.1"),
            Self::HeadTooLarge => {
                write!(f, "the head of the request has more than {} bytes or 64 headers", crate::MAX_HEAD)
            }
            Self::BodyTooLarge => write!(f, "the body of the request has more than {} bytes", crate::MAX_BODY),
            Self::TooSlow => f.write_str("the request did not come to its end in time"),
            Self::UnknownEncoding => f.write_str("the only transfer encoding that is read is chunked"),
            Self::UnknownVersion => f.write_str("the only versions that are spoken are HTTP/1.1 and HTTP/1.0"),
        }
    }
}

impl std::error::Error for Refusal {}
