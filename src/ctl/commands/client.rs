//! `kisctl client`: the clients of the gateway, and what each program has to be told.

mod programs;

use std::{io::IsTerminal, time::Duration};

use clap::{Subcommand, ValueEnum, builder::PossibleValue};

use crate::ctl::{
    Failure, Format,
    asking::{ask, in_time},
    output::Printer,
    show, sudo_caller,
    table::{self, Row, Style},
    words::Words,
};
use crate::wire::{
    daemon::Daemon,
    method,
    text::printable,
    types::{
        ClientAddParams, ClientEntry, ClientList, ClientParams, ClientRemoved, ClientSetup, GatewayState,
        GatewayStatus, NoParams, Program, Right,
    },
};

#[derive(Debug, Subcommand)]
pub(in crate::ctl) enum ClientCommand {
    /// Makes a client with a local key pair. Its secret is shown once.
    Add {
        /// Its name: up to 32 of a-z, 0-9 and -.
        name: String,
        /// What it may do, as in read,trade; never more than you.
        #[arg(long, value_name = "RIGHTS", value_delimiter = ',', value_parser = right)]
        rights: Option<Vec<Right>>,
        /// Another account that it may use besides the one of --account, or the default one; may be repeated.
        #[arg(long, value_name = "NAME")]
        also: Vec<String>,
        /// The user whose program it is, as a number; yourself unless it is given, also with sudo.
        #[arg(long)]
        uid: Option<u64>,
        /// Programs of any user may use it, and those of other machines, whose users are not known (gateway.allow_remote).
        #[arg(long, conflicts_with = "uid")]
        any_user: bool,
        /// Calls a second that it may make at most.
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=100))]
        calls_per_second: Option<u64>,
        /// Its key ends after so long, as in 90d.
        #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
        expires_in: Option<Duration>,
        /// Which program it is: shows the lines to set there.
        #[arg(long = "for", value_name = "PROGRAM")]
        program: Option<ProgramName>,
    },
    /// The clients, what they may do, and when they were last used.
    List,
    /// What a program has to be told, but for the secret.
    Show {
        /// The client.
        name: String,
        /// Shows the lines to set in this program.
        #[arg(long = "for", value_name = "PROGRAM")]
        program: Option<ProgramName>,
    },
    /// Gives a client a new key pair. The old one ends at once.
    Rotate {
        /// The client.
        name: String,
        /// Shows the lines to set in this program.
        #[arg(long = "for", value_name = "PROGRAM")]
        program: Option<ProgramName>,
    },
    /// Takes a client its key pair, which ends at once.
    Remove {
        /// The client.
        name: String,
    },
}

/// A program, as it is named on the command line.
#[derive(Debug, Clone, Copy)]
pub(in crate::ctl) struct ProgramName(Program);

impl ValueEnum for ProgramName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [ProgramName; Program::ALL.len()] = {
            let mut all = [ProgramName(Program::Curl); Program::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = ProgramName(Program::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

fn right(text: &str) -> Result<Right, String> {
    let known = [Right::Read, Right::Refresh, Right::Trade];
    known
        .into_iter()
        .find(|right| right.name() == text)
        .ok_or_else(|| "a client may read, refresh and trade".to_owned())
}

pub(in crate::ctl) async fn run(
    command: ClientCommand,
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    format: Format,
) -> Result<(), Failure> {
    let params = |name| ClientParams { name };
    match command {
        ClientCommand::List => {
            let raw = in_time(ask::<method::ClientList>(daemon, &NoParams {})).await?;
            show(printer, format, &raw, |style, list: ClientList| listed(style, &list))
        }
        ClientCommand::Show { name, program } => {
            let raw = in_time(ask::<method::ClientShow>(daemon, &params(name))).await?;
            show(printer, format, &raw, |style, setup: ClientSetup| shown(style, &setup, program))
        }
        ClientCommand::Rotate { name, program } => {
            let raw = in_time(ask::<method::ClientRotate>(daemon, &params(name))).await?;
            show(printer, format, &raw, |style, setup: ClientSetup| shown(style, &setup, program))
        }
        ClientCommand::Remove { name } => {
            let raw = in_time(ask::<method::ClientRemove>(daemon, &params(name))).await?;
            show(printer, format, &raw, |style, removed: ClientRemoved| {
                format!("{}\n", (style.words.client.removed)(&printable(&removed.client.name)))
            })
        }
        ClientCommand::Add { name, rights, also, uid, any_user, calls_per_second, expires_in, program } => {
            let accounts = match (account, also) {
                (None, also) if also.is_empty() => None,
                (None, _) => return Err(Failure::Usage(printer.words().client.also_needs_account.to_owned())),
                (Some(first), also) => Some(std::iter::once(first).chain(also).collect()),
            };
            let expires_in_ms = expires_in.map(|life| u64::try_from(life.as_millis()).unwrap_or(u64::MAX));
            let kind = program.map(|ProgramName(program)| program);
            // Of the programs of who has become root to make it, and not of root's.
            let uid = if any_user { None } else { uid.or_else(|| sudo_caller().map(u64::from)) };
            let params = ClientAddParams {
                name,
                accounts,
                rights,
                uid,
                any_user,
                program: kind,
                calls_per_second,
                expires_in_ms,
            };
            let raw = in_time(ask::<method::ClientAdd>(daemon, &params)).await?;
            show(printer, format, &raw, |style, setup: ClientSetup| shown(style, &setup, program))
        }
    }
}

/// The clients as a table.
fn listed(style: Style, list: &ClientList) -> String {
    let words = &style.words.client;
    let row = |client: &ClientEntry| {
        let rights: Vec<&str> = client.rights.iter().map(|right| right.name()).collect();
        let used = client.used_at.map_or_else(|| words.never.to_owned(), table::local);
        let ends = match (client.expired, client.expires_at) {
            (true, _) => words.expired.to_owned(),
            (false, Some(at)) => table::local(at),
            (false, None) => String::new(),
        };
        let limit = client.calls_per_second.map(|calls| calls.to_string()).unwrap_or_default();
        vec![
            printable(&client.name),
            printable(&client.accounts.join(", ")),
            rights.join(", "),
            if client.any_user { words.any_user.to_owned() } else { client.uid.to_string() },
            client.program.map_or_else(String::new, |program| program.name().to_owned()),
            limit,
            used,
            client.calls.to_string(),
            client.refused.to_string(),
            ends,
        ]
    };
    let gateway = gateway(style.words, &list.gateway);
    if list.clients.is_empty() {
        return format!("{}\n{gateway}\n", words.none);
    }
    let titles = words.columns.map(str::to_owned).to_vec();
    format!("{}{gateway}\n", style.titled(titles, list.clients.iter().map(row)))
}

/// What a program has to be told.
fn shown(style: Style, setup: &ClientSetup, program: Option<ProgramName>) -> String {
    let words = &style.words.client;
    let program = program.map(|ProgramName(program)| program).or(setup.client.program);
    let mut text = match program.and_then(|program| programs::lines(program, setup)) {
        Some(lines) => lines,
        None => {
            let secret = setup.app_secret.as_ref().map_or(words.secret_is_gone, |secret| secret.reveal());
            let url = setup.gateway.base_url.as_deref().unwrap_or("–");
            style.rows([
                Row([words.base_url.to_owned(), printable(url)]),
                Row([words.app_key.to_owned(), printable(&setup.app_key)]),
                Row([words.app_secret.to_owned(), printable(secret)]),
                Row([
                    words.account.to_owned(),
                    format!("{}-{}", printable(&setup.account_no), printable(&setup.account_product_code)),
                ]),
            ])
        }
    };
    // Not among the lines, which may go to a file.
    if setup.app_secret.is_some() && std::io::stdout().is_terminal() {
        text.push_str(&format!("\n{}\n", words.shown_once));
    }
    if setup.gateway.state != GatewayState::Serving {
        text.push_str(&format!("\n# {}\n", gateway(style.words, &setup.gateway)));
    }
    text
}

/// How the gateway stands, in a line.
pub(in crate::ctl) fn gateway(words: &Words, status: &GatewayStatus) -> String {
    let url = status.base_url.as_deref().map(printable).unwrap_or_default();
    let mut line = match status.state {
        GatewayState::Serving => (words.client.serving)(&url),
        GatewayState::Failed => (words.client.failing)(&url, &printable(status.error.as_deref().unwrap_or_default())),
        GatewayState::Off | GatewayState::Unknown => words.client.off.to_owned(),
    };
    if let Some(at) = status.certificate_ends_at {
        line.push_str(&format!("; {}", (words.trust.ends)(&table::local(at))));
    }
    if let Some(hosts) = hosts(words, status) {
        line.push_str(&format!("; {hosts}"));
    }
    line
}

/// How it stands under KIS's own host names, if it is to.
pub(in crate::ctl) fn hosts(words: &Words, status: &GatewayStatus) -> Option<String> {
    let hosts = status.hosts.as_ref()?;
    let (address, until) = (printable(&hosts.address), status.trust_ends_at.map(table::local).unwrap_or_default());
    Some(match hosts.state {
        GatewayState::Serving => (words.trust.serving)(&address, &until),
        _ => (words.trust.failing)(&address, &printable(hosts.error.as_deref().unwrap_or_default())),
    })
}
