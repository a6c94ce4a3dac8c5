//! Stocks abroad and money in other currencies. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Mode, stock::Market};
use crate::{number::Number, whole};

/// Parameters of `account.overseasBalance`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverseasBalanceParams {
    /// Markets whose holdings are asked for. Left out: the American ones, and with a real account those others of which KIS shows
    /// holdings or money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markets: Option<Vec<Market>>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// How a stock abroad is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverseasPosition {
    /// Paid for.
    Cash,
    /// A loan is secured by it.
    Pledged,
    /// A fraction of 미니스탁, which orders cannot sell.
    MiniStock,
    /// In another way: `loan_type` is KIS's code of it.
    Other,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// A stock abroad as it is held in one way. Amounts are in `currency`. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverseasHolding {
    /// Its symbol (ovrs_pdno).
    pub stock_code: String,
    /// Its name (ovrs_item_name).
    pub stock_name: Option<String>,
    /// Its market (ovrs_excg_cd).
    pub market: Market,
    /// Its currency (tr_crcy_cd).
    pub currency: String,
    /// How it is held: a stock has a row for each way.
    pub position: OverseasPosition,
    /// KIS's code of the way (loan_type_cd).
    pub loan_type: Option<String>,
    /// Day of the loan (loan_dt).
    pub loan_date: Option<NaiveDate>,
    /// When the loan ends (expd_dt).
    pub loan_expires_on: Option<NaiveDate>,
    /// Shares, with fractions (ovrs_cblc_qty; of mini-stock ccld_qty_smtl1).
    pub quantity: Number,
    /// Shares that an order can sell now (ord_psbl_qty); none of mini-stock.
    pub sellable: Number,
    /// Average purchase price (pchs_avg_pric).
    pub avg_price: Option<Number>,
    /// The price that it is reckoned with (now_pric2): while the American day market is open that of the night before.
    pub current_price: Option<Number>,
    /// Paid (frcr_pchs_amt1).
    pub purchase_amount: Option<Number>,
    /// Worth (ovrs_stck_evlu_amt).
    pub evaluation_amount: Option<Number>,
    /// Profit or loss (frcr_evlu_pfls_amt).
    pub profit_loss: Option<Number>,
    /// The same in percent (evlu_pfls_rt).
    pub profit_loss_rate: Option<Number>,
    /// Shares that are settled, by the present balance (cblc_qty13); null where it has no such row.
    pub settled_quantity: Option<Number>,
    /// Shares bought today, by the present balance (thdt_buy_ccld_qty1).
    pub bought_today: Option<Number>,
    /// Shares sold today, by the present balance (thdt_sll_ccld_qty1).
    pub sold_today: Option<Number>,
    /// Won for `exchange_rate_unit` of the currency, by the present balance (bass_exrt).
    pub exchange_rate: Option<Number>,
    /// What the rate is for: 100 for yen (unit_amt).
    pub exchange_rate_unit: Option<Number>,
}

/// Cash in a currency. What KIS does not say is null; a currency that is not listed is one of which KIS says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CurrencyBalance {
    /// The currency (crcy_cd).
    pub currency: String,
    /// Cash (frcr_dncl_amt_2).
    pub deposit: Option<Number>,
    /// What can be taken out now (frcr_drwg_psbl_amt_1),
    pub withdrawable: Option<Number>,
    /// and on the next day (nxdy_frcr_drwg_psbl_amt).
    pub withdrawable_next_day: Option<Number>,
    /// Bought for and not settled (frcr_buy_amt_smtl).
    pub bought: Option<Number>,
    /// Sold for and not settled (frcr_sll_amt_smtl).
    pub sold: Option<Number>,
    /// Kept for buys (frcr_buy_mgn_amt).
    pub margin_for_buys: Option<Number>,
    /// Kept for other things (frcr_etc_mgna).
    pub margin_for_others: Option<Number>,
    /// The first rate of the day in won (frst_bltn_exrt).
    pub exchange_rate: Option<Number>,
    /// What the rate is for, where a holding in the currency says it (unit_amt): 100 for yen.
    pub exchange_rate_unit: Option<Number>,
}

/// The account as KIS adds it up in won. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverseasTotals {
    /// Paid for stocks abroad (pchs_amt_smtl).
    pub purchase_amount: Option<Number>,
    /// What they are worth (evlu_amt_smtl).
    pub evaluation_amount: Option<Number>,
    /// Their profit or loss (tot_evlu_pfls_amt).
    pub profit_loss: Option<Number>,
    /// The same in percent (evlu_erng_rt1).
    pub profit_loss_rate: Option<Number>,
    /// Cash in won (dncl_amt).
    pub deposit: Option<Number>,
    /// Cash in all other currencies, in won (tot_frcr_cblc_smtl).
    pub foreign_cash: Option<Number>,
    /// Both together (tot_dncl_amt).
    pub total_deposit: Option<Number>,
    /// What can be taken out (wdrw_psbl_tot_amt).
    pub withdrawable: Option<Number>,
    /// Bought for and not settled (ustl_buy_amt_smtl).
    pub unsettled_buys: Option<Number>,
    /// Sold for and not settled (ustl_sll_amt_smtl).
    pub unsettled_sells: Option<Number>,
    /// Loans (tot_loan_amt).
    pub loans: Option<Number>,
    /// All of it (tot_asst_amt).
    pub total_assets: Option<Number>,
}

/// A stock of which KIS's two calls say different quantities. In the evening the present balance is without what has just been
/// traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverseasDifference {
    /// Its symbol.
    pub stock_code: String,
    /// Day of the loan; null for cash.
    pub loan_date: Option<NaiveDate>,
    /// Shares by the balance, which `holdings` has (ovrs_cblc_qty).
    pub quantity: Number,
    /// Shares by the present balance, from which the money is (ccld_qty_smtl1).
    pub present_quantity: Number,
}

/// What an account has abroad: holdings by the call that shows what has just been traded, money by the one that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverseasBalance {
    /// Holdings: a row for each stock and way of holding it.
    pub holdings: Vec<OverseasHolding>,
    /// The markets whose holdings were asked for; there may be others on others.
    pub markets: Vec<Market>,
    /// Cash by currency. Paper trading does not say it.
    pub currencies: Vec<CurrencyBalance>,
    /// The account in won.
    pub totals: OverseasTotals,
    /// Where the two calls differ.
    pub differences: Vec<OverseasDifference>,
    /// Real money or paper trading.
    pub mode: Mode,
    /// The account number with its middle hidden.
    pub account: String,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered what is held (mini-stock: `money_as_of`); of several markets the first. Korean time.
    pub holdings_as_of: DateTime<FixedOffset>,
    /// When KIS answered the money, Korean time.
    pub money_as_of: DateTime<FixedOffset>,
}
