//! Orders abroad: `POST …/overseas-stock/v1/trading/order` and `order-rvsecncl`, each market with TR ids of its own; and those of the
//! American day market, `daytime-order` and `daytime-order-rvsecncl`.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::{
    Call, Desk, account_of,
    money_abroad::is_covered,
    order::{Kind, Order, Side, units},
    place::{Meant, Terms, new, whole},
    refusal::Refused,
};
use crate::{
    Mode, Options,
    http::Answer,
    listing::{self, Listed},
    market::{Quote, market_of},
};

/// What names the American day market in an operation.
const DAY_MARKET: &str = "daytime";

/// Exchanges of the markets, by what names them in an operation.
const MARKETS: [(&str, &[&str]); 7] = [
    (DAY_MARKET, &["NASD", "NYSE", "AMEX"]),
    ("us", &["NASD", "NYSE", "AMEX"]),
    ("jp", &["TKSE"]),
    ("sh", &["SHAA"]),
    ("hk", &["SEHK"]),
    ("sz", &["SZAA"]),
    ("vn", &["HASE", "VNSE"]),
];

/// Types to buy and to sell in the United States.
const AMERICAN: [&[&str]; 2] = [&["00", "32", "34", "35", "36"], &["00", "31", "32", "33", "34", "35", "36"]];

/// How far from the last price an order may be, in percent of it: to buy and to sell, below and above.
const BANDS: [(i64, i64); 2] = [(3, 130), (80, 300)];

/// Types that have no price.
fn is_priced(order_type: &str) -> bool {
    !matches!(order_type, "31" | "33")
}

/// The exchanges of the market that an operation's name has in it.
fn exchanges(operation: &str) -> &'static [&'static str] {
    let named = |name: &str| operation.split('-').any(|part| part == name);
    MARKETS.iter().find(|(name, _)| named(name)).map_or(&[], |(_, exchanges)| exchanges)
}

/// Whether an operation is one of the American day market.
fn is_by_day(operation: &str) -> bool {
    operation.split('-').any(|part| part == DAY_MARKET)
}

/// Whether a market takes cancellations only.
fn only_cancels(exchange: &str) -> bool {
    matches!(exchange, "SHAA" | "SZAA" | "HASE" | "VNSE")
}

impl Desk {
    pub(super) fn place_abroad(
        &mut self,
        operation: &str,
        own: &mut Options,
        call: Call<'_>,
    ) -> Result<Answer, Refused> {
        let side = if operation.ends_with("-buy") { Side::Buy } else { Side::Sell };
        let exchange = exchange(&call, exchanges(operation))?;
        let quantity = whole(&call, "ORD_QTY")?;
        let is_by_day = is_by_day(operation);
        let (listed, quote) = issue(&call, exchange, is_by_day)?;
        let order_type = order_type(&call, exchange, side)?;
        if is_by_day && order_type != "00" {
            return Err(Refused::TypeAbroad);
        }
        let terms = terms(&call, order_type, side, &quote)?;
        if quantity == 0 || quantity % listed.lot.max(1) != 0 {
            return Err(Refused::Quantity);
        }
        let reserves = match side {
            Side::Buy => units(terms.price, quote.decimals),
            Side::Sell => 0,
        };
        if !is_covered(side, exchange, listed, (quantity, terms.price), &call) {
            return Err(if side == Side::Sell { Refused::Sellable } else { Refused::Funds });
        }
        let number = self.number_abroad();
        let meant = Meant { code: listed.code, name: &quote.name, exchange, abroad: Some(listed) };
        let order = Order { reserves, is_by_day, ..new(number, side, &meant, &terms, quantity, &call) };
        Ok(self.accept(order, own, &call))
    }

    /// Amendments and cancellations are of all that is left, whatever quantity they name.
    pub(super) fn change_abroad(
        &mut self,
        operation: &str,
        own: &mut Options,
        call: Call<'_>,
    ) -> Result<Answer, Refused> {
        let exchange = exchange(&call, exchanges(operation))?;
        let kind = match call.param("RVSE_CNCL_DVSN_CD") {
            "01" if !only_cancels(exchange) => Kind::Amend,
            "02" => Kind::Cancel,
            _ => return Err(Refused::Input("RVSE_CNCL_DVSN_CD")),
        };
        whole(&call, "ORD_QTY")?;
        let account = account_of(call.options);
        let number = super::order::number(call.param("ORGN_ODNO")).ok_or(Refused::NoOrder)?;
        let is_meant = |order: &Order| {
            order.abroad.is_some()
                && order.is_by_day == is_by_day(operation)
                && order.account == account
                && order.number == number
                && order.code == call.param("PDNO")
        };
        let at = self.orders.iter().rposition(is_meant).ok_or(Refused::NoOrder)?;
        let left = self.left(at);
        let Some(original) = self.orders.get(at).cloned() else { return Err(Refused::NoOrder) };
        if original.exchange != exchange {
            return Err(Refused::Exchange);
        }
        if !original.is_live() || left == 0 {
            return Err(Refused::NoRest);
        }
        if kind == Kind::Cancel {
            return Ok(self.cancel(at, left, own, &call));
        }
        // Split orders cannot be amended.
        if matches!(original.order_type.as_str(), "35" | "36") {
            return Err(Refused::TypeAbroad);
        }
        let (listed, quote) = issue(&call, exchange, original.is_by_day)?;
        let terms = terms(&call, &original.order_type, original.side, &quote)?;
        let more = (terms.price - original.price) * Decimal::from(left);
        let orderable = call.options.activity.orderable_abroad(&call.options.portfolio, listed.currency).1;
        if original.side == Side::Buy && more > orderable {
            return Err(Refused::Funds);
        }
        let number = self.number_abroad();
        let meant = Meant { code: listed.code, name: &quote.name, exchange, abroad: Some(listed) };
        let order = Order {
            kind: Kind::Amend,
            original: Some(original.number),
            is_by_day: original.is_by_day,
            reserves: if original.side == Side::Buy { units(terms.price, quote.decimals) } else { 0 },
            ..new(number, original.side, &meant, &terms, left, &call)
        };
        if let Some(original) = self.orders.get_mut(at) {
            original.rest -= left;
            original.cancelled += left;
        }
        Ok(self.accept(order, own, &call))
    }
}

/// The exchange of a call, which has to be one of the market that its TR id is of.
fn exchange<'a>(call: &'a Call<'_>, of_market: &[&str]) -> Result<&'a str, Refused> {
    let exchange = call.param("OVRS_EXCG_CD");
    of_market.contains(&exchange).then_some(exchange).ok_or(Refused::Input("OVRS_EXCG_CD"))
}

/// The issue that a call names, if it is listed there and not halted.
fn issue(call: &Call<'_>, exchange: &str, is_by_day: bool) -> Result<(&'static Listed, Quote), Refused> {
    let market = market_of(exchange).ok_or(Refused::Input("OVRS_EXCG_CD"))?;
    let listed = listing::overseas(market, call.param("PDNO")).ok_or(Refused::NoIssue)?;
    let quote = call.market.quote_abroad(listed, call.now);
    if quote.is_halted {
        return Err(Refused::Halted);
    }
    let is_open = if is_by_day { quote.is_day_market(call.now) } else { quote.takes_orders(call.now) };
    if !is_open {
        return Err(Refused::ClosedAbroad);
    }
    Ok((listed, quote))
}

/// The type of an order: elsewhere than in the United States there is but one, which is left out, and odd lots in Hong Kong.
fn order_type<'a>(call: &'a Call<'_>, exchange: &str, side: Side) -> Result<&'a str, Refused> {
    let stated = call.param("ORD_DVSN");
    let [to_buy, to_sell] = AMERICAN;
    let known = match (exchange, side) {
        ("NASD" | "NYSE" | "AMEX", Side::Buy) => to_buy.contains(&stated),
        ("NASD" | "NYSE" | "AMEX", Side::Sell) => to_sell.contains(&stated),
        ("SEHK", Side::Sell) => matches!(stated, "" | "00" | "50"),
        _ => matches!(stated, "" | "00"),
    };
    match (known, call.options.mode) {
        (false, _) => Err(Refused::TypeAbroad),
        (true, Mode::Paper) if !matches!(stated, "" | "00") => Err(Refused::NotOnPaper),
        (true, _) => Ok(if stated.is_empty() { "00" } else { stated }),
    }
}

/// The price of a call, if there is such a one.
fn terms(call: &Call<'_>, order_type: &str, side: Side, quote: &Quote) -> Result<Terms, Refused> {
    let price = Decimal::from_str(call.param("OVRS_ORD_UNPR")).map_err(|_| Refused::Input("OVRS_ORD_UNPR"))?;
    let order_type = order_type.to_owned();
    if !is_priced(&order_type) {
        return Ok(Terms { order_type, price: Decimal::ZERO, condition: Decimal::ZERO });
    }
    let [to_buy, to_sell] = BANDS;
    let (lowest, highest) = if side == Side::Buy { to_buy } else { to_sell };
    let stated = units(price, quote.decimals);
    let percent = i128::from(stated) * 100;
    if stated <= 0
        || percent < i128::from(quote.last) * i128::from(lowest)
        || percent > i128::from(quote.last) * i128::from(highest)
    {
        return Err(Refused::Limits);
    }
    if !quote.is_step(stated) || Decimal::new(stated, quote.decimals) != price {
        return Err(Refused::Step);
    }
    Ok(Terms { order_type, price, condition: Decimal::ZERO })
}
