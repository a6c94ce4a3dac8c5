//! Logs: to stderr, where journald or a terminal reads them, and on demand to daily files that only their owner can read.
//!
//! Both are in Korean time, as KIS's own times are. The filter of the configuration applies to kisd. Libraries are never heard below `warn`: at finer levels some of them print
//! request lines and headers, which hold the account number and secrets.

mod daily;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use chrono::SecondsFormat;
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::filter_fn,
    fmt::{self, MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

use self::daily::Daily;
use crate::clock::{self, SharedClock};

pub use self::daily::Distrust;

/// How logs are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A filter of tracing: `info`, `debug`, `kisd::token=trace,info`.
    pub level: String,
    /// Form of a line.
    pub format: Format,
    /// Where daily files go, if anywhere.
    pub dir: Option<PathBuf>,
}

/// Form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The name used in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// Whether `level` is a filter. A word that is no level would be taken for the name of a module, and silence everything else.
pub fn is_filter(level: &str) -> bool {
    let is_level = |word: &str| LEVELS.contains(&word.trim().to_ascii_lowercase().as_str());
    level.split(',').all(|part| part.contains('=') || is_level(part)) && EnvFilter::try_new(level).is_ok()
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Logs cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The directory for log files cannot be used.
    #[error("log.dir: {0}")]
    Directory(#[from] Distrust),
    /// The filter does not parse.
    #[error("log.level: is not a filter")]
    Filter,
}

/// The time of a line, on Korean clocks.
#[derive(Debug, Clone)]
struct KoreanTime(SharedClock);

impl FormatTime for KoreanTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        writer.write_str(&clock::kst(self.0.now()).to_rfc3339_opts(SecondsFormat::Micros, false))
    }
}

/// Keeps logs flowing; dropped last, when everything has been said.
#[derive(Debug)]
pub struct Telemetry {
    filter: reload::Handle<EnvFilter, Registry>,
    _writers: Vec<WorkerGuard>,
}

/// Lines that wait for whoever writes them; the library's own number takes four MiB, touched at the start.
const WAITING_LINES: usize = 8192;

/// A writer that no call waits for.
fn unhurried(writer: impl io::Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().buffered_lines_limit(WAITING_LINES).finish(writer)
}

impl Telemetry {
    /// Starts logging for the whole process. Log files inherit the process's umask, so that has to be 077.
    ///
    /// `journal` says that journald reads stderr, which puts its own time on each line.
    pub fn start(settings: &Settings, journal: bool, clock: &SharedClock) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_new(&settings.level).map_err(|_| TelemetryError::Filter)?;
        let (filter, handle) = reload::Layer::new(filter);
        let colour = std::io::stderr().is_terminal();
        // Nobody may read what stderr is connected to. Lines are then lost, and no call waits for a reader.
        let (stderr, guard) = unhurried(std::io::stderr());
        let stderr = lines(settings.format, stderr, colour, journal, clock);
        let mut writers = vec![guard];
        let files = match &settings.dir {
            None => None,
            Some(dir) => {
                let (writer, guard) = unhurried(Daily::new(dir, clock.clone())?);
                writers.push(guard);
                Some(lines(settings.format, writer, false, false, clock))
            }
        };
        tracing_subscriber::registry()
            .with(filter)
            .with(stderr.with_filter(filter_fn(ours_or_important)))
            .with(files.map(|files| files.with_filter(filter_fn(ours_or_important))))
            .init();
        Ok(Self { filter: handle, _writers: writers })
    }

    /// Replaces the filter.
    pub fn set_level(&self, level: &str) -> Result<(), TelemetryError> {
        let filter = EnvFilter::try_new(level).map_err(|_| TelemetryError::Filter)?;
        self.filter.reload(filter).map_err(|_| TelemetryError::Filter)
    }
}

/// What the targets of our own lines begin with.
const OURS: [&str; 3] = ["kisd", "kis_simulator", "audit"];

fn ours_or_important(metadata: &Metadata<'_>) -> bool {
    OURS.iter().any(|ours| metadata.target().starts_with(ours)) || *metadata.level() <= Level::WARN
}

fn lines<S, W>(
    format: Format,
    writer: W,
    colour: bool,
    journal: bool,
    clock: &SharedClock,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(colour).with_timer(KoreanTime(clock.clone()));
    match (format, journal) {
        (Format::Json, _) => lines.json().boxed(),
        (Format::Text, true) => lines.without_time().boxed(),
        (Format::Text, false) => lines.boxed(),
    }
}
