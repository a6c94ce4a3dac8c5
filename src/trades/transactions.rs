//! Trades abroad with what they cost and how they were settled: `inquire-period-trans`. KIS has none such at home.

use super::{
    Asking, Days, Side, TradesError, all_pages, day, figure,
    orders::shown,
    reading, regions, text, today,
    told::{exact, side},
};
use crate::{
    account::Account,
    kis::{
        KisError,
        row::{Row, rows},
    },
    wire::types::{AccountTransactions, TradeRegion, Transaction},
};

const TRANSACTIONS: &str = "overseas-stock-trading-inquire-period-trans";

/// Trades from a day to another.
///
/// # Errors
///
/// If KIS has none for the account, did not answer, or what it answered is none.
pub async fn transactions(
    account: &Account,
    (from, to): (Option<&str>, Option<&str>),
    region: Option<TradeRegion>,
    asking: Asking,
) -> Result<AccountTransactions, TradesError> {
    let days = Days::between(from, to, today(account))?;
    let regions: Vec<TradeRegion> = regions(account, region)?;
    if !regions.contains(&TradeRegion::Overseas) {
        return Err(TradesError::NotSupported(
            "KIS lists transactions of stocks abroad only; at home account.executions has what was filled, and account.profits what \
             was gained with fees and taxes"
                .to_owned(),
        ));
    }
    let [first, last] = days.written();
    let params = [
        ("ERLM_STRT_DT", &*first),
        ("ERLM_END_DT", &*last),
        ("OVRS_EXCG_CD", ""),
        ("PDNO", ""),
        ("SLL_BUY_DVSN_CD", "00"),
        ("LOAN_DVSN_CD", ""),
    ];
    let called = all_pages(account, asking, TRANSACTIONS, &params).await?;
    // Two fills may be alike, so none is left out.
    let mut transactions = reading(account, || {
        let rows = rows(called.tr_id, called.body.get(), "output1")?;
        rows.iter().filter(|row| !row.is_blank("trad_dt")).map(transaction).collect::<Result<Vec<_>, KisError>>()
    })?;
    transactions.sort_by_key(|one| one.date);
    Ok(AccountTransactions {
        transactions,
        from: days.first,
        to: days.last,
        regions: vec![TradeRegion::Overseas],
        complete: called.next.is_none(),
        account_name: account.name.to_string(),
        as_of: shown(called.as_of),
    })
}

fn transaction(row: &Row<'_>) -> Result<Transaction, KisError> {
    // Of a mini-stock KIS tells the fraction apart.
    let fraction = row.unless_zero("amt_unit_ccld_qty")?;
    let quantity = match row.unless_zero("ccld_qty")?.or(fraction) {
        Some(quantity) => quantity,
        None => row.needed("ccld_qty")?,
    };
    Ok(Transaction {
        date: day(row, "trad_dt")?,
        settlement_date: row.date("sttl_dt")?,
        side: Side::of(row.text("sll_buy_dvsn_cd")?).map(side),
        side_name: text(row, "sll_buy_dvsn_name")?,
        stock_code: text(row, "pdno")?.ok_or_else(|| row.malformed("pdno", "is missing"))?,
        standard_code: text(row, "std_pdno")?,
        stock_name: text(row, "ovrs_item_name")?,
        currency: text(row, "crcy_cd")?,
        quantity: exact(quantity),
        price: row.unless_zero("ovrs_stck_ccld_unpr")?.or(row.unless_zero("ft_ccld_unpr2")?).map(exact),
        amount: figure(row, "tr_frcr_amt2")?,
        settled_amount: figure(row, "frcr_excc_amt_1")?,
        fee: figure(row, "dmst_frcr_fee1")?,
        foreign_fee: figure(row, "frcr_fee1")?,
        amount_krw: figure(row, "tr_amt")?,
        settled_amount_krw: figure(row, "wcrc_excc_amt")?,
        fee_krw: figure(row, "dmst_wcrc_fee")?,
        foreign_fee_krw: figure(row, "ovrs_wcrc_fee")?,
        exchange_rate: row.unless_zero("erlm_exrt")?.map(exact),
        loan: text(row, "loan_dvsn_name")?,
    })
}
