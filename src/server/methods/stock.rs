//! `stock.*`: which stocks there are.

use std::{sync::Arc, time::Duration};

use super::{
    catalog::{Call, Catalog},
    instant, timeout,
};
use crate::{
    quote,
    server::error::{Refusal, standard},
    stock::{
        self, Marks, Stock, StockHandle, Stocks,
        rules::{Rules, Stated},
    },
    wire::{
        codes::INVALID_PARAMS,
        method,
        number::Number,
        types::{
            Board, Market, StockEntry, StockInfo, StockInfoParams, StockKind, StockSearchParams, StockSearchResult,
            StockStatus,
        },
    },
};

/// Stocks that a search answers with, unless it is said.
const USUAL_LIMIT: u64 = 10;

/// Stocks that a search may be asked for.
const MOST: u64 = 100;

/// Longest query, in bytes.
const LONGEST_QUERY: usize = 300;

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_later::<method::StockSearch, _, _>(|call, params| {
        let asked = Asked::of(&call, params.timeout_ms);
        async move { search(&asked?, &params).await }
    });
    catalog.add_later::<method::StockInfo, _, _>(|call, params| {
        let asked = Asked::of(&call, params.timeout_ms);
        async move { info(&asked?, &params).await }
    });
}

/// Whom to ask, and how long.
struct Asked {
    stocks: StockHandle,
    within: Duration,
}

impl Asked {
    fn of(call: &Call<'_>, timeout_ms: Option<u64>) -> Result<Self, Refusal> {
        let within = timeout(timeout_ms)?.unwrap_or_else(|| call.book.default_account().balance.call_timeout());
        Ok(Self { stocks: call.backend.stocks.clone(), within })
    }

    async fn all(&self) -> Result<Arc<Stocks>, Refusal> {
        Ok(self.stocks.stocks(self.within).await?)
    }

    fn as_of(&self) -> Option<chrono::DateTime<chrono::FixedOffset>> {
        self.stocks.looked_at().map(instant)
    }
}

fn wrong(problem: impl std::fmt::Display) -> Refusal {
    standard(INVALID_PARAMS, format!("Invalid params: {problem}"))
}

async fn search(asked: &Asked, params: &StockSearchParams) -> Result<StockSearchResult, Refusal> {
    let limit = params.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(wrong(format_args!("limit must be from 1 to {MOST}")));
    }
    let query = params.query.trim();
    if query.is_empty() || query.len() > LONGEST_QUERY {
        return Err(wrong(format_args!("query must have from 1 to {LONGEST_QUERY} bytes")));
    }
    let market = listed_on(params.market)?;
    let stocks = asked.all().await?;
    let found = stocks.search(query, market, usize::try_from(limit).unwrap_or(usize::MAX));
    let mut missing: Vec<Market> = stocks
        .files
        .iter()
        .filter(|file| file.stocks.is_none())
        .map(|file| file.file.market())
        .filter(|missing| market.is_none_or(|market| market == *missing))
        .map(on_the_wire)
        .collect();
    missing.dedup();
    let found = found.iter().map(entry).collect();
    Ok(StockSearchResult { stocks: found, missing_markets: missing, as_of: asked.as_of() })
}

async fn info(asked: &Asked, params: &StockInfoParams) -> Result<StockInfo, Refusal> {
    let market = listed_on(params.market)?;
    let longest = |text: &str| !text.trim().is_empty() && text.len() <= LONGEST_QUERY;
    let stock = match (params.stock_code.as_deref(), params.stock.as_deref()) {
        (Some(code), None) if longest(code) => asked.all().await?.of_market(code, market),
        (None, Some(text)) if longest(text) => asked.all().await?.resolve(text, market),
        (Some(_), None) | (None, Some(_)) => {
            return Err(wrong(format_args!("a stock must have from 1 to {LONGEST_QUERY} bytes")));
        }
        _ => return Err(wrong("either stock_code or stock must be given")),
    };
    let stock = stock.map_err(stock::StockError::from)?;
    let facts = stock.facts;
    let entry = entry(&stock);
    let at_home = |mark: Marks| facts.map(|_| stock.marks.has(mark));
    Ok(StockInfo {
        decimals: stock.decimals.into(),
        status: facts.map(|_| status(stock.marks)),
        sell_lot: stock.sell_lot.map(u64::from),
        preferred: at_home(Marks::PREFERRED),
        spac: at_home(Marks::SPAC),
        par_value: facts.and_then(|facts| facts.par),
        listed_on: facts.and_then(|facts| facts.listed),
        listed_shares: facts.and_then(|facts| facts.thousand_shares?.checked_mul(1_000)),
        market_cap: facts.and_then(|facts| facts.market_cap?.checked_mul(100_000_000)),
        previous_volume: facts.and_then(|facts| facts.previous_volume),
        margin_rate: facts.and_then(|facts| facts.margin_rate).map(u64::from),
        credit: at_home(Marks::CREDIT),
        as_of: asked.as_of(),
        stock_code: entry.stock_code,
        standard_code: entry.standard_code,
        name: entry.name,
        english_name: entry.english_name,
        market: entry.market,
        board: entry.board,
        kind: entry.kind,
        currency: entry.currency,
        base_price: entry.base_price,
        tick: entry.tick,
        lot: entry.lot,
        halted: entry.halted,
    })
}

fn entry(stock: &Stock) -> StockEntry {
    let rules = Rules::of(stock, Stated::default());
    let tick = stock.base_price.and_then(|price| rules.tick(price));
    StockEntry {
        stock_code: stock.code.clone(),
        standard_code: stock.standard_code.clone(),
        name: stock.name.clone(),
        english_name: stock.english_name.clone(),
        market: on_the_wire(stock.market),
        board: stock.facts.map(|facts| match facts.board {
            stock::Board::Kospi => Board::Kospi,
            stock::Board::Kosdaq => Board::Kosdaq,
            stock::Board::Konex => Board::Konex,
        }),
        kind: kind(stock.kind),
        currency: stock.currency.clone(),
        base_price: stock.base_price.map(Number),
        tick: tick.map(Number),
        lot: rules.lot().map(u64::from),
        halted: stock.facts.map(|_| stock.marks.has(Marks::HALTED)),
    }
}

fn kind(kind: stock::Kind) -> StockKind {
    match kind {
        stock::Kind::Stock => StockKind::Stock,
        stock::Kind::Etf => StockKind::Etf,
        stock::Kind::Etn => StockKind::Etn,
        stock::Kind::Elw => StockKind::Elw,
        stock::Kind::Reit => StockKind::Reit,
        stock::Kind::DepositaryReceipt => StockKind::DepositaryReceipt,
        stock::Kind::Fund => StockKind::Fund,
        stock::Kind::Warrant => StockKind::Warrant,
        stock::Kind::Index => StockKind::Index,
        stock::Kind::Other => StockKind::Other,
    }
}

fn status(marks: Marks) -> Vec<StockStatus> {
    [
        (Marks::HALTED, StockStatus::Halted),
        (Marks::LIQUIDATION, StockStatus::Liquidation),
        (Marks::ADMINISTRATIVE, StockStatus::Managed),
        (Marks::CAUTION, StockStatus::Caution),
        (Marks::WARNING, StockStatus::Warning),
        (Marks::RISK, StockStatus::Risk),
        (Marks::WARNING_ANNOUNCED, StockStatus::WarningAnnounced),
        (Marks::OVERHEATING, StockStatus::OverheatingAnnounced),
        (Marks::OVERHEATED, StockStatus::Overheated),
        (Marks::INVESTOR_CAUTION, StockStatus::InvestorCaution),
        (Marks::SHORT_SALES_OVERHEATED, StockStatus::ShortSalesOverheated),
        (Marks::ABNORMAL_RISE, StockStatus::AbnormalRise),
    ]
    .into_iter()
    .filter_map(|(mark, status)| marks.has(mark).then_some(status))
    .collect()
}

pub(super) fn on_the_wire(market: stock::Market) -> Market {
    match market {
        stock::Market::Krx => Market::Krx,
        stock::Market::Nasdaq => Market::Nasdaq,
        stock::Market::Nyse => Market::Nyse,
        stock::Market::Amex => Market::Amex,
        stock::Market::Hkex => Market::Hkex,
        stock::Market::Tse => Market::Tse,
        stock::Market::Sse => Market::Sse,
        stock::Market::Szse => Market::Szse,
        stock::Market::Hnx => Market::Hnx,
        stock::Market::Hsx => Market::Hsx,
    }
}

/// Where a stock of this market is listed.
pub(super) fn listed_on(market: Option<Market>) -> Result<Option<stock::Market>, Refusal> {
    match market.map(quote::listed_on) {
        None => Ok(None),
        Some(Some(listed)) => Ok(Some(listed)),
        Some(None) => {
            let names: Vec<_> = Market::ALL.iter().map(|market| market.name()).collect();
            Err(wrong(format_args!("market must be one of {}", names.join(", "))))
        }
    }
}
