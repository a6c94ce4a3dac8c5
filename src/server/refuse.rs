//! Says no to a peer that is not served, in its own dialect.

use std::{io, time::Duration};

use futures_util::StreamExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::UnixStream,
};
use tokio_util::codec::FramedRead;

use rustix::net::RecvFlags;

use super::{
    admission::Verdict,
    error::{Refusal, own, passing},
    peer::{Caller, Peer},
    places::NoPlace,
    refusals::Refused,
    reply::failure,
    request::id_of,
};
use crate::wire::{
    codes::Kind,
    frame::{Frame, JsonStream},
};

/// A refused peer has this long to say which dialect it wants to be refused in.
pub(super) const REFUSE_WITHIN: Duration = Duration::from_secs(1);

/// Bytes of a refused request that are read only to be thrown away.
const MAX_UNREAD: usize = 64 * 1024;

/// Why a peer is not served.
#[derive(Debug)]
pub(super) struct NotServed {
    /// For the log.
    pub(super) what: Refused,
    error: Refusal,
    status: &'static str,
}

impl NotServed {
    fn forbidden(what: Refused, message: String) -> Self {
        Self { what, error: own(Kind::PermissionDenied, message), status: "403 Forbidden" }
    }

    fn unavailable(what: Refused, message: String) -> Self {
        Self { what, error: passing(Kind::Overloaded, message), status: "503 Service Unavailable" }
    }

    /// The caller that a peer is, or what is said to one that is not let in.
    pub(super) fn of_verdict(verdict: Verdict, peer: Peer) -> Result<Caller, Self> {
        let uid = peer.uid;
        Err(match verdict {
            Verdict::Admitted(caller) => return Ok(caller),
            Verdict::Stranger => Self::forbidden(
                Refused::Stranger,
                format!(
                    "uid {uid} is not allowed here; the owner of kisd can give it the right to read by rpc.allow_uids, or for \
                     some accounts by [[grants]]"
                ),
            ),
            Verdict::Unmapped => Self::forbidden(
                Refused::Unmapped,
                format!(
                    "kisd runs in a user namespace (a container), and your user is not mapped into it: there it is uid {uid}, \
                     like every other such user, so that no configuration of kisd can let you in. Map your user into the \
                     namespace (podman: --userns=keep-id), or run kisd outside of one"
                ),
            ),
            Verdict::GroupsUnknown => Self::unavailable(
                Refused::GroupsUnknown,
                format!(
                    "the group database does not say in time which groups uid {uid} is in, and rpc.allow_gids or [[grants]] are about them; \
                     try again, or have the uid added to rpc.allow_uids"
                ),
            ),
        })
    }

    /// What is said to a peer for which there is no place.
    pub(super) fn of_no_place(why: NoPlace, peer: Peer, max: usize) -> Self {
        let uid = peer.uid;
        match why {
            NoPlace::Taken => Self::unavailable(
                Refused::NoPlace,
                format!("all {max} connections of rpc.max_connections are taken, or kept for other users"),
            ),
            NoPlace::OverShare { share } => Self::unavailable(
                Refused::OverShare,
                format!(
                    "uid {uid} has {share} connections open; of rpc.max_connections = {max} one user may have no more"
                ),
            ),
            NoPlace::OverProcess => Self::unavailable(
                Refused::OverShare,
                format!(
                    "this process has so many connections open that the rest is kept for other programs of uid {uid}; \
                     rpc.max_connections is {max}"
                ),
            ),
        }
    }
}

/// The first byte that the peer sends, left where it is; `None` if it sends none.
pub(super) async fn first_byte(stream: &UnixStream) -> io::Result<Option<u8>> {
    let mut byte = [0];
    let peek = || Ok(rustix::net::recv(stream, &mut byte[..], RecvFlags::PEEK).map(|(length, _)| length)?);
    let length: usize = stream.async_io(Interest::READABLE, peek).await?;
    Ok((length > 0).then_some(byte[0]))
}

/// Says no in the dialect of the peer.
pub(super) async fn refuse(stream: UnixStream, NotServed { error, status, .. }: NotServed) -> io::Result<()> {
    let http = first_byte(&stream).await?.is_some_and(|byte| byte.is_ascii_uppercase());
    let (mut reader, mut writer) = stream.into_split();
    let reply = if http {
        let reply = failure("null", &error);
        let length = reply.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{reply}"
        )
    } else {
        // To the first request, so that a client that waits for its id is not left waiting.
        let request = FramedRead::new(&mut reader, JsonStream::new(MAX_UNREAD)).next().await;
        let id = match &request {
            Some(Ok(Frame::Message(request))) => id_of(request),
            _ => "null",
        };
        format!("{}\n", failure(id, &error))
    };
    writer.write_all(reply.as_bytes()).await?;
    writer.shutdown().await?;
    // Closed with something unread, the connection would be reset and the answer perhaps lost.
    tokio::io::copy(&mut reader.take(MAX_UNREAD as u64), &mut tokio::io::sink()).await?;
    Ok(())
}
