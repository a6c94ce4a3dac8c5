//! The tools: what a model may ask, with the schemas of what goes in and what comes out.

use std::sync::Arc;

use rmcp::model::{CallToolResult, ContentBlock, ErrorData, JsonObject, Tool, ToolAnnotations};
use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::{
    link::{Link, Trouble},
    text::{self, Told},
};
use crate::wire::{
    method,
    types::{Balance, BalanceParams, DaemonStatus, NoParams, TokenStatus},
};

const BALANCE: &str = "account_balance";
const TOKEN: &str = "token_status";
const DAEMON: &str = "daemon_status";

pub(super) fn all() -> Vec<Tool> {
    vec![
        tool::<BalanceParams, Balance>(
            BALANCE,
            "Account balance",
            "Cash, totals and every holding of the owner's KIS stock account, with prices and profit or loss. Amounts are whole \
             won. An answer is at most a second old unless max_age_ms allows more; 0 asks KIS anew.",
        ),
        tool::<NoParams, TokenStatus>(
            TOKEN,
            "Access token status",
            "Whether kisd holds a usable KIS access token, until when, and what went wrong last. Useful after an error of \
             account_balance; never shows the token.",
        ),
        tool::<NoParams, DaemonStatus>(
            DAEMON,
            "Daemon status",
            "Version, account, token, and counts of calls to KIS of the kisd daemon. Useful to find out why calls fail.",
        ),
    ]
}

fn tool<P: JsonSchema, R: JsonSchema>(name: &'static str, title: &str, description: &'static str) -> Tool {
    // The balance comes from KIS, out in the world; the others are about the daemon.
    let annotations = ToolAnnotations::with_title(title).read_only(true).destructive(false).idempotent(true);
    Tool::new(name, description, schema::<P>())
        .with_title(title)
        .with_raw_output_schema(schema::<R>())
        .with_annotations(annotations.open_world(name == BALANCE))
}

/// A JSON Schema of what is written and read alike.
fn schema<T: JsonSchema>() -> Arc<JsonObject> {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    // "uint64" is not a format that validators know, and they say so for each.
    RecursiveTransform(|schema: &mut Schema| {
        if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
            schema.remove("format");
        }
    })
    .transform(&mut schema);
    // An object without parameters is one as well.
    schema.ensure_object().entry("properties").or_insert_with(|| Value::Object(JsonObject::new()));
    Arc::new(schema.ensure_object().clone())
}

/// Calls a tool. What goes wrong with a call is a result that the model reads; only a tool that is not there is an error.
pub(super) async fn call(link: &Link, name: &str, arguments: JsonObject) -> Result<CallToolResult, ErrorData> {
    let arguments = Value::Object(arguments);
    let answer = match name {
        BALANCE => ask::<BalanceParams, Balance>(link, method::ACCOUNT_BALANCE, arguments).await,
        TOKEN => ask::<NoParams, TokenStatus>(link, method::TOKEN_STATUS, arguments).await,
        DAEMON => ask::<NoParams, DaemonStatus>(link, method::DAEMON_STATUS, arguments).await,
        _ => return Err(ErrorData::invalid_params(format!("there is no tool {name}"), None)),
    };
    Ok(answer.unwrap_or_else(|message| CallToolResult::error(vec![ContentBlock::text(message)])))
}

async fn ask<P, R>(link: &Link, method: &str, arguments: Value) -> Result<CallToolResult, String>
where
    P: Serialize + DeserializeOwned,
    R: DeserializeOwned + Told,
{
    let params: P = serde_json::from_value(arguments)
        .map_err(|error| format!("Wrong arguments: {error}. Correct them and call again."))?;
    let params = serde_json::value::to_raw_value(&params).map_err(|error| error.to_string())?;
    let result = link.ask(method, Some(params)).await.map_err(|trouble| explain(&trouble))?;
    read::<R>(&result).map_err(|error| {
        format!("The daemon's answer is not understood ({error}). kisctl and kisd seem to have different versions: tell the user.")
    })
}

fn read<R: DeserializeOwned + Told>(result: &RawValue) -> serde_json::Result<CallToolResult> {
    let told = serde_json::from_str::<R>(result.get())?.tell();
    let mut answer = CallToolResult::structured(serde_json::from_str(result.get())?);
    answer.content = vec![ContentBlock::text(told)];
    Ok(answer)
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
