//! `kisctl doctor`: looks at everything between a caller and KIS, and says what to do about each.
//!
//! It asks the daemon, and `kisd check` for the configuration, which kisctl must not read itself.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use jsonrpsee::{
    core::client::{Client, Error},
    types::ErrorObjectOwned,
};
use serde::Serialize;

use super::{
    Failure, ask, ask_status, beside, in_time,
    output::Printer,
    socket,
    table::{Row, local},
    words::{Doctor, Words},
};
use crate::wire::{
    client::{self, ConnectError},
    codes::{ErrorData, Kind},
    method,
    text::printable,
    types::{Balance, BalanceParams, DaemonStatus, TokenState},
};

/// A balance this old shows that KIS answers, without another call for each look.
const RECENT_MS: u64 = 10_000;

/// The default of rpc.call_timeout, and a little.
const KIS_WITHIN: Duration = Duration::from_secs(35);

/// `kisd check` refuses a configuration with this; a missing one too.
const REFUSED: i32 = 78;

/// Where the keys of the system's service are, for those who may read them.
const CREDENTIALS: &str = "/etc/kisd";

/// So many calls too many may be from a restart.
const FEW: u64 = 3;

/// How its message begins when there is none at all.
const NO_FILE: &str = "no configuration file";

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
const SUBJECTS: [&str; 7] = ["configuration", "socket", "daemon", "clock", "token", "quota", "kis"];

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
pub(super) async fn examine(printer: &mut Printer, sockets: &[PathBuf], json: bool) -> Result<(), Failure> {
    let words = printer.words();
    let mut report = Report::default();
    let found = first(sockets).await;
    configuration(&mut report, found.is_ok(), &words.doctor);
    let no_daemon = match found {
        Ok((path, client)) => {
            of_socket(&mut report, &path, &words.doctor);
            of_daemon(&mut report, &client, words).await;
            false
        }
        Err(tried) => {
            report.add(1, Mark::Bad, socket::tried(&tried, words), Some(socket::advice(&tried, words)));
            for subject in 2..SUBJECTS.len() {
                report.add(subject, Mark::Unknown, words.doctor.not_known, None);
            }
            true
        }
    };
    tell(printer, &report, json).map_err(Failure::Output)?;
    match report.count(Mark::Bad) {
        0 => Ok(()),
        bad => Err(Failure::Ill { message: (words.doctor.not_well)(bad), no_daemon }),
    }
}

async fn first(sockets: &[PathBuf]) -> Result<(PathBuf, Client), Vec<ConnectError>> {
    let mut tried = Vec::new();
    for path in sockets {
        match client::connect(path).await {
            Ok(client) => return Ok((path.clone(), client)),
            Err(error) => tried.push(error),
        }
    }
    Err(tried)
}

fn configuration(report: &mut Report, daemon_answers: bool, words: &Doctor) {
    let Some(Output { status, stdout, stderr, .. }) = check() else {
        return report.add(0, Mark::Unknown, words.no_kisd, None);
    };
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if status.success() {
        let file = stdout.lines().find_map(|line| line.strip_prefix("configuration file")).unwrap_or_default();
        report.add(0, Mark::Good, printable(&(words.configuration_good)(file.trim())), None);
        return;
    }
    let faults: Vec<String> = stderr.lines().map(|line| printable(line.trim())).collect();
    let none = faults.iter().find(|line| line.starts_with(NO_FILE)).and_then(|line| line.split_inclusive(')').next());
    let hidden = faults.iter().any(|line| line.contains(CREDENTIALS) && line.contains("Permission denied"));
    match none.filter(|_| status.code() == Some(REFUSED)) {
        // The service of the system has a configuration that its callers cannot read.
        _ if daemon_answers && (none.is_some() || hidden) => {
            report.add(0, Mark::Good, words.configuration_elsewhere, None);
        }
        Some(none) => report.add(0, Mark::Bad, none, Some(words.make_configuration)),
        None => report.add(0, Mark::Bad, faults.join(" "), Some(words.correct_configuration)),
    }
}

/// What `kisd check` says; `None`: there is no kisd to ask.
fn check() -> Option<Output> {
    let kisd = beside("kisd").unwrap_or_else(|| PathBuf::from("kisd"));
    let output = Command::new(&kisd).arg("check").output().ok()?;
    if output.status.success() || !Path::new(CREDENTIALS).join("app_key").exists() {
        return Some(output);
    }
    // The keys of the system's service are with systemd: its part is played here.
    let with_keys = Command::new(&kisd).arg("check").env("CREDENTIALS_DIRECTORY", CREDENTIALS).output().ok()?;
    Some(if with_keys.status.success() { with_keys } else { output })
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

async fn of_daemon(report: &mut Report, client: &Client, words: &Words) {
    let doctor = &words.doctor;
    let Some(status) = of_status(report, client, words).await else {
        for subject in 3..SUBJECTS.len() {
            report.add(subject, Mark::Unknown, doctor.not_known, None);
        }
        return;
    };
    match status.clock_offset_ms {
        0 => report.add(3, Mark::Good, doctor.clock_agrees, None),
        offset => report.add(3, Mark::Doubtful, (words.clock_is_off)(offset / 1000), Some(doctor.set_clock)),
    }
    // The token may be renewed by the call that shows whether KIS answers.
    let balance = balance(client).await;
    let status = in_time(ask_status(client)).await.unwrap_or(status);
    of_token(report, &status, words);
    let quota = status.quota;
    let now = (words.quota_now)(quota.calls_per_second, quota.taken, quota.waiting);
    match status.calls.rate_limited {
        0..FEW => report.add(5, Mark::Good, now, None),
        count => {
            let found = format!("{now}; {}: {count}", words.rate_limited);
            report.add(5, Mark::Doubtful, found, Some(doctor.quota_advice));
        }
    }
    match balance {
        Ok(balance) => report.add(6, Mark::Good, (doctor.kis_answers)(&local(balance.as_of)), None),
        Err(failure) => {
            let advice = (doctor.kis_advice)(refusal(&failure).and_then(kind_of));
            report.add(6, Mark::Bad, printable(&failure.explain(words)), Some(advice));
        }
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
                (_, Some(error)) => (failure.explain(words), (doctor.kis_advice)(kind_of(error))),
                (Failure::Call(Error::RequestTimeout), _) => (doctor.no_answer_at_once.to_owned(), doctor.hangs),
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
        (TokenState::Valid, Some(at)) => report.add(4, Mark::Good, (doctor.token_until)(&local(at)), None),
        (TokenState::Valid, None) => report.add(4, Mark::Good, state, None),
        (other, _) => {
            let error = token.last_error.as_ref().map(|error| format!(": {}", printable(error))).unwrap_or_default();
            report.add(4, Mark::Bad, format!("{state}{error}"), Some((doctor.token_advice)(other)));
        }
    }
}

/// A recent balance. It may take its time, as KIS may; a daemon that hangs meanwhile is told apart.
async fn balance(client: &Client) -> Result<Balance, Failure> {
    let params = BalanceParams { max_age_ms: Some(RECENT_MS), ..BalanceParams::default() };
    let params = serde_json::value::to_raw_value(&params).map_err(Failure::Answer)?;
    let asked = ask(client, method::ACCOUNT_BALANCE, Some(params));
    let raw = tokio::time::timeout(KIS_WITHIN, asked).await.unwrap_or(Err(Failure::Call(Error::RequestTimeout)))?;
    serde_json::from_str(raw.get()).map_err(Failure::Answer)
}

fn refusal(failure: &Failure) -> Option<&ErrorObjectOwned> {
    match failure {
        Failure::Call(Error::Call(error)) => Some(error),
        _ => None,
    }
}

fn kind_of(error: &ErrorObjectOwned) -> Option<Kind> {
    serde_json::from_str::<ErrorData>(error.data()?.get()).ok().map(|data| data.kind)
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
