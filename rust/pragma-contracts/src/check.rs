//! The rules that generated checks call, and the path that their errors name.

use std::fmt::Write;

use crate::column::Column;
use crate::decimal::{MAX_DIGITS, MAX_SCALE, MAX_UNSCALED};
use crate::feed::{MISSING, is_component};
use crate::{Contract, ContractEnum, Decimal, EnumValue, Error, Result};

const WIDE_BYTES: usize = 16;
const BAD_COMPONENT: &str =
    "must be text without control characters, and not empty: it is part of the record key";
const NOT_A_TIME: &str = "is outside the years 0001 to 9999, or has nanoseconds outside one second";

/// Who asks: a producer must not send what a consumer may have to keep.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Producer,
    Consumer,
}

/// A message that a contract is made of; implemented by generated code.
pub(crate) trait Check {
    /// Whether the message at this place keeps the rules.
    fn check_at(&self, side: Side, at: &Place<'_>) -> Result<()>;
}

/// Where in a contract's message a check is: nothing is written down until there is an error.
pub(crate) struct Place<'a> {
    contract: &'static str,
    topic: &'static str,
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

enum Step<'a> {
    Root,
    Field(&'static str),
    Index(usize),
    Key(&'a dyn std::fmt::Debug),
}

impl<'a> Place<'a> {
    pub(crate) fn root<C: Contract>() -> Self {
        Self {
            contract: C::NAME,
            topic: C::TOPIC,
            parent: None,
            step: Step::Root,
        }
    }

    pub(crate) fn field(&'a self, name: &'static str) -> Self {
        self.deeper(Step::Field(name))
    }

    pub(crate) fn index(&'a self, index: usize) -> Self {
        self.deeper(Step::Index(index))
    }

    pub(crate) fn key(&'a self, key: &'a dyn std::fmt::Debug) -> Self {
        self.deeper(Step::Key(key))
    }

    fn deeper(&'a self, step: Step<'a>) -> Self {
        Self {
            contract: self.contract,
            topic: self.topic,
            parent: Some(self),
            step,
        }
    }

    #[cold]
    pub(crate) fn error(&self, value: impl Into<String>, problem: impl Into<String>) -> Error {
        Error::InvalidMessage {
            contract: self.contract,
            topic: self.topic,
            field: self.path(),
            value: value.into(),
            problem: problem.into(),
        }
    }

    #[cold]
    pub(crate) fn missing(&self) -> Error {
        self.error("", MISSING)
    }

    fn path(&self) -> String {
        let mut path = self.parent.map(Self::path).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = match self.step {
            Step::Root => Ok(()),
            Step::Field(name) if path.is_empty() => write!(path, "{name}"),
            Step::Field(name) => write!(path, ".{name}"),
            Step::Index(index) => write!(path, "[{index}]"),
            Step::Key(key) => write!(path, "[{key:?}]"),
        };
        path
    }
}

/// A mandatory text is not empty.
pub(crate) fn text(value: &str, at: &Place<'_>) -> Result<()> {
    if value.is_empty() {
        return Err(at.missing());
    }
    Ok(())
}

/// Mandatory bytes are not empty.
pub(crate) fn bytes(value: &[u8], at: &Place<'_>) -> Result<()> {
    if value.is_empty() {
        return Err(at.missing());
    }
    Ok(())
}

/// An identifier can be part of the record key.
pub(crate) fn component(value: &str, at: &Place<'_>) -> Result<()> {
    if is_component(value) {
        return Ok(());
    }
    Err(at.error(value, BAD_COMPONENT))
}

/// A text is an exact decimal.
pub(crate) fn decimal(value: &str, at: &Place<'_>) -> Result<()> {
    match Decimal::parse(value) {
        Err(Error::InvalidDecimal { problem, .. }) => Err(at.error(value, problem)),
        _ => Ok(()),
    }
}

/// A mandatory enum is set.
pub(crate) fn set<E: ContractEnum>(number: i32, at: &Place<'_>) -> Result<()> {
    if number == 0 {
        return Err(at.error(
            "UNSPECIFIED",
            format!("is mandatory: one of {}", known::<E>()),
        ));
    }
    Ok(())
}

/// A number is one that this version knows, as far as a producer is concerned.
pub(crate) fn number<E: ContractEnum>(number: i32, side: Side, at: &Place<'_>) -> Result<()> {
    if side == Side::Producer
        && matches!(
            EnumValue::<E>::from_number(number),
            Some(EnumValue::Unknown(_))
        )
    {
        let problem = format!("is no known number: one of {}", known::<E>());
        return Err(at.error(number.to_string(), problem));
    }
    Ok(())
}

fn known<E: ContractEnum>() -> String {
    let texts: Vec<_> = E::ALL
        .iter()
        .map(|value| value.text())
        .filter(|text| !text.is_empty())
        .collect();
    texts.join(", ")
}

/// A timestamp is a point in time that the JSON form can write.
pub(crate) fn timestamp(value: &prost_types::Timestamp, at: &Place<'_>) -> Result<()> {
    const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
    if YEARS.contains(&value.seconds) && (0..1_000_000_000).contains(&value.nanos) {
        return Ok(());
    }
    Err(at.error(format!("{}.{:09}", value.seconds, value.nanos), NOT_A_TIME))
}

/// A message's version is of the contract's major version. A producer may leave it to be stamped.
pub(crate) fn version(value: &str, contract: &str, side: Side, at: &Place<'_>) -> Result<()> {
    if value == contract {
        return Ok(());
    }
    let major = contract.split('.').next().unwrap_or_default();
    let minor = value
        .strip_prefix(major)
        .and_then(|rest| rest.strip_prefix('.'));
    let is_same = minor
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()));
    if is_same || (side == Side::Producer && value.is_empty()) {
        return Ok(());
    }
    let problem = format!(
        "is no version {major}.x, and this package reads no other; upgrade it if the producer is newer"
    );
    Err(at.error(value, problem))
}

/// Number of values of a column, which can be read exactly.
pub(crate) fn column<C: Column>(column: Option<&C>, at: &Place<'_>) -> Result<usize> {
    let Some(column) = column else {
        return Ok(0);
    };
    if column.scale() > MAX_SCALE {
        let problem = format!("is above {MAX_SCALE}");
        return Err(at.field("scale").error(column.scale().to_string(), problem));
    }
    let (narrow_count, wide_count) = column.counts();
    if wide_count == 0 {
        return Ok(narrow_count);
    }
    if narrow_count > 0 {
        return Err(at.error("", "sets both unscaled and wide; a column has one of them"));
    }
    for value in column.wide() {
        let at = at.field("wide");
        match wide(value) {
            None => {
                return Err(at.error(
                    format!("{value:?}"),
                    format!("is not 1 to {WIDE_BYTES} bytes long"),
                ));
            }
            Some(number) if number.unsigned_abs() > MAX_UNSCALED => {
                return Err(at.error(
                    number.to_string(),
                    format!("has more than {MAX_DIGITS} digits"),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(wide_count)
}

/// The number in big-endian two's complement, of 1 to 16 bytes.
pub(crate) fn wide(bytes: &[u8]) -> Option<i128> {
    let (&first, _) = bytes.split_first()?;
    let missing = WIDE_BYTES.checked_sub(bytes.len())?;
    let mut whole = [if first & 0x80 == 0 { 0 } else { 0xFF }; WIDE_BYTES];
    whole.get_mut(missing..)?.copy_from_slice(bytes);
    Some(i128::from_be_bytes(whole))
}

/// Rows are strictly ascending in a column, as far as a producer is concerned.
pub(crate) fn ascending<C: Column>(column: Option<&C>, side: Side, at: &Place<'_>) -> Result<()> {
    ordered(column, side, at, |one, next| one < next, "ascending")
}

/// Rows are strictly descending in a column, as far as a producer is concerned.
pub(crate) fn descending<C: Column>(column: Option<&C>, side: Side, at: &Place<'_>) -> Result<()> {
    ordered(column, side, at, |one, next| one > next, "descending")
}

fn ordered<C: Column>(
    column: Option<&C>,
    side: Side,
    at: &Place<'_>,
    is_ordered: fn(i128, i128) -> bool,
    order: &str,
) -> Result<()> {
    let Some(column) = column.filter(|_| side == Side::Producer) else {
        return Ok(());
    };
    let values = || column.numbers();
    match values()
        .zip(values().skip(1))
        .zip(1..)
        .find(|((one, next), _)| !is_ordered(*one, *next))
    {
        None => Ok(()),
        Some(((one, next), row)) => {
            let scale = column.scale();
            let problem =
                format!("level {row} after {one} (scale {scale}) is not strictly {order}");
            Err(at.error(next.to_string(), problem))
        }
    }
}
