//! Integers by value: `5`, `5.0` and `5e0` are the same JSON number, and some clients write every number as a float.

use std::fmt;

use serde::{
    Deserializer,
    de::{Error, Unexpected, Visitor},
};

/// Reads a number that is an integer from 0 on, however it is written.
pub fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(Whole)
}

/// Reads a number that is an integer from 0 on, however it is written, or `null`.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_option(OptionalWhole)
}

/// 2^64, the least float that is too large.
const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;

struct Whole;

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer from 0 to 18446744073709551615")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        u64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        if number.fract() == 0.0 && (0.0..TOO_LARGE).contains(&number) {
            // In range and without a fraction, so nothing is cut off.
            return Ok(number as u64);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

struct OptionalWhole;

impl<'de> Visitor<'de> for OptionalWhole {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Whole.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u64>, D::Error> {
        required(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Params {
        #[serde(default, deserialize_with = "optional")]
        age: Option<u64>,
    }

    fn read(text: &str) -> Option<Option<u64>> {
        serde_json::from_str::<Params>(&format!("{{\"age\":{text}}}")).ok().map(|params| params.age)
    }

    #[test]
    fn an_integer_is_one_however_it_is_written() {
        for (text, value) in [("5", 5), ("5.0", 5), ("1e3", 1000), ("0", 0), ("-0", 0), ("-0.0", 0), ("50e-1", 5)] {
            assert_eq!(read(text), Some(Some(value)), "{text}");
        }
        assert_eq!(read("18446744073709551615"), Some(Some(u64::MAX)));
        assert_eq!(read("1e19"), Some(Some(10_000_000_000_000_000_000)));
        assert_eq!((read("null"), serde_json::from_str::<Params>("{}").unwrap().age), (Some(None), None));
    }

    #[test]
    fn what_is_no_integer_by_value_is_refused() {
        for text in ["5.5", "-1", "-1.0", "1e-1", "1e20", "18446744073709551616", "\"5\"", "true", "[5]", "{}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
