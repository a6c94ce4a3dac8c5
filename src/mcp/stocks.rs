//! Stocks for a model: found by name, told in a line each.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Deserialize;

use super::text::{DATA, Told, quoted};
use crate::wire::{
    types::{Market, StockEntry, StockInfo, StockInfoParams, StockSearchParams, StockSearchResult, StockStatus},
    whole,
};

/// Characters of a name.
pub(super) const LONGEST: usize = 100;

/// Arguments of `stock_search`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchArguments {
    /// A name or a part of it in Korean (or in English, of stocks abroad), a code, an ISIN, or Korean initials such as ㅅㅅㅈㅈ.
    query: String,
    /// KRX, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX. Left out: all.
    #[serde(default)]
    market: Option<String>,
    /// Stocks at most, from 1 to 100. Left out: 10.
    #[serde(default, deserialize_with = "whole::optional")]
    limit: Option<u64>,
}

/// Arguments of `stock_info`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InfoArguments {
    /// A code such as 005930 or AAPL, or a name such as 삼성전자.
    stock: String,
    /// KRX, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX. Left out: KRX if it has that code, else the only one that does.
    #[serde(default)]
    market: Option<String>,
}

/// A market by its name; what is none is refused with those that there are.
pub(super) fn market(name: Option<String>) -> Result<Option<Market>, String> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(None) };
    let known = Market::ALL.into_iter().find(|market| market.name().eq_ignore_ascii_case(&name));
    let names = || Market::ALL.iter().map(|market| market.name()).collect::<Vec<_>>().join(", ");
    known.map(Some).ok_or_else(|| format!("There is no market {}. Markets are {}.", quoted(&name), names()))
}

impl SearchArguments {
    pub(super) fn params(self) -> Result<StockSearchParams, String> {
        Ok(StockSearchParams { query: self.query, market: market(self.market)?, limit: self.limit, timeout_ms: None })
    }
}

impl InfoArguments {
    pub(super) fn params(self) -> Result<StockInfoParams, String> {
        let market = market(self.market)?;
        Ok(StockInfoParams { stock: Some(self.stock), market, ..StockInfoParams::default() })
    }
}

/// A name as a model may read it, on one line.
fn line(stock: &StockEntry) -> String {
    let or_unknown = |figure: Option<String>| figure.unwrap_or_else(|| "not known".to_owned());
    let mut line = format!("{} {}, {}", stock.market.name(), quoted(&stock.stock_code), quoted(&stock.name));
    // Writing to a string cannot fail.
    if let Some(english) = stock.english_name.as_deref().filter(|english| *english != stock.name) {
        let _ = write!(line, " ({})", quoted(english));
    }
    let _ = write!(
        line,
        ", {:?}, base price {} {}, tick {}, lot {}",
        stock.kind,
        or_unknown(stock.base_price.map(|price| price.to_string())),
        quoted(&stock.currency),
        or_unknown(stock.tick.map(|tick| tick.to_string())),
        or_unknown(stock.lot.map(|lot| lot.to_string())),
    );
    if stock.halted == Some(true) {
        line.push_str(", trading halted");
    }
    line
}

impl Told for StockSearchResult {
    fn tell(&self) -> String {
        let mut text = match self.stocks.len() {
            0 => format!("{DATA} No stock fits. Try another spelling or a part of the name."),
            count => format!("{DATA} {count} stocks, best first:"),
        };
        for stock in &self.stocks {
            let _ = write!(text, "\n{}", line(stock));
        }
        if !self.missing_markets.is_empty() {
            let names: Vec<_> = self.missing_markets.iter().map(|market| market.name()).collect();
            let _ = write!(text, "\nNot looked through, since their lists have not come yet: {}.", names.join(", "));
        }
        text
    }
}

impl Told for StockInfo {
    fn tell(&self) -> String {
        let mut text = format!("{DATA} {}", line(&self.entry()));
        let figures = [
            ("listed on", self.listed_on.map(|day| day.to_string())),
            ("listed shares", self.listed_shares.map(|shares| shares.to_string())),
            ("market cap (won, the day before)", self.market_cap.map(|worth| worth.to_string())),
            ("par (won)", self.par_value.map(|par| par.to_string())),
            ("margin rate (%)", self.margin_rate.map(|rate| rate.to_string())),
        ];
        for (name, figure) in figures {
            if let Some(figure) = figure {
                let _ = write!(text, ", {name} {figure}");
            }
        }
        let out_of_the_ordinary: Vec<String> =
            self.status.iter().flatten().map(|status: &StockStatus| format!("{status:?}")).collect();
        if !out_of_the_ordinary.is_empty() {
            let _ = write!(text, ". Note: {}", out_of_the_ordinary.join(", "));
        }
        text
    }
}
