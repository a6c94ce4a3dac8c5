//! The load generator: requests of one kind with replies of one length, so that it need look at neither.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One kind of request.
#[derive(Clone)]
pub struct Exchange {
    pub request: String,
    /// Bytes of the reply.
    pub reply: usize,
}

impl Exchange {
    /// Asks once, and takes the length of the reply from what comes: up to a line end of the JSON stream, or as HTTP says.
    pub fn learn(socket: &Path, request: &str) -> Self {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = Vec::new();
        let mut chunk = [0; 65_536];
        loop {
            let read = stream.read(&mut chunk).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&reply));
            reply.extend_from_slice(&chunk[..read]);
            if is_whole(&reply) {
                let text = String::from_utf8_lossy(&reply);
                assert!(text.contains("\"result\""), "{text}");
                return Self { request: request.to_owned(), reply: reply.len() };
            }
        }
    }
}

fn is_whole(reply: &[u8]) -> bool {
    let text = String::from_utf8_lossy(reply);
    if !text.starts_with("HTTP/") {
        return text.ends_with('\n');
    }
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() == length.unwrap_or(usize::MAX)
}

/// One connection, one request at a time, so many times: how long each took, sorted.
pub fn one_at_a_time(socket: &Path, exchange: &Exchange, times: usize) -> Vec<Duration> {
    let mut stream = UnixStream::connect(socket).unwrap();
    let mut reply = vec![0; exchange.reply];
    let mut waits: Vec<Duration> = (0..times)
        .map(|_| {
            let started = Instant::now();
            stream.write_all(exchange.request.as_bytes()).unwrap();
            stream.read_exact(&mut reply).unwrap();
            started.elapsed()
        })
        .collect();
    waits.sort();
    waits
}

/// Requests a second over so many connections with so many requests in flight on each.
pub fn flood(socket: &Path, exchange: &Exchange, connections: usize, in_flight: usize, lasting: Duration) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut clients = tokio::task::JoinSet::new();
        let started = Instant::now();
        for _ in 0..connections {
            let mut stream = tokio::net::UnixStream::connect(socket).await.unwrap();
            let (requests, reply) = (exchange.request.repeat(in_flight), exchange.reply);
            let mut buffer = vec![0; 256 * 1024];
            clients.spawn(async move {
                let mut answered = 0_u64;
                while started.elapsed() < lasting {
                    stream.write_all(requests.as_bytes()).await.unwrap();
                    let mut left = reply * in_flight;
                    while left > 0 {
                        let room = left.min(buffer.len());
                        let read = stream.read(&mut buffer[..room]).await.unwrap();
                        assert!(read > 0, "the connection was closed");
                        left -= read;
                    }
                    answered += in_flight as u64;
                }
                answered
            });
        }
        let answered: u64 = clients.join_all().await.into_iter().sum();
        answered as f64 / started.elapsed().as_secs_f64()
    })
}
