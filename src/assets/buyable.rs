//! What can be bought of a stock: `inquire-psbl-order` at home, `inquire-psamount` abroad.

use rust_decimal::Decimal;

use super::{
    asking::{Asking, Fault, row, shown},
    plain,
};
use crate::{
    kis::{KisError, row::Row},
    quote::{Stock, order_code},
    wire::types::{Buyable, Market, OrderType, Purchase, QuantityFrom},
};

/// An order that somebody thinks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    stock: Stock,
    order_type: OrderType,
    price: Option<Decimal>,
    lot: Option<u32>,
}

impl Order {
    /// An order of a stock whose quantities are multiples of `lot`, if that is known.
    pub fn new(
        stock: Stock,
        order_type: Option<OrderType>,
        price: Option<Decimal>,
        lot: Option<u32>,
    ) -> Result<Self, Fault> {
        let unfit = |problem: String| Err(Fault::Unfit(problem));
        if price.is_some_and(|price| price <= Decimal::ZERO) {
            return unfit("price must be more than 0".to_owned());
        }
        let order_type = order_type.unwrap_or(if price.is_some() { OrderType::Limit } else { OrderType::Market });
        let is_home = order_code(stock.market).is_none();
        match (stock.market, order_type, price) {
            (Market::Un, ..) => {
                return unfit("market UN is a view of KRX and NXT, where nothing can be bought".to_owned());
            }
            (_, OrderType::Newer, _) => {
                return unfit(
                    "type must be one of limit, market, conditional, best, priority, mid, stop_limit, pre_close, post_close"
                        .to_owned(),
                );
            }
            (_, OrderType::Limit, Some(_)) => {}
            (..) if !is_home => {
                return unfit(format!("KIS reckons with a price abroad: {} needs one, and the type limit", stock.code));
            }
            (_, order_type, Some(_)) if !order_type.has_price() => {
                return unfit("an order of this type has no price".to_owned());
            }
            _ => {}
        }
        if is_home && price.is_some_and(|price| !price.fract().is_zero()) {
            return unfit("price must be whole won".to_owned());
        }
        Ok(Self { stock, order_type, price, lot })
    }

    /// What KIS is asked with (`ORD_DVSN`). With 00 it would leave out the margin rate of the stock, so a limit order is asked about
    /// as one at the market, whose amounts are the same.
    fn code(&self) -> &'static str {
        match self.order_type {
            OrderType::Limit | OrderType::Market | OrderType::Newer => "01",
            OrderType::Conditional => "02",
            OrderType::Best => "03",
            OrderType::Priority => "04",
            OrderType::PreClose => "05",
            OrderType::PostClose => "06",
            OrderType::Mid => "21",
            OrderType::StopLimit => "22",
        }
    }

    /// The price that KIS is asked with, which an order at the market has not.
    fn sent_price(&self) -> String {
        let price = self.price.filter(|_| self.code() != "01");
        price.map(|price| price.normalize().to_string()).unwrap_or_default()
    }

    /// A quantity in whole lots.
    fn in_lots(&self, quantity: Decimal) -> Decimal {
        let lot = Decimal::from(self.lot.unwrap_or(1).max(1));
        let whole = quantity.trunc();
        whole - whole.checked_rem(lot).unwrap_or_default()
    }

    /// What an amount buys.
    fn purchase(&self, amount: Option<Decimal>, quantity: Option<Decimal>, from: QuantityFrom) -> Purchase {
        let quantity = match (from, self.price) {
            (QuantityFrom::Amount, Some(price)) => amount.and_then(|amount| amount.checked_div(price)),
            _ => quantity,
        };
        Purchase { amount: amount.map(plain), quantity: quantity.map(|quantity| plain(self.in_lots(quantity))) }
    }
}

/// What the account can buy by such an order.
pub async fn buyable(asking: &Asking<'_>, order: &Order) -> Result<Buyable, Fault> {
    asking.needs_stocks("account.buyable")?;
    let code = order.stock.code.clone();
    let called = match order_code(order.stock.market) {
        None => {
            let params = [
                ("PDNO", code),
                ("ORD_UNPR", order.sent_price()),
                ("ORD_DVSN", order.code().to_owned()),
                ("CMA_EVLU_AMT_ICLD_YN", "N".to_owned()),
                ("OVRS_ICLD_YN", "N".to_owned()),
            ];
            asking.one("domestic-stock-trading-inquire-psbl-order", params).await?
        }
        Some(exchange) => {
            let price = order.price.map(|price| price.normalize().to_string()).unwrap_or_default();
            let params = [("OVRS_EXCG_CD", exchange.to_owned()), ("OVRS_ORD_UNPR", price), ("ITEM_CD", code)];
            asking.one("overseas-stock-trading-inquire-psamount", params).await?
        }
    };
    let empty = Buyable {
        stock_code: order.stock.code.clone(),
        market: order.stock.market,
        currency: order.stock.currency().to_owned(),
        order_type: order.order_type,
        price: order.price.map(plain),
        without_margin: Purchase { amount: None, quantity: None },
        with_margin: None,
        with_exchange: None,
        quantity_from: QuantityFrom::Kis,
        calculation_price: None,
        lot: order.lot,
        exchange_rate: None,
        account: asking.account.id.to_string(),
        account_name: asking.account.name.to_string(),
        as_of: shown(called.as_of),
    };
    asking.read(|| {
        let row = row(&called, "output")?;
        if order_code(order.stock.market).is_none() { at_home(order, &row, empty) } else { abroad(order, &row, empty) }
    })
}

fn at_home(order: &Order, row: &Row<'_>, empty: Buyable) -> Result<Buyable, KisError> {
    let reckoned = row.unless_zero("psbl_qty_calc_unpr")?;
    let from = match order.price {
        Some(price) if reckoned != Some(price) => QuantityFrom::Amount,
        _ => QuantityFrom::Kis,
    };
    let calculation_price = if from == QuantityFrom::Amount { order.price } else { reckoned };
    let without = Some(row.needed("nrcvb_buy_amt")?);
    Ok(Buyable {
        without_margin: order.purchase(without, row.number("nrcvb_buy_qty")?, from),
        with_margin: Some(order.purchase(row.number("max_buy_amt")?, row.number("max_buy_qty")?, from)),
        quantity_from: from,
        calculation_price: calculation_price.map(plain),
        ..empty
    })
}

fn abroad(order: &Order, row: &Row<'_>, empty: Buyable) -> Result<Buyable, KisError> {
    let own = Some(row.needed("ovrs_ord_psbl_amt")?);
    if let Some(currency) = row.text("tr_crcy_cd")?.filter(|currency| *currency != empty.currency) {
        return Err(
            row.malformed("tr_crcy_cd", format!("is {currency} of a stock that is traded in {}", empty.currency))
        );
    }
    let all = (row.number("frcr_ord_psbl_amt1")?, row.number("ovrs_max_ord_psbl_qty")?);
    Ok(Buyable {
        without_margin: order.purchase(own, row.number("max_ord_psbl_qty")?, QuantityFrom::Kis),
        with_exchange: Some(order.purchase(all.0, all.1, QuantityFrom::Kis)),
        calculation_price: order.price.map(plain),
        exchange_rate: row.unless_zero("exrt")?.map(plain),
        ..empty
    })
}
