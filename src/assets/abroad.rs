//! What is held abroad, market by market: `inquire-balance`, the call that shows what was bought and sold a moment ago.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::asking::{Asking, Fault, rows};
use crate::{
    account::calls::Called,
    kis::{KisError, row::Row},
    wire::types::Market,
};

/// The operation.
pub(super) const OPERATION: &str = "overseas-stock-trading-inquire-balance";

/// How a stock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cash,
    /// A loan is secured by it.
    Pledged,
    /// In another way.
    Other,
}

/// A row.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    pub(super) code: String,
    pub(super) name: Option<String>,
    pub(super) market: Market,
    pub(super) kind: Kind,
    pub(super) quantity: Decimal,
    /// What can be sold now.
    pub(super) sellable: Decimal,
    pub(super) avg_price: Option<Decimal>,
    pub(super) price: Option<Decimal>,
}

/// What is held on a market.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) holdings: Vec<Holding>,
    pub(super) as_of: DateTime<Utc>,
}

/// KIS's code of a market abroad for orders and balances; none at home.
pub(super) fn order_code(market: Market) -> Option<&'static str> {
    Some(match market {
        Market::Nasdaq => "NASD",
        Market::Nyse => "NYSE",
        Market::Amex => "AMEX",
        Market::Hkex => "SEHK",
        Market::Tse => "TKSE",
        Market::Sse => "SHAA",
        Market::Szse => "SZAA",
        Market::Hnx => "HASE",
        Market::Hsx => "VNSE",
        Market::Krx | Market::Nxt | Market::Un | Market::Unknown => return None,
    })
}

/// The market abroad of a code.
fn market_of(code: &str) -> Option<Market> {
    Market::ALL.into_iter().find(|market| order_code(*market) == Some(code))
}

/// Whether a market is one of the United States, whose stocks are on one of them only.
pub(super) fn is_american(market: Market) -> bool {
    matches!(market, Market::Nasdaq | Market::Nyse | Market::Amex)
}

/// What is held on a market. A real account is told of all American ones by Nasdaq's name; they are never asked one by one, since each
/// answer would have the same holdings again.
pub(super) async fn held_on(asking: &Asking<'_>, market: Market) -> Result<Held, Fault> {
    let market = if is_american(market) && !asking.is_paper() { Market::Nasdaq } else { market };
    let currency = crate::quote::Stock { code: String::new(), market }.currency();
    let exchange = order_code(market).unwrap_or_default();
    let params = [("OVRS_EXCG_CD", exchange.to_owned()), ("TR_CRCY_CD", currency.to_owned())];
    let called: Arc<Called> = asking.all(OPERATION, params).await?;
    let holdings = asking.read(|| holdings(&called, market))?;
    Ok(Held { holdings, as_of: called.as_of })
}

/// The rows of an answer. KIS ends some lists with a row of blanks, and answers one where there is nothing.
fn holdings(called: &Called, market: Market) -> Result<Vec<Holding>, KisError> {
    let mut holdings = Vec::new();
    for row in rows(called, "output1")? {
        let Some(code) = row.text("ovrs_pdno")? else { continue };
        let quantity = row.needed("ovrs_cblc_qty")?;
        if !quantity.is_zero() {
            holdings.push(holding(&row, code, quantity, market)?);
        }
    }
    Ok(holdings)
}

fn holding(row: &Row<'_>, code: &str, quantity: Decimal, market: Market) -> Result<Holding, KisError> {
    Ok(Holding {
        code: code.to_owned(),
        name: row.text("ovrs_item_name")?.map(str::to_owned),
        market: row.text("ovrs_excg_cd")?.and_then(market_of).unwrap_or(market),
        kind: match row.text("loan_type_cd")? {
            None | Some("00" | "10") => Kind::Cash,
            Some("11" | "12" | "13" | "14" | "15" | "16") => Kind::Pledged,
            Some(_) => Kind::Other,
        },
        quantity,
        sellable: row.needed("ord_psbl_qty")?,
        avg_price: row.unless_zero("pchs_avg_pric")?,
        price: row.unless_zero("now_pric2")?,
    })
}
