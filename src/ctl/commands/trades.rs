//! `kisctl orders`, `executions`, `profits` and `transactions`: what an account has traded.

mod columns;

use chrono::{DateTime, FixedOffset, NaiveDate};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, patiently},
        output::Printer,
        show,
        table::{Style, grouped, local, signed},
        words::TradeWords,
    },
    wire::{
        daemon::Daemon,
        method,
        number::Number,
        text::printable,
        types::{
            AccountExecution, AccountExecutions, AccountOrder, AccountOrderKind, AccountOrders, AccountOrdersParams,
            AccountPeriodParams, AccountProfits, AccountTransactions, RealisedProfit, ReservedOrder, TradeRegion,
            TradeSide, Transaction,
        },
    },
};

pub(in crate::ctl) use self::columns::columns;

/// Which days, and at home or abroad.
#[derive(Debug, clap::Args)]
pub(in crate::ctl) struct PeriodArguments {
    /// The first day, as in 2026-11-02; without it today.
    #[arg(value_name = "FROM")]
    from: Option<String>,
    /// The last day; without it today.
    #[arg(value_name = "TO")]
    to: Option<String>,
    /// At home or abroad alone: domestic or overseas.
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: Option<TradeRegion>,
}

/// A list of some days.
#[derive(Debug, Clone, Copy)]
pub(in crate::ctl) enum List {
    Executions,
    Profits,
    Transactions,
}

/// A region by its name.
pub(in crate::ctl) fn region(text: &str) -> Result<TradeRegion, String> {
    match text {
        "domestic" => Ok(TradeRegion::Domestic),
        "overseas" => Ok(TradeRegion::Overseas),
        _ => Err("regions are domestic and overseas".to_owned()),
    }
}

pub(in crate::ctl) async fn orders(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    (date, region): (Option<String>, Option<TradeRegion>),
    format: Format,
) -> Result<(), Failure> {
    let params = AccountOrdersParams { date, region, account, ..AccountOrdersParams::default() };
    let raw = patiently(daemon.places(), printer.words(), ask::<method::AccountOrders>(daemon, &params)).await?;
    show(printer, format, &raw, |style, orders: AccountOrders| orders_of_a_day(style, &orders))
}

pub(in crate::ctl) async fn run(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    (list, PeriodArguments { from, to, region }): (List, PeriodArguments),
    format: Format,
) -> Result<(), Failure> {
    let params = AccountPeriodParams { from, to, region, account, ..AccountPeriodParams::default() };
    let asked = async {
        match list {
            List::Executions => ask::<method::AccountExecutions>(daemon, &params).await,
            List::Profits => ask::<method::AccountProfits>(daemon, &params).await,
            List::Transactions => ask::<method::AccountTransactions>(daemon, &params).await,
        }
    };
    let raw: Box<RawValue> = patiently(daemon.places(), printer.words(), asked).await?;
    match list {
        List::Executions => show(printer, format, &raw, |style, list: AccountExecutions| executions(style, &list)),
        List::Profits => show(printer, format, &raw, |style, list: AccountProfits| profits(style, &list)),
        List::Transactions => {
            show(printer, format, &raw, |style, list: AccountTransactions| transactions(style, &list))
        }
    }
}

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| grouped(number.0))
}

fn name(name: Option<&String>) -> String {
    name.map_or_else(|| "–".to_owned(), |name| printable(name))
}

fn side(words: &TradeWords, side: Option<TradeSide>) -> String {
    side.map_or("–", |side| (words.side)(side)).to_owned()
}

/// Whose they are, of which days, and when KIS was asked.
fn heading(account: &str, (from, to): (NaiveDate, NaiveDate), as_of: DateTime<FixedOffset>) -> String {
    let days = if from == to { from.to_string() } else { format!("{from} – {to}") };
    format!("{} {days}\n{}\n\n", printable(account), local(as_of))
}

/// Rows under titles, or that there are none.
fn table(style: Style, titles: &[&str], rows: impl Iterator<Item = Vec<String>>, complete: bool) -> String {
    let words = &style.words.trades;
    let mut rows = rows.peekable();
    let mut text = match rows.peek() {
        Some(_) => style.titled(titles.iter().map(|title| (*title).to_owned()).collect(), rows),
        None => format!("{}\n", words.none),
    };
    if !complete {
        text.push_str(&format!("{}\n", words.incomplete));
    }
    text
}

fn orders_of_a_day(style: Style, list: &AccountOrders) -> String {
    let words = &style.words.trades;
    let row = |order: &AccountOrder| {
        let kind = match order.kind {
            AccountOrderKind::New => String::new(),
            kind => format!(" {}", (words.kind)(kind)),
        };
        vec![
            order.ordered_at.map_or_else(|| order.order_date.to_string(), |at| at.format("%m-%d %H:%M:%S").to_string()),
            printable(&order.order_no),
            printable(&order.stock_code),
            name(order.stock_name.as_ref()),
            format!("{}{kind}", side(words, order.side)),
            grouped(order.quantity.0),
            said(order.price),
            grouped(order.filled_quantity.0),
            said(order.average_price),
            (words.state)(order.state).to_owned(),
        ]
    };
    let mut text = heading(&list.account_name, (list.date, list.date), list.as_of);
    text.push_str(&table(style, &words.orders, list.orders.iter().map(row), list.complete));
    match (&list.reserved, &list.reserved_reason) {
        (Some(reserved), _) if !reserved.is_empty() => {
            let row = |order: &ReservedOrder| {
                vec![
                    printable(&order.reservation_no),
                    order.order_date.map_or_else(|| "–".to_owned(), |day| day.to_string()),
                    printable(&order.stock_code),
                    name(order.stock_name.as_ref()),
                    side(words, order.side),
                    grouped(order.quantity.0),
                    said(order.price),
                    name(order.status.as_ref()),
                ]
            };
            text.push_str(&format!("\n{}\n", words.reservations));
            text.push_str(&table(style, &words.reserved, reserved.iter().map(row), true));
        }
        (Some(_), _) => {}
        (None, reason) => {
            let reason = printable(reason.as_deref().unwrap_or("–"));
            text.push_str(&format!("\n{}\n", (words.no_reservations)(&reason)));
        }
    }
    text
}

fn executions(style: Style, list: &AccountExecutions) -> String {
    let words = &style.words.trades;
    let row = |one: &AccountExecution| {
        vec![
            one.ordered_at.map_or_else(|| one.order_date.to_string(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string()),
            printable(&one.order_no),
            printable(&one.stock_code),
            name(one.stock_name.as_ref()),
            side(words, one.side),
            grouped(one.quantity.0),
            said(one.price),
            said(one.amount),
            name(one.currency.as_ref()),
        ]
    };
    let heading = heading(&list.account_name, (list.from, list.to), list.as_of);
    heading + &table(style, &words.executions, list.executions.iter().map(row), list.complete)
}

fn profits(style: Style, list: &AccountProfits) -> String {
    let words = &style.words.trades;
    let row = |one: &RealisedProfit| {
        vec![
            one.date.to_string(),
            printable(&one.stock_code),
            name(one.stock_name.as_ref()),
            grouped(one.sold_quantity.0),
            said(one.purchase_price),
            said(one.sold_price),
            signed(one.profit_loss.0),
            one.profit_loss_rate.map_or_else(|| "–".to_owned(), |rate| signed(rate.0.round_dp(2))),
            sum([one.fee, one.tax, one.interest, one.costs]),
            name(one.currency.as_ref()),
        ]
    };
    let mut text = heading(&list.account_name, (list.from, list.to), list.as_of);
    text.push_str(&table(style, &words.profits, list.by_stock.iter().map(row), list.complete));
    for total in &list.totals {
        let (profit, currency) = (signed(total.profit_loss.0), printable(&total.currency));
        text.push_str(&format!("{}: {profit} {currency}\n", words.total));
    }
    text
}

fn transactions(style: Style, list: &AccountTransactions) -> String {
    let words = &style.words.trades;
    let row = |one: &Transaction| {
        vec![
            one.date.to_string(),
            one.settlement_date.map_or_else(|| "–".to_owned(), |day| day.to_string()),
            printable(&one.stock_code),
            name(one.stock_name.as_ref()),
            side(words, one.side),
            grouped(one.quantity.0),
            said(one.price),
            said(one.settled_amount),
            sum([one.fee, one.foreign_fee, None, None]),
            name(one.currency.as_ref()),
        ]
    };
    let heading = heading(&list.account_name, (list.from, list.to), list.as_of);
    heading + &table(style, &words.transactions, list.transactions.iter().map(row), list.complete)
}

/// What KIS has said of several figures, together.
fn sum(figures: [Option<Number>; 4]) -> String {
    let known: Vec<Decimal> = figures.into_iter().flatten().map(|figure| figure.0).collect();
    if known.is_empty() {
        return "–".to_owned();
    }
    grouped(known.into_iter().fold(Decimal::ZERO, Decimal::saturating_add))
}
