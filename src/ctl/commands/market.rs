//! `kisctl market`, `index`, `ranking` and `investors`: when markets trade, what they do, and who buys.

use chrono::{DateTime, FixedOffset};
use clap::Args;
use futures_util::future::join_all;
use jsonrpsee::core::client::Error;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::search;
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
        types::{
            Board, Calendar, CalendarParams, Index, IndexParams, Investors, Market, MarketSession, QuoteParams,
            Ranking, RankingParams, RankingResult, Session, SessionParams, Trading,
        },
    },
};

/// The indices of somebody who names none.
const USUAL: [&str; 6] = ["KOSPI", "KOSDAQ", "KOSPI200", "SP500", "NASDAQ", "DOW"];

/// Days of the calendar after today.
const DAYS: u64 = 6;

#[derive(Debug, Args)]
pub(in crate::ctl) struct MarketArguments {
    /// Its market: KRX, NXT, UN, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX; without it KRX.
    #[arg(long, value_name = "MARKET", value_parser = search::market)]
    market: Option<Market>,
    /// So many days after today.
    #[arg(long, short = 'n', value_name = "DAYS", default_value_t = DAYS, value_parser = clap::value_parser!(u64).range(0..=366))]
    days: u64,
}

#[derive(Debug, Args)]
pub(in crate::ctl) struct IndexArguments {
    /// Names such as KOSPI, KOSDAQ, SP500 or NIKKEI225; without any the usual ones.
    indices: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::ctl) struct RankingArguments {
    /// What stocks are ranked by, as in volume, trade_value, rise, fall, market_cap, short_sale or foreign_buys.
    #[arg(value_name = "NAME", value_parser = ranking)]
    ranking: Ranking,
    /// The market: KRX, NXT, or one abroad; without it KRX.
    #[arg(long, value_name = "MARKET", value_parser = search::market)]
    market: Option<Market>,
    /// One board of the Korea Exchange: KOSPI or KOSDAQ.
    #[arg(long, value_name = "BOARD", value_parser = board)]
    board: Option<Board>,
}

#[derive(Debug, Args)]
pub(in crate::ctl) struct InvestorsArguments {
    /// The name or code of a stock.
    stock: String,
    /// Its market: KRX, NXT or UN; without it KRX.
    #[arg(long, value_name = "MARKET", value_parser = search::market)]
    market: Option<Market>,
}

fn ranking(text: &str) -> Result<Ranking, String> {
    let named = Ranking::ALL.into_iter().find(|ranking| ranking.name().eq_ignore_ascii_case(&text.replace('-', "_")));
    named.ok_or_else(|| format!("rankings are {}", Ranking::ALL.map(Ranking::name).join(", ")))
}

fn board(text: &str) -> Result<Board, String> {
    match text.to_ascii_uppercase().as_str() {
        "KOSPI" => Ok(Board::Kospi),
        "KOSDAQ" => Ok(Board::Kosdaq),
        _ => Err("boards are KOSPI, KOSDAQ".to_owned()),
    }
}

/// The session of now, the days from today on, and the usual indices.
pub(in crate::ctl) async fn market(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    MarketArguments { market, days }: MarketArguments,
    format: Format,
) -> Result<(), Failure> {
    let session = SessionParams { market, account: account.clone(), timeout_ms: None };
    let session = patiently(daemon.places(), printer.words(), ask::<method::MarketSession>(daemon, &session)).await?;
    let now: MarketSession = serde_json::from_str(session.get()).map_err(Failure::Answer)?;
    let to = now.date.checked_add_days(chrono::Days::new(days));
    let calendar = CalendarParams { market, from: Some(now.date), to, account: account.clone(), timeout_ms: None };
    let calendar =
        patiently(daemon.places(), printer.words(), ask::<method::MarketCalendar>(daemon, &calendar)).await?;
    let (indices, failed) = asked(printer, daemon, account, &USUAL.map(str::to_owned)).await?;
    let raw = format!("{{\"session\":{session},\"calendar\":{calendar},\"indices\":[{}]}}", joined(&indices));
    let raw = RawValue::from_string(raw).map_err(Failure::Answer)?;
    let days: Calendar = serde_json::from_str(calendar.get()).map_err(Failure::Answer)?;
    show(printer, format, &raw, |style, _: serde_json::Value| {
        format!("{}\n{}\n{}", session_rows(style, &now), day_rows(style, &days), index_rows(style, &indices))
    })?;
    told(printer, failed)
}

/// Indices, a row each.
pub(in crate::ctl) async fn index(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    IndexArguments { indices }: IndexArguments,
    format: Format,
) -> Result<(), Failure> {
    let names = if indices.is_empty() { USUAL.map(str::to_owned).to_vec() } else { indices };
    let (indices, failed) = asked(printer, daemon, account, &names).await?;
    let raw = RawValue::from_string(format!("{{\"indices\":[{}]}}", joined(&indices))).map_err(Failure::Answer)?;
    show(printer, format, &raw, |style, _: serde_json::Value| index_rows(style, &indices))?;
    told(printer, failed)
}

pub(in crate::ctl) async fn rank(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    RankingArguments { ranking, market, board }: RankingArguments,
    format: Format,
) -> Result<(), Failure> {
    let params = RankingParams { ranking, market, board, max_age_ms: None, timeout_ms: None, account };
    let raw = patiently(daemon.places(), printer.words(), ask::<method::MarketRanking>(daemon, &params)).await?;
    show(printer, format, &raw, |style, result: RankingResult| ranked(style, &result))
}

pub(in crate::ctl) async fn investors(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    InvestorsArguments { stock, market }: InvestorsArguments,
    format: Format,
) -> Result<(), Failure> {
    let params = QuoteParams { stock: Some(stock), market, account, ..QuoteParams::default() };
    let raw = patiently(daemon.places(), printer.words(), ask::<method::QuoteInvestors>(daemon, &params)).await?;
    show(printer, format, &raw, |style, investors: Investors| by_kind(style, &investors))
}

/// Indices that were had, and what was said of the others.
async fn asked(
    printer: &Printer,
    daemon: &Daemon,
    account: Option<String>,
    names: &[String],
) -> Result<(Vec<Box<RawValue>>, Vec<String>), Failure> {
    let params: Vec<IndexParams> = names
        .iter()
        .map(|name| IndexParams { index: name.clone(), account: account.clone(), ..IndexParams::default() })
        .collect();
    let calls = join_all(params.iter().map(|params| ask::<method::QuoteIndex>(daemon, params)));
    let (mut indices, mut failed) = (Vec::new(), Vec::new());
    for (name, answer) in names.iter().zip(patiently(daemon.places(), printer.words(), calls).await) {
        match answer {
            Ok(raw) => indices.push(raw),
            // Of one index, and not of the daemon.
            Err(Failure::Call(Error::Call(error))) => {
                failed.push(format!("{}: {}", printable(name), printable(error.message())));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok((indices, failed))
}

fn joined(all: &[Box<RawValue>]) -> String {
    all.iter().map(|raw| raw.get()).collect::<Vec<_>>().join(",")
}

/// Those that failed are told beside what is shown.
fn told(printer: &Printer, failed: Vec<String>) -> Result<(), Failure> {
    if failed.is_empty() {
        return Ok(());
    }
    let message = format!("{}\n{}", (printer.words().quote.market.failed)(failed.len()), failed.join("\n"));
    Err(Failure::Ill { message, no_daemon: false })
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| grouped(number.0))
}

fn moved(number: Option<Number>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| signed(number.0))
}

fn session_rows(style: Style, now: &MarketSession) -> String {
    let words = &style.words.quote.market;
    let name = |session: Option<Session>| session.map_or(words.not_known, |session| (words.session)(session));
    let phase = now.phase.map(|phase| format!(" ({})", (words.phase)(phase))).unwrap_or_default();
    let next = now
        .next_change_at
        .map_or_else(|| words.not_known.to_owned(), |at| format!("{}  {}", local(at), name(now.next_session)));
    let rows = [
        (words.now, format!("{} {}{phase}", now.market.name(), name(now.session))),
        (words.day, format!("{}  {}", now.date, (words.known_by)(now.known_by))),
        (words.next, next),
    ];
    format!("{}\n\n{}", local(now.as_of), style.rows(rows))
}

fn day_rows(style: Style, calendar: &Calendar) -> String {
    let words = &style.words.quote.market;
    let clock =
        |at: Option<DateTime<FixedOffset>>| at.map_or_else(|| "?".to_owned(), |at| at.format("%H:%M").to_string());
    let rows = calendar.days.iter().map(|day| {
        let sessions = day.sessions.iter();
        let sessions: Vec<String> = sessions
            .map(|part| format!("{} {}–{}", (words.phase)(part.phase), clock(part.from), clock(part.to)))
            .collect();
        let open = match day.open {
            Some(true) => words.open,
            Some(false) => words.closed,
            None => words.not_known,
        };
        let settled = day.settlement_date.map_or_else(|| "–".to_owned(), |day| day.to_string());
        vec![
            format!("{} {}", day.date, (words.weekday)(chrono::Datelike::weekday(&day.date))),
            open.to_owned(),
            (words.known_by)(day.known_by).to_owned(),
            settled,
            sessions.join(", "),
        ]
    });
    style.titled(words.days.map(str::to_owned).to_vec(), rows)
}

fn index_rows(style: Style, indices: &[Box<RawValue>]) -> String {
    let words = &style.words.quote.market;
    let all = indices.iter().filter_map(|raw| serde_json::from_str::<Index>(raw.get()).ok());
    let counts = |index: &Index| match (index.rising, index.unchanged, index.falling) {
        (None, ..) => "–".to_owned(),
        (rising, unchanged, falling) => format!("{} / {} / {}", said(rising), said(unchanged), said(falling)),
    };
    let rows = all.map(|index| {
        vec![
            printable(&index.index),
            said(index.value),
            moved(index.change),
            moved(index.change_rate),
            said(index.open),
            said(index.high),
            said(index.low),
            counts(&index),
        ]
    });
    style.titled(words.indices.map(str::to_owned).to_vec(), rows)
}

fn ranked(style: Style, result: &RankingResult) -> String {
    let words = &style.words.quote.market;
    let heading = format!(
        "{} {} {}\n{}\n\n",
        result.ranking.name(),
        result.market.name(),
        printable(&result.currency),
        local(result.as_of)
    );
    let rows = result.stocks.iter().map(|stock| {
        vec![
            stock.rank.to_string(),
            printable(&stock.stock_code),
            stock.name.as_deref().map_or_else(|| "–".to_owned(), printable),
            said(stock.price),
            moved(stock.change),
            moved(stock.change_rate),
            said(stock.volume),
            said(stock.value),
        ]
    });
    let mut titles = words.ranked.map(str::to_owned).to_vec();
    titles.push((words.unit)(result.unit).to_owned());
    format!("{heading}{}", style.titled(titles, rows))
}

fn by_kind(style: Style, investors: &Investors) -> String {
    let words = &style.words.quote.market;
    let heading =
        format!("{} {}\n{}\n\n", printable(&investors.stock_code), investors.market.name(), local(investors.as_of));
    let net = |kind: &Trading| moved(kind.net_quantity);
    let worth = |kind: &Trading| {
        // In millions of won, as KIS counts them.
        let millions = kind.net_value.and_then(|won| won.0.checked_div(Decimal::from(1_000_000)));
        moved(millions.map(|millions| Number(millions.normalize())))
    };
    let rows = investors.days.iter().map(|day| {
        let mark = if day.complete { "" } else { " *" };
        vec![
            format!("{}{mark}", day.date),
            said(day.close),
            moved(day.change),
            net(&day.individual),
            net(&day.foreign),
            net(&day.institution),
            worth(&day.individual),
            worth(&day.foreign),
            worth(&day.institution),
        ]
    });
    let table = style.titled(words.investors.map(str::to_owned).to_vec(), rows);
    format!("{heading}{table}{}\n", words.not_complete)
}
