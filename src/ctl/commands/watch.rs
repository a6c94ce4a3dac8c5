//! `kisctl balance --watch`: the balance, drawn anew whenever it changes, with its age and what has changed.

use std::{collections::BTreeMap, time::Duration};

use rust_decimal::Decimal;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::ctl::{
    Failure, Format,
    output::{CLEAR, Printer},
    table::{Parts, known, signed, won},
    words::Words,
};
use crate::wire::{
    daemon::Daemon,
    method::AccountSubscribeBalance,
    place::Places,
    text::printable,
    types::{Balance, BalanceState, Holding, SubscribeBalanceParams},
};

/// Changes that are shown; more would push the table off the screen.
const CHANGES: usize = 8;

/// Watches until the output is closed or the process is ended.
pub(in crate::ctl) async fn watch(
    printer: &mut Printer,
    places: Places,
    account: Option<String>,
    interval: Option<Duration>,
    format: Format,
) -> Result<(), Failure> {
    if format == Format::Csv {
        return Err(Failure::Told(printer.words().no_csv_watched.to_owned()));
    }
    let interval_ms = interval.map(|interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX));
    let params = SubscribeBalanceParams { account, interval_ms };
    let mut screen = Screen::new();
    let daemon = Daemon::new(places);
    let mut states = daemon.subscribe::<AccountSubscribeBalance, Box<RawValue>>(&params).await?;
    if printer.is_terminal && format == Format::Table {
        printer.text(CLEAR).map_err(Failure::Output)?;
    }
    loop {
        tokio::select! {
            state = states.next() => match state {
                Some(Ok(state)) if format == Format::Json => {
                    printer.json(&state).map_err(Failure::Output)?;
                    continue;
                }
                Some(Ok(state)) => {
                    let state = serde_json::from_str(state.get()).map_err(Failure::Answer)?;
                    screen.take(state, printer.words());
                }
                Some(Err(error)) => return Err(Failure::Answer(error)),
                None => {
                    if format == Format::Table {
                        screen.trouble = Some(printer.words().trying_again.to_owned());
                        screen.draw(printer).map_err(Failure::Output)?;
                    }
                    states = daemon.subscribe_again::<AccountSubscribeBalance, _>(&params).await?;
                    continue;
                }
            },
            // The age goes on by itself, where it can be overwritten; and a reader may have gone.
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                if printer.is_closed() {
                    return Ok(());
                }
                if !printer.is_terminal || format != Format::Table {
                    continue;
                }
            }
        }
        screen.draw(printer).map_err(Failure::Output)?;
    }
}

#[derive(Debug)]
struct Screen {
    balance: Option<Balance>,
    changes: Vec<String>,
    trouble: Option<String>,
    /// When the balance that is shown came, if there is one.
    unchanged_since: Option<Instant>,
}

impl Screen {
    fn new() -> Self {
        Self { balance: None, changes: Vec::new(), trouble: None, unchanged_since: None }
    }

    fn take(&mut self, state: BalanceState, words: &Words) {
        self.trouble = state.error.map(|error| (words.not_current)(&printable(&error.message)));
        if let Some(new) = state.balance {
            let has_changed = self.balance.as_ref().is_none_or(|old| old.as_of != new.as_of);
            if let Some(old) = self.balance.as_ref().filter(|_| has_changed) {
                self.changes = changes(old, &new, words);
            }
            if has_changed {
                self.unchanged_since = Some(Instant::now());
            }
            self.balance = Some(new);
        }
    }

    fn draw(&self, printer: &mut Printer) -> std::io::Result<()> {
        let words = printer.words();
        let changes: Vec<String> = self.changes.iter().map(|change| format!("{}: {change}", words.changed)).collect();
        if !printer.is_terminal {
            let balance = self.balance.as_ref().map(|balance| printer.style().balance(balance)).unwrap_or_default();
            let below: String = changes.iter().chain(&self.trouble).map(|line| format!("{line}\n")).collect();
            return printer.text(&format!("{balance}{below}\n"));
        }
        let age = match self.unchanged_since {
            Some(since) => (words.age)(since.elapsed().as_secs()),
            None => words.no_balance_yet.to_owned(),
        };
        let last = format!("{age} · {}", words.watching);
        // The last line of the screen stays free: writing there would push away what is to be overwritten.
        let rows = printer.rows().saturating_sub(1);
        let lines = self.lines(printer, changes, rows.saturating_sub(1));
        printer.frame(lines.iter().chain([&last]))
    }

    /// At most so many lines. Totals come first, then what is not current, then holdings and changes as far as there is room.
    fn lines(&self, printer: &Printer, mut changes: Vec<String>, rows: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let trouble: Vec<String> = self.trouble.iter().cloned().collect();
        if let Some(balance) = &self.balance {
            let Parts { heading, mut holdings, note, totals } = printer.style().balance_parts(balance);
            // A heading, and an empty line on each side of the holdings.
            let room = rows.saturating_sub(3 + note.iter().len() + totals.len() + trouble.len());
            changes.truncate(room.saturating_sub(holdings.len()).max(room / 3));
            let room = room.saturating_sub(changes.len());
            if holdings.len() > room {
                // Of what is there, the titles are no holding; the last line says how many are not shown.
                let shown = room.saturating_sub(1);
                let more = balance.holdings.len().saturating_sub(shown.saturating_sub(1));
                holdings.truncate(shown);
                holdings.push((printer.words().more_holdings)(more));
            }
            lines.extend([heading, String::new()]);
            lines.extend(holdings.into_iter().chain(note).chain([String::new()]).chain(totals));
        }
        lines.extend(changes.into_iter().chain(trouble));
        lines.truncate(rows);
        lines
    }
}

/// What is different, in words.
fn changes(old: &Balance, new: &Balance, words: &Words) -> Vec<String> {
    let mut changes = Vec::new();
    for (name, (before, after)) in words.totals.into_iter().zip([
        (old.total_evaluation, new.total_evaluation),
        (old.net_assets, new.net_assets),
        (old.evaluation_amount, new.evaluation_amount),
        (Some(old.purchase_amount), Some(new.purchase_amount)),
    ]) {
        changes.extend(change(name, before, after));
    }
    changes.extend(change(words.totals[6], old.deposit, new.deposit));
    // A stock may be held several times, in cash and by several loans.
    let key = |holding: &Holding| (holding.stock_code.clone(), holding.position.clone(), holding.loan_date);
    let mut before: BTreeMap<_, _> = old.holdings.iter().map(|holding| (key(holding), holding)).collect();
    for holding in &new.holdings {
        let name = printable(&holding.stock_name);
        match before.remove(&key(holding)) {
            None => changes.push((words.bought)(&name, &won(holding.quantity))),
            Some(old) => {
                let (before, after) = (Some(old.quantity), Some(holding.quantity));
                changes.extend(change(&format!("{name} {}", words.columns[2]), before, after));
                changes.extend(change(
                    &format!("{name} {}", words.columns[4]),
                    old.current_price,
                    holding.current_price,
                ));
            }
        }
    }
    changes.extend(before.values().map(|holding| (words.gone)(&printable(&holding.stock_name))));
    changes.truncate(CHANGES);
    changes
}

fn change(name: &str, before: Option<i64>, after: Option<i64>) -> Option<String> {
    let by = before.zip(after).map_or_else(String::new, |(before, after)| {
        format!(" ({})", signed(Decimal::from(after) - Decimal::from(before)))
    });
    (before != after).then(|| format!("{name} {} → {}{by}", known(before), known(after)))
}
