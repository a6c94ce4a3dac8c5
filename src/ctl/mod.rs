//! `kisctl`: a client of the socket for people and scripts.
//!
//! Results go to stdout, messages to stderr. It exits with 0 on success, 1 on an error answer, 2 on wrong usage, 3 when no
//! daemon answers. Must never: import anything but `wire`, so that it cannot hold a secret.

pub mod output;
mod socket;

use std::{io, path::PathBuf, time::Duration};

use clap::{CommandFactory, Parser, Subcommand};
use jsonrpsee::core::client::{Client, ClientT, Error};
use serde_json::value::RawValue;

use self::output::Printer;
use crate::{
    mcp::{self, BridgeError},
    wire::{
        client::{self, ConnectError, RawParams},
        method,
        types::{Balance, BalanceParams, DaemonStatus, TokenStatus},
    },
};

/// Asks the kisd daemon on this machine.
#[derive(Debug, Parser)]
#[command(name = "kisctl", version, arg_required_else_help = true)]
pub struct Arguments {
    /// Socket of the daemon; without it the user's own is tried, then the system's.
    #[arg(long, global = true, env = "KISD_SOCKET", value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Print the answer as JSON, exactly as the daemon gave it.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Cash, totals and every holding of the account.
    Balance {
        /// Greatest age of an answer from memory, as in 500ms or 10s; 0s asks KIS in any case.
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
        max_age: Option<Duration>,
    },
    /// Version, account, token and counters of the daemon.
    Status,
    /// The access token.
    #[command(subcommand)]
    Token(TokenCommand),
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
    /// Serves an AI agent on stdin and stdout, as a Model Context Protocol server over the daemon's socket.
    Mcp,
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum TokenCommand {
    /// Renews the token now, if KIS's rule of one a minute allows it.
    Refresh,
    /// Shows the state of the token.
    Status,
}

fn params(text: &str) -> Result<Box<RawValue>, String> {
    let raw = RawValue::from_string(text.to_owned()).map_err(|error| format!("not JSON: {error}"))?;
    match raw.get().as_bytes().first() {
        Some(b'{' | b'[') => Ok(raw),
        _ => Err("parameters are a JSON object or array".to_owned()),
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nobody answers on any socket.
    #[error("{}", socket::explain(.0))]
    NoDaemon(Vec<ConnectError>),
    /// The daemon answered with an error, or not in a way that can be understood.
    #[error("{}", output::explain(.0))]
    Call(Error),
    /// The result cannot be read.
    #[error("the daemon's answer is not understood ({0}); do kisctl and kisd have the same version?")]
    Answer(serde_json::Error),
    /// The MCP bridge cannot go on.
    #[error(transparent)]
    Bridge(BridgeError),
    /// The result cannot be printed.
    #[error("cannot print the result: {0}")]
    Output(io::Error),
}

impl Failure {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoDaemon(_) => 3,
            Self::Call(Error::Call(_)) | Self::Answer(_) | Self::Bridge(_) | Self::Output(_) => 1,
            // The connection broke: the daemon that was there does not answer any more.
            Self::Call(_) => 3,
        }
    }

    /// The text for stderr; in JSON if that was asked for and the daemon gave any.
    pub fn message(&self, json: bool) -> String {
        match self {
            Self::Call(Error::Call(error)) if json => serde_json::to_string(error).unwrap_or_else(|_| self.to_string()),
            _ => format!("kisctl: {self}"),
        }
    }
}

impl Arguments {
    /// Whether JSON was asked for.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Carries the command out.
    pub async fn run(self, printer: &mut Printer) -> Result<(), Failure> {
        if let Command::Completions { shell } = self.command {
            return printer.completions(shell, &mut Self::command()).map_err(Failure::Output);
        }
        let sockets = socket::candidates(self.socket);
        if let Command::Mcp = self.command {
            return mcp::serve(sockets).await.map_err(Failure::Bridge);
        }
        let client = client::first(&sockets).await.map_err(Failure::NoDaemon)?;
        let json = self.json;
        match self.command {
            Command::Balance { max_age } => {
                let max_age_ms = max_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
                let params = serde_json::value::to_raw_value(&BalanceParams { max_age_ms }).map_err(Failure::Answer)?;
                let raw = ask(&client, method::ACCOUNT_BALANCE, Some(params)).await?;
                show(printer, json, &raw, |printer, balance: Balance| printer.balance(&balance))
            }
            Command::Status => {
                let raw = ask(&client, method::DAEMON_STATUS, None).await?;
                show(printer, json, &raw, |printer, status: DaemonStatus| printer.daemon_status(&status))
            }
            Command::Token(command) => {
                let method = match command {
                    TokenCommand::Refresh => method::TOKEN_REFRESH,
                    TokenCommand::Status => method::TOKEN_STATUS,
                };
                let raw = ask(&client, method, None).await?;
                show(printer, json, &raw, |printer, status: TokenStatus| printer.token_status(&status))
            }
            Command::Call { method, params } => {
                let raw = ask(&client, &method, params).await?;
                printer.json(&raw).map_err(Failure::Output)
            }
            Command::Discover => {
                let raw = ask(&client, method::RPC_DISCOVER, None).await?;
                printer.json(&raw).map_err(Failure::Output)
            }
            Command::Completions { .. } | Command::Mcp => Ok(()),
        }
    }
}

async fn ask(client: &Client, method: &str, params: Option<Box<RawValue>>) -> Result<Box<RawValue>, Failure> {
    client
        .request(method, RawParams(params))
        .await
        .map_err(|error| Failure::Call(client::daemon_error(&error).map_or(error, Error::Call)))
}

fn show<T: serde::de::DeserializeOwned>(
    printer: &mut Printer,
    json: bool,
    raw: &RawValue,
    table: impl FnOnce(&mut Printer, T) -> io::Result<()>,
) -> Result<(), Failure> {
    if json {
        return printer.json(raw).map_err(Failure::Output);
    }
    let value = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
    table(printer, value).map_err(Failure::Output)
}
