//! `kisctl chart`: candles and volume, drawn in the terminal, as a picture or as rows.

mod figures;
mod screen;
mod svg;

use std::path::PathBuf;

use serde_json::{json, value::to_raw_value};

use self::figures::Figures;
use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, patiently},
        output::Printer,
        show,
    },
    wire::{
        daemon::Daemon,
        method,
        text::printable,
        types::{Candles, CandlesParams, Interval, Market},
    },
};

/// Candles of one answer, where all of a time are wanted.
const MOST: u64 = 10_000;

/// Candles of a picture, unless it is said how many.
const OF_A_PICTURE: u64 = 120;

/// What is to be drawn.
#[derive(Debug, clap::Args)]
pub(in crate::ctl) struct ChartArguments {
    /// Its name or code.
    pub(in crate::ctl) stock: String,
    /// Its market, as of quote.
    #[arg(long, value_name = "MARKET", value_parser = super::search::market)]
    market: Option<Market>,
    /// How long a candle lasts: 1m, 3m, 5m, 10m, 15m, 30m, 60m, 1d, 1w, 1mo or 1y.
    #[arg(long, short, value_name = "INTERVAL", default_value = "1d", value_parser = interval)]
    interval: Interval,
    /// The first day, such as 2026-11-27, or an instant such as 2026-11-27T09:00:00+09:00.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The last one; without it now.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// So many candles at most, the newest; without it and --from as many as fit.
    #[arg(long, short = 'n', value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=MOST))]
    limit: Option<u64>,
    /// Prices as they were traded, not adjusted for splits and the like.
    #[arg(long)]
    raw: bool,
    /// Writes a picture to this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["csv", "json", "output"])]
    svg: Option<PathBuf>,
    /// Prints the candles as CSV; the same as --output csv.
    #[arg(long, conflicts_with_all = ["json", "output"])]
    csv: bool,
}

/// An interval by its name.
fn interval(text: &str) -> Result<Interval, String> {
    match serde_json::from_value(json!(text)) {
        Ok(Interval::Unknown) | Err(_) => {
            Err("intervals are 1m, 3m, 5m, 10m, 15m, 30m, 60m, 1d, 1w, 1mo and 1y".to_owned())
        }
        Ok(interval) => Ok(interval),
    }
}

pub(in crate::ctl) async fn run(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    arguments: ChartArguments,
    format: Format,
) -> Result<(), Failure> {
    let ChartArguments { stock, market, interval, from, to, limit, raw, svg, csv } = arguments;
    let format = if csv { Format::Csv } else { format };
    let (columns, rows) = printer.size();
    let fitting = match (&svg, format) {
        (Some(_), _) => OF_A_PICTURE,
        (None, Format::Table) => u64::try_from(screen::candles(columns)).unwrap_or(OF_A_PICTURE),
        (None, Format::Json | Format::Csv) => 100,
    };
    let limit = limit.unwrap_or(if from.is_some() { MOST } else { fitting });
    let mut params = CandlesParams {
        stock_code: None,
        stock: Some(stock.clone()),
        market,
        interval,
        from,
        to,
        adjusted: raw.then_some(false),
        limit: Some(limit),
        next: None,
        max_age_ms: None,
        timeout_ms: None,
        account,
    };
    let asked = async {
        let mut answer = ask::<method::QuoteCandles>(daemon, &params).await?;
        // An answer that took too long is a part; and what is asked from a day on is wanted from that day on.
        loop {
            let mut newer: Candles = serde_json::from_str(answer.get()).map_err(Failure::Answer)?;
            let missing = limit.saturating_sub(u64::try_from(newer.candles.len()).unwrap_or(u64::MAX));
            let Some(next) = newer.next.clone().filter(|_| missing > 0) else {
                return Ok::<_, Failure>((answer, newer));
            };
            (params.next, params.limit) = (Some(next), Some(missing));
            let older = ask::<method::QuoteCandles>(daemon, &params).await?;
            let older: Candles = serde_json::from_str(older.get()).map_err(Failure::Answer)?;
            if older.candles.is_empty() && older.next.is_none() {
                newer.next = None;
            }
            newer.next = older.next;
            newer.candles.splice(0..0, older.candles);
            answer = to_raw_value(&newer).map_err(Failure::Answer)?;
        }
    };
    let (answer, candles) = patiently(daemon.places(), printer.words(), asked).await?;
    let called = (stock != candles.stock_code).then(|| printable(&stock));
    let figures = Figures::of(&candles, called);
    if let Some(path) = svg {
        let words = &printer.words().quote.chart;
        if figures.bars.is_empty() {
            return Err(Failure::Told(words.none.to_owned()));
        }
        let shown = path.display().to_string();
        std::fs::write(&path, svg::picture(&figures, words))
            .map_err(|error| Failure::Told((words.not_written)(&printable(&shown), &error.to_string())))?;
        let written = (words.written)(&printable(&shown), figures.bars.len());
        return printer.text(&format!("{written}\n")).map_err(Failure::Output);
    }
    show(printer, format, &answer, |style, _: serde_json::Value| screen::chart(style, &figures, (columns, rows)))
}
