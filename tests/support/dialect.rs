//! A message in each dialect, by hand: for what a client's library would not do, such as never to read.

use std::path::Path;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

#[derive(Debug, Clone, Copy)]
pub enum Dialect {
    Stream,
    Http,
    WebSocket,
}

pub const DIALECTS: [Dialect; 3] = [Dialect::Stream, Dialect::Http, Dialect::WebSocket];

const HANDSHAKE: &[u8] = b"GET / HTTP/1.1\r\nhost: kisd\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

impl Dialect {
    /// A connection on which the message was sent and nothing was read of what comes back.
    pub async fn ask(self, socket: &Path, message: &str) -> UnixStream {
        let mut stream = UnixStream::connect(socket).await.unwrap();
        let bytes = match self {
            Self::Stream => message.as_bytes().to_vec(),
            Self::Http => {
                let length = message.len();
                format!("POST / HTTP/1.1\r\nhost: kisd\r\ncontent-length: {length}\r\n\r\n{message}").into_bytes()
            }
            Self::WebSocket => {
                stream.write_all(HANDSHAKE).await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                frame(message)
            }
        };
        stream.write_all(&bytes).await.unwrap();
        stream
    }
}

/// One text frame, under a mask that changes nothing.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}
