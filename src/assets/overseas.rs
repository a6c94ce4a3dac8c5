//! What an account has abroad: holdings by the call that shows what was traded a moment ago, money by the one that has it.

use futures_util::future::try_join_all;
use rust_decimal::Decimal;

use super::{
    abroad::{AMERICAN, asked_for, held_on},
    asking::{Asking, Fault, shown},
    plain,
    present::{Present, PresentRow, Which, present},
};
use crate::{
    quote::{currency_of, order_code},
    wire::types::{Market, OverseasBalance, OverseasDifference, OverseasHolding},
};

/// What the account has abroad: on these markets, or on all on which it seems to have something.
pub async fn overseas_balance(asking: &Asking<'_>, markets: Option<&[Market]>) -> Result<OverseasBalance, Fault> {
    asking.needs_stocks("account.overseasBalance")?;
    let named = markets.map(abroad_only).transpose()?;
    let money = present(asking, Which::All).await?;
    let markets = named.unwrap_or_else(|| with_something(asking, &money));
    let mut asked: Vec<Market> = markets.iter().map(|market| asked_for(asking, *market)).collect();
    asked.dedup();
    let answers = try_join_all(asked.iter().map(|market| held_on(asking, *market))).await?;
    let holdings_as_of = answers.iter().map(|held| held.as_of).min().unwrap_or(money.called.as_of);
    let mut holdings = Vec::new();
    for holding in answers.into_iter().flat_map(|held| held.holdings) {
        add(&mut holdings, holding);
    }
    holdings.retain(|holding| markets.contains(&holding.market));
    let is_asked = |row: &PresentRow| row.market.is_none_or(|market| markets.contains(&market));
    let mut rows: Vec<PresentRow> = money.rows.iter().filter(|row| is_asked(row)).cloned().collect();
    let minis = if needs_minis(&rows, &holdings) { minis(asking, &mut rows, &holdings).await? } else { Vec::new() };
    let differences = differences(&rows, &holdings, asking.is_paper());
    let completed = |holding: OverseasHolding| match rows.iter().find(|row| is_of(row, &holding)) {
        Some(row) => row.completes(holding),
        None => holding,
    };
    let is_meant = |row: &&PresentRow| is_asked(row);
    Ok(OverseasBalance {
        holdings: holdings
            .into_iter()
            .map(completed)
            .chain(minis.iter().filter(is_meant).map(PresentRow::mini_stock))
            .collect(),
        markets,
        differences,
        mode: asking.mode(),
        account: asking.account.id.to_string(),
        account_name: asking.account.name.to_string(),
        holdings_as_of: shown(holdings_as_of),
        money_as_of: shown(money.called.as_of),
        currencies: money.currencies,
        totals: money.totals,
    })
}

/// Markets that somebody names, each once.
fn abroad_only(named: &[Market]) -> Result<Vec<Market>, Fault> {
    if named.is_empty() || named.iter().any(|market| order_code(*market).is_none()) {
        let names: Vec<&str> =
            Market::ALL.into_iter().filter(|market| order_code(*market).is_some()).map(Market::name).collect();
        return Err(Fault::Unfit(format!("markets must be some of {}", names.join(", "))));
    }
    Ok(Market::ALL.into_iter().filter(|market| named.contains(market)).collect())
}

/// The American markets, and those of whose stocks or currency there is something. Paper trading tells of no such thing.
fn with_something(asking: &Asking<'_>, money: &Present) -> Vec<Market> {
    let has = |market: Market| {
        let is_held = money.rows.iter().any(|row| row.market == Some(market));
        is_held || money.currencies.iter().any(|cash| cash.currency == currency_of(market))
    };
    let is_meant = |market: &Market| {
        AMERICAN.contains(market) || !asking.is_paper() && order_code(*market).is_some() && has(*market)
    };
    Market::ALL.into_iter().filter(is_meant).collect()
}

/// Adds a row. What came before by another market's name is the same, and is not added to it.
fn add(holdings: &mut Vec<OverseasHolding>, holding: OverseasHolding) {
    let is_same = |known: &&mut OverseasHolding| {
        let place = |market| if AMERICAN.contains(&market) { Market::Nasdaq } else { market };
        let key = |holding: &OverseasHolding| {
            (place(holding.market), holding.stock_code.clone(), holding.loan_type.clone(), holding.loan_date)
        };
        key(known) == key(&holding)
    };
    match holdings.iter_mut().find(is_same) {
        Some(known) => *known = holding,
        None => holdings.push(holding),
    }
}

/// Whether a row of the present balance is about a holding.
fn is_of(row: &PresentRow, holding: &OverseasHolding) -> bool {
    row.code == holding.stock_code && row.loan_date == holding.loan_date
}

/// Whether the present balance has rows that may be fractions: no holding explains them.
fn needs_minis(rows: &[PresentRow], holdings: &[OverseasHolding]) -> bool {
    rows.iter().enumerate().any(|(at, row)| {
        let again = rows[..at].iter().any(|other| other.code == row.code && other.loan_date == row.loan_date);
        again || !row.quantity.fract().is_zero() || !holdings.iter().any(|holding| is_of(row, holding))
    })
}

/// The fractions, which are taken out of the other rows.
async fn minis(
    asking: &Asking<'_>,
    rows: &mut Vec<PresentRow>,
    holdings: &[OverseasHolding],
) -> Result<Vec<PresentRow>, Fault> {
    if asking.is_paper() {
        return Ok(Vec::new());
    }
    let mut minis = present(asking, Which::MiniStock).await?.rows;
    // What orders could sell is none of them, whatever list it is in.
    minis.retain(|mini| !holdings.iter().any(|holding| is_of(mini, holding) && holding.quantity.0 == mini.quantity));
    for mini in &minis {
        let same = |row: &PresentRow| row.code == mini.code && row.quantity == mini.quantity;
        if let Some(at) = rows.iter().position(same) {
            rows.remove(at);
        }
    }
    Ok(minis)
}

/// Where the two calls say different quantities. In paper trading the one says none.
fn differences(rows: &[PresentRow], holdings: &[OverseasHolding], is_paper: bool) -> Vec<OverseasDifference> {
    let difference = |code: &str, loan_date, quantity: Decimal, present: Decimal| OverseasDifference {
        stock_code: code.to_owned(),
        loan_date,
        quantity: plain(quantity),
        present_quantity: plain(present),
    };
    let of_holdings = holdings.iter().filter(|_| !is_paper).map(|holding| {
        let present = rows.iter().find(|row| is_of(row, holding)).map_or(Decimal::ZERO, |row| row.quantity);
        difference(&holding.stock_code, holding.loan_date, holding.quantity.0, present)
    });
    let gone = rows.iter().filter(|row| !holdings.iter().any(|holding| is_of(row, holding)));
    let of_gone = gone.map(|row| difference(&row.code, row.loan_date, Decimal::ZERO, row.quantity));
    of_holdings.chain(of_gone).filter(|both| both.quantity.0 != both.present_quantity.0).collect()
}
