//! The tools: what a model may ask, with the schemas of what goes in and what comes out.

use std::{sync::Arc, time::Duration};

use rmcp::model::{CallToolResult, ContentBlock, ErrorData, JsonObject, Tool, ToolAnnotations};
use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

use super::{
    assets, clean,
    holdings::{self, BalanceArguments, BalancePiece},
    link::{Link, Trouble},
    market,
    operations::{self, CallArguments},
    quotes::{self, CandlesArguments, PricesArguments, QuoteArguments},
    stocks::{self, InfoArguments, SearchArguments},
    text::{self, QUOTED, Told},
    trades,
};
use crate::wire::{
    method::{self, Method},
    types::{
        AccountParams, CallResult, Candles, DaemonStatus, DescribeParams, NoParams, OperationDescription, Orderbook,
        Price, Prices, SearchParams, SearchResult, StockInfo, StockSearchResult, TokenStatus,
    },
};

/// Time for the daemon to say that a caller's own deadline has passed.
const DAEMON_SAYS_SO: Duration = Duration::from_secs(10);

const BALANCE: &str = "account_balance";
const TOKEN: &str = "token_status";
const DAEMON: &str = "daemon_status";
const PRICE: &str = "quote_price";
const PRICES: &str = "quote_prices";
const BOOK: &str = "quote_orderbook";
const CANDLES: &str = "quote_candles";
const STOCK_SEARCH: &str = "stock_search";
const STOCK_INFO: &str = "stock_info";
const SEARCH: &str = "kis_search";
const DESCRIBE: &str = "kis_describe";
const CALL: &str = "kis_call";

pub(super) fn all() -> Vec<Tool> {
    let mut tools = vec![
        tool::<BalanceArguments, BalancePiece>(
            BALANCE,
            "Account balance",
            "Cash, totals and holdings of the owner's KIS stock account, with prices and profit or loss. Amounts are whole won. An \
             answer is at most a second old unless max_age_ms allows more; 0 asks KIS anew. The totals are always about everything; \
             of the holdings there are 50 unless limit says otherwise, and next_offset says how to get the rest.",
        ),
        tool::<AccountParams, TokenStatus>(
            TOKEN,
            "Access token status",
            "Whether kisd holds a usable KIS access token, until when, and what went wrong last. Useful after an error of \
             account_balance; never shows the token.",
        ),
        tool::<QuoteArguments, Price>(
            PRICE,
            "Price of a stock",
            "What one stock costs now, by name or code: price, change, limits, volume, 52 weeks, PER, PBR, warnings. One call answers \
             \"삼성전자 지금 얼마야?\". Korea, the US, Hong Kong, Japan, China and Vietnam.",
        ),
        tool::<PricesArguments, Prices>(
            PRICES,
            "Prices of several stocks",
            "What up to 30 stocks cost now, by code, in one call; each has its own error.",
        ),
        tool::<QuoteArguments, Orderbook>(
            BOOK,
            "Order book of a stock",
            "Who would buy and sell a stock at which price, up to ten levels a side, and the expected price of an auction.",
        ),
        tool::<CandlesArguments, Candles>(
            CANDLES,
            "Price history of a stock",
            "Open, high, low, close and volume of a stock by minutes, days, weeks, months or years, oldest first, up to 300 at a time; \
             next leads further back.",
        ),
        tool::<SearchArguments, StockSearchResult>(
            STOCK_SEARCH,
            "Find stocks",
            "Finds stocks, ETFs and ETNs of Korea, the US, Hong Kong, Japan, China and Vietnam by name or a part of it, code, ISIN or Korean \
             initials; one letter may be wrong. Answers code, market, kind, tick, lot and whether trading is halted. Prices in it are \
             of this morning, not of now. KIS is not asked.",
        ),
        tool::<InfoArguments, StockInfo>(
            STOCK_INFO,
            "About a stock",
            "What KIS's lists say of one stock, by code or name: names, market, kind, base price of the day, tick, lot, warnings, listed \
             shares, market cap of the day before. No price of now. KIS is not asked.",
        ),
        tool::<SearchParams, SearchResult>(
            SEARCH,
            "Find operations of KIS",
            "Finds the operations of KIS that answer a question, by words or a sentence in Korean or English, a TR id, or the name of a \
             field. The first step for everything that has no tool of its own: other rankings, finance, futures, options, bonds. KIS is not asked.",
        ),
        tool::<DescribeParams, OperationDescription>(
            DESCRIBE,
            "Describe an operation of KIS",
            "What an operation of KIS takes, with the values of each parameter, and what it answers. The second step. KIS is not asked.",
        ),
        text_tool::<CallArguments>(
            CALL,
            "Call an operation of KIS",
            "Calls an operation of KIS that reads, and answers what KIS answered, as JSON in which every value is a text. The third \
             step: parameters as kis_describe lists them. It never trades.",
        ),
        tool::<NoParams, DaemonStatus>(
            DAEMON,
            "Daemon status",
            "Version, account, token, and counts of calls to KIS of the kisd daemon. Useful to find out why calls fail.",
        ),
    ];
    tools.extend(trades::all());
    tools.extend(market::tools());
    tools.extend(assets::all());
    tools
}

pub(super) fn tool<P: JsonSchema, R: JsonSchema>(name: &'static str, title: &str, description: &'static str) -> Tool {
    text_tool::<P>(name, title, description).with_raw_output_schema(output_schema::<R>())
}

/// A tool whose answers are text alone.
fn text_tool<P: JsonSchema>(name: &'static str, title: &str, description: &'static str) -> Tool {
    // What comes from KIS comes from out in the world; the others are about the daemon and its catalogue.
    let annotations = ToolAnnotations::with_title(title).read_only(true).destructive(false).idempotent(true);
    let mut of_the_world = [BALANCE, PRICE, PRICES, BOOK, CANDLES, CALL]
        .into_iter()
        .chain(trades::NAMES)
        .chain(market::NAMES)
        .chain(assets::NAMES);
    Tool::new(name, description, input_schema::<P>())
        .with_title(title)
        .with_annotations(annotations.open_world(of_the_world.any(|known| known == name)))
}

/// A JSON Schema without references, for what every client checks or shows.
fn schema<T: JsonSchema>(transform: impl FnMut(&mut Schema)) -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(transform).transform(&mut schema);
    // An object without parameters is one as well.
    schema.ensure_object().entry("properties").or_insert_with(|| Value::Object(JsonObject::new()));
    Arc::new(schema.ensure_object().clone())
}

fn output_schema<T: JsonSchema>() -> Arc<JsonObject> {
    schema::<T>(|schema| {
        // "uint64" is not a format that validators know, and they say so for each.
        if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
            schema.remove("format");
        }
    })
}

/// What a tool takes, in the subset of JSON Schema that every model's API takes: Gemini's and ADK refuse a whole server for a list
/// of types or for a keyword that they do not know. What is left out is said in the descriptions, and is checked all the same.
fn input_schema<T: JsonSchema>() -> Arc<JsonObject> {
    schema::<T>(|schema| {
        for keyword in ["additionalProperties", "default", "format", "maximum", "minimum"] {
            schema.remove(keyword);
        }
        if let Some(types) = schema.get_mut("type")
            && let Some(one) = types.as_array().and_then(|types| types.iter().find(|name| *name != "null")).cloned()
        {
            *types = one;
        }
    })
}

/// Calls a tool. What goes wrong with a call is a result that the model reads; only a tool that is not there is an error.
pub(super) async fn call(link: &Link, name: &str, arguments: JsonObject) -> Result<CallToolResult, ErrorData> {
    let answer = match name {
        BALANCE => balance(link, arguments).await,
        TOKEN => token(link, arguments).await,
        PRICE => quote(link, arguments).await,
        PRICES => prices(link, arguments).await,
        BOOK => orderbook(link, arguments).await,
        CANDLES => candles(link, arguments).await,
        STOCK_SEARCH => stock_search(link, arguments).await,
        STOCK_INFO => stock_info(link, arguments).await,
        SEARCH => catalogue::<method::KisSearch>(link, arguments).await,
        DESCRIBE => catalogue::<method::KisDescribe>(link, arguments).await,
        CALL => operation(link, arguments).await,
        DAEMON => daemon(link, arguments).await,
        name if trades::NAMES.contains(&name) => trades::call(link, name, arguments).await,
        name if assets::NAMES.contains(&name) => assets::call(link, name, arguments).await,
        _ => match market::call(link, name, arguments).await {
            Some(answer) => answer,
            None => return Err(ErrorData::invalid_params(format!("there is no tool {name}"), None)),
        },
    };
    Ok(answer.unwrap_or_else(|message| CallToolResult::error(vec![ContentBlock::text(message)])))
}

async fn balance(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let arguments: BalanceArguments = read_arguments(arguments)?;
    // The daemon says itself that it could not answer in time.
    let deadline = Duration::from_millis(arguments.timeout_ms.unwrap_or(0)).saturating_add(DAEMON_SAYS_SO);
    let mut balance = ask::<method::AccountBalance>(link, deadline, &arguments.params(link.account())).await?;
    arguments.cut(&mut balance);
    result::<BalancePiece>(balance, holdings::LONGEST)
}

async fn token(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let mut params: AccountParams = read_arguments(arguments)?;
    params.account = params.account.or_else(|| link.account().map(str::to_owned));
    result::<TokenStatus>(ask::<method::TokenStatus>(link, Duration::ZERO, &params).await?, QUOTED)
}

async fn quote(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params = read_arguments::<QuoteArguments>(arguments)?.params(link.account())?;
    result::<Price>(ask::<method::QuotePrice>(link, Duration::ZERO, &params).await?, quotes::LONGEST)
}

async fn prices(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params = read_arguments::<PricesArguments>(arguments)?.params(link.account())?;
    result::<Prices>(ask::<method::QuotePrices>(link, Duration::ZERO, &params).await?, quotes::LONGEST)
}

async fn orderbook(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params = read_arguments::<QuoteArguments>(arguments)?.params(link.account())?;
    result::<Orderbook>(ask::<method::QuoteOrderbook>(link, Duration::ZERO, &params).await?, quotes::LONGEST)
}

async fn candles(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params = read_arguments::<CandlesArguments>(arguments)?.params(link.account())?;
    result::<Candles>(ask::<method::QuoteCandles>(link, Duration::ZERO, &params).await?, quotes::LONGEST)
}

async fn stock_search(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params = read_arguments::<SearchArguments>(arguments)?.params()?;
    let found = ask::<method::StockSearch>(link, Duration::ZERO, &params).await?;
    result::<StockSearchResult>(found, stocks::LONGEST)
}

async fn stock_info(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params = read_arguments::<InfoArguments>(arguments)?.params()?;
    result::<StockInfo>(ask::<method::StockInfo>(link, Duration::ZERO, &params).await?, stocks::LONGEST)
}

async fn catalogue<M: Method<Result: Told>>(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params: M::Params = read_arguments(arguments)?;
    result::<M::Result>(ask::<M>(link, Duration::ZERO, &params).await?, operations::LONGEST_TEXT)
}

async fn operation(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let arguments: CallArguments = read_arguments(arguments)?;
    let deadline = Duration::from_millis(arguments.timeout_ms.unwrap_or(0)).saturating_add(DAEMON_SAYS_SO);
    let params = arguments.params(link.account())?;
    let answer: CallResult =
        serde_json::from_str(raw::<method::KisCall>(link, deadline, &params).await?.get()).map_err(not_understood)?;
    Ok(CallToolResult::success(vec![ContentBlock::text(operations::tell(&answer))]))
}

async fn daemon(link: &Link, arguments: JsonObject) -> Result<CallToolResult, String> {
    let params: NoParams = read_arguments(arguments)?;
    result::<DaemonStatus>(ask::<method::DaemonStatus>(link, Duration::ZERO, &params).await?, QUOTED)
}

pub(super) fn read_arguments<P: DeserializeOwned>(arguments: JsonObject) -> Result<P, String> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| format!("Wrong arguments: {error}. Correct them and call again."))
}

pub(super) async fn ask<M: Method>(link: &Link, deadline: Duration, params: &M::Params) -> Result<Value, String> {
    serde_json::from_str(raw::<M>(link, deadline, params).await?.get()).map_err(not_understood)
}

async fn raw<M: Method>(link: &Link, deadline: Duration, params: &M::Params) -> Result<Box<RawValue>, String> {
    link.ask::<M>(deadline, params).await.map_err(|trouble| explain(&trouble))
}

/// A result as data and as text, both without what nobody sees, and with no text of more than `longest` characters.
pub(super) fn result<R: DeserializeOwned + Told>(mut result: Value, longest: usize) -> Result<CallToolResult, String> {
    clean::value(&mut result, longest);
    let told = R::deserialize(&result).map_err(not_understood)?.tell();
    let mut answer = CallToolResult::structured(result);
    answer.content = vec![ContentBlock::text(told)];
    Ok(answer)
}

pub(super) fn not_understood(error: serde_json::Error) -> String {
    format!(
        "The daemon's answer is not understood ({error}). kisctl and kisd seem to have different versions: tell the user."
    )
}

/// What went wrong and what to do, for a model.
pub(super) fn explain(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused(error) => text::refusal(error),
        Trouble::Away(reason) => format!(
            "No kisd daemon answers. Do not retry at once: tell the user that `kisctl doctor` says what is wrong, and that \
             `systemctl start kisd` or `kisd run` starts it. Later calls find it by themselves. {}",
            text::quoted(reason)
        ),
        Trouble::Shut(reason) => format!(
            "The kisd daemon's socket may not be opened by this user. Trying again does not help: tell the user to see \
             rpc.socket_mode and rpc.allow_uids of the daemon, or to name another socket. {}",
            text::quoted(reason)
        ),
    }
}
