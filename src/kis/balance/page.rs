//! Reads one page of a balance: its rows, the summary, and where the next one starts.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Holding, RowKey, Summary, Worth};
use crate::kis::{
    codes::NOTHING_FOUND,
    error::KisError,
    field::{Field, Object, Place},
    paging::PageKey,
    reply::Reply,
};

/// One page.
#[derive(Debug)]
pub struct Page {
    /// Its rows of at least one share, in KIS's order.
    pub holdings: Vec<Holding>,
    /// Its other rows.
    pub sold_out: SoldOut,
    /// The summary, which KIS repeats on every page.
    pub summary: Option<Summary>,
    /// Whether KIS says that there is nothing to show, instead of showing something.
    pub is_nothing: bool,
    /// The next page, if there is one.
    pub next: Option<PageKey>,
}

/// Rows of quantity 0: what was sold out is listed for two more days. Nothing else of them is known to be sound, so they are
/// counted, and not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SoldOut {
    /// How many there are.
    pub rows: usize,
    /// Their `pchs_amt`, where one can be read: whether KIS's total includes it is recorded nowhere.
    pub purchase_amount: i128,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    ctx_area_fk100: Field<'a>,
    #[serde(borrow, default)]
    ctx_area_nk100: Field<'a>,
    #[serde(borrow, default)]
    msg_cd: Field<'a>,
    #[serde(borrow, default)]
    output1: Option<Vec<Object<Row<'a>>>>,
    #[serde(borrow, default)]
    output2: Option<OneOrMany<'a>>,
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
    #[serde(borrow)]
    loan_dt: Field<'a>,
    #[serde(borrow)]
    loan_amt: Field<'a>,
    #[serde(borrow)]
    expd_dt: Field<'a>,
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

/// `output2`: an array with one object, or that object by itself.
struct OneOrMany<'a>(Option<Totals<'a>>);

/// Reads the page that `asked` asked for.
pub fn parse(reply: &Reply, asked: &PageKey) -> Result<Page, KisError> {
    let whole = Place { tr_id: reply.tr_id, row: None };
    // The envelope has been read, so this is a JSON object: only the shape of the outputs can be wrong.
    let body: Body<'_> = serde_json::from_slice(&reply.body)
        .map_err(|_| whole.malformed("output1 or output2", "is not an array of objects, or names a field twice"))?;
    let is_nothing = body.msg_cd.code().is_some_and(|code| code == NOTHING_FOUND);
    let rows = match body.output1 {
        Some(rows) => rows,
        None if is_nothing => Vec::new(),
        None => return Err(whole.malformed("output1", "is missing")),
    };
    let (mut holdings, mut sold_out) = (Vec::with_capacity(rows.len()), SoldOut::default());
    for (index, Object(row)) in rows.iter().enumerate() {
        let at = Place { tr_id: reply.tr_id, row: Some(("output1", index)) };
        match row.hldg_qty.integer("hldg_qty", &at)? {
            0 => {
                sold_out.rows += 1;
                sold_out.purchase_amount += row.pchs_amt.integer("pchs_amt", &at).map_or(0, i128::from);
            }
            quantity => holdings.push(row.holding(quantity, &at)?),
        }
    }
    let summary = body
        .output2
        .and_then(|OneOrMany(totals)| totals)
        .map(|totals| totals.summary(&Place { tr_id: reply.tr_id, row: Some(("output2", 0)) }))
        .transpose()?;
    let answered = PageKey { fk: echo(body.ctx_area_fk100), nk: echo(body.ctx_area_nk100) };
    let next = asked.next(answered, reply, "ctx_area_nk100")?;
    Ok(Page { holdings, sold_out, summary, is_nothing, next })
}

/// Padding included: KIS takes it both ways, and what is not touched cannot be damaged.
fn echo(field: Field<'_>) -> String {
    match field {
        Field::Text(text) => Cow::into_owned(text),
        _ => String::new(),
    }
}

impl Row<'_> {
    fn holding(&self, quantity: i64, at: &Place) -> Result<Holding, KisError> {
        let stock_code = self.pdno.text("pdno", at)?;
        if stock_code.is_empty() {
            return Err(at.malformed("pdno", "is empty"));
        }
        let key = RowKey {
            stock_code: stock_code.to_owned(),
            position: self.trad_dvsn_name.text("trad_dvsn_name", at)?.to_owned(),
            loan_date: self.loan_dt.optional_text("loan_dt", at)?.to_owned(),
            expiry_date: self.expd_dt.optional_text("expd_dt", at)?.to_owned(),
        };
        Ok(Holding {
            key,
            stock_name: self.prdt_name.text("prdt_name", at)?.to_owned(),
            quantity,
            available_quantity: self.ord_psbl_qty.integer("ord_psbl_qty", at)?,
            avg_price: self.pchs_avg_pric.decimal("pchs_avg_pric", at)?,
            purchase_amount: self.pchs_amt.integer("pchs_amt", at)?,
            worth: self.worth(at)?,
            loan_date: self.loan_dt.optional_date("loan_dt", at)?,
            loan_amount: self.loan_amt.optional_integer("loan_amt", at)?,
        })
    }

    /// Nothing while there is no price: what KIS calculates with it is none of these numbers.
    fn worth(&self, at: &Place) -> Result<Option<Worth>, KisError> {
        let price = self.prpr.optional_integer("prpr", at)?.unwrap_or(0);
        if price == 0 {
            return Ok(None);
        }
        Ok(Some(Worth {
            price,
            evaluation_amount: self.evlu_amt.integer("evlu_amt", at)?,
            profit_loss: self.evlu_pfls_amt.integer("evlu_pfls_amt", at)?,
            profit_loss_rate: self.evlu_pfls_rt.decimal("evlu_pfls_rt", at)?,
        }))
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

// === impl Deserialize ===

impl<'de: 'a, 'a> Deserialize<'de> for OneOrMany<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shapes;
        impl<'de> Visitor<'de> for Shapes {
            type Value = OneOrMany<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object, or an array of one")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Totals::deserialize(MapAccessDeserializer::new(map)).map(|totals| OneOrMany(Some(totals)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let first = seq.next_element::<Object<Totals<'de>>>()?.map(|Object(totals)| totals);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(OneOrMany(first))
            }
        }
        deserializer.deserialize_any(Shapes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kis::reply::More;

    fn page(more: More, asked: &str, body: &str) -> Result<Page, KisError> {
        let reply = Reply { tr_id: "TTTC8434R", more, http_status: 200, body: body.to_owned().into() };
        parse(&reply, &PageKey { nk: asked.to_owned(), ..PageKey::default() })
    }

    #[test]
    fn the_chain_of_pages_ends_by_the_header_or_by_a_key_that_leads_nowhere() {
        use More::{No, Unsaid, Yes};
        // What tr_cont says, the key that was asked for, the key of the answer; whether there is another page.
        for (more, asked, key, expected) in [
            (Yes, "", "000050", Some(true)),
            (Yes, "000050", "000100", Some(true)),
            (Yes, "000050", "000050  ", Some(false)),
            (Yes, "", "   ", Some(false)),
            (Yes, "000050", "", Some(false)),
            (Yes, "000050", "^^      ", Some(false)),
            (No, "", "", Some(false)),
            (No, "", "000050", Some(false)),
            (Unsaid, "", "", Some(false)),
            (Unsaid, "", "^^", Some(false)),
            (Unsaid, "000050", "000050", Some(false)),
            (Unsaid, "", "000050", None),
        ] {
            let body = format!(r#"{{"ctx_area_nk100":"{key}","output1":[]}}"#);
            let next = page(more, asked, &body).map(|page| page.next.map(|next| next.nk));
            let expected = expected.map(|more| more.then(|| key.to_owned()));
            assert_eq!(next.ok(), expected, "{more:?} {asked:?} {key:?}");
        }
    }

    #[test]
    fn the_summary_is_an_array_of_one_or_that_one() {
        let numbers = [
            "tot_evlu_amt",
            "dnca_tot_amt",
            "nxdy_excc_amt",
            "prvs_rcdl_excc_amt",
            "nass_amt",
            "pchs_amt_smtl_amt",
            "evlu_amt_smtl_amt",
            "evlu_pfls_smtl_amt",
        ];
        let one = format!("{{{}}}", numbers.map(|name| format!("\"{name}\":\"7\"")).join(","));
        for (output2, expected) in [
            (one.clone(), Some(Some(7))),
            (format!("[{one}]"), Some(Some(7))),
            ("[]".to_owned(), Some(None)),
            ("null".to_owned(), Some(None)),
            ("\"none\"".to_owned(), None),
            ("[1]".to_owned(), None),
            ("[[]]".to_owned(), None),
        ] {
            let body = format!(r#"{{"output1":[],"output2":{output2}}}"#);
            let deposit = page(More::No, "", &body).map(|page| page.summary.map(|summary| summary.deposit));
            assert_eq!(deposit.ok(), expected, "{output2}");
        }
    }
}
