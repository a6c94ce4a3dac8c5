//! The JSON of a POST as parameters, so that they are checked as those of a GET.

use std::{borrow::Cow, collections::BTreeMap};

use kis_catalog::{Operation, Param};
use serde_json::value::RawValue;

use crate::http::Request;

/// A field of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether it is a text, as every field must be.
    pub(super) is_text: bool,
}

/// The fields of a body; `None` if it is no JSON object.
pub(super) fn fields(body: &[u8]) -> Option<Vec<Field>> {
    let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(body).ok()?;
    let read = |(name, written): (String, Box<RawValue>)| match serde_json::from_str::<String>(written.get()) {
        Ok(value) => Field { name, value, is_text: true },
        Err(_) => Field { name, value: written.get().to_owned(), is_text: false },
    };
    Some(fields.into_iter().map(read).collect())
}

/// A request whose body is its parameters. What is no text is no parameter.
pub(crate) fn with_body_as_params(request: &Request) -> Cow<'_, Request> {
    if request.method != "POST" {
        return Cow::Borrowed(request);
    }
    let fields = fields(&request.body).unwrap_or_default();
    let params = fields.into_iter().filter(|field| field.is_text).map(|field| (field.name, field.value)).collect();
    Cow::Owned(Request { params, ..request.clone() })
}

/// Whether an order may leave a parameter out although the catalogue demands it.
pub(crate) fn may_lack(operation: &Operation, param: &Param) -> bool {
    match operation.id() {
        // KIS's own example names no more than these.
        "domestic-stock-trading-order-resv-rvsecncl-cancel" => param.name != "RSVN_ORD_SEQ",
        // They are of Asia.
        "overseas-stock-trading-order-resv-us-buy" | "overseas-stock-trading-order-resv-us-sell" => {
            matches!(param.name, "RVSE_CNCL_DVSN_CD" | "PRDT_TYPE_CD")
        }
        // Of some markets KIS says to leave it out.
        _ => param.values == Some("제거"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_no_texts_are_told_and_are_no_parameters() {
        let body = br#"{"ORD_QTY": 10, "PDNO": "005930"}"#;
        let field =
            |name: &str, value: &str, is_text| Field { name: name.to_owned(), value: value.to_owned(), is_text };
        assert_eq!(fields(body), Some(vec![field("ORD_QTY", "10", false), field("PDNO", "005930", true)]));
        let request = Request { method: "POST".to_owned(), body: body.to_vec(), ..Request::default() };
        let params = &with_body_as_params(&request).params;
        assert_eq!(params, &[("PDNO".to_owned(), "005930".to_owned())]);
        assert_eq!((fields(b"[]"), fields(b"{")), (None, None));
    }
}
