//! What a daemon holds for clients that ask for much and never read: 300 of them in each dialect, and after they have gone.

use std::{path::Path, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::support::{daemon, http, resident_kib, world};

const CLIENTS: usize = 300;
const HOLDINGS: usize = 70;

/// Replies that many share, and replies that each caller gets its own copy of.
const KINDS: [(&str, &str); 2] = [
    ("100 balances", r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":[86400000]}"#),
    ("100 metrics", r#"{"jsonrpc":"2.0","id":1,"method":"daemon.metrics"}"#),
];

#[derive(Debug, Clone, Copy)]
enum Dialect {
    Stream,
    Http,
    WebSocket,
}

impl Dialect {
    /// A connection on which the batch has been asked for and nothing is ever read.
    async fn deaf(self, socket: &Path, batch: &str) -> UnixStream {
        let mut stream = UnixStream::connect(socket).await.unwrap();
        match self {
            Self::Stream => stream.write_all(batch.as_bytes()).await.unwrap(),
            Self::Http => stream.write_all(http(batch).as_bytes()).await.unwrap(),
            Self::WebSocket => {
                let handshake = "GET / HTTP/1.1\r\nhost: kisd\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                                 sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
                stream.write_all(handshake.as_bytes()).await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                stream.write_all(&frame(batch)).await.unwrap();
            }
        }
        stream
    }
}

/// One masked text frame, under a mask that changes nothing.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// The memory of the process once it has stopped to grow or shrink.
async fn settled(pid: u32) -> u64 {
    let mut last = resident_kib(pid);
    loop {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let now = resident_kib(pid);
        if now.abs_diff(last) <= 256 {
            return now;
        }
        last = now;
    }
}

/// Prints one line for each dialect and kind.
pub async fn measure() {
    let title = format!("{CLIENTS} clients that ask once and never read: resident MiB");
    println!("{title:<64} {:>8} {:>8} {:>8}", "before", "held", "gone");
    for dialect in [Dialect::Stream, Dialect::Http, Dialect::WebSocket] {
        for (name, request) in KINDS {
            let world = world().await;
            let process = daemon(&world, HOLDINGS).await;
            let pid = process.child.id().unwrap();
            let batch = format!("[{}]", vec![request; 100].join(","));
            let before = settled(pid).await;
            let mut deaf = Vec::new();
            for _ in 0..CLIENTS {
                deaf.push(dialect.deaf(&process.socket, &batch).await);
            }
            let held = settled(pid).await;
            drop(deaf);
            let after = settled(pid).await;
            let name = format!("{dialect:?}, {name} ({} bytes)", batch.len());
            let mib = |kib: u64| kib as f64 / 1024.0;
            println!("{name:<64} {:>8.1} {:>8.1} {:>8.1}", mib(before), mib(held), mib(after));
        }
    }
}
