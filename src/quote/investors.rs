//! Who buys and sells a stock, by day: `inquire-investor`.

use rust_decimal::Decimal;

use super::{
    Answered, Asked, ReadFault, Unasked, exact,
    index::MILLION,
    signed,
    stock::{Stock, Venue},
};
use crate::{
    clock,
    kis::{
        KisError,
        row::{Row, rows},
    },
    wire::{
        number::Number,
        types::{self, InvestorsDay, Trading},
    },
};

/// A stock of the Korea Exchange that is asked about.
#[derive(Debug, Clone)]
pub struct Investors {
    stock: Stock,
    venue: &'static str,
}

impl Investors {
    /// Those of a stock; KIS does not say it of one abroad.
    pub fn of(stock: Stock) -> Result<Self, Unasked> {
        match stock.venue() {
            Venue::Domestic(venue) => Ok(Self { stock, venue }),
            Venue::Overseas(_) => Err(Unasked::Lacks(format!(
                "KIS does not say who buys and sells on {}: only of stocks of KRX",
                stock.market.name()
            ))),
        }
    }
}

impl Asked for Investors {
    type Answer = types::Investors;

    fn call(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let params =
            vec![("FID_COND_MRKT_DIV_CODE", self.venue.to_owned()), ("FID_INPUT_ISCD", self.stock.code.clone())];
        ("domestic-stock-quotations-inquire-investor", params)
    }

    fn read(&self, answered: &Answered<'_>) -> Result<types::Investors, ReadFault> {
        let today = clock::kst(answered.as_of.to_utc()).date_naive();
        let mut days = Vec::new();
        for row in rows(answered.tr_id, answered.body, "output")? {
            // KIS fills a page with rows that are of no day.
            let Some(date) = row.date("stck_bsop_date")? else { continue };
            days.push(InvestorsDay {
                date,
                complete: date < today,
                close: exact(row.unless_zero("stck_clpr")?),
                change: exact(signed(&row, "prdy_vrss", "prdy_vrss_sign")?),
                individual: trading(&row, "prsn")?,
                foreign: trading(&row, "frgn")?,
                institution: trading(&row, "orgn")?,
            });
        }
        if days.is_empty() {
            return Err(self.stock.not_known().into());
        }
        days.sort_by_key(|day| std::cmp::Reverse(day.date));
        Ok(types::Investors {
            stock_code: self.stock.code.clone(),
            market: self.stock.market,
            days,
            account_name: answered.account_name.to_owned(),
            as_of: answered.as_of,
        })
    }
}

/// What a kind did, by how its fields begin. Amounts are in millions of won.
fn trading(row: &Row<'_>, kind: &str) -> Result<Trading, KisError> {
    let shares = |field: &str| Ok(exact(row.number(&format!("{kind}_{field}"))?));
    let won = |field: &str| -> Result<Option<Number>, KisError> {
        let name = format!("{kind}_{field}");
        let won = row.number(&name)?.map(|millions| millions.checked_mul(Decimal::from(MILLION)));
        Ok(exact(won.map(|won| won.ok_or_else(|| row.malformed(&name, "is too large"))).transpose()?))
    };
    Ok(Trading {
        net_quantity: shares("ntby_qty")?,
        net_value: won("ntby_tr_pbmn")?,
        bought_quantity: shares("shnu_vol")?,
        bought_value: won("shnu_tr_pbmn")?,
        sold_quantity: shares("seln_vol")?,
        sold_value: won("seln_tr_pbmn")?,
    })
}
