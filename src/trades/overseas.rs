//! Orders abroad: `inquire-ccnl`.

use super::{Asking, Days, Kind, OrderList, OrderNo, OrderRow, Side, TradesError, all_pages, day, reading, text, time};
use crate::{
    account::Account,
    kis::{
        Environment, KisError,
        row::{Row, rows},
    },
    wire::types::TradeRegion,
};

const ORDERS: &str = "overseas-stock-trading-inquire-ccnl";

/// Every order abroad of these days of the markets, and of a day before and after: KIS lists by the day of the market, which differs
/// from the Korean one. Orders of the US day market that were filled are not in KIS's list.
///
/// # Errors
///
/// If KIS did not answer, or what it answered is no list.
pub async fn overseas(account: &Account, days: Days, asking: Asking) -> Result<OrderList, TradesError> {
    let [first, last] = days.wider(1, 1).written();
    let all = match account.key.client.environment() {
        Environment::Real => "%",
        // Paper trading lists all if nothing is named.
        Environment::Paper => "",
    };
    let params = [
        ("PDNO", all),
        ("ORD_STRT_DT", &*first),
        ("ORD_END_DT", &*last),
        ("SLL_BUY_DVSN", "00"),
        ("CCLD_NCCS_DVSN", "00"),
        ("OVRS_EXCG_CD", all),
        ("SORT_SQN", "DS"),
        ("ORD_DT", ""),
        ("ORD_GNO_BRNO", ""),
        ("ODNO", ""),
    ];
    let called = all_pages(account, asking, ORDERS, &params).await?;
    let rows = reading(account, || read(called.tr_id, called.body.get()))?;
    Ok(OrderList::of([(&*called, rows)].into_iter()))
}

fn read(tr_id: &'static str, body: &str) -> Result<Vec<OrderRow>, KisError> {
    // An empty list is one object of blanks, and others end with one.
    let rows = rows(tr_id, body, "output")?;
    rows.iter().filter(|row| !(row.is_blank("odno") && row.is_blank("pdno"))).map(order).collect()
}

fn order(row: &Row<'_>) -> Result<OrderRow, KisError> {
    let number = row.as_written("odno")?.and_then(OrderNo::of);
    let status = text(row, "prcs_stat_name")?;
    Ok(OrderRow {
        region: TradeRegion::Overseas,
        order_date: day(row, "ord_dt")?,
        korean_date: row.date("dmst_ord_dt")?,
        order_time: time(row, "ord_tmd")?,
        branch: text(row, "ord_gno_brno")?,
        number: number.ok_or_else(|| row.malformed("odno", "is missing"))?,
        original: row.as_written("orgn_odno")?.and_then(OrderNo::of),
        side: Side::of(row.text("sll_buy_dvsn_cd")?),
        kind: kind(row.text("rvse_cncl_dvsn")?, status.as_deref()),
        stock_code: text(row, "pdno")?.ok_or_else(|| row.malformed("pdno", "is missing"))?,
        stock_name: text(row, "prdt_name")?,
        type_code: None,
        type_name: None,
        quantity: row.needed("ft_ord_qty")?,
        price: row.unless_zero("ft_ord_unpr3")?,
        stop_price: None,
        filled: row.needed("ft_ccld_qty")?,
        average: row.unless_zero("ft_ccld_unpr3")?,
        filled_amount: row.unless_zero("ft_ccld_amt3")?,
        remaining: row.needed("nccs_qty")?,
        rejected: None,
        exchange: text(row, "ovrs_excg_cd")?,
        currency: text(row, "tr_crcy_cd")?,
        placed_with: text(row, "mdia_dvsn_name")?,
        loan_date: row.date("loan_dt")?,
        status,
        reason: text(row, "rjct_rson_name")?,
    })
}

fn kind(code: Option<&str>, status: Option<&str>) -> Kind {
    let confirmed = status == Some("완료");
    match code {
        Some("01") => Kind::Amend { confirmed },
        Some("02") => Kind::Cancel { confirmed },
        _ => Kind::New,
    }
}
