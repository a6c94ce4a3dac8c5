//! The tools about prices: arguments that a model gives, and answers that it reads.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    stocks::market,
    text::{DATA, Told, quoted},
};
use crate::wire::{
    number::Number,
    types::{Candles, CandlesParams, Interval, Level, Orderbook, Price, Prices, PricesParams, QuoteParams},
};

/// Characters of one text.
pub(super) const LONGEST: usize = 200;

/// Candles in one answer: what a model reads.
const MOST_CANDLES: u64 = 300;

/// Candles of a model that does not say how many.
const USUAL_CANDLES: u64 = 60;

/// Arguments of `quote_price` and `quote_orderbook`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteArguments {
    /// A name such as 삼성전자, or a code such as 005930 or AAPL.
    stock: String,
    /// KRX, NXT, UN (KRX and NXT together), NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX. Left out: KRX if it has the
    /// stock, else the only one that does.
    #[serde(default)]
    market: Option<String>,
}

/// Arguments of `quote_prices`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PricesArguments {
    /// Codes such as 005930 or AAPL, up to 30.
    stock_codes: Vec<String>,
    /// The market of all of them, as of quote_price. Codes of other markets than KRX need it.
    #[serde(default)]
    market: Option<String>,
}

/// Arguments of `quote_candles`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CandlesArguments {
    /// A name such as 삼성전자, or a code such as 005930 or AAPL.
    stock: String,
    /// The market, as of quote_price.
    #[serde(default)]
    market: Option<String>,
    /// 1m, 3m, 5m, 10m, 15m, 30m, 60m, 1d, 1w, 1mo or 1y.
    interval: String,
    /// The first day, as in 2026-11-27. Left out: as far back as count goes.
    #[serde(default)]
    from: Option<String>,
    /// The last day. Left out: today.
    #[serde(default)]
    to: Option<String>,
    /// Candles at most, the newest of those asked for, up to 300. Left out: 60.
    #[serde(default)]
    count: Option<u64>,
    /// The next of an answer before: the candles before those.
    #[serde(default)]
    next: Option<String>,
}

impl QuoteArguments {
    pub(super) fn params(self, account: Option<&str>) -> Result<QuoteParams, String> {
        Ok(QuoteParams {
            stock: Some(self.stock),
            market: market(self.market)?,
            account: account.map(str::to_owned),
            ..QuoteParams::default()
        })
    }
}

impl PricesArguments {
    pub(super) fn params(self, account: Option<&str>) -> Result<PricesParams, String> {
        Ok(PricesParams {
            stock_codes: self.stock_codes,
            market: market(self.market)?,
            max_age_ms: None,
            timeout_ms: None,
            account: account.map(str::to_owned),
        })
    }
}

impl CandlesArguments {
    pub(super) fn params(self, account: Option<&str>) -> Result<CandlesParams, String> {
        let interval = serde_json::from_value(self.interval.as_str().into()).unwrap_or(Interval::Unknown);
        Ok(CandlesParams {
            stock_code: None,
            stock: Some(self.stock),
            market: market(self.market)?,
            interval,
            from: self.from,
            to: self.to,
            adjusted: None,
            limit: Some(self.count.unwrap_or(USUAL_CANDLES).min(MOST_CANDLES)),
            next: self.next,
            max_age_ms: None,
            timeout_ms: None,
            account: account.map(str::to_owned),
        })
    }
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| number.to_string())
}

impl Told for Price {
    fn tell(&self) -> String {
        let mut text = format!(
            "{DATA} {} {}{}, in {}, as of {}: price {}, change {} ({} %), open {}, high {}, low {}, base price {}, volume {}",
            self.market.name(),
            quoted(&self.stock_code),
            self.name.as_deref().map(|name| format!(" {}", quoted(name))).unwrap_or_default(),
            quoted(&self.currency),
            self.as_of.to_rfc3339(),
            said(self.price),
            said(self.change),
            said(self.change_rate),
            said(self.open),
            said(self.high),
            said(self.low),
            said(self.base_price),
            said(self.volume),
        );
        // Writing to a string cannot fail.
        for (name, number) in [
            ("upper limit", self.upper_limit),
            ("lower limit", self.lower_limit),
            ("52-week high", self.high_52w.as_ref().map(|high| high.price)),
            ("52-week low", self.low_52w.as_ref().map(|low| low.price)),
            ("PER", self.per),
            ("PBR", self.pbr),
            ("market cap", self.market_cap),
        ] {
            if let Some(number) = number {
                let _ = write!(text, ", {name} {number}");
            }
        }
        if !self.status.is_empty() {
            let status: Vec<String> = self.status.iter().map(|status| format!("{status:?}")).collect();
            let _ = write!(text, ". Note: {}", status.join(", "));
        }
        text
    }
}

impl Told for Prices {
    fn tell(&self) -> String {
        let mut text = format!("{DATA} {} prices, as code, name, price, change, percent:", self.prices.len());
        for price in &self.prices {
            let _ = match &price.error {
                Some(error) => write!(text, "\n{}: {}", quoted(&price.stock_code), quoted(&error.message)),
                None => write!(
                    text,
                    "\n{}, {}, {} {}, {}, {}",
                    quoted(&price.stock_code),
                    price.name.as_deref().map_or_else(|| "-".to_owned(), quoted),
                    said(price.price),
                    price.currency.as_deref().unwrap_or_default(),
                    said(price.change),
                    said(price.change_rate),
                ),
            };
        }
        text
    }
}

impl Told for Orderbook {
    fn tell(&self) -> String {
        let side = |levels: &[Level]| {
            let levels: Vec<String> =
                levels.iter().map(|level| format!("{} x {}", level.price, level.quantity)).collect();
            if levels.is_empty() { "nobody".to_owned() } else { levels.join(", ") }
        };
        let mut text = format!(
            "{DATA} Order book of {} {}, in {}, best first. Asks: {}. Bids: {}. All asks {}, all bids {}",
            self.market.name(),
            quoted(&self.stock_code),
            quoted(&self.currency),
            side(&self.asks),
            side(&self.bids),
            said(self.total_ask_quantity),
            said(self.total_bid_quantity),
        );
        if let Some(price) = self.expected_price {
            let _ = write!(text, ". The auction would end with {} shares at {price}", said(self.expected_volume));
        }
        text
    }
}

impl Told for Candles {
    fn tell(&self) -> String {
        let mut text = format!(
            "{DATA} {} candles of {} {}, in {}{}, oldest first, as time, open, high, low, close, volume:",
            self.candles.len(),
            self.market.name(),
            quoted(&self.stock_code),
            quoted(&self.currency),
            if self.adjusted { ", adjusted" } else { "" },
        );
        for candle in &self.candles {
            let _ = write!(
                text,
                "\n{}, {}, {}, {}, {}, {}",
                candle.time,
                said(candle.open),
                said(candle.high),
                said(candle.low),
                candle.close,
                said(candle.volume),
            );
        }
        if let Some(next) = &self.next {
            let _ = write!(text, "\nThere are earlier ones: call again with next \"{next}\".");
        }
        text
    }
}
