//! KIS's own operations for a model: found, described and called in three steps. What KIS answers is text, as long as a model reads.

use std::{collections::BTreeMap, fmt::Write};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    clean,
    text::{DATA, Told, quoted},
};
use crate::wire::{
    raw::Values,
    types::{CallParams, CallResult, OperationDescription, OperationEntry, SearchResult, Transport},
    whole,
};

/// Characters of an answer: clients cut off what is longer, and what is cut off looks whole.
const LONGEST: usize = 25_000;

/// Characters of the names of fields.
pub(super) const LONGEST_TEXT: usize = 400;

/// Arguments of `kis_call`. The parameters are a list, since an object of any names is none that every model's API takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallArguments {
    /// Id of the operation, as kis_search gives it, or its TR id.
    operation: String,
    /// The operation's parameters, as kis_describe lists them. Account number and paging keys are filled in.
    #[serde(default)]
    params: Vec<NamedValue>,
    /// Pages to read and join, from 1 to 200; 0: all. Left out: 1.
    #[serde(default, deserialize_with = "whole::optional")]
    pages: Option<u64>,
    /// next of an answer before, with the same operation, account and params: the list goes on there.
    #[serde(default)]
    next: Option<String>,
    /// Greatest age of an answer from memory, in milliseconds. Left out: KIS is asked now.
    #[serde(default, deserialize_with = "whole::optional")]
    max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: as the daemon is configured.
    #[serde(default, deserialize_with = "whole::optional")]
    pub(super) timeout_ms: Option<u64>,
    /// Name of the account; daemon_status lists them. Left out: the default one.
    #[serde(default)]
    account: Option<String>,
}

/// A parameter with its value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NamedValue {
    /// Its name, as in FID_INPUT_ISCD.
    name: String,
    /// Its value, as in 005930.
    value: String,
}

impl CallArguments {
    /// The parameters of the method; a name that is given twice is told.
    pub(super) fn params(self, account: Option<&str>) -> Result<CallParams, String> {
        let mut values = BTreeMap::new();
        for NamedValue { name, value } in self.params {
            if values.contains_key(&name) {
                return Err(format!("Wrong arguments: {} is given twice. Correct them and call again.", quoted(&name)));
            }
            values.insert(name, value);
        }
        Ok(CallParams {
            operation: self.operation,
            params: Values(values),
            pages: self.pages,
            next: self.next,
            max_age_ms: self.max_age_ms,
            timeout_ms: self.timeout_ms,
            account: self.account.or_else(|| account.map(str::to_owned)),
        })
    }
}

impl Told for SearchResult {
    fn tell(&self) -> String {
        if self.operations.is_empty() {
            return format!("{DATA} KIS has no operation that fits. Try other words, in Korean or English.");
        }
        let mut text = format!("{DATA} Operations of KIS, the best first: id, name, TR, notes.");
        for operation in &self.operations {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n{}, {} ({}), {}{}",
                operation.id,
                quoted(&operation.korean_name),
                operation.english_name,
                operation.tr_id.as_deref().unwrap_or("no TR"),
                notes(operation)
            );
        }
        text.push_str("\nkis_describe tells what one takes.");
        text
    }
}

/// What is to be known of an operation that is not simply called.
fn notes(operation: &OperationEntry) -> String {
    let mut notes = String::new();
    if operation.transport == Transport::Websocket {
        notes.push_str(", realtime");
    }
    if operation.paper_tr_id.is_none() && operation.tr_id.is_some() {
        notes.push_str(", real accounts only");
    }
    notes
}

impl Told for OperationDescription {
    fn tell(&self) -> String {
        let operation = &self.operation;
        let mut text = format!(
            "{DATA} {}: {} ({}){}.",
            operation.id,
            quoted(&operation.korean_name),
            operation.english_name,
            notes(operation)
        );
        if let Some(why) = &self.not_called {
            let _ = write!(text, " It is not called: it {why}.");
        }
        let given = self.params.iter().filter(|param| !param.filled_in);
        text.push_str(" Parameters:");
        for param in given.clone() {
            let need = if param.required { "required" } else { "optional" };
            let values =
                param.values.as_deref().map(|values| format!("; values: {}", quoted(values))).unwrap_or_default();
            let _ = write!(text, "\n{} ({need}): {}{values}", param.name, quoted(&param.label));
        }
        if given.count() == 0 {
            text.push_str(" none");
        }
        if self.paging.pages {
            text.push_str("\nThe list has pages: see pages and next of kis_call.");
        } else if let Some(param) = &self.paging.param {
            let _ = write!(text, "\nThe list has pages: {param} says where one begins.");
        }
        for result in self.results.iter().filter(|result| result.name != "top") {
            let _ = write!(text, "\n{} ({}):", result.name, result.shape);
            for (at, field) in result.fields.iter().enumerate() {
                let separator = if at == 0 { " " } else { ", " };
                let _ = write!(text, "{separator}{} {}", field.name, field.label);
            }
        }
        cut(&text, LONGEST, "the rest is in kis.describe of the daemon")
    }
}

/// KIS's answer as a text that fits: rows that do not are left out, and it is said how many and how to get them.
pub(super) fn tell(answer: &CallResult) -> String {
    let head = json!({
        "operation": answer.operation,
        "account_name": answer.account_name,
        "as_of": answer.as_of.to_rfc3339(),
        "msg_cd": answer.msg_cd,
        "msg1": clean::document(&Value::from(answer.msg1.as_str()).to_string()),
        "pages": answer.pages,
        "next": answer.next,
    });
    let body = clean::document(answer.body.get());
    let mut text = format!("{DATA} {head}\n");
    if body.chars().count() <= LONGEST {
        text.push_str(&body);
    } else {
        let (shown, left_out) = shortened(&body);
        text.push_str(&shown);
        let _ = write!(
            text,
            "\n{left_out} rows are left out, since the answer has {} characters: ask for fewer pages, or narrow the parameters.",
            body.chars().count()
        );
    }
    if answer.next.is_some() {
        text.push_str("\nThere are more pages: call kis_call again with this next and the same operation and params.");
    }
    text
}

/// The body without the last rows of its lists, and how many those are.
fn shortened(body: &str) -> (String, usize) {
    let Ok(Value::Object(mut body)) = serde_json::from_str(body) else {
        return (cut(body, LONGEST, "it is cut off here"), 0);
    };
    let mut left_out = 0;
    loop {
        let text = Value::Object(body.clone()).to_string();
        let lists = body.values_mut().filter_map(Value::as_array_mut);
        let Some(longest) = lists.max_by_key(|list| list.len()).filter(|list| !list.is_empty()) else {
            return (cut(&text, LONGEST, "it is cut off here"), left_out);
        };
        let characters = text.chars().count();
        if characters <= LONGEST {
            return (text, left_out);
        }
        // As many as there are too many, if the rows are alike.
        let kept = (longest.len() * LONGEST / characters).min(longest.len() - 1);
        left_out += longest.len() - kept;
        longest.truncate(kept);
    }
}

fn cut(text: &str, longest: usize, why: &str) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}… ({why})", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::raw::Raw;

    fn answer(body: String) -> CallResult {
        serde_json::from_value(json!({
            "operation": "a", "tr_id": "TR", "account_name": "main", "body": {}, "msg_cd": "K", "msg1": "ok", "pages": 1,
            "next": null, "as_of": "2026-11-26T12:00:00+09:00",
        }))
        .map(|answer: CallResult| CallResult { body: Raw::from_text(body).unwrap(), ..answer })
        .unwrap()
    }

    #[test]
    fn an_answer_that_is_too_long_leaves_out_rows_and_says_how_many() {
        let row = format!("{{\"a\":\"{}\"}}", "가".repeat(90));
        let rows = vec![row; 1000].join(",");
        let text = tell(&answer(format!("{{\"output1\":[{rows}],\"output2\":{{\"sum\":\"7\"}}}}")));
        assert!(text.chars().count() < LONGEST + 1000, "{}", text.chars().count());
        let shown = text.matches("가".repeat(90).as_str()).count();
        assert!(shown > 200, "{shown}");
        assert!(text.contains(&format!("{} rows are left out", 1000 - shown)) && text.contains("\"sum\":\"7\""));
        let short = tell(&answer("{\"output\":[{\"a\":\"0.10\\u202e\"}]}".to_owned()));
        assert!(short.contains("{\"output\":[{\"a\":\"0.10\"}]}") && !short.contains("left out"), "{short}");
    }
}
