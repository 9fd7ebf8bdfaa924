//! Numbers of JSON, digit by digit.

/// A number as it was sent. Equal when the value is, whichever way it is written.
#[derive(Debug, Clone)]
pub struct Number(Box<str>);

impl Number {
    /// A number by its JSON text; `None` beyond the range of a double.
    pub(super) fn read(text: &str) -> Option<Self> {
        let is_readable =
            is_small(text) || serde_json::from_str::<serde_json::Number>(text).is_ok();
        is_readable.then(|| Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether programs that read it as a double, or as an integer of 64 bits, lose nothing.
    pub fn is_exact(&self) -> bool {
        is_small(&self.0) || self.double().is_some()
    }

    /// One text for all ways of writing the value; for what doubles carry, the one that they are written with.
    pub fn canonical(&self) -> String {
        if is_small(&self.0) {
            return self.0.to_string();
        }
        self.double().unwrap_or_else(|| {
            let Decimal {
                is_negative,
                digits,
                exponent,
            } = Decimal::of(&self.0);
            let sign = if is_negative { "-" } else { "" };
            format!("{sign}{digits}e{exponent}")
        })
    }

    /// The text of the double or integer that carries it exactly.
    fn double(&self) -> Option<String> {
        let number: serde_json::Number = serde_json::from_str(&self.0).ok()?;
        let text = number.to_string();
        (Decimal::of(&text) == Decimal::of(&self.0)).then_some(text)
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        Self(number.to_string().into())
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.canonical() == other.canonical()
    }
}

impl Eq for Number {}

/// Whether it is a whole number that every program carries, in its only form.
fn is_small(text: &str) -> bool {
    text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// digits × 10^exponent, without zeros at either end of the digits.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(text: &str) -> Self {
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0').trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Self {
                is_negative: false,
                digits: "0".to_owned(),
                exponent: 0,
            };
        }
        let zeros = all.len() - all.trim_end_matches('0').len();
        let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4);
        // Larger exponents than fit are not told apart: no number that is taken has one.
        let exponent = exponent.parse().unwrap_or(i64::MIN / 4);
        Self {
            is_negative,
            digits,
            exponent: exponent - places(fraction.len()) + places(zeros),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1", "1", true)]
    #[case("1.50", "1.5", true)]
    #[case("0.1", "0.1", true)]
    #[case("18446744073709551615", "18446744073709551615", true)]
    #[case("-9223372036854775808", "-9223372036854775808", true)]
    #[case("1e2", "100.0", true)]
    #[case("-0", "-0.0", true)]
    #[case(
        "12345678901234567890123456789",
        "12345678901234567890123456789e0",
        false
    )]
    #[case("1.0000000000000000001", "10000000000000000001e-19", false)]
    #[case("-1e-400", "-1e-400", false)]
    fn a_number_has_one_canonical_text(
        #[case] text: &str,
        #[case] canonical: &str,
        #[case] is_exact: bool,
    ) {
        let number = Number::read(text).unwrap();
        assert_eq!(
            (number.canonical().as_str(), number.is_exact()),
            (canonical, is_exact)
        );
    }

    #[rstest]
    #[case(
        "12345678901234567890123456789",
        "1234567890123456789012345678.90e1",
        true
    )]
    #[case(
        "12345678901234567890123456789",
        "12345678901234567890123456788",
        false
    )]
    #[case("1.5", "15e-1", true)]
    fn numbers_are_equal_when_their_values_are(
        #[case] one: &str,
        #[case] other: &str,
        #[case] is_same: bool,
    ) {
        assert_eq!(Number::read(one) == Number::read(other), is_same);
    }

    #[test]
    fn what_is_beyond_the_range_of_a_double_is_refused() {
        assert_eq!(Number::read("1e400"), None);
    }
}
