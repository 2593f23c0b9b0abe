//! What is read of a borrowed message, the same from every contender.

/// The fields that every contract has.
#[derive(Debug, PartialEq)]
pub(crate) struct Header<'a> {
    pub texts: [&'a str; 6],
    pub market_type: i32,
    /// Seconds and nanoseconds of the event and of its publication.
    pub times: [(i64, i32); 2],
    pub metadata: usize,
}

impl Header<'_> {
    /// Reads every field, and copies none: the sum is there to be the reason for reading.
    #[inline(always)]
    pub(crate) fn sum(&self) -> usize {
        let texts: usize = self.texts.iter().map(|text| text.len()).sum();
        let times = self.times.iter();
        let times: usize = times
            .map(|(seconds, nanos)| *seconds as usize + *nanos as usize)
            .sum();
        texts + times + self.market_type as usize + self.metadata
    }
}

/// A value and its scale.
pub(crate) type Exact = (i128, u32);

/// Reads every level exactly; the sum is there to be compared, and to be the reason for reading.
pub(crate) fn sum_exact(levels: impl Iterator<Item = (Exact, Exact)>) -> i128 {
    levels
        .map(|((price, price_scale), (quantity, quantity_scale))| {
            price + quantity + i128::from(price_scale + quantity_scale)
        })
        .sum()
}

/// Reads every level as floats.
pub(crate) fn sum_floats(levels: impl Iterator<Item = (f64, f64)>) -> f64 {
    levels.map(|(price, quantity)| price * quantity).sum()
}
