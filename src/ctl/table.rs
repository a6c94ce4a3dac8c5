//! Tables for people. Gains are red and losses blue, as in Korea.

use chrono::{DateTime, FixedOffset};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};

use super::{
    commands::client::gateway,
    fit::{Choice, fit, shortened, width},
    words::Words,
};
use crate::wire::{
    number::Number,
    text::printable,
    types::{AccountList, Balance, DaemonStatus, GatewayState, Holding, TokenSource, TokenState, TokenStatus},
};

pub(super) use super::figures::{grouped, signed, won};

/// The kind of position that nearly every holding is; it is not worth a column.
const CASH: &str = "현금";

/// What KIS has not said, as a price before the market opens.
const UNKNOWN: &str = "–";

/// Columns of holdings that can be left out, the least needed first: average price, evaluation, code, quantity.
const LEAST_NEEDED: &[usize] = &[3, 5, 0, 2];

/// In which words, and whether in colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) words: &'static Words,
    pub(super) colour: bool,
    /// How wide a table may be; nothing: as wide as it is.
    pub(super) columns: Option<usize>,
}

impl Style {
    /// A balance as a table, with the totals below.
    pub(super) fn balance(self, balance: &Balance) -> String {
        let Parts { heading, holdings, note, totals } = self.balance_parts(balance);
        let holdings: Vec<String> = holdings.into_iter().chain(note).collect();
        format!("{heading}\n\n{}\n\n{}\n", holdings.join("\n"), totals.join("\n"))
    }

    /// The same in lines, of which some may be left out.
    pub(super) fn balance_parts(self, balance: &Balance) -> Parts {
        let account = (self.words.account_of)(balance.mode);
        let heading = (self.words.as_of)(account, &printable(&balance.account), &local(balance.as_of));
        let value = balance.total_profit_loss;
        let sign = value.map_or(0, i64::signum);
        let figures = [
            (known(balance.total_evaluation), 0),
            (known(balance.net_assets), 0),
            (known(balance.evaluation_amount), 0),
            (won(balance.purchase_amount), 0),
            (known(value), sign),
            (percent(balance.profit_loss_rate), sign),
            (known(balance.deposit), 0),
            (known(balance.deposit_d1), 0),
            (known(balance.deposit_d2), 0),
        ];
        let mut totals = self.table();
        for (name, (figure, sign)) in self.words.totals.into_iter().zip(figures) {
            totals.add_row(vec![Cell::new(name), number(figure, sign)]);
        }
        let lines = |text: String| text.lines().map(str::to_owned).collect();
        let (holdings, note) = self.holdings(balance);
        Parts { heading, holdings: lines(holdings), note, totals: lines(totals.trim_fmt()) }
    }

    /// The holdings, and what of them is left out.
    fn holdings(self, balance: &Balance) -> (String, Option<String>) {
        if balance.holdings.is_empty() {
            return (self.words.no_holdings.to_owned(), None);
        }
        let names = balance.holdings.iter().map(|holding| width(&printable(&holding.stock_name)));
        let (text, choice) = fit(self.columns, names, LEAST_NEEDED, |choice| self.holdings_as(balance, choice));
        let left_out: Vec<&str> = choice.left_out.iter().map(|column| self.words.columns[*column]).collect();
        let is_whole = left_out.is_empty() && !choice.is_shortened;
        (text, (!is_whole).then(|| (self.words.quote.left_out)(&left_out, choice.is_shortened)))
    }

    fn holdings_as(self, balance: &Balance, choice: &Choice) -> String {
        let is_shown = |column: &usize| !choice.left_out.contains(column);
        let positions = balance.holdings.iter().any(|holding| holding.position != CASH);
        let columns = self.words.columns.len() - usize::from(!positions);
        let mut table = self.table();
        let titles = self.words.columns.into_iter().enumerate().take(columns).filter(|(column, _)| is_shown(column));
        table.set_header(titles.map(|(column, title)| {
            let cell = Cell::new(title).add_attribute(Attribute::Bold);
            if (2..8).contains(&column) { cell.set_alignment(CellAlignment::Right) } else { cell }
        }));
        for holding in &balance.holdings {
            let sign = holding.profit_loss.map_or(0, i64::signum);
            let row = vec![
                Cell::new(printable(&holding.stock_code)),
                Cell::new(shortened(&printable(&holding.stock_name), choice.name)),
                number(won(holding.quantity), 0),
                number(grouped(holding.avg_price.0), 0),
                number(known(holding.current_price), 0),
                number(known(holding.evaluation_amount), 0),
                number(known(holding.profit_loss), sign),
                number(percent(holding.profit_loss_rate), sign),
                Cell::new(position(holding)),
            ];
            let shown = row.into_iter().enumerate().take(columns).filter(|(column, _)| is_shown(column));
            table.add_row(shown.map(|(_, cell)| cell));
        }
        table.trim_fmt()
    }

    /// The accounts as a table.
    pub(super) fn accounts(self, list: &AccountList) -> String {
        let words = self.words;
        let mut table = self.table();
        table.set_header(words.account_columns.map(|title| Cell::new(title).add_attribute(Attribute::Bold)));
        for entry in &list.accounts {
            let default = if entry.default { format!(" {}", words.default_account) } else { String::new() };
            let ends = entry.key_expires_on.as_deref().map(|day| format!(" ({})", (words.key_ends)(&printable(day))));
            let is_failing = entry.token == TokenState::Valid && entry.fault.is_some();
            let failing = if is_failing { format!("; {}", words.failing) } else { String::new() };
            let rights: Vec<&str> = entry.rights.iter().map(|right| right.name()).collect();
            table.add_row([
                format!("{}{default}", printable(&entry.name)),
                printable(&entry.account),
                (words.mode)(entry.mode).to_owned(),
                format!("{}{}", printable(&entry.key), ends.unwrap_or_default()),
                format!("{}{failing}", (words.token_state)(entry.token)),
                rights.join(", "),
            ]);
        }
        format!("{}\n", table.trim_fmt())
    }

    pub(super) fn daemon_status(self, status: &DaemonStatus) -> String {
        let words = self.words;
        let (calls, failed) = (&status.calls, &status.calls.failed);
        let mut rows = vec![
            ("kisd", (words.running)(&printable(&status.version), status.pid, &local(status.started_at))),
            (words.account, format!("{} ({})", printable(&status.account), (words.mode)(status.mode))),
        ];
        if status.accounts.len() > 1 {
            let names: Vec<String> = status.accounts.iter().map(|entry| printable(&entry.name)).collect();
            rows.push((words.accounts, names.join(", ")));
        }
        rows.extend(self.token_rows(&status.token));
        let failures = [
            failed.upstream_unreachable,
            failed.upstream_rejected,
            failed.upstream_malformed,
            failed.token_refused,
            failed.credentials_rejected,
        ];
        rows.extend([
            (words.calls, (words.calls_made)(calls.sent, calls.issuances)),
            (words.failed, (words.failures)(failures)),
            (words.rate_limited, calls.rate_limited.to_string()),
            (words.quota, (words.quota_now)(&status.quota)),
            (words.shared, (words.shared_calls)(calls.coalesced)),
            (words.connections, (words.connections_now)(status.connections, status.subscriptions)),
        ]);
        if status.gateway.state != GatewayState::Off || status.gateway.hosts.is_some() {
            rows.push((words.client.gateway, gateway(words, &status.gateway)));
        }
        if status.clock_offset_ms != 0 {
            rows.push((words.clock, (words.clock_is_off)(status.clock_offset_ms / 1000)));
        }
        rows.extend(status.upstream_error.as_ref().map(|fault| (words.last_failure, printable(&fault.message))));
        self.rows(rows)
    }

    pub(super) fn token_status(self, status: &TokenStatus) -> String {
        self.rows(self.token_rows(status))
    }

    fn token_rows(self, status: &TokenStatus) -> Vec<(&'static str, String)> {
        let words = self.words;
        let mut rows = vec![(words.token, (words.token_state)(status.state).to_owned())];
        if let Some(at) = status.issued_at {
            let source = if status.source == Some(TokenSource::Mirror) { words.from_mirror } else { "" };
            rows.push((words.issued, format!("{}{source}", local(at))));
        }
        rows.extend(status.expires_at.map(|at| (words.expires, local(at))));
        rows.extend(status.next_refresh_at.map(|at| (words.next_renewal, local(at))));
        rows.extend(status.last_error.as_ref().map(|error| (words.last_error, printable(error))));
        rows
    }

    /// Rows of words side by side.
    pub(super) fn rows<const N: usize, T: Into<Row<N>>>(self, rows: impl IntoIterator<Item = T>) -> String {
        let mut table = self.table();
        for row in rows {
            table.add_row(row.into().0);
        }
        format!("{}\n", table.trim_fmt())
    }

    /// Rows under titles.
    pub(super) fn titled<T: Into<Toned>>(self, titles: Vec<String>, rows: impl Iterator<Item = Vec<T>>) -> String {
        let mut table = self.table();
        table.set_header(titles.into_iter().map(|title| Cell::new(title).add_attribute(Attribute::Bold)));
        for row in rows {
            table.add_row(row.into_iter().map(|toned| toned.into().cell()));
        }
        format!("{}\n", table.trim_fmt())
    }

    /// A thing, a line for each of its figures.
    pub(super) fn card(self, rows: Vec<(&'static str, Toned)>) -> String {
        let mut table = self.table();
        for (name, toned) in rows {
            table.add_row([Cell::new(name), toned.cell()]);
        }
        format!("{}\n", table.trim_fmt())
    }

    /// Rows under titles; after so many columns come figures, each with its sign: red above nothing, blue below.
    pub(super) fn signed(self, titles: &[&str], left: usize, rows: impl Iterator<Item = Vec<(String, i64)>>) -> String {
        let mut table = self.table();
        let right = |column: usize, cell: Cell| match column < left {
            true => cell,
            false => cell.set_alignment(CellAlignment::Right),
        };
        let titles = titles.iter().enumerate();
        table.set_header(titles.map(|(column, title)| right(column, Cell::new(title).add_attribute(Attribute::Bold))));
        for row in rows {
            let cells = row.into_iter().enumerate();
            table.add_row(cells.map(|(column, (text, sign))| match column < left {
                true => Cell::new(text),
                false => number(text, sign),
            }));
        }
        format!("{}\n", table.trim_fmt())
    }

    fn table(self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if self.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table
    }
}

/// A balance in lines.
pub(super) struct Parts {
    pub(super) heading: String,
    /// The titles, and a line for each; or that there are none.
    pub(super) holdings: Vec<String>,
    /// What of them is left out, if anything is.
    pub(super) note: Option<String>,
    pub(super) totals: Vec<String>,
}

/// A text, red if its sign is positive and blue if it is negative.
pub(super) struct Toned {
    text: String,
    sign: i64,
}

impl Toned {
    pub(super) fn new(text: String, sign: i64) -> Self {
        Self { text, sign }
    }

    fn cell(self) -> Cell {
        toned(Cell::new(self.text), self.sign)
    }
}

impl From<String> for Toned {
    fn from(text: String) -> Self {
        Self::new(text, 0)
    }
}

/// A row of a table of words.
pub(super) struct Row<const N: usize>(pub(super) [String; N]);

impl From<(&str, String)> for Row<2> {
    fn from((name, value): (&str, String)) -> Self {
        Self([name.to_owned(), value])
    }
}

/// Its kind, and the day of the loan, which tells two loans of one stock apart.
fn position(holding: &Holding) -> String {
    let kind = printable(&holding.position);
    holding.loan_date.map_or_else(|| kind.clone(), |date| format!("{kind} {date}"))
}

fn number(text: String, sign: i64) -> Cell {
    toned(Cell::new(text).set_alignment(CellAlignment::Right), sign)
}

fn toned(cell: Cell, sign: i64) -> Cell {
    match sign {
        1 => cell.fg(Color::Red),
        -1 => cell.fg(Color::Blue),
        _ => cell,
    }
}

pub(super) fn local(at: DateTime<FixedOffset>) -> String {
    at.format("%Y-%m-%d %H:%M:%S KST").to_string()
}

/// What KIS has said, or a dash.
pub(super) fn known(amount: Option<i64>) -> String {
    amount.map_or_else(|| UNKNOWN.to_owned(), won)
}

fn percent(rate: Option<Number>) -> String {
    rate.map_or_else(|| UNKNOWN.to_owned(), |rate| signed(rate.0))
}
