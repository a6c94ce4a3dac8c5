//! Orders that are bought, sold and amended: shown first, and sent after a yes.

use serde_json::value::RawValue;

use super::{How, get, new_id, person::Person, send, shown};
use crate::{
    ctl::{
        Failure,
        asking::{ask, patiently},
        output::Printer,
        table::grouped,
    },
    wire::{
        daemon::Daemon,
        method,
        number::Number,
        types::{Order, OrderAmendParams, OrderParams, PlaceParams, Preview},
    },
};

/// Buys or sells.
pub(super) async fn run(
    printer: &Printer,
    daemon: &Daemon,
    params: OrderParams,
    How { id, yes }: How,
) -> Result<Box<RawValue>, Failure> {
    let words = printer.words();
    let person = match yes {
        true => None,
        false => Some(Person::at_terminal(words.order.needs_yes, words)?),
    };
    if let (None, Some(id)) = (&person, &id) {
        return send::<method::OrderPlace>(daemon, words, &under(params, id)).await;
    }
    let raw = patiently(daemon.places(), words, ask::<method::OrderPreview>(daemon, &params)).await?;
    let preview: Preview = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
    let failed = shown::failed(words, &preview.checks);
    // Under an id of the caller's own it may have been placed before, which no check knows: the daemon decides.
    if id.is_none() && (preview.preview_id.is_none() || !failed.is_empty()) {
        return Err(Failure::Told(format!("{}\n{}", words.order.checks_failed, failed.join("\n"))));
    }
    if let Some(mut person) = person {
        person.agrees(&shown::preview(printer.style(), &preview), words.order.send).await?;
    }
    let placed = match (&id, preview.preview_id) {
        (None, Some(preview_id)) => {
            PlaceParams { account: params.account, preview_id: Some(preview_id), ..PlaceParams::default() }
        }
        (id, _) => under(params, id.as_deref().unwrap_or_default()),
    };
    send::<method::OrderPlace>(daemon, words, &placed).await
}

/// The order under an id of the caller's own.
fn under(params: OrderParams, id: &str) -> PlaceParams {
    PlaceParams {
        account: params.account,
        stock_code: params.stock_code,
        market: params.market,
        side: params.side,
        quantity: params.quantity,
        order_type: params.order_type,
        price: params.price,
        stop_price: params.stop_price,
        time_in_force: params.time_in_force,
        route: params.route,
        client_order_id: Some(id.to_owned()),
        preview_id: None,
    }
}

/// Gives an order another price.
pub(super) async fn amend(
    printer: &Printer,
    daemon: &Daemon,
    account: Option<String>,
    (order_id, price): (String, Number),
    yes: bool,
) -> Result<Box<RawValue>, Failure> {
    let words = printer.words();
    if !yes {
        let mut person = Person::at_terminal(words.order.needs_yes, words)?;
        let raw = get(daemon, account.clone(), order_id.clone()).await?;
        let order: Order = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
        person.agrees(&shown::order(printer.style(), &order), &(words.order.amend)(&grouped(price.0))).await?;
    }
    let client_order_id = new_id("amend");
    let params = OrderAmendParams { account, order_id, client_order_id, price: Some(price), order_type: None };
    send::<method::OrderAmend>(daemon, words, &params).await
}
