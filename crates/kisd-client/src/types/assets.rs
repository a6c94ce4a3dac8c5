//! All that an account has, by class. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Mode;
use crate::{number::Number, whole};

/// Parameters of `account.assets`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetsParams {
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

/// A class of assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// 주식.
    Stocks,
    /// 펀드/MMW.
    Funds,
    /// IMA.
    Ima,
    /// 채권.
    Bonds,
    /// ELS/DLS.
    ElsDls,
    /// WRAP.
    Wrap,
    /// 신탁.
    Trust,
    /// RP/발행어음.
    Rp,
    /// 해외주식.
    OverseasStocks,
    /// 해외채권.
    OverseasBonds,
    /// 금현물.
    Gold,
    /// CD/CP.
    CdCp,
    /// 전자단기사채.
    ShortTermBonds,
    /// 타사상품.
    OtherProducts,
    /// 외화전자단기사채.
    ForeignShortTermBonds,
    /// 외화 ELS/DLS.
    ForeignElsDls,
    /// 외화.
    ForeignCash,
    /// 예수금.
    Cash,
    /// 청약자예수금.
    SubscriptionCash,
    /// 합계.
    Total,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What there is of a class, in won. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssetClass {
    /// The class.
    pub class: AssetKind,
    /// Paid (pchs_amt).
    pub purchase_amount: Option<Number>,
    /// Worth (evlu_amt).
    pub evaluation_amount: Option<Number>,
    /// Profit or loss (evlu_pfls_amt).
    pub profit_loss: Option<Number>,
    /// Loans on it (crdt_lnd_amt).
    pub loans: Option<Number>,
    /// Worth without loans (real_nass_amt).
    pub net_assets: Option<Number>,
    /// Its share of all in percent (whol_weit_rt).
    pub weight: Option<Number>,
}

/// Cash in won. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssetsCash {
    /// Cash today (dnca_tot_amt; of an account without such a balance dncl_amt).
    pub deposit: Option<Number>,
    /// Cash on the next settlement day (nxdy_excc_amt),
    pub deposit_d1: Option<Number>,
    /// which is this one. Null on a day without trading, and where a day between is not known.
    pub deposit_d1_date: Option<NaiveDate>,
    /// Cash on the settlement day after it (prvs_rcdl_excc_amt),
    pub deposit_d2: Option<Number>,
    /// which is this one.
    pub deposit_d2_date: Option<NaiveDate>,
    /// Cash of all kinds, foreign currency in won (tot_dncl_amt).
    pub total_deposit: Option<Number>,
    /// What can be taken out (wdrw_psbl_tot_amt).
    pub withdrawable: Option<Number>,
    /// 미수금: what is owed for shares; what is not paid in time is sold by force (rcvb_amt).
    pub receivable: Option<Number>,
    /// 당일미수: what of it is of today (thdt_rcvb_amt).
    pub receivable_today: Option<Number>,
    /// Cash in a CMA (cma_evlu_amt).
    pub cma: Option<Number>,
    /// Cash for subscriptions (sbsc_dncl_amt).
    pub subscription_deposit: Option<Number>,
}

/// Loans in won. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssetsLoans {
    /// All of them (loan_amt_smtl).
    pub total: Option<Number>,
    /// For shares bought on margin (crdt_fncg_amt; in paper trading what the holdings add up to).
    pub margin: Option<Number>,
    /// Secured by securities (tot_mgln_amt).
    pub secured: Option<Number>,
    /// Of a CMA by itself (cma_auto_loan_amt).
    pub cma: Option<Number>,
    /// Secured by an MMF or a CMA (mmf_cma_mgge_loan_amt).
    pub mmf_cma: Option<Number>,
    /// For public offerings (pbst_sbsc_fnds_loan_use_amt).
    pub subscription: Option<Number>,
    /// Worth of shares sold short (stln_evlu_amt).
    pub short_sold: Option<Number>,
}

/// The account in won, as KIS adds it up. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssetsTotals {
    /// All of it (tot_asst_amt).
    pub total_assets: Option<Number>,
    /// Without loans (nass_tot_amt).
    pub net_assets: Option<Number>,
    /// Paid for securities (pchs_amt_smtl).
    pub purchase_amount: Option<Number>,
    /// What they are worth (evlu_amt_smtl).
    pub evaluation_amount: Option<Number>,
    /// Their profit or loss (evlu_pfls_amt_smtl).
    pub profit_loss: Option<Number>,
}

/// A call of KIS that an answer is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssetsSource {
    /// KIS's operation.
    pub operation: String,
    /// When KIS answered, Korean time; null: it has not, and what it says is null.
    pub as_of: Option<DateTime<FixedOffset>>,
    /// Why it has not.
    pub missing: Option<String>,
}

/// All that an account has, by class, with its cash and its loans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assets {
    /// What there is of each class, and the total. KIS names no class and goes by their order, so there are none (null) where it
    /// is not the known one of twenty. In paper trading only those that other calls tell of.
    pub classes: Option<Vec<AssetClass>>,
    /// Cash.
    pub cash: AssetsCash,
    /// Loans.
    pub loans: AssetsLoans,
    /// The account in won. In paper trading null.
    pub totals: AssetsTotals,
    /// The calls that it is made of.
    pub sources: Vec<AssetsSource>,
    /// Real money or paper trading.
    pub mode: Mode,
    /// The account number with its middle hidden.
    pub account: String,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered the first of them, Korean time.
    pub as_of: DateTime<FixedOffset>,
}
