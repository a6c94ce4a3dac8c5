//! `kisd demo`: the main job without an account. Simulator and daemon run in one process; the balance goes over the real socket.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    net::Ipv4Addr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use kisd::{
    clock::{SystemClock, kst},
    config::{self, Variables},
    ctl::{self, output::Printer, words::Language},
    daemon::{Daemon, Listening, signals::Signals},
    simulator::{MarketSetup, Mode, Options, Setup, Simulator},
    telemetry::Telemetry,
};
use rustix::process::geteuid;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{Failure, hours::of_trading, print};

pub(crate) fn run(once: bool, still: bool) -> Result<(), Failure> {
    let directory = tempfile::Builder::new().prefix("kisd-demo-").tempdir().map_err(Failure::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::other)?;
    runtime.block_on(demo(directory.path(), once, still))
}

async fn demo(directory: &Path, once: bool, still: bool) -> Result<(), Failure> {
    let mut signals = Signals::catch().map_err(Failure::other)?;
    let (clock, begins) = of_trading(SystemClock::shared());
    let options = Options::demo(Mode::Paper);
    // Quicker than a quiet day: whoever watches for a minute sees it move.
    let market = if still { MarketSetup::STILL } else { MarketSetup { speed: 5, ..MarketSetup::MOVING } };
    let setup = Setup { market, ..Setup::from(options.clone()) };
    let simulator =
        Simulator::start((Ipv4Addr::LOCALHOST, 0).into(), setup, clock.clone()).await.map_err(Failure::other)?;
    let file = write_config(directory, &simulator, &options).map_err(Failure::other)?;
    let config = config::load(Some(&file), &Variables::default())?;
    let _telemetry = Telemetry::start(&config.log, false, &clock).map_err(Failure::other)?;
    let socket = config.rpc.socket.clone();
    let listening = Listening::start(&config).await.map_err(Failure::other)?;
    let daemon = Daemon::new(config, clock).map_err(Failure::other)?;
    let shutdown = CancellationToken::new();
    let (_no_reloads, reloads) = mpsc::channel(1);
    let serving = tokio::spawn(daemon.run(listening, None, reloads, shutdown.clone()));

    let shown = show(&simulator, &socket, begins, once, &mut signals).await;
    shutdown.cancel();
    serving.await.map_err(Failure::other)?.map_err(Failure::other)?;
    shown
}

async fn show(
    simulator: &Simulator,
    socket: &Path,
    begins: Option<DateTime<Utc>>,
    once: bool,
    signals: &mut Signals,
) -> Result<(), Failure> {
    print(&format!("simulated KIS on {}, daemon on {}\n\n", simulator.base_url(), socket.display()))?;
    if let Some(at) = begins {
        let at = kst(at).format("%Y-%m-%d %H:%M KST");
        print(&format!("The Korea Exchange is closed now, so the clock of this demo begins at {at}.\n\n"))?;
    }
    let mut printer = Printer::stdout(Language::of_locale());
    tokio::select! {
        shown = ctl::show_balance(&mut printer, socket.to_owned()) => shown.map_err(Failure::other)?,
        // A closed terminal (SIGHUP) ends a demo too.
        _ = signals.next() => return Ok(()),
    }
    if once {
        return Ok(());
    }
    print(&format!(
        "\nAsk again from another terminal:\n\n  {kisctl} --socket {socket} balance\n  \
         {kisctl} --socket {socket} order buy 005930 1 --type market\n  \
         curl --unix-socket {socket} http://kisd/ -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account.balance\"}}'\n\n\
         Ctrl-C ends the demo.\n",
        kisctl = kisctl(),
        socket = socket.display(),
    ))?;
    signals.next().await;
    Ok(())
}

/// How to call kisctl here: the one beside this program, else by way of cargo, which ran us.
fn kisctl() -> String {
    let beside = env::current_exe().ok().map(|exe| exe.with_file_name("kisctl")).filter(|path| path.exists());
    beside.map_or_else(|| "cargo run --quiet --bin kisctl --".to_owned(), |path| path.display().to_string())
}

fn write_config(directory: &Path, simulator: &Simulator, options: &Options) -> std::io::Result<PathBuf> {
    let path = directory.join("config.toml");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    write!(
        file,
        "[kis]\nmode = \"paper\"\nbase_url = \"{}\"\napp_key = \"{}\"\napp_secret = \"{}\"\naccount_no = \"{}\"\n\n\
         [token]\nfile = \"{token}\"\n\n[rpc]\nsocket = \"{socket}\"\n\n[log]\nlevel = \"warn\"\n\n\
         [orders]\nenabled = true\nledger = \"{ledger}\"\n\n[[grants]]\nuids = [{uid}]\nrights = [\"trade\", \"approve\"]\n",
        simulator.base_url(),
        options.app_key,
        options.app_secret,
        options.cano,
        token = directory.join("token.json").display(),
        socket = directory.join("kisd.sock").display(),
        ledger = directory.join("orders.db").display(),
        uid = geteuid().as_raw(),
    )?;
    Ok(path)
}
