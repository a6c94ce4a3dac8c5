//! `kisctl doctor`: looks at everything between a caller and KIS, and says what to do about each.
//!
//! It asks the daemon, and `kisd check` for the configuration, which kisctl must not read itself.

mod cause;
mod configuration;
mod gateway;

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use jsonrpsee::{
    core::client::{Client, Error},
    types::ErrorObjectOwned,
};
use serde::Serialize;

use crate::ctl::{
    Failure,
    asking::{ask_once, ask_status, in_time},
    output::Printer,
    socket,
    table::{Row, local},
    words::{Doctor, Words},
};
use crate::wire::{
    client,
    codes::{ErrorData, Kind},
    method,
    place::Places,
    text::printable,
    types::{AccountParams, Balance, BalanceParams, DaemonStatus, TokenState, TokenStatus},
};

pub(in crate::ctl) use self::cause::Cause;

/// The default of rpc.call_timeout, and a little.
const KIS_WITHIN: Duration = Duration::from_secs(35);

/// So many calls too many may be from a restart.
const FEW: u64 = 3;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Good,
    Doubtful,
    Bad,
    Unknown,
}

/// What was found about one thing.
#[derive(Debug, Serialize)]
struct Finding {
    subject: &'static str,
    mark: Mark,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// The names of what is looked at, as in JSON.
const SUBJECTS: [&str; 8] = ["configuration", "socket", "daemon", "clock", "token", "quota", "kis", "gateway"];

/// The last of what is always looked at.
const KIS: usize = 6;

#[derive(Debug, Default)]
struct Report(Vec<Finding>);

impl Report {
    fn add(&mut self, subject: usize, mark: Mark, found: impl Into<String>, advice: Option<&str>) {
        let (found, advice) = (found.into(), advice.map(str::to_owned));
        self.0.push(Finding { subject: SUBJECTS[subject], mark, found, advice });
    }

    fn count(&self, mark: Mark) -> usize {
        self.0.iter().filter(|finding| finding.mark == mark).count()
    }
}

/// Looks at everything and tells it; an error if something is bad.
pub(in crate::ctl) async fn examine(
    printer: &mut Printer,
    places: &Places,
    account: Option<String>,
    json: bool,
) -> Result<(), Failure> {
    let words = printer.words();
    let mut report = Report::default();
    let found = client::first(places).await;
    let is_set_up = configuration::examine(&mut report, places, &words.doctor);
    let no_daemon = match found {
        Ok(client) => {
            of_socket(&mut report, places.found().unwrap_or(Path::new("/")), &words.doctor);
            of_daemon(&mut report, &client, account, words).await;
            false
        }
        Err(tried) => {
            let advice = match socket::advice(&tried, words) {
                advice if advice == words.how_to_start && is_set_up => words.doctor.start_again,
                advice => advice,
            };
            report.add(1, Mark::Bad, socket::tried(&tried, words), Some(advice));
            for subject in 2..=KIS {
                report.add(subject, Mark::Unknown, words.doctor.not_known, None);
            }
            true
        }
    };
    tell(printer, &report, json).map_err(Failure::Output)?;
    match report.count(Mark::Bad) {
        0 => Ok(()),
        bad => {
            let message = if json { String::new() } else { (words.doctor.not_well)(bad) };
            Err(Failure::Ill { message, no_daemon })
        }
    }
}

fn of_socket(report: &mut Report, path: &Path, words: &Doctor) {
    let mode = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o7777);
    let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().unwrap_or(Path::new("/"));
    let open = mode(directory) & 0o1002 == 0o002;
    let advice = open.then(|| (words.socket_directory_open)(&directory.display().to_string()));
    let found = (words.socket_answers)(&path.display().to_string(), mode(path));
    report.add(1, if open { Mark::Bad } else { Mark::Good }, found, advice.as_deref());
}

async fn of_daemon(report: &mut Report, client: &Client, account: Option<String>, words: &Words) {
    let doctor = &words.doctor;
    let Some(status) = of_status(report, client, words).await else {
        for subject in 3..=KIS {
            report.add(subject, Mark::Unknown, doctor.not_known, None);
        }
        return;
    };
    // The token may be renewed by the call that shows whether KIS answers.
    let balance = balance(client, account.clone()).await;
    let mut status = in_time(ask_status(client)).await.unwrap_or(status);
    if let Some(token) = token_of(client, account).await {
        status.token = token;
    }
    of_clock(report, &status, words);
    of_token(report, &status, words);
    let now = (words.quota_now)(&status.quota);
    match status.calls.rate_limited {
        0..FEW => report.add(5, Mark::Good, now, None),
        count => {
            let found = format!("{now}; {}: {count}", words.rate_limited);
            report.add(5, Mark::Doubtful, found, Some(doctor.quota_advice));
        }
    }
    of_kis(report, &balance, &status, words);
    gateway::examine(report, &status.gateway, words);
}

fn of_kis(report: &mut Report, balance: &Result<Balance, Failure>, status: &DaemonStatus, words: &Words) {
    let doctor = &words.doctor;
    let failure = match balance {
        Ok(balance) => return report.add(KIS, Mark::Good, (doctor.kis_answers)(&local(balance.as_of)), None),
        Err(failure) => failure,
    };
    let data = refusal(failure).and_then(data_of);
    let (mark, advice) = match &data {
        // KIS answers, and the quota is too small for all of it in that time, as the message says.
        Some(data) if data.kind == Kind::RateLimited => (Mark::Doubtful, None),
        data => (Mark::Bad, Some((doctor.advice)(Cause::of_call(data.as_ref(), &status.token)))),
    };
    report.add(KIS, mark, printable(&failure.explain(words)), advice);
}

fn of_clock(report: &mut Report, status: &DaemonStatus, words: &Words) {
    let doctor = &words.doctor;
    // KIS says what time it is in its answers, and an answer of something else is none of its own.
    let has_answered = status.calls.sent > status.calls.failed.upstream_unreachable;
    match status.clock_offset_ms {
        0 if has_answered => report.add(3, Mark::Good, doctor.clock_agrees, None),
        0 => report.add(3, Mark::Unknown, doctor.clock_not_known, None),
        offset => report.add(3, Mark::Doubtful, (words.clock_is_off)(offset / 1000), Some(doctor.set_clock)),
    }
}

/// The daemon's own status; `None`, if there is none to go on with.
async fn of_status(report: &mut Report, client: &Client, words: &Words) -> Option<DaemonStatus> {
    let (doctor, ours) = (&words.doctor, env!("CARGO_PKG_VERSION"));
    match in_time(ask_status(client)).await {
        Ok(status) if status.version == ours => {
            let running = (words.running)(ours, status.pid, &local(status.started_at));
            report.add(2, Mark::Good, running, None);
            Some(status)
        }
        Ok(status) => {
            let differ = (doctor.versions_differ)(&printable(&status.version), ours);
            report.add(2, Mark::Doubtful, differ, Some(doctor.upgrade));
            Some(status)
        }
        Err(failure) => {
            let (found, advice) = match (&failure, refusal(&failure)) {
                (_, Some(error)) => {
                    let is_denied = data_of(error).is_some_and(|data| data.kind == Kind::PermissionDenied);
                    let cause = if is_denied { Cause::Permission } else { Cause::Other };
                    (failure.explain(words), (doctor.advice)(cause))
                }
                (Failure::Call(Error::RequestTimeout), _) => (words.no_answer_in_time.to_owned(), doctor.hangs),
                (Failure::Answer(_), _) => (failure.explain(words), doctor.upgrade),
                _ => (failure.explain(words), doctor.hangs),
            };
            report.add(2, Mark::Bad, printable(&found), Some(advice));
            None
        }
    }
}

fn of_token(report: &mut Report, status: &DaemonStatus, words: &Words) {
    let (token, doctor) = (&status.token, &words.doctor);
    let state = (words.token_state)(token.state);
    match (token.state, token.expires_at) {
        // Each was healed; that there are so many has a reason.
        (TokenState::Valid, _) if status.calls.failed.token_refused >= FEW => {
            let found = (doctor.token_refused)(state, status.calls.failed.token_refused);
            report.add(4, Mark::Doubtful, found, Some(doctor.another_issues));
        }
        (TokenState::Valid, Some(at)) => report.add(4, Mark::Good, (doctor.token_until)(&local(at)), None),
        (TokenState::Valid, None) => report.add(4, Mark::Good, state, None),
        _ => {
            let error = token.last_error.as_ref().map(|error| format!(": {}", printable(error))).unwrap_or_default();
            report.add(4, Mark::Bad, format!("{state}{error}"), Some((doctor.advice)(Cause::of_token(token))));
        }
    }
}

/// The token of the account that is asked about, if it is not the default.
async fn token_of(client: &Client, account: Option<String>) -> Option<TokenStatus> {
    let params = AccountParams { account: Some(account?) };
    in_time(ask_once::<method::TokenStatus>(client, &params)).await.ok()
}

/// A balance that KIS gives now. It may take its time, as KIS may; a daemon that hangs meanwhile is told apart.
async fn balance(client: &Client, account: Option<String>) -> Result<Balance, Failure> {
    let params = BalanceParams { account, max_age_ms: Some(0), ..BalanceParams::default() };
    let asked = ask_once::<method::AccountBalance>(client, &params);
    tokio::time::timeout(KIS_WITHIN, asked).await.unwrap_or(Err(Failure::Call(Error::RequestTimeout)))
}

fn refusal(failure: &Failure) -> Option<&ErrorObjectOwned> {
    match failure {
        Failure::Call(Error::Call(error)) => Some(error),
        _ => None,
    }
}

fn data_of(error: &ErrorObjectOwned) -> Option<ErrorData> {
    serde_json::from_str(error.data()?.get()).ok()
}

fn tell(printer: &mut Printer, report: &Report, json: bool) -> io::Result<()> {
    if json {
        let raw = serde_json::value::to_raw_value(&report.0)?;
        return printer.json(&raw);
    }
    let doctor = &printer.words().doctor;
    let mut rows: Vec<Row<3>> = Vec::new();
    for finding in &report.0 {
        let subject = SUBJECTS.iter().position(|name| *name == finding.subject).map_or("", |at| doctor.subjects[at]);
        let mark = doctor.marks[finding.mark as usize];
        rows.push(Row([mark.to_owned(), subject.to_owned(), finding.found.clone()]));
        rows.extend(finding.advice.iter().map(|advice| Row([String::new(), String::new(), format!("→ {advice}")])));
    }
    let mut text = printer.style().rows(rows);
    match (report.count(Mark::Bad), report.count(Mark::Doubtful)) {
        (0, 0) => text.push_str(&format!("\n{}\n", doctor.all_well)),
        (0, doubtful) => text.push_str(&format!("\n{}\n", (doctor.look_at)(doubtful))),
        _ => {}
    }
    printer.text(&text)
}
