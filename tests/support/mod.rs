//! What every test stands on: a simulator, daemons on real sockets, time that is steered, and a client that is not ours.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_debug_implementations,
    reason = "each test binary uses its part"
)]

pub mod agent;
pub mod dialect;
pub mod process;
pub mod users;

use std::{
    fs::{self, OpenOptions, Permissions},
    future::Future,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use kisd::{
    clock::{Clock, ManualClock, SharedClock, SystemClock},
    config::{self, Config, Variables},
    daemon::{Daemon, DaemonError, Listening},
    simulator::{Mode, Options, Setup, Simulator},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// 2026-01-23 12:00:00 in Korea, the instant of the contract's example.
pub fn noon() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-23T12:00:00+09:00").unwrap().with_timezone(&Utc)
}

/// A simulated KIS and a directory, on one clock.
pub struct World {
    /// The clock of the daemon's machine. The simulated KIS sees the time pass, and not the steps of its wall clock.
    pub clock: ManualClock,
    pub simulator: Simulator,
    pub options: Options,
    machine: SharedClock,
    directory: TempDir,
}

impl World {
    /// Real accounts (18 calls a second), on a clock that stands until it is moved.
    pub async fn new() -> Self {
        Self::with(Options::demo(Mode::Real)).await
    }

    pub async fn with(options: Options) -> Self {
        let clock = ManualClock::at(noon());
        let (kis, machine) = (clock.twin().shared(), clock.shared());
        Self::build(options, clock, kis, machine).await
    }

    /// On the machine's clock, for what cannot be steered: processes, and load.
    pub async fn in_real_time(options: Options) -> Self {
        let system = SystemClock::shared();
        Self::build(options, ManualClock::at(noon()), system.clone(), system).await
    }

    /// Several app keys on one port, on a clock that stands until it is moved. The first is the one of `options`.
    pub async fn of_keys(setup: Setup) -> Self {
        let clock = ManualClock::at(noon());
        let (kis, machine) = (clock.twin().shared(), clock.shared());
        Self::build(setup, clock, kis, machine).await
    }

    async fn build(setup: impl Into<Setup>, clock: ManualClock, kis: SharedClock, machine: SharedClock) -> Self {
        let setup = setup.into();
        let options = setup.keys[0].clone();
        let simulator = Simulator::start(([127, 0, 0, 1], 0).into(), setup, kis).await.unwrap();
        Self { clock, simulator, options, machine, directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn mirror(&self) -> PathBuf {
        self.path("state/token.json")
    }

    /// The lock file of the app key, and where it has its mirror if `token.file` belongs to another.
    pub fn lock(&self) -> PathBuf {
        self.named("lock")
    }

    pub fn named_mirror(&self) -> PathBuf {
        self.named("json")
    }

    fn named(&self, extension: &str) -> PathBuf {
        use sha2::{Digest, Sha256};
        let mode = if self.options.mode == Mode::Real { "real" } else { "paper" };
        let binding = Sha256::digest(format!("kisd token mirror\0{mode}\0{}", self.options.app_key));
        let digits: String = binding.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        self.path(&format!("state/token-{mode}-{digits}.{extension}"))
    }

    /// A configuration file that others cannot read; `extra` is more TOML, for other tables or keys of `[rpc]`, the last one.
    pub fn config_file(&self, name: &str, extra: &str) -> PathBuf {
        let path = self.path(&format!("{name}.toml"));
        let mode = if self.options.mode == Mode::Real { "real" } else { "paper" };
        let text = format!(
            "[kis]\nmode = \"{mode}\"\nbase_url = \"{}\"\napp_key = \"{}\"\napp_secret = \"{}\"\naccount_no = \"{}\"\n\
             [token]\nfile = \"{}\"\n[orders]\nledger = \"{}\"\n[rpc]\nsocket = \"{}\"\n{extra}",
            self.simulator.base_url(),
            self.options.app_key,
            self.options.app_secret,
            self.options.cano,
            self.mirror().display(),
            self.path("state/orders.db").display(),
            self.path(&format!("{name}.sock")).display(),
        );
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        path
    }

    /// A configuration whose accounts are what `accounts` says, in TOML.
    pub fn config_of(&self, name: &str, accounts: &str) -> Config {
        self.try_config_of(name, accounts).unwrap()
    }

    pub fn try_config_of(&self, name: &str, accounts: &str) -> Result<Config, config::ConfigError> {
        let path = self.path(&format!("{name}.toml"));
        let text = format!(
            "{accounts}\n[token]\nfile = \"{}\"\n[orders]\nledger = \"{}\"\n[rpc]\nsocket = \"{}\"\n",
            self.mirror().display(),
            self.path("state/orders.db").display(),
            self.path(&format!("{name}.sock")).display(),
        );
        fs::write(&path, text).unwrap();
        chmod(&path, 0o600);
        config::load(Some(&path), &Variables::default())
    }

    /// The table of an account over one of the simulated keys.
    pub fn account(&self, name: &str, key: &Options, cano: &str) -> String {
        format!(
            "[accounts.{name}]\nmode = \"{}\"\nbase_url = \"{}\"\napp_key = \"{}\"\napp_secret = \"{}\"\naccount_no = \"{cano}\"\n",
            key.mode.name(),
            self.simulator.base_url(),
            key.app_key,
            key.app_secret,
        )
    }

    pub fn config(&self, name: &str, extra: &str) -> Config {
        config::load(Some(&self.config_file(name, extra)), &Variables::default()).unwrap()
    }

    pub async fn daemon(&self, name: &str) -> TestDaemon {
        self.daemon_with(self.config(name, "")).await
    }

    pub async fn daemon_with(&self, config: Config) -> TestDaemon {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        loop {
            match self.try_daemon(config.clone()).await {
                // A program that another test is just starting has a copy of the lock of a daemon that has stopped, until it is
                // executed.
                Err(DaemonError::Socket(_)) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                started => return started.unwrap(),
            }
        }
    }

    pub async fn try_daemon(&self, config: Config) -> Result<TestDaemon, DaemonError> {
        let socket = config.rpc.socket.clone();
        let listening = Listening::start(&config).await?;
        let daemon = Daemon::new(config, self.machine.clone())?;
        let shutdown = CancellationToken::new();
        let (reloads, receiver) = mpsc::channel(1);
        let running = tokio::spawn(daemon.run(listening, None, receiver, shutdown.clone()));
        Ok(TestDaemon { socket, shutdown, reloads, running, clock: self.clock.clone() })
    }

    /// The output of `future` while time passes fifty times as fast as outside.
    pub async fn while_time_passes<F: Future>(&self, future: F) -> F::Output {
        self.while_time_passes_by(Duration::from_millis(50), future).await
    }

    /// The output of `future` while time passes by `step` in each millisecond.
    pub async fn while_time_passes_by<F: Future>(&self, step: Duration, future: F) -> F::Output {
        tokio::pin!(future);
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        // A busy machine makes time pass more slowly here, never in leaps that nobody could keep up with.
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                output = &mut future => return output,
                _ = tick.tick() => self.clock.advance(step),
            }
        }
    }

    /// How far the clock has moved.
    pub fn elapsed(&self) -> Duration {
        self.clock.monotonic().after_start()
    }

    /// The times between the token calls that were answered with a token.
    pub fn between_issuances(&self) -> Vec<Duration> {
        let mut issued = self.simulator.calls_to("tokenP");
        issued.retain(|call| call.status == 200);
        issued.windows(2).map(|pair| pair[1].at.since(pair[0].at)).collect()
    }
}

/// A daemon on its socket.
pub struct TestDaemon {
    pub socket: PathBuf,
    pub reloads: mpsc::Sender<Config>,
    pub shutdown: CancellationToken,
    pub running: JoinHandle<Result<(), DaemonError>>,
    clock: ManualClock,
}

impl TestDaemon {
    pub async fn client(&self) -> Lines {
        Lines::connect(&self.socket).await
    }

    pub async fn call(&self, method: &str, params: Value) -> Value {
        self.client().await.call(method, params).await
    }

    /// A result, or a panic that shows the error.
    pub async fn ok(&self, method: &str, params: Value) -> Value {
        let reply = self.call(method, params).await;
        assert!(reply.get("error").is_none(), "{reply}");
        reply["result"].clone()
    }

    pub async fn error(&self, method: &str, params: Value) -> Value {
        let reply = self.call(method, params).await;
        assert!(reply.get("result").is_none(), "{reply}");
        reply["error"].clone()
    }

    pub async fn balance(&self) -> Value {
        self.ok("account.balance", json!({})).await
    }

    pub async fn token_status(&self) -> Value {
        self.ok("token.status", json!({})).await
    }

    /// Waits until the token's status satisfies `condition`.
    pub async fn token_until(&self, condition: impl Fn(&Value) -> bool) -> Value {
        self.until("token.status", json!({}), condition).await
    }

    /// Waits until the status of the token of an account satisfies `condition`.
    pub async fn token_until_of(&self, account: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.until("token.status", json!({ "account": account }), condition).await
    }

    /// Waits until the daemon's status satisfies `condition`.
    pub async fn status_until(&self, condition: impl Fn(&Value) -> bool) -> Value {
        self.until("daemon.status", json!({}), condition).await
    }

    async fn until(&self, method: &str, params: Value, condition: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let result = self.ok(method, params.clone()).await;
            if condition(&result) {
                return result;
            }
            assert!(tokio::time::Instant::now() < deadline, "not within twenty seconds: {result}");
            tokio::task::yield_now().await;
        }
    }

    /// Stops it. A shutdown that waits for a client gives up after seconds of its own time, which a standing clock never reaches.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        loop {
            tokio::select! {
                ended = &mut self.running => return ended.unwrap().unwrap(),
                () = tokio::time::sleep(Duration::from_secs(2)) => self.clock.advance(Duration::from_secs(1)),
            }
        }
    }
}

/// A client of the JSON stream made of nothing but a socket.
pub struct Lines {
    reader: BufReader<OwnedReadHalf>,
    pub writer: OwnedWriteHalf,
}

impl Lines {
    pub async fn connect(socket: &Path) -> Self {
        Self::of(UnixStream::connect(socket).await.unwrap())
    }

    pub fn of(stream: UnixStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::new(reader), writer }
    }

    pub async fn send(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line, unread.
    pub async fn receive_line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).await.unwrap();
        line
    }

    /// The next reply; `None` once the daemon has closed the connection.
    pub async fn receive(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap()),
        }
    }

    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(&format!("{request}\n")).await;
        self.receive().await.expect("a reply")
    }
}

pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Waits for something that happens outside of what can be awaited; fails after ten seconds.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Lines {
    /// Everything until the daemon closes the connection.
    pub async fn rest(mut self) -> String {
        let mut text = String::new();
        // A reset after the answer is an answer all the same.
        let _ = tokio::io::AsyncReadExt::read_to_string(&mut self.reader, &mut text).await;
        text
    }
}
