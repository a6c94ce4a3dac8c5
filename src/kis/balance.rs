//! Balance of a domestic stock account (`TTTC8434R` / `VTTC8434R`): the query, and what an answer says. [`page`] reads one.

mod page;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    Effect, Environment, Tr,
    client::{Call, Query},
    paging::PageKey,
};

pub use self::page::{Page, SoldOut, parse};

const PATH: &str = "/uapi/domestic-stock/v1/trading/inquire-balance";

/// Which market's prices KIS calculates with (`AFHR_FLPR_YN`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceBasis {
    /// The regular market of the Korea Exchange.
    #[default]
    Krx,
    /// NXT, for stocks that are traded there.
    Nxt,
    /// Both as KIS unifies them.
    Unified,
}

impl PriceBasis {
    /// The name used in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Krx => "krx",
            Self::Nxt => "nxt",
            Self::Unified => "unified",
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Krx => "N",
            Self::Nxt => "X",
            // It meant the single price after hours, which was abolished on 2026-09-14.
            Self::Unified => "Y",
        }
    }
}

/// What tells two rows of a list apart: a stock may be held in cash, and on margin by several loans.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// `pdno`.
    pub stock_code: String,
    /// `trad_dvsn_name`.
    pub position: String,
    /// `loan_dt`; some margin rows have none.
    pub loan_date: String,
    /// `expd_dt`.
    pub expiry_date: String,
}

/// One holding (a row of `output1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// What tells it from all other rows.
    pub key: RowKey,
    /// `prdt_name`.
    pub stock_name: String,
    /// `hldg_qty`, in shares.
    pub quantity: i64,
    /// `ord_psbl_qty`, in shares.
    pub available_quantity: i64,
    /// `pchs_avg_pric`, in won with up to four decimals.
    pub avg_price: Decimal,
    /// `pchs_amt`, in won; KIS loses up to a won of it.
    pub purchase_amount: i64,
    /// What it is worth; `None` while the market has not loaded its price.
    pub worth: Option<Worth>,
    /// `loan_dt`.
    pub loan_date: Option<NaiveDate>,
    /// `loan_amt`, in won.
    pub loan_amount: Option<i64>,
}

/// What a price makes of a holding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// `prpr`, in won; never 0.
    pub price: i64,
    /// `evlu_amt`, in won.
    pub evaluation_amount: i64,
    /// `evlu_pfls_amt`, in won.
    pub profit_loss: i64,
    /// `evlu_pfls_rt`, in percent.
    pub profit_loss_rate: Decimal,
}

/// The account as a whole (`output2`), in won.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// `tot_evlu_amt`.
    pub total_evaluation: i64,
    /// `dnca_tot_amt`.
    pub deposit: i64,
    /// `nxdy_excc_amt`.
    pub deposit_d1: i64,
    /// `prvs_rcdl_excc_amt`.
    pub deposit_d2: i64,
    /// `nass_amt`.
    pub net_assets: i64,
    /// `pchs_amt_smtl_amt`.
    pub purchase_amount: i64,
    /// `evlu_amt_smtl_amt`.
    pub evaluation_amount: i64,
    /// `evlu_pfls_smtl_amt`.
    pub profit_loss: i64,
}

/// The query of one page.
pub fn query<'a>(
    cano: &'a str,
    product_code: &'a str,
    prices: PriceBasis,
    page: &'a PageKey,
) -> [(&'static str, &'a str); 11] {
    [
        ("CANO", cano),
        ("ACNT_PRDT_CD", product_code),
        ("AFHR_FLPR_YN", prices.code()),
        ("OFL_YN", ""),
        // By issue and loan date: a cash and a margin position of one stock stay two rows.
        ("INQR_DVSN", "01"),
        ("UNPR_DVSN", "01"),
        ("FUND_STTL_ICLD_YN", "N"),
        ("FNCG_AMT_AUTO_RDPT_YN", "N"),
        ("PRCS_DVSN", "00"),
        ("CTX_AREA_FK100", &page.fk),
        ("CTX_AREA_NK100", &page.nk),
    ]
}

/// The call for the page that `query` asks for.
pub fn call<'a>(environment: Environment, query: &'a [(&'static str, &'a str)], next_page: bool) -> Call<'a> {
    let query = Query::Params(query);
    Call {
        path: PATH,
        tr_id: Tr::INQUIRE_BALANCE.id(environment),
        unlisted: None,
        effect: Effect::Read,
        query,
        next_page,
    }
}
