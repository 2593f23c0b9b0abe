//! Decimal columns and the sides of an order book: read as exact decimals or floats, and written from decimals.

use crate::check::wide;
use crate::decimal::{MAX_SCALE, MAX_UNSCALED};
use crate::generated::views::pragma::market::v1::{BookSideView, DecimalColumnView};
use crate::{BookSide, Decimal, DecimalColumn, Error, Result};

/// One level of a side of an order book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Level {
    /// The price.
    pub price: Decimal,
    /// The quantity offered at it.
    pub quantity: Decimal,
}

/// A decimal column, whether it owns its values or borrows them.
pub(crate) trait Column {
    fn scale(&self) -> u32;

    /// Number of unscaled values and of wide ones.
    fn counts(&self) -> (usize, usize);

    /// The wide values.
    fn wide(&self) -> impl Iterator<Item = &[u8]>;

    /// The values as integers, of a column that was checked.
    fn numbers(&self) -> impl Iterator<Item = i128>;
}

/// The values of a column, which are all narrow or all wide.
enum Numbers<N, W> {
    Narrow(N),
    Wide(W),
}

impl<N: Iterator<Item = i64>, W: Iterator<Item: AsRef<[u8]>>> Iterator for Numbers<N, W> {
    type Item = i128;

    #[inline(always)]
    fn next(&mut self) -> Option<i128> {
        match self {
            Self::Narrow(numbers) => numbers.next().map(i128::from),
            Self::Wide(values) => wide(values.next()?.as_ref()),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Narrow(numbers) => numbers.size_hint(),
            Self::Wide(values) => values.size_hint(),
        }
    }
}

impl Column for DecimalColumn {
    fn scale(&self) -> u32 {
        self.scale
    }

    fn counts(&self) -> (usize, usize) {
        (self.unscaled.len(), self.wide.len())
    }

    fn wide(&self) -> impl Iterator<Item = &[u8]> {
        self.wide.iter().map(Vec::as_slice)
    }

    fn numbers(&self) -> impl Iterator<Item = i128> {
        if self.wide.is_empty() {
            Numbers::Narrow(self.unscaled.iter().copied())
        } else {
            Numbers::Wide(self.wide.iter())
        }
    }
}

impl Column for DecimalColumnView<'_> {
    fn scale(&self) -> u32 {
        self.scale
    }

    fn counts(&self) -> (usize, usize) {
        (self.unscaled.len(), self.wide.len())
    }

    fn wide(&self) -> impl Iterator<Item = &[u8]> {
        self.wide.iter()
    }

    fn numbers(&self) -> impl Iterator<Item = i128> {
        if self.wide.is_empty() {
            Numbers::Narrow(self.unscaled.iter())
        } else {
            Numbers::Wide(self.wide.iter())
        }
    }
}

/// The rows of two columns of one length; an absent column has none.
struct Rows<P, Q> {
    prices: Option<P>,
    quantities: Option<Q>,
}

impl<P: Iterator<Item = i128>, Q: Iterator<Item = i128>> Iterator for Rows<P, Q> {
    type Item = (i128, i128);

    #[inline(always)]
    fn next(&mut self) -> Option<(i128, i128)> {
        Some((
            self.prices.as_mut()?.next()?,
            self.quantities.as_mut()?.next()?,
        ))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.prices
            .as_ref()
            .map_or((0, Some(0)), Iterator::size_hint)
    }
}

fn scale(column: &Option<impl Column>) -> u32 {
    column.as_ref().map_or(0, Column::scale)
}

macro_rules! column {
    ($type:ty) => {
        impl $type {
            /// The values, exact, each with the column's scale.
            ///
            /// # Errors
            /// [`Error::InvalidDecimal`]: the column cannot be read exactly.
            pub fn decimals(&self) -> Result<impl Iterator<Item = Decimal> + '_> {
                readable(self)?;
                let scale = self.scale;
                Ok(self
                    .numbers()
                    .map(move |number| Decimal::unchecked(number, scale)))
            }

            /// The values, each as the nearest float.
            ///
            /// # Errors
            /// [`Error::InvalidDecimal`]: the column cannot be read exactly.
            pub fn floats(&self) -> Result<impl Iterator<Item = f64> + '_> {
                readable(self)?;
                Ok(self.numbers().map(Decimal::floats(self.scale)))
            }

            /// Number of values.
            pub fn len(&self) -> usize {
                let (narrow, wide) = self.counts();
                if wide == 0 { narrow } else { wide }
            }

            /// Whether there is no value.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }
    };
}
column!(DecimalColumn);
column!(DecimalColumnView<'_>);

macro_rules! side {
    ($type:ty) => {
        impl $type {
            /// The levels, best first, exact.
            ///
            /// # Errors
            /// [`Error::InvalidDecimal`]: a column cannot be read exactly, or the columns differ in length.
            pub fn levels(&self) -> Result<impl Iterator<Item = Level> + '_> {
                let (price_scale, quantity_scale) = (scale(&self.prices), scale(&self.quantities));
                Ok(self.rows()?.map(move |(price, quantity)| Level {
                    price: Decimal::unchecked(price, price_scale),
                    quantity: Decimal::unchecked(quantity, quantity_scale),
                }))
            }

            /// The (price, quantity) levels, best first, each as the nearest float.
            ///
            /// # Errors
            /// [`Error::InvalidDecimal`]: a column cannot be read exactly, or the columns differ in length.
            pub fn floats(&self) -> Result<impl Iterator<Item = (f64, f64)> + '_> {
                let prices = Decimal::floats(scale(&self.prices));
                let quantities = Decimal::floats(scale(&self.quantities));
                Ok(self
                    .rows()?
                    .map(move |(price, quantity)| (prices(price), quantities(quantity))))
            }

            fn rows(&self) -> Result<impl Iterator<Item = (i128, i128)> + '_> {
                self.check_lengths()?;
                for column in [&self.prices, &self.quantities].into_iter().flatten() {
                    readable(column)?;
                }
                Ok(Rows {
                    prices: self.prices.as_ref().map(|column| column.numbers()),
                    quantities: self.quantities.as_ref().map(|column| column.numbers()),
                })
            }

            fn check_lengths(&self) -> Result<()> {
                let prices = self.prices.as_ref().map_or(0, |column| column.len());
                let quantities = self.quantities.as_ref().map_or(0, |column| column.len());
                if prices == quantities {
                    return Ok(());
                }
                Err(Error::InvalidDecimal {
                    value: prices.to_string(),
                    problem: format!(
                        "prices but {quantities} quantities: every level needs one of each"
                    ),
                })
            }
        }
    };
}
side!(BookSide);
side!(BookSideView<'_>);

impl DecimalColumn {
    /// The column that holds exactly these values, at the largest of their scales.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: a value needs too many digits at that scale.
    pub fn from_decimals(values: impl IntoIterator<Item = Decimal>) -> Result<Self> {
        let values: Vec<Decimal> = values.into_iter().collect();
        let mut column = Self::default();
        column.write(&values)?;
        Ok(column)
    }

    /// Makes the column hold exactly these values, at the largest of their scales; what it has allocated is used again.
    ///
    /// # Errors
    /// [`Error::InvalidDecimal`]: a value needs too many digits at that scale. The column is empty then.
    pub fn write(&mut self, values: &[Decimal]) -> Result<()> {
        self.unscaled.clear();
        self.wide.clear();
        self.scale = values.iter().map(|value| value.scale()).max().unwrap_or(0);
        for value in values {
            match narrow(*value, self.scale) {
                Some(number) => self.unscaled.push(number),
                None => return self.write_wide(values),
            }
        }
        Ok(())
    }

    #[cold]
    fn write_wide(&mut self, values: &[Decimal]) -> Result<()> {
        self.unscaled.clear();
        for value in values {
            match at_scale(*value, self.scale) {
                Ok(number) => self.wide.push(shortest(number)),
                Err(error) => {
                    self.wide.clear();
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

impl BookSide {
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
}

fn readable(column: &impl Column) -> Result<()> {
    let bad = |value: String, problem: &str| {
        let problem = problem.to_owned();
        Err(Error::InvalidDecimal { value, problem })
    };
    if column.scale() > MAX_SCALE {
        return bad(
            column.scale().to_string(),
            "as a column's scale is above 38",
        );
    }
    let (narrow_count, wide_count) = column.counts();
    if narrow_count > 0 && wide_count > 0 {
        return bad(
            String::new(),
            "column sets both unscaled and wide; it has one of them",
        );
    }
    for bytes in column.wide() {
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

/// The value as an integer of 64 bits at a scale, if it is one: nearly all are.
#[inline]
fn narrow(value: Decimal, scale: u32) -> Option<i64> {
    let number = i64::try_from(value.unscaled()).ok()?;
    if scale == value.scale() || number == 0 {
        return Some(number);
    }
    number.checked_mul(10_i64.checked_pow(scale.checked_sub(value.scale())?)?)
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
