//! Python values as exact decimals.

use pragma_contracts::Decimal;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString, PyType};

/// With more digits two decimals of one scale may be nearest to the same float.
const MOST_OF_FLOAT: f64 = 1e15;
/// Above it a power of ten is no float, and dividing by it rounds twice.
const EXACT_POWER: u32 = 22;

/// Takes decimal text, Decimals, ints, and floats where a scale says how many of their digits are meant.
pub(crate) struct Values {
    /// The class decimal.Decimal.
    pub(crate) decimal: Py<PyType>,
}

impl Values {
    /// A value, at the scale if one is given: an int is an unscaled value then.
    #[inline(always)]
    pub(crate) fn exact(&self, value: &Bound<'_, PyAny>, scale: Option<u32>) -> Option<Decimal> {
        let decimal = if let Ok(text) = value.cast_exact::<PyString>() {
            Decimal::parse(text.to_str().ok()?).ok()?
        } else {
            return self.number(value, scale);
        };
        scale.map_or(Some(decimal), |scale| at_scale(decimal, scale))
    }

    #[inline(never)]
    fn number(&self, value: &Bound<'_, PyAny>, scale: Option<u32>) -> Option<Decimal> {
        if value.get_type().is(&self.decimal) {
            let decimal = of_decimal(value.str().ok()?.to_str().ok()?)?;
            return scale.map_or(Some(decimal), |scale| at_scale(decimal, scale));
        }
        if let Ok(number) = value.cast_exact::<PyInt>() {
            return Decimal::new(number.extract().ok()?, scale.unwrap_or(0)).ok();
        }
        of_float(value.cast_exact::<PyFloat>().ok()?.value(), scale?)
    }
}

/// The same value with exactly this scale.
fn at_scale(value: Decimal, scale: u32) -> Option<Decimal> {
    let unscaled = match value.scale().checked_sub(scale) {
        Some(0) => return Some(value),
        Some(more) => {
            let power = 10_i128.checked_pow(more)?;
            (value.unscaled() % power == 0).then(|| value.unscaled() / power)?
        }
        None => value
            .unscaled()
            .checked_mul(10_i128.checked_pow(scale - value.scale())?)?,
    };
    Decimal::new(unscaled, scale).ok()
}

/// What Python writes a Decimal as: plain, or with an exponent.
fn of_decimal(text: &str) -> Option<Decimal> {
    let Some((digits, exponent)) = text.split_once('E') else {
        return Decimal::parse(text).ok();
    };
    let (digits, exponent) = (Decimal::parse(digits).ok()?, exponent.parse::<i32>().ok()?);
    let scale = i32::try_from(digits.scale()).ok()?.checked_sub(exponent)?;
    match u32::try_from(scale) {
        Ok(scale) => Decimal::new(digits.unscaled(), scale).ok(),
        Err(_) => {
            let power = 10_i128.checked_pow(scale.unsigned_abs())?;
            Decimal::new(digits.unscaled().checked_mul(power)?, 0).ok()
        }
    }
}

/// The decimal of a scale that is nearest to a float, when that is the very one it prints as.
fn of_float(value: f64, scale: u32) -> Option<Decimal> {
    let power = 10_f64.powi(i32::try_from(scale.min(EXACT_POWER)).ok()?);
    let unscaled = (value * power).round_ties_even();
    // Both are exact as floats, so the division is rounded once, and gives the float that the decimal is read as.
    let is_exact =
        scale <= EXACT_POWER && unscaled.abs() < MOST_OF_FLOAT && unscaled / power == value;
    is_exact.then(|| Decimal::new(unscaled as i128, scale).ok())?
}
