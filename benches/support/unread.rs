//! What a daemon holds for clients that ask for much and never read: 300 of them in each dialect, and after they have gone.

use std::time::Duration;

use crate::support::{daemon, resident_kib, world, world::dialect::DIALECTS};

const CLIENTS: usize = 300;
const HOLDINGS: usize = 70;

/// Replies that many share, and replies that each caller gets its own copy of.
const KINDS: [(&str, &str); 2] = [
    ("100 balances", r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":[86400000]}"#),
    ("100 metrics", r#"{"jsonrpc":"2.0","id":1,"method":"daemon.metrics"}"#),
];

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
pub(crate) async fn measure() {
    let title = format!("{CLIENTS} clients that ask once and never read: resident MiB");
    println!("{title:<64} {:>8} {:>8} {:>8}", "before", "held", "gone");
    for dialect in DIALECTS {
        for (name, request) in KINDS {
            let world = world().await;
            let process = daemon(&world, HOLDINGS).await;
            let pid = process.child.id().unwrap();
            let batch = format!("[{}]", vec![request; 100].join(","));
            let before = settled(pid).await;
            let mut deaf = Vec::new();
            for _ in 0..CLIENTS {
                deaf.push(dialect.ask(&process.socket, &batch).await);
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
