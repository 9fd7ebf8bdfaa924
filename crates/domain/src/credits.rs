//! Exact credit amounts.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{FieldError, Json, bounds::OUT_OF_RANGE};

/// An exact amount of credits, held as whole micro-credits (10⁻⁶). May be negative where a balance can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Credits(i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("must be a decimal number such as 12.5")]
    NotANumber,
    /// Finer than a micro-unit.
    #[error("must have at most 6 decimals")]
    TooManyDecimals,
    /// Beyond ±9,223,372,036,854.775807, which is far past every bound.
    #[error(
        "is too large: at most 1000000000 credits in one amount, or 1000000000000 of another unit"
    )]
    TooLarge,
    /// A JSON number whose digits a double cannot carry exactly.
    #[error("is too large for an exact JSON number: send it as a decimal string")]
    Inexact,
}

/// Micro-units in one unit.
pub(crate) const MICRO: i64 = 1_000_000;
const MAX_DECIMALS: usize = 6;
/// Below this every decimal of six places is told apart by a double, so a JSON number is exact.
const EXACT_DOUBLE: f64 = 1e9;
const EXACT_MICRO: u64 = 1_000_000_000_000_000;

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// From whole micro-credits.
    pub const fn from_micro(micro: i64) -> Self {
        Self(micro)
    }

    /// From whole credits, or `None` when out of range.
    pub const fn from_whole(credits: i64) -> Option<Self> {
        match credits.checked_mul(MICRO) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// From a wide sum of micro-credits, or `None` when out of range.
    pub fn from_wide(micro: i128) -> Option<Self> {
        i64::try_from(micro).ok().map(Self)
    }

    /// Whole micro-credits.
    pub const fn micro(self) -> i64 {
        self.0
    }

    /// Sum, or `None` when out of range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// Difference, or `None` when out of range.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// Sum that stops at the largest amount; for display only.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference that stops at the smallest amount; for display only.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether nothing is there.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// This amount as a share of `whole`, for bars and percentages; 0 when `whole` is not positive.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio for the eye, never added up"
    )]
    pub fn share_of(self, whole: Self) -> f64 {
        if whole.0 <= 0 {
            0.0
        } else {
            self.0 as f64 / whole.0 as f64
        }
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_micro(self.0))
    }
}

impl FromStr for Credits {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_micro(text).map(Self)
    }
}

impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Between programs of one build the amount itself is enough.
        if !serializer.is_human_readable() {
            return serializer.serialize_i64(self.0);
        }
        serializer.serialize_str(&format_micro(self.0))
    }
}

impl<'de> Deserialize<'de> for Credits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        deserializer.deserialize_any(AmountVisitor).map(Self)
    }
}

/// Writes micro-units as a decimal without trailing zeros.
pub(crate) fn format_micro(micro: i64) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    let (whole, fraction) = (
        micro.unsigned_abs() / MICRO.unsigned_abs(),
        micro.unsigned_abs() % MICRO.unsigned_abs(),
    );
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{fraction:06}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// Reads a decimal, with an optional exponent as some JSON writers print it, into micro-units.
pub(crate) fn parse_micro(text: &str) -> Result<i64, AmountError> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = split_exponent(unsigned)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point_without_digits = mantissa.contains('.') && fraction.is_empty();
    let all_digits = whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || point_without_digits || !all_digits {
        return Err(AmountError::NotANumber);
    }
    let micro = shift_digits(whole, fraction, exponent)?;
    if negative { Ok(-micro) } else { Ok(micro) }
}

fn split_exponent(text: &str) -> Result<(&str, i32), AmountError> {
    match text.split_once(['e', 'E']) {
        None => Ok((text, 0)),
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().map_err(|_| AmountError::NotANumber)?;
            match exponent {
                ..-30 => Err(AmountError::TooManyDecimals),
                -30..=30 => Ok((mantissa, exponent)),
                31.. => Err(AmountError::TooLarge),
            }
        }
    }
}

fn shift_digits(whole: &str, fraction: &str, exponent: i32) -> Result<i64, AmountError> {
    let digits = format!("{whole}{fraction}");
    let decimals =
        i32::try_from(fraction.len()).map_err(|_| AmountError::TooManyDecimals)? - exponent;
    let surplus = decimals - i32::try_from(MAX_DECIMALS).unwrap_or(i32::MAX);
    let mut kept = digits.as_str();
    for _ in 0..surplus.max(0) {
        match kept.strip_suffix('0') {
            Some(shorter) => kept = shorter,
            None if kept.is_empty() => break,
            None => return Err(AmountError::TooManyDecimals),
        }
    }
    let mut micro: i64 = 0;
    let padding = std::iter::repeat_n(b'0', usize::try_from(-surplus).unwrap_or(0));
    for digit in kept.bytes().chain(padding) {
        micro = micro
            .checked_mul(10)
            .and_then(|shifted| shifted.checked_add(i64::from(digit - b'0')))
            .ok_or(AmountError::TooLarge)?;
    }
    Ok(micro)
}

/// Reads a decimal string or a JSON number, digit by digit, into micro-units.
///
/// # Errors
/// What is wrong with it. Of numbers that may have come out of a double nothing is taken that it may have rounded.
pub fn micro_of(value: &Json) -> Result<i64, AmountError> {
    match value {
        Json::Text(text) => parse_micro(text),
        Json::Number(number) => {
            let text = number.as_str();
            let is_whole = !text.contains(['.', 'e', 'E']);
            let micro = parse_micro(text)?;
            if is_whole || micro.unsigned_abs() < EXACT_MICRO {
                Ok(micro)
            } else {
                Err(AmountError::Inexact)
            }
        }
        _ => Err(AmountError::NotANumber),
    }
}

impl AmountError {
    /// The error about a field that an amount was read from.
    pub fn of_field(self, field: &str) -> FieldError {
        match self {
            Self::TooLarge => FieldError::new(field, OUT_OF_RANGE, self.to_string()),
            Self::NotANumber | Self::TooManyDecimals | Self::Inexact => {
                FieldError::invalid(field, self)
            }
        }
    }
}

/// Accepts a decimal string or a JSON number, exactly.
pub(crate) struct AmountVisitor;

impl de::Visitor<'_> for AmountVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a decimal string with at most 6 decimals")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        parse_micro(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<i64, E> {
        whole
            .checked_mul(MICRO)
            .ok_or_else(|| E::custom(AmountError::TooLarge))
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<i64, E> {
        let whole = i64::try_from(whole).map_err(|_| E::custom(AmountError::TooLarge))?;
        self.visit_i64(whole)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<i64, E> {
        if number.abs() >= EXACT_DOUBLE {
            return Err(E::custom(AmountError::Inexact));
        }
        // The shortest text that names this double is the decimal its sender wrote.
        parse_micro(&number.to_string()).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0", 0)]
    #[case("3.75", 3_750_000)]
    #[case("0.000001", 1)]
    #[case("-12.5", -12_500_000)]
    #[case("1.2300000000", 1_230_000)]
    #[case("1e-5", 10)]
    #[case("2.5E3", 2_500_000_000)]
    #[case("9223372036854.775807", i64::MAX)]
    fn reads_decimals(#[case] text: &str, #[case] micro: i64) {
        assert_eq!(text.parse(), Ok(Credits::from_micro(micro)));
    }

    #[rstest]
    #[case("", AmountError::NotANumber)]
    #[case(".5", AmountError::NotANumber)]
    #[case("5.", AmountError::NotANumber)]
    #[case("1,5", AmountError::NotANumber)]
    #[case("NaN", AmountError::NotANumber)]
    #[case("--1", AmountError::NotANumber)]
    #[case("0.0000001", AmountError::TooManyDecimals)]
    #[case("1.1234567", AmountError::TooManyDecimals)]
    #[case("9223372036854.775808", AmountError::TooLarge)]
    #[case("1e99", AmountError::TooLarge)]
    #[case("1e-7", AmountError::TooManyDecimals)]
    #[case("1e-2147483648", AmountError::TooManyDecimals)]
    fn refuses_what_is_not_an_amount(#[case] text: &str, #[case] error: AmountError) {
        assert_eq!(text.parse::<Credits>(), Err(error));
    }

    #[test]
    fn a_json_number_is_exact_or_refused() {
        let read = |json: &str| serde_json::from_str::<Credits>(json);
        assert_eq!(read("3.75").unwrap(), Credits::from_micro(3_750_000));
        assert_eq!(
            read("999999999.999999").unwrap(),
            Credits::from_micro(999_999_999_999_999)
        );
        assert!(
            read("9007199254.740993")
                .unwrap_err()
                .to_string()
                .contains("decimal string")
        );
        assert!(
            read("1.0000001")
                .unwrap_err()
                .to_string()
                .contains("at most 6 decimals")
        );
    }

    #[rstest]
    #[case("1.5", Ok(1_500_000))]
    #[case("\"1.5\"", Ok(1_500_000))]
    #[case("9223372036854", Ok(9_223_372_036_854_000_000))]
    #[case("1.0000000000000000001", Err(AmountError::TooManyDecimals))]
    #[case("0.1000000000000000055", Err(AmountError::TooManyDecimals))]
    #[case("1e-400", Err(AmountError::TooManyDecimals))]
    #[case("1e-7", Err(AmountError::TooManyDecimals))]
    #[case("9007199254.740993", Err(AmountError::Inexact))]
    #[case("1e9", Err(AmountError::Inexact))]
    #[case("true", Err(AmountError::NotANumber))]
    fn what_a_double_would_round_is_refused(
        #[case] json: &str,
        #[case] micro: Result<i64, AmountError>,
    ) {
        assert_eq!(micro_of(&Json::parse(json).unwrap().0), micro);
    }

    proptest! {
        #[test]
        fn display_and_parse_are_inverse(micro in any::<i64>().prop_filter("has a negation", |m| *m != i64::MIN)) {
            let credits = Credits::from_micro(micro);
            prop_assert_eq!(credits.to_string().parse(), Ok(credits));
        }

        #[test]
        fn every_json_number_of_six_decimals_is_exact(micro in -999_999_999_999_999_i64..999_999_999_999_999) {
            let text = format_micro(micro);
            prop_assert_eq!(serde_json::from_str::<Credits>(&text).unwrap().micro(), micro);
        }
    }
}
