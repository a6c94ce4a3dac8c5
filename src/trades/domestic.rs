//! Orders at home: `inquire-daily-ccld`.

use super::{
    Asking, Days, Kind, OrderList, OrderNo, OrderRow, Side, TradesError, all_pages, day, reading, text, time, today,
};
use crate::{
    account::{Account, calls::Called},
    kis::{
        Environment, KisError,
        row::{Row, rows},
    },
    wire::types::TradeRegion,
};
use futures_util::future::try_join_all;

/// Days that KIS keeps at hand, and those before.
const RECENT: &str = "domestic-stock-trading-inquire-daily-ccld-within-3m";
const OLD: &str = "domestic-stock-trading-inquire-daily-ccld-before-3m";

/// Every order at home that was given on these days, by whomever.
///
/// # Errors
///
/// If KIS did not answer, or what it answered is no list.
pub async fn domestic(account: &Account, days: Days, asking: Asking) -> Result<OrderList, TradesError> {
    let (recent, old) = days.by_age(today(account));
    let parts = [(OLD, old), (RECENT, recent)].into_iter().filter_map(|(operation, days)| Some((operation, days?)));
    let exchanges = match account.key.client.environment() {
        Environment::Real => "ALL",
        // Paper trading has one exchange.
        Environment::Paper => "KRX",
    };
    let answers = try_join_all(parts.map(|(operation, days)| async move {
        let [first, last] = days.written();
        let params = [
            ("INQR_STRT_DT", &*first),
            ("INQR_END_DT", &*last),
            ("SLL_BUY_DVSN_CD", "00"),
            ("PDNO", ""),
            ("ORD_GNO_BRNO", ""),
            ("ODNO", ""),
            ("CCLD_DVSN", "00"),
            ("INQR_DVSN", "00"),
            ("INQR_DVSN_1", ""),
            ("INQR_DVSN_3", "00"),
            ("EXCG_ID_DVSN_CD", exchanges),
        ];
        all_pages(account, asking, operation, &params).await
    }))
    .await?;
    let read = reading(account, || {
        let read = |called: &Called| read(called.tr_id, called.body.get());
        answers.iter().map(|called| Ok((&**called, read(called)?))).collect::<Result<Vec<_>, KisError>>()
    })?;
    Ok(OrderList::of(read.into_iter()))
}

fn read(tr_id: &'static str, body: &str) -> Result<Vec<OrderRow>, KisError> {
    let rows = rows(tr_id, body, "output1")?;
    rows.iter().filter(|row| !(row.is_blank("odno") && row.is_blank("pdno"))).map(order).collect()
}

fn order(row: &Row<'_>) -> Result<OrderRow, KisError> {
    let order_date = day(row, "ord_dt")?;
    let number = row.as_written("odno")?.and_then(OrderNo::of);
    Ok(OrderRow {
        region: TradeRegion::Domestic,
        order_date,
        korean_date: Some(order_date),
        order_time: time(row, "ord_tmd")?,
        branch: text(row, "ord_gno_brno")?,
        number: number.ok_or_else(|| row.malformed("odno", "is missing"))?,
        original: row.as_written("orgn_odno")?.and_then(OrderNo::of),
        side: Side::of(row.text("sll_buy_dvsn_cd")?),
        kind: kind(row.text("sll_buy_dvsn_cd_name")?.unwrap_or_default()),
        stock_code: text(row, "pdno")?.ok_or_else(|| row.malformed("pdno", "is missing"))?,
        stock_name: text(row, "prdt_name")?,
        type_code: text(row, "ord_dvsn_cd")?,
        type_name: text(row, "ord_dvsn_name")?,
        quantity: row.needed("ord_qty")?,
        price: row.unless_zero("ord_unpr")?,
        stop_price: row.unless_zero("stpm_cndt_pric")?,
        filled: row.needed("tot_ccld_qty")?,
        average: row.unless_zero("avg_prvs")?,
        filled_amount: row.unless_zero("tot_ccld_amt")?,
        remaining: row.needed("rmn_qty")?,
        rejected: row.number("rjct_qty")?,
        exchange: text(row, "excg_id_dvsn_cd")?,
        currency: Some("KRW".to_owned()),
        placed_with: text(row, "ordr_empno")?,
        loan_date: row.date("loan_dt")?,
        status: None,
        reason: None,
    })
}

/// By the name of the side, such as `매수취소*`, in which the star says that it has been carried out. The flag `cncl_yn` and the
/// quantity `cncl_cfrm_qty` are not set on rows that were cancelled.
fn kind(side_name: &str) -> Kind {
    let confirmed = side_name.ends_with('*');
    let name = side_name.to_ascii_uppercase();
    let says = |words: [&str; 2]| words.iter().any(|word| name.contains(word));
    if says(["취소", "CANCEL"]) {
        Kind::Cancel { confirmed }
    } else if says(["정정", "AMEND"]) {
        Kind::Amend { confirmed }
    } else {
        Kind::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_side_tells_amendments_and_cancellations_and_a_star_that_they_are_confirmed() {
        for (name, expected) in [
            ("현금매수", Kind::New),
            ("매수정정", Kind::Amend { confirmed: false }),
            ("매수정정*", Kind::Amend { confirmed: true }),
            ("매도취소*", Kind::Cancel { confirmed: true }),
            ("BUY AMEND*", Kind::Amend { confirmed: true }),
            ("Sell Cancel", Kind::Cancel { confirmed: false }),
            ("BUY REJECT", Kind::New),
            ("", Kind::New),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}
