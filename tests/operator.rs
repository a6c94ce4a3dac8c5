//! What kisctl does for whoever looks after a daemon: doctor, watch, checks for monitors, formats, languages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
};

use kisd::simulator::{Fault, Portfolio, Position};
use serde_json::{Value, json};
use support::{TestDaemon, World, chmod};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

fn kisctl(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .arg("--socket")
        .arg(socket)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    (world, daemon)
}

async fn run(socket: &Path, arguments: &[&str]) -> Output {
    kisctl(socket).args(arguments).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The findings of the doctor, by subject.
async fn findings(socket: &Path, config: Option<&Path>) -> (Option<i32>, Value) {
    let mut command = kisctl(socket);
    if let Some(config) = config {
        command.env("KISD_CONFIG", config);
    }
    let output = command.args(["--json", "doctor"]).output().await.unwrap();
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), found.into_iter().map(|one| (one["subject"].as_str().unwrap().to_owned(), one)).collect())
}

async fn fail(world: &World, daemon: &TestDaemon, fault: impl Fn() -> Fault) {
    for _ in 0..3 {
        world.simulator.fail_next("inquire-balance", fault());
    }
    world.while_time_passes(daemon.error("account.balance", json!({ "max_age_ms": 0 }))).await;
}

#[tokio::test]
async fn the_doctor_finds_nothing_where_all_is_well() {
    let (world, daemon) = daemon().await;
    let (code, found) = findings(&daemon.socket, Some(&world.path("kisd.toml"))).await;
    let marks: Vec<&str> = found.as_object().unwrap().values().map(|one| one["mark"].as_str().unwrap()).collect();
    assert_eq!((code, marks), (Some(0), vec!["good"; 7]), "{found}");
    assert!(found["configuration"]["found"].as_str().unwrap().contains("kisd.toml"));
    assert!(text(&run(&daemon.socket, &["doctor"]).await.stdout).contains("all is well"));
}

#[tokio::test]
async fn without_a_daemon_the_doctor_says_how_to_get_one_and_ends_with_3() {
    let world = World::new().await;
    let (code, found) = findings(&world.path("none.sock"), None).await;
    assert_eq!((code, &found["socket"]["mark"], &found["kis"]["mark"]), (Some(3), &json!("bad"), &json!("unknown")));
    assert_eq!(found["configuration"]["mark"], "bad");
    assert!(found["configuration"]["advice"].as_str().unwrap().contains("kisctl init"), "{found}");
    let config = world.config_file("kisd", "nonsense = 1\n");
    let (_, found) = findings(&world.path("none.sock"), Some(&config)).await;
    assert!(found["configuration"]["found"].as_str().unwrap().contains("rpc.nonsense"), "{found}");
}

#[tokio::test]
async fn the_doctor_tells_a_wrong_clock_a_stranger_on_the_key_and_an_open_directory() {
    let world = World::new().await;
    world.clock.step_wall(chrono::TimeDelta::hours(-3));
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let throttled = r#"{"rt_cd":"1","msg_cd":"EGW00201","msg1":"초당 거래건수를 초과하였습니다."}"#;
    let throttled = || Fault::Raw { status: 500, headers: Vec::new(), body: throttled.to_owned() };
    for _ in 0..3 {
        world.simulator.fail_next("inquire-balance", throttled());
    }
    world.while_time_passes(daemon.ok("account.balance", json!({ "max_age_ms": 0 }))).await;
    let directory = daemon.socket.parent().unwrap();
    chmod(directory, 0o777);
    let (code, found) = findings(&daemon.socket, None).await;
    chmod(directory, 0o700);
    assert_eq!(code, Some(1), "a directory that others may write in");
    for (subject, mark, words) in [
        ("clock", "doubtful", "timedatectl"),
        ("quota", "doubtful", "calls_per_second"),
        ("socket", "bad", "chmod go-w"),
    ] {
        assert_eq!(found[subject]["mark"], mark, "{found}");
        assert!(found[subject]["advice"].as_str().unwrap().contains(words), "{found}");
    }
    // KIS tells whole seconds.
    let behind = found["clock"]["found"].as_str().unwrap();
    assert!(behind.contains("10800 s behind") || behind.contains("10799 s behind"), "{found}");
}

#[tokio::test]
async fn the_doctor_says_what_to_do_when_kis_refuses() {
    let (world, daemon) = daemon().await;
    let refusal = r#"{"rt_cd":"1","msg_cd":"OPSQ2000","msg1":"INPUT INVALID_CHECK_ACNO"}"#;
    let refusal = Fault::Raw { status: 200, headers: Vec::new(), body: refusal.to_owned() };
    world.clock.advance(std::time::Duration::from_secs(60));
    world.simulator.fail_next("inquire-balance", refusal);
    let (code, found) = findings(&daemon.socket, None).await;
    assert_eq!((code, &found["kis"]["mark"], &found["token"]["mark"]), (Some(1), &json!("bad"), &json!("good")));
    assert!(found["kis"]["advice"].as_str().unwrap().contains("account_no"), "{found}");
}

#[tokio::test]
async fn a_monitor_gets_one_line_and_an_exit_code() {
    let (world, daemon) = daemon().await;
    let check = async |socket: &Path| {
        let output = run(socket, &["status", "--check"]).await;
        let line = text(&output.stdout);
        assert_eq!((line.lines().count(), output.stderr.len()), (1, 0), "{line}");
        (output.status.code(), line)
    };
    let (code, line) = check(&daemon.socket).await;
    assert!(code == Some(0) && line.starts_with("kisd OK: the token is valid until 2026-01-24"), "{line}");
    fail(&world, &daemon, || Fault::Reset).await;
    let (code, line) = check(&daemon.socket).await;
    assert!(code == Some(1) && line.starts_with("kisd FAILING: no answer to TTTC8434R"), "{line}");
    let (code, line) = check(&world.path("none.sock")).await;
    assert!(code == Some(3) && line.starts_with("kisd FAILING: no daemon answers"), "{line}");
}

#[tokio::test]
async fn a_watched_balance_is_told_again_with_what_has_changed_and_survives_a_restart() {
    let world = World::new().await;
    let samsung = |price| Portfolio {
        positions: vec![Position::cash("005930", "삼성전자", 10, 70_000, price)],
        ..Portfolio::demo()
    };
    world.simulator.set_portfolio(samsung(75_000));
    let daemon = world.daemon("kisd").await;
    let mut watching = kisctl(&daemon.socket);
    watching.args(["balance", "--watch", "--interval", "1s"]).stdout(Stdio::piped());
    let mut watching = watching.spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut until = async |words: &str| {
        world
            .while_time_passes(async {
                loop {
                    let line = lines.next_line().await.unwrap().expect("more lines");
                    assert!(!line.contains('\u{1b}'), "there is no terminal: {line:?}");
                    if line.contains(words) {
                        return;
                    }
                }
            })
            .await;
    };
    until("75,000").await;
    world.simulator.set_portfolio(samsung(76_500));
    until("changed: 삼성전자 Price 75,000 → 76,500 (+1,500)").await;
    daemon.stop().await;
    until("trying again").await;
    world.simulator.set_portfolio(samsung(60_000));
    let _daemon = world.daemon("kisd").await;
    until("60,000").await;
}

#[tokio::test]
async fn csv_has_the_holdings_or_the_members_with_every_digit() {
    let (_world, daemon) = daemon().await;
    let shown = text(&run(&daemon.socket, &["--output", "csv", "balance"]).await.stdout);
    let mut rows = shown.lines();
    assert!(rows.next().unwrap().starts_with("stock_code,stock_name,quantity,avg_price,"));
    assert!(shown.contains("\n005380,현대차,3,250000,270000,810000,60000,8.00,3,750000,현금,,0\n"), "{shown}");
    assert_eq!(rows.count(), daemon.balance().await["holdings"].as_array().unwrap().len());
    let shown = text(&run(&daemon.socket, &["--output", "csv", "status"]).await.stdout);
    assert!(shown.contains("\ntoken.state,valid\n") && shown.contains("\ncalls.failed.token_refused,0\n"), "{shown}");
}

#[tokio::test]
async fn messages_are_korean_by_the_locale_or_when_asked_for() {
    let (_world, daemon) = daemon().await;
    for (variable, value, arguments, korean) in [
        ("LANG", "ko_KR.UTF-8", &["balance"][..], true),
        ("LANG", "en_US.UTF-8", &["balance"], false),
        ("LC_ALL", "ko_KR.UTF-8", &["balance"], true),
        ("LANG", "C", &["--lang", "ko", "balance"], true),
        ("LANG", "ko_KR.UTF-8", &["--lang=en", "balance"], false),
    ] {
        let output = kisctl(&daemon.socket).env(variable, value).args(arguments).output().await.unwrap();
        assert_eq!(text(&output.stdout).contains("총평가금액"), korean, "{variable}={value} {arguments:?}");
    }
    for (arguments, words) in [
        (&["token", "refresh"][..], "60초 뒤에 다시 시도하세요"),
        (&["balence"], "없는 명령입니다: balence"),
        (&["balance", "--max-age", "10"], "`--max-age`의 값 '10'이 올바르지 않습니다: 단위가 필요합니다(예: 10s)"),
        (&["balance", "--max-age", "soon"], "기간은 숫자와 단위로 적습니다"),
        (&["--output", "xml", "status"], "허용 값: table, json, csv"),
        (&["blance"], "비슷한 명령: balance"),
        (&["--help"], "사용법: kisctl"),
        (&["status", "--check"], "kisd 정상"),
        (&["doctor"], "모두 정상입니다"),
    ] {
        let output = kisctl(&daemon.socket).args(["--lang", "ko"]).args(arguments).output().await.unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn metrics_are_printed_as_prometheus_reads_them() {
    let (_world, daemon) = daemon().await;
    let shown = text(&run(&daemon.socket, &["metrics"]).await.stdout);
    assert!(shown.starts_with("# HELP kisd_") && shown.ends_with("# EOF\n"), "{shown}");
}

#[tokio::test]
async fn there_is_a_man_page_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    let none = Path::new("/none");
    assert!(text(&run(none, &["man"]).await.stdout).contains(".TH kisctl 1"));
    let output = run(none, &["man", directory.path().to_str().unwrap()]).await;
    assert!(output.status.success());
    let pages: Vec<_> = fs::read_dir(directory.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    for page in ["kisctl.1", "kisctl-balance.1", "kisctl-token-refresh.1", "kisctl-doctor.1"] {
        assert!(pages.iter().any(|name| name == page), "{page} is missing in {pages:?}");
    }
}

#[tokio::test]
async fn the_log_of_a_daemon_that_systemd_has_not_started_is_not_in_the_journal() {
    let world = World::new().await;
    let daemon = support::process::Process::start(&world, "kisd", "").await;
    let output = run(&daemon.socket, &["logs"]).await;
    assert!(text(&output.stderr).contains("was not started by systemd"), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
}

/// Something on a socket that answers each line with what `answer` makes of it; nothing, if that is empty.
fn fake(socket: &Path, answer: impl Fn(&Value) -> String + Send + Sync + 'static) {
    let listener = std::os::unix::net::UnixListener::bind(socket).unwrap();
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            std::thread::spawn(move || {
                use std::io::{BufRead, Write};
                for line in std::io::BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
                    let reply = answer(&serde_json::from_str(&line).unwrap());
                    if stream.write_all(reply.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
}

#[tokio::test]
async fn a_daemon_that_never_answers_is_told_within_seconds() {
    let world = World::new().await;
    let socket = world.path("mute.sock");
    fake(&socket, |_| String::new());
    let started = tokio::time::Instant::now();
    let (check, doctor) = tokio::join!(run(&socket, &["status", "--check"]), findings(&socket, None));
    assert!(started.elapsed() < std::time::Duration::from_secs(9));
    assert_eq!(check.status.code(), Some(3));
    assert!(text(&check.stdout).starts_with("kisd FAILING: "), "{check:?}");
    assert_eq!((&doctor.1["daemon"]["mark"], &doctor.1["kis"]["mark"]), (&json!("bad"), &json!("unknown")));
}

#[tokio::test]
async fn the_doctor_reports_nonsense_as_a_finding() {
    let world = World::new().await;
    let socket = world.path("odd.sock");
    fake(&socket, |request| format!("{}\n", json!({ "jsonrpc": "2.0", "id": request["id"], "result": null })));
    let (code, found) = findings(&socket, None).await;
    assert_eq!((code, &found["daemon"]["mark"], found.as_object().unwrap().len()), (Some(1), &json!("bad"), 7));
}

#[tokio::test]
async fn what_a_daemon_says_commands_no_terminal_and_no_spreadsheet() {
    let world = World::new().await;
    let socket = world.path("evil.sock");
    fake(&socket, |request| {
        let evil = "=1+1\u{1b}]0;x\u{7}\u{202e}\nkisctl: all is well";
        let reply = match request["method"].as_str() {
            Some("account.balance") => json!({ "holdings": [{ "stock_code": "1", "stock_name": evil }] }),
            _ => {
                return format!(
                    "{}\n",
                    json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": -1, "message": evil } })
                );
            }
        };
        format!("{}\n", json!({ "jsonrpc": "2.0", "id": request["id"], "result": reply }))
    });
    for arguments in
        [&["status"][..], &["--output", "csv", "balance"], &["balance"], &["doctor"], &["--lang", "ko", "status"]]
    {
        let output = run(&socket, arguments).await;
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']) && !said.contains("\nkisctl: all"), "{said:?}");
    }
    assert!(text(&run(&socket, &["--output", "csv", "balance"]).await.stdout).contains("\n1,'=1+1"));
}

#[tokio::test]
async fn a_watched_balance_in_json_is_a_line_for_each_change() {
    let (world, daemon) = daemon().await;
    let mut watching = kisctl(&daemon.socket);
    watching.args(["--json", "balance", "--watch", "--interval", "1s"]).stdout(Stdio::piped());
    let mut watching = watching.spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    for price in [75_000, 1] {
        let line = world.while_time_passes(lines.next_line()).await.unwrap().unwrap();
        let state: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(state["balance"]["holdings"][0]["current_price"], price);
        let samsung = Position::cash("005930", "삼성전자", 10, 70_000, 1);
        world.simulator.set_portfolio(Portfolio { positions: vec![samsung], ..Portfolio::demo() });
    }
    assert_eq!(run(&daemon.socket, &["--output", "csv", "balance", "--watch"]).await.status.code(), Some(1));
}
