//! `kisctl`: a client of the socket for people and scripts.
//!
//! Results go to stdout, messages to stderr. It exits with 0 on success, 1 on an error answer, 2 on wrong usage, 3 when no
//! daemon answers. Must never: import anything but `wire` and the bridge on it, so that it cannot hold a secret; but for [`init`],
//! which writes those that it is given, and keeps none.

mod arguments;
mod asking;
mod commands;
mod figures;
mod fit;
pub mod output;
mod socket;
mod table;
pub mod words;

use std::{
    env, fmt,
    io::{self, Write},
    path::PathBuf,
};

use clap::CommandFactory;
use jsonrpsee::core::client::Error;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use self::{
    arguments::Command,
    asking::{in_time, patiently, status_of},
    commands::{
        accounts, assets, balance, call, chart, check, client, discover, doctor, gateway, init, kis, logs, man, market,
        metrics, order, quote, search, status, token, trades, watch,
    },
    output::Printer,
    socket::Whose,
    table::Style,
    words::{Language, Words},
};
use crate::{
    mcp::{self, BridgeError},
    wire::{
        client::ConnectError,
        codes::ErrorData,
        daemon::{self, Daemon},
        place::Places,
        text::printable,
        types::OrderHaltParams,
    },
};

pub use self::arguments::{Arguments, Format};

/// Exit code when no daemon answers.
const NO_DAEMON: u8 = 3;

/// Exit code of a program that SIGINT has ended, as shells know it.
const INTERRUPTED: u8 = 130;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Nobody answers on any socket.
    NoDaemon(Vec<ConnectError>),
    /// The daemon answered with an error, or not in a way that can be understood.
    Call(Error),
    /// The result cannot be read.
    Answer(serde_json::Error),
    /// The MCP bridge cannot go on.
    Bridge(BridgeError),
    /// The result cannot be printed.
    Output(io::Error),
    /// Something is bad, as was told.
    Ill {
        /// The summary.
        message: String,
        /// Whether it is that no daemon answers.
        no_daemon: bool,
    },
    /// What went wrong, in words already.
    Told(String),
    /// The command line says what cannot be.
    Usage(String),
    /// A signal ended it; whoever sent that knows.
    Interrupted,
}

impl From<daemon::Failure> for Failure {
    fn from(failure: daemon::Failure) -> Self {
        match failure {
            daemon::Failure::Away(tried) => Self::NoDaemon(tried),
            daemon::Failure::Refused(error) => Self::Call(Error::Call(error)),
            daemon::Failure::Lost(error) => Self::Call(error),
        }
    }
}

impl Failure {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted => INTERRUPTED,
            Self::Usage(_) => arguments::WRONG_USAGE,
            Self::NoDaemon(_) | Self::Ill { no_daemon: true, .. } => NO_DAEMON,
            // The connection broke: the daemon that was there does not answer any more.
            Self::Call(error) if !matches!(error, Error::Call(_)) => NO_DAEMON,
            _ => 1,
        }
    }

    /// The text for stderr; in JSON if that was asked for and the daemon gave any.
    pub fn message(&self, format: Format, language: Language) -> String {
        match self {
            Self::Call(Error::Call(error)) if format == Format::Json => {
                serde_json::to_string(error).unwrap_or_else(|_| self.to_string())
            }
            // A monitor has its one line.
            Self::Interrupted => "\n".to_owned(),
            Self::Ill { message, .. } if message.is_empty() => String::new(),
            _ => {
                // Line by line: what comes from elsewhere is on one line, and commands no terminal.
                let text: Vec<String> = self.explain(language.words()).lines().map(printable).collect();
                format!("kisctl: {}", text.join("\n"))
            }
        }
    }

    fn explain(&self, words: &Words) -> String {
        match self {
            Self::NoDaemon(tried) => socket::explain(tried, words),
            Self::Call(Error::Call(error)) => {
                let data = error.data().and_then(|data| serde_json::from_str::<ErrorData>(data.get()).ok());
                let kind = data.as_ref().map_or("", |data| (words.kind)(data.kind));
                let order = data.as_ref().map(|data| order::about(words, data)).unwrap_or_default();
                let again = match data.as_ref().and_then(|data| data.retry_after_ms) {
                    Some(wait) => (words.again_in)(wait.div_ceil(1000)),
                    None if data.is_some_and(|data| data.retryable) => words.again_later.to_owned(),
                    None => String::new(),
                };
                format!("{kind}{}{again}{order}", (words.refused)(&printable(error.message()), error.code()))
            }
            Self::Call(Error::RequestTimeout) => words.no_answer_in_time.to_owned(),
            Self::Call(error) => (words.connection_broke)(&error.to_string()),
            Self::Answer(error) => (words.not_understood)(&error.to_string()),
            Self::Bridge(error) => error.to_string(),
            Self::Output(error) => (words.cannot_print)(&error.to_string()),
            Self::Ill { message, .. } | Self::Told(message) | Self::Usage(message) => message.clone(),
            Self::Interrupted => String::new(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain(Language::English.words()))
    }
}

impl Arguments {
    /// Carries the command out.
    pub async fn run(self, printer: &mut Printer) -> Result<(), Failure> {
        let (format, language) = (self.format(), self.language());
        let whose = self.whose();
        let asks = !matches!(self.command, Command::Init { .. });
        if asks && self.socket.is_some() && whose != Whose::Usual {
            // From the environment, since one on the command line is refused; it comes first, and not silently.
            let note = printer.words().socket_is_named;
            writeln!(io::stderr(), "kisctl: {note}").map_err(Failure::Output)?;
        }
        let places = socket::places(self.socket, whose);
        // An empty variable is as good as none.
        let account = self.account.filter(|name| !name.is_empty());
        match self.command {
            // Without a daemon.
            Command::Completions { shell } => return man::completions(printer, shell, &mut Self::command()),
            Command::Man { directory } => return man::pages(printer, arguments::command_in(language), directory),
            Command::Init { keys, service, tries, default, key_of, directory, base_url } => {
                let wanted = init::Wanted { account, keys, service, tries, default, key_of, base_url };
                return init::set_up(printer, whose, directory, wanted).await;
            }
            Command::Status { check: true, all } => {
                return check::check(printer, &places, account.as_deref(), all).await;
            }
            Command::Doctor => return doctor::examine(printer, &places, account, format == Format::Json).await,
            Command::Mcp { read_only } => return mcp::serve(places, account, read_only).await.map_err(Failure::Bridge),
            Command::Balance { watch: true, interval, .. } => {
                return watch::watch(printer, places, account, interval, format).await;
            }
            Command::Logs { follow, lines } => {
                // A daemon that does not answer is all the more a reason to look at its log.
                let pid = in_time(status_of(&places)).await.ok().map(|status| status.pid);
                let is_own = whose == Whose::User || places.configuration().is_some();
                return logs::show(pid, is_own, follow, lines, printer.words());
            }
            _ => {}
        }
        let daemon = Daemon::new(places);
        patiently(daemon.places(), printer.words(), daemon.connect()).await.map_err(Failure::NoDaemon)?;
        match self.command {
            Command::Balance { max_age, .. } => balance::run(printer, &daemon, account, max_age, format).await,
            Command::Search { query, market, limit } => {
                search::run(printer, &daemon, &query, market, limit, format).await
            }
            Command::Quote { stocks, market, watch: true, interval } => {
                quote::watch::watch(printer, &daemon, account, (&stocks, market), interval, format).await
            }
            Command::Quote { stocks, market, .. } => {
                quote::run(printer, &daemon, account, (&stocks, market), format).await
            }
            Command::Orderbook { stock, market } => {
                quote::orderbook(printer, &daemon, account, (&stock, market), format).await
            }
            Command::Orders { date, region } => trades::orders(printer, &daemon, account, (date, region), format).await,
            Command::Executions(period) => {
                trades::run(printer, &daemon, account, (trades::List::Executions, period), format).await
            }
            Command::Profits(period) => {
                trades::run(printer, &daemon, account, (trades::List::Profits, period), format).await
            }
            Command::Transactions(period) => {
                trades::run(printer, &daemon, account, (trades::List::Transactions, period), format).await
            }
            Command::Chart(arguments) => chart::run(printer, &daemon, account, arguments, format).await,
            Command::Market(arguments) => market::market(printer, &daemon, account, arguments, format).await,
            Command::Index(arguments) => market::index(printer, &daemon, account, arguments, format).await,
            Command::Ranking(arguments) => market::rank(printer, &daemon, account, arguments, format).await,
            Command::Investors(arguments) => market::investors(printer, &daemon, account, arguments, format).await,
            Command::Order(command) => order::run(command, printer, &daemon, account, format).await,
            Command::Halt { cancel_open, why } => {
                order::halt(printer, &daemon, OrderHaltParams { account, cancel_open, why }, format).await
            }
            Command::Resume => order::resume(printer, &daemon, account, format).await,
            Command::Assets => assets::assets(printer, &daemon, account, format).await,
            Command::Overseas { market } => assets::overseas(printer, &daemon, account, market, format).await,
            Command::Buyable(arguments) => assets::buyable(printer, &daemon, account, arguments, format).await,
            Command::Sellable { stock, market } => {
                assets::sellable(printer, &daemon, account, (stock, market), format).await
            }
            Command::Accounts => accounts::run(printer, &daemon, format).await,
            Command::Status { .. } => status::run(printer, &daemon, format).await,
            Command::Token(command) => token::run(command, printer, &daemon, account, format).await,
            Command::Kis(command) => kis::run(command, printer, &daemon, account, format).await,
            Command::Client(command) => client::run(command, printer, &daemon, account, format).await,
            Command::Gateway(command) => gateway::run(command, printer, &daemon, format).await,
            Command::Call { method, params } => call::run(&method, params, printer, &daemon).await,
            Command::Discover => discover::run(printer, &daemon).await,
            Command::Metrics => metrics::run(printer, &daemon).await,
            // They are done.
            Command::Doctor
            | Command::Init { .. }
            | Command::Logs { .. }
            | Command::Mcp { .. }
            | Command::Completions { .. }
            | Command::Man { .. } => Ok(()),
        }
    }
}

/// Asks the daemon on `socket` for the balance and shows it.
pub async fn show_balance(printer: &mut Printer, socket: PathBuf) -> Result<(), Failure> {
    let daemon = Daemon::new(Places::named(socket));
    balance::run(printer, &daemon, None, None, Format::Table).await
}

fn show<T: DeserializeOwned>(
    printer: &mut Printer,
    format: Format,
    raw: &RawValue,
    table: impl FnOnce(Style, T) -> String,
) -> Result<(), Failure> {
    let printed = match format {
        Format::Json => printer.json(raw),
        Format::Csv => printer.csv(raw),
        Format::Table => {
            let value = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
            printer.text(&table(printer.style(), value))
        }
    };
    printed.map_err(Failure::Output)
}

/// A program of ours beside this one.
fn beside(name: &str) -> Option<PathBuf> {
    env::current_exe().ok().map(|exe| exe.with_file_name(name)).filter(|path| path.exists())
}

/// The user who has become root by sudo.
fn sudo_caller() -> Option<u32> {
    let digits = env::var("SUDO_UID").ok().filter(|uid| uid.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<u32>().ok().filter(|uid| !matches!(uid, 0 | &u32::MAX))
}
