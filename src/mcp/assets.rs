//! The tools about money and holdings: all assets, stocks abroad, what can be bought and sold.

use std::{fmt::Write, time::Duration};

use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    link::Link,
    stocks::market,
    text::{DATA, Told, quoted},
    tools::{ask, read_arguments, result, tool},
    trades::{Piece, cut, ending},
};
use crate::wire::{
    method,
    number::Number,
    types::{
        Assets, AssetsParams, Buyable, BuyableParams, OrderType, OverseasBalance, OverseasBalanceParams, Purchase,
        Sellable, SellableParams,
    },
    whole,
};

const ASSETS: &str = "account_assets";
const OVERSEAS: &str = "account_overseas";
const BUYABLE: &str = "account_buyable";
const SELLABLE: &str = "account_sellable";

/// The tools.
pub(super) const NAMES: [&str; 4] = [ASSETS, OVERSEAS, BUYABLE, SELLABLE];

/// Characters of one text.
const LONGEST: usize = 200;

/// The pieces of a list are of one reading if they are asked for within this.
const ONE_READING_MS: u64 = 60_000;

/// Time for KIS to be asked market by market.
const MARKETS: Duration = Duration::from_secs(60);

/// Arguments of `account_assets`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct AssetsArguments {
    /// Name of the account; daemon_status lists them. Left out: the default one.
    account: Option<String>,
}

/// Arguments of `account_overseas`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct OverseasArguments {
    /// Markets whose holdings are asked for: NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX, HSX. Left out: the American ones, and
    /// others of which KIS shows something.
    markets: Option<Vec<String>>,
    /// Name of the account; daemon_status lists them. Left out: the default one.
    account: Option<String>,
    /// Holdings to leave out before the first that is returned. Left out: 0.
    #[serde(deserialize_with = "whole::optional")]
    offset: Option<u64>,
    /// Holdings to return, up to 60. Left out: 40.
    #[serde(deserialize_with = "whole::optional")]
    limit: Option<u64>,
}

/// Arguments of `account_buyable`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BuyableArguments {
    /// A name such as 삼성전자, or a code such as 005930 or AAPL.
    stock: String,
    /// The market, as of quote_price.
    #[serde(default)]
    market: Option<String>,
    /// The price of the order, as a text such as 70000 or 225.5; needed abroad. Left out: at the market.
    #[serde(default)]
    price: Option<String>,
    /// limit, market, conditional, best, priority, mid, stop_limit, pre_close or post_close. Left out: limit with a price, market
    /// without.
    #[serde(default, rename = "type")]
    order_type: Option<String>,
    /// Name of the account; daemon_status lists them. Left out: the default one.
    #[serde(default)]
    account: Option<String>,
}

/// Arguments of `account_sellable`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SellableArguments {
    /// A name such as 삼성전자, or a code such as 005930 or AAPL.
    stock: String,
    /// The market, as of quote_price.
    #[serde(default)]
    market: Option<String>,
    /// Name of the account; daemon_status lists them. Left out: the default one.
    #[serde(default)]
    account: Option<String>,
}

/// The tools with their descriptions.
pub(super) fn all() -> Vec<Tool> {
    vec![
        tool::<AssetsArguments, Assets>(
            ASSETS,
            "All assets of the account",
            "All that the account has by class (stocks, funds, bonds, stocks abroad, currencies, cash), cash today, on D+1 and on D+2 \
             with their dates, what can be taken out, 미수금 (owed for shares) and loans, in won. Null is what KIS does not say, and \
             not 0; sources says why.",
        ),
        tool::<OverseasArguments, Piece<OverseasBalance>>(
            OVERSEAS,
            "Stocks abroad and foreign currency",
            "What the account holds abroad, a row for each stock and way of holding it (cash, pledged, mini_stock, which are fractions that \
             no order can sell), cash by currency, and totals in won. A currency that is not listed is unknown, and not 0.",
        ),
        tool::<BuyableArguments, Buyable>(
            BUYABLE,
            "What can be bought of a stock",
            "How much and how many shares of a stock the account can buy: without_margin is its own money; with_margin is with 미수, \
             which must be paid in two days; with_exchange is with won that KIS exchanges by itself. Nothing is ordered.",
        ),
        tool::<SellableArguments, Sellable>(
            SELLABLE,
            "What can be sold of a stock",
            "How many shares of a stock the account can sell now: what waits in orders, is bought on margin or pledged is not among \
             them. Nothing is ordered.",
        ),
    ]
}

/// Calls one of the tools.
pub(super) async fn call(link: &Link, name: &str, arguments: JsonObject) -> Result<CallToolResult, String> {
    let whose = |account: Option<String>| account.or_else(|| link.account().map(str::to_owned));
    match name {
        ASSETS => {
            let AssetsArguments { account } = read_arguments(arguments)?;
            let params = AssetsParams { account: whose(account), ..AssetsParams::default() };
            result::<Assets>(ask::<method::AccountAssets>(link, MARKETS, &params).await?, LONGEST)
        }
        OVERSEAS => {
            let OverseasArguments { markets, account, offset, limit } = read_arguments(arguments)?;
            let markets = markets.map(|names| names.into_iter().map(|name| market(Some(name))).collect());
            let markets: Option<Result<Vec<_>, String>> = markets;
            let markets = markets.transpose()?.map(|markets| markets.into_iter().flatten().collect());
            let max_age_ms = offset.filter(|offset| *offset > 0).map(|_| ONE_READING_MS);
            let params = OverseasBalanceParams { markets, max_age_ms, timeout_ms: None, account: whose(account) };
            let mut balance: Value = ask::<method::AccountOverseasBalance>(link, MARKETS, &params).await?;
            cut(&mut balance, "holdings", offset, limit);
            result::<Piece<OverseasBalance>>(balance, LONGEST)
        }
        BUYABLE => {
            let BuyableArguments { stock, market: place, price, order_type, account } = read_arguments(arguments)?;
            let price = price.map(|text| text.trim().parse().map(Number)).transpose();
            let price = price.map_err(|_| "price must be a number such as 70000 or 225.5".to_owned())?;
            // The daemon says what is wrong with another.
            let named = |text: String| serde_json::from_value(text.into()).unwrap_or(OrderType::Newer);
            let params = BuyableParams {
                stock: Some(stock),
                market: market(place)?,
                order_type: order_type.map(named),
                price,
                account: whose(account),
                ..BuyableParams::default()
            };
            result::<Buyable>(ask::<method::AccountBuyable>(link, Duration::ZERO, &params).await?, LONGEST)
        }
        _ => {
            let SellableArguments { stock, market: place, account } = read_arguments(arguments)?;
            let market = market(place)?;
            let params =
                SellableParams { stock: Some(stock), market, account: whose(account), ..SellableParams::default() };
            result::<Sellable>(ask::<method::AccountSellable>(link, Duration::ZERO, &params).await?, LONGEST)
        }
    }
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}

/// The name of a value as it is on the wire.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => "unknown".to_owned(),
    }
}

impl Told for Assets {
    fn tell(&self) -> String {
        let cash = &self.cash;
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| format!(" ({day})")).unwrap_or_default();
        let mut text = format!(
            "{DATA} Assets of account {} as of {}, in won: all {}, net {}. Cash {}, D+1{} {}, D+2{} {}, can be taken out {}, 미수금 {}, \
             loans {}.",
            quoted(&self.account_name),
            self.as_of.to_rfc3339(),
            said(self.totals.total_assets),
            said(self.totals.net_assets),
            said(cash.deposit),
            day(cash.deposit_d1_date),
            said(cash.deposit_d1),
            day(cash.deposit_d2_date),
            said(cash.deposit_d2),
            said(cash.withdrawable),
            said(cash.receivable),
            said(self.loans.total),
        );
        let classes = self.classes.iter().flatten();
        // Writing to a string cannot fail.
        for class in classes.filter(|class| class.evaluation_amount.is_some_and(|worth| !worth.0.is_zero())) {
            let (worth, gain) = (said(class.evaluation_amount), said(class.profit_loss));
            let _ = write!(text, "\n{}: worth {worth}, profit or loss {gain}", word(&class.class));
        }
        for source in &self.sources {
            if let Some(reason) = &source.missing {
                let _ = write!(text, "\nNot said by KIS ({}): {}", source.operation, quoted(reason));
            }
        }
        text
    }
}

impl Told for Piece<OverseasBalance> {
    fn tell(&self) -> String {
        let Self { list, place } = self;
        let mut text = format!(
            "{DATA} {} holdings abroad of account {} as of {}, as symbol, name, market, held as, quantity, sellable, average price, \
             price, profit or loss, currency:",
            place.rows_count,
            quoted(&list.account_name),
            list.holdings_as_of.to_rfc3339(),
        );
        for held in &list.holdings {
            let _ = write!(
                text,
                "\n{}, {}, {}, {}, {}, {}, {}, {}, {}, {}",
                quoted(&held.stock_code),
                held.stock_name.as_deref().map_or_else(|| "-".to_owned(), quoted),
                held.market.name(),
                word(&held.position),
                held.quantity,
                held.sellable,
                said(held.avg_price),
                said(held.current_price),
                said(held.profit_loss),
                quoted(&held.currency),
            );
        }
        for cash in &list.currencies {
            let _ = write!(text, "\nCash in {}: {}", quoted(&cash.currency), said(cash.deposit));
        }
        let (worth, all) = (said(list.totals.evaluation_amount), said(list.totals.total_assets));
        let _ = write!(text, "\nIn won: stocks abroad {worth}, with all cash {all}.");
        if !list.differences.is_empty() {
            let _ = write!(text, " KIS's other list has {} of them with other quantities.", list.differences.len());
        }
        ending(&mut text, OVERSEAS, place, true);
        text
    }
}

impl Told for Buyable {
    fn tell(&self) -> String {
        let of = |purchase: &Purchase| format!("{} for {} shares", said(purchase.amount), said(purchase.quantity));
        let mut text = format!(
            "{DATA} {} {}, in {}, as of {}: with own money {}",
            self.market.name(),
            quoted(&self.stock_code),
            quoted(&self.currency),
            self.as_of.to_rfc3339(),
            of(&self.without_margin),
        );
        if let Some(purchase) = &self.with_margin {
            let _ = write!(text, ", with 미수 {}", of(purchase));
        }
        if let Some(purchase) = &self.with_exchange {
            let _ = write!(text, ", with automatic exchange {}", of(purchase));
        }
        let _ = write!(text, ". Shares are reckoned at {}, without fees.", said(self.calculation_price));
        text
    }
}

impl Told for Sellable {
    fn tell(&self) -> String {
        format!(
            "{DATA} {} {}{}, as of {}: {} of {} shares can be sold; average price {} {}, price {}",
            self.market.name(),
            quoted(&self.stock_code),
            self.stock_name.as_deref().map(|name| format!(" {}", quoted(name))).unwrap_or_default(),
            self.as_of.to_rfc3339(),
            self.quantity,
            said(self.held_quantity),
            said(self.avg_price),
            quoted(&self.currency),
            said(self.current_price),
        )
    }
}
