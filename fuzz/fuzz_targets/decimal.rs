//! Decimals by their digits alone, to hold what was read against what was written without the product's arithmetic.

use std::num::IntErrorKind;

/// Stands for every exponent that is larger: nothing that small or large is ever an amount.
const FAR: i64 = i64::MAX / 2;

/// A decimal number as it was written, with nothing rounded. Two of the same value are equal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decimal {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    /// The power of ten that the last digit counts.
    power: i64,
}

impl Decimal {
    /// Reads digits with a sign, a point and an exponent where there are any.
    pub fn read(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let short = all.trim_end_matches('0');
        let digits = short.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self::default());
        }
        let dropped = i64::try_from(all.len() - short.len()).ok()?;
        let decimals = i64::try_from(fraction.len()).ok()?;
        Some(Self {
            negative,
            digits,
            power: exponent - decimals + dropped,
        })
    }

    /// Digits after the point.
    pub fn decimals(&self) -> u64 {
        self.power.min(0).unsigned_abs()
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    match text.parse::<i64>() {
        Ok(exponent) => Some(exponent.clamp(-FAR, FAR)),
        Err(error) => match error.kind() {
            IntErrorKind::PosOverflow => Some(FAR),
            IntErrorKind::NegOverflow => Some(-FAR),
            _ => None,
        },
    }
}
