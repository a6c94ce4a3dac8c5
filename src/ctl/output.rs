//! The only place of kisctl that writes to stdout, but for the MCP bridge. Colour is used on a terminal only, and not if `NO_COLOR`
//! is set.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    termios::tcgetwinsize,
};
use serde_json::{Value, value::RawValue};

use super::{
    commands::{assets, trades},
    table::Style,
    words::{Language, Words},
};
use crate::wire::text::printable;

/// Columns and rows of a terminal that does not say.
const USUAL_COLUMNS: usize = 80;
const USUAL_ROWS: usize = 24;

/// To the top left, and to the end of a line or of the screen without what was there.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K\n";
const CLEAR_REST: &str = "\x1b[J";
pub(super) const CLEAR: &str = "\x1b[2J";

/// Long lines are cut at the edge, or go on in the next.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

/// Writes results.
pub struct Printer {
    out: Box<dyn Write>,
    style: Style,
    /// Whether what is written can be overwritten.
    pub(super) is_terminal: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer").field("colour", &self.style.colour).finish_non_exhaustive()
    }
}

impl Printer {
    /// On stdout.
    pub fn stdout(language: Language) -> Self {
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_terminal = io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let style = Style { words: language.words(), colour: is_terminal && !no_colour, columns: None };
        Self { out: Box::new(io::stdout()), style, is_terminal }
    }

    pub(super) fn words(&self) -> &'static Words {
        self.style.words
    }

    /// How tables are drawn; on a terminal they are as wide as it is now.
    pub(super) fn style(&self) -> Style {
        Style { columns: self.is_terminal.then(|| self.size().0), ..self.style }
    }

    /// Whether nobody can read any more what is written, as when the reader of a pipe has gone.
    pub(super) fn is_closed(&self) -> bool {
        let stdout = io::stdout();
        let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut polled, Some(&now)).is_ok() && polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
    }

    /// Columns and rows of the terminal; of what is no terminal the usual ones.
    pub(super) fn size(&self) -> (usize, usize) {
        // Some say that they have none.
        let (columns, rows) = tcgetwinsize(io::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row));
        let or = |size: u16, usual| if size == 0 { usual } else { usize::from(size) };
        (or(columns, USUAL_COLUMNS), or(rows, USUAL_ROWS))
    }

    /// Rows of the terminal.
    pub(super) fn rows(&self) -> usize {
        self.size().1
    }

    /// Lines in place of those that are on the screen, which was cleared before the first. The last line of the screen stays free:
    /// writing there would push away what is to be overwritten.
    pub(super) fn frame<'a>(&mut self, lines: impl IntoIterator<Item = &'a String>) -> io::Result<()> {
        let mut frame = String::from(HOME);
        for line in lines.into_iter().take(self.rows().saturating_sub(1)) {
            frame.push_str(line);
            frame.push_str(CLEAR_LINE);
        }
        self.text(&format!("{NO_WRAP}{frame}{CLEAR_REST}{WRAP}"))
    }

    /// Any text as it is, at once.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    pub(super) fn json(&mut self, raw: &RawValue) -> io::Result<()> {
        writeln!(self.out, "{}", raw.get())
    }

    /// A result as CSV: the holdings of a balance, the stocks of a search or a ranking, a row each; of anything else a row for each member.
    pub(super) fn csv(&mut self, raw: &RawValue) -> io::Result<()> {
        let members = serde_json::from_str::<Members>(raw.get())?;
        // KIS's list of orders has no halt.
        let is_ours = members.0.iter().any(|(name, _)| name == "halted");
        // By way of memory, so that an output that goes away is told as for other formats.
        let mut csv = csv::Writer::from_writer(Vec::new());
        // Of stocks abroad another call tells more.
        let is_abroad = members.0.iter().any(|(name, _)| name == "holdings_as_of");
        if let Some((columns, rows)) =
            members.0.iter().find_map(|(name, rows)| Some((assets::columns(name, is_abroad)?, rows)))
            && rows.get() != "null"
        {
            csv.write_record(columns)?;
            for row in serde_json::from_str::<Vec<Members>>(rows.get())? {
                csv.write_record(columns.iter().map(|name| row.plain(name)))?;
            }
        } else if let Some((_, holdings)) = members.0.iter().find(|(name, _)| name == "holdings") {
            csv.write_record(HOLDING)?;
            for holding in serde_json::from_str::<Vec<Members>>(holdings.get())? {
                csv.write_record(HOLDING.map(|name| holding.plain(name)))?;
            }
        } else if let Some((_, stocks)) = members.0.iter().find(|(name, _)| name == "stocks") {
            let is_ranking = members.0.iter().any(|(name, _)| name == "ranking");
            let columns: &[&str] = if is_ranking { &RANKED } else { &STOCK };
            csv.write_record(columns)?;
            for stock in serde_json::from_str::<Vec<Members>>(stocks.get())? {
                csv.write_record(columns.iter().map(|name| stock.plain(name)))?;
            }
        } else if let Some((_, prices)) = members.0.iter().find(|(name, _)| name == "prices") {
            csv.write_record(PRICE)?;
            for price in serde_json::from_str::<Vec<Members>>(prices.get())? {
                csv.write_record(PRICE.map(|name| price.plain(name)))?;
            }
        } else if let Some((_, orders)) = members.0.iter().find(|(name, _)| name == "orders" && is_ours) {
            csv.write_record(ORDER)?;
            for order in serde_json::from_str::<Vec<Members>>(orders.get())? {
                csv.write_record(ORDER.map(|name| order.plain(name)))?;
            }
        } else if let Some((columns, rows)) =
            members.0.iter().find_map(|(name, rows)| Some((trades::columns(name)?, rows)))
        {
            csv.write_record(columns)?;
            for row in serde_json::from_str::<Vec<Members>>(rows.get())? {
                csv.write_record(columns.iter().map(|name| row.plain(name)))?;
            }
        } else if let Some((_, candles)) = members.0.iter().find(|(name, _)| name == "candles") {
            csv.write_record(CANDLE)?;
            for candle in serde_json::from_str::<Vec<Members>>(candles.get())? {
                csv.write_record(CANDLE.map(|name| candle.plain(name)))?;
            }
        } else if let Some((_, accounts)) =
            members.0.iter().find(|(name, _)| name == "accounts" && members.0.len() == 1)
        {
            csv.write_record(ACCOUNT)?;
            for account in serde_json::from_str::<Vec<Members>>(accounts.get())? {
                csv.write_record(ACCOUNT.map(|name| account.plain(name)))?;
            }
        } else {
            csv.write_record(["name", "value"])?;
            for (name, value) in members.flat("")? {
                csv.write_record([name, value])?;
            }
        }
        let text = csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        self.out.write_all(&text)
    }
}

/// The members of a stock in a ranking, a column each.
const RANKED: [&str; 8] = ["rank", "stock_code", "name", "price", "change", "change_rate", "volume", "value"];

/// The members of an account, a column each.
const ACCOUNT: [&str; 8] = ["name", "default", "account", "product_code", "mode", "key", "key_expires_on", "token"];

/// The members of an order, a column each.
const ORDER: [&str; 16] = [
    "created_at",
    "order_id",
    "client_order_id",
    "account_name",
    "side",
    "stock_code",
    "stock_name",
    "market",
    "type",
    "quantity",
    "price",
    "filled_quantity",
    "average_price",
    "amount",
    "currency",
    "state",
];

/// The members of a price, a column each.
const PRICE: [&str; 14] = [
    "stock_code",
    "name",
    "market",
    "currency",
    "price",
    "change",
    "change_rate",
    "open",
    "high",
    "low",
    "volume",
    "trade_value",
    "as_of",
    "error",
];

/// The members of a candle, a column each.
const CANDLE: [&str; 7] = ["time", "open", "high", "low", "close", "volume", "trade_value"];

/// The members of a stock, a column each.
const STOCK: [&str; 12] = [
    "stock_code",
    "standard_code",
    "name",
    "english_name",
    "market",
    "board",
    "kind",
    "currency",
    "base_price",
    "tick",
    "lot",
    "halted",
];

/// The members of a holding, a column each.
const HOLDING: [&str; 13] = [
    "stock_code",
    "stock_name",
    "quantity",
    "avg_price",
    "current_price",
    "evaluation_amount",
    "profit_loss",
    "profit_loss_rate",
    "available_quantity",
    "purchase_amount",
    "position",
    "loan_date",
    "loan_amount",
];

/// The members of a JSON object in their order, numbers as they were written.
struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// A member as text; nothing, if there is none.
    fn plain(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| plain(value)).unwrap_or_default()
    }

    /// With the members of inner objects, by their way.
    fn flat(&self, way: &str) -> serde_json::Result<Vec<(String, String)>> {
        let mut flat = Vec::new();
        for (name, value) in &self.0 {
            let name = format!("{way}{name}");
            match value.get().starts_with('{') {
                true => flat.extend(serde_json::from_str::<Self>(value.get())?.flat(&format!("{name}."))?),
                false => flat.push((name, plain(value))),
            }
        }
        Ok(flat)
    }
}

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// The members of a JSON object in their order; none of anything else.
pub(super) fn members(text: &str) -> Vec<(String, Box<RawValue>)> {
    serde_json::from_str::<Members>(text).map(|members| members.0).unwrap_or_default()
}

/// A value without quotes; nothing for `null`. A text that a spreadsheet would take for a formula is marked as one that is none.
fn plain(value: &RawValue) -> String {
    match serde_json::from_str(value.get()) {
        Ok(Value::String(text)) => {
            let text = printable(&text);
            if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
        }
        Ok(Value::Null) => String::new(),
        _ => value.get().to_owned(),
    }
}
