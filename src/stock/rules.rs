//! Ticks, lots and limits: which prices and quantities an order for a stock may have.
//!
//! What KIS states for the stock decides. The tables here hold only where it states nothing: its tick holds for prices near its
//! own, and an order may be far from it. Where a market has several tables and nothing says which one holds, the finest is used: a
//! price that the exchange takes is never refused here.

mod tables;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    listed::{Marks, Stock},
    market::{Kind, Market},
};

/// More than any stock costs, in any currency.
const MOST_PRICE: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// Finer than any tick.
const LEAST_TICK: Decimal = Decimal::from_parts(1, 0, 0, false, 8);

/// What KIS states of a stock, as far as it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stated {
    /// The tick (`aspr_unit`, `e_hogau`), and the price that it was stated with.
    pub tick: Option<(Decimal, Decimal)>,
    /// The price that limits are counted from (`stck_sdpr`).
    pub base_price: Option<Decimal>,
    /// The highest price (`stck_mxpr`, `uplp`).
    pub upper_limit: Option<Decimal>,
    /// The lowest (`stck_llam`, `dnlp`).
    pub lower_limit: Option<Decimal>,
    /// What quantities are multiples of (`vnit`, `bnit`).
    pub lot: Option<u32>,
}

/// The rules for a stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    market: Market,
    kind: Kind,
    /// Liquidation trades without limits, and on the first day others hold.
    without_limits: bool,
    stated: Stated,
}

/// Why a price is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongPrice {
    /// It is nothing or less, or more than any stock costs.
    #[error("{price} is no price")]
    NoPrice {
        /// The price.
        price: Decimal,
    },
    /// It falls between ticks.
    #[error("{price} is no price here: the tick is {tick}; {}", near(*below, *above))]
    OffTick {
        /// The price.
        price: Decimal,
        /// The tick at that price.
        tick: Decimal,
        /// The next price below, if there is one.
        below: Option<Decimal>,
        /// The next price above, within the limit.
        above: Option<Decimal>,
    },
    /// It is above the highest price.
    #[error("{price} is above today's upper limit, {limit}")]
    AboveLimit {
        /// The price.
        price: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// It is below the lowest price.
    #[error("{price} is below today's lower limit, {limit}")]
    BelowLimit {
        /// The price.
        price: Decimal,
        /// The limit.
        limit: Decimal,
    },
}

/// Why a quantity is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongQuantity {
    /// Nothing is no order.
    #[error("a quantity is at least {lot}")]
    Nothing {
        /// The lot.
        lot: u64,
    },
    /// It is no multiple of the lot.
    #[error("{quantity} is no multiple of the lot, {lot}; next are {below} and {above}")]
    OddLot {
        /// The quantity.
        quantity: u64,
        /// The lot.
        lot: u64,
        /// The next one below; 0 is none.
        below: u64,
        /// The next one above.
        above: u64,
    },
}

fn near(below: Option<Decimal>, above: Option<Decimal>) -> String {
    match (below, above) {
        (Some(below), Some(above)) => format!("next are {below} and {above}"),
        (Some(one), None) | (None, Some(one)) => format!("next is {one}"),
        (None, None) => "no price is near".to_owned(),
    }
}

impl Rules {
    /// The rules for a stock, with what KIS states of it. The master file's base price and lot count where KIS states none.
    pub fn of(stock: &Stock, stated: Stated) -> Self {
        Self {
            market: stock.market,
            kind: stock.kind,
            without_limits: stock.marks.has(Marks::LIQUIDATION),
            stated: Stated {
                base_price: stated.base_price.or(stock.base_price),
                lot: stated.lot.or(stock.lot),
                ..stated
            },
        }
    }

    /// The tick at a price; none where neither KIS nor a table says it.
    pub fn tick(&self, price: Decimal) -> Option<Decimal> {
        let table = tables::ticks(self.market, self.kind);
        let by_table = |price| table.map(|table| tables::tick(table, price));
        match self.stated.tick.filter(|(tick, _)| (LEAST_TICK..=MOST_PRICE).contains(tick)) {
            None => by_table(price),
            Some((tick, at)) => match table {
                // KIS's holds in the band of the price that it was stated with.
                Some(table) if tables::band(table, price) != tables::band(table, at) => by_table(price),
                _ => Some(tick),
            },
        }
    }

    /// The lowest and the highest price of today, each where it is known.
    pub fn limits(&self) -> (Option<Decimal>, Option<Decimal>) {
        let Stated { upper_limit, lower_limit, base_price, .. } = self.stated;
        let some = |limit: Option<Decimal>| limit.filter(|price| *price > Decimal::ZERO);
        let (lower, upper) = (some(lower_limit), some(upper_limit));
        if lower.is_some() || upper.is_some() || self.without_limits {
            return (lower, upper);
        }
        let counted = base_price.filter(|base| self.market == Market::Krx && self.kind != Kind::Elw && is_price(*base));
        counted.and_then(|base| self.counted(base)).map_or((None, None), |(lower, upper)| (Some(lower), Some(upper)))
    }

    /// 30 % of the base price, cut to a tick of the base price, and then inwards to a tick of the limit.
    fn counted(&self, base: Decimal) -> Option<(Decimal, Decimal)> {
        let width = base * Decimal::new(3, 1);
        let width = floor(width, self.tick(base)?);
        let (lower, upper) = (base - width, base + width);
        Some((ceil(lower, self.tick(lower)?), floor(upper, self.tick(upper)?)))
    }

    /// What quantities are multiples of; none where neither KIS nor a table says it.
    pub fn lot(&self) -> Option<u32> {
        self.stated.lot.filter(|lot| *lot > 0).or_else(|| tables::lot(self.market, self.kind))
    }

    /// The price if an order may have it.
    pub fn price(&self, price: Decimal) -> Result<Decimal, WrongPrice> {
        if !is_price(price) {
            return Err(WrongPrice::NoPrice { price });
        }
        let (lower, upper) = self.limits();
        if let Some(limit) = upper.filter(|limit| price > *limit) {
            return Err(WrongPrice::AboveLimit { price, limit });
        }
        if let Some(limit) = lower.filter(|limit| price < *limit) {
            return Err(WrongPrice::BelowLimit { price, limit });
        }
        let Some(tick) = self.tick(price) else { return Ok(price) };
        if (price % tick).is_zero() {
            return Ok(price);
        }
        let below = self.below(price).filter(|price| lower.is_none_or(|lower| *price >= lower));
        let above = self.above(price).filter(|price| upper.is_none_or(|upper| *price <= upper));
        Err(WrongPrice::OffTick { price, tick: tick.normalize(), below, above })
    }

    /// The next price below that is on a tick; none below the first.
    pub fn below(&self, price: Decimal) -> Option<Decimal> {
        let tick = self.tick(price).filter(|_| is_price(price))?;
        let below = floor(price, tick);
        let below = match below < price {
            true => below,
            // From a boundary one goes down by the tick of the band below it.
            false => {
                let near = price - self.finest(price)?;
                floor(near, self.tick(near)?)
            }
        };
        (below > Decimal::ZERO).then(|| below.normalize())
    }

    /// The next price above that is on a tick.
    pub fn above(&self, price: Decimal) -> Option<Decimal> {
        let tick = self.tick(price).filter(|_| is_price(price))?;
        let above = floor(price, tick) + tick;
        // Behind a boundary the tick is another; the boundary itself is on both.
        Some(ceil(above, self.tick(above)?).normalize())
    }

    /// The least tick at or just below a price.
    fn finest(&self, price: Decimal) -> Option<Decimal> {
        let tick = self.tick(price)?;
        let below = price - tick / Decimal::from(1000);
        Some(tick.min(self.tick(below)?))
    }

    /// The quantity if an order may have it.
    pub fn quantity(&self, quantity: u64) -> Result<u64, WrongQuantity> {
        let lot = u64::from(self.lot().unwrap_or(1));
        match quantity % lot {
            _ if quantity == 0 => Err(WrongQuantity::Nothing { lot }),
            0 => Ok(quantity),
            odd => {
                let below = quantity - odd;
                Err(WrongQuantity::OddLot { quantity, lot, below, above: below.saturating_add(lot) })
            }
        }
    }
}

/// Whether it can be the price of anything: what is calculated with others would overflow.
fn is_price(price: Decimal) -> bool {
    price > Decimal::ZERO && price <= MOST_PRICE
}

fn floor(price: Decimal, tick: Decimal) -> Decimal {
    (price / tick).round_dp_with_strategy(0, RoundingStrategy::ToNegativeInfinity) * tick
}

fn ceil(price: Decimal, tick: Decimal) -> Decimal {
    (price / tick).round_dp_with_strategy(0, RoundingStrategy::ToPositiveInfinity) * tick
}

#[cfg(test)]
mod tests;
