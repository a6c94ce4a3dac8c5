//! `kisctl search`: stocks by name, code or initials.

use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, patiently},
        output::Printer,
        show,
        table::{Style, grouped},
    },
    wire::{
        daemon::Daemon,
        method,
        text::printable,
        types::{Board, Market, StockEntry, StockSearchParams, StockSearchResult},
    },
};

pub(in crate::ctl) async fn run(
    printer: &mut Printer,
    daemon: &Daemon,
    query: &[String],
    market: Option<Market>,
    limit: Option<u64>,
    format: Format,
) -> Result<(), Failure> {
    let params = StockSearchParams { query: query.join(" "), market, limit, timeout_ms: None };
    let raw = patiently(daemon.places(), printer.words(), ask::<method::StockSearch>(daemon, &params)).await?;
    show(printer, format, &raw, |style, found: StockSearchResult| found_stocks(style, &found))
}

/// A market by its name, in any case.
pub(in crate::ctl) fn market(text: &str) -> Result<Market, String> {
    let named = Market::ALL.into_iter().find(|market| market.name().eq_ignore_ascii_case(text));
    named.ok_or_else(|| {
        let names: Vec<_> = Market::ALL.iter().map(|market| market.name()).collect();
        format!("markets are {}", names.join(", "))
    })
}

fn found_stocks(style: Style, found: &StockSearchResult) -> String {
    let words = &style.words.stock;
    let mut text = match found.stocks.is_empty() {
        true => format!("{}\n", words.nothing_found),
        false => {
            let titles = words.columns.map(str::to_owned).to_vec();
            style.titled(titles, found.stocks.iter().map(|stock| row(style, stock)))
        }
    };
    if !found.missing_markets.is_empty() {
        let names: Vec<_> = found.missing_markets.iter().map(|market| market.name()).collect();
        text.push_str(&format!("{}\n", (words.missing)(&names.join(", "))));
    }
    text
}

fn row(style: Style, stock: &StockEntry) -> Vec<String> {
    let words = &style.words.stock;
    let market = match stock.board {
        Some(Board::Kospi) => "KOSPI",
        Some(Board::Kosdaq) => "KOSDAQ",
        Some(Board::Konex) => "KONEX",
        Some(Board::Unknown) | None => stock.market.name(),
    };
    let price = stock
        .base_price
        .map_or_else(|| "–".to_owned(), |price| format!("{} {}", grouped(price.0), printable(&stock.currency)));
    let halted = if stock.halted == Some(true) { words.halted } else { "" };
    vec![
        printable(&stock.stock_code),
        printable(&stock.name),
        market.to_owned(),
        (words.kind)(stock.kind).to_owned(),
        price,
        stock.lot.map_or_else(|| "–".to_owned(), |lot| lot.to_string()),
        halted.to_owned(),
    ]
}
