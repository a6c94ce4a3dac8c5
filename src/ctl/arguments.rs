//! The command line. Its help is here in English, and in `words/help.rs` in Korean.

use std::{ffi::OsString, io::Write, path::PathBuf, time::Duration};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, error::ErrorKind, parser::ValueSource};
use serde_json::value::RawValue;

use super::{
    commands::{
        assets::BuyableArguments,
        chart::ChartArguments,
        client::ClientCommand,
        gateway::GatewayCommand,
        kis::KisCommand,
        market,
        order::OrderCommand,
        search,
        token::TokenCommand,
        trades::{self, PeriodArguments},
    },
    socket::Whose,
    words::{Language, help},
};
use crate::wire::types::{Market, TradeRegion};

/// Asks the kisd daemon on this machine.
#[derive(Debug, Parser)]
#[command(name = "kisctl", version, arg_required_else_help = true)]
pub struct Arguments {
    /// Socket of the daemon; without it your own daemon is asked, and the system's if you have none.
    #[arg(long, global = true, env = "KISD_SOCKET", value_name = "PATH")]
    pub(super) socket: Option<OsString>,
    /// Your own daemon, and never the system's.
    #[arg(long, global = true)]
    pub(super) user: bool,
    /// The system's daemon, also if you have one of your own; with init: set it up in /etc/kisd, for root.
    #[arg(long, global = true, conflicts_with = "user")]
    pub(super) system: bool,
    /// Name of the account; without it the daemon's default one.
    #[arg(long, global = true, env = "KISD_ACCOUNT", value_name = "NAME")]
    pub(super) account: Option<String>,
    /// Print the answer as JSON, exactly as the daemon gave it; the same as --output json.
    #[arg(long, global = true, conflicts_with = "output")]
    pub(super) json: bool,
    /// Format of the answer.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(super) output: Option<Format>,
    /// Language of messages; without it that of LC_ALL, LC_MESSAGES or LANG.
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub(super) lang: Option<Language>,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Exit code for arguments that are none.
pub(super) const WRONG_USAGE: u8 = 2;

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// As the daemon gave it.
    Json,
    /// For spreadsheets: of a balance the holdings, else names and values.
    Csv,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Cash, totals and every holding of the account.
    Balance {
        /// Greatest age of an answer from memory, as in 500ms or 10s; 0s asks KIS in any case.
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
        max_age: Option<Duration>,
        /// Go on watching, and draw it anew whenever it changes.
        #[arg(long, conflicts_with = "max_age")]
        watch: bool,
        /// How often KIS is asked while watching, as far as its quota allows.
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, requires = "watch")]
        interval: Option<Duration>,
    },
    /// What stocks cost now.
    Quote {
        /// Their names or codes.
        #[arg(required = true)]
        stocks: Vec<String>,
        /// Their market: KRX, NXT, UN, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX.
        #[arg(long, value_name = "MARKET", value_parser = search::market)]
        market: Option<Market>,
        /// Go on watching, and draw them anew whenever they change.
        #[arg(long)]
        watch: bool,
        /// How often they are asked for while watching, as far as KIS's quota allows.
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, requires = "watch")]
        interval: Option<Duration>,
    },
    /// Who would buy and sell a stock, and at which price.
    Orderbook {
        /// Its name or code.
        stock: String,
        /// Its market, as of quote.
        #[arg(long, value_name = "MARKET", value_parser = search::market)]
        market: Option<Market>,
    },
    /// The orders of a day, whoever placed them, and reservations.
    Orders {
        /// The day, as in 2026-11-27; without it today.
        #[arg(value_name = "DATE")]
        date: Option<String>,
        /// At home or abroad alone: domestic or overseas.
        #[arg(long, value_name = "REGION", value_parser = trades::region)]
        region: Option<TradeRegion>,
    },
    /// What was filled of the orders of some days.
    Executions(PeriodArguments),
    /// Realised profits and losses of some days, with fees and taxes.
    Profits(PeriodArguments),
    /// Trades abroad of some days, with fees and settlement.
    Transactions(PeriodArguments),
    /// Candles and volume of a stock, drawn in the terminal, as a picture or as rows.
    Chart(ChartArguments),
    /// Whether a market trades now, its next days, and the indices.
    Market(market::MarketArguments),
    /// What indices are now.
    Index(market::IndexArguments),
    /// The stocks that come first by something.
    Ranking(market::RankingArguments),
    /// Who buys and sells a stock of the Korea Exchange, by day: individuals, foreigners, institutions.
    Investors(market::InvestorsArguments),
    /// Finds stocks of all markets by name or a part of it, code, or initials such as ㅅㅅㅈㅈ.
    Search {
        /// What is looked for.
        #[arg(required = true)]
        query: Vec<String>,
        /// One market alone: KRX, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX.
        #[arg(long, value_name = "MARKET", value_parser = search::market)]
        market: Option<Market>,
        /// So many stocks at most.
        #[arg(long, short = 'n', value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=100))]
        limit: Option<u64>,
    },
    /// Orders: previewed, placed, amended, cancelled, followed and approved.
    #[command(subcommand)]
    Order(OrderCommand),
    /// Refuses every new order from now on; without --account in every account that you may trade.
    Halt {
        /// Cancels the open orders as well.
        #[arg(long)]
        cancel_open: bool,
        /// Why, for those who read it later.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
    },
    /// Lets orders go on after a halt.
    Resume,
    /// All that the account has, by class; cash with its days, what is owed, loans.
    Assets,
    /// Stocks abroad, and money in other currencies.
    Overseas {
        /// One of its markets; several may be given.
        #[arg(long, value_name = "MARKET", value_parser = search::market)]
        market: Vec<Market>,
    },
    /// What can be bought of a stock.
    Buyable(BuyableArguments),
    /// What can be sold of a stock.
    Sellable {
        /// Its name or code.
        stock: String,
        /// Its market, as of quote.
        #[arg(long, value_name = "MARKET", value_parser = search::market)]
        market: Option<Market>,
    },
    /// The accounts by name, with their app keys and the state of each token.
    Accounts,
    /// Version, account, token and counters of the daemon.
    Status {
        /// For monitors: answer in one line, and end with 1 if something is wrong.
        #[arg(long)]
        check: bool,
        /// With --check: about every account, and not the default one alone.
        #[arg(long, requires = "check", conflicts_with = "account")]
        all: bool,
    },
    /// The access token.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Any operation of KIS that reads.
    #[command(subcommand)]
    Kis(KisCommand),
    /// Programs that speak to KIS, and reach it through the gateway with a key pair of their own.
    #[command(subcommand)]
    Client(ClientCommand),
    /// The gateway under KIS's own host names, for programs whose host cannot be changed.
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// Calls any method and prints its result as JSON.
    Call {
        /// Name of the method, as in account.balance.
        method: String,
        /// Parameters: a JSON object or array.
        #[arg(value_name = "PARAMS-JSON", value_parser = params)]
        params: Option<Box<RawValue>>,
    },
    /// Prints the OpenRPC document of everything the daemon serves.
    Discover,
    /// Prints counters and histograms as OpenMetrics text, which Prometheus reads.
    Metrics,
    /// Looks at configuration, socket, daemon, clock, token, quota and KIS, and says what to do about each.
    Doctor,
    /// Asks for app key and account, writes the configuration, and installs the service if you like. With --account it adds an
    /// account to a configuration that is there.
    Init {
        /// Asks for a new app key and secret alone, of the account of --account or the default one.
        #[arg(long, conflicts_with_all = ["service", "key_of", "base_url"])]
        keys: bool,
        /// Installs the service alone.
        #[arg(long, conflicts_with_all = ["key_of", "base_url"])]
        service: bool,
        /// Asks KIS for a token and a balance before anything is written. KIS sends the account's owner a message of the token,
        /// which the daemon goes on with.
        #[arg(long = "try", conflicts_with = "service")]
        tries: bool,
        /// The account of --account is the one that is meant where none is named.
        #[arg(long, conflicts_with_all = ["keys", "service"], requires = "account")]
        default: bool,
        /// The account of --account shares the app key of this one.
        #[arg(long, value_name = "NAME", conflicts_with = "base_url")]
        key_of: Option<String>,
        /// Another directory for the configuration.
        #[arg(long, value_name = "DIRECTORY", conflicts_with = "system")]
        directory: Option<PathBuf>,
        /// Another host than KIS's, as kisd simulate prints it: keys of the simulator are for it only.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
    },
    /// Shows the log of the daemon from systemd's journal.
    Logs {
        /// Go on showing new lines.
        #[arg(long, short)]
        follow: bool,
        /// So many of the last lines.
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
        lines: u32,
    },
    /// Serves an AI agent on stdin and stdout, as a Model Context Protocol server over the daemon's socket.
    Mcp {
        /// Offer no orders, also where you may trade.
        #[arg(long)]
        read_only: bool,
    },
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Prints the man page, or writes one for each command to a directory.
    Man {
        /// The directory.
        directory: Option<PathBuf>,
    },
}

fn params(text: &str) -> Result<Box<RawValue>, String> {
    let raw = RawValue::from_string(text.to_owned()).map_err(|error| format!("not JSON: {error}"))?;
    match raw.get().as_bytes().first() {
        Some(b'{' | b'[') => Ok(raw),
        _ => Err("parameters are a JSON object or array".to_owned()),
    }
}

impl Arguments {
    /// The arguments of this process, with help in its language; what was asked of clap, or what is wrong, is said already, and
    /// the exit code is left.
    pub fn of_process() -> Result<Self, u8> {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        let language = language_of(&arguments);
        let mut command = command_in(language);
        let parsed = command.try_get_matches_from_mut(arguments).and_then(|matches| {
            let arguments = Self::from_arg_matches(&matches)?;
            // Of the environment, the socket comes before the two; on one command line they contradict each other.
            let is_named = matches.value_source("socket") == Some(ValueSource::CommandLine);
            match is_named && (arguments.user || arguments.system) {
                true => {
                    Err(command.error(ErrorKind::ArgumentConflict, "--socket cannot be used with --user or --system"))
                }
                false => Ok(arguments),
            }
        });
        parsed.map_err(|error| {
            // Nobody to tell if the output is closed; the exit code says it.
            let _ = match language {
                Language::Korean if error.use_stderr() => write!(std::io::stderr(), "{}", help::wrong_usage(&error)),
                _ => error.print(),
            };
            if error.use_stderr() { WRONG_USAGE } else { 0 }
        })
    }

    /// Whose daemon is asked for.
    pub(super) fn whose(&self) -> Whose {
        match (self.user, self.system) {
            (true, _) => Whose::User,
            (_, true) => Whose::System,
            _ => Whose::Usual,
        }
    }

    /// How to print.
    pub fn format(&self) -> Format {
        match self.output {
            Some(format) => format,
            None if self.json => Format::Json,
            None => Format::Table,
        }
    }

    /// The language of messages.
    pub fn language(&self) -> Language {
        self.lang.unwrap_or_else(Language::of_locale)
    }
}

/// The command line with its help in `language`.
pub(super) fn command_in(language: Language) -> clap::Command {
    match language {
        Language::English => Arguments::command(),
        Language::Korean => help::in_korean(Arguments::command()),
    }
}

/// The language that is asked for, known before the arguments are: they may be wrong, or ask for help.
fn language_of(arguments: &[OsString]) -> Language {
    let mut texts = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(text) = texts.next() {
        let value = match text.strip_prefix("--lang") {
            Some("") => texts.next(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        if let Some(language) = value.and_then(|value| Language::from_str(value, false).ok()) {
            return language;
        }
    }
    Language::of_locale()
}
