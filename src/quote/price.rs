//! One price in full: `inquire-price` at home, `price-detail` abroad.

use rust_decimal::Decimal;

use super::{
    Answered, Asked, ReadFault, exact,
    stock::{Stock, Venue},
};
use crate::{
    kis::{
        KisError,
        row::{Row, row},
    },
    market::{Calendar, OpenDays},
    wire::{
        number::Number,
        types::{self, Extreme, StockStatus},
    },
};

/// The price of a stock.
#[derive(Debug, Clone)]
pub struct Price {
    stock: Stock,
    /// Abroad: by the call that paper trading has too, which says less.
    is_short: bool,
}

impl Price {
    /// In full, where the mode has that.
    pub fn of(stock: Stock) -> Self {
        Self { stock, is_short: false }
    }
}

/// KIS states the value of a company at home in this many won.
const HUNDRED_MILLION: i64 = 100_000_000;

impl Asked for Price {
    type Answer = types::Price;

    fn call(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let code = self.stock.code.clone();
        match self.stock.venue() {
            Venue::Domestic(market) => (
                "domestic-stock-quotations-inquire-price",
                vec![("FID_COND_MRKT_DIV_CODE", market.to_owned()), ("FID_INPUT_ISCD", code)],
            ),
            Venue::Overseas(exchange) => (
                if self.is_short {
                    "overseas-price-quotations-price"
                } else {
                    "overseas-price-quotations-price-detail"
                },
                vec![("AUTH", String::new()), ("EXCD", exchange.to_owned()), ("SYMB", code)],
            ),
        }
    }

    fn instead(&self) -> Option<Self> {
        let has_other = !self.is_short && matches!(self.stock.venue(), Venue::Overseas(_));
        has_other.then(|| Self { is_short: true, ..self.clone() })
    }

    fn read(&self, answered: &Answered<'_>) -> Result<types::Price, ReadFault> {
        let row = row(answered.tr_id, answered.body, "output")?;
        let is_domestic = matches!(self.stock.venue(), Venue::Domestic(_));
        let (last, base) = if is_domestic { ("stck_prpr", "stck_sdpr") } else { ("last", "base") };
        let (price, base) = (row.unless_zero(last)?, row.unless_zero(base)?);
        // Of a stock that it does not know KIS answers as of one, with nothing in it.
        if price.is_none() && base.is_none() {
            return Err(self.stock.not_known().into());
        }
        let empty = types::Price {
            stock_code: self.stock.code.clone(),
            name: None,
            market: self.stock.market,
            currency: self.stock.currency().to_owned(),
            price: exact(price),
            change: None,
            change_rate: None,
            open: None,
            high: None,
            low: None,
            base_price: exact(base),
            upper_limit: None,
            lower_limit: None,
            volume: None,
            trade_value: None,
            high_52w: None,
            low_52w: None,
            per: None,
            pbr: None,
            eps: None,
            shares: None,
            market_cap: None,
            tick: None,
            lot: None,
            status: Vec::new(),
            session: Calendar::of(self.stock.market, &OpenDays::new()).at(answered.as_of.to_utc()).session,
            account_name: answered.account_name.to_owned(),
            as_of: answered.as_of,
        };
        Ok(if is_domestic { domestic(&row, empty)? } else { overseas(&row, empty)? })
    }
}

fn domestic(row: &Row<'_>, mut price: types::Price) -> Result<types::Price, KisError> {
    if price.price.is_some() {
        price.change = exact(row.number("prdy_vrss")?);
        price.change_rate = exact(row.number("prdy_ctrt")?);
    }
    price.open = exact(row.unless_zero("stck_oprc")?);
    price.high = exact(row.unless_zero("stck_hgpr")?);
    price.low = exact(row.unless_zero("stck_lwpr")?);
    price.upper_limit = exact(row.unless_zero("stck_mxpr")?);
    price.lower_limit = exact(row.unless_zero("stck_llam")?);
    price.volume = exact(row.number("acml_vol")?);
    price.trade_value = exact(row.number("acml_tr_pbmn")?);
    price.high_52w = extreme(row, "w52_hgpr", "w52_hgpr_date")?;
    price.low_52w = extreme(row, "w52_lwpr", "w52_lwpr_date")?;
    price.per = exact(row.unless_zero("per")?);
    price.pbr = exact(row.unless_zero("pbr")?);
    price.eps = exact(row.unless_zero("eps")?);
    price.shares = exact(row.unless_zero("lstn_stcn")?);
    price.market_cap = row
        .unless_zero("hts_avls")?
        .map(|hundreds| hundreds.checked_mul(Decimal::from(HUNDRED_MILLION)))
        .map(|won| won.ok_or_else(|| row.malformed("hts_avls", "is more than any company is worth")))
        .transpose()?
        .map(Number);
    price.tick = exact(row.unless_zero("aspr_unit")?);
    price.lot = exact(row.unless_zero("hts_deal_qty_unit_val")?);
    price.status = status(row)?;
    Ok(price)
}

/// What KIS says of a stock in several fields, each once.
fn status(row: &Row<'_>) -> Result<Vec<StockStatus>, KisError> {
    use StockStatus::{
        Caution, FullMargin, Halted, Liquidation, Managed, Overheated, Risk, VolatilityInterruption, Warning,
    };
    let mut all = Vec::new();
    let mut add = |is: bool, status| {
        if is && !all.contains(&status) {
            all.push(status);
        }
    };
    let kind = row.text("iscd_stat_cls_code")?;
    let warning = row.text("mrkt_warn_cls_code")?;
    add(kind == Some("58") || row.flag("temp_stop_yn")?, Halted);
    add(kind == Some("51") || row.flag("mang_issu_cls_code")?, Managed);
    add(row.flag("sltr_yn")?, Liquidation);
    add(kind == Some("54") || warning == Some("01") || row.flag("invt_caful_yn")?, Caution);
    add(kind == Some("53") || warning == Some("02"), Warning);
    add(kind == Some("52") || warning == Some("03"), Risk);
    add(kind == Some("59") || row.flag("short_over_yn")?, Overheated);
    add(row.text("vi_cls_code")?.is_some_and(|vi| !matches!(vi, "N" | "0")), VolatilityInterruption);
    add(kind == Some("57"), FullMargin);
    Ok(all)
}

fn overseas(row: &Row<'_>, mut price: types::Price) -> Result<types::Price, KisError> {
    let last = row.unless_zero("last")?;
    let base = row.unless_zero("base")?;
    // KIS's own difference is in won in one call (t_xdif), and without its sign in the other.
    let change = last.zip(base).and_then(|(last, base)| last.checked_sub(base));
    price.change = exact(change);
    let rate = row.number("t_xrat")?.or(row.number("rate")?);
    price.change_rate = exact(rate.filter(|_| change.is_some()));
    price.open = exact(row.unless_zero("open")?);
    price.high = exact(row.unless_zero("high")?);
    price.low = exact(row.unless_zero("low")?);
    price.upper_limit = exact(row.unless_zero("uplp")?);
    price.lower_limit = exact(row.unless_zero("dnlp")?);
    price.volume = exact(row.number("tvol")?);
    price.trade_value = exact(row.number("tamt")?);
    price.high_52w = extreme(row, "h52p", "h52d")?;
    price.low_52w = extreme(row, "l52p", "l52d")?;
    price.per = exact(row.unless_zero("perx")?);
    price.pbr = exact(row.unless_zero("pbrx")?);
    price.eps = exact(row.unless_zero("epsx")?);
    price.shares = exact(row.unless_zero("shar")?);
    price.market_cap = exact(row.unless_zero("tomv")?);
    price.tick = exact(row.unless_zero("e_hogau")?);
    price.lot = exact(row.unless_zero("vnit")?);
    Ok(price)
}

fn extreme(row: &Row<'_>, price: &str, date: &str) -> Result<Option<Extreme>, KisError> {
    let Some(number) = row.unless_zero(price)? else { return Ok(None) };
    Ok(Some(Extreme { price: Number(number), date: row.date(date)? }))
}
