//! HTTP/1.1 with header names as the program spells them.
//!
//! Header names have no case, but programs do: some look for `tr_id` and `Content-Type` in these very spellings in one answer.
//! hyper writes all names in one case or the other. This small server writes them as they are given.
//!
//! It serves requests one after another on a connection: a head, a body of known length or in chunks, an answer. A request that it
//! cannot read is answered with an error ([`Refusal`]) before the connection is closed, never closed without a word.
//!
//! ```no_run
//! use spelled_http::{Delivery, Request, Response, Service, serve};
//!
//! struct Hello;
//!
//! impl Service for Hello {
//!     async fn answer(&self, request: Request) -> Delivery {
//!         Delivery::Whole(Response::new(200).header("gt_uid", "1").body(request.path))
//!     }
//! }
//!
//! # async fn example() -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! serve(listener, Hello.into()).await;
//! # Ok(())
//! # }
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `request` | a request, and how its head is read |
//! | `refusal` | why a request cannot be read |
//! | `response` | an answer, and how its head is written |
//! | `connection` | requests and answers on one connection |
//! | `listen` | connections of a listener |

mod connection;
mod listen;
mod refusal;
mod request;
mod response;

pub use self::{
    connection::{Delivery, Limits, Service, serve_connection},
    listen::serve,
    refusal::Refusal,
    request::Request,
    response::Response,
};

/// Longest head of a request, in bytes.
pub const MAX_HEAD: usize = 32 * 1024;

/// Longest body of a request, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
