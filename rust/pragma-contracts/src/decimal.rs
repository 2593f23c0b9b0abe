//! Exact decimals, as the contracts carry them: at most 38 digits, scale at most 38.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::{Error, Result};

pub(crate) const MAX_DIGITS: usize = 38;
pub(crate) const MAX_SCALE: u32 = 38;
pub(crate) const MAX_UNSCALED: u128 = 10_u128.pow(MAX_DIGITS as u32) - 1;

const BAD_DECIMAL: &str = "is not a plain decimal of at most 38 digits; write digits with an optional minus and point, such as '65432.10'";
const TOO_WIDE: &str =
    "needs more than 38 digits or a scale above 38, more than can be carried exactly";

/// An exact decimal: `unscaled` × 10^-`scale`. Decimals of different scales may be equal: 398.7 is 398.70000.
///
/// ```
/// use pragma_contracts::Decimal;
///
/// let price: Decimal = "65432.10".parse()?;
/// assert_eq!((price.unscaled(), price.scale()), (6543210, 2));
/// assert_eq!(price.to_string(), "65432.10");
/// assert_eq!(price, "65432.1".parse()?);
/// # Ok::<(), pragma_contracts::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Decimal {
    unscaled: i128,
    scale: u32,
}

impl Decimal {
    /// The decimal `unscaled` × 10^-`scale`.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: it has more than 38 digits or a scale above 38.
    pub fn new(unscaled: i128, scale: u32) -> Result<Self> {
        if unscaled.unsigned_abs() > MAX_UNSCALED || scale > MAX_SCALE {
            return Err(Error::InvalidDecimal {
                value: format!("{unscaled}e-{scale}"),
                problem: TOO_WIDE.to_owned(),
            });
        }
        Ok(Self { unscaled, scale })
    }

    /// For parts that are known to fit.
    pub(crate) fn unchecked(unscaled: i128, scale: u32) -> Self {
        Self { unscaled, scale }
    }

    /// The decimal that plain text says: ASCII digits with an optional minus and point, and no leading zeros.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: the text is no such decimal, or has too many digits.
    #[inline]
    pub fn parse(text: &str) -> Result<Self> {
        short(text.as_bytes()).map_or_else(|| Self::parse_any(text), Ok)
    }

    #[inline(never)]
    fn parse_any(text: &str) -> Result<Self> {
        let problem = |problem: &str| Error::InvalidDecimal {
            value: text.to_owned(),
            problem: problem.to_owned(),
        };
        let bad = || problem(BAD_DECIMAL);
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(bad()),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || has_leading_zero || !all_digits(whole) || !all_digits(fraction) {
            return Err(bad());
        }
        let significant = match whole {
            "0" => fraction.trim_start_matches('0').len(),
            _ => whole.len().saturating_add(fraction.len()),
        };
        let scale = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
        if significant > MAX_DIGITS || scale > MAX_SCALE {
            return Err(problem(TOO_WIDE));
        }
        // 38 digits fit in 127 bits, and zeros before them count for nothing.
        let unscaled = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0_i128, |value, byte| {
                value.wrapping_mul(10).wrapping_add(i128::from(byte & 0x0F))
            });
        Ok(Self::unchecked(
            if is_negative { -unscaled } else { unscaled },
            scale,
        ))
    }

    /// The value as an integer.
    pub fn unscaled(self) -> i128 {
        self.unscaled
    }

    /// Digits after the decimal point.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        Self::floats(self.scale)(self.unscaled)
    }

    /// What gives the nearest float of each integer at a scale.
    pub(crate) fn floats(scale: u32) -> impl Fn(i128) -> f64 {
        // The powers of ten, and the integers, that are exact as floats: then one division rounds once.
        const POWERS: u32 = 22;
        const EXACT: u64 = 1 << 53;
        let power = 10_f64.powi(scale.min(POWERS) as i32);
        move |unscaled| match i64::try_from(unscaled) {
            Ok(narrow) if scale <= POWERS && narrow.unsigned_abs() <= EXACT => {
                narrow as f64 / power
            }
            _ => nearest(Self::unchecked(unscaled, scale)),
        }
    }

    /// The same value with the smallest scale.
    fn reduced(self) -> (i128, u32) {
        let Self {
            mut unscaled,
            mut scale,
        } = self;
        while scale > 0 && unscaled % 10 == 0 {
            unscaled /= 10;
            scale -= 1;
        }
        (unscaled, scale)
    }
}

/// The decimal of text without errors and of few digits, as that of prices and quantities nearly always is.
#[inline]
fn short(text: &[u8]) -> Option<Decimal> {
    /// Its digits fit in 64 bits.
    const LONGEST: usize = 18;
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > LONGEST {
        return None;
    }
    let (mut number, mut point) = (0_i64, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                number = number.wrapping_mul(10).wrapping_add(i64::from(byte & 0x0F));
            }
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let whole = point.unwrap_or(digits.len());
    let fraction = digits.len() - whole;
    if whole == 0 || fraction == 1 || (whole > 1 && digits.first() == Some(&b'0')) {
        return None;
    }
    let unscaled = i128::from(if is_negative { -number } else { number });
    Some(Decimal::unchecked(
        unscaled,
        fraction.saturating_sub(1) as u32,
    ))
}

/// The nearest float of any decimal, by its text: the standard library rounds that once.
fn nearest(value: Decimal) -> f64 {
    // A float is not worth an allocation.
    let text = ShortText::of(value);
    text.as_str().parse().unwrap_or(f64::NAN)
}

/// A sign, 39 digits of a 128-bit integer, and a point after a zero.
const LONGEST: usize = 42;

/// The text of a decimal, at the end of its room.
struct ShortText {
    bytes: [u8; LONGEST],
    start: usize,
}

impl ShortText {
    fn of(value: Decimal) -> Self {
        let mut text = Self {
            bytes: [b'0'; LONGEST],
            start: LONGEST,
        };
        text.digits(value.unscaled.unsigned_abs(), value.scale.min(MAX_SCALE));
        if value.unscaled < 0 {
            text.push(b'-');
        }
        text
    }

    /// Writes a number from its last digit to its first, with a point before `fraction` of them.
    fn digits(&mut self, number: u128, fraction: u32) {
        let (mut wide, mut written) = (number, 0);
        while wide > u128::from(u64::MAX) {
            self.digit((wide % 10) as u8, written, fraction);
            (wide, written) = (wide / 10, written + 1);
        }
        // Division is faster by far, and there is at least one digit before the point.
        let mut narrow = wide as u64;
        while narrow > 0 || written <= fraction {
            self.digit((narrow % 10) as u8, written, fraction);
            (narrow, written) = (narrow / 10, written + 1);
        }
    }

    fn digit(&mut self, digit: u8, written: u32, fraction: u32) {
        if written == fraction && fraction > 0 {
            self.push(b'.');
        }
        self.push(b'0' | digit);
    }

    fn push(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(place) = self.bytes.get_mut(self.start) {
            *place = byte;
        }
    }

    fn as_str(&self) -> &str {
        let text = self.bytes.get(self.start..).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.reduced() == other.reduced()
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reduced().hash(state);
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.unscaled.signum().cmp(&other.unscaled.signum());
        let magnitude = || compare_magnitudes(*self, *other);
        sign.then_with(|| {
            if self.unscaled < 0 {
                magnitude().reverse()
            } else {
                magnitude()
            }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_magnitudes(one: Decimal, other: Decimal) -> Ordering {
    let parts = |value: Decimal| {
        let power = 10_u128.pow(value.scale.min(MAX_SCALE));
        let magnitude = value.unscaled.unsigned_abs();
        (magnitude / power, magnitude % power, power)
    };
    let ((whole, rest, power), (other_whole, other_rest, other_power)) = (parts(one), parts(other));
    // Each rest is below its power of ten, so at a common scale of at most 38 both fit.
    let common = power.max(other_power);
    let at_common = |rest: u128, power: u128| rest.saturating_mul(common / power);
    whole
        .cmp(&other_whole)
        .then_with(|| at_common(rest, power).cmp(&at_common(other_rest, other_power)))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ShortText::of(*self).as_str())
    }
}

impl FromStr for Decimal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

#[cfg(feature = "rust_decimal")]
impl TryFrom<Decimal> for rust_decimal::Decimal {
    type Error = Error;

    /// A `rust_decimal::Decimal` has 96 bits and a scale of at most 28.
    fn try_from(value: Decimal) -> Result<Self> {
        Self::try_from_i128_with_scale(value.unscaled, value.scale).map_err(|error| {
            Error::InvalidDecimal {
                value: value.to_string(),
                problem: format!("does not fit into a rust_decimal::Decimal: {error}"),
            }
        })
    }
}

#[cfg(feature = "rust_decimal")]
impl From<rust_decimal::Decimal> for Decimal {
    fn from(value: rust_decimal::Decimal) -> Self {
        Self::unchecked(value.mantissa(), value.scale())
    }
}
