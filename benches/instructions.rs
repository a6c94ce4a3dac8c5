//! The hot path for `valgrind`: a balance from memory over the real socket, in so many rounds of so many requests that are
//! written together. `benches/instructions.sh` counts.
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

fn main() {
    // Cargo adds arguments of its own.
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let (Some(rounds), Some(together)) = (numbers.next(), numbers.next()) else { return };
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
    let requests = exchange.request.repeat(together);
    let mut replies = vec![0; exchange.reply * together];
    let mut stream = UnixStream::connect(socket).unwrap();
    for _ in 0..rounds {
        stream.write_all(requests.as_bytes()).unwrap();
        stream.read_exact(&mut replies).unwrap();
    }
}
