//! The only place of kisctl that writes to stdout: tables for people, JSON for programs.
//!
//! Gains are red and losses blue, as in Korea; colour is used on a terminal only, and not if `NO_COLOR` is set.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use chrono::{DateTime, FixedOffset};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use jsonrpsee::core::client::Error;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::wire::{
    codes::ErrorData,
    text::printable,
    types::{Balance, DaemonStatus, Mode, TokenSource, TokenState, TokenStatus},
};

/// The kind of position that nearly every holding is; it is not worth a column.
const CASH: &str = "현금";

/// Writes results.
pub struct Printer {
    out: Box<dyn Write>,
    colour: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").field("colour", &self.colour).finish_non_exhaustive()
    }
}

impl Printer {
    /// On stdout.
    pub fn stdout() -> Self {
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { out: Box::new(io::stdout()), colour: io::stdout().is_terminal() && !no_colour }
    }

    /// On anything, with or without colour.
    pub fn new(out: Box<dyn Write>, colour: bool) -> Self {
        Self { out, colour }
    }

    pub(super) fn json(&mut self, raw: &RawValue) -> io::Result<()> {
        writeln!(self.out, "{}", raw.get())
    }

    pub(super) fn completions(&mut self, shell: clap_complete::Shell, command: &mut clap::Command) -> io::Result<()> {
        // By way of memory: the generator panics when its output goes away.
        let mut script = Vec::new();
        clap_complete::generate(shell, command, "kisctl", &mut script);
        self.out.write_all(&script)
    }

    /// A balance as a table, with the totals below.
    pub fn balance(&mut self, balance: &Balance) -> io::Result<()> {
        let mode = match balance.mode {
            Mode::Real => "real account",
            Mode::Paper => "paper account (모의투자)",
        };
        writeln!(self.out, "{mode} {}, as of {}\n", balance.account, local(balance.as_of))?;
        self.holdings(balance)?;
        let mut totals = self.table();
        let rows = [
            ("Total evaluation", won(balance.total_evaluation), 0),
            ("Net assets", won(balance.net_assets), 0),
            ("Stocks now", won(balance.evaluation_amount), 0),
            ("Stocks paid", won(balance.purchase_amount), 0),
            ("Profit / loss", won(balance.total_profit_loss), balance.total_profit_loss.signum()),
            ("Profit / loss %", signed(balance.profit_loss_rate.0), balance.total_profit_loss.signum()),
            ("Deposit", won(balance.deposit), 0),
            ("Deposit D+1", won(balance.deposit_d1), 0),
            ("Deposit D+2", won(balance.deposit_d2), 0),
        ];
        for (name, value, sign) in rows {
            totals.add_row(vec![Cell::new(name), self.number(value, sign)]);
        }
        writeln!(self.out, "{}", totals.trim_fmt())
    }

    fn holdings(&mut self, balance: &Balance) -> io::Result<()> {
        if balance.holdings.is_empty() {
            return writeln!(self.out, "no holdings\n");
        }
        let positions = balance.holdings.iter().any(|holding| holding.position != CASH);
        let mut table = self.table();
        let mut header = vec!["Code", "Name", "Quantity", "Paid each", "Price", "Value", "P/L", "P/L %"];
        if positions {
            header.push("Position");
        }
        table.set_header(header.into_iter().enumerate().map(|(column, title)| {
            let cell = Cell::new(title).add_attribute(Attribute::Bold);
            if (2..8).contains(&column) { cell.set_alignment(CellAlignment::Right) } else { cell }
        }));
        for holding in &balance.holdings {
            let sign = holding.profit_loss.signum();
            let mut row = vec![
                Cell::new(printable(&holding.stock_code)),
                Cell::new(printable(&holding.stock_name)),
                self.number(won(holding.quantity), 0),
                self.number(grouped(holding.avg_price.0), 0),
                self.number(won(holding.current_price), 0),
                self.number(won(holding.evaluation_amount), 0),
                self.number(won(holding.profit_loss), sign),
                self.number(signed(holding.profit_loss_rate.0), sign),
            ];
            if positions {
                row.push(Cell::new(printable(&holding.position)));
            }
            table.add_row(row);
        }
        writeln!(self.out, "{}\n", table.trim_fmt())
    }

    pub(super) fn daemon_status(&mut self, status: &DaemonStatus) -> io::Result<()> {
        let mode = match status.mode {
            Mode::Real => "real",
            Mode::Paper => "paper",
        };
        let (calls, failed) = (&status.calls, &status.calls.failed);
        let mut rows = vec![
            ("kisd", format!("{}, pid {}, since {}", status.version, status.pid, local(status.started_at))),
            ("account", format!("{} ({mode})", status.account)),
        ];
        rows.extend(token_rows(&status.token));
        rows.extend([
            ("calls to KIS", calls.sent.to_string()),
            (
                "in vain",
                format!(
                    "{} unreachable, {} refused, {} not understood, {} token refused, {} credentials refused",
                    failed.upstream_unreachable,
                    failed.upstream_rejected,
                    failed.upstream_malformed,
                    failed.token_refused,
                    failed.credentials_rejected
                ),
            ),
            ("rate limited", calls.rate_limited.to_string()),
            ("shared", format!("{} calls of clients answered together with another", calls.coalesced)),
            ("connections", status.connections.to_string()),
        ]);
        self.rows(rows)
    }

    pub(super) fn token_status(&mut self, status: &TokenStatus) -> io::Result<()> {
        self.rows(token_rows(status))
    }

    fn rows(&mut self, rows: Vec<(&str, String)>) -> io::Result<()> {
        let mut table = self.table();
        for (name, value) in rows {
            table.add_row(vec![name.to_owned(), value]);
        }
        writeln!(self.out, "{}", table.trim_fmt())
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if self.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table
    }

    fn number(&self, text: String, sign: i64) -> Cell {
        let cell = Cell::new(text).set_alignment(CellAlignment::Right);
        match sign {
            1 => cell.fg(Color::Red),
            -1 => cell.fg(Color::Blue),
            _ => cell,
        }
    }
}

/// An error answer, for a person.
pub(super) fn explain(error: &Error) -> String {
    let Error::Call(object) = error else {
        return format!("the connection to the daemon broke: {error}");
    };
    let data = object.data().and_then(|data| serde_json::from_str::<ErrorData>(data.get()).ok());
    let retry = match data.as_ref().and_then(|data| data.retry_after_ms) {
        Some(wait) => format!("; try again in {} s", wait.div_ceil(1000)),
        None if data.as_ref().is_some_and(|data| data.retryable) => "; try again later".to_owned(),
        None => String::new(),
    };
    format!("{} (code {}){retry}", object.message(), object.code())
}

fn token_rows(status: &TokenStatus) -> Vec<(&'static str, String)> {
    let state = match status.state {
        TokenState::Valid => "valid",
        TokenState::Renewing => "renewing: KIS is being asked",
        TokenState::Waiting => "waiting until KIS may be asked again",
        TokenState::Rejected => "rejected: KIS refuses the app key or secret",
        TokenState::Missing => "missing",
    };
    let mut rows = vec![("token", state.to_owned())];
    if let Some(at) = status.issued_at {
        let source = match status.source {
            Some(TokenSource::Mirror) => " (from the mirror)",
            _ => "",
        };
        rows.push(("issued", format!("{}{source}", local(at))));
    }
    rows.extend(status.expires_at.map(|at| ("expires", local(at))));
    rows.extend(status.next_refresh_at.map(|at| ("next renewal", local(at))));
    rows.extend(status.last_error.clone().map(|error| ("last error", error)));
    rows
}

fn local(at: DateTime<FixedOffset>) -> String {
    at.format("%Y-%m-%d %H:%M:%S KST").to_string()
}

fn won(amount: i64) -> String {
    grouped(Decimal::from(amount))
}

fn signed(percent: Decimal) -> String {
    if percent.is_sign_positive() && !percent.is_zero() { format!("+{percent}") } else { percent.to_string() }
}

/// With commas between thousands.
fn grouped(number: Decimal) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped_and_decimals_kept() {
        for (number, expected) in
            [("0", "0"), ("999", "999"), ("-1000", "-1,000"), ("68213.5135", "68,213.5135"), ("1234567", "1,234,567")]
        {
            assert_eq!(grouped(number.parse().unwrap()), expected);
        }
    }
}
