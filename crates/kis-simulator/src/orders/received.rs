//! What arrived: every order, amendment and cancellation, also those that came to nothing.

use chrono::{DateTime, Utc};
use kis_catalog::{Effect as OfOperation, Method, catalog};

use super::body::fields;
use crate::{
    clock::Instant,
    http::{Answer, Request},
};

/// What an order that arrived has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it never came to the ledger.
    None,
    /// It was refused there, with this code.
    Refused(String),
    /// It was accepted, with this number; empty for what has none.
    Accepted(String),
}

/// An order, amendment or cancellation as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedOrder {
    /// When it arrived, on the simulator's monotonic clock.
    pub at: Instant,
    /// When it arrived, on the simulator's wall clock.
    pub time: DateTime<Utc>,
    /// Which of the simulator's keys it named, the first being 0.
    pub key: Option<usize>,
    /// Path without the query.
    pub path: String,
    /// Request header `tr_id`.
    pub tr_id: String,
    /// The fields of its body; what is no text is as it was written.
    pub fields: Vec<(String, String)>,
    /// What it has done.
    pub effect: Effect,
    /// HTTP status that it was answered with: 0 if the connection was closed without an answer, `None` while there is none.
    pub answered: Option<u16>,
}

impl ReceivedOrder {
    /// A field of its body.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it has all of these fields. `tr_id` is one too.
    pub fn has(&self, fields: &[(&str, &str)]) -> bool {
        fields.iter().all(|(name, value)| match *name {
            "tr_id" => self.tr_id == *value,
            name => self.field(name) == Some(value),
        })
    }
}

/// All that arrived, in order.
#[derive(Debug, Default)]
pub(crate) struct Received(Vec<ReceivedOrder>);

impl Received {
    /// Records an order; where it is.
    pub(crate) fn push(&mut self, request: &Request, key: Option<usize>, at: Instant, time: DateTime<Utc>) -> usize {
        self.0.push(ReceivedOrder {
            at,
            time,
            key,
            path: request.path.clone(),
            tr_id: request.header("tr_id").unwrap_or_default().to_owned(),
            fields: fields(&request.body)
                .unwrap_or_default()
                .into_iter()
                .map(|field| (field.name, field.value))
                .collect(),
            effect: Effect::None,
            answered: None,
        });
        self.0.len() - 1
    }

    /// What the ledger has answered, whether it reaches the client or not.
    pub(crate) fn has_effect(&mut self, at: usize, answer: &Answer) {
        let json: serde_json::Value = serde_json::from_slice(&answer.0.body).unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let output = &json["output"];
        let number = ["ODNO", "RSVN_ORD_SEQ", "OVRS_RSVN_ODNO"].iter().find_map(|name| output[name].as_str());
        let effect = match json["rt_cd"].as_str() {
            Some("0") => Effect::Accepted(number.unwrap_or_default().to_owned()),
            _ => Effect::Refused(text(&json["msg_cd"])),
        };
        if let Some(order) = self.0.get_mut(at) {
            order.effect = effect;
        }
    }

    /// The client was answered.
    pub(crate) fn is_answered(&mut self, at: usize, status: u16) {
        if let Some(order) = self.0.get_mut(at) {
            order.answered = Some(status);
        }
    }

    pub(crate) fn all(&self) -> &[ReceivedOrder] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// An answer to an order with another number than its own; any other answer as it is.
pub(crate) fn with_number(answer: Answer, number: &str) -> Answer {
    let json: serde_json::Value = serde_json::from_slice(&answer.0.body).unwrap_or_default();
    let Some(own) = json["output"]["ODNO"].as_str() else { return answer };
    let field = |number: &str| format!("\"ODNO\":{}", serde_json::Value::from(number));
    let body = String::from_utf8_lossy(&answer.0.body).replacen(&field(own), &field(number), 1);
    let mut answer = answer;
    answer.0.body = body.into_bytes();
    answer
}

/// Whether a request is an order, an amendment or a cancellation: a POST to a path of orders, whatever its TR id.
pub(crate) fn is_order(request: &Request) -> bool {
    request.method == "POST"
        && catalog().operations().any(|operation| {
            operation.path() == request.path
                && matches!(operation.method(), Method::Post)
                && operation.effect() == OfOperation::Trade
        })
}
