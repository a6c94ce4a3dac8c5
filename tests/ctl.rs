//! kisctl as a process: tables, JSON, exit codes, and where it looks for the daemon.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    path::Path,
    process::{Output, Stdio},
};

use kisd::simulator::{Mode, Options};
use serde_json::{Value, json};
use support::{TestDaemon, World};
use tokio::process::Command;

struct Ctl<'a> {
    daemon: &'a TestDaemon,
}

impl Ctl<'_> {
    async fn run(&self, arguments: &[&str]) -> Output {
        kisctl(&self.daemon.socket).args(arguments).output().await.unwrap()
    }

    async fn shown(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn kisctl(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().arg("--socket").arg(socket).stdin(Stdio::null());
    command
}

async fn daemon() -> (World, TestDaemon) {
    let world = World::with(Options::demo(Mode::Real)).await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    (world, daemon)
}

#[tokio::test]
async fn balance_is_an_aligned_table_in_which_hangul_takes_two_columns() {
    let (_world, daemon) = daemon().await;
    let shown = Ctl { daemon: &daemon }.shown(&["balance"]).await;
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn stocks_are_found_by_initials_in_a_table_of_either_language_and_as_csv() {
    let (_world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let table = |text: String| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let english = table(ctl.shown(&["search", "ㅅㅅㅈㅈ", "-n", "2"]).await);
    assert_eq!(english[0].join(" "), "Code Name Market Kind Base price Lot Note");
    assert_eq!(english[1].join(" "), "005930 삼성전자 KOSPI stock 75,000 KRW 1");
    assert_eq!(english[2].join(" "), "005935 삼성전자우 KOSPI stock 61,200 KRW 1");
    let korean = table(ctl.shown(&["--lang", "ko", "search", "대동", "전자"]).await);
    assert_eq!(korean[0].join(" "), "코드 종목명 시장 종류 기준가 매매단위 참고");
    assert_eq!(korean[1].join(" "), "008110 대동전자 KOSPI 주식 8,760 KRW 1 거래정지");
    let csv = ctl.shown(&["--output", "csv", "search", "애플", "--market", "nasdaq"]).await;
    assert_eq!(
        csv,
        "stock_code,standard_code,name,english_name,market,board,kind,currency,base_price,tick,lot,halted\n\
         AAPL,,애플,APPLE INC,NASDAQ,,stock,USD,232.5100,0.01,1,\n"
    );
    let json = ctl.shown(&["--json", "search", "AAPL"]).await;
    assert!(json.starts_with("{\"stocks\":[{\"stock_code\":\"AAPL\""), "{json}");
    assert_eq!(ctl.shown(&["--lang", "ko", "search", "asdfghjkl"]).await, "맞는 종목이 없습니다\n");
    for wrong in [&["search"][..], &["search", "삼성", "--market", "LSE"], &["search", "삼성", "-n", "1000000"]] {
        assert_eq!(ctl.run(wrong).await.status.code(), Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn there_is_no_colour_where_there_is_no_terminal() {
    let (_world, daemon) = daemon().await;
    assert!(!Ctl { daemon: &daemon }.shown(&["balance"]).await.contains('\u{1b}'));
}

#[tokio::test]
async fn json_is_what_the_daemon_said_to_the_last_digit() {
    let (_world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let shown = ctl.shown(&["--json", "balance"]).await;
    assert!(shown.contains("\"profit_loss_rate\":8.00,"), "{shown}");
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), daemon.balance().await);
    let called = ctl.shown(&["call", "account.balance", r#"{"max_age_ms":60000}"#]).await;
    assert_eq!(called, shown);
}

#[tokio::test]
async fn status_token_and_discover_are_shown() {
    let (world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let status = ctl.shown(&["status"]).await;
    for words in ["12****78-01 (real)", "valid", "2026-01-24 12:00:00 KST", "calls to KIS  2"] {
        assert!(status.contains(words), "{words:?} is missing in: {status}");
    }
    let document: Value = serde_json::from_str(&ctl.shown(&["discover"]).await).unwrap();
    assert_eq!(document["info"]["title"], "kisd");
    world.clock.advance(std::time::Duration::from_secs(7 * 3600));
    assert!(ctl.shown(&["token", "refresh"]).await.contains("valid"));
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn a_refusal_is_told_on_stderr_with_1_and_when_to_try_again() {
    let (_world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let refused = ctl.run(&["token", "refresh"]).await;
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("one token a minute") && message.contains("try again in 60 s"), "{message}");
    let refused = ctl.run(&["--json", "token", "refresh"]).await;
    let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
    let expected = json!({
        "kind": "token_unavailable", "retryable": true, "retry_after_ms": 60_000, "account_name": "default",
    });
    assert_eq!(error["data"], expected);
    assert_eq!(ctl.run(&["call", "no.such"]).await.status.code(), Some(1));
}

#[tokio::test]
async fn an_error_that_is_addressed_to_no_request_is_told_all_the_same() {
    let (_world, daemon) = daemon().await;
    let long = format!("[\"{}\"]", "x".repeat(70_000));
    let refused = Ctl { daemon: &daemon }.run(&["call", "token.status", &long]).await;
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{message}");
    assert!(message.contains("rpc.max_request_bytes"), "{message}");
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    for arguments in [
        &["balence"][..],
        &["call", "m", "not json"],
        &["call", "m", "\"text\""],
        &["balance", "--max-age", "soon"],
        &[],
    ] {
        let output = kisctl(Path::new("/none")).args(arguments).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn without_a_daemon_it_says_where_it_looked_and_how_to_start_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    let output = command.env_clear().env("XDG_RUNTIME_DIR", directory.path()).arg("balance").output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
    let message = String::from_utf8(output.stderr).unwrap();
    let own = directory.path().join("kisd/kisd.sock");
    for words in [own.to_str().unwrap(), "/run/kisd/kisd.sock", "systemctl start kisd", "--socket"] {
        assert!(message.contains(words), "{words:?} is missing in: {message}");
    }
}

#[tokio::test]
async fn the_socket_may_be_named_in_the_environment() {
    let (_world, daemon) = daemon().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    let output = command.env_clear().env("KISD_SOCKET", &daemon.socket).arg("status").output().await.unwrap();
    assert!(output.status.success());
    // An empty one is none.
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().env("KISD_SOCKET", "").env("XDG_RUNTIME_DIR", "");
    assert_eq!(command.arg("status").output().await.unwrap().status.code(), Some(3));
}

#[tokio::test]
async fn completions_need_no_daemon() {
    for shell in ["bash", "zsh", "fish"] {
        let output = kisctl(Path::new("/none")).args(["completions", shell]).output().await.unwrap();
        assert!(output.status.success() && output.stdout.len() > 500, "{shell}");
    }
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let (_world, daemon) = daemon().await;
    let script = "\"$0\" --socket \"$1\" discover | true; exit ${PIPESTATUS[0]}";
    let mut shell = Command::new("bash");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_kisctl")]).arg(&daemon.socket);
    let output = shell.output().await.unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn a_question_that_a_restart_cuts_off_is_asked_again() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let held = world.simulator.hold_next("inquire-balance");
    let mut asking = kisctl(&daemon.socket);
    let asking = asking.args(["balance", "--max-age", "0s"]).output();
    let restarted = async {
        held.arrived().await;
        world.while_time_passes(daemon.stop()).await;
        held.open();
        world.daemon("kisd").await
    };
    let (output, _daemon) = tokio::join!(asking, restarted);
    assert!(output.unwrap().status.success());
}
