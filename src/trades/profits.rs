//! Realised profits: `inquire-period-trade-profit` by stock and `inquire-period-profit` by day at home, `inquire-period-profit` abroad.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use futures_util::future::{try_join, try_join_all};
use rust_decimal::Decimal;

use super::{
    Asking, Days, TradesError, all_pages, day, figure, orders::shown, reading, regions, text, today, told::exact,
};
use crate::{
    account::{Account, calls::Called},
    kis::{
        KisError,
        row::{Row, rows},
    },
    quote::{self, market_of},
    wire::{
        number::Number,
        types::{AccountProfits, DayProfit, Market, ProfitTotals, RealisedProfit, TotalsFrom, TradeRegion},
    },
};

const BY_STOCK: &str = "domestic-stock-trading-inquire-period-trade-profit";
const BY_DAY: &str = "domestic-stock-trading-inquire-period-profit";
const ABROAD: &str = "overseas-stock-trading-inquire-period-profit";

/// What one region adds.
#[derive(Debug)]
struct Part {
    stocks: Vec<RealisedProfit>,
    days: Vec<DayProfit>,
    totals: Vec<ProfitTotals>,
    ended: bool,
    as_of: DateTime<Utc>,
}

/// Realised profits from a day to another.
///
/// # Errors
///
/// If KIS has none for the account, did not answer, or what it answered is none.
pub async fn profits(
    account: &Account,
    (from, to): (Option<&str>, Option<&str>),
    region: Option<TradeRegion>,
    asking: Asking,
) -> Result<AccountProfits, TradesError> {
    let days = Days::between(from, to, today(account))?;
    let regions = regions(account, region)?;
    let lists = regions.len();
    let parts = try_join_all(regions.iter().map(|region| async move {
        match region {
            TradeRegion::Overseas => abroad(account, days, asking).await,
            TradeRegion::Domestic | TradeRegion::Unknown => at_home(account, days, asking).await,
        }
        .map_err(|error| error.of_part(*region, lists))
    }))
    .await?;
    let mut profits = AccountProfits {
        by_stock: Vec::new(),
        by_day: Vec::new(),
        totals: Vec::new(),
        from: days.first,
        to: days.last,
        complete: parts.iter().all(|part| part.ended),
        as_of: shown(parts.iter().map(|part| part.as_of).min().unwrap_or_default()),
        account_name: account.name.to_string(),
        regions,
    };
    for part in parts {
        profits.by_stock.extend(part.stocks);
        profits.by_day.extend(part.days);
        profits.totals.extend(part.totals);
    }
    profits.by_stock.sort_by(|one, other| (one.date, &one.stock_code).cmp(&(other.date, &other.stock_code)));
    profits.by_day.sort_by_key(|day| day.date);
    Ok(profits)
}

async fn at_home(account: &Account, days: Days, asking: Asking) -> Result<Part, TradesError> {
    let [first, last] = days.written();
    let params =
        [("SORT_DVSN", "02"), ("PDNO", ""), ("INQR_STRT_DT", &*first), ("INQR_END_DT", &*last), ("CBLC_DVSN", "00")];
    let daily = [params.as_slice(), &[("INQR_DVSN", "00")]].concat();
    let (by_stock, by_day) =
        try_join(all_pages(account, asking, BY_STOCK, &params), all_pages(account, asking, BY_DAY, &daily)).await?;
    reading(account, || {
        let mut stocks = each(&by_stock, stock_at_home)?;
        // A list that moves while it is read has a row on two pages; KIS has one for a stock, a position and a day.
        once_each(&mut stocks);
        let mut days = each(&by_day, a_day)?;
        once_each(&mut days);
        let totals = rows(by_stock.tr_id, by_stock.body.get(), "output2")?;
        let totals = totals.iter().filter(|row| !row.is_blank("tot_rlzt_pfls")).map(totals_at_home);
        Ok(Part {
            stocks,
            days,
            totals: totals.collect::<Result<_, KisError>>()?,
            ended: by_stock.next.is_none() && by_day.next.is_none(),
            as_of: by_stock.as_of.min(by_day.as_of),
        })
    })
}

fn each<T>(called: &Arc<Called>, read: impl Fn(&Row<'_>) -> Result<T, KisError>) -> Result<Vec<T>, KisError> {
    let rows = rows(called.tr_id, called.body.get(), "output1")?;
    rows.iter().filter(|row| !(row.is_blank("trad_dt") && row.is_blank("trad_day"))).map(read).collect()
}

fn once_each<T: PartialEq>(rows: &mut Vec<T>) {
    let mut kept: Vec<T> = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        if !kept.contains(&row) {
            kept.push(row);
        }
    }
    *rows = kept;
}

fn stock_at_home(row: &Row<'_>) -> Result<RealisedProfit, KisError> {
    Ok(RealisedProfit {
        date: day(row, "trad_dt")?,
        region: TradeRegion::Domestic,
        market: Some(Market::Krx),
        stock_code: text(row, "pdno")?.ok_or_else(|| row.malformed("pdno", "is missing"))?,
        stock_name: text(row, "prdt_name")?,
        currency: Some("KRW".to_owned()),
        position: text(row, "trad_dvsn_name")?,
        loan_date: row.date("loan_dt")?,
        sold_quantity: exact(row.needed("sll_qty")?),
        purchase_price: row.unless_zero("pchs_unpr")?.map(exact),
        purchase_amount: None,
        sold_price: row.unless_zero("sll_pric")?.map(exact),
        sold_amount: exact(row.needed("sll_amt")?),
        profit_loss: exact(row.needed("rlzt_pfls")?),
        profit_loss_rate: figure(row, "pfls_rt")?,
        fee: figure(row, "fee")?,
        tax: figure(row, "tl_tax")?,
        interest: figure(row, "loan_int")?,
        costs: None,
        exchange_rate: None,
        bought_quantity: figure(row, "buy_qty")?,
        bought_amount: figure(row, "buy_amt")?,
        held_quantity: figure(row, "hldg_qty")?,
    })
}

fn a_day(row: &Row<'_>) -> Result<DayProfit, KisError> {
    Ok(DayProfit {
        date: day(row, "trad_dt")?,
        bought_amount: exact(row.needed("buy_amt")?),
        bought_quantity: figure(row, "buy_qty1")?,
        sold_amount: exact(row.needed("sll_amt")?),
        sold_quantity: figure(row, "sll_qty1")?,
        profit_loss: exact(row.needed("rlzt_pfls")?),
        profit_loss_rate: figure(row, "pfls_rt")?,
        fee: figure(row, "fee")?,
        tax: figure(row, "tl_tax")?,
        interest: figure(row, "loan_int")?,
    })
}

fn totals_at_home(row: &Row<'_>) -> Result<ProfitTotals, KisError> {
    Ok(ProfitTotals {
        region: TradeRegion::Domestic,
        currency: "KRW".to_owned(),
        profit_loss: exact(row.needed("tot_rlzt_pfls")?),
        profit_loss_rate: figure(row, "tot_pftrt")?,
        sold_amount: figure(row, "sll_tr_amt_smtl")?,
        bought_amount: figure(row, "buy_tr_amt_smtl")?,
        fee: figure(row, "tot_fee")?,
        tax: figure(row, "tot_tltx")?,
        interest: figure(row, "loan_int")?,
        costs: None,
        totals_from: TotalsFrom::Kis,
    })
}

async fn abroad(account: &Account, days: Days, asking: Asking) -> Result<Part, TradesError> {
    let [first, last] = days.written();
    let params = [
        ("OVRS_EXCG_CD", ""),
        ("NATN_CD", ""),
        ("CRCY_CD", ""),
        ("PDNO", ""),
        ("INQR_STRT_DT", &*first),
        ("INQR_END_DT", &*last),
        // In the currency of each stock.
        ("WCRC_FRCR_DVSN_CD", "01"),
    ];
    let called = all_pages(account, asking, ABROAD, &params).await?;
    // Rows that are alike may be two sales.
    let stocks = reading(account, || each(&called, stock_abroad))?;
    let totals = totals_abroad(&stocks);
    Ok(Part { stocks, days: Vec::new(), totals, ended: called.next.is_none(), as_of: called.as_of })
}

fn stock_abroad(row: &Row<'_>) -> Result<RealisedProfit, KisError> {
    let market = row.text("ovrs_excg_cd")?.and_then(market_of);
    Ok(RealisedProfit {
        date: day(row, "trad_day")?,
        region: TradeRegion::Overseas,
        market,
        stock_code: text(row, "ovrs_pdno")?.ok_or_else(|| row.malformed("ovrs_pdno", "is missing"))?,
        stock_name: text(row, "ovrs_item_name")?,
        currency: market.map(|market| quote::currency_of(market).to_owned()),
        position: None,
        loan_date: None,
        sold_quantity: exact(row.needed("slcl_qty")?),
        purchase_price: row.unless_zero("pchs_avg_pric")?.map(exact),
        purchase_amount: figure(row, "frcr_pchs_amt1")?,
        sold_price: row.unless_zero("avg_sll_unpr")?.map(exact),
        sold_amount: exact(row.needed("frcr_sll_amt_smtl1")?),
        profit_loss: exact(row.needed("ovrs_rlzt_pfls_amt")?),
        profit_loss_rate: figure(row, "pftrt")?,
        fee: None,
        tax: None,
        interest: None,
        costs: figure(row, "stck_sll_tlex")?,
        exchange_rate: row.unless_zero("exrt")?.map(exact),
        bought_quantity: None,
        bought_amount: None,
        held_quantity: None,
    })
}

/// KIS adds up dollars and yen; here each currency has its own.
fn totals_abroad(stocks: &[RealisedProfit]) -> Vec<ProfitTotals> {
    let mut currencies: BTreeMap<&str, [Decimal; 3]> = BTreeMap::new();
    for stock in stocks {
        let sums = currencies.entry(stock.currency.as_deref().unwrap_or_default()).or_default();
        let figures =
            [stock.profit_loss.0, stock.sold_amount.0, stock.costs.map(|Number(costs)| costs).unwrap_or_default()];
        for (sum, figure) in sums.iter_mut().zip(figures) {
            *sum = sum.saturating_add(figure);
        }
    }
    // What is in no known currency is in no sum.
    let known = currencies.into_iter().filter(|(currency, _)| !currency.is_empty());
    known
        .map(|(currency, [profit_loss, sold_amount, costs])| ProfitTotals {
            region: TradeRegion::Overseas,
            currency: currency.to_owned(),
            profit_loss: exact(profit_loss),
            profit_loss_rate: None,
            sold_amount: Some(exact(sold_amount)),
            bought_amount: None,
            fee: None,
            tax: None,
            interest: None,
            costs: Some(exact(costs)),
            totals_from: TotalsFrom::Rows,
        })
        .collect()
}
