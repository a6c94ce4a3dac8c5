//! JSON that is passed on as it was written, and values that are given as texts, numbers or booleans.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A JSON object as it was written.
#[derive(Debug, Clone)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// From the text of a JSON value.
    ///
    /// # Errors
    ///
    /// Fails if it is none.
    pub fn from_text(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

/// By what is written, and not by what it means.
impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Raw {}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Raw {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Raw".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// Values by name. A number is kept as it was written; a boolean is `Y` or `N`, as KIS has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Values(pub BTreeMap<String, String>);

impl Values {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts, numbers and booleans")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    let written = map.next_value::<Box<RawValue>>()?;
                    let Some(value) = text(written.get()) else {
                        return Err(A::Error::custom(format_args!("{name} must be a text, a number or a boolean")));
                    };
                    if values.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{name} is given twice")));
                    }
                    values.insert(name, value);
                }
                Ok(Values(values))
            }
        }

        deserializer.deserialize_map(All)
    }
}

/// A text, a number or a boolean, as a text.
fn text(written: &str) -> Option<String> {
    match written.bytes().next()? {
        b'"' => serde_json::from_str(written).ok(),
        b'-' | b'0'..=b'9' => Some(written.to_owned()),
        b't' => Some("Y".to_owned()),
        b'f' => Some("N".to_owned()),
        _ => None,
    }
}

impl JsonSchema for Values {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Values".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_as_they_were_written() {
        let read =
            |text: &str| serde_json::from_str::<Values>(text).map(|values| values.0.into_values().collect::<Vec<_>>());
        assert_eq!(
            read(r#"{"a":"005930","b":0.10,"c":-1e5,"d":true,"e":false,"f":"\uc0bc\"","g":12345678901234567890123}"#)
                .unwrap(),
            ["005930", "0.10", "-1e5", "Y", "N", "삼\"", "12345678901234567890123"]
        );
        for (text, words) in [
            (r#"{"a":"1","a":"2"}"#, "a is given twice"),
            (r#"{"a":null}"#, "a must be a text"),
            (r#"{"a":["1"]}"#, "a must be a text"),
            (r#"{"a":{}}"#, "a must be a text"),
            (r#"["1"]"#, "an object of texts"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
