//! The hot path for `callgrind`: a balance from memory over the real socket, so many times. `benches/instructions.sh` counts.
//!
//! The daemon runs on one thread of this process and the client on another, which does next to nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark")]

mod support;

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::mpsc,
};

use kisd::simulator::Portfolio;
use support::{BALANCE, load::Exchange, world};

/// Requests that are written together.
const TOGETHER: usize = 32;

fn main() {
    // Cargo adds arguments of its own.
    let Some(rounds) = std::env::args().find_map(|argument| argument.parse::<usize>().ok()) else { return };
    let (ready, socket) = mpsc::channel::<PathBuf>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = world().await;
            world.simulator.set_portfolio(Portfolio::of_size(10));
            let daemon = world.daemon("kisd").await;
            daemon.balance().await;
            ready.send(daemon.socket.clone()).unwrap();
            daemon.running.await.unwrap().unwrap();
        });
    });
    let socket = socket.recv().unwrap();
    let exchange = Exchange::learn(&socket, BALANCE);
    let requests = exchange.request.repeat(TOGETHER);
    let mut replies = vec![0; exchange.reply * TOGETHER];
    let mut stream = UnixStream::connect(socket).unwrap();
    for _ in 0..rounds {
        stream.write_all(requests.as_bytes()).unwrap();
        stream.read_exact(&mut replies).unwrap();
    }
}
