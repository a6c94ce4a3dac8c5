//! `kisd`: arguments → configuration → logs → runtime → [`kisd::daemon`] → exit code.

mod demo;
mod hours;
mod run;
mod simulate;
mod try_keys;

use std::{
    env,
    fmt::Display,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use kisd::{
    config::{self, ConfigError, Report, Variables},
    daemon::process,
};

/// Exit code for a configuration that is refused (`EX_CONFIG`): systemd need not try again.
const REFUSED_CONFIGURATION: u8 = 78;

/// Local gateway to the Open API of Korea Investment & Securities: one access token for every program on this machine.
#[derive(Debug, Parser)]
#[command(name = "kisd", version)]
struct Arguments {
    /// Configuration file; without it $KISD_CONFIG, the user's own or /etc/kisd/config.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the daemon in the foreground (the default).
    Run,
    /// Reads and checks the configuration, and shows what would be used; secrets are masked.
    Check {
        /// For programs: one JSON object, also of a configuration that is refused.
        #[arg(long)]
        json: bool,
        /// Asks KIS for a token and a balance with the keys of one account. KIS sends its owner a message of the token, which the
        /// daemon goes on with.
        #[arg(long, conflicts_with = "json")]
        try_keys: bool,
        /// The account whose keys are tried; without it the default one.
        #[arg(long, value_name = "NAME", requires = "try_keys")]
        account: Option<String>,
    },
    /// Runs a simulated KIS on loopback, for any client of KIS.
    Simulate(simulate::Arguments),
    /// Runs simulator and daemon together in a private temporary directory, and shows a first balance.
    Demo {
        /// Ends after the first balance.
        #[arg(long)]
        once: bool,
        /// No price ever moves.
        #[arg(long)]
        still: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = process::protect() {
        return fail(format!("cannot protect the memory of this process: {error}"), 1);
    }
    let variables = Variables::new(env::vars_os().filter_map(|(name, value)| {
        // Variables that are not UTF-8 cannot be ours.
        Some((name.into_string().ok()?, value.into_string().ok()?))
    }));
    let file = arguments.config.as_deref();
    let result = match arguments.command.unwrap_or(Command::Run) {
        Command::Run => run::run(file, variables),
        Command::Check { try_keys: true, account, .. } => try_keys::run(file, &variables, account.as_deref()),
        Command::Check { json, .. } => check(file, &variables, json),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Demo { once, still } => demo::run(once, still),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Configuration(error)) => fail(error, REFUSED_CONFIGURATION),
        Err(Failure::Other(message)) => fail(message, 1),
    }
}

fn check(file: Option<&Path>, variables: &Variables, json: bool) -> Result<(), Failure> {
    let read = config::load_as_service(file, variables);
    if json {
        let report = Report::of(&read, config::found(file, variables));
        print(&format_args!("{}\n", serde_json::to_string(&report).map_err(Failure::other)?))?;
        return read.map(drop).map_err(Failure::from);
    }
    print(&read.map_err(Failure::from)?)
}

/// Why the program ends early.
enum Failure {
    Configuration(ConfigError),
    Other(String),
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error)
    }
}

impl Failure {
    fn other(error: impl Display) -> Self {
        Self::Other(error.to_string())
    }
}

fn print(text: &impl Display) -> Result<(), Failure> {
    match write!(io::stdout(), "{text}") {
        // `kisd check | head` has read all that it wants.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(Failure::other),
    }
}

fn fail(message: impl Display, code: u8) -> ExitCode {
    // Nobody to tell if stderr is closed; the exit code says it.
    let _ = writeln!(io::stderr(), "kisd: {message}");
    ExitCode::from(code)
}
