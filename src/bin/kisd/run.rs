//! `kisd run`: the daemon in the foreground.

use std::path::{Path, PathBuf};

use kisd::{
    clock::{BootId, SharedClock, SystemClock},
    config::{self, Config, ConfigError, Fault, Variables},
    daemon::{
        Daemon, DaemonError, Listening, process,
        signals::{Asked, Signals},
        systemd,
    },
    telemetry::{Telemetry, TelemetryError},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::Failure;

pub(crate) fn run(file: Option<&Path>, variables: Variables) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::other)?;
    // Before anything that takes time: an early SIGHUP must not end the process.
    let signals = runtime.block_on(async { Signals::catch() }).map_err(Failure::other)?;
    let config = config::load(file, &variables)?;
    let journal = variables.get("JOURNAL_STREAM").is_some();
    // Dropped last, when everything has been said.
    // Where the kernel's own is hidden, systemd's unit passes it.
    let boot_id = variables.get("KISD_BOOT_ID").and_then(BootId::parse);
    let clock = SystemClock::with_boot_id(boot_id);
    let telemetry = Telemetry::start(&config.log, journal, &clock).map_err(|error| no_log(&config, error))?;
    for warning in config.warnings() {
        warn!("{warning}");
    }
    if let Err(error) = process::raise_descriptor_limit() {
        warn!(%error, "the limit of file descriptors stays as it is; rpc.max_connections may be out of reach");
    }
    let reloading = Reloading { file: file.map(Path::to_owned), variables, telemetry: &telemetry };
    let result = runtime.block_on(serve(config, clock, signals, reloading));
    // A thread may still wait for a disk; the process ends without it.
    runtime.shutdown_background();
    result.map_err(|error| {
        error!(%error, "kisd ends");
        Failure::other(error)
    })
}

/// A directory that is not safe is as much a fault of the configuration as a key that is none.
fn no_log(config: &Config, error: TelemetryError) -> Failure {
    match error {
        TelemetryError::Directory(reason) if reason.is_lasting() => {
            let source =
                config.file.as_ref().map_or_else(|| "environment".to_owned(), |file| file.display().to_string());
            let fault = Fault { source, key: "log.dir".to_owned(), problem: reason.to_string() };
            Failure::Configuration(ConfigError { faults: vec![fault] })
        }
        error => Failure::other(error),
    }
}

async fn serve(
    config: Config,
    clock: SharedClock,
    signals: Signals,
    reloading: Reloading<'_>,
) -> Result<(), DaemonError> {
    let listening = Listening::start(&config).await?;
    let daemon = Daemon::new(config, clock)?;
    let shutdown = CancellationToken::new();
    let (sender, reloads) = mpsc::channel(1);
    let serving = daemon.run(listening, systemd::heartbeat(), reloads, shutdown.clone());
    tokio::pin!(serving);
    tokio::select! {
        result = &mut serving => return result,
        () = obey(signals, reloading, sender) => {}
    }
    info!("shutting down");
    shutdown.cancel();
    serving.await
}

/// What a reload needs.
struct Reloading<'a> {
    file: Option<PathBuf>,
    variables: Variables,
    telemetry: &'a Telemetry,
}

/// Does what signals ask for, until one asks to stop.
async fn obey(mut signals: Signals, reloading: Reloading<'_>, reloads: mpsc::Sender<Config>) {
    loop {
        match signals.next().await {
            Asked::Stop => return,
            Asked::Reload => match config::load(reloading.file.as_deref(), &reloading.variables) {
                Ok(config) => {
                    if let Err(error) = reloading.telemetry.set_level(&config.log.level) {
                        error!(%error, "the log level stays as it was");
                    }
                    // Closed only when the daemon is on its way down.
                    let _ = reloads.send(config).await;
                }
                Err(error) => error!(%error, "the old configuration stays in force"),
            },
        }
    }
}
