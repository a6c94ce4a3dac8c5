//! kisd as a process: exit codes, signals, systemd's protocol, and what it never lets out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    fs,
    os::{fd::AsFd, unix::net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use kisd::simulator::{Mode, Options};
use serde_json::{Value, json};
use support::{
    Lines, World, eventually,
    process::{Process, kisd},
};
use tokio::process::Command;

async fn world() -> World {
    World::in_real_time(Options::demo(Mode::Real)).await
}

async fn output(command: &mut Command) -> Output {
    command.output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn three_cold_processes_that_share_a_mirror_serve_with_one_issuance() {
    let world = world().await;
    let [a, b, c] = ["a", "b", "c"].map(|name| Process::start(&world, name, ""));
    let (a, b, c) = tokio::join!(a, b, c);
    for process in [&a, &b, &c] {
        let reply = process.call("account.balance", json!({})).await;
        assert_eq!(reply["result"]["total_evaluation"], 10_000_000, "{reply}");
    }
    assert_eq!(world.simulator.calls_to("tokenP").len(), 1);
}

#[tokio::test]
async fn sigterm_ends_it_with_0_without_a_socket_and_the_next_start_uses_the_cached_token() {
    let world = world().await;
    let process = Process::start(&world, "kisd", "").await;
    process.call("account.balance", json!({})).await;
    let socket = process.socket.clone();
    assert_eq!(process.stop().await, Some(0));
    assert!(!socket.exists());
    let process = Process::start(&world, "kisd", "").await;
    eventually("the cached token", || process.log().contains("Using cached token (still valid)")).await;
    assert!(process.log().contains("expires_at=2"), "{}", process.log());
    process.call("account.balance", json!({})).await;
    assert_eq!(world.simulator.issuances(), 1);
}

#[tokio::test]
async fn a_second_process_on_the_same_socket_is_refused_with_1() {
    let world = world().await;
    let process = Process::start(&world, "kisd", "").await;
    let second = output(kisd().arg("--config").arg(world.path("kisd.toml"))).await;
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("another kisd is already serving"), "{}", text(&second.stderr));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test]
async fn a_refused_configuration_ends_it_with_78_and_one_message() {
    let world = world().await;
    let config = world.config_file("kisd", "sockets = 1\n");
    for command in ["run", "check"] {
        let refused = output(kisd().arg(command).arg("--config").arg(&config)).await;
        assert_eq!(refused.status.code(), Some(78));
        let message = text(&refused.stderr);
        assert!(message.contains("kisd.toml: rpc.sockets: is not a key"), "{message}");
        assert!(!message.contains(&world.options.app_secret), "{message}");
    }
}

#[tokio::test]
async fn check_shows_what_would_be_used_and_no_secret() {
    let world = world().await;
    let config = world.config_file("kisd", "");
    let check = output(kisd().arg("check").env("KISD_CONFIG", &config).env("KISD_BALANCE__MAX_AGE", "3s")).await;
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
    let shown = text(&check.stdout);
    assert!(shown.contains("kisd.toml") && shown.contains("balance.max_age         3s"), "{shown}");
    for secret in [&world.options.app_key, &world.options.app_secret, &world.options.cano] {
        assert!(!shown.contains(secret.as_str()), "{shown}");
    }
    assert_eq!(world.simulator.calls(), []);
}

#[tokio::test]
async fn check_tells_programs_what_there_is_in_one_object_and_no_secret() {
    let world = world().await;
    let config = world.config_file("kisd", "");
    let refused = world.config_file("refused", "sockets = 1\n");
    let home = world.path("home");
    for (file, code, state) in [(Some(&config), 0, "sound"), (Some(&refused), 78, "refused"), (None, 78, "missing")] {
        let mut command = kisd();
        command.args(["check", "--json"]).env("HOME", &home);
        command.envs(file.map(|file| ("KISD_CONFIG", file)));
        let check = output(&mut command).await;
        assert_eq!(check.status.code(), Some(code), "{state}");
        let shown = text(&check.stdout);
        let told: Value = serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
        assert_eq!(told["state"], state, "{told}");
        match state {
            "sound" => assert_eq!(
                (told["file"].as_str(), told["settings"]["rpc.socket"].as_str()),
                (config.to_str(), world.path("kisd.sock").to_str())
            ),
            "refused" => assert_eq!(told["faults"][0]["key"], "rpc.sockets", "{told}"),
            _ => assert!(told["faults"][0]["source"].as_str().unwrap().contains("looked for"), "{told}"),
        }
        for secret in [&world.options.app_key, &world.options.app_secret, &world.options.cano] {
            assert!(!shown.contains(secret.as_str()), "{shown}");
        }
    }
}

#[tokio::test]
async fn sighup_applies_a_good_configuration_and_keeps_the_old_one_for_a_bad_one() {
    let world = world().await;
    let process = Process::start(&world, "kisd", "").await;
    world.config_file("kisd", "max_request_bytes = 1024\nsocket_mode = \"0660\"\n");
    process.signal(rustix::process::Signal::HUP);
    eventually("the reload", || process.log().contains("has been reloaded")).await;
    assert!(process.log().contains("rpc.socket_mode"), "{}", process.log());
    let long = json!({ "x": "y".repeat(2000) });
    assert_eq!(process.call("token.status", long.clone()).await["error"]["code"], -32058);

    world.config_file("kisd", "max_request_bytes = 1\n");
    process.signal(rustix::process::Signal::HUP);
    eventually("the refusal", || process.log().contains("the old configuration stays in force")).await;
    assert_eq!(process.call("token.status", long).await["error"]["code"], -32058);
    assert_eq!(process.call("token.status", json!({})).await["error"], Value::Null);
}

#[tokio::test]
async fn it_takes_its_socket_from_systemd_and_tells_it_readiness_status_watchdog_and_stop() {
    let world = world().await;
    let notify = UnixDatagram::bind(world.path("notify")).unwrap();
    notify.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let handed_over = std::os::unix::net::UnixListener::bind(world.path("handed-over.sock")).unwrap();
    // A shell makes descriptor 3 and the right LISTEN_PID of it, as systemd would.
    let script = "LISTEN_PID=$$ exec \"$0\" --config \"$1\" 3<&0 0</dev/null";
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_kisd")])
        .arg(world.config_file("kisd", ""))
        .env_clear()
        .env("LISTEN_FDS", "1")
        .env("NOTIFY_SOCKET", world.path("notify"))
        .env("WATCHDOG_USEC", "200000")
        .stdin(handed_over.as_fd().try_clone_to_owned().unwrap())
        .kill_on_drop(true);
    let mut process = Process::start_with(&world, "kisd", &mut command).await;
    assert!(!world.path("kisd.sock").exists(), "the configured socket is not needed");
    process.socket = world.path("handed-over.sock");
    process.call("account.balance", json!({})).await;

    let mut said = String::new();
    let mut hear = |word: &str| {
        let mut buffer = [0; 512];
        while !said.contains(word) {
            let length = notify.recv(&mut buffer).unwrap_or_else(|error| panic!("{word} after {said}: {error}"));
            said.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
    };
    hear("READY=1");
    hear("STATUS=token valid until");
    hear("WATCHDOG=1");
    assert_eq!(process.stop().await, Some(0));
    hear("STOPPING=1");
    assert!(world.path("handed-over.sock").exists(), "it belongs to systemd");
}

#[tokio::test]
async fn no_secret_reaches_a_log_at_any_level_and_log_files_are_private() {
    let world = world().await;
    let logs = world.path("logs");
    let extra = format!("[log]\nlevel = \"trace\"\ndir = \"{}\"\n", logs.display());
    let process = Process::start(&world, "kisd", &extra).await;
    process.call("account.balance", json!({ "max_age_ms": 0 })).await;
    world.simulator.revoke_token();
    process.call("token.refresh", json!({})).await;
    let token: Value = serde_json::from_str(&fs::read_to_string(world.mirror()).unwrap()).unwrap();
    let token = token["access_token"].as_str().unwrap().to_owned();
    let stderr = process.log.clone();
    process.stop().await;
    let file = fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path();
    for log in [&stderr, &file] {
        let text = fs::read_to_string(log).unwrap();
        assert!(text.contains("KIS answered") && text.contains("TTTC8434R") && text.contains("elapsed_ms"), "{text}");
        for secret in [&world.options.app_key, &world.options.app_secret, &world.options.cano, &token] {
            assert!(!text.contains(secret.as_str()), "{}: {text}", log.display());
        }
    }
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&logs), 0o700);
}

#[tokio::test]
async fn its_memory_is_closed_to_core_files_and_other_processes() {
    let world = world().await;
    let process = Process::start(&world, "kisd", "").await;
    let proc = PathBuf::from(format!("/proc/{}", process.child.id().unwrap()));
    let limits = fs::read_to_string(proc.join("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    // A process that is not dumpable belongs to root in /proc, whoever runs it; as root that shows only in its memory map.
    let uid = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&proc).unwrap());
    assert_eq!(uid, 0);
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used_for_loopback() {
    let world = world().await;
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let mut command = kisd();
    command.arg("--config").arg(world.config_file("kisd", ""));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &url);
    }
    let process = Process::start_with(&world, "kisd", &mut command).await;
    let reply = process.call("account.balance", json!({})).await;
    assert_eq!(reply["result"]["deposit"], 5_000_000, "{reply}");
    assert_eq!(proxy.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_nobody() {
    let world = world().await;
    let (unread, stderr) = std::io::pipe().unwrap();
    let mut child = kisd().arg("--config").arg(world.config_file("kisd", "")).stderr(stderr).spawn().unwrap();
    let socket = world.path("kisd.sock");
    // It is bound a moment before it listens.
    eventually("the socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok()).await;
    let mut client = Lines::connect(&socket).await;
    // Each of these is a line in the log, and together they are more than a pipe holds.
    for _ in 0..2000 {
        client.call("token.refresh", json!({})).await;
    }
    assert_eq!(client.call("account.balance", json!({})).await["result"]["deposit"], 5_000_000);
    child.start_kill().unwrap();
    child.wait().await.unwrap();
    drop(unread);
}

#[tokio::test]
async fn running_out_of_file_descriptors_is_survived() {
    let world = world().await;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "ulimit -n 48; exec \"$0\" --config \"$1\"", env!("CARGO_BIN_EXE_kisd")])
        .arg(world.config_file("kisd", ""))
        .env_clear()
        .kill_on_drop(true);
    let process = Process::start_with(&world, "kisd", &mut command).await;
    let mut served = Lines::connect(&process.socket).await;
    served.call("account.balance", json!({})).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(Lines::connect(&process.socket).await);
    }
    eventually("descriptors to run out", || process.log().contains("cannot accept connections")).await;
    let reply = served.call("account.balance", json!({ "max_age_ms": 60_000 })).await;
    assert_eq!(reply["result"]["deposit"], 5_000_000, "who is connected is served: {reply}");
    drop(crowd);
    // The daemon sees them go one after another.
    let mut reply = process.call("account.balance", json!({ "max_age_ms": 0 })).await;
    for _ in 0..200 {
        if reply["error"]["data"]["kind"] != "overloaded" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        reply = process.call("account.balance", json!({ "max_age_ms": 0 })).await;
    }
    assert_eq!(reply["result"]["deposit"], 5_000_000, "and so is everybody afterwards: {reply}");
}

#[tokio::test]
async fn demo_shows_a_first_balance_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let demo = output(kisd().args(["demo", "--once"]).env("TMPDIR", temporary.path())).await;
    assert_eq!(demo.status.code(), Some(0), "{}", text(&demo.stderr));
    let shown = text(&demo.stdout);
    for word in ["005930", "삼성전자", "5,000,000", "12****78-01"] {
        assert!(shown.contains(word), "{word} is missing in: {shown}");
    }
    assert_eq!(text(&demo.stderr), "");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn simulate_serves_any_client_of_kis_and_spells_headers_as_kis_does() {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    let mut child = kisd()
        .args(["simulate", "--listen", "127.0.0.1:0", "--mode", "real"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut value = async |key: &str| loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(value) = line.strip_prefix(&format!("{key} = \"")) {
            return value.trim_end_matches('"').to_owned();
        }
    };
    let url = value("base_url").await;
    let (key, secret, account) = (value("app_key").await, value("app_secret").await, value("account_no").await);
    let body = json!({ "grant_type": "client_credentials", "appkey": key, "appsecret": secret }).to_string();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let token: Value =
        client.post(format!("{url}/oauth2/tokenP")).body(body).send().await.unwrap().json().await.unwrap();
    assert_eq!(token["expires_in"], 86_400);
    let query = format!(
        "CANO={account}&ACNT_PRDT_CD=01&AFHR_FLPR_YN=N&OFL_YN=&INQR_DVSN=01&UNPR_DVSN=01&FUND_STTL_ICLD_YN=N\
         &FNCG_AMT_AUTO_RDPT_YN=N&PRCS_DVSN=00&CTX_AREA_FK100=&CTX_AREA_NK100="
    );
    let request = format!(
        "GET /uapi/domestic-stock/v1/trading/inquire-balance?{query} HTTP/1.1\r\nHost: kis\r\nConnection: close\r\n\
         authorization: Bearer {}\r\nappkey: {key}\r\nappsecret: {secret}\r\ntr_id: TTTC8434R\r\ncusttype: P\r\n\r\n",
        token["access_token"].as_str().unwrap()
    );
    let mut stream = tokio::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    for header in ["\r\nContent-Type: application/json", "\r\ntr_id: TTTC8434R", "\r\ntr_cont: D", "\r\ngt_uid: "] {
        assert!(answer.contains(header), "{header:?} is missing in: {answer}");
    }
    assert!(answer.contains("\"pchs_avg_pric\":\"70000.0000\""), "{answer}");
}

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap()) & 0o777
}
