//! The tools about orders, executions and realised profits: long lists come in pieces, as a balance does.

use std::{fmt::Write, time::Duration};

use rmcp::model::{CallToolResult, JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::Value;

use super::{
    link::Link,
    text::{DATA, Told, quoted},
    tools::{ask, read_arguments, result, tool},
};
use crate::wire::{
    method::{self, Method},
    number::Number,
    types::{AccountExecutions, AccountOrders, AccountOrdersParams, AccountPeriodParams, AccountProfits, TradeRegion},
    whole,
};

const ORDERS: &str = "account_orders";
const EXECUTIONS: &str = "account_executions";
const PROFITS: &str = "account_profits";

/// The tools.
pub(super) const NAMES: [&str; 3] = [ORDERS, EXECUTIONS, PROFITS];

/// Rows of one answer, unless it is said, and at most: what the least limit of the known clients takes.
const USUAL: usize = 40;
const MOST: usize = 60;

/// Characters of one text.
const LONGEST: usize = 100;

/// The pieces of a list are of one reading if they are asked for within this.
const ONE_READING_MS: u64 = 60_000;

/// Time for KIS to give many pages.
const PAGES: Duration = Duration::from_secs(60);

/// Arguments of `account_orders`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct OrdersArguments {
    /// The day, as in 2026-11-27. Left out: today.
    date: Option<String>,
    /// domestic or overseas. Left out: both.
    region: Option<String>,
    /// Name of the account; daemon_status lists them. Left out: the default one.
    account: Option<String>,
    /// Rows to leave out before the first that is returned. Left out: 0.
    #[serde(deserialize_with = "whole::optional")]
    offset: Option<u64>,
    /// Rows to return, up to 60. Left out: 40.
    #[serde(deserialize_with = "whole::optional")]
    limit: Option<u64>,
}

/// Arguments of `account_executions` and `account_profits`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PeriodArguments {
    /// The first day, as in 2026-11-02. Left out: the same as to.
    from: Option<String>,
    /// The last day. Left out: today.
    to: Option<String>,
    /// domestic or overseas. Left out: both.
    region: Option<String>,
    /// Name of the account; daemon_status lists them. Left out: the default one.
    account: Option<String>,
    /// Rows to leave out before the first that is returned. Left out: 0.
    #[serde(deserialize_with = "whole::optional")]
    offset: Option<u64>,
    /// Rows to return, up to 60. Left out: 40.
    #[serde(deserialize_with = "whole::optional")]
    limit: Option<u64>,
}

/// The result of a tool: a list with some of its rows.
#[derive(Debug, JsonSchema)]
pub(super) struct Piece<T> {
    #[schemars(flatten)]
    pub(super) list: T,
    #[schemars(flatten)]
    pub(super) place: Place,
}

/// Which of the rows there are.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Place {
    /// All rows of the list; totals are about all of them.
    pub(super) rows_count: usize,
    /// Rows before the first that is here.
    rows_offset: usize,
    /// The offset to call again with for the rows after these; null if there are none.
    next_offset: Option<usize>,
}

/// By hand, since what serde flattens it cannot read exact numbers from.
impl<'de, T: DeserializeOwned> Deserialize<'de> for Piece<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let piece = Value::deserialize(deserializer)?;
        let list = T::deserialize(&piece).map_err(D::Error::custom)?;
        Ok(Self { list, place: Place::deserialize(&piece).map_err(D::Error::custom)? })
    }
}

/// The tools with their descriptions.
pub(super) fn all() -> Vec<Tool> {
    vec![
        tool::<OrdersArguments, Piece<AccountOrders>>(
            ORDERS,
            "Orders of a day",
            "KIS's list of the account's orders of a day at home and abroad, whoever placed them, with what is filled, what waits and how \
             far each has come (state), amendments and cancellations, and reservations. Answers \"내 주문 체결됐어?\" and \"미체결 \
             주문 있어?\": what waits has the state accepted or partly_filled.",
        ),
        tool::<PeriodArguments, Piece<AccountExecutions>>(
            EXECUTIONS,
            "What was filled",
            "What was bought and sold on some days, an entry for each order of which something was filled, with the average price. The \
             time is that of the order; KIS tells no time of a fill.",
        ),
        tool::<PeriodArguments, Piece<AccountProfits>>(
            PROFITS,
            "Realised profits",
            "Realised profits and losses of some days by stock, with fees and taxes, and totals in each currency. Real accounts only; \
             what is still held is in account_balance.",
        ),
    ]
}

/// Calls one of the tools.
pub(super) async fn call(link: &Link, name: &str, arguments: JsonObject) -> Result<CallToolResult, String> {
    if name == ORDERS {
        let OrdersArguments { date, region, account, offset, limit } = read_arguments(arguments)?;
        let max_age_ms = offset.filter(|offset| *offset > 0).map(|_| ONE_READING_MS);
        let account = account.or_else(|| link.account().map(str::to_owned));
        let region = region.as_deref().map(named);
        let params = AccountOrdersParams { date, region, max_age_ms, timeout_ms: None, account };
        return piece::<method::AccountOrders>(link, &params, ("orders", offset, limit)).await;
    }
    let PeriodArguments { from, to, region, account, offset, limit } = read_arguments(arguments)?;
    let max_age_ms = offset.filter(|offset| *offset > 0).map(|_| ONE_READING_MS);
    let account = account.or_else(|| link.account().map(str::to_owned));
    let region = region.as_deref().map(named);
    let params = AccountPeriodParams { from, to, region, max_age_ms, timeout_ms: None, account };
    match name {
        EXECUTIONS => piece::<method::AccountExecutions>(link, &params, ("executions", offset, limit)).await,
        _ => piece::<method::AccountProfits>(link, &params, ("by_stock", offset, limit)).await,
    }
}

/// A region by its name; the daemon says what is wrong with another.
fn named(region: &str) -> TradeRegion {
    serde_json::from_value(region.into()).unwrap_or(TradeRegion::Unknown)
}

async fn piece<M: Method>(
    link: &Link,
    params: &M::Params,
    (rows, offset, limit): (&str, Option<u64>, Option<u64>),
) -> Result<CallToolResult, String>
where
    Piece<M::Result>: Told,
{
    let mut list = ask::<M>(link, PAGES, params).await?;
    cut(&mut list, rows, offset, limit);
    result::<Piece<M::Result>>(list, LONGEST)
}

/// Cuts a list to the rows that are asked for.
pub(super) fn cut(list: &mut Value, rows: &str, offset: Option<u64>, limit: Option<u64>) {
    let Some(members) = list.as_object_mut() else { return };
    let Some(rows) = members.get_mut(rows).and_then(Value::as_array_mut) else { return };
    let count = rows.len();
    let number = |asked: Option<u64>, usual| asked.map_or(usual, |asked| usize::try_from(asked).unwrap_or(usize::MAX));
    let begin = number(offset, 0).min(count);
    let end = begin.saturating_add(number(limit, USUAL).min(MOST)).min(count);
    rows.truncate(end);
    rows.drain(..begin);
    members.insert("rows_count".to_owned(), count.into());
    members.insert("rows_offset".to_owned(), begin.into());
    members.insert("next_offset".to_owned(), if end < count { end.into() } else { Value::Null });
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| number.to_string())
}

fn name(name: Option<&String>) -> String {
    name.map_or_else(|| "-".to_owned(), |name| quoted(name))
}

/// The name of a value as it is on the wire.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => "unknown".to_owned(),
    }
}

/// What stands below the rows.
pub(super) fn ending(text: &mut String, tool: &str, place: &Place, complete: bool) {
    // Writing to a string cannot fail.
    if place.rows_offset > 0 {
        let _ = write!(text, "\n{} rows come before these.", place.rows_offset);
    }
    if let Some(next) = place.next_offset {
        let left = place.rows_count.saturating_sub(next);
        let _ = write!(text, "\n{left} more: call {tool} again with offset {next}.");
    }
    if !complete {
        text.push_str("\nKIS's list goes on: these are not all. Ask for fewer days.");
    }
}

impl Told for Piece<AccountOrders> {
    fn tell(&self) -> String {
        let Self { list, place } = self;
        let mut text = format!(
            "{DATA} {} orders of {} in account {} as of {}, oldest first, as time, number, code, name, side, kind, quantity, price, \
             filled, average price, waiting, state:",
            place.rows_count,
            list.date,
            quoted(&list.account_name),
            list.as_of.to_rfc3339(),
        );
        for order in &list.orders {
            let _ = write!(
                text,
                "\n{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}",
                order.ordered_at.map_or_else(|| order.order_date.to_string(), |at| at.to_rfc3339()),
                quoted(&order.order_no),
                quoted(&order.stock_code),
                name(order.stock_name.as_ref()),
                order.side.map_or_else(|| "-".to_owned(), |side| word(&side)),
                word(&order.kind),
                order.quantity,
                said(order.price),
                order.filled_quantity,
                said(order.average_price),
                order.remaining_quantity,
                word(&order.state),
            );
        }
        match &list.reserved {
            Some(reserved) => {
                let _ = write!(text, "\n{} reservations", reserved.len());
                for order in reserved {
                    let _ = write!(
                        text,
                        "\nreserved {}, {}, {}, {}, {} at {}, status {}",
                        quoted(&order.reservation_no),
                        quoted(&order.stock_code),
                        name(order.stock_name.as_ref()),
                        order.side.map_or_else(|| "-".to_owned(), |side| word(&side)),
                        order.quantity,
                        said(order.price),
                        name(order.status.as_ref()),
                    );
                }
            }
            None => {
                let _ = write!(text, "\nReservations are not known: {}", name(list.reserved_reason.as_ref()));
            }
        }
        ending(&mut text, ORDERS, place, list.complete);
        text
    }
}

impl Told for Piece<AccountExecutions> {
    fn tell(&self) -> String {
        let Self { list, place } = self;
        let mut text = format!(
            "{DATA} {} orders with fills from {} to {} in account {}, as time of the order, code, name, side, shares filled, average \
             price, amount, currency:",
            place.rows_count,
            list.from,
            list.to,
            quoted(&list.account_name),
        );
        for one in &list.executions {
            let _ = write!(
                text,
                "\n{}, {}, {}, {}, {}, {}, {}, {}",
                one.ordered_at.map_or_else(|| one.order_date.to_string(), |at| at.to_rfc3339()),
                quoted(&one.stock_code),
                name(one.stock_name.as_ref()),
                one.side.map_or_else(|| "-".to_owned(), |side| word(&side)),
                one.quantity,
                said(one.price),
                said(one.amount),
                name(one.currency.as_ref()),
            );
        }
        ending(&mut text, EXECUTIONS, place, list.complete);
        text
    }
}

impl Told for Piece<AccountProfits> {
    fn tell(&self) -> String {
        let Self { list, place } = self;
        let mut text = format!(
            "{DATA} Realised profits from {} to {} in account {}.",
            list.from,
            list.to,
            quoted(&list.account_name)
        );
        for total in &list.totals {
            let _ = write!(text, " Total {} {}.", total.profit_loss, quoted(&total.currency));
        }
        let _ = write!(text, " {} rows, as day, code, name, shares sold, profit, percent, currency:", place.rows_count);
        for one in &list.by_stock {
            let _ = write!(
                text,
                "\n{}, {}, {}, {}, {}, {}, {}",
                one.date,
                quoted(&one.stock_code),
                name(one.stock_name.as_ref()),
                one.sold_quantity,
                one.profit_loss,
                said(one.profit_loss_rate),
                name(one.currency.as_ref()),
            );
        }
        ending(&mut text, PROFITS, place, list.complete);
        text
    }
}
