//! The tools about markets: when they trade, indices, investors, rankings.

use std::{fmt::Write, time::Duration};

use chrono::NaiveDate;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    link::Link,
    quotes::{LONGEST, QuoteArguments},
    stocks::market,
    text::{DATA, Told, quoted},
    tools::{ask, read_arguments, result, tool},
};
use crate::wire::{
    method,
    number::Number,
    types::{
        Board, Calendar, CalendarParams, Index, IndexParams, Investors, MarketSession, Ranking, RankingParams,
        RankingResult, SessionParams, Trading,
    },
};

const SESSION: &str = "market_session";
const CALENDAR: &str = "market_calendar";
const RANKING: &str = "market_ranking";
const INDEX: &str = "quote_index";
const INVESTORS: &str = "quote_investors";

/// The tools of this file: what they answer comes from out in the world.
pub(super) const NAMES: [&str; 5] = [SESSION, CALENDAR, RANKING, INDEX, INVESTORS];

/// Days of a calendar that a model reads, after the first.
const MOST_DAYS: u64 = 31;

/// Arguments of `market_session`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SessionArguments {
    /// KRX, NXT, UN (KRX and NXT together), NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX. Left out: KRX.
    #[serde(default)]
    market: Option<String>,
}

/// Arguments of `market_calendar`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CalendarArguments {
    /// The market, as of market_session.
    #[serde(default)]
    market: Option<String>,
    /// The first day, as in 2026-11-27. Left out: today.
    #[serde(default)]
    from: Option<NaiveDate>,
    /// The last day, at most 31 days after the first. Left out: 13 days after it.
    #[serde(default)]
    to: Option<NaiveDate>,
}

/// Arguments of `market_ranking`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RankingArguments {
    /// volume, volume_increase, turnover, trade_value, rise, fall, market_cap, volume_power, short_sale, foreign_buys, foreign_sells,
    /// institution_buys or institution_sells. Abroad: volume, trade_value, rise, fall and market_cap.
    ranking: String,
    /// KRX, NXT, or a market abroad. Left out: KRX.
    #[serde(default)]
    market: Option<String>,
    /// KOSPI or KOSDAQ. Left out: both.
    #[serde(default)]
    board: Option<String>,
}

/// Arguments of `quote_index`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IndexArguments {
    /// KOSPI, KOSDAQ, KOSPI200, KRX100, KOSDAQ150, SP500, NASDAQ, NASDAQ100, DOW, SOX, VIX, NIKKEI225, HANGSENG or SHANGHAI; or the
    /// four digits of a sector of KIS's.
    index: String,
}

pub(super) fn tools() -> [Tool; 5] {
    [
        tool::<SessionArguments, MarketSession>(
            SESSION,
            "Session of a market",
            "Whether a market trades now (pre, regular, auction, after, day, closed), when that changes next, and how it is known. Ask \
             this before saying that a market is open or closed. Null: it is not known.",
        ),
        tool::<CalendarArguments, Calendar>(
            CALENDAR,
            "Days of a market",
            "On which days a market trades, its hours in Korean time, and when a trade is settled; with how each day is known: by KIS, by \
             a table of holidays, or not at all.",
        ),
        tool::<RankingArguments, RankingResult>(
            RANKING,
            "Ranking of stocks",
            "The stocks that come first: by volume, rises, falls, market value, short sales, what foreigners or institutions buy. Thirty \
             at most of Korea. Not on paper accounts.",
        ),
        tool::<IndexArguments, Index>(
            INDEX,
            "An index",
            "What an index is now and how it has changed: KOSPI, KOSDAQ, KOSPI200, S&P 500, Nasdaq, Dow, Nikkei, Hang Seng, Shanghai.",
        ),
        tool::<QuoteArguments, Investors>(
            INVESTORS,
            "Who buys and sells a stock",
            "What individuals, foreigners and institutions have bought and sold of a Korean stock, by day for about thirty days. Of today \
             KIS says nothing until about 15:40.",
        ),
    ]
}

/// Calls one of the tools; `None`: it is none of these.
pub(super) async fn call(link: &Link, name: &str, arguments: JsonObject) -> Option<Result<CallToolResult, String>> {
    Some(match name {
        SESSION => session(link, arguments).await,
        CALENDAR => calendar(link, arguments).await,
        RANKING => ranking(link, arguments).await,
        INDEX => index(link, arguments).await,
        INVESTORS => investors(link, arguments).await,
        _ => return None,
    })
}

async fn session(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let arguments = read_arguments::<SessionArguments>(arguments)?;
    let account = link.account().map(str::to_owned);
    let params = SessionParams { market: market(arguments.market)?, timeout_ms: None, account };
    result::<MarketSession>(ask::<method::MarketSession>(link, Duration::ZERO, &params).await?, LONGEST)
}

async fn calendar(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let CalendarArguments { market: name, from, to } = read_arguments(arguments)?;
    let latest = from.and_then(|from| from.checked_add_days(chrono::Days::new(MOST_DAYS)));
    if to.zip(latest).is_some_and(|(to, latest)| to > latest) {
        return Err(format!("Wrong arguments: to must be at most {MOST_DAYS} days after from. Ask in pieces."));
    }
    let account = link.account().map(str::to_owned);
    let params = CalendarParams { market: market(name)?, from, to, timeout_ms: None, account };
    result::<Calendar>(ask::<method::MarketCalendar>(link, Duration::ZERO, &params).await?, LONGEST)
}

async fn ranking(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let arguments = read_arguments::<RankingArguments>(arguments)?;
    let ranking = Ranking::ALL.into_iter().find(|ranking| ranking.name() == arguments.ranking);
    let board = match arguments.board.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("") => None,
        Some("KOSPI") => Some(Board::Kospi),
        Some("KOSDAQ") => Some(Board::Kosdaq),
        Some(_) => return Err("Wrong arguments: board must be KOSPI or KOSDAQ. Correct it and call again.".to_owned()),
    };
    let params = RankingParams {
        ranking: ranking.unwrap_or(Ranking::Unknown),
        market: market(arguments.market)?,
        board,
        max_age_ms: None,
        timeout_ms: None,
        account: link.account().map(str::to_owned),
    };
    result::<RankingResult>(ask::<method::MarketRanking>(link, Duration::ZERO, &params).await?, LONGEST)
}

async fn index(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let IndexArguments { index } = read_arguments(arguments)?;
    let params = IndexParams { index, account: link.account().map(str::to_owned), ..IndexParams::default() };
    result::<Index>(ask::<method::QuoteIndex>(link, Duration::ZERO, &params).await?, LONGEST)
}

async fn investors(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params = read_arguments::<QuoteArguments>(arguments)?.params(link.account())?;
    result::<Investors>(ask::<method::QuoteInvestors>(link, Duration::ZERO, &params).await?, LONGEST)
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| number.to_string())
}

/// A word of the contract, as it is in the answer.
fn word(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_value(value).ok();
    text.as_ref().and_then(|text| text.as_str()).unwrap_or("not known").to_owned()
}

impl Told for MarketSession {
    fn tell(&self) -> String {
        let session = self.session.map_or_else(|| "not known".to_owned(), |session| word(&session));
        let mut text = format!(
            "{DATA} {} is {session} as of {}, trading day {}, known by {}.",
            self.market.name(),
            self.as_of.to_rfc3339(),
            self.date,
            word(&self.known_by)
        );
        // Writing to a string cannot fail.
        let _ = match (self.next_change_at, self.next_session) {
            (Some(at), next) => {
                let next = next.map_or_else(|| "something that is not known".to_owned(), |next| word(&next));
                write!(text, " It changes at {} to {next}.", at.to_rfc3339())
            }
            (None, _) => write!(text, " When that changes is not known."),
        };
        text
    }
}

impl Told for Calendar {
    fn tell(&self) -> String {
        let mut text = format!("{DATA} {} days of {}, hours in Korean time:", self.days.len(), self.market.name());
        for day in &self.days {
            let open = match day.open {
                Some(true) => "open",
                Some(false) => "closed",
                None => "not known",
            };
            let _ = write!(text, "\n{} {open} (by {})", day.date, word(&day.known_by));
            for part in &day.sessions {
                let clock = |at: Option<chrono::DateTime<chrono::FixedOffset>>| {
                    at.map_or_else(|| "?".to_owned(), |at| at.format("%m-%d %H:%M").to_string())
                };
                let _ = write!(text, ", {} {} to {}", word(&part.phase), clock(part.from), clock(part.to));
            }
            if let Some(settled) = day.settlement_date {
                let _ = write!(text, ", settled {settled}");
            }
        }
        text
    }
}

impl Told for Index {
    fn tell(&self) -> String {
        let mut text = format!(
            "{DATA} {}, as of {}: {}, change {} ({} %), open {}, high {}, low {}, close before {}",
            quoted(&self.index),
            self.as_of.to_rfc3339(),
            said(self.value),
            said(self.change),
            said(self.change_rate),
            said(self.open),
            said(self.high),
            said(self.low),
            said(self.previous_close),
        );
        if self.rising.is_some() {
            let counts = [self.rising, self.unchanged, self.falling].map(said);
            let _ = write!(text, ". Rising {}, flat {}, falling {}", counts[0], counts[1], counts[2]);
        }
        text
    }
}

impl Told for Investors {
    fn tell(&self) -> String {
        let mut text = format!(
            "{DATA} {} {}, newest first, as day, close, then shares bought less sold and won of that, by individuals, foreigners, \
             institutions:",
            self.market.name(),
            quoted(&self.stock_code),
        );
        for day in &self.days {
            let kind = |kind: &Trading| format!("{} ({})", said(kind.net_quantity), said(kind.net_value));
            let _ = write!(
                text,
                "\n{}{}, {}, {}, {}, {}",
                day.date,
                if day.complete { "" } else { " (not over)" },
                said(day.close),
                kind(&day.individual),
                kind(&day.foreign),
                kind(&day.institution),
            );
        }
        text
    }
}

impl Told for RankingResult {
    fn tell(&self) -> String {
        let mut text = format!(
            "{DATA} {} stocks of {} by {}, prices in {}, as rank, code, name, price, change in percent, ranked by ({}):",
            self.stocks.len(),
            self.market.name(),
            self.ranking.name(),
            quoted(&self.currency),
            word(&self.unit),
        );
        for stock in &self.stocks {
            let _ = write!(
                text,
                "\n{}, {}, {}, {}, {}, {}",
                stock.rank,
                quoted(&stock.stock_code),
                stock.name.as_deref().map_or_else(|| "-".to_owned(), quoted),
                said(stock.price),
                said(stock.change_rate),
                said(stock.value),
            );
        }
        text
    }
}
