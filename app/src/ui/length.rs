//! Lengths as texts.

/// A length to the hundredth, without a unit: `12.50`.
///
/// Finer than any screen, and without the exact printing of floats, which alone is 6 kB of what a browser loads.
pub fn length(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "no screen is that large; past it the largest number stands"
    )]
    let hundredths = (value * 100.0).round() as i64;
    let sign = if hundredths < 0 { "-" } else { "" };
    let hundredths = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_to_the_hundredth() {
        for (value, text) in [
            (0.0, "0.00"),
            (12.5, "12.50"),
            (-0.126, "-0.13"),
            (-0.001, "0.00"),
            (1_000.0, "1000.00"),
            (3_999_999.999, "4000000.00"),
        ] {
            assert_eq!(length(value), text);
        }
    }
}
