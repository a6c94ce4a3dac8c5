//! Balance of a domestic stock account (`TTTC8434R` / `VTTC8434R`): the query and one page of the answer.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    Tr,
    client::Call,
    error::KisError,
    field::{Field, Object, Place},
    reply::{More, Reply},
};

const PATH: &str = "/uapi/domestic-stock/v1/trading/inquire-balance";

/// Where the next page starts: opaque to everybody but KIS, echoed as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageKey {
    /// `ctx_area_fk100`.
    pub fk100: String,
    /// `ctx_area_nk100`.
    pub nk100: String,
}

/// One holding (a row of `output1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// `pdno`: six characters.
    pub stock_code: String,
    /// `prdt_name`.
    pub stock_name: String,
    /// `trad_dvsn_name`: what kind of position it is (현금, 자기융자), not a side.
    pub position: String,
    /// `hldg_qty`, in shares.
    pub quantity: i64,
    /// `ord_psbl_qty`, in shares.
    pub available_quantity: i64,
    /// `pchs_avg_pric`, in won with up to four decimals.
    pub avg_price: Decimal,
    /// `pchs_amt`, in won.
    pub purchase_amount: i64,
    /// `prpr`, in won.
    pub current_price: i64,
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

/// One page.
#[derive(Debug)]
pub struct Page {
    /// Its rows, rows of quantity 0 included.
    pub holdings: Vec<Holding>,
    /// The summary, which KIS repeats on every page.
    pub summary: Option<Summary>,
    /// The next page, if there is one.
    pub next: Option<PageKey>,
}

/// The query of one page.
pub fn query<'a>(cano: &'a str, product_code: &'a str, page: &'a PageKey) -> [(&'static str, &'a str); 11] {
    [
        ("CANO", cano),
        ("ACNT_PRDT_CD", product_code),
        ("AFHR_FLPR_YN", "N"),
        ("OFL_YN", ""),
        // By issue and loan date: a cash and a margin position of one stock stay two rows.
        ("INQR_DVSN", "01"),
        ("UNPR_DVSN", "01"),
        ("FUND_STTL_ICLD_YN", "N"),
        ("FNCG_AMT_AUTO_RDPT_YN", "N"),
        ("PRCS_DVSN", "00"),
        ("CTX_AREA_FK100", &page.fk100),
        ("CTX_AREA_NK100", &page.nk100),
    ]
}

/// The call for the page that `query` asks for.
pub fn call<'a>(query: &'a [(&'static str, &'a str)], next_page: bool) -> Call<'a> {
    Call { path: PATH, tr: Tr::INQUIRE_BALANCE, query, next_page }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    ctx_area_fk100: Field<'a>,
    #[serde(borrow, default)]
    ctx_area_nk100: Field<'a>,
    #[serde(borrow, default)]
    output1: Option<Vec<Object<Row<'a>>>>,
    #[serde(borrow, default)]
    output2: Option<Vec<Object<Totals<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow)]
    pdno: Field<'a>,
    #[serde(borrow)]
    prdt_name: Field<'a>,
    #[serde(borrow)]
    trad_dvsn_name: Field<'a>,
    #[serde(borrow)]
    hldg_qty: Field<'a>,
    #[serde(borrow)]
    ord_psbl_qty: Field<'a>,
    #[serde(borrow)]
    pchs_avg_pric: Field<'a>,
    #[serde(borrow)]
    pchs_amt: Field<'a>,
    #[serde(borrow)]
    prpr: Field<'a>,
    #[serde(borrow)]
    evlu_amt: Field<'a>,
    #[serde(borrow)]
    evlu_pfls_amt: Field<'a>,
    #[serde(borrow)]
    evlu_pfls_rt: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Totals<'a> {
    #[serde(borrow)]
    tot_evlu_amt: Field<'a>,
    #[serde(borrow)]
    dnca_tot_amt: Field<'a>,
    #[serde(borrow)]
    nxdy_excc_amt: Field<'a>,
    #[serde(borrow)]
    prvs_rcdl_excc_amt: Field<'a>,
    #[serde(borrow)]
    nass_amt: Field<'a>,
    #[serde(borrow)]
    pchs_amt_smtl_amt: Field<'a>,
    #[serde(borrow)]
    evlu_amt_smtl_amt: Field<'a>,
    #[serde(borrow)]
    evlu_pfls_smtl_amt: Field<'a>,
}

/// Reads one page.
pub fn parse(reply: &Reply) -> Result<Page, KisError> {
    let whole = Place { tr_id: reply.tr_id, row: None };
    // The envelope has been read, so this is a JSON object: only the shape of the outputs can be wrong.
    let body: Body<'_> = serde_json::from_slice(&reply.body)
        .map_err(|_| whole.malformed("output1 or output2", "is not an array of objects, or names a field twice"))?;
    let rows = body.output1.ok_or_else(|| whole.malformed("output1", "is missing"))?;
    let holdings = rows
        .iter()
        .enumerate()
        .map(|(index, Object(row))| row.holding(&Place { tr_id: reply.tr_id, row: Some(("output1", index)) }))
        .collect::<Result<Vec<_>, _>>()?;
    let summary = body
        .output2
        .as_deref()
        .and_then(<[_]>::first)
        .map(|Object(totals)| totals.summary(&Place { tr_id: reply.tr_id, row: Some(("output2", 0)) }))
        .transpose()?;
    let key = PageKey { fk100: echo(body.ctx_area_fk100), nk100: echo(body.ctx_area_nk100) };
    let next = match reply.more {
        More::Yes => Some(key),
        More::No => None,
        // On the last page this key is blank. Better no balance than half of one.
        More::Unsaid if key.nk100.trim().is_empty() => None,
        More::Unsaid => {
            let problem = "is missing or unknown, while ctx_area_nk100 names another page";
            return Err(whole.malformed("the header tr_cont", problem));
        }
    };
    Ok(Page { holdings, summary, next })
}

/// Padding included: KIS takes it both ways, and what is not touched cannot be damaged.
fn echo(field: Field<'_>) -> String {
    match field {
        Field::Text(text) => Cow::into_owned(text),
        _ => String::new(),
    }
}

impl Row<'_> {
    fn holding(&self, at: &Place) -> Result<Holding, KisError> {
        let stock_code = self.pdno.text("pdno", at)?;
        if stock_code.is_empty() {
            return Err(at.malformed("pdno", "is empty"));
        }
        Ok(Holding {
            stock_code: stock_code.to_owned(),
            stock_name: self.prdt_name.text("prdt_name", at)?.to_owned(),
            position: self.trad_dvsn_name.text("trad_dvsn_name", at)?.to_owned(),
            quantity: self.hldg_qty.integer("hldg_qty", at)?,
            available_quantity: self.ord_psbl_qty.integer("ord_psbl_qty", at)?,
            avg_price: self.pchs_avg_pric.decimal("pchs_avg_pric", at)?,
            purchase_amount: self.pchs_amt.integer("pchs_amt", at)?,
            current_price: self.prpr.integer("prpr", at)?,
            evaluation_amount: self.evlu_amt.integer("evlu_amt", at)?,
            profit_loss: self.evlu_pfls_amt.integer("evlu_pfls_amt", at)?,
            profit_loss_rate: self.evlu_pfls_rt.decimal("evlu_pfls_rt", at)?,
        })
    }
}

impl Totals<'_> {
    fn summary(&self, at: &Place) -> Result<Summary, KisError> {
        Ok(Summary {
            total_evaluation: self.tot_evlu_amt.integer("tot_evlu_amt", at)?,
            deposit: self.dnca_tot_amt.integer("dnca_tot_amt", at)?,
            deposit_d1: self.nxdy_excc_amt.integer("nxdy_excc_amt", at)?,
            deposit_d2: self.prvs_rcdl_excc_amt.integer("prvs_rcdl_excc_amt", at)?,
            net_assets: self.nass_amt.integer("nass_amt", at)?,
            purchase_amount: self.pchs_amt_smtl_amt.integer("pchs_amt_smtl_amt", at)?,
            evaluation_amount: self.evlu_amt_smtl_amt.integer("evlu_amt_smtl_amt", at)?,
            profit_loss: self.evlu_pfls_smtl_amt.integer("evlu_pfls_smtl_amt", at)?,
        })
    }
}
