//! Prices of several stocks in short: at home by one call for up to thirty, where the mode has it; else by a call each.

use super::{
    Answered, Asked, ReadFault, exact,
    price::Price,
    stock::{Stock, Venue},
};
use crate::{
    kis::{
        KisError,
        row::{Row, row, rows},
    },
    wire::types::{self, ShortPrice},
};

/// Stocks in one call of KIS at most.
pub const MOST: usize = 30;

/// A stock at home, as that call knows it: its market and its code.
pub type Key = (&'static str, String);

/// The call for several stocks.
pub fn together(stocks: &[Key]) -> (&'static str, Vec<(&'static str, String)>) {
    let params = stocks.iter().zip(NAMES).flat_map(|((market, code), (of_market, of_code))| {
        [(of_market, (*market).to_owned()), (of_code, code.clone())]
    });
    ("domestic-stock-quotations-intstock-multprice", params.collect())
}

/// The names of its parameters.
const NAMES: [(&str, &str); MOST] = [
    ("FID_COND_MRKT_DIV_CODE_1", "FID_INPUT_ISCD_1"),
    ("FID_COND_MRKT_DIV_CODE_2", "FID_INPUT_ISCD_2"),
    ("FID_COND_MRKT_DIV_CODE_3", "FID_INPUT_ISCD_3"),
    ("FID_COND_MRKT_DIV_CODE_4", "FID_INPUT_ISCD_4"),
    ("FID_COND_MRKT_DIV_CODE_5", "FID_INPUT_ISCD_5"),
    ("FID_COND_MRKT_DIV_CODE_6", "FID_INPUT_ISCD_6"),
    ("FID_COND_MRKT_DIV_CODE_7", "FID_INPUT_ISCD_7"),
    ("FID_COND_MRKT_DIV_CODE_8", "FID_INPUT_ISCD_8"),
    ("FID_COND_MRKT_DIV_CODE_9", "FID_INPUT_ISCD_9"),
    ("FID_COND_MRKT_DIV_CODE_10", "FID_INPUT_ISCD_10"),
    ("FID_COND_MRKT_DIV_CODE_11", "FID_INPUT_ISCD_11"),
    ("FID_COND_MRKT_DIV_CODE_12", "FID_INPUT_ISCD_12"),
    ("FID_COND_MRKT_DIV_CODE_13", "FID_INPUT_ISCD_13"),
    ("FID_COND_MRKT_DIV_CODE_14", "FID_INPUT_ISCD_14"),
    ("FID_COND_MRKT_DIV_CODE_15", "FID_INPUT_ISCD_15"),
    ("FID_COND_MRKT_DIV_CODE_16", "FID_INPUT_ISCD_16"),
    ("FID_COND_MRKT_DIV_CODE_17", "FID_INPUT_ISCD_17"),
    ("FID_COND_MRKT_DIV_CODE_18", "FID_INPUT_ISCD_18"),
    ("FID_COND_MRKT_DIV_CODE_19", "FID_INPUT_ISCD_19"),
    ("FID_COND_MRKT_DIV_CODE_20", "FID_INPUT_ISCD_20"),
    ("FID_COND_MRKT_DIV_CODE_21", "FID_INPUT_ISCD_21"),
    ("FID_COND_MRKT_DIV_CODE_22", "FID_INPUT_ISCD_22"),
    ("FID_COND_MRKT_DIV_CODE_23", "FID_INPUT_ISCD_23"),
    ("FID_COND_MRKT_DIV_CODE_24", "FID_INPUT_ISCD_24"),
    ("FID_COND_MRKT_DIV_CODE_25", "FID_INPUT_ISCD_25"),
    ("FID_COND_MRKT_DIV_CODE_26", "FID_INPUT_ISCD_26"),
    ("FID_COND_MRKT_DIV_CODE_27", "FID_INPUT_ISCD_27"),
    ("FID_COND_MRKT_DIV_CODE_28", "FID_INPUT_ISCD_28"),
    ("FID_COND_MRKT_DIV_CODE_29", "FID_INPUT_ISCD_29"),
    ("FID_COND_MRKT_DIV_CODE_30", "FID_INPUT_ISCD_30"),
];

/// What that call says of one of its stocks.
pub fn of_several(stock: &Stock, answered: &Answered<'_>) -> Result<ShortPrice, ReadFault> {
    for row in rows(answered.tr_id, answered.body, "output")? {
        // KIS may leave out the Q of an ETN.
        let code = row.text("inter_shrn_iscd")?.unwrap_or_default();
        if code != stock.code && Some(code) != stock.code.strip_prefix('Q') {
            continue;
        }
        let base = row.unless_zero("inter2_sdpr")?.or(row.unless_zero("inter2_prdy_clpr")?);
        let price = row.unless_zero("inter2_prpr")?;
        if price.is_some() || base.is_some() {
            return Ok(domestic(&row, stock, answered)?);
        }
    }
    // Of a stock that it does not know there is no row, or one with nothing in it.
    Err(stock.not_known().into())
}

fn domestic(row: &Row<'_>, stock: &Stock, answered: &Answered<'_>) -> Result<ShortPrice, KisError> {
    let price = row.unless_zero("inter2_prpr")?;
    // Whether KIS signs them is recorded nowhere; what stands beside them says which way it went.
    let is_down = row.text("prdy_vrss_sign")?.is_some_and(|sign| matches!(sign, "4" | "5"));
    let signed = |name| -> Result<_, KisError> {
        let number = if price.is_some() { row.number(name)? } else { None };
        Ok(exact(number.map(|number| if is_down { -number.abs() } else { number.abs() })))
    };
    Ok(ShortPrice {
        name: row.text("inter_kor_isnm")?.map(str::to_owned),
        price: exact(price),
        change: signed("inter2_prdy_vrss")?,
        change_rate: signed("prdy_ctrt")?,
        open: exact(row.unless_zero("inter2_oprc")?),
        high: exact(row.unless_zero("inter2_hgpr")?),
        low: exact(row.unless_zero("inter2_lwpr")?),
        previous_close: exact(row.unless_zero("inter2_prdy_clpr")?),
        upper_limit: exact(row.unless_zero("inter2_mxpr")?),
        lower_limit: exact(row.unless_zero("inter2_llam")?),
        volume: exact(row.number("acml_vol")?),
        trade_value: exact(row.number("acml_tr_pbmn")?),
        best_ask: exact(row.unless_zero("inter2_askp")?),
        best_bid: exact(row.unless_zero("inter2_bidp")?),
        ..empty(stock, answered)
    })
}

/// A stock of which nothing is known but which it is.
fn empty(stock: &Stock, answered: &Answered<'_>) -> ShortPrice {
    ShortPrice {
        stock_code: stock.code.clone(),
        market: Some(stock.market),
        currency: Some(stock.currency().to_owned()),
        as_of: Some(answered.as_of),
        ..types::ShortPrice::default()
    }
}

/// The price of one stock in short, by a call of its own.
#[derive(Debug, Clone)]
pub struct Short(pub Stock);

impl Short {
    /// The stock as the call for several knows it, if that knows it.
    pub fn key(&self) -> Option<Key> {
        match self.0.venue() {
            Venue::Domestic(market) => Some((market, self.0.code.clone())),
            Venue::Overseas(_) => None,
        }
    }
}

impl Asked for Short {
    type Answer = ShortPrice;

    fn call(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match self.0.venue() {
            Venue::Domestic(_) => Price::of(self.0.clone()).call(),
            Venue::Overseas(exchange) => (
                "overseas-price-quotations-price",
                vec![("AUTH", String::new()), ("EXCD", exchange.to_owned()), ("SYMB", self.0.code.clone())],
            ),
        }
    }

    fn read(&self, answered: &Answered<'_>) -> Result<ShortPrice, ReadFault> {
        if let Venue::Domestic(_) = self.0.venue() {
            let price = Price::of(self.0.clone()).read(answered)?;
            return Ok(ShortPrice {
                price: price.price,
                change: price.change,
                change_rate: price.change_rate,
                open: price.open,
                high: price.high,
                low: price.low,
                upper_limit: price.upper_limit,
                lower_limit: price.lower_limit,
                volume: price.volume,
                trade_value: price.trade_value,
                ..empty(&self.0, answered)
            });
        }
        let row = row(answered.tr_id, answered.body, "output")?;
        let (price, base) = (row.unless_zero("last")?, row.unless_zero("base")?);
        if price.is_none() && base.is_none() {
            return Err(self.0.not_known().into());
        }
        // KIS gives the difference without its sign.
        let change = price.zip(base).and_then(|(price, base)| price.checked_sub(base));
        Ok(ShortPrice {
            price: exact(price),
            change: exact(change),
            change_rate: exact(if change.is_some() { row.number("rate")? } else { None }),
            previous_close: exact(base),
            volume: exact(row.number("tvol")?),
            trade_value: exact(row.number("tamt")?),
            ..empty(&self.0, answered)
        })
    }
}
