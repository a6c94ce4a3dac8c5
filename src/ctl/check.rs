//! `kisctl status --check`: the status in one line, as monitors like it.

use super::{
    Failure, NO_DAEMON,
    asking::{in_time, status_of},
    output::Printer,
    socket,
    table::local,
    words::Words,
};
use crate::wire::{
    place::Places,
    text::printable,
    types::{DaemonStatus, TokenState},
};

/// Says in one line whether all is well with the default account, with a named one, or with all; an error if it is not.
pub(super) async fn check(
    printer: &mut Printer,
    places: &Places,
    account: Option<&str>,
    all: bool,
) -> Result<(), Failure> {
    let words = printer.words();
    let (reason, no_daemon) = match in_time(status_of(places)).await {
        Ok(status) => match judge(&status, account, all, words) {
            Ok(line) => return printer.text(&format!("kisd {}\n", printable(&line))).map_err(Failure::Output),
            Err(reason) => (reason, false),
        },
        Err(Failure::NoDaemon(tried)) => (socket::tried(&tried, words), true),
        Err(failure) => (failure.explain(words), failure.exit_code() == NO_DAEMON),
    };
    printer.text(&format!("kisd {}\n", printable(&(words.unhealthy)(&reason)))).map_err(Failure::Output)?;
    Err(Failure::Ill { message: String::new(), no_daemon })
}

/// The line for what is well, or why it is not.
fn judge(status: &DaemonStatus, account: Option<&str>, all: bool, words: &Words) -> Result<String, String> {
    let token = &status.token;
    let is_default = account.is_none_or(|name| name == status.account_name);
    if is_default && !all {
        return match (token.state, &status.upstream_error) {
            (TokenState::Valid, None) => Ok((words.healthy)(&token.expires_at.map(local).unwrap_or_default())),
            (TokenState::Valid, Some(fault)) => Err(fault.message.clone()),
            (state, _) => {
                let error = token.last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
                Err(format!("{} {}{error}", words.token, (words.token_state)(state)))
            }
        };
    }
    let asked: Vec<_> = status.accounts.iter().filter(|entry| account.is_none_or(|name| entry.name == name)).collect();
    if asked.is_empty() {
        let names: Vec<&str> = status.accounts.iter().map(|entry| entry.name.as_str()).collect();
        return Err((words.no_such_account)(account.unwrap_or_default(), &names.join(", ")));
    }
    let ill: Vec<String> = asked
        .iter()
        .filter(|entry| entry.token != TokenState::Valid || entry.failing)
        .map(|entry| match entry.token {
            TokenState::Valid => format!("{}: {}", entry.name, words.failing),
            state => format!("{}: {} {}", entry.name, words.token, (words.token_state)(state)),
        })
        .collect();
    match ill.is_empty() {
        true => {
            Ok((words.accounts_healthy)(&asked.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ")))
        }
        false => Err(ill.join("; ")),
    }
}
