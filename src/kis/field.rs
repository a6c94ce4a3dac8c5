//! Values as KIS writes them: strings for everything, padded, with fixed decimals.
//!
//! A [`Field`] takes whatever stands in the JSON, so that a wrong type is reported with the field's name instead of failing
//! the page at a byte offset. Numbers become integers and decimals; a binary float never holds money.

use std::{borrow::Cow, fmt, marker::PhantomData};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use super::error::KisError;

/// One value of an answer, as it came.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Field<'a> {
    /// The field is missing.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A string, KIS's own form.
    Text(Cow<'a, str>),
    /// A whole JSON number, which one token call uses.
    Integer(i64),
    /// Anything else, by the name of its type.
    Other(&'static str),
}

/// Where a field stands, for messages.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The TR, or the name of the token call.
    pub tr_id: &'static str,
    /// The array and the row in it, if the field is in one.
    pub row: Option<(&'static str, usize)>,
}

impl Place {
    /// The error that this field is not what it should be.
    pub fn malformed(&self, name: &str, problem: impl Into<String>) -> KisError {
        let field = match self.row {
            Some((array, index)) => format!("{array}[{index}].{name}"),
            None => name.to_owned(),
        };
        KisError::Malformed { tr_id: self.tr_id, field, problem: problem.into() }
    }
}

impl Field<'_> {
    /// The trimmed text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// A code such as `rt_cd`, which has come as a number too.
    pub fn code(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text.trim())),
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// Whether KIS says nothing here.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Absent | Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// A whole number, if KIS gives one.
    pub fn optional_integer(&self, name: &str, place: &Place) -> Result<Option<i64>, KisError> {
        if self.is_blank() { Ok(None) } else { self.integer(name, place).map(Some) }
    }

    /// A trimmed text, empty if KIS gives none.
    pub fn optional_text(&self, name: &str, place: &Place) -> Result<&str, KisError> {
        if self.is_blank() { Ok("") } else { self.text(name, place) }
    }

    /// A day, written as YYYYMMDD, if KIS gives one.
    pub fn optional_date(&self, name: &str, place: &Place) -> Result<Option<NaiveDate>, KisError> {
        let text = self.optional_text(name, place)?;
        if text.bytes().all(|digit| digit == b'0') {
            return Ok(None);
        }
        let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| text.len() == 8);
        day.map(Some).ok_or_else(|| place.malformed(name, "is not a day of the form YYYYMMDD"))
    }

    /// The trimmed text, which may be empty.
    pub fn text(&self, name: &str, place: &Place) -> Result<&str, KisError> {
        self.as_str().ok_or_else(|| place.malformed(name, self.instead_of("a string")))
    }

    /// A whole number of won or shares. Zeros after a decimal point are allowed, anything else there is not.
    pub fn integer(&self, name: &str, place: &Place) -> Result<i64, KisError> {
        if let Self::Integer(number) = self {
            return Ok(*number);
        }
        let number = self.decimal(name, place)?;
        if !number.fract().is_zero() {
            return Err(place.malformed(name, "is not a whole number"));
        }
        i64::try_from(number.trunc()).map_err(|_| place.malformed(name, "is out of range"))
    }

    /// A number with decimals, exactly as written.
    pub fn decimal(&self, name: &str, place: &Place) -> Result<Decimal, KisError> {
        let text = match self {
            Self::Integer(number) => return Ok(Decimal::from(*number)),
            Self::Text(text) => text.trim(),
            _ => return Err(place.malformed(name, self.instead_of("a number in a string"))),
        };
        parse_decimal(text).map_err(|problem| place.malformed(name, problem))
    }

    fn instead_of(&self, wanted: &str) -> String {
        match self {
            Self::Absent => "is missing".to_owned(),
            Self::Null => format!("is null where {wanted} was expected"),
            Self::Text(_) => format!("is a string where {wanted} was expected"),
            Self::Integer(_) => format!("is a number where {wanted} was expected"),
            Self::Other(found) => format!("is {found} where {wanted} was expected"),
        }
    }
}

fn parse_decimal(text: &str) -> Result<Decimal, &'static str> {
    if text.is_empty() {
        return Err("is empty where a number was expected");
    }
    // The library also takes underscores; KIS never writes them, so they are a sign of damage.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.')) {
        return Err("is not a number");
    }
    let number = Decimal::from_str_exact(text).map_err(|_| "is not a number, or has more digits than one can have")?;
    // "-0" is a zero like any other.
    Ok(if number.is_zero() { Decimal::ZERO } else { number })
}

// === impl Deserialize ===

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Field::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Field::Other("a number out of range"), Field::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Other("a number with a fraction"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Other("true or false"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other("an object"))
    }
}

/// A JSON object and nothing else: a derived struct would also take an array and read it by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnlyMap(PhantomData))
    }
}

struct OnlyMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// The members of a JSON object, in the order in which they came.
#[derive(Debug)]
pub struct Members<'a, T>(pub Vec<(Cow<'a, str>, T)>);

impl<'a, T> Members<'a, T> {
    /// The first of a name. KIS's own tables and its answers differ in the case of names.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Members<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
    type Value = Members<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: Place = Place { tr_id: "TTTC8434R", row: Some(("output1", 3)) };

    fn integer(json: &str) -> Result<i64, String> {
        let field: Field<'_> = serde_json::from_str(json).unwrap();
        field.integer("hldg_qty", &PLACE).map_err(|error| error.to_string())
    }

    #[test]
    fn whole_numbers_are_read_as_kis_writes_them() {
        for (json, expected) in
            [("\" 5 \"", 5), ("\"-0\"", 0), ("\"70000.0000\"", 70_000), ("\"-184500\"", -184_500), ("7", 7)]
        {
            assert_eq!(integer(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_is_not_a_whole_number_is_named_with_its_place() {
        for json in
            ["\"\"", "\"5.5\"", "\"1_000\"", "\"5e3\"", "\"999999999999999999999999999999\"", "null", "5.0", "[]"]
        {
            let message = integer(json).unwrap_err();
            assert!(message.contains("output1[3].hldg_qty") && message.contains("TTTC8434R"), "{json}: {message}");
        }
    }

    #[test]
    fn what_kis_leaves_out_is_nothing_and_never_a_zero() {
        let read = |json: &str| {
            let field: Field<'_> = serde_json::from_str(json).unwrap();
            let date = field.optional_date("loan_dt", &PLACE).ok();
            (field.optional_integer("loan_amt", &PLACE).ok(), date.map(|date| date.map(|date| date.to_string())))
        };
        for nothing in ["null", "\"\"", "\"   \""] {
            assert_eq!(read(nothing), (Some(None), Some(None)), "{nothing}");
        }
        assert_eq!(read("\"00000000\""), (Some(Some(0)), Some(None)));
        assert_eq!(read("\"20260102\"").1, Some(Some("2026-01-02".to_owned())));
        for wrong in ["\"20261302\"", "\"2026-1-2\"", "\"202601023\"", "[]", "true"] {
            assert_eq!(read(wrong).1, None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_whole_number_survives_padding_and_decimals(number: i64, left in " {0,3}", right in " {0,3}", zeros in 0_usize..4) {
            let point = if zeros == 0 { String::new() } else { format!(".{}", "0".repeat(zeros)) };
            prop_assert_eq!(integer(&format!("\"{left}{number}{point}{right}\"")), Ok(number));
        }

        #[test]
        fn no_text_whatever_makes_it_panic(text in "\\PC{0,40}") {
            let _ = parse_decimal(&text);
        }
    }
}
