//! `kisctl quote --watch`: prices, asked for again and again, and drawn anew.

use std::time::Duration;

use futures_util::future::try_join_all;
use serde::Serialize;
use serde_json::value::to_raw_value;
use tokio::time::Instant;

use super::row;
use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, patiently},
        fit::{fit, shortened, width},
        output::{CLEAR, Printer},
        table::Style,
    },
    wire::{
        daemon::{self, Daemon},
        method,
        text::printable,
        types::{Market, Prices, PricesParams, ShortPrice, StockInfo, StockInfoParams},
    },
};

/// Between questions, unless it is said.
const USUAL_INTERVAL: Duration = Duration::from_secs(1);

/// No more often than this: the daemon's memory is asked, and it asks KIS as often as the quota allows.
const LEAST_INTERVAL: Duration = Duration::from_millis(100);

/// Stocks of one question.
const AT_ONCE: usize = 30;

/// A stock that is watched.
struct Watched {
    code: String,
    market: Option<Market>,
    /// Where KIS's answers have no name.
    name: Option<String>,
}

/// Watches until the output is closed or somebody ends it.
pub(in crate::ctl) async fn watch(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    (stocks, market): (&[String], Option<Market>),
    interval: Option<Duration>,
    format: Format,
) -> Result<(), Failure> {
    if format == Format::Csv {
        return Err(Failure::Told(printer.words().no_csv_watched.to_owned()));
    }
    let interval = interval.unwrap_or(USUAL_INTERVAL).max(LEAST_INTERVAL);
    let watching = async {
        let resolving = try_join_all(stocks.iter().map(|stock| resolve(daemon, stock, market)));
        let watched = patiently(daemon.places(), printer.words(), resolving).await?;
        let mut screen = Screen::default();
        if printer.is_terminal && format == Format::Table {
            printer.text(CLEAR).map_err(Failure::Output)?;
        }
        loop {
            let asked = Instant::now();
            match prices(daemon, account.as_ref(), &watched, interval).await {
                Ok(prices) => screen.take(prices),
                Err(daemon::Failure::Refused(error)) => {
                    screen.trouble = Some((printer.words().not_current)(&printable(error.message())));
                }
                Err(_) => screen.trouble = Some(printer.words().trying_again.to_owned()),
            }
            screen.show(printer, &watched, format)?;
            if printer.is_closed() {
                return Ok(());
            }
            tokio::time::sleep_until(asked + interval).await;
        }
    };
    tokio::select! {
        ended = watching => ended,
        // The line of the prompt is below what was drawn.
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}

/// Which stock is meant. A code of KRX's form needs no list.
async fn resolve(daemon: &Daemon, stock: &str, market: Option<Market>) -> Result<Watched, Failure> {
    let is_code = stock.len() == 6
        && stock.starts_with(|first: char| first.is_ascii_digit())
        && stock.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // NXT and UN are views of the same lists.
    let listed = market.filter(|market| !matches!(market, Market::Nxt | Market::Un));
    let params = StockInfoParams { stock: Some(stock.to_owned()), market: listed, ..StockInfoParams::default() };
    match ask::<method::StockInfo>(daemon, &params).await {
        Ok(info) => {
            let info: StockInfo = serde_json::from_str(info.get()).map_err(Failure::Answer)?;
            Ok(Watched { code: info.stock_code, market: market.or(Some(info.market)), name: Some(info.name) })
        }
        Err(Failure::Call(_)) if is_code => Ok(Watched { code: stock.to_owned(), market, name: None }),
        Err(failure) => Err(failure),
    }
}

/// The prices of all stocks, in their order.
async fn prices(
    daemon: &Daemon,
    account: Option<&String>,
    watched: &[Watched],
    interval: Duration,
) -> Result<Vec<ShortPrice>, daemon::Failure> {
    let mut prices: Vec<ShortPrice> = watched.iter().map(|_| ShortPrice::default()).collect();
    let age = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX).min(1000);
    let mut groups: Vec<(Option<Market>, Vec<usize>)> = Vec::new();
    for (place, stock) in watched.iter().enumerate() {
        match groups.iter_mut().find(|(market, places)| *market == stock.market && places.len() < AT_ONCE) {
            Some((_, places)) => places.push(place),
            None => groups.push((stock.market, vec![place])),
        }
    }
    let asked = groups.iter().map(|(market, places)| {
        let stock_codes =
            places.iter().filter_map(|place| watched.get(*place)).map(|stock| stock.code.clone()).collect();
        let params = PricesParams {
            stock_codes,
            market: *market,
            max_age_ms: Some(age),
            account: account.cloned(),
            ..PricesParams::default()
        };
        async move { daemon.call::<method::QuotePrices>(&params).await }
    });
    for (answer, (_, places)) in try_join_all(asked).await?.into_iter().zip(&groups) {
        let answer: Prices = serde_json::from_str(answer.get())
            .map_err(|error| daemon::Failure::Lost(jsonrpsee::core::client::Error::ParseError(error)))?;
        for (place, price) in places.iter().zip(answer.prices) {
            if let Some(shown) = prices.get_mut(*place) {
                *shown = price;
            }
        }
    }
    Ok(prices)
}

#[derive(Default)]
struct Screen {
    prices: Vec<ShortPrice>,
    trouble: Option<String>,
    /// What was printed last, where nothing can be overwritten.
    printed: String,
    changed_at: Option<Instant>,
}

impl Screen {
    fn take(&mut self, prices: Vec<ShortPrice>) {
        let plain = |prices: &[ShortPrice]| -> Vec<ShortPrice> {
            prices.iter().map(|price| ShortPrice { as_of: None, ..price.clone() }).collect()
        };
        if plain(&self.prices) != plain(&prices) {
            self.changed_at = Some(Instant::now());
        }
        // A price that could not be had this time is the last one, and told.
        self.trouble = prices.iter().find_map(|price| {
            let error = price.error.as_ref()?;
            Some(format!("{}: {}", printable(&price.stock_code), printable(&error.message)))
        });
        let mut before = std::mem::take(&mut self.prices).into_iter();
        let newest = |price: ShortPrice| match (price.error.is_some(), before.next()) {
            (true, Some(before)) => before,
            _ => price,
        };
        self.prices = prices.into_iter().map(newest).collect();
    }

    fn show(&mut self, printer: &mut Printer, watched: &[Watched], format: Format) -> Result<(), Failure> {
        if format == Format::Json {
            let plain: Vec<_> = self.prices.iter().map(|price| ShortPrice { as_of: None, ..price.clone() }).collect();
            let now = serde_json::to_string(&plain).map_err(Failure::Answer)?;
            if self.prices.is_empty() || now == self.printed {
                return Ok(());
            }
            self.printed = now;
            let raw = to_raw_value(&Line { prices: &self.prices }).map_err(Failure::Answer)?;
            return printer.json(&raw).map_err(Failure::Output);
        }
        let words = printer.words();
        let table = self.table(printer.style(), watched);
        let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
        if !printer.is_terminal {
            lines.extend(self.trouble.clone());
            let text = lines.join("\n");
            if text == self.printed {
                return Ok(());
            }
            printer.text(&format!("{text}\n\n")).map_err(Failure::Output)?;
            self.printed = text;
            return Ok(());
        }
        let age = self.changed_at.map_or(0, |changed| changed.elapsed().as_secs());
        // The line that goes on is always in sight.
        let room = printer.rows().saturating_sub(3 + self.trouble.iter().len());
        if lines.len() > room {
            let more = lines.len().saturating_sub(room.saturating_sub(1));
            lines.truncate(room.saturating_sub(1));
            lines.push((words.more_holdings)(more));
        }
        lines.extend(self.trouble.clone());
        lines.extend([String::new(), format!("{} · {}", (words.age)(age), words.watching)]);
        printer.frame(&lines).map_err(Failure::Output)
    }

    fn table(&self, style: Style, watched: &[Watched]) -> String {
        let words = &style.words.quote;
        if self.prices.is_empty() {
            return String::new();
        }
        let name = |price: &ShortPrice, stock: &Watched| {
            price.name.as_deref().or(stock.name.as_deref()).map_or_else(|| "–".to_owned(), printable)
        };
        let all = || self.prices.iter().zip(watched);
        let names = all().map(|(price, stock)| width(&name(price, stock)));
        let columns = [0, 1, 2, 3, 4, 5, 6];
        let draw = |choice: &crate::ctl::fit::Choice| {
            let shown = || columns.into_iter().filter(|column| !choice.left_out.contains(column));
            let titles: Vec<&str> = shown().filter_map(|column| words.columns.get(column).copied()).collect();
            let rows = all().map(|(price, stock)| {
                let market = price.market.or(stock.market);
                let market = market.map_or_else(|| "–".to_owned(), |market| market.name().to_owned());
                let figures = (price.price, price.change, price.change_rate, price.volume);
                let cells = row([printable(&stock.code), shortened(&name(price, stock), choice.name), market], figures);
                shown().filter_map(|column| cells.get(column).cloned()).collect()
            });
            let left = shown().filter(|column| *column < 3).count();
            style.signed(&titles, left, rows)
        };
        let (mut text, choice) = fit(style.columns, names, &[2, 6, 0], draw);
        if !choice.left_out.is_empty() || choice.is_shortened {
            let left_out: Vec<&str> =
                choice.left_out.iter().filter_map(|column| words.columns.get(*column).copied()).collect();
            text.push_str(&(words.left_out)(&left_out, choice.is_shortened));
            text.push('\n');
        }
        text
    }
}

/// What is printed in JSON, with every digit.
#[derive(Serialize)]
struct Line<'a> {
    prices: &'a [ShortPrice],
}
