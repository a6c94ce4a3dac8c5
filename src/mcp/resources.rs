//! The resources: documents that a client may read and show without a model.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use rmcp::model::{ErrorData, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};

use super::{clean, link::Link, tools};
use serde_json::{json, value::RawValue};

use crate::wire::{
    method,
    types::{BalanceParams, CandlesParams, NoParams, QuoteParams},
};

const BALANCE: &str = "kisd://account/balance";
const DISCOVER: &str = "kisd://rpc/discover";
const PRICE: &str = "kisd://quote/price/";
const ORDERBOOK: &str = "kisd://quote/orderbook/";
const CANDLES: &str = "kisd://quote/candles/";
const JSON: &str = "application/json";

pub(super) fn all() -> Vec<Resource> {
    vec![
        Resource::new(BALANCE, "balance")
            .with_title("Account balance")
            .with_description("Cash, totals and every holding, as account.balance answers")
            .with_mime_type(JSON),
        Resource::new(DISCOVER, "openrpc")
            .with_title("OpenRPC document")
            .with_description("Every method of the daemon's socket with its parameters, results and errors")
            .with_mime_type(JSON),
    ]
}

/// Resources of which there is one for each stock.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let of = |uri: String, name: &str, title: &str, description: &str| {
        ResourceTemplate::new(uri, name).with_title(title).with_description(description).with_mime_type(JSON)
    };
    vec![
        of(
            format!("{PRICE}{{stock}}"),
            "price",
            "Price of a stock",
            "What a stock costs now, as quote.price answers; stock is a name such as 삼성전자 or a code such as 005930 or AAPL",
        ),
        of(
            format!("{ORDERBOOK}{{stock}}"),
            "orderbook",
            "Order book of a stock",
            "Who would buy and sell a stock and at which price, as quote.orderbook answers",
        ),
        of(
            format!("{CANDLES}{{stock}}/{{interval}}"),
            "candles",
            "Candles of a stock",
            "The newest 100 candles of a stock, as quote.candles answers; interval is 1m, 3m, 5m, 10m, 15m, 30m, 60m, 1d, 1w, 1mo or 1y",
        ),
    ]
}

/// What was asked about a stock.
async fn quote(link: &Link, uri: &str) -> Option<Result<Box<RawValue>, super::link::Trouble>> {
    let stock = |text: &str| {
        let name = percent_decode_str(text).decode_utf8().ok()?;
        (!name.is_empty() && !text.contains('/')).then(|| name.into_owned())
    };
    let account = link.account().map(str::to_owned);
    if let Some((name, interval)) = uri.strip_prefix(CANDLES).and_then(|rest| rest.rsplit_once('/')) {
        let params = json!({ "stock": stock(name)?, "interval": interval, "account": account });
        let params: CandlesParams = serde_json::from_value(params).ok()?;
        return Some(link.ask::<method::QuoteCandles>(Duration::ZERO, &params).await);
    }
    let of = |text: &str| {
        Some(QuoteParams { stock: Some(stock(text)?), account: account.clone(), ..QuoteParams::default() })
    };
    if let Some(text) = uri.strip_prefix(PRICE) {
        return Some(link.ask::<method::QuotePrice>(Duration::ZERO, &of(text)?).await);
    }
    let params = of(uri.strip_prefix(ORDERBOOK)?)?;
    Some(link.ask::<method::QuoteOrderbook>(Duration::ZERO, &params).await)
}

pub(super) async fn read(link: &Link, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let result = match uri {
        BALANCE => {
            let params = BalanceParams { account: link.account().map(str::to_owned), ..BalanceParams::default() };
            link.ask::<method::AccountBalance>(Duration::ZERO, &params).await
        }
        DISCOVER => link.ask::<method::RpcDiscover>(Duration::ZERO, &NoParams {}).await,
        _ => match quote(link, uri).await {
            Some(answer) => answer,
            None => return Err(ErrorData::resource_not_found(format!("there is no resource {uri}"), None)),
        },
    };
    let result = result.map_err(|trouble| ErrorData::internal_error(tools::explain(&trouble), None))?;
    Ok(ReadResourceResult::new(vec![ResourceContents::text(clean::document(result.get()), uri).with_mime_type(JSON)]))
}
