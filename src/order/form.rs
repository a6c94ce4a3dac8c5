//! How KIS is told of an order: the operation, and its parameters as KIS spells them.

use kis_catalog::catalog;
use rust_decimal::Decimal;

use super::{
    life::Kept,
    ticket::{Ticket, kis_type},
};
use crate::{
    account::AccountId,
    kis::{Environment, Trade},
    quote::order_code,
    wire::{
        number::Number,
        types::{Market, OrderType, Route, Side},
    },
};

/// Decimals of a price abroad, as KIS writes them.
const DECIMALS_ABROAD: u32 = 2;

/// An operation of KIS that trades, with its parameters. They hold the account number.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Form {
    /// The operation.
    pub operation: &'static str,
    /// Its parameters.
    pub params: Vec<(&'static str, String)>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.operation)
    }
}

/// There is no such operation, or not in this mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoForm {
    /// The market knows none.
    #[error("orders on {} cannot be changed: cancel this one and place another", .0.name())]
    NoAmendment(Market),
    /// The mode lacks it.
    #[error("{operation} is not there for {} accounts", environment.name())]
    NotInMode {
        /// The operation.
        operation: &'static str,
        /// The mode.
        environment: Environment,
    },
}

/// What is changed of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// So many shares are not wanted any more; `None`: all that are not filled.
    Cancel(Option<u64>),
    /// All that is not filled gets this price and type.
    Amend(Option<Decimal>, OrderType),
}

impl Form {
    /// A new order.
    pub(super) fn of(ticket: &Ticket, account: &AccountId, environment: Environment) -> Self {
        let mut params = vec![("CANO", account.cano().to_owned()), ("ACNT_PRDT_CD", account.product_code().to_owned())];
        let Ticket { stock_code, market, side, quantity, price, stop_price, route, .. } = ticket;
        let is_sell = *side == Side::Sell;
        if ticket.is_domestic() {
            params.extend([
                ("PDNO", stock_code.clone()),
                ("ORD_DVSN", ticket.kis_type().to_owned()),
                ("ORD_QTY", quantity.to_string()),
                ("ORD_UNPR", price.map_or_else(|| "0".to_owned(), |price| price.to_string())),
                ("EXCG_ID_DVSN_CD", exchange(*route).to_owned()),
            ]);
            if is_sell {
                params.push(("SLL_TYPE", "01".to_owned()));
            }
            if let Some(stop_price) = stop_price {
                params.push(("CNDT_PRIC", stop_price.to_string()));
            }
            let operation = match side {
                Side::Sell => "domestic-stock-trading-order-cash-sell",
                Side::Buy | Side::Newer => "domestic-stock-trading-order-cash-buy",
            };
            return Self { operation, params };
        }
        params.extend([
            ("OVRS_EXCG_CD", order_code(*market).unwrap_or_default().to_owned()),
            ("PDNO", stock_code.clone()),
            ("ORD_QTY", quantity.to_string()),
            ("OVRS_ORD_UNPR", price.map_or_else(|| "0".to_owned(), written_abroad)),
            ("CTAC_TLNO", String::new()),
            ("MGCO_APTM_ODNO", String::new()),
        ]);
        if is_sell {
            params.push(("SLL_TYPE", "00".to_owned()));
        }
        params.push(("ORD_SVR_DVSN_CD", "0".to_owned()));
        // KIS wants it left out elsewhere; in Hong Kong only sales have types.
        let has_types = is_american(*market) || *market == Market::Hkex && is_sell;
        if has_types || environment == Environment::Paper {
            params.push(("ORD_DVSN", "00".to_owned()));
        }
        Self { operation: abroad(*market, is_sell), params }
    }

    /// A change of an order that KIS has taken.
    pub(super) fn change(kept: &Kept, account: &AccountId, change: Change) -> Result<Self, NoForm> {
        let order = &kept.order;
        let mut params = vec![("CANO", account.cano().to_owned()), ("ACNT_PRDT_CD", account.product_code().to_owned())];
        let number = kept.order_no().unwrap_or_default().to_owned();
        let branch = order.kis.as_ref().map(|kis| kis.branch.clone()).unwrap_or_default();
        let kind = match change {
            Change::Amend(..) => "01",
            Change::Cancel(_) => "02",
        };
        if order.market == Market::Krx {
            let (order_type, price, part) = match change {
                Change::Cancel(part) => (order.order_type, None, part),
                Change::Amend(price, order_type) => (order_type, price, None),
            };
            params.extend([
                ("KRX_FWDG_ORD_ORGNO", branch),
                ("ORGN_ODNO", number),
                ("ORD_DVSN", kis_type(order_type, order.time_in_force).to_owned()),
                ("RVSE_CNCL_DVSN_CD", kind.to_owned()),
                ("ORD_QTY", part.map_or_else(|| "0".to_owned(), |part| part.to_string())),
                ("ORD_UNPR", price.map_or_else(|| "0".to_owned(), |price| price.to_string())),
                ("QTY_ALL_ORD_YN", if part.is_some() { "N" } else { "Y" }.to_owned()),
                ("EXCG_ID_DVSN_CD", exchange(order.route).to_owned()),
            ]);
            if let (Change::Amend(..), Some(Number(stop_price)), OrderType::StopLimit) =
                (change, order.stop_price, order_type)
            {
                params.push(("CNDT_PRIC", stop_price.to_string()));
            }
            return Ok(Self { operation: "domestic-stock-trading-order-rvsecncl", params });
        }
        let cancels_only = matches!(order.market, Market::Sse | Market::Szse | Market::Hnx | Market::Hsx);
        let price = match change {
            Change::Cancel(_) => "0".to_owned(),
            Change::Amend(..) if cancels_only => return Err(NoForm::NoAmendment(order.market)),
            Change::Amend(price, _) => price.map_or_else(|| "0".to_owned(), written_abroad),
        };
        params.extend([
            ("OVRS_EXCG_CD", order_code(order.market).unwrap_or_default().to_owned()),
            ("PDNO", order.stock_code.clone()),
            ("ORGN_ODNO", number),
            ("RVSE_CNCL_DVSN_CD", kind.to_owned()),
            ("ORD_QTY", order.remaining_quantity.to_string()),
            ("OVRS_ORD_UNPR", price),
            ("MGCO_APTM_ODNO", String::new()),
            ("ORD_SVR_DVSN_CD", "0".to_owned()),
        ]);
        Ok(Self { operation: change_abroad(order.market), params })
    }

    /// The call of it, in the mode of the account.
    pub(super) fn trade(&self, environment: Environment) -> Result<Trade<'_>, NoForm> {
        let not_in_mode = NoForm::NotInMode { operation: self.operation, environment };
        let found = catalog().find(self.operation).map_err(|_| not_in_mode.clone())?;
        let mode = match environment {
            Environment::Real => kis_catalog::Mode::Real,
            Environment::Paper => kis_catalog::Mode::Paper,
        };
        let tr_id = found.operation.tr_id(mode).ok_or(not_in_mode)?;
        Ok(Trade { path: found.operation.path(), tr_id, params: &self.params })
    }
}

/// A price abroad: KIS takes it with at least two digits after the point.
fn written_abroad(price: Decimal) -> String {
    let mut price = price.normalize();
    if price.scale() < DECIMALS_ABROAD {
        price.rescale(DECIMALS_ABROAD);
    }
    price.to_string()
}

fn exchange(route: Option<Route>) -> &'static str {
    match route {
        Some(Route::Nxt) => "NXT",
        Some(Route::Sor) => "SOR",
        _ => "KRX",
    }
}

fn is_american(market: Market) -> bool {
    matches!(market, Market::Nasdaq | Market::Nyse | Market::Amex)
}

/// The operation that places an order abroad.
fn abroad(market: Market, is_sell: bool) -> &'static str {
    match (market, is_sell) {
        (Market::Hkex, false) => "overseas-stock-trading-order-hk-buy",
        (Market::Hkex, true) => "overseas-stock-trading-order-hk-sell",
        (Market::Tse, false) => "overseas-stock-trading-order-jp-buy",
        (Market::Tse, true) => "overseas-stock-trading-order-jp-sell",
        (Market::Sse, false) => "overseas-stock-trading-order-sh-buy",
        (Market::Sse, true) => "overseas-stock-trading-order-sh-sell",
        (Market::Szse, false) => "overseas-stock-trading-order-sz-buy",
        (Market::Szse, true) => "overseas-stock-trading-order-sz-sell",
        (Market::Hnx | Market::Hsx, false) => "overseas-stock-trading-order-vn-buy",
        (Market::Hnx | Market::Hsx, true) => "overseas-stock-trading-order-vn-sell",
        (_, false) => "overseas-stock-trading-order-us-buy",
        (_, true) => "overseas-stock-trading-order-us-sell",
    }
}

/// The operation that changes or cancels one.
fn change_abroad(market: Market) -> &'static str {
    match market {
        Market::Hkex => "overseas-stock-trading-order-rvsecncl-hk",
        Market::Tse => "overseas-stock-trading-order-rvsecncl-jp",
        Market::Sse => "overseas-stock-trading-order-rvsecncl-sh-cancel",
        Market::Szse => "overseas-stock-trading-order-rvsecncl-sz-cancel",
        Market::Hnx | Market::Hsx => "overseas-stock-trading-order-rvsecncl-vn-cancel",
        _ => "overseas-stock-trading-order-rvsecncl-us",
    }
}
