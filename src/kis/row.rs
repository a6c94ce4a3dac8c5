//! One object of an answer, read by the names of its fields: for answers of which a few fields out of many are wanted.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::{
    error::KisError,
    field::{Field, Members, Place},
};

/// The fields of one object.
#[derive(Debug)]
pub struct Row<'a> {
    at: Place,
    fields: Fields<'a>,
}

/// Fields in KIS's order, each named once.
type Fields<'a> = Members<'a, Field<'a>>;

/// The rows of a container of an answer to `tr_id`; an object is one row, and a container that is not there has none. KIS's own
/// tables and its answers differ in the case of its name.
pub fn rows<'a>(tr_id: &'static str, body: &'a str, container: &'static str) -> Result<Vec<Row<'a>>, KisError> {
    let whole = Place { tr_id, row: None };
    let wrong = || whole.malformed(container, "is not an object or an array of objects that name each field once");
    let members: Members<'a, &'a RawValue> =
        serde_json::from_str(body).map_err(|_| whole.malformed("body", "is not a JSON object"))?;
    let rows: Vec<Fields<'a>> = match members.get(container).map(|raw| raw.get()) {
        None | Some("null" | "\"\"") => Vec::new(),
        Some(raw) if raw.starts_with('{') => vec![serde_json::from_str(raw).map_err(|_| wrong())?],
        Some(raw) => serde_json::from_str(raw).map_err(|_| wrong())?,
    };
    if rows.iter().any(names_twice) {
        return Err(wrong());
    }
    let place = |index| Place { tr_id, row: Some((container, index)) };
    Ok(rows.into_iter().enumerate().map(|(index, fields)| Row { at: place(index), fields }).collect())
}

fn names_twice(Members(fields): &Fields<'_>) -> bool {
    fields.iter().enumerate().any(|(at, (name, _))| fields[..at].iter().any(|(known, _)| known == name))
}

/// The only row of a container; an error if it has none.
pub fn row<'a>(tr_id: &'static str, body: &'a str, container: &'static str) -> Result<Row<'a>, KisError> {
    let mut rows = rows(tr_id, body, container)?.into_iter();
    match (rows.next(), rows.next()) {
        (Some(row), None) => Ok(row),
        (None, _) => Err(Place { tr_id, row: None }.malformed(container, "is missing")),
        (Some(_), Some(_)) => Err(Place { tr_id, row: None }.malformed(container, "has several rows")),
    }
}

impl<'a> Row<'a> {
    fn field(&self, name: &str) -> &Field<'a> {
        const ABSENT: &Field<'_> = &Field::Absent;
        self.fields.0.iter().find(|(known, _)| known == name).map_or(ABSENT, |(_, field)| field)
    }

    /// A text; `None`: it is blank or not there.
    pub fn text(&self, name: &str) -> Result<Option<&str>, KisError> {
        let text = self.field(name).optional_text(name, &self.at)?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// A text with the blanks that KIS pads it with; `None`: it is blank or not there.
    pub fn as_written(&self, name: &str) -> Result<Option<&str>, KisError> {
        let trimmed = self.text(name)?;
        Ok(match self.field(name) {
            Field::Text(text) => trimmed.map(|_| &**text),
            _ => trimmed,
        })
    }

    /// Whether a field is blank or not there.
    pub fn is_blank(&self, name: &str) -> bool {
        self.field(name).is_blank()
    }

    /// Whether a flag is `Y`.
    pub fn flag(&self, name: &str) -> Result<bool, KisError> {
        Ok(self.text(name)? == Some("Y"))
    }

    /// A number with its sign, which may be 0; `None`: it is blank or not there.
    pub fn number(&self, name: &str) -> Result<Option<Decimal>, KisError> {
        let field = self.field(name);
        if field.is_blank() { Ok(None) } else { field.decimal(name, &self.at).map(Some) }
    }

    /// A number that must be there.
    pub fn needed(&self, name: &str) -> Result<Decimal, KisError> {
        self.field(name).decimal(name, &self.at)
    }

    /// A number of which KIS writes 0 where there is none: a price, a rate of a company without profit.
    pub fn unless_zero(&self, name: &str) -> Result<Option<Decimal>, KisError> {
        Ok(self.number(name)?.filter(|number| !number.is_zero()))
    }

    /// A day.
    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, KisError> {
        self.field(name).optional_date(name, &self.at)
    }

    /// The error that a field is not what it should be.
    pub fn malformed(&self, name: &str, problem: impl Into<String>) -> KisError {
        self.at.malformed(name, problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_by_names_and_what_is_wrong_is_named() {
        let body = r#"{"Output":{"a":" 5.10 ","b":"","c":"x","d":"20261127","z":"0"},"rt_cd":"0"}"#;
        let row = row("TR", body, "output").unwrap();
        assert_eq!(row.number("a").unwrap().map(|number| number.to_string()).as_deref(), Some("5.10"));
        assert_eq!((row.number("b").unwrap(), row.number("missing").unwrap()), (None, None));
        assert_eq!((row.unless_zero("z").unwrap(), row.number("z").unwrap()), (None, Some(Decimal::ZERO)));
        assert_eq!((row.text("c").unwrap(), row.text("b").unwrap()), (Some("x"), None));
        assert!(row.date("d").unwrap().is_some());
        for wrong in [row.number("c").unwrap_err(), row.needed("b").unwrap_err()] {
            assert!(wrong.to_string().contains("output[0]."), "{wrong}");
        }
    }

    #[test]
    fn containers_may_be_objects_or_arrays_and_nothing_else() {
        let count = |body| rows("TR", body, "output2").map(|rows| rows.len()).ok();
        for (body, rows) in [
            (r#"{"output2":[{},{}]}"#, Some(2)),
            (r#"{"output2":{}}"#, Some(1)),
            (r#"{"output2":[]}"#, Some(0)),
            (r#"{"output1":[]}"#, Some(0)),
            (r#"{"output2":""}"#, Some(0)),
            (r#"{"output2":[1]}"#, None),
            (r#"{"output2":"x"}"#, None),
            (r#"{"output2":{"a":"1","a":"2"}}"#, None),
            ("[]", None),
        ] {
            assert_eq!(count(body), rows, "{body}");
        }
    }
}
