//! An order as it is wanted: complete, and in a form that some market takes.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    kis::Environment,
    quote::{Stock, UnknownStock},
    wire::{
        number::Number,
        types::{Market, OrderParams, OrderType, PlaceParams, Route, Side, TimeInForce},
    },
};

/// Most shares of one order: KIS's field has ten digits.
const MOST_SHARES: u64 = 9_999_999_999;

/// Longest price, in digits after the point: of KIS's fields those of orders abroad are the finest.
const DECIMALS_ABROAD: u32 = 4;

/// An order as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The code of the stock.
    pub stock_code: String,
    /// Its market: that of Korea, or one abroad.
    pub market: Market,
    /// Which way it goes.
    pub side: Side,
    /// Shares.
    pub quantity: u64,
    /// How the price is found.
    pub order_type: OrderType,
    /// The price a share, for the types that have one.
    pub price: Option<Decimal>,
    /// The price that has to be reached first.
    pub stop_price: Option<Decimal>,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// By which exchange of Korea; `None` abroad.
    pub route: Option<Route>,
}

/// Why it is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A parameter is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A parameter cannot be so.
    #[error("{name} {problem}")]
    Param {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The stock is none.
    #[error("stock_code: {0}")]
    Stock(#[from] UnknownStock),
}

fn param(name: &'static str, problem: impl Into<String>) -> Unfit {
    Unfit::Param { name, problem: problem.into() }
}

impl Ticket {
    /// The order that the parameters describe.
    pub fn of(params: &OrderParams) -> Result<Self, Unfit> {
        let code = params.stock_code.as_deref().ok_or(Unfit::Missing("stock_code"))?;
        let Stock { code, market } = Stock::of(code, params.market)?;
        match market {
            Market::Nxt => {
                return Err(param("market", "is that by which the stock is known, KRX; Nextrade is a route: \"nxt\""));
            }
            Market::Un => return Err(param("market", "UN is a view of prices, and nothing is traded there; use KRX")),
            _ => {}
        }
        let is_domestic = market == Market::Krx;
        let side = known(params.side.ok_or(Unfit::Missing("side"))?, Side::Newer, "side", "buy or sell")?;
        let quantity = params.quantity.ok_or(Unfit::Missing("quantity"))?;
        if !(1..=MOST_SHARES).contains(&quantity) {
            return Err(param("quantity", format!("must be from 1 to {MOST_SHARES}")));
        }
        let types = OrderType::ALL.iter().map(|each| each.name()).collect::<Vec<_>>().join(", ");
        let order_type = params.order_type.unwrap_or(OrderType::Limit);
        let order_type = known(order_type, OrderType::Newer, "type", &types)?;
        let time_in_force = params.time_in_force.unwrap_or(TimeInForce::Day);
        let time_in_force = known(time_in_force, TimeInForce::Newer, "time_in_force", "day, ioc or fok")?;
        if time_in_force != TimeInForce::Day && !may_be_immediate(order_type) {
            return Err(param("time_in_force", format!("of an order of type {} is day", order_type.name())));
        }
        let route = match (is_domestic, params.route) {
            (true, route) => Some(known(route.unwrap_or(Route::Krx), Route::Newer, "route", "krx, nxt or sor")?),
            (false, None) => None,
            (false, Some(_)) => return Err(param("route", "is for stocks of Korea")),
        };
        let price = price("price", params.price, order_type.has_price(), is_domestic)?;
        let stop_price = self::price("stop_price", params.stop_price, order_type == OrderType::StopLimit, is_domestic)?;
        Ok(Self { stock_code: code, market, side, quantity, order_type, price, stop_price, time_in_force, route })
    }

    /// Whether it is for a stock of Korea.
    pub fn is_domestic(&self) -> bool {
        self.market == Market::Krx
    }

    /// The stock, to ask for its price.
    pub fn stock(&self) -> Stock {
        Stock { code: self.stock_code.clone(), market: self.market }
    }

    /// KIS's code of its type at home (`ORD_DVSN`).
    pub fn kis_type(&self) -> &'static str {
        kis_type(self.order_type, self.time_in_force)
    }

    /// Why no market would take an order of this type there, in this environment.
    pub fn misplaced(&self, environment: Environment) -> Option<String> {
        let name = self.order_type.name();
        if !self.is_domestic() {
            let is_plain = self.order_type == OrderType::Limit && self.time_in_force == TimeInForce::Day;
            return (!is_plain).then(|| "orders abroad are limit orders for a day".to_owned());
        }
        let code = self.kis_type();
        let takes = match self.route {
            Some(Route::Nxt) => !matches!(code, "01" | "02" | "05" | "06" | "13" | "14"),
            Some(Route::Sor) => matches!(code, "00" | "01" | "03" | "04" | "11" | "12" | "13" | "14" | "15" | "16"),
            _ => true,
        };
        if environment == Environment::Paper && self.route != Some(Route::Krx) {
            return Some("paper trading knows KRX alone: leave route out".to_owned());
        }
        let route = self.route.map_or("", Route::name);
        (!takes).then(|| format!("the route {route} takes no orders of type {name}"))
    }
}

fn may_be_immediate(order_type: OrderType) -> bool {
    matches!(order_type, OrderType::Limit | OrderType::Market | OrderType::Best | OrderType::Mid)
}

/// KIS's code of a type at home (`ORD_DVSN`).
pub(super) fn kis_type(order_type: OrderType, time_in_force: TimeInForce) -> &'static str {
    use OrderType as Type;
    use TimeInForce::{Fok, Ioc};
    match (order_type, time_in_force) {
        (Type::Limit, Ioc) => "11",
        (Type::Limit, Fok) => "12",
        (Type::Market, Ioc) => "13",
        (Type::Market, Fok) => "14",
        (Type::Best, Ioc) => "15",
        (Type::Best, Fok) => "16",
        (Type::Mid, Ioc) => "23",
        (Type::Mid, Fok) => "24",
        (Type::Market, _) => "01",
        (Type::Conditional, _) => "02",
        (Type::Best, _) => "03",
        (Type::Priority, _) => "04",
        (Type::PreClose, _) => "05",
        (Type::PostClose, _) => "06",
        (Type::Mid, _) => "21",
        (Type::StopLimit, _) => "22",
        (Type::Limit | Type::Newer, _) => "00",
    }
}

fn known<T: PartialEq>(value: T, unknown: T, name: &'static str, all: &str) -> Result<T, Unfit> {
    if value == unknown { Err(param(name, format!("must be one of {all}"))) } else { Ok(value) }
}

fn price(
    name: &'static str,
    given: Option<Number>,
    is_needed: bool,
    is_domestic: bool,
) -> Result<Option<Decimal>, Unfit> {
    let Number(price) = match (given, is_needed) {
        (Some(price), true) => price,
        (None, false) => return Ok(None),
        (None, true) => return Err(Unfit::Missing(name)),
        (Some(_), false) => return Err(param(name, "is not for an order of this type")),
    };
    let price = price.normalize();
    if price <= Decimal::ZERO {
        return Err(param(name, "must be more than 0"));
    }
    let decimals = if is_domestic { 0 } else { DECIMALS_ABROAD };
    if price.scale() > decimals {
        return Err(param(name, format!("has more digits after the point than the {decimals} of its market")));
    }
    Ok(Some(price))
}

/// The order in parameters that may name a preview instead.
pub fn wanted(params: &PlaceParams) -> OrderParams {
    let PlaceParams { account, stock_code, market, side, quantity, order_type, price, stop_price, .. } = params.clone();
    let PlaceParams { time_in_force, route, .. } = *params;
    OrderParams { account, stock_code, market, side, quantity, order_type, price, stop_price, time_in_force, route }
}
