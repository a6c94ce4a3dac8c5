//! The money of an account abroad, and its holdings as they were settled: `inquire-present-balance`. From 18:10 until half an hour after
//! the American close it is without what has just been traded there, so how much is held is not taken from here, but for mini-stock.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    asking::{Asking, Fault, row, rows},
    plain,
};
use crate::{
    account::calls::Called,
    kis::{KisError, row::Row},
    quote::{currency_of, market_of},
    wire::types::{CurrencyBalance, Market, OverseasHolding, OverseasPosition, OverseasTotals},
};

/// The operation.
pub(super) const OPERATION: &str = "overseas-stock-trading-inquire-present-balance";

/// Which stocks are asked for (`INQR_DVSN_CD`).
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    All,
    MiniStock,
}

/// What KIS answers.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) called: Arc<Called>,
    pub(super) rows: Vec<PresentRow>,
    pub(super) currencies: Vec<CurrencyBalance>,
    pub(super) totals: OverseasTotals,
}

/// A stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PresentRow {
    pub(super) code: String,
    name: Option<String>,
    /// None: KIS does not say it.
    pub(super) market: Option<Market>,
    currency: Option<String>,
    pub(super) loan_date: Option<NaiveDate>,
    pub(super) quantity: Decimal,
    settled: Option<Decimal>,
    bought_today: Option<Decimal>,
    sold_today: Option<Decimal>,
    avg_price: Option<Decimal>,
    price: Option<Decimal>,
    paid: Option<Decimal>,
    worth: Option<Decimal>,
    gain: Option<Decimal>,
    rate: Option<Decimal>,
    exchange_rate: Option<Decimal>,
    unit: Option<Decimal>,
}

/// Asks for it, in the currencies themselves.
pub(super) async fn present(asking: &Asking<'_>, which: Which) -> Result<Present, Fault> {
    let which = match which {
        Which::All => "00",
        Which::MiniStock => "02",
    };
    let params = [
        // The other way round than in the domestic call for margin: 02 is foreign currency.
        ("WCRC_FRCR_DVSN_CD", "02".to_owned()),
        ("NATN_CD", "000".to_owned()),
        ("TR_MKET_CD", "00".to_owned()),
        ("INQR_DVSN_CD", which.to_owned()),
    ];
    let called = asking.all(OPERATION, params).await?;
    asking.read(|| {
        let mut stocks = Vec::new();
        for row in rows(&called, "output1")? {
            let Some(code) = row.text("pdno")? else { continue };
            stocks.push(PresentRow::of(&row, code)?);
        }
        stocks.retain(|stock| !stock.quantity.is_zero());
        let mut currencies = Vec::new();
        for row in rows(&called, "output2")? {
            let Some(currency) = row.text("crcy_cd")? else { continue };
            currencies.push(of_currency(&row, currency, &stocks)?);
        }
        let totals = totals(&row(&called, "output3")?)?;
        Ok(Present { rows: stocks, currencies, totals, called: called.clone() })
    })
}

impl PresentRow {
    fn of(row: &Row<'_>, code: &str) -> Result<Self, KisError> {
        Ok(Self {
            code: code.to_owned(),
            name: row.text("prdt_name")?.map(str::to_owned),
            market: row.text("ovrs_excg_cd")?.and_then(market_of),
            currency: row.text("buy_crcy_cd")?.map(str::to_owned),
            loan_date: row.date("loan_dt")?,
            // What is held; cblc_qty13 is what is settled, and may be 0 meanwhile.
            quantity: row.needed("ccld_qty_smtl1")?,
            settled: row.number("cblc_qty13")?,
            bought_today: row.number("thdt_buy_ccld_qty1")?,
            sold_today: row.number("thdt_sll_ccld_qty1")?,
            avg_price: row.unless_zero("avg_unpr3")?,
            price: row.unless_zero("ovrs_now_pric1")?,
            paid: row.number("frcr_pchs_amt")?,
            worth: row.number("frcr_evlu_amt2")?,
            gain: row.number("evlu_pfls_amt2")?,
            rate: row.number("evlu_pfls_rt1")?,
            exchange_rate: row.unless_zero("bass_exrt")?,
            unit: row.unless_zero("unit_amt")?,
        })
    }

    /// The holding with what only this call says of it.
    pub(super) fn completes(&self, holding: OverseasHolding) -> OverseasHolding {
        OverseasHolding {
            settled_quantity: self.settled.map(plain),
            bought_today: self.bought_today.map(plain),
            sold_today: self.sold_today.map(plain),
            exchange_rate: self.exchange_rate.map(plain),
            exchange_rate_unit: self.unit.map(plain),
            ..holding
        }
    }

    /// The row of a fraction, as a holding.
    pub(super) fn mini_stock(&self) -> OverseasHolding {
        let market = self.market.unwrap_or(Market::Unknown);
        let of_price = |number: Option<Decimal>| self.price.and(number).map(plain);
        self.completes(OverseasHolding {
            stock_code: self.code.clone(),
            stock_name: self.name.clone(),
            market,
            currency: self.currency.clone().unwrap_or_else(|| currency_of(market).to_owned()),
            position: OverseasPosition::MiniStock,
            loan_type: None,
            loan_date: None,
            loan_expires_on: None,
            quantity: plain(self.quantity),
            sellable: plain(Decimal::ZERO),
            avg_price: self.avg_price.map(plain),
            current_price: self.price.map(plain),
            purchase_amount: self.paid.map(plain),
            evaluation_amount: of_price(self.worth),
            profit_loss: of_price(self.gain),
            profit_loss_rate: of_price(self.rate),
            settled_quantity: None,
            bought_today: None,
            sold_today: None,
            exchange_rate: None,
            exchange_rate_unit: None,
        })
    }
}

fn of_currency(row: &Row<'_>, currency: &str, stocks: &[PresentRow]) -> Result<CurrencyBalance, KisError> {
    let number = |name| row.number(name).map(|number| number.map(plain));
    let stock = stocks.iter().find(|stock| stock.currency.as_deref() == Some(currency));
    Ok(CurrencyBalance {
        currency: currency.to_owned(),
        deposit: number("frcr_dncl_amt_2")?,
        withdrawable: number("frcr_drwg_psbl_amt_1")?,
        withdrawable_next_day: number("nxdy_frcr_drwg_psbl_amt")?,
        bought: number("frcr_buy_amt_smtl")?,
        sold: number("frcr_sll_amt_smtl")?,
        margin_for_buys: number("frcr_buy_mgn_amt")?,
        margin_for_others: number("frcr_etc_mgna")?,
        exchange_rate: row.unless_zero("frst_bltn_exrt")?.map(plain),
        exchange_rate_unit: stock.and_then(|stock| stock.unit).map(plain),
    })
}

/// Not by `frcr_evlu_tota`: it was found to be five times of what there was.
fn totals(row: &Row<'_>) -> Result<OverseasTotals, KisError> {
    let number = |name| row.number(name).map(|number| number.map(plain));
    Ok(OverseasTotals {
        purchase_amount: number("pchs_amt_smtl")?,
        evaluation_amount: number("evlu_amt_smtl")?,
        profit_loss: number("tot_evlu_pfls_amt")?,
        profit_loss_rate: number("evlu_erng_rt1")?,
        deposit: number("dncl_amt")?,
        foreign_cash: number("tot_frcr_cblc_smtl")?,
        total_deposit: number("tot_dncl_amt")?,
        withdrawable: number("wdrw_psbl_tot_amt")?,
        unsettled_buys: number("ustl_buy_amt_smtl")?,
        unsettled_sells: number("ustl_sll_amt_smtl")?,
        loans: number("tot_loan_amt")?,
        total_assets: number("tot_asst_amt")?,
    })
}
