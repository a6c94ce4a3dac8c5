//! Logs: to stderr, where journald or a terminal reads them, and on demand to daily files that only their owner can read.
//!
//! The filter of the configuration applies to kisd. Libraries are never heard below `warn`: at finer levels some of them print
//! request lines and headers, which hold the account number and secrets.

use std::{fs::DirBuilder, io::IsTerminal, os::unix::fs::DirBuilderExt, path::PathBuf};

use tracing::{Level, Metadata};
use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

/// Daily files kept before the oldest is removed.
const FILES_KEPT: usize = 30;

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
    #[error("log.dir: {path}: cannot be used for log files: {reason}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The filter does not parse.
    #[error("log.level: is not a filter")]
    Filter,
}

/// Keeps logs flowing; dropped last, when everything has been said.
#[derive(Debug)]
pub struct Telemetry {
    filter: reload::Handle<EnvFilter, Registry>,
    _writers: Vec<WorkerGuard>,
}

impl Telemetry {
    /// Starts logging for the whole process. Log files inherit the process's umask, so that has to be 077.
    ///
    /// `journal` says that journald reads stderr, which puts its own time on each line.
    pub fn start(settings: &Settings, journal: bool) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_new(&settings.level).map_err(|_| TelemetryError::Filter)?;
        let (filter, handle) = reload::Layer::new(filter);
        let colour = std::io::stderr().is_terminal();
        // Nobody may read what stderr is connected to. Lines are then lost, and no call waits for a reader.
        let (stderr, guard) = tracing_appender::non_blocking(std::io::stderr());
        let stderr = lines(settings.format, stderr, colour, journal);
        let mut writers = vec![guard];
        let files = match &settings.dir {
            None => None,
            Some(dir) => {
                let (writer, guard) = tracing_appender::non_blocking(appender(dir)?);
                writers.push(guard);
                Some(lines(settings.format, writer, false, false))
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
const OURS: [&str; 2] = ["kisd", "kis_simulator"];

fn ours_or_important(metadata: &Metadata<'_>) -> bool {
    OURS.iter().any(|ours| metadata.target().starts_with(ours)) || *metadata.level() <= Level::WARN
}

fn lines<S, W>(format: Format, writer: W, colour: bool, journal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(colour);
    match (format, journal) {
        (Format::Json, _) => lines.json().boxed(),
        (Format::Text, true) => lines.without_time().boxed(),
        (Format::Text, false) => lines.boxed(),
    }
}

fn appender(dir: &PathBuf) -> Result<RollingFileAppender, TelemetryError> {
    let unusable = |reason: String| TelemetryError::Directory { path: dir.clone(), reason };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| unusable(error.to_string()))?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("kisd")
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(dir)
        .map_err(|error| unusable(error.to_string()))
}
