//! The orders of a day.

use chrono::{DateTime, FixedOffset, SubsecRound, Utc};
use futures_util::future::{join, try_join_all};

use super::{
    Asking, Days, Known, OrderList, OrderRow, TradesError, days::in_the_us, domestic, overseas, regions, reserved,
    today, told,
};
use crate::{
    account::{Account, calls::Refused},
    clock,
    wire::types::{AccountOrders, TradeRegion},
};

/// The orders of a day, or of today. `known` tells what kisd itself knows of each.
///
/// # Errors
///
/// If a list of orders is not there; that of reservations may be missing.
pub async fn orders(
    account: &Account,
    (date, region): (Option<&str>, Option<TradeRegion>),
    asking: Asking,
    known: impl Fn(&OrderRow) -> Known,
) -> Result<AccountOrders, TradesError> {
    let today = today(account);
    let day = Days::named("date", date, today)?;
    let abroad = abroad(account, day, date.is_some());
    let regions = regions(account, region)?;
    let (list, reserved) =
        join(lists(account, &regions, (day, abroad), asking), reserved(account, &regions, day.first, asking)).await;
    let list = list?;
    let (reserved, reserved_reason) = match reserved {
        Ok(reserved) => (Some(reserved), None),
        Err(TradesError::Refused(Refused::NotInMode { environment, .. })) => {
            (None, Some(format!("KIS lists no reservations of {} accounts", environment.name())))
        }
        Err(error) => (None, Some(error.to_string())),
    };
    Ok(AccountOrders {
        orders: told(&list, today, |row| is_of(row, (day, abroad)), known),
        reserved,
        reserved_reason,
        date: day.first,
        regions,
        complete: list.ended,
        account_name: account.name.to_string(),
        as_of: shown(list.as_of),
    })
}

/// The days abroad. Whoever says no day means the session that goes on, and at night the day of the US is the one before.
pub(super) fn abroad(account: &Account, days: Days, is_said: bool) -> Days {
    match is_said {
        true => days,
        false => Days { first: in_the_us(account.key.client.clock().now()).min(days.first), ..days },
    }
}

/// Whether an order is of these days: of those at home by Korea's, of those abroad by either place's.
pub(super) fn is_of(row: &OrderRow, (home, abroad): (Days, Days)) -> bool {
    match row.region {
        TradeRegion::Overseas => abroad.has(row.order_date) || row.korean_date.is_some_and(|date| home.has(date)),
        TradeRegion::Domestic | TradeRegion::Unknown => home.has(row.order_date),
    }
}

/// The lists of orders at home and abroad together, each of its days.
pub(super) async fn lists(
    account: &Account,
    regions: &[TradeRegion],
    (home, abroad): (Days, Days),
    asking: Asking,
) -> Result<OrderList, TradesError> {
    let lists = regions.iter().map(|region| async move {
        let list = match region {
            TradeRegion::Overseas => overseas(account, abroad, asking).await,
            TradeRegion::Domestic | TradeRegion::Unknown => domestic(account, home, asking).await,
        };
        // Better no list than half of one.
        list.map_err(|error| error.of_part(*region, regions.len()))
    });
    Ok(try_join_all(lists).await?.into_iter().reduce(OrderList::and).unwrap_or_default())
}

/// An instant as it is shown: Korean time, to the millisecond.
pub(super) fn shown(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    clock::kst(at).trunc_subsecs(3)
}
