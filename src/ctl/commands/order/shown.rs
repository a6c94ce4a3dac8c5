//! Orders as a person reads them: buys red and sales blue, as in Korea.

use rust_decimal::Decimal;

use crate::{
    ctl::{
        table::{Row, Style, Toned, grouped, local, signed},
        words::Words,
    },
    wire::{
        codes::{ErrorData, Kind},
        number::Number,
        text::printable,
        types::{
            Check, CheckOutcome, HaltResult, Order, OrderList, OrderState, OrderType, PlacedBy, Preview, Side, Step,
        },
    },
};

fn said(number: Option<Number>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| grouped(number.0))
}

fn tone(side: Side) -> i64 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
        Side::Newer => 0,
    }
}

/// A price of an order with its type.
fn priced(words: &Words, price: Option<Number>, order_type: OrderType) -> String {
    let name = (words.order.order_type)(order_type);
    price.map_or_else(|| name.to_owned(), |price| format!("{} ({name})", grouped(price.0)))
}

/// The same beside the last price of the stock.
fn beside(words: &Words, (price, order_type): (Option<Number>, OrderType), last: Option<Number>) -> String {
    let text = priced(words, price, order_type);
    let Some(last) = last.filter(|last| !last.0.is_zero()) else { return text };
    let percent = price
        .and_then(|price| price.0.checked_sub(last.0)?.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(last.0))
        .map(|percent| signed(percent.round_dp(2).normalize()));
    format!("{text}  {}", (words.order.last)(&grouped(last.0), percent.as_deref()))
}

/// The checks that say no, a line each.
pub(super) fn failed(words: &Words, checks: &[Check]) -> Vec<String> {
    lines(words, checks, CheckOutcome::Failed)
}

fn lines(words: &Words, checks: &[Check], outcome: CheckOutcome) -> Vec<String> {
    let line = |check: &Check| {
        let name = (words.order.check)(check.check);
        check.message.as_deref().map_or_else(|| name.to_owned(), |message| format!("{name}: {}", printable(message)))
    };
    checks.iter().filter(|check| check.outcome == outcome).map(line).collect()
}

/// What goes which way: the line that is read first.
fn headed(style: Style, side: Side, (code, name, market): (&str, Option<&str>, &str)) -> (&'static str, Toned) {
    let name = name.map(|name| format!(" {}", printable(name))).unwrap_or_default();
    ((style.words.order.side)(side), Toned::new(format!("{}{name} ({market})", printable(code)), tone(side)))
}

/// What would be sent.
pub(super) fn preview(style: Style, preview: &Preview) -> String {
    let (all, words) = (style.words, &style.words.order);
    let currency = printable(&preview.currency);
    let money = |number: Option<Number>| {
        number.map_or_else(|| "–".to_owned(), |number| format!("{} {currency}", grouped(number.0)))
    };
    let names = (preview.stock_code.as_str(), preview.stock_name.as_deref(), preview.market.name());
    let plain = |text: String| Toned::new(text, 0);
    let mut rows = vec![
        headed(style, preview.side, names),
        (words.account, plain(printable(&preview.account_name))),
        (words.quantity, plain(grouped(preview.quantity.into()))),
        (words.price, plain(beside(all, (preview.price, preview.order_type), preview.last_price))),
    ];
    rows.extend(preview.stop_price.map(|price| (words.stop_price, plain(grouped(price.0)))));
    let won = preview.amount_krw.filter(|_| preview.currency != "KRW");
    let won = won.map(|won| format!("  ({} KRW)", grouped(won.0))).unwrap_or_default();
    rows.push((words.amount, plain(format!("{}{won}", money(preview.amount)))));
    rows.push((words.fees, plain(money(preview.estimated_fees))));
    rows.extend(preview.expires_at.map(|at| (words.until, plain(local(at)))));
    rows.extend(preview.needs_approval.then(|| (words.note, plain(words.needs_approval.to_owned()))));
    let unknown = lines(all, &preview.checks, CheckOutcome::NotKnown);
    rows.extend(unknown.into_iter().map(|line| (words.not_known, plain(line))));
    rows.extend(failed(all, &preview.checks).into_iter().map(|line| (words.failed, plain(line))));
    style.card(rows)
}

/// An order that waits, as its approver sees it.
pub(super) fn to_approve(style: Style, order: &Order, last: Option<Number>) -> String {
    style.card(rows(style, order, last))
}

/// An order as it stands.
pub(super) fn order(style: Style, order: &Order) -> String {
    style.card(rows(style, order, None))
}

fn rows(style: Style, order: &Order, last: Option<Number>) -> Vec<(&'static str, Toned)> {
    let (all, words) = (style.words, &style.words.order);
    let plain = |text: String| Toned::new(text, 0);
    let names = (order.stock_code.as_str(), order.stock_name.as_deref(), order.market.name());
    let currency = printable(&order.currency);
    let mut rows = vec![
        headed(style, order.side, names),
        (words.order, plain(printable(&order.order_id))),
        (words.account, plain(printable(&order.account_name))),
        (words.quantity, plain(grouped(order.quantity.into()))),
        (words.price, plain(beside(all, (order.price, order.order_type), last))),
    ];
    rows.extend(order.stop_price.map(|price| (words.stop_price, plain(grouped(price.0)))));
    if order.filled_quantity > 0 {
        rows.push((words.filled, plain(grouped(order.filled_quantity.into()))));
        rows.push((words.average, plain(said(order.average_price))));
        rows.push((words.amount, plain(format!("{} {currency}", said(order.amount)))));
    } else if let Some(won) = order.amount_krw {
        rows.push((words.amount, plain(format!("{} KRW", grouped(won.0)))));
    }
    let reason = order.reason.as_ref().map(|reason| format!(": {}", printable(&reason.message))).unwrap_or_default();
    rows.push((words.stands, plain(format!("{}{reason}", (words.state)(order.state)))));
    rows.extend(order.kis.as_ref().map(|kis| (words.kis, plain(printable(&kis.order_no)))));
    rows.push((words.by, plain(placed_by(all, &order.placed_by))));
    rows.extend(order.expires_at.filter(|_| !order.state.is_over()).map(|at| (words.until, plain(local(at)))));
    rows.extend(order.cancelling.then(|| (words.note, plain(words.cancelling.to_owned()))));
    rows.extend((order.state == OrderState::Unknown).then(|| (words.note, plain(words.may_live.to_owned()))));
    rows
}

fn placed_by(words: &Words, by: &PlacedBy) -> String {
    (words.order.user)(by.uid, by.client.as_deref().map(printable).as_deref())
}

/// An order with all that happened to it.
pub(super) fn life(style: Style, order: &Order) -> String {
    let step = |step: &Step| {
        // Each order begins so, also one that waits for nobody.
        let is_asked = step.state == OrderState::AwaitingApproval && !order.approval.needed;
        let state = if is_asked { String::new() } else { (style.words.order.state)(step.state).to_owned() };
        Row([local(step.at), state, printable(&step.why)])
    };
    format!("{}\n{}", self::order(style, order), style.rows(order.history.iter().map(step)))
}

fn name(order: &Order) -> String {
    order.stock_name.as_deref().map_or_else(|| "–".to_owned(), printable)
}

/// Orders, a row each.
pub(super) fn list(style: Style, list: &OrderList) -> String {
    let words = &style.words.order;
    let row = |order: &Order| {
        let plain = |text: String| Toned::new(text, 0);
        vec![
            plain(order.created_at.format("%m-%d %H:%M:%S").to_string()),
            plain(printable(&order.order_id)),
            Toned::new((words.side)(order.side).to_owned(), tone(order.side)),
            plain(printable(&order.stock_code)),
            plain(name(order)),
            plain(format!("{}/{}", grouped(order.filled_quantity.into()), grouped(order.quantity.into()))),
            plain(priced(style.words, order.price, order.order_type)),
            plain(match order.cancelling {
                true => format!("{}, {}", (words.state)(order.state), words.cancelling),
                false => (words.state)(order.state).to_owned(),
            }),
        ]
    };
    let mut text = match list.orders.is_empty() {
        true => format!("{}\n", words.none),
        false => style.titled(words.columns.map(str::to_owned).to_vec(), list.orders.iter().map(row)),
    };
    if list.next.is_some() {
        text.push_str(&format!("{}\n", words.more));
    }
    text + &halted(style, list)
}

/// The orders that wait for a person, a row each.
pub(super) fn waiting(style: Style, list: &OrderList) -> String {
    let words = &style.words.order;
    let row = |order: &Order| {
        let plain = |text: String| Toned::new(text, 0);
        vec![
            plain(printable(&order.order_id)),
            Toned::new((words.side)(order.side).to_owned(), tone(order.side)),
            plain(printable(&order.stock_code)),
            plain(name(order)),
            plain(grouped(order.quantity.into())),
            plain(priced(style.words, order.price, order.order_type)),
            plain(said(order.amount_krw)),
            plain(placed_by(style.words, &order.placed_by)),
            plain(order.expires_at.map_or_else(|| "–".to_owned(), local)),
        ]
    };
    let text = match list.orders.is_empty() {
        true => format!("{}\n", words.none_waits),
        false => style.titled(words.waiting.map(str::to_owned).to_vec(), list.orders.iter().map(row)),
    };
    text + &halted(style, list)
}

fn halted(style: Style, list: &OrderList) -> String {
    let why = list.halted.as_ref().map(|reason| (style.words.order.halted)(&printable(&reason.message)));
    why.map(|why| format!("{why}\n")).unwrap_or_default()
}

/// What came of a halt.
pub(super) fn halt(style: Style, result: &HaltResult) -> String {
    let words = &style.words.order;
    let mut lines = Vec::new();
    for account in &result.accounts {
        lines.push((words.halts)(&printable(&account.account_name), account.halted));
        lines.extend(account.cancelled.iter().map(|id| (words.cancelled)(&printable(id))));
        let not = account.not_cancelled.iter();
        lines.extend(not.map(|order| (words.not_cancelled)(&printable(&order.order_id), &printable(&order.why))));
        lines.extend(account.may_live.iter().map(|id| (words.perhaps_alive)(&printable(id))));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What there is to say of an error about an order, on lines of its own.
pub(in crate::ctl) fn about(words: &Words, data: &ErrorData) -> String {
    let said: Vec<String> = match (data.kind, &data.order) {
        (Kind::OutcomeUnknown, Some(order)) => vec![(words.order.unknown)(&printable(&order.order_id))],
        // The first is the message.
        (Kind::OrderRefused, _) => failed(words, &data.checks).into_iter().skip(1).collect(),
        _ => Vec::new(),
    };
    said.iter().map(|line| format!("\n{line}")).collect()
}
