//! What kisd weighs and how soon it is there. `cargo bench --bench process`.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, clippy::print_stdout, reason = "a benchmark")]
#![allow(clippy::disallowed_methods, reason = "it measures")]

mod support;

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    cpu,
    load::Exchange,
    median, resident_kib,
    table::{Goal, Table},
    world as any_world,
    world::process::Process,
};

const TIMES: usize = 21;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(any_world());
    let config = world.config_file("kisd", "");
    let process = runtime.block_on(async {
        let process = Process::start(&world, "kisd", "").await;
        process.call("account.balance", json!({})).await;
        process
    });
    let pid = process.child.id().unwrap();
    let mut table = Table::default();

    let size = std::fs::metadata(env!("CARGO_BIN_EXE_kisd")).unwrap().len() as f64 / (1 << 20) as f64;
    table.add("kisd, the program", size, " MiB", Goal::None);
    table.add("resident memory at rest", resident_kib(pid) as f64 / 1024.0, " MiB", Goal::AtMost(15.0));
    let (before, switches) = (cpu(pid), context_switches(pid));
    std::thread::sleep(Duration::from_secs(20));
    let used = (cpu(pid) - before).as_secs_f64() / 20.0 * 100.0;
    table.add("CPU at rest", used, " %", Goal::AtMost(0.1));
    let woken = (context_switches(pid) - switches) as f64 / 20.0;
    table.add("wake-ups a second at rest, all threads", woken, "", Goal::None);

    let mut asked = Vec::new();
    let balance = r#"{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{"max_age_ms":3600000}}"#;
    Exchange::learn(&process.socket, &format!("{balance}\n"));
    for _ in 0..TIMES {
        let started = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_kisctl"))
            .arg("--socket")
            .arg(&process.socket)
            .args(["call", "account.balance", r#"{"max_age_ms":3600000}"#])
            .output()
            .unwrap();
        assert!(output.status.success());
        asked.push(started.elapsed().as_secs_f64() * 1e3);
    }
    table.add("kisctl, the whole process, from memory", median(asked), " ms", Goal::AtMost(10.0));
    assert_eq!(runtime.block_on(process.stop()), Some(0));

    let mut there = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kisd"))
            .arg("--config")
            .arg(&config)
            .env_clear()
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let reply = loop {
            if let Ok(mut stream) = UnixStream::connect(world.path("kisd.sock")) {
                stream.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"token.status\"}\n").unwrap();
                let mut reply = String::new();
                if BufReader::new(stream).read_line(&mut reply).is_ok() && !reply.is_empty() {
                    break reply;
                }
            }
            std::thread::sleep(Duration::from_micros(100));
        };
        there.push(started.elapsed().as_secs_f64() * 1e3);
        assert!(reply.contains("\"mirror\"") || reply.contains("renewing"), "{reply}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    table.add("from start to the first answer, with a mirrored token", median(there), " ms", Goal::AtMost(30.0));
    table.finish()
}

fn context_switches(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let switches = tasks.flatten().map(|task| {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or(0)
    });
    switches.sum()
}
