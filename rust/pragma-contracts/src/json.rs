//! The user's JSON form: one flat object a message, common fields first.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost_types::{Duration, FieldMask, Timestamp};
use serde::{Serialize, Serializer};

use crate::check::{self, Place};
use crate::column::Column;

use crate::{ContractEnum, Decimal, DecimalColumn, EnumValue, Result};

/// A JSON value whose objects keep the order of their fields. It can be serialised by any serde format, and its
/// `to_string` is JSON text.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that may need all 64 bits.
    Uint(u64),
    /// A finite number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object: its fields in order.
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Uint(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// A message that has a JSON form; implemented by generated code.
pub(crate) trait JsonForm {
    /// The JSON of the message at this place.
    fn json(&self, at: &Place<'_>) -> Result<Json>;
}

/// An object that is being written.
#[derive(Default)]
pub(crate) struct Object(Vec<(String, Json)>);

impl Object {
    pub(crate) fn put(&mut self, name: &str, value: Json) {
        self.0.push((name.to_owned(), value));
    }

    pub(crate) fn done(self) -> Json {
        Json::Object(self.0)
    }
}

pub(crate) fn bytes(value: &[u8]) -> Json {
    Json::Text(STANDARD.encode(value))
}

pub(crate) fn float(value: f64, at: &Place<'_>) -> Result<Json> {
    if value.is_finite() {
        return Ok(Json::Float(value));
    }
    Err(at.error(
        value.to_string(),
        "has no JSON form; only finite numbers have one",
    ))
}

/// The text of an enum's number, and the number itself when this version does not know it.
pub(crate) fn number<E: ContractEnum>(number: i32) -> Json {
    match EnumValue::<E>::from_number(number) {
        Some(EnumValue::Known(known)) => Json::text(known.text()),
        _ => Json::Int(i64::from(number)),
    }
}

/// ISO 8601 in UTC, with six digits of a second, or nine when they are needed.
pub(crate) fn timestamp(value: &Timestamp, at: &Place<'_>) -> Result<Json> {
    check::timestamp(value).map_err(|bad| bad.at(at))?;
    let whole = Timestamp {
        seconds: value.seconds,
        nanos: 0,
    }
    .to_string();
    let whole = whole.trim_end_matches('Z');
    Ok(Json::Text(match value.nanos % 1000 {
        0 => format!("{whole}.{:06}Z", value.nanos / 1000),
        _ => format!("{whole}.{:09}Z", value.nanos),
    }))
}

pub(crate) fn column(value: Option<&DecimalColumn>, at: &Place<'_>) -> Result<Json> {
    texts(value, at).map(Json::List)
}

/// The values of a column as decimal text.
pub(crate) fn texts(value: Option<&DecimalColumn>, at: &Place<'_>) -> Result<Vec<Json>> {
    check::column(value).map_err(|bad| bad.at(at))?;
    let Some(column) = value else {
        return Ok(Vec::new());
    };
    let text = |number| Json::Text(Decimal::unchecked(number, column.scale).to_string());
    Ok(column.numbers().map(text).collect())
}

/// Columns as rows.
pub(crate) fn rows<const N: usize>(columns: [Vec<Json>; N], at: &Place<'_>) -> Result<Json> {
    let lengths = columns.each_ref().map(Vec::len);
    let count = lengths.first().copied().unwrap_or(0);
    if lengths.iter().any(|length| *length != count) {
        return Err(at.error(format!("{lengths:?}"), "values of its columns differ"));
    }
    let mut columns = columns.map(Vec::into_iter);
    let row = |_| Json::List(columns.iter_mut().filter_map(Iterator::next).collect());
    Ok(Json::List((0..count).map(row).collect()))
}

pub(crate) fn wrapped(value: Json) -> Json {
    Json::Object(vec![("value".to_owned(), value)])
}

pub(crate) fn duration(value: &Duration) -> Json {
    let (seconds, nanos) = (Json::Int(value.seconds), Json::Int(i64::from(value.nanos)));
    Json::Object(vec![
        ("seconds".to_owned(), seconds),
        ("nanos".to_owned(), nanos),
    ])
}

pub(crate) fn field_mask(value: &FieldMask) -> Json {
    let paths = value.paths.iter().map(|path| Json::text(path)).collect();
    Json::Object(vec![("paths".to_owned(), Json::List(paths))])
}
