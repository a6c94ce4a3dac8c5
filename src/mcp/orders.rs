//! Orders for a model: previewed first, placed by their preview and by nothing else, and never twice.
//!
//! They are offered where the peer may trade in some account, and not with `--read-only`. A preview that this bridge has not shown is
//! not placed, so that what the user is asked about is what goes out.

use std::time::Duration;

use chrono::NaiveDate;
use rmcp::{
    RoleServer,
    model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Tool, ToolAnnotations},
    service::RequestContext,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    agree::{Agreement, Previews, agreement},
    link::{Link, Trouble},
    ordered,
    stocks::market,
    text::quoted,
    tools::{self, read_arguments, result, tool},
};
use crate::wire::{
    method::{self, Method},
    number::Number,
    types::{
        AccountList, NoParams, Order, OrderCancelParams, OrderGetParams, OrderList, OrderListParams, OrderParams,
        OrderType, PlaceParams, Preview, Right, Route, Side, TimeInForce,
    },
    whole,
};

const PREVIEW: &str = "order_preview";
const PLACE: &str = "order_place";
const CANCEL: &str = "order_cancel";
const GET: &str = "order_get";
const LIST: &str = "order_list";

/// Characters of one text of an order.
const LONGEST: usize = 400;

/// Orders of a list that a model does not limit.
const USUAL: u64 = 20;

/// Arguments of `order_preview`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PreviewArguments {
    /// A code such as 005930 or AAPL. Not a name: stock_search finds the code.
    stock_code: String,
    /// buy or sell.
    side: String,
    /// How many shares.
    #[serde(deserialize_with = "whole::required")]
    quantity: u64,
    /// limit, market, conditional, best, priority, mid, stop_limit, pre_close or post_close. Left out: limit.
    #[serde(default, rename = "type")]
    order_type: Option<String>,
    /// The price a share, of the types that have one.
    #[serde(default)]
    price: Option<Number>,
    /// The price that has to be reached first, of a stop_limit order.
    #[serde(default)]
    stop_price: Option<Number>,
    /// day, ioc or fok. Left out: day.
    #[serde(default)]
    time_in_force: Option<String>,
    /// krx, nxt or sor. Left out: krx.
    #[serde(default)]
    route: Option<String>,
    /// KRX, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX or HSX. Left out: KRX for a code of KRX's form.
    #[serde(default)]
    market: Option<String>,
    /// Name of the account. Left out: the default one.
    #[serde(default)]
    account: Option<String>,
}

/// Arguments of `order_place`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlaceArguments {
    /// The preview_id of order_preview, not older than three minutes.
    preview_id: String,
    /// Name of the account, as it was previewed. Left out: the default one.
    #[serde(default)]
    account: Option<String>,
}

/// Arguments of `order_cancel` and `order_get`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrderArguments {
    /// The order_id, as order_place and order_list give it.
    order_id: String,
    /// Name of the account. Left out: the default one.
    #[serde(default)]
    account: Option<String>,
}

/// Arguments of `order_list`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ListArguments {
    /// true: only those that are not over.
    open: Option<bool>,
    /// Only those of this stock, by its code.
    stock_code: Option<String>,
    /// Only those of this day or later, as in 2026-11-27.
    from: Option<String>,
    /// Only those of this day or earlier.
    to: Option<String>,
    /// Orders at most, the newest first, up to 100. Left out: 20.
    #[serde(deserialize_with = "whole::optional")]
    limit: Option<u64>,
    /// The next of an answer before: older ones.
    next: Option<String>,
    /// Name of the account. Left out: the default one.
    account: Option<String>,
}

/// The tools, for whoever may trade.
pub(super) fn all() -> Vec<Tool> {
    let annotated = |tool: Tool, title: &str, trades: bool, again: bool| {
        let annotations = ToolAnnotations::with_title(title).read_only(!trades).destructive(trades).idempotent(again);
        tool.with_annotations(annotations.open_world(true))
    };
    let (preview, place, cancel) = ("Preview an order", "Place an order", "Cancel an order");
    let (get, list) = ("An order", "Orders");
    vec![
        annotated(
            tool::<PreviewArguments, Preview>(
                PREVIEW,
                preview,
                "What an order to buy or sell would be: amount, fees, every check, whether the owner has to approve it. Nothing is sent. \
                 Only when the user has asked for this very order. Show the answer to the user before order_place.",
            ),
            preview,
            false,
            true,
        ),
        annotated(
            tool::<PlaceArguments, Order>(
                PLACE,
                place,
                "Sends the order of a preview to KIS, with the owner's money, once: the same preview_id again gives the same order. Only \
                 after the user has seen the preview and said yes to it. After a refusal or an error: stop, and ask the user.",
            ),
            place,
            true,
            true,
        ),
        annotated(
            tool::<OrderArguments, Order>(
                CANCEL,
                cancel,
                "Cancels all of an order that is not filled. Only when the user has asked for it. KIS answers that it has received it; \
                 order_get tells what came of it.",
            ),
            cancel,
            true,
            false,
        ),
        annotated(
            tool::<OrderArguments, Order>(GET, get, "How an order stands: state, what is filled, and its life so far."),
            get,
            false,
            true,
        ),
        annotated(
            tool::<ListArguments, OrderList>(LIST, list, "The orders that were placed by kisd, the newest first."),
            list,
            false,
            true,
        ),
    ]
}

/// Whether it is one of them.
pub(super) fn is_one(name: &str) -> bool {
    [PREVIEW, PLACE, CANCEL, GET, LIST].contains(&name)
}

/// Whether the peer may trade in the account that is meant, or in some.
pub(super) async fn may_trade(link: &Link) -> bool {
    let Ok(raw) = link.ask::<method::AccountList>(Duration::ZERO, &NoParams {}).await else { return false };
    let Ok(list) = serde_json::from_str::<AccountList>(raw.get()) else { return false };
    let mut meant = list.accounts.iter().filter(|entry| link.account().is_none_or(|name| entry.name == name));
    meant.any(|entry| entry.rights.contains(&Right::Trade))
}

/// Calls one of the tools.
pub(super) async fn call(
    link: &Link,
    previews: &Previews,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let arguments = request.arguments.clone().unwrap_or_default();
    let answer = match &*request.name {
        PREVIEW => preview(link, previews, read_arguments(arguments)).await,
        PLACE => match read_arguments::<PlaceArguments>(arguments) {
            Ok(arguments) => return place(link, previews, arguments, (&request, context)).await,
            Err(message) => Err(message),
        },
        CANCEL => cancel(link, read_arguments(arguments)).await,
        GET => get(link, read_arguments(arguments)).await,
        LIST => list(link, read_arguments(arguments)).await,
        name => return Err(ErrorData::invalid_params(format!("there is no tool {name}"), None)),
    };
    Ok(answer.unwrap_or_else(failed).into())
}

fn failed(message: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message)])
}

async fn preview(
    link: &Link,
    previews: &Previews,
    arguments: Result<PreviewArguments, String>,
) -> Result<CallToolResult, String> {
    let arguments = arguments?;
    let params = OrderParams {
        account: account(link, arguments.account),
        stock_code: Some(arguments.stock_code),
        market: market(arguments.market)?,
        side: word("side", Side::ALL, Side::name, Some(arguments.side))?,
        quantity: Some(arguments.quantity),
        order_type: word("type", OrderType::ALL, OrderType::name, arguments.order_type)?,
        price: arguments.price,
        stop_price: arguments.stop_price,
        time_in_force: word("time_in_force", TimeInForce::ALL, TimeInForce::name, arguments.time_in_force)?,
        route: word("route", Route::ALL, Route::name, arguments.route)?,
    };
    let answer = tools::ask::<method::OrderPreview>(link, Duration::ZERO, &params).await?;
    let answer = result::<Preview>(answer, LONGEST)?;
    let shown = answer.structured_content.as_ref().and_then(|shown| Preview::deserialize(shown).ok());
    if let Some(shown) = shown
        && let Some(id) = &shown.preview_id
    {
        previews.put(id.clone(), ordered::shown(&shown));
    }
    Ok(answer)
}

async fn place(
    link: &Link,
    previews: &Previews,
    PlaceArguments { preview_id, account: named }: PlaceArguments,
    (request, context): (&CallToolRequestParams, &RequestContext<RoleServer>),
) -> Result<CallToolResponse, ErrorData> {
    let Some(shown) = previews.told(&preview_id) else {
        let message = "Nothing was sent: order_preview has not given this preview_id here. Ask order_preview, and show its answer to the user.";
        return Ok(failed(message.to_owned()).into());
    };
    match agreement(&shown, request, context).await {
        Agreement::Yes => {}
        Agreement::Ask(ask) => return Ok((*ask).into()),
        Agreement::No(why) => {
            return Ok(failed(format!("Nothing was sent: {why}. Stop, and ask the user what is wanted.")).into());
        }
    }
    let params = PlaceParams { account: account(link, named), preview_id: Some(preview_id), ..PlaceParams::default() };
    Ok(send::<method::OrderPlace>(link, &params).await.unwrap_or_else(failed).into())
}

async fn cancel(link: &Link, arguments: Result<OrderArguments, String>) -> Result<CallToolResult, String> {
    let OrderArguments { order_id, account: named } = arguments?;
    let client_order_id = format!("mcp-cancel-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    let params = OrderCancelParams { account: account(link, named), order_id, client_order_id, quantity: None };
    send::<method::OrderCancel>(link, &params).await
}

/// Calls what sends something to KIS. Where no answer comes it may have been sent.
async fn send<M: Method<Result = Order>>(link: &Link, params: &M::Params) -> Result<CallToolResult, String> {
    match link.ask::<M>(Duration::ZERO, params).await {
        Ok(raw) => result::<Order>(serde_json::from_str(raw.get()).map_err(tools::not_understood)?, LONGEST),
        Err(Trouble::Away(reason)) => Err(format!(
            "No answer came, and whether it was sent is not known. Never try it again: tell the user, and see order_list. {}",
            quoted(&reason)
        )),
        Err(trouble) => Err(tools::explain(&trouble)),
    }
}

async fn get(link: &Link, arguments: Result<OrderArguments, String>) -> Result<CallToolResult, String> {
    let OrderArguments { order_id, account: named } = arguments?;
    let params = OrderGetParams { account: account(link, named), order_id: Some(order_id), client_order_id: None };
    result::<Order>(tools::ask::<method::OrderGet>(link, Duration::ZERO, &params).await?, LONGEST)
}

async fn list(link: &Link, arguments: Result<ListArguments, String>) -> Result<CallToolResult, String> {
    let arguments = arguments?;
    let params = OrderListParams {
        account: account(link, arguments.account),
        open: arguments.open.unwrap_or_default(),
        stock_code: arguments.stock_code,
        from: day("from", arguments.from)?,
        to: day("to", arguments.to)?,
        limit: Some(arguments.limit.unwrap_or(USUAL).min(100)),
        next: arguments.next,
    };
    result::<OrderList>(tools::ask::<method::OrderList>(link, Duration::ZERO, &params).await?, LONGEST)
}

fn account(link: &Link, named: Option<String>) -> Option<String> {
    named.filter(|name| !name.is_empty()).or_else(|| link.account().map(str::to_owned))
}

/// One of a few words; what is none is refused with those that there are.
fn word<T: Copy>(
    what: &str,
    all: &[T],
    name: fn(T) -> &'static str,
    text: Option<String>,
) -> Result<Option<T>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let known = all.iter().copied().find(|word| name(*word).eq_ignore_ascii_case(&text));
    let names = || all.iter().map(|word| name(*word)).collect::<Vec<_>>().join(", ");
    known
        .map(Some)
        .ok_or_else(|| format!("Wrong arguments: {what} must be one of {}. Correct it and call again.", names()))
}

fn day(what: &str, text: Option<String>) -> Result<Option<NaiveDate>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let day = text.parse().map(Some);
    day.map_err(|_| format!("Wrong arguments: {what} must be a day as in 2026-11-27. Correct it and call again."))
}
