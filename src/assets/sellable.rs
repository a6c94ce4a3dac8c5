//! What can be sold of a stock that is held in cash: what KIS says can be ordered, and never what is held.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{
    abroad::{AMERICAN, OPERATION, held_on},
    asking::{Asking, Fault, row, shown},
    plain,
};
use crate::{
    kis::balance,
    quote::{Stock, order_code},
    wire::{
        number::Number,
        types::{Market, OverseasHolding, OverseasPosition, Sellable},
    },
};

/// What the balance calls a holding that was paid for.
const CASH: &str = "현금";

/// What the account can sell of a stock.
pub async fn sellable(asking: &Asking<'_>, stock: &Stock) -> Result<Sellable, Fault> {
    asking.needs_stocks("account.sellable")?;
    if stock.market == Market::Un {
        return Err(Fault::Unfit("market UN is a view of KRX and NXT, where nothing can be sold".to_owned()));
    }
    match (order_code(stock.market), asking.is_paper()) {
        (Some(_), _) => abroad(asking, stock).await,
        (None, false) => at_home(asking, stock).await,
        (None, true) => by_the_balance(asking, stock).await,
    }
}

/// Nothing, by an operation.
fn nothing(asking: &Asking<'_>, stock: &Stock, operation: &str, as_of: DateTime<Utc>) -> Sellable {
    Sellable {
        stock_code: stock.code.clone(),
        stock_name: None,
        market: stock.market,
        currency: stock.currency().to_owned(),
        quantity: Number(Decimal::ZERO),
        held_quantity: None,
        avg_price: None,
        current_price: None,
        operation: operation.to_owned(),
        account: asking.account.id.to_string(),
        account_name: asking.account.name.to_string(),
        as_of: shown(as_of),
    }
}

async fn at_home(asking: &Asking<'_>, stock: &Stock) -> Result<Sellable, Fault> {
    let operation = "domestic-stock-trading-inquire-psbl-sell";
    let called = asking.one(operation, [("PDNO", stock.code.clone())]).await?;
    asking.read(|| {
        let row = row(&called, "output")?;
        if let Some(other) = row.text("pdno")?.filter(|code| *code != stock.code) {
            return Err(row.malformed("pdno", format!("is {other}, and {} was asked for", stock.code)));
        }
        Ok(Sellable {
            stock_name: row.text("prdt_name")?.map(str::to_owned),
            quantity: plain(row.needed("ord_psbl_qty")?),
            held_quantity: row.number("cblc_qty")?.map(plain),
            avg_price: row.unless_zero("pchs_avg_pric")?.map(plain),
            current_price: row.unless_zero("now_pric")?.map(plain),
            ..nothing(asking, stock, operation, called.as_of)
        })
    })
}

/// Paper trading has no call for it; its balance says it of each row.
async fn by_the_balance(asking: &Asking<'_>, stock: &Stock) -> Result<Sellable, Fault> {
    let whole = asking.balance().await?;
    let is_meant = |key: &balance::RowKey| key.stock_code == stock.code && key.position == CASH;
    let rows: Vec<_> = whole.holdings.iter().filter(|holding| is_meant(&holding.key)).collect();
    let sum = |of: fn(&balance::Holding) -> i64| {
        plain(rows.iter().map(|holding| Decimal::from(of(holding))).sum::<Decimal>())
    };
    let only = (rows.len() == 1).then(|| rows[0]);
    Ok(Sellable {
        stock_name: rows.first().map(|holding| holding.stock_name.clone()),
        quantity: sum(|holding| holding.available_quantity),
        held_quantity: Some(sum(|holding| holding.quantity)),
        avg_price: only.map(|holding| plain(holding.avg_price)),
        current_price: rows.first().and_then(|holding| holding.worth.as_ref()).map(|worth| plain(worth.price.into())),
        ..nothing(asking, stock, "domestic-stock-trading-inquire-balance", whole.as_of)
    })
}

async fn abroad(asking: &Asking<'_>, stock: &Stock) -> Result<Sellable, Fault> {
    let held = held_on(asking, stock.market).await?;
    let is_there = |market| market == stock.market || AMERICAN.contains(&market) && AMERICAN.contains(&stock.market);
    let is_meant = |holding: &&OverseasHolding| {
        let is_cash = holding.position == OverseasPosition::Cash;
        holding.stock_code.eq_ignore_ascii_case(&stock.code) && is_there(holding.market) && is_cash
    };
    let empty = nothing(asking, stock, OPERATION, held.as_of);
    Ok(match held.holdings.into_iter().find(|holding| is_meant(&holding)) {
        None => Sellable { held_quantity: Some(Number(Decimal::ZERO)), ..empty },
        Some(OverseasHolding { stock_name, quantity, sellable, avg_price, current_price, .. }) => Sellable {
            stock_name,
            quantity: sellable,
            held_quantity: Some(quantity),
            avg_price,
            current_price,
            ..empty
        },
    })
}
