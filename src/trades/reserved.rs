//! Orders that KIS passes on at the next session: `order-resv-ccnl` at home, `order-resv-list` abroad. Paper trading lists none.

use chrono::NaiveDate;
use futures_util::future::try_join_all;

use super::{
    Asking, Days, OrderNo, Side, TradesError, all_pages, instant, reading, text, time,
    told::{exact, side},
};
use crate::{
    account::Account,
    kis::{
        KisError,
        row::{Row, rows},
    },
    quote::market_of,
    wire::types::{Market, ReservedOrder, TradeRegion},
};

const HOME: &str = "domestic-stock-trading-order-resv-ccnl";
const US: &str = "overseas-stock-trading-order-resv-list-us";
const ASIA: &str = "overseas-stock-trading-order-resv-list-asia";

/// Days that a reservation at home may have been waiting, and days until its first session: KIS takes them for thirty days, and over
/// holidays.
const AT_HOME: (u64, u64) = (31, 10);

/// The same abroad, where KIS lists less than a week at once.
const ABROAD: (u64, u64) = (5, 1);

/// The reservations that were open on a day.
pub(super) async fn reserved(
    account: &Account,
    regions: &[TradeRegion],
    date: NaiveDate,
    asking: Asking,
) -> Result<Vec<ReservedOrder>, TradesError> {
    let operations = [(HOME, TradeRegion::Domestic), (US, TradeRegion::Overseas), (ASIA, TradeRegion::Overseas)];
    let asked = operations.into_iter().filter(|(_, region)| regions.contains(region));
    let lists = try_join_all(asked.map(|(operation, region)| async move {
        let (before, after) = if region == TradeRegion::Domestic { AT_HOME } else { ABROAD };
        let [first, last] = Days::one(date).wider(before, after).written();
        let params: &[_] = match region {
            TradeRegion::Domestic | TradeRegion::Unknown => &[
                ("RSVN_ORD_ORD_DT", &*first),
                ("RSVN_ORD_END_DT", &*last),
                ("RSVN_ORD_SEQ", ""),
                ("TMNL_MDIA_KIND_CD", "00"),
                ("PRCS_DVSN_CD", "0"),
                // Without those that were cancelled.
                ("CNCL_YN", "Y"),
                ("PDNO", ""),
                ("SLL_BUY_DVSN_CD", ""),
            ],
            TradeRegion::Overseas => &[
                ("INQR_STRT_DT", &*first),
                ("INQR_END_DT", &*last),
                ("INQR_DVSN_CD", "00"),
                ("PRDT_TYPE_CD", ""),
                ("OVRS_EXCG_CD", ""),
            ],
        };
        let called = all_pages(account, asking, operation, params).await?;
        if called.next.is_some() {
            let message = format!("KIS's list of reservations goes on after {} pages", called.pages);
            return Err(TradesError::NotSupported(message));
        }
        reading(account, || {
            let rows = rows(called.tr_id, called.body.get(), "output")?;
            let is_one = |row: &&Row<'_>| !row.is_blank("pdno");
            let read = if region == TradeRegion::Domestic { at_home } else { abroad };
            rows.iter().filter(is_one).map(read).collect::<Result<Vec<_>, KisError>>()
        })
    }))
    .await?;
    let mut reserved: Vec<ReservedOrder> = Vec::new();
    for order in lists.into_iter().flatten() {
        // The US and Asia may list the same, and a list that moves has a row on two pages.
        if was_open(&order, date) && !reserved.contains(&order) {
            reserved.push(order);
        }
    }
    reserved.sort_by_key(|order| (order.received_date, order.received_at));
    Ok(reserved)
}

/// Whether it was open on a day: from when KIS took it to the last session that it is for, which KIS may not have named yet.
fn was_open(order: &ReservedOrder, date: NaiveDate) -> bool {
    let first = order.received_date.or(order.order_date).unwrap_or(date);
    let last = order.until.max(order.order_date).unwrap_or(date).max(first);
    (first..=last).contains(&date)
}

fn at_home(row: &Row<'_>) -> Result<ReservedOrder, KisError> {
    let received_date = row.date("rsvn_ord_rcit_dt")?;
    Ok(ReservedOrder {
        reservation_no: text(row, "rsvn_ord_seq")?.ok_or_else(|| row.malformed("rsvn_ord_seq", "is missing"))?,
        received_date,
        received_at: instant(received_date, time(row, "rsvn_ord_rcit_tmd")?),
        order_date: row.date("rsvn_ord_ord_dt")?,
        until: row.date("rsvn_end_dt")?,
        region: TradeRegion::Domestic,
        market: Some(Market::Krx),
        stock_code: text(row, "pdno")?.unwrap_or_default(),
        stock_name: text(row, "kor_item_shtn_name")?,
        side: Side::of(row.text("sll_buy_dvsn_cd")?).map(side),
        type_code: text(row, "ord_dvsn_cd")?,
        quantity: exact(row.needed("ord_rsvn_qty")?),
        price: row.unless_zero("ord_rsvn_unpr")?.map(exact),
        filled_quantity: row.number("tot_ccld_qty")?.map(exact),
        order_no: number(row)?,
        status: text(row, "prcs_rslt")?,
        cancelled: row.date("cncl_ord_dt")?.is_some(),
        reason: text(row, "rjct_rson2")?,
    })
}

fn abroad(row: &Row<'_>) -> Result<ReservedOrder, KisError> {
    let received_date = row.date("rsvn_ord_rcit_dt")?;
    let reservation = text(row, "ovrs_rsvn_odno")?;
    Ok(ReservedOrder {
        reservation_no: reservation.ok_or_else(|| row.malformed("ovrs_rsvn_odno", "is missing"))?,
        received_date,
        received_at: instant(received_date, time(row, "ord_rcit_tmd")?),
        order_date: row.date("ord_dt")?,
        until: None,
        region: TradeRegion::Overseas,
        market: row.text("ovrs_excg_cd")?.and_then(market_of),
        stock_code: text(row, "pdno")?.unwrap_or_default(),
        stock_name: text(row, "prdt_name")?,
        side: Side::of(row.text("sll_buy_dvsn_cd")?).map(side),
        type_code: None,
        quantity: exact(row.needed("ft_ord_qty")?),
        price: row.unless_zero("ft_ord_unpr3")?.map(exact),
        filled_quantity: row.number("ft_ccld_qty")?.map(exact),
        order_no: number(row)?,
        status: text(row, "ovrs_rsvn_ord_stat_cd_name")?,
        cancelled: row.flag("cncl_yn")?,
        reason: text(row, "nprc_rson_text")?,
    })
}

/// The number of the order that was made of it.
fn number(row: &Row<'_>) -> Result<Option<String>, KisError> {
    Ok(row.text("odno")?.and_then(OrderNo::of).map(|number| number.as_written().to_owned()))
}
