//! Decimal columns and the sides of an order book: read as exact decimals or floats, and written from decimals.

use crate::check::wide;
use crate::decimal::{MAX_SCALE, MAX_UNSCALED};
use crate::{BookSide, Decimal, DecimalColumn, Error, Result};

/// One level of a side of an order book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Level {
    /// The price.
    pub price: Decimal,
    /// The quantity offered at it.
    pub quantity: Decimal,
}

impl DecimalColumn {
    /// The values, exact, each with the column's scale.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: the column cannot be read exactly.
    pub fn decimals(&self) -> Result<impl Iterator<Item = Decimal> + '_> {
        self.readable()?;
        Ok(self
            .numbers()
            .map(|number| Decimal::unchecked(number, self.scale)))
    }

    /// The values, each as the nearest float.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: the column cannot be read exactly.
    pub fn floats(&self) -> Result<impl Iterator<Item = f64> + '_> {
        Ok(self.decimals()?.map(Decimal::to_f64))
    }

    /// The column that holds exactly these values, at the largest of their scales.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: a value needs too many digits at that scale.
    pub fn from_decimals(values: impl IntoIterator<Item = Decimal>) -> Result<Self> {
        let values: Vec<Decimal> = values.into_iter().collect();
        let scale = values.iter().map(|value| value.scale()).max().unwrap_or(0);
        let numbers = values
            .iter()
            .map(|value| at_scale(*value, scale))
            .collect::<Result<Vec<_>>>()?;
        let narrow: Option<Vec<i64>> = numbers
            .iter()
            .map(|number| i64::try_from(*number).ok())
            .collect();
        Ok(match narrow {
            Some(unscaled) => Self {
                scale,
                unscaled,
                wide: Vec::new(),
            },
            None => Self {
                scale,
                unscaled: Vec::new(),
                wide: numbers.into_iter().map(shortest).collect(),
            },
        })
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        if self.wide.is_empty() {
            self.unscaled.len()
        } else {
            self.wide.len()
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a checked column as integers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i128> + '_ {
        let narrow = self.unscaled.iter().map(|number| i128::from(*number));
        narrow.chain(self.wide.iter().filter_map(|bytes| wide(bytes)))
    }

    fn readable(&self) -> Result<()> {
        let bad = |value: String, problem: &str| {
            let problem = problem.to_owned();
            Err(Error::InvalidDecimal { value, problem })
        };
        if self.scale > MAX_SCALE {
            return bad(self.scale.to_string(), "as a column's scale is above 38");
        }
        if !self.wide.is_empty() && !self.unscaled.is_empty() {
            return bad(
                String::new(),
                "column sets both unscaled and wide; it has one of them",
            );
        }
        for bytes in &self.wide {
            match wide(bytes) {
                None => return bad(format!("{bytes:?}"), "is not 1 to 16 bytes long"),
                Some(number) if number.unsigned_abs() > MAX_UNSCALED => {
                    return bad(number.to_string(), "has more than 38 digits");
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

impl BookSide {
    /// The levels, best first, exact.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: a column cannot be read exactly, or the columns differ in length.
    pub fn levels(&self) -> Result<impl Iterator<Item = Level> + '_> {
        let (prices, quantities) = self.columns()?;
        let rows = prices.decimals()?.zip(quantities.decimals()?);
        Ok(rows.map(|(price, quantity)| Level { price, quantity }))
    }

    /// The (price, quantity) levels, best first, each as the nearest float.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: a column cannot be read exactly, or the columns differ in length.
    pub fn floats(&self) -> Result<impl Iterator<Item = (f64, f64)> + '_> {
        let (prices, quantities) = self.columns()?;
        Ok(prices.floats()?.zip(quantities.floats()?))
    }

    /// The side that holds exactly these levels.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: a value needs too many digits at its column's scale.
    pub fn from_levels(levels: impl IntoIterator<Item = Level>) -> Result<Self> {
        let (prices, quantities): (Vec<_>, Vec<_>) = levels
            .into_iter()
            .map(|level| (level.price, level.quantity))
            .unzip();
        Ok(Self {
            prices: Some(DecimalColumn::from_decimals(prices)?),
            quantities: Some(DecimalColumn::from_decimals(quantities)?),
        })
    }

    fn columns(&self) -> Result<(&DecimalColumn, &DecimalColumn)> {
        static EMPTY: DecimalColumn = DecimalColumn {
            scale: 0,
            unscaled: Vec::new(),
            wide: Vec::new(),
        };
        let prices = self.prices.as_ref().unwrap_or(&EMPTY);
        let quantities = self.quantities.as_ref().unwrap_or(&EMPTY);
        if prices.len() != quantities.len() {
            let problem = format!(
                "prices but {} quantities: every level needs one of each",
                quantities.len()
            );
            return Err(Error::InvalidDecimal {
                value: prices.len().to_string(),
                problem,
            });
        }
        Ok((prices, quantities))
    }
}

fn at_scale(value: Decimal, scale: u32) -> Result<i128> {
    let power = 10_i128.pow(scale.saturating_sub(value.scale()).min(MAX_SCALE));
    value
        .unscaled()
        .checked_mul(power)
        .filter(|number| number.unsigned_abs() <= MAX_UNSCALED)
        .ok_or_else(|| Error::InvalidDecimal {
            value: value.to_string(),
            problem: format!("needs more than 38 digits at this column's scale of {scale}"),
        })
}

/// The shortest two's complement form, as java.math.BigInteger writes it.
fn shortest(number: i128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut rest = bytes.as_slice();
    while let [first, tail @ ..] = rest {
        let sign_of_tail = tail.first().map(|byte| byte & 0x80);
        let is_needless = matches!((first, sign_of_tail), (0, Some(0)) | (0xFF, Some(0x80)));
        if !is_needless {
            break;
        }
        rest = tail;
    }
    rest.to_vec()
}
