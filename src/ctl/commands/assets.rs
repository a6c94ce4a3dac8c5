//! `kisctl assets`, `overseas`, `buyable` and `sellable`: what an account has, and what it can buy and sell.

use rust_decimal::Decimal;

use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, patiently},
        output::Printer,
        show,
        table::{Style, grouped, local, signed},
    },
    wire::{
        daemon::Daemon,
        method,
        number::Number,
        text::printable,
        types::{
            AssetClass, Assets, AssetsParams, Buyable, BuyableParams, CurrencyBalance, Market, OrderType,
            OverseasBalance, OverseasBalanceParams, OverseasHolding, Purchase, Sellable, SellableParams,
        },
    },
};

/// An order that somebody thinks of.
#[derive(Debug, clap::Args)]
pub(in crate::ctl) struct BuyableArguments {
    /// Its name or code.
    stock: String,
    /// Its market, as of quote.
    #[arg(long, value_name = "MARKET", value_parser = super::search::market)]
    market: Option<Market>,
    /// The price of the order; needed abroad. Without it, at the market.
    #[arg(long, value_name = "PRICE", value_parser = price)]
    price: Option<Number>,
    /// The kind of order: limit, market, conditional, best, priority, mid, stop_limit, pre_close or post_close.
    #[arg(long = "type", value_name = "TYPE", value_parser = order_type)]
    order_type: Option<OrderType>,
}

/// A price with exactly the digits that it is written with.
fn price(text: &str) -> Result<Number, String> {
    Decimal::from_str_exact(text).map(Number).map_err(|_| "a price is a number such as 70000 or 225.5".to_owned())
}

fn order_type(text: &str) -> Result<OrderType, String> {
    match serde_json::from_value(text.into()) {
        Ok(OrderType::Newer) | Err(_) => {
            Err("types are limit, market, conditional, best, priority, mid, stop_limit, pre_close and post_close"
                .to_owned())
        }
        Ok(order_type) => Ok(order_type),
    }
}

/// The columns of a list in CSV, by the member that has it; `is_abroad`: the holdings are.
pub(in crate::ctl) fn columns(member: &str, is_abroad: bool) -> Option<&'static [&'static str]> {
    match member {
        "classes" => Some(&CLASS),
        "holdings" if is_abroad => Some(&HOLDING),
        _ => None,
    }
}

const CLASS: [&str; 7] =
    ["class", "purchase_amount", "evaluation_amount", "profit_loss", "loans", "net_assets", "weight"];

const HOLDING: [&str; 21] = [
    "stock_code",
    "stock_name",
    "market",
    "currency",
    "position",
    "loan_type",
    "loan_date",
    "loan_expires_on",
    "quantity",
    "sellable",
    "avg_price",
    "current_price",
    "purchase_amount",
    "evaluation_amount",
    "profit_loss",
    "profit_loss_rate",
    "settled_quantity",
    "bought_today",
    "sold_today",
    "exchange_rate",
    "exchange_rate_unit",
];

pub(in crate::ctl) async fn assets(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    format: Format,
) -> Result<(), Failure> {
    let params = AssetsParams { account, ..AssetsParams::default() };
    let raw = patiently(daemon.places(), printer.words(), ask::<method::AccountAssets>(daemon, &params)).await?;
    show(printer, format, &raw, |style, assets: Assets| by_class(style, &assets))
}

pub(in crate::ctl) async fn overseas(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    markets: Vec<Market>,
    format: Format,
) -> Result<(), Failure> {
    let markets = (!markets.is_empty()).then_some(markets);
    let params = OverseasBalanceParams { markets, account, ..OverseasBalanceParams::default() };
    let raw =
        patiently(daemon.places(), printer.words(), ask::<method::AccountOverseasBalance>(daemon, &params)).await?;
    show(printer, format, &raw, |style, overseas: OverseasBalance| held_abroad(style, &overseas))
}

pub(in crate::ctl) async fn buyable(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    BuyableArguments { stock, market, price, order_type }: BuyableArguments,
    format: Format,
) -> Result<(), Failure> {
    let params = BuyableParams { stock: Some(stock), market, price, order_type, account, ..BuyableParams::default() };
    let raw = patiently(daemon.places(), printer.words(), ask::<method::AccountBuyable>(daemon, &params)).await?;
    show(printer, format, &raw, |style, buyable: Buyable| can_buy(style, &buyable))
}

pub(in crate::ctl) async fn sellable(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    (stock, market): (String, Option<Market>),
    format: Format,
) -> Result<(), Failure> {
    let params = SellableParams { stock: Some(stock), market, account, ..SellableParams::default() };
    let raw = patiently(daemon.places(), printer.words(), ask::<method::AccountSellable>(daemon, &params)).await?;
    show(printer, format, &raw, |style, sellable: Sellable| can_sell(style, &sellable))
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| grouped(number.0))
}

fn gained(number: Option<Number>) -> (String, i64) {
    let sign = number.map_or(0, |number| match number.0 {
        zero if zero.is_zero() => 0,
        loss if loss.is_sign_negative() => -1,
        _ => 1,
    });
    (number.map_or_else(|| "–".to_owned(), |number| signed(number.0)), sign)
}

/// Two places are enough of a rate.
fn rate(number: Option<Number>) -> Option<Number> {
    number.map(|number| Number(number.0.round_dp(2)))
}

fn plain(text: String) -> (String, i64) {
    (text, 0)
}

/// Each class of which there is something, cash with its days, loans.
fn by_class(style: Style, assets: &Assets) -> String {
    let words = &style.words.trades.assets;
    let mut text = format!("{} {}\n\n", printable(&assets.account_name), local(assets.as_of));
    match &assets.classes {
        None => text.push_str(&format!("{}\n", words.no_classes)),
        Some(classes) => {
            let is_there = |number: Option<Number>| number.is_some_and(|number| !number.0.is_zero());
            let row = |class: &AssetClass| {
                vec![
                    plain((words.class)(class.class).to_owned()),
                    plain(said(class.evaluation_amount)),
                    plain(said(class.purchase_amount)),
                    gained(class.profit_loss),
                    plain(said(class.loans)),
                    plain(said(rate(class.weight))),
                ]
            };
            let rows = classes.iter().filter(|class| is_there(class.evaluation_amount) || is_there(class.loans));
            text.push_str(&style.signed(&words.classes, 1, rows.map(row)));
        }
    }
    let cash = &assets.cash;
    let dated = |name: &str, day: Option<chrono::NaiveDate>| {
        day.map_or_else(|| name.to_owned(), |day| format!("{name} ({day})"))
    };
    let rows: Vec<(String, String)> = [
        (words.deposit.to_owned(), cash.deposit),
        (dated(words.deposit_d1, cash.deposit_d1_date), cash.deposit_d1),
        (dated(words.deposit_d2, cash.deposit_d2_date), cash.deposit_d2),
        (words.withdrawable.to_owned(), cash.withdrawable),
        (words.receivable.to_owned(), cash.receivable),
        (words.receivable_today.to_owned(), cash.receivable_today),
        (words.loans.to_owned(), assets.loans.total.or(assets.loans.margin)),
        (words.total_assets.to_owned(), assets.totals.total_assets),
        (words.net_assets.to_owned(), assets.totals.net_assets),
    ]
    .map(|(name, number)| (name, said(number)))
    .into();
    text.push('\n');
    text.push_str(&style.rows(rows.iter().map(|(name, number)| (name.as_str(), number.clone()))));
    for source in &assets.sources {
        if let Some(reason) = &source.missing {
            text.push_str(&format!("{}\n", (words.missing)(&printable(reason))));
        }
    }
    text
}

/// A row for each stock and way of holding it, then the money.
fn held_abroad(style: Style, overseas: &OverseasBalance) -> String {
    let words = &style.words.trades.assets;
    let mut text = format!("{} {}\n\n", printable(&overseas.account_name), local(overseas.holdings_as_of));
    let row = |holding: &OverseasHolding| {
        vec![
            plain(printable(&holding.stock_code)),
            plain(holding.stock_name.as_deref().map_or_else(|| "–".to_owned(), printable)),
            plain(holding.market.name().to_owned()),
            plain((words.position)(holding.position).to_owned()),
            plain(grouped(holding.quantity.0)),
            plain(grouped(holding.sellable.0)),
            plain(said(holding.avg_price)),
            plain(said(holding.current_price)),
            plain(said(holding.evaluation_amount)),
            gained(holding.profit_loss),
            gained(rate(holding.profit_loss_rate)),
            plain(printable(&holding.currency)),
        ]
    };
    match overseas.holdings.is_empty() {
        true => text.push_str(&format!("{}\n", words.nothing_held)),
        false => text.push_str(&style.signed(&words.holdings, 4, overseas.holdings.iter().map(row))),
    }
    for differs in &overseas.differences {
        let [held, present] = [differs.quantity, differs.present_quantity].map(|number| grouped(number.0));
        text.push_str(&format!("{}\n", (words.differs)(&printable(&differs.stock_code), &held, &present)));
    }
    let markets: Vec<&str> = overseas.markets.iter().map(|market| market.name()).collect();
    text.push_str(&format!("{}\n\n", (words.asked)(&markets.join(", "))));
    let of_currency = |cash: &CurrencyBalance| {
        let cells = [said(cash.deposit), said(cash.withdrawable), said(cash.exchange_rate)];
        std::iter::once(printable(&cash.currency)).chain(cells).map(plain).collect()
    };
    if !overseas.currencies.is_empty() {
        text.push_str(&style.signed(&words.currencies, 1, overseas.currencies.iter().map(of_currency)));
        text.push('\n');
    }
    let totals = &overseas.totals;
    let rows = [
        (words.in_won, local(overseas.money_as_of)),
        (words.evaluation, said(totals.evaluation_amount)),
        (words.profit, gained(totals.profit_loss).0),
        (words.foreign_cash, said(totals.foreign_cash)),
        (words.deposit, said(totals.deposit)),
        (words.withdrawable, said(totals.withdrawable)),
        (words.total_assets, said(totals.total_assets)),
    ];
    text.push_str(&style.rows(rows));
    text
}

fn can_buy(style: Style, buyable: &Buyable) -> String {
    let words = &style.words.trades.assets;
    let mut text = format!(
        "{} {} {}\n{}\n\n",
        printable(&buyable.stock_code),
        buyable.market.name(),
        printable(&buyable.currency),
        local(buyable.as_of)
    );
    let own = if buyable.with_exchange.is_some() { words.own_currency } else { words.without_margin };
    let row = |name: &str, purchase: &Purchase| {
        vec![plain(name.to_owned()), plain(said(purchase.amount)), plain(said(purchase.quantity))]
    };
    let others = [(words.with_margin, &buyable.with_margin), (words.with_exchange, &buyable.with_exchange)];
    let others = others.into_iter().filter_map(|(name, purchase)| Some(row(name, purchase.as_ref()?)));
    let rows = std::iter::once(row(own, &buyable.without_margin)).chain(others);
    text.push_str(&style.signed(&words.buyable, 1, rows));
    if let Some(price) = buyable.calculation_price {
        text.push_str(&format!("{}\n", (words.reckoned)(&grouped(price.0))));
    }
    text
}

fn can_sell(style: Style, sellable: &Sellable) -> String {
    let words = &style.words.trades.assets;
    let heading = format!(
        "{}{} {} {}\n{}\n\n",
        printable(&sellable.stock_code),
        sellable.stock_name.as_deref().map(|name| format!(" {}", printable(name))).unwrap_or_default(),
        sellable.market.name(),
        printable(&sellable.currency),
        local(sellable.as_of)
    );
    let rows = [
        (words.sellable, grouped(sellable.quantity.0)),
        (words.held, said(sellable.held_quantity)),
        (words.average, said(sellable.avg_price)),
        (words.price, said(sellable.current_price)),
    ];
    format!("{heading}{}", style.rows(rows))
}
