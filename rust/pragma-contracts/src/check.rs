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

/// What a rule gives: nothing to say, or what is wrong. Boxed, because nearly always there is nothing.
pub(crate) type Checked<T = ()> = std::result::Result<T, Box<Bad>>;

/// What is wrong with a value; whoever called the rule knows its place.
pub(crate) struct Bad {
    within: Option<&'static str>,
    value: String,
    problem: String,
}

impl Bad {
    #[cold]
    fn of(value: impl Into<String>, problem: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            within: None,
            value: value.into(),
            problem: problem.into(),
        })
    }

    #[cold]
    fn missing() -> Box<Self> {
        Self::of("", MISSING)
    }

    /// The same of a field of the value.
    fn within(mut self: Box<Self>, field: &'static str) -> Box<Self> {
        self.within = Some(field);
        self
    }

    #[cold]
    pub(crate) fn at(self, place: &Place<'_>) -> Error {
        match self.within {
            None => place.error(self.value, self.problem),
            Some(field) => place.field(field).error(self.value, self.problem),
        }
    }
}

/// A mandatory text is not empty.
pub(crate) fn text(value: &str) -> Checked {
    if value.is_empty() {
        return Err(Bad::missing());
    }
    Ok(())
}

/// Mandatory bytes are not empty.
pub(crate) fn bytes(value: &[u8]) -> Checked {
    if value.is_empty() {
        return Err(Bad::missing());
    }
    Ok(())
}

/// An identifier can be part of the record key.
#[inline(always)]
pub(crate) fn component(value: &str) -> Checked {
    if is_component(value) {
        return Ok(());
    }
    Err(Bad::of(value, BAD_COMPONENT))
}

/// A text is an exact decimal.
#[inline(always)]
pub(crate) fn decimal(value: &str) -> Checked {
    if is_short_decimal(value.as_bytes()) {
        return Ok(());
    }
    match Decimal::parse(value) {
        Err(Error::InvalidDecimal { problem, .. }) => Err(Bad::of(value, problem)),
        _ => Ok(()),
    }
}

/// Whether text is a decimal, of those that are short: what a price is, nearly always.
fn is_short_decimal(text: &[u8]) -> bool {
    const SHORT: usize = 24;
    let digits = match text {
        [b'-', digits @ ..] => digits,
        digits => digits,
    };
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {}
            b'.' if point.is_none() => point = Some(at),
            _ => return false,
        }
    }
    let whole = point.unwrap_or(digits.len());
    let has_leading_zero = whole > 1 && digits.first() == Some(&b'0');
    (1..=SHORT).contains(&digits.len())
        && whole > 0
        && point.is_none_or(|point| point + 1 < digits.len())
        && !has_leading_zero
}

/// A mandatory enum is set.
#[inline(always)]
pub(crate) fn set<E: ContractEnum>(number: i32) -> Checked {
    if number == 0 {
        return Err(Bad::of(
            "UNSPECIFIED",
            format!("is mandatory: one of {}", known::<E>()),
        ));
    }
    Ok(())
}

/// A number is one that this version knows, as far as a producer is concerned.
#[inline(always)]
pub(crate) fn number<E: ContractEnum>(number: i32, side: Side) -> Checked {
    if side == Side::Producer
        && matches!(
            EnumValue::<E>::from_number(number),
            Some(EnumValue::Unknown(_))
        )
    {
        let problem = format!("is no known number: one of {}", known::<E>());
        return Err(Bad::of(number.to_string(), problem));
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
#[inline(always)]
pub(crate) fn timestamp(value: &prost_types::Timestamp) -> Checked {
    const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
    if YEARS.contains(&value.seconds) && (0..1_000_000_000).contains(&value.nanos) {
        return Ok(());
    }
    Err(Bad::of(
        format!("{}.{:09}", value.seconds, value.nanos),
        NOT_A_TIME,
    ))
}

/// A message's version is of the contract's major version. A producer may leave it to be stamped.
#[inline(always)]
pub(crate) fn version(value: &str, contract: &str, side: Side) -> Checked {
    // Three bytes are compared faster than the call that compares any number of them is made.
    if value.bytes().eq(contract.bytes()) {
        return Ok(());
    }
    other_version(value, contract, side)
}

#[inline(never)]
fn other_version(value: &str, contract: &str, side: Side) -> Checked {
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
    Err(Bad::of(value, problem))
}

/// Number of values of a column, which can be read exactly.
pub(crate) fn column<C: Column>(column: Option<&C>) -> Checked<usize> {
    let Some(column) = column else {
        return Ok(0);
    };
    if column.scale() > MAX_SCALE {
        let problem = format!("is above {MAX_SCALE}");
        return Err(Bad::of(column.scale().to_string(), problem).within("scale"));
    }
    let (narrow_count, wide_count) = column.counts();
    if wide_count == 0 {
        return Ok(narrow_count);
    }
    if narrow_count > 0 {
        return Err(Bad::of(
            "",
            "sets both unscaled and wide; a column has one of them",
        ));
    }
    for value in column.wide() {
        match wide(value) {
            None => {
                let problem = format!("is not 1 to {WIDE_BYTES} bytes long");
                return Err(Bad::of(format!("{value:?}"), problem).within("wide"));
            }
            Some(number) if number.unsigned_abs() > MAX_UNSCALED => {
                let problem = format!("has more than {MAX_DIGITS} digits");
                return Err(Bad::of(number.to_string(), problem).within("wide"));
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
pub(crate) fn ascending<C: Column>(column: Option<&C>, side: Side) -> Checked {
    ordered(column, side, |one, next| one < next, "ascending")
}

/// Rows are strictly descending in a column, as far as a producer is concerned.
pub(crate) fn descending<C: Column>(column: Option<&C>, side: Side) -> Checked {
    ordered(column, side, |one, next| one > next, "descending")
}

fn ordered<C: Column>(
    column: Option<&C>,
    side: Side,
    is_ordered: fn(i128, i128) -> bool,
    order: &str,
) -> Checked {
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
            Err(Bad::of(next.to_string(), problem))
        }
    }
}
