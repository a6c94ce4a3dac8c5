//! What is held abroad, market by market: `inquire-balance`, the call that shows what was bought and sold a moment ago.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{
    asking::{Asking, Fault, rows},
    plain,
};
use crate::{
    account::calls::Called,
    kis::{KisError, row::Row},
    quote::{currency_of, market_of, order_code},
    wire::types::{Market, OverseasHolding, OverseasPosition},
};

/// The operation.
pub(super) const OPERATION: &str = "overseas-stock-trading-inquire-balance";

/// The American markets, whose stocks are on one of them each.
pub(super) const AMERICAN: [Market; 3] = [Market::Nasdaq, Market::Nyse, Market::Amex];

/// What is held on a market.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) holdings: Vec<OverseasHolding>,
    pub(super) as_of: DateTime<Utc>,
}

/// The market that is asked for what is held on another. A real account is told of all American ones by Nasdaq's name; they are never
/// asked one by one, since each answer would have the same holdings again.
pub(super) fn asked_for(asking: &Asking<'_>, market: Market) -> Market {
    if AMERICAN.contains(&market) && !asking.is_paper() { Market::Nasdaq } else { market }
}

/// What is held on a market, and on those that are told with it.
pub(super) async fn held_on(asking: &Asking<'_>, market: Market) -> Result<Held, Fault> {
    let market = asked_for(asking, market);
    let exchange = order_code(market).unwrap_or_default();
    let params = [("OVRS_EXCG_CD", exchange.to_owned()), ("TR_CRCY_CD", currency_of(market).to_owned())];
    let called = asking.all(OPERATION, params).await?;
    let holdings = asking.read(|| holdings(&called, market))?;
    Ok(Held { holdings, as_of: called.as_of })
}

/// The rows of an answer. KIS ends some lists with a row of blanks, and answers one where there is nothing.
fn holdings(called: &Called, market: Market) -> Result<Vec<OverseasHolding>, KisError> {
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

fn holding(row: &Row<'_>, code: &str, quantity: Decimal, market: Market) -> Result<OverseasHolding, KisError> {
    let loan_type = row.text("loan_type_cd")?;
    let price = row.unless_zero("now_pric2")?;
    // Without a price there is no worth, whatever KIS reckons of it.
    let of_price = |name| if price.is_some() { row.number(name) } else { Ok(None) };
    Ok(OverseasHolding {
        stock_code: code.to_owned(),
        stock_name: row.text("ovrs_item_name")?.map(str::to_owned),
        market: row.text("ovrs_excg_cd")?.and_then(market_of).unwrap_or(market),
        currency: row.text("tr_crcy_cd")?.unwrap_or_else(|| currency_of(market)).to_owned(),
        position: match loan_type {
            None | Some("00" | "10") => OverseasPosition::Cash,
            Some("11" | "12" | "13" | "14" | "15" | "16") => OverseasPosition::Pledged,
            Some(_) => OverseasPosition::Other,
        },
        loan_type: loan_type.map(str::to_owned),
        loan_date: row.date("loan_dt")?,
        loan_expires_on: row.date("expd_dt")?,
        quantity: plain(quantity),
        sellable: plain(row.needed("ord_psbl_qty")?),
        avg_price: row.unless_zero("pchs_avg_pric")?.map(plain),
        current_price: price.map(plain),
        purchase_amount: row.number("frcr_pchs_amt1")?.map(plain),
        evaluation_amount: of_price("ovrs_stck_evlu_amt")?.map(plain),
        profit_loss: of_price("frcr_evlu_pfls_amt")?.map(plain),
        profit_loss_rate: of_price("evlu_pfls_rt")?.map(plain),
        settled_quantity: None,
        bought_today: None,
        sold_today: None,
        exchange_rate: None,
        exchange_rate_unit: None,
    })
}
