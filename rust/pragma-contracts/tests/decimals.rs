//! Decimals and columns of every size and scale: what is written is what is read.
#![allow(clippy::unwrap_used)]

use pragma_contracts::{Decimal, DecimalColumn};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const MOST: i128 = 10_i128.pow(38) - 1;

/// Integers of every number of digits, most of them near a power of ten, or of two.
fn integers() -> impl Strategy<Value = i128> {
    let near = |base: i128, most: u32| {
        (0..=most, -2..=2_i128).prop_map(move |(power, by)| base.pow(power) + by)
    };
    let some = prop_oneof![near(10, 38), near(2, 126), -MOST..=MOST, -999..=999_i128];
    (some, any::<bool>()).prop_map(|(number, is_negative)| {
        let number = number.clamp(-MOST, MOST);
        if is_negative { -number } else { number }
    })
}

fn decimals() -> impl Strategy<Value = Decimal> {
    (integers(), prop_oneof![0..=38_u32, 0..=8_u32])
        .prop_map(|(unscaled, scale)| Decimal::new(unscaled, scale).unwrap())
}

fn parts(decimal: Decimal) -> (i128, u32) {
    (decimal.unscaled(), decimal.scale())
}

/// Digits with a point put in by hand.
fn plain(unscaled: i128, scale: usize) -> String {
    let mut text = format!("{:0width$}", unscaled.unsigned_abs(), width = scale + 1);
    if scale > 0 {
        text.insert(text.len() - scale, '.');
    }
    if unscaled < 0 {
        text.insert(0, '-');
    }
    text
}

/// What a plain decimal is, which both ways of reading one must hold to.
fn is_decimal(text: &str) -> bool {
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = [whole, fraction.unwrap_or_default()].concat();
    are_digits(whole)
        && fraction.is_none_or(are_digits)
        && (whole == "0" || !whole.starts_with('0'))
        && digits.trim_start_matches('0').len() <= 38
        && fraction.unwrap_or_default().len() <= 38
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn text_is_that_of_the_digits_and_is_read_back(unscaled in integers(), scale in 0..=38_u32) {
        let decimal = Decimal::new(unscaled, scale).unwrap();
        let text = decimal.to_string();
        prop_assert_eq!(&text, &plain(unscaled, usize::try_from(scale).unwrap()));
        prop_assert_eq!(Decimal::parse(&text).map(parts), Ok((unscaled, scale)));
        prop_assert_eq!(Ok(decimal.to_f64()), text.parse());
    }

    #[test]
    fn nothing_but_decimals_is_read(
        text in "-?[0-9]{0,3}\\.?[0-9]{0,3}|-?0?[0-9]{0,42}\\.?[0-9]{0,42}|[-.0-9]{0,21}|-?0\\.0{30,39}[0-9]{0,9}|[0-9]{0,3}\\PC[0-9]{0,3}"
    ) {
        prop_assert_eq!(Decimal::parse(&text).is_ok(), is_decimal(&text));
    }

    #[test]
    fn a_column_that_is_used_again_is_as_a_new_one(all in vec(vec(decimals(), 0..5), 0..4)) {
        let mut reused = DecimalColumn::default();
        for values in all {
            let new = DecimalColumn::from_decimals(values.clone());
            prop_assert_eq!(reused.write(&values), new.as_ref().map(|_| ()).map_err(Clone::clone));
            match new {
                Ok(new) => {
                    prop_assert_eq!(&reused, &new);
                    let scale = values.iter().map(|value| value.scale()).max().unwrap_or(0);
                    prop_assert_eq!(new.scale, scale);
                    prop_assert_eq!(new.decimals().unwrap().collect::<Vec<_>>(), values);
                }
                Err(_) => prop_assert!(reused.is_empty()),
            }
        }
    }

    /// All narrow, or all wide in their shortest form.
    #[test]
    fn a_column_is_wide_only_where_it_must_be(
        scale in select(vec![0, 2, 38]), numbers in vec(integers(), 1..4)
    ) {
        let values = numbers.iter().map(|number| Decimal::new(*number, scale).unwrap());
        let column = DecimalColumn::from_decimals(values).unwrap();
        let narrow: Result<Vec<i64>, _> = numbers.iter().map(|number| i64::try_from(*number)).collect();
        prop_assert_eq!(column.wide.is_empty(), narrow.is_ok());
        prop_assert_eq!(column.unscaled, narrow.unwrap_or_default());
        for (bytes, number) in column.wide.iter().zip(numbers) {
            let bits = 129 - if number < 0 { number.leading_ones() } else { number.leading_zeros() };
            prop_assert_eq!(bytes.len(), usize::try_from(bits.div_ceil(8)).unwrap());
        }
    }
}
