//! Logs by Korean clocks, in a directory that nobody else can steer, and a word to who may not read them.

use std::{fs, os::unix::fs::symlink, process::Stdio, time::Duration};

use chrono::{DateTime, FixedOffset};
use kisd::{
    clock::{self, SystemClock},
    simulator::{Mode, Options},
};

use super::{kisctl, kisd, said, text};
use crate::support::{World, chmod, eventually, process::Process};

const NOBODY: u32 = 65_534;

async fn world() -> World {
    World::in_real_time(Options::demo(Mode::Real)).await
}

fn today() -> String {
    clock::kst(SystemClock::shared().now()).format("%Y-%m-%d").to_string()
}

fn log_dir(world: &World) -> String {
    format!("[log]\ndir = \"{}\"\n", world.path("logs").display())
}

#[tokio::test]
async fn lines_and_files_are_in_korean_time() {
    let world = world().await;
    let before = today();
    let process = Process::start(&world, "kisd", &log_dir(&world)).await;
    let after = today();
    let of_line = |line: &str| DateTime::<FixedOffset>::parse_from_rfc3339(line.split(' ').next().unwrap()).unwrap();
    let log = process.log();
    let first = of_line(log.lines().next().unwrap());
    assert_eq!(first.offset().local_minus_utc(), 9 * 3600, "{log}");
    let file = || fs::read_dir(world.path("logs")).unwrap().next().map(|entry| entry.unwrap().path());
    eventually("a log file", || file().is_some_and(|file| fs::metadata(file).unwrap().len() > 0)).await;
    let file = file().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!([before, after].iter().any(|day| name == format!("kisd.{day}.log")), "{name}");
    let line = fs::read_to_string(&file).unwrap();
    assert_eq!(of_line(line.lines().next().unwrap()).offset().local_minus_utc(), 9 * 3600, "{line}");

    let json = world.path("json.log");
    let mut command = kisd();
    command.arg("--config").arg(world.config_file("other", "[log]\nformat = \"json\"\n"));
    let mut child = command.stderr(fs::File::create(&json).unwrap()).spawn().unwrap();
    eventually("a line", || fs::read_to_string(&json).unwrap().contains('\n')).await;
    child.start_kill().unwrap();
    let line: serde_json::Value =
        serde_json::from_str(fs::read_to_string(&json).unwrap().lines().next().unwrap()).unwrap();
    assert!(line["timestamp"].as_str().unwrap().ends_with("+09:00"), "{line}");
}

#[tokio::test]
async fn a_directory_in_which_others_can_write_is_refused_with_78_by_name() {
    let world = world().await;
    let logs = world.path("logs");
    fs::create_dir(&logs).unwrap();
    chmod(&logs, 0o777);
    let elsewhere = world.path("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    symlink(&elsewhere, logs.join(format!("kisd.{}.log", today()))).unwrap();
    let config = world.config_file("kisd", &log_dir(&world));
    let started = tokio::time::timeout(Duration::from_secs(20), kisd().arg("--config").arg(&config).output());
    let output = started.await.expect("it must not start").unwrap();
    let message = said(&output);
    assert_eq!(output.status.code(), Some(78), "{message}");
    for words in ["kisd.toml", "log.dir", logs.to_str().unwrap(), "0777"] {
        assert!(message.contains(words), "{words} is missing in: {message}");
    }
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "", "the link is not followed");
}

#[tokio::test]
async fn what_was_planted_for_a_log_file_is_named_and_neither_used_nor_waited_for() {
    let world = world().await;
    let logs = world.path("logs");
    fs::create_dir(&logs).unwrap();
    chmod(&logs, 0o700);
    let elsewhere = world.path("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    for name in ["link", "pipe", "open"] {
        let path = logs.join(format!("kisd.{}.log", today()));
        match name {
            "link" => symlink(&elsewhere, &path).unwrap(),
            "pipe" => {
                let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from(0o666));
                rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
            }
            _ => {
                fs::write(&path, "").unwrap();
                chmod(&path, 0o666);
            }
        }
        // It is ready in time, which a pipe that is waited for would keep it from.
        let process = Process::start(&world, name, &log_dir(&world)).await;
        eventually("a word on it", || process.log().contains(path.to_str().unwrap())).await;
        process.stop().await;
        if path.is_file() {
            assert_eq!(fs::read_to_string(&path).unwrap(), "", "{name}");
        }
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "");
}

#[tokio::test]
async fn who_may_not_read_the_journal_is_told_so() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let world = world().await;
    let program = world.path("kisctl");
    fs::copy(env!("CARGO_BIN_EXE_kisctl"), &program).unwrap();
    for directory in [world.path("").parent().unwrap(), &world.path("")] {
        chmod(directory, 0o755);
    }
    // A journalctl that is found has nothing to say to somebody who may not read.
    fs::write(world.path("journalctl"), "#!/bin/sh\necho '-- No entries --'\n").unwrap();
    chmod(&world.path("journalctl"), 0o755);
    let path = format!("{}:/usr/bin:/bin", world.path("").display());
    let mut command = tokio::process::Command::new(&program);
    command.args(["--system", "logs"]).env_clear().env("PATH", path).uid(NOBODY).gid(NOBODY).stdin(Stdio::null());
    let output = command.output().await.unwrap();
    let message = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    assert!(message.contains("may not read") && message.contains("sudo kisctl logs"), "{message}");
    assert!(message.contains("systemd-journal"), "{message}");
}

#[tokio::test]
async fn the_journal_is_asked_for_the_unit_of_the_service_and_not_for_a_part_of_its_name() {
    let world = world().await;
    fs::write(world.path("journalctl"), "#!/bin/sh\necho \"$@\"\n").unwrap();
    chmod(&world.path("journalctl"), 0o755);
    let path = format!("{}:/usr/bin:/bin", world.path("").display());
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = world.path("home");
    for (own, expected) in [(false, "--unit kisd.service --lines 7"), (true, "--user-unit kisd.service --lines 7")] {
        if own {
            fs::create_dir_all(home.join(".config/kisd")).unwrap();
            fs::write(home.join(".config/kisd/config.toml"), "").unwrap();
        }
        let mut command = kisctl();
        command.env("PATH", &path).env("HOME", &home).args(["logs", "-n", "7"]);
        let output = command.output().await.unwrap();
        assert_eq!(text(&output.stdout).trim(), expected, "{output:?}");
    }
}
