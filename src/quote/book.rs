//! An order book: `inquire-asking-price-exp-ccn` at home, `inquire-asking-price` abroad.

use super::{
    Answered, Asked, ReadFault, exact,
    stock::{Stock, Venue},
};
use crate::{
    kis::{
        KisError,
        row::{Row, row},
    },
    wire::{
        number::Number,
        types::{self, Level},
    },
};

/// The order book of a stock.
#[derive(Debug, Clone)]
pub struct Orderbook(pub Stock);

/// Levels of a side at most.
const DEEPEST: usize = 10;

impl Asked for Orderbook {
    type Answer = types::Orderbook;

    fn call(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let code = self.0.code.clone();
        match self.0.venue() {
            Venue::Domestic(market) => (
                "domestic-stock-quotations-inquire-asking-price-exp-ccn",
                vec![("FID_COND_MRKT_DIV_CODE", market.to_owned()), ("FID_INPUT_ISCD", code)],
            ),
            Venue::Overseas(exchange) => (
                "overseas-price-quotations-inquire-asking-price",
                vec![("AUTH", String::new()), ("EXCD", exchange.to_owned()), ("SYMB", code)],
            ),
        }
    }

    fn read(&self, answered: &Answered<'_>) -> Result<types::Orderbook, ReadFault> {
        let of = |container| row(answered.tr_id, answered.body, container);
        let book = types::Orderbook {
            stock_code: self.0.code.clone(),
            market: self.0.market,
            currency: self.0.currency().to_owned(),
            asks: Vec::new(),
            bids: Vec::new(),
            total_ask_quantity: None,
            total_bid_quantity: None,
            expected_price: None,
            expected_volume: None,
            price: None,
            time: None,
            account_name: answered.account_name.to_owned(),
            as_of: answered.as_of,
        };
        match self.0.venue() {
            Venue::Domestic(_) => {
                let (levels, now) = (of("output1")?, of("output2")?);
                let expected = now.unless_zero("antc_cnpr")?;
                let price = now.unless_zero("stck_prpr")?;
                // Of a stock that it does not know KIS answers as of one, with nothing in it.
                if price.is_none() && now.unless_zero("stck_sdpr")?.is_none() {
                    return Err(self.0.not_known().into());
                }
                Ok(types::Orderbook {
                    asks: side(&levels, "askp", "askp_rsqn")?,
                    bids: side(&levels, "bidp", "bidp_rsqn")?,
                    total_ask_quantity: exact(levels.number("total_askp_rsqn")?),
                    total_bid_quantity: exact(levels.number("total_bidp_rsqn")?),
                    expected_price: exact(expected),
                    expected_volume: exact(if expected.is_some() { now.number("antc_vol")? } else { None }),
                    price: exact(price),
                    time: clock(&levels, "aspr_acpt_hour")?,
                    ..book
                })
            }
            Venue::Overseas(_) => {
                let (now, levels) = (of("output1")?, of("output2")?);
                let price = now.unless_zero("last")?;
                if price.is_none() && now.unless_zero("base")?.is_none() {
                    return Err(self.0.not_known().into());
                }
                Ok(types::Orderbook {
                    asks: side(&levels, "pask", "vask")?,
                    bids: side(&levels, "pbid", "vbid")?,
                    total_ask_quantity: exact(now.number("avol")?),
                    total_bid_quantity: exact(now.number("bvol")?),
                    price: exact(price),
                    time: clock(&now, "dhms")?,
                    ..book
                })
            }
        }
    }
}

/// One side, best first; levels without a price are left out.
fn side(row: &Row<'_>, price: &str, quantity: &str) -> Result<Vec<Level>, KisError> {
    let mut levels = Vec::new();
    for level in 1..=DEEPEST {
        if let Some(number) = row.unless_zero(&format!("{price}{level}"))? {
            let quantity = Number(row.needed(&format!("{quantity}{level}"))?);
            levels.push(Level { price: Number(number), quantity });
        }
    }
    Ok(levels)
}

/// A time of day, which KIS writes as HHMMSS.
fn clock(row: &Row<'_>, name: &str) -> Result<Option<String>, KisError> {
    let Some(text) = row.text(name)? else { return Ok(None) };
    if text.len() != 6 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(row.malformed(name, "is not a time of the form HHMMSS"));
    }
    Ok(Some(format!("{}:{}:{}", &text[..2], &text[2..4], &text[4..])))
}
