//! What a person decides at a terminal, and nobody else.

use std::io::{self, IsTerminal};

use serde_json::value::RawValue;

use super::{get, send, shown};
use crate::{
    ctl::{
        Failure,
        asking::{ask, in_time},
        commands::init::Questions,
        output::Printer,
        words::Words,
    },
    wire::{
        daemon::Daemon,
        method,
        types::{
            Order, OrderApproveParams, OrderList, OrderListParams, OrderResolveParams, OrderState, Price, QuoteParams,
        },
    },
};

/// What a person says who has seen that KIS does not have an order.
const ABSENT: &str = "absent";

/// Orders that may wait at one time, and are listed.
const MOST: u64 = 1000;

/// Somebody at a terminal.
pub(super) struct Person {
    questions: Questions,
    words: &'static Words,
}

impl Person {
    /// Fails with `otherwise` where there is nobody.
    pub(super) fn at_terminal(otherwise: &str, words: &'static Words) -> Result<Self, Failure> {
        match io::stdin().is_terminal() && io::stderr().is_terminal() {
            true => Ok(Self { questions: Questions::new(words)?, words }),
            false => Err(Failure::Usage(otherwise.to_owned())),
        }
    }

    /// Shows something, and goes on only after a yes to the question.
    pub(super) async fn agrees(&mut self, shown: &str, question: &str) -> Result<(), Failure> {
        self.questions.say(&format!("{shown}\n"))?;
        match self.questions.yes(question).await? {
            true => Ok(()),
            false => Err(Failure::Told(self.words.order.not_sent.to_owned())),
        }
    }
}

/// The orders that wait for a person.
pub(super) async fn waiting(daemon: &Daemon, account: Option<String>) -> Result<Box<RawValue>, Failure> {
    let params = OrderListParams { account, open: true, limit: Some(MOST), ..OrderListParams::default() };
    let raw = in_time(ask::<method::OrderList>(daemon, &params)).await?;
    let mut list: OrderList = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
    list.orders.retain(|order| order.state == OrderState::AwaitingApproval);
    serde_json::value::to_raw_value(&list).map_err(Failure::Answer)
}

pub(super) async fn approve(
    printer: &Printer,
    daemon: &Daemon,
    account: Option<String>,
    order_id: String,
) -> Result<Box<RawValue>, Failure> {
    let words = printer.words();
    let mut person = Person::at_terminal(words.order.needs_terminal, words)?;
    let raw = get(daemon, account.clone(), order_id.clone()).await?;
    let order: Order = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
    if order.state != OrderState::AwaitingApproval {
        return Err(Failure::Told((words.order.does_not_wait)((words.order.state)(order.state))));
    }
    let price = QuoteParams {
        account: account.clone(),
        stock: Some(order.stock_code.clone()),
        market: Some(order.market),
        ..QuoteParams::default()
    };
    // Without it a person decides by the rest; the daemon makes every check again.
    let price = in_time(ask::<method::QuotePrice>(daemon, &price)).await.ok();
    let price = price.and_then(|raw| serde_json::from_str::<Price>(raw.get()).ok());
    let last = price.and_then(|price| price.price);
    person.agrees(&shown::to_approve(printer.style(), &order, last), words.order.approve).await?;
    send::<method::OrderApprove>(daemon, words, &OrderApproveParams { account, order_id }).await
}

pub(super) async fn resolve(
    printer: &Printer,
    daemon: &Daemon,
    account: Option<String>,
    (order_id, seen): (String, String),
) -> Result<Box<RawValue>, Failure> {
    let words = printer.words();
    if seen != ABSENT && (seen.is_empty() || !seen.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Failure::Usage(words.order.seen_is.to_owned()));
    }
    let mut person = Person::at_terminal(words.order.needs_terminal, words)?;
    let raw = get(daemon, account.clone(), order_id.clone()).await?;
    let order: Order = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
    if order.state != OrderState::Unknown {
        return Err(Failure::Told((words.order.is_not_unknown)((words.order.state)(order.state))));
    }
    let question = match seen.as_str() {
        ABSENT => words.order.absent.to_owned(),
        number => (words.order.numbered)(number),
    };
    person.agrees(&shown::order(printer.style(), &order), &question).await?;
    in_time(ask::<method::OrderResolve>(daemon, &OrderResolveParams { account, order_id, seen })).await
}
