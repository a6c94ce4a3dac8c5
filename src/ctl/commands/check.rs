//! `kisctl status --check`: the status in one line, as monitors like it.

use crate::ctl::{
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
    types::{AccountEntry, DaemonStatus, Fault, TokenState},
};

/// Says in one line whether all is well with the default account, with a named one, or with all; an error if it is not.
pub(in crate::ctl) async fn check(
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

/// The line for what is well, or why it is not: the daemon judges, and tells for each account.
fn judge(status: &DaemonStatus, account: Option<&str>, all: bool, words: &Words) -> Result<String, String> {
    let is_asked = |entry: &&AccountEntry| all || account.map_or(entry.default, |name| entry.name == name);
    let asked: Vec<_> = status.accounts.iter().filter(is_asked).collect();
    if asked.is_empty() {
        let names: Vec<&str> = status.accounts.iter().map(|entry| entry.name.as_str()).collect();
        return Err((words.no_such_account)(account.unwrap_or_default(), &names.join(", ")));
    }
    let why = |entry: &AccountEntry, fault: &Fault| match entry.token {
        TokenState::Valid => fault.message.clone(),
        state => format!("{} {}: {}", words.token, (words.token_state)(state), fault.message),
    };
    let ill: Vec<String> = match asked[..] {
        [entry] => entry.fault.iter().map(|fault| why(entry, fault)).collect(),
        _ => asked
            .iter()
            .filter_map(|entry| Some(format!("{}: {}", entry.name, why(entry, entry.fault.as_ref()?))))
            .collect(),
    };
    if !ill.is_empty() {
        return Err(ill.join("; "));
    }
    match asked[..] {
        [entry] if entry.default => Ok((words.healthy)(&status.token.expires_at.map(local).unwrap_or_default())),
        _ => {
            Ok((words.accounts_healthy)(&asked.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ")))
        }
    }
}
