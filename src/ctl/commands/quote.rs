//! `kisctl quote` and `kisctl orderbook`: what stocks cost, and who would buy and sell.

pub(in crate::ctl) mod watch;

use futures_util::future::join_all;
use jsonrpsee::core::client::Error;
use rust_decimal::Decimal;
use serde_json::{json, value::RawValue};

use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, patiently},
        output::Printer,
        show,
        table::{Style, grouped, local, signed},
    },
    wire::{
        daemon::Daemon,
        method,
        number::Number,
        text::printable,
        types::{Market, Orderbook, Price, QuoteParams},
    },
};

fn params(stock: &str, market: Option<Market>, account: Option<&String>) -> QuoteParams {
    QuoteParams { stock: Some(stock.to_owned()), market, account: account.cloned(), ..QuoteParams::default() }
}

pub(in crate::ctl) async fn run(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    (stocks, market): (&[String], Option<Market>),
    format: Format,
) -> Result<(), Failure> {
    if let [stock] = stocks {
        let params = params(stock, market, account.as_ref());
        let raw = patiently(daemon.places(), printer.words(), ask::<method::QuotePrice>(daemon, &params)).await?;
        return show(printer, format, &raw, |style, price: Price| card(style, &price));
    }
    let all: Vec<QuoteParams> = stocks.iter().map(|stock| params(stock, market, account.as_ref())).collect();
    let asked = join_all(all.iter().map(|params| ask::<method::QuotePrice>(daemon, params)));
    let answers = patiently(daemon.places(), printer.words(), asked).await;
    let mut prices = Vec::new();
    let mut failed = Vec::new();
    for (stock, answer) in stocks.iter().zip(answers) {
        prices.push(match answer {
            Ok(raw) => raw,
            // Of one stock, and not of the daemon.
            Err(Failure::Call(Error::Call(error))) => {
                failed.push(format!("{}: {}", printable(stock), printable(error.message())));
                let text = json!({ "stock_code": stock, "error": error.message() }).to_string();
                RawValue::from_string(text).map_err(Failure::Answer)?
            }
            Err(failure) => return Err(failure),
        });
    }
    let joined: Vec<&str> = prices.iter().map(|price| price.get()).collect();
    let raw = RawValue::from_string(format!("{{\"prices\":[{}]}}", joined.join(","))).map_err(Failure::Answer)?;
    show(printer, format, &raw, |style, _: serde_json::Value| table(style, &prices))?;
    if failed.is_empty() {
        return Ok(());
    }
    let message = format!("{}\n{}", (printer.words().quote.failed)(failed.len()), failed.join("\n"));
    Err(Failure::Ill { message, no_daemon: false })
}

pub(in crate::ctl) async fn orderbook(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    (stock, market): (&str, Option<Market>),
    format: Format,
) -> Result<(), Failure> {
    let params = params(stock, market, account.as_ref());
    let raw = patiently(daemon.places(), printer.words(), ask::<method::QuoteOrderbook>(daemon, &params)).await?;
    show(printer, format, &raw, |style, book: Orderbook| levels(style, &book))
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| grouped(number.0))
}

fn moved(number: Option<Number>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| signed(number.0))
}

/// One price, a line for each figure.
fn card(style: Style, price: &Price) -> String {
    let words = &style.words.quote;
    let name = price.name.as_deref().map(printable).unwrap_or_default();
    let session = price.session.map(|session| format!(" · {}", (words.market.session)(session))).unwrap_or_default();
    let heading = format!(
        "{} {name} {} {}\n{}{session}\n\n",
        printable(&price.stock_code),
        price.market.name(),
        printable(&price.currency),
        local(price.as_of)
    );
    let pair = |one: Option<Number>, other: Option<Number>| format!("{}  {}", said(one), said(other));
    let extreme = |extreme: &Option<crate::wire::types::Extreme>| extreme.as_ref().map(|extreme| extreme.price);
    let mut rows = vec![
        (words.price, said(price.price)),
        (words.change, format!("{}  {} %", moved(price.change), moved(price.change_rate))),
        (words.session, format!("{}  {}", said(price.open), pair(price.high, price.low))),
        (words.base, said(price.base_price)),
        (words.limits, pair(price.upper_limit, price.lower_limit)),
        (words.volume, said(price.volume)),
        (words.value, said(price.trade_value)),
        (words.year, pair(extreme(&price.high_52w), extreme(&price.low_52w))),
        (words.ratios, pair(price.per, price.pbr)),
        (words.cap, said(price.market_cap)),
    ];
    if !price.status.is_empty() {
        let status: Vec<&str> = price.status.iter().map(|status| (words.status)(*status)).collect();
        rows.push((words.note, status.join(", ")));
    }
    format!("{}{}", heading.replace("  ", " "), style.rows(rows))
}

/// Several prices, a row each.
fn table(style: Style, prices: &[Box<RawValue>]) -> String {
    let words = &style.words.quote;
    let row = |price: Price| {
        let name = price.name.as_deref().map_or_else(|| "–".to_owned(), printable);
        let words = [printable(&price.stock_code), name, price.market.name().to_owned()];
        row(words, (price.price, price.change, price.change_rate, price.volume)).to_vec()
    };
    // The others have failed: their errors are printed below the table.
    let found = prices.iter().filter_map(|price| serde_json::from_str(price.get()).ok());
    style.signed(&words.columns, 3, found.map(row))
}

/// The cells of a price with their signs: code, name and market; price, change, percent and volume.
fn row(
    words: [String; 3],
    (price, change, rate, volume): (Option<Number>, Option<Number>, Option<Number>, Option<Number>),
) -> [(String, i64); 7] {
    let sign = match change.map(|change| change.0).filter(|change| !change.is_zero()) {
        Some(change) if change.is_sign_negative() => -1,
        Some(_) => 1,
        None => 0,
    };
    let [code, name, market] = words.map(|word| (word, 0));
    [code, name, market, (said(price), sign), (moved(change), sign), (moved(rate), sign), (said(volume), 0)]
}

/// An order book: who would sell above, who would buy below.
fn levels(style: Style, book: &Orderbook) -> String {
    let words = &style.words.quote;
    let heading = format!(
        "{} {} {}\n{}\n\n",
        printable(&book.stock_code),
        book.market.name(),
        printable(&book.currency),
        local(book.as_of)
    );
    let quantity = |number: Decimal| grouped(number);
    let asks =
        book.asks.iter().rev().map(|level| vec![quantity(level.quantity.0), grouped(level.price.0), String::new()]);
    let bids = book.bids.iter().map(|level| vec![String::new(), grouped(level.price.0), quantity(level.quantity.0)]);
    let totals = vec![said(book.total_ask_quantity), words.total.to_owned(), said(book.total_bid_quantity)];
    let rows = asks.chain(bids).chain([totals]);
    let mut text = format!("{heading}{}", style.titled(words.book.map(str::to_owned).to_vec(), rows));
    if let Some(price) = book.expected_price {
        text.push_str(&format!("{}: {} × {}\n", words.expected, grouped(price.0), said(book.expected_volume)));
    }
    text
}
