//! Results of the daemon without what nobody sees: what a model reads is what a person would.

use serde_json::Value;

use crate::wire::text::printable;

/// Removes from every text in a JSON document what [`printable`] does, and leaves everything else as it is written: the order of
/// members, and every digit of a number.
pub(super) fn document(json: &str) -> String {
    let mut cleaned = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(begin) = rest.find('"') {
        let (before, literal) = rest.split_at(begin);
        let (literal, after) = literal.split_at(length_of_literal(literal));
        cleaned.push_str(before);
        match serde_json::from_str::<String>(literal) {
            Ok(text) => cleaned.push_str(&Value::from(printable(&text)).to_string()),
            // Not JSON, so not from the daemon: whoever reads it says so.
            Err(_) => cleaned.push_str(literal),
        }
        rest = after;
    }
    cleaned.push_str(rest);
    cleaned
}

/// Bytes of the string literal that `text` begins with, its quotes included.
fn length_of_literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Removes from every text in a value what [`printable`] does, and what is beyond `longest` characters of it.
pub(super) fn value(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) => *text = printable(text).chars().take(longest).collect(),
        Value::Array(values) => values.iter_mut().for_each(|element| self::value(element, longest)),
        Value::Object(members) => members.values_mut().for_each(|member| self::value(member, longest)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_its_order_and_its_digits() {
        let json = r#"{"b":5.50,"a":["x\"y\\",-0.10,12345678901234567890.5],"c":{"":null}}"#;
        assert_eq!(document(json), json);
    }

    #[test]
    fn texts_lose_what_nobody_sees_escaped_or_not() {
        let json = "{\"k\":\"a\u{202e}b\\u202ec\\u0007\\ud83d\\ude00\\n\u{e0041}\"}";
        assert_eq!(document(json), "{\"k\":\"abc😀 \"}");
        assert_eq!(document("{\"cut off\\"), "{\"cut off\\");
    }
}
