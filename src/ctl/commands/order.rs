//! `kisctl order`, `kisctl halt` and `kisctl resume`: orders, each asked of a person first where it sends one.

mod person;
mod place;
mod shown;

use chrono::NaiveDate;
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use jsonrpsee::core::client::Error;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

pub(in crate::ctl) use self::shown::about;
use super::search;
use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, in_time, patiently},
        output::Printer,
        show,
        words::Words,
    },
    wire::{
        daemon::Daemon,
        method::{self, Method},
        number::Number,
        types::{
            HaltResult, Market, Order, OrderApproveParams, OrderCancelParams, OrderGetParams, OrderHaltParams,
            OrderList, OrderListParams, OrderParams, OrderResumeParams, OrderType, Preview, Route, Side, TimeInForce,
        },
    },
};

#[derive(Debug, Subcommand)]
pub(in crate::ctl) enum OrderCommand {
    /// What an order would be: amount, fees, and every check. Nothing is sent.
    Preview {
        #[command(flatten)]
        wanted: Wanted,
        /// Which way it goes; buy unless said.
        #[arg(long, value_name = "SIDE", value_parser = one_of(Side::ALL, Side::name))]
        side: Option<Side>,
    },
    /// Buys a stock, after a preview and a yes.
    Buy {
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        how: How,
    },
    /// Sells a stock, after a preview and a yes.
    Sell {
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        how: How,
    },
    /// Gives all that is not filled of an order another price.
    Amend {
        /// The order.
        order_id: String,
        /// The new price.
        #[arg(value_parser = price)]
        price: Number,
        /// Amend it without a question.
        #[arg(long)]
        yes: bool,
    },
    /// Cancels an order.
    Cancel {
        /// The order.
        order_id: String,
        /// So many shares only; without it all that are not filled.
        #[arg(long, value_name = "QUANTITY", value_parser = clap::value_parser!(u64).range(1..))]
        quantity: Option<u64>,
    },
    /// The orders that were placed by kisd, the newest first.
    List {
        /// Only those that are not over.
        #[arg(long)]
        open: bool,
        /// Only those of this day, Korean time, as in 2026-11-27.
        #[arg(long, value_name = "DATE")]
        day: Option<NaiveDate>,
    },
    /// An order with its whole life.
    Get {
        /// The order.
        order_id: String,
    },
    /// Sends an order that waits for a person, who is asked at a terminal.
    Approve {
        /// The order; without it those that wait are listed, and who has placed them.
        order_id: Option<String>,
    },
    /// Refuses an order that waits for a person.
    Deny {
        /// The order.
        order_id: String,
    },
    /// Settles an order whose outcome is not known, by what you have seen at KIS itself.
    Resolve {
        /// The order.
        order_id: String,
        /// absent, or KIS's number of the order.
        #[arg(value_name = "absent|NUMBER")]
        seen: String,
    },
}

/// An order as it is wanted.
#[derive(Debug, Args)]
pub(in crate::ctl) struct Wanted {
    /// The stock by its code, as in 005930 or AAPL.
    code: String,
    /// How many shares.
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    quantity: u64,
    /// The price a share, for the types that have one.
    #[arg(value_parser = price)]
    price: Option<Number>,
    /// How the price is found; limit unless said.
    #[arg(long = "type", value_name = "TYPE", value_parser = one_of(OrderType::ALL, OrderType::name))]
    order_type: Option<OrderType>,
    /// By which exchange of Korea; krx unless said.
    #[arg(long, value_name = "ROUTE", value_parser = one_of(Route::ALL, Route::name))]
    route: Option<Route>,
    /// How long it lives; day unless said.
    #[arg(long = "tif", value_name = "TIME", value_parser = one_of(TimeInForce::ALL, TimeInForce::name))]
    time_in_force: Option<TimeInForce>,
    /// The price that has to be reached first, of a stop_limit order.
    #[arg(long, value_name = "PRICE", value_parser = price)]
    stop_price: Option<Number>,
    /// The market by which the stock is known: KRX, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX.
    #[arg(long, value_name = "MARKET", value_parser = search::market)]
    market: Option<Market>,
}

/// How an order is sent.
#[derive(Debug, Args)]
pub(in crate::ctl) struct How {
    /// An id of your own: the same id again gives the same order and sends nothing.
    #[arg(long, value_name = "CLIENT_ORDER_ID")]
    id: Option<String>,
    /// Send it without a question, for scripts.
    #[arg(long)]
    yes: bool,
}

/// One of a few words.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|word| name(*word)))
        .try_map(move |text| all.iter().copied().find(|word| name(*word) == text).ok_or("is none of the words"))
}

fn price(text: &str) -> Result<Number, String> {
    let price = Decimal::from_str_exact(text).ok().filter(|price| *price > Decimal::ZERO);
    price.map(Number).ok_or_else(|| "a price is a number, as in 75000 or 231.5".to_owned())
}

impl Wanted {
    fn params(self, side: Side, account: Option<String>) -> OrderParams {
        OrderParams {
            account,
            stock_code: Some(self.code),
            market: self.market,
            side: Some(side),
            quantity: Some(self.quantity),
            order_type: self.order_type,
            price: self.price,
            stop_price: self.stop_price,
            time_in_force: self.time_in_force,
            route: self.route,
        }
    }
}

pub(in crate::ctl) async fn run(
    command: OrderCommand,
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    format: Format,
) -> Result<(), Failure> {
    let words = printer.words();
    let raw = match command {
        OrderCommand::Preview { wanted, side } => {
            let params = wanted.params(side.unwrap_or(Side::Buy), account);
            let raw = patiently(daemon.places(), words, ask::<method::OrderPreview>(daemon, &params)).await?;
            return show(printer, format, &raw, |style, preview: Preview| shown::preview(style, &preview));
        }
        OrderCommand::Buy { wanted, how } => {
            place::run(printer, daemon, wanted.params(Side::Buy, account), how).await?
        }
        OrderCommand::Sell { wanted, how } => {
            place::run(printer, daemon, wanted.params(Side::Sell, account), how).await?
        }
        OrderCommand::Amend { order_id, price, yes } => {
            place::amend(printer, daemon, account, (order_id, price), yes).await?
        }
        OrderCommand::Cancel { order_id, quantity } => {
            let client_order_id = new_id("cancel");
            let params = OrderCancelParams { account, order_id, client_order_id, quantity };
            send::<method::OrderCancel>(daemon, words, &params).await?
        }
        OrderCommand::List { open, day } => {
            let params = OrderListParams { account, open, from: day, to: day, ..OrderListParams::default() };
            let raw = in_time(ask::<method::OrderList>(daemon, &params)).await?;
            return show(printer, format, &raw, |style, list: OrderList| shown::list(style, &list));
        }
        OrderCommand::Get { order_id } => {
            let raw = get(daemon, account, order_id).await?;
            return show(printer, format, &raw, |style, order: Order| shown::life(style, &order));
        }
        OrderCommand::Approve { order_id: None } => {
            let raw = person::waiting(daemon, account).await?;
            return show(printer, format, &raw, |style, list: OrderList| shown::waiting(style, &list));
        }
        OrderCommand::Approve { order_id: Some(order_id) } => {
            person::approve(printer, daemon, account, order_id).await?
        }
        OrderCommand::Deny { order_id } => {
            in_time(ask::<method::OrderDeny>(daemon, &OrderApproveParams { account, order_id })).await?
        }
        OrderCommand::Resolve { order_id, seen } => person::resolve(printer, daemon, account, (order_id, seen)).await?,
    };
    show(printer, format, &raw, |style, order: Order| shown::order(style, &order))
}

/// Refuses every new order.
pub(in crate::ctl) async fn halt(
    printer: &mut Printer,
    daemon: &Daemon,
    params: OrderHaltParams,
    format: Format,
) -> Result<(), Failure> {
    let raw = patiently(daemon.places(), printer.words(), ask::<method::OrderHalt>(daemon, &params)).await?;
    show(printer, format, &raw, |style, result: HaltResult| shown::halt(style, &result))?;
    let result: HaltResult = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
    match result.accounts.iter().all(|account| account.not_cancelled.is_empty()) {
        true => Ok(()),
        false => Err(Failure::Told(printer.words().order.some_not_cancelled.to_owned())),
    }
}

/// Lets orders go on.
pub(in crate::ctl) async fn resume(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    format: Format,
) -> Result<(), Failure> {
    let raw = in_time(ask::<method::OrderResume>(daemon, &OrderResumeParams { account })).await?;
    show(printer, format, &raw, |style, result: HaltResult| shown::halt(style, &result))
}

async fn get(daemon: &Daemon, account: Option<String>, order_id: String) -> Result<Box<RawValue>, Failure> {
    let params = OrderGetParams { account, order_id: Some(order_id), client_order_id: None };
    in_time(ask::<method::OrderGet>(daemon, &params)).await
}

/// Calls what sends something to KIS. A connection that breaks meanwhile leaves it open whether it was sent.
async fn send<M: Method>(daemon: &Daemon, words: &Words, params: &M::Params) -> Result<Box<RawValue>, Failure> {
    match patiently(daemon.places(), words, ask::<M>(daemon, params)).await {
        Err(Failure::Call(error)) if !matches!(error, Error::Call(_)) => {
            Err(Failure::Ill { message: (words.order.lost)(&error.to_string()), no_daemon: true })
        }
        answer => answer,
    }
}

/// An id that no other call has.
fn new_id(what: &str) -> String {
    format!("kisctl-{what}-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}
