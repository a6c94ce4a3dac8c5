//! KIS's own operations. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Effect, Mode};
use crate::{
    raw::{Raw, Values},
    whole,
};

/// Parameters of `kis.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchParams {
    /// What is looked for: Korean or English words or a sentence, a TR id, a part of a path, or the name of a field.
    pub query: String,
    /// Operations at most, from 1 to 50. Left out: 10.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1, max = 50))]
    pub limit: Option<u64>,
}

/// Result of `kis.search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchResult {
    /// The operations, best first.
    pub operations: Vec<OperationEntry>,
}

/// An operation of KIS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationEntry {
    /// Its name here: what `kis.describe` and `kis.call` take.
    pub id: String,
    /// Its name in KIS's documentation.
    pub korean_name: String,
    /// Its name in English.
    pub english_name: String,
    /// GET, POST or WS.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its TR id for real accounts; null where they lack it.
    pub tr_id: Option<String>,
    /// Its TR id for paper accounts; null where they lack it.
    pub paper_tr_id: Option<String>,
    /// How it is reached.
    pub transport: Transport,
    /// What it does.
    pub effect: Effect,
    /// The modes that have it.
    pub modes: Vec<Mode>,
}

/// How an operation of KIS is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A request and its answer.
    Rest,
    /// Pushed over the WebSocket.
    Websocket,
    /// One that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Parameters of `kis.describe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeParams {
    /// The operation: its id, or a TR id of today or before.
    pub operation: String,
}

/// Everything that is known of an operation of KIS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationDescription {
    /// The operation.
    #[serde(flatten)]
    pub operation: OperationEntry,
    /// TR ids that KIS has replaced.
    pub old_tr_ids: Vec<String>,
    /// The group that it belongs to in KIS's documentation.
    pub group: String,
    /// Why `kis.call` does not call it, and what to do instead; null where it does.
    pub not_called: Option<String>,
    /// What it takes, in KIS's order.
    pub params: Vec<OperationParam>,
    /// What it answers.
    pub results: Vec<OperationResult>,
    /// How its pages are asked for.
    pub paging: OperationPaging,
    /// A limit of its own, beside the calls a second that every key has.
    pub limit: Option<OperationLimit>,
}

/// A parameter of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationParam {
    /// Its name.
    pub name: String,
    /// What KIS calls it.
    pub label: String,
    /// Whether the caller must give it.
    pub required: bool,
    /// The values that KIS names.
    pub values: Option<String>,
    /// Whether kisd fills it in: what is the account's, and where a page begins.
    pub filled_in: bool,
}

/// A container of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationResult {
    /// Its name.
    pub name: String,
    /// `object`, `array`, `frame` (values in this order, over the WebSocket), or `unknown`: KIS gives either an object or an array.
    pub shape: String,
    /// Its fields, which KIS writes as texts.
    pub fields: Vec<OperationField>,
}

/// A field of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationField {
    /// Its name.
    pub name: String,
    /// What KIS calls it.
    pub label: String,
}

/// How the pages of an operation are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationPaging {
    /// Whether `pages` and `next` of `kis.call` go on.
    pub pages: bool,
    /// The parameter with which the caller says where a page begins, where KIS pages in that way.
    pub param: Option<String>,
}

/// A limit of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationLimit {
    /// So many calls
    pub calls: u64,
    /// in so many seconds.
    pub seconds: u64,
    /// Whether all customers of KIS share it.
    pub all_customers: bool,
}

/// Parameters of `kis.call`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallParams {
    /// The operation: its id, or a TR id of today or before.
    pub operation: String,
    /// Its parameters by name, as `kis.describe` lists them. What is the account's is filled in.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub params: Values,
    /// Pages to read and join, from 1 to 200; 0: all that there are. Left out: 1.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(max = 200))]
    pub pages: Option<u64>,
    /// `next` of an answer before, with the same operation, account and params: the list goes on there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Greatest age of an answer from memory, in milliseconds. 0, or left out: KIS is asked after this call came in.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// What KIS answered to `kis.call`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallResult {
    /// The operation, by its id.
    pub operation: String,
    /// The TR that was called.
    pub tr_id: String,
    /// The name of the account.
    pub account_name: String,
    /// KIS's containers as KIS wrote them; a list that is paged is joined, and every other container is that of the last page.
    pub body: Raw,
    /// KIS's code.
    pub msg_cd: String,
    /// KIS's message.
    pub msg1: String,
    /// Pages that were read.
    pub pages: u64,
    /// With this the list goes on; null at its end.
    pub next: Option<String>,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}
