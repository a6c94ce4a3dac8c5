//! What can be steered of orders, and what is told of them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{
    Done, Refused,
    steer::{Exact, instant, read},
};
use crate::{
    Effect, Filling, Lag, Numbers, OrderState, Orders, Side, Stranger,
    orders::{Kind, ReceivedOrder},
    world::World,
};

fn orders(world: &World) -> Orders<'_> {
    Orders { world }
}

/// Every order that was received, and all that there are.
pub(super) fn told(world: &World, _: &[u8]) -> Done {
    let received: Vec<Value> = orders(world).received().iter().map(arrived).collect();
    let known: Vec<Value> = orders(world).all().iter().map(known).collect();
    Ok(json!({ "received": received, "orders": known }))
}

fn arrived(order: &ReceivedOrder) -> Value {
    let fields: serde_json::Map<String, Value> =
        order.fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let (effect, code, number) = match &order.effect {
        Effect::None => ("none", None, None),
        Effect::Refused(code) => ("refused", Some(code), None),
        Effect::Accepted(number) => ("accepted", None, Some(number)),
    };
    json!({
        "time": instant(order.time),
        "key": order.key,
        "path": order.path,
        "tr_id": order.tr_id,
        "fields": fields,
        "effect": effect,
        "msg_cd": code,
        "order": number,
        "answered": order.answered,
    })
}

fn known(order: &OrderState) -> Value {
    json!({
        "account_no": order.account_no,
        "account_product_code": order.product_code,
        "order": order.number,
        "original": order.original,
        "kind": match order.kind {
            Kind::New => "new",
            Kind::Amend => "amend",
            Kind::Cancel => "cancel",
        },
        "side": match order.side {
            Side::Buy => "buy",
            Side::Sell => "sell",
        },
        "stock_code": order.code,
        "exchange": order.exchange,
        "order_type": order.order_type,
        "quantity": order.quantity,
        "price": order.price.to_string(),
        "placed": instant(order.placed),
        "filled": order.filled,
        "amount": order.amount.to_string(),
        "rest": order.rest,
        "rejected": order.rejected,
        "cancelled": order.cancelled,
        "is_pending": order.is_pending,
        "entered_by": order.entered_by,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FillBody {
    order: String,
    /// All that waits, if it is not said.
    quantity: Option<i64>,
    /// Its own, or the last one of the issue, if it is not said.
    price: Option<Exact>,
}

/// Fills a part of an order.
pub(super) fn fill(world: &World, body: &[u8]) -> Done {
    let FillBody { order, quantity, price } = read(body)?;
    let known = orders(world).find(&order).ok_or_else(no_order)?;
    let quantity = quantity.unwrap_or(known.rest);
    let filled = match price {
        Some(Exact(price)) => orders(world).fill_at(&order, quantity, price),
        None => orders(world).fill(&order, quantity),
    };
    Ok(json!({ "filled": filled }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    order: String,
}

fn no_order() -> Refused {
    Refused::new(404, "there is no such order")
}

/// Does something with one order.
fn one(world: &World, body: &[u8], act: impl FnOnce(Orders<'_>, &str) -> bool, otherwise: &str) -> Done {
    let One { order } = read(body)?;
    if orders(world).find(&order).is_none() {
        return Err(no_order());
    }
    match act(orders(world), &order) {
        true => Ok(json!({ "order": order })),
        false => Err(Refused::new(409, otherwise)),
    }
}

/// The exchange refuses what waits of an order.
pub(super) fn reject(world: &World, body: &[u8]) -> Done {
    one(world, body, |orders, number| orders.reject(number), "nothing of it waits")
}

/// An order dies as at the end of its day.
pub(super) fn expire(world: &World, body: &[u8]) -> Done {
    one(world, body, |orders, number| orders.expire(number), "nothing of it waits")
}

/// The exchange confirms a cancellation.
pub(super) fn confirm(world: &World, body: &[u8]) -> Done {
    one(world, body, |orders, number| orders.confirm(number), "it is no cancellation that is pending")
}

/// Lists show an order.
pub(super) fn show(world: &World, body: &[u8]) -> Done {
    one(world, body, |orders, number| orders.show(number), "it cannot be shown")
}

/// Lists never show an order again.
pub(super) fn hide(world: &World, body: &[u8]) -> Done {
    one(world, body, |orders, number| orders.hide(number), "it cannot be hidden")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrangerBody {
    account_no: Option<String>,
    #[serde(default = "first_product")]
    account_product_code: String,
    side: SideBody,
    stock_code: String,
    quantity: i64,
    price: Exact,
    #[serde(default = "korea")]
    exchange: String,
    #[serde(default = "limit")]
    order_type: String,
    #[serde(default = "home")]
    entered_by: String,
    placed: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SideBody {
    Buy,
    Sell,
}

fn first_product() -> String {
    "01".to_owned()
}

fn korea() -> String {
    "KRX".to_owned()
}

fn limit() -> String {
    "00".to_owned()
}

fn home() -> String {
    "HTS".to_owned()
}

/// Enters somebody else's order.
pub(super) fn stranger(world: &World, body: &[u8]) -> Done {
    let body: StrangerBody = read(body)?;
    let entered = orders(world).stranger(Stranger {
        account: body.account_no.map(|number| (number, body.account_product_code)),
        side: match body.side {
            SideBody::Buy => Side::Buy,
            SideBody::Sell => Side::Sell,
        },
        code: body.stock_code,
        exchange: body.exchange,
        order_type: body.order_type,
        quantity: body.quantity,
        price: body.price.0,
        entered_by: body.entered_by,
        placed: body.placed,
    });
    entered.map(|number| json!({ "order": number })).ok_or_else(|| Refused::new(404, "there is no such account"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SteerBody {
    filling: Option<Filling>,
    list_delay_ms: Option<u64>,
    list_delay_up_to_ms: Option<u64>,
    #[serde(default)]
    list_never: bool,
    numbers: Option<Numbers>,
    next_number: Option<u64>,
    next_number_abroad: Option<u64>,
    #[serde(default, deserialize_with = "stated")]
    confirms_after_ms: Option<Option<u64>>,
    cross_next_cancel: Option<i64>,
    names_cancelled: Option<bool>,
    repeats_rows: Option<bool>,
    keeps_dead_rest: Option<bool>,
    #[serde(default, deserialize_with = "stated")]
    page: Option<Option<usize>>,
    #[serde(default)]
    forget: bool,
}

/// A value or null, as against nothing at all.
fn stated<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn given<T>(value: Option<T>, act: impl FnOnce(T)) {
    if let Some(value) = value {
        act(value);
    }
}

/// How lists lag, how numbers are spelled, when cancellations are confirmed: what is left out stays.
pub(super) fn steer(world: &World, body: &[u8]) -> Done {
    let body: SteerBody = read(body)?;
    let orders = orders(world);
    let lag = match (body.list_delay_ms, body.list_delay_up_to_ms, body.list_never) {
        (None, None, false) => None,
        (Some(ms), None, false) => Some(Lag::After(Duration::from_millis(ms))),
        (None, Some(ms), false) => Some(Lag::UpTo(Duration::from_millis(ms))),
        (None, None, true) => Some(Lag::Never),
        _ => return Err(Refused::new(400, "it is one of list_delay_ms, list_delay_up_to_ms and list_never")),
    };
    given(lag, |lag| orders.list_lag(lag));
    given(body.filling, |filling| orders.filling(filling));
    given(body.numbers, |numbers| orders.numbers(numbers));
    given(body.next_number, |number| orders.next_number(number));
    given(body.next_number_abroad, |number| orders.next_number_abroad(number));
    given(body.confirms_after_ms, |ms| orders.confirms_after(ms.map(Duration::from_millis)));
    given(body.cross_next_cancel, |quantity| orders.cross_next_cancel(quantity));
    given(body.names_cancelled, |names| orders.names_cancelled(names));
    given(body.repeats_rows, |repeats| orders.repeats_rows(repeats));
    given(body.keeps_dead_rest, |keeps| orders.keeps_dead_rest(keeps));
    given(body.page, |rows| orders.page(rows));
    if body.forget {
        orders.forget();
    }
    Ok(json!({}))
}
