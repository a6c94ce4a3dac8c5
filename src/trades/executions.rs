//! What was filled of the orders of some days.

use rust_decimal::Decimal;

use super::{
    Asking, Days, Known, OrderRow, TradesError,
    orders::{abroad, is_of, lists, shown},
    regions, today,
    told::with_fills,
};
use crate::{
    account::Account,
    wire::types::{AccountExecution, AccountExecutions, AccountOrder, Fill, TradeRegion},
};

/// What was filled of the orders from a day to another. `known` tells what kisd itself knows of each order.
///
/// # Errors
///
/// If a list of orders is not there.
pub async fn executions(
    account: &Account,
    (from, to): (Option<&str>, Option<&str>),
    region: Option<TradeRegion>,
    asking: Asking,
    known: impl Fn(&OrderRow) -> Known,
) -> Result<AccountExecutions, TradesError> {
    let today = today(account);
    let days = Days::between(from, to, today)?;
    let abroad = abroad(account, days, from.is_some() || to.is_some());
    let regions = regions(account, region)?;
    let list = lists(account, &regions, (days, abroad), asking).await?;
    let is_filled = |row: &OrderRow| row.filled > Decimal::ZERO && is_of(row, (days, abroad));
    let filled = with_fills(&list, today, is_filled, known).into_iter();
    Ok(AccountExecutions {
        executions: filled.map(|(order, fills)| execution(order, fills)).collect(),
        from: days.first,
        to: days.last,
        regions,
        complete: list.ended,
        account_name: account.name.to_string(),
        as_of: shown(list.as_of),
    })
}

fn execution(order: AccountOrder, fills: Option<Vec<Fill>>) -> AccountExecution {
    AccountExecution {
        order_no: order.order_no,
        branch: order.branch,
        order_date: order.order_date,
        ordered_at: order.ordered_at,
        region: order.region,
        market: order.market,
        route: order.route,
        stock_code: order.stock_code,
        stock_name: order.stock_name,
        currency: order.currency,
        side: order.side,
        quantity: order.filled_quantity,
        price: order.average_price,
        amount: order.filled_amount,
        order_quantity: order.quantity,
        state: order.state,
        loan_date: order.loan_date,
        fills,
        order_id: order.order_id,
        origin: order.origin,
    }
}
