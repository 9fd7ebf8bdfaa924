//! Numbers as people read them.

use crate::{Credits, credits::format_micro};

/// Credits with thousands separated, exact: `61,240.5`.
pub fn credits(amount: Credits) -> String {
    let text = format_micro(amount.micro());
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("\u{2212}", digits));
    let mut out = format!("{sign}{}", group(digits));
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Whole credits for headlines: rounded half up away from zero; the exact figure belongs beside it.
pub fn whole_credits(amount: Credits) -> String {
    let micro = i128::from(amount.micro());
    let rounded = (micro.abs() + 500_000) / 1_000_000;
    let sign = if micro < 0 && rounded > 0 {
        "\u{2212}"
    } else {
        ""
    };
    format!("{sign}{}", group(&rounded.to_string()))
}

/// A figure that is a quotient, as it is compared: to a hundredth, and small ones to three digits that say something.
pub fn quotient(amount: Credits) -> String {
    let micro = amount.micro();
    let step = match micro.unsigned_abs() {
        0..=9_999 => 1,
        10_000..=999_999 => 1_000,
        _ => 10_000,
    };
    let rounded = (i128::from(micro) + step / 2).div_euclid(step) * step;
    credits(Credits::from_micro(i64::try_from(rounded).unwrap_or(micro)))
}

/// A count with thousands separated: `214,806`.
pub fn count(number: u64) -> String {
    group(&number.to_string())
}

/// A count of events in words: `1 event`, `214,806 events`.
pub fn events(number: u64) -> String {
    let word = if number == 1 { "event" } else { "events" };
    format!("{} {word}", count(number))
}

fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as whole percent, except that something never reads as 0 and less than all never reads as 100.
pub fn percent(part: Credits, whole: Credits) -> String {
    if part.is_zero() || whole.micro() <= 0 {
        return "0 %".to_owned();
    }
    let percent = (i128::from(part.micro()) * 200 + i128::from(whole.micro()))
        / (i128::from(whole.micro()) * 2);
    match percent {
        0 => "< 1 %".to_owned(),
        100 if part < whole => "> 99 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// Past this a percentage says nothing: there was next to nothing before.
const MOST_PERCENT: i128 = 999;

/// Which way a figure moved, and by how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// There was nothing before to compare with.
    New,
    /// Nothing now and nothing before.
    None,
    /// Up by this many percent.
    Up(String),
    /// Down by this many percent.
    Down(String),
    /// Less than half a percent either way.
    Steady,
}

/// The change from `before` to `now` in whole percent.
pub fn change(now: Credits, before: Credits) -> Change {
    if before.micro() <= 0 {
        return if now.micro() <= 0 {
            Change::None
        } else {
            Change::New
        };
    }
    let difference = i128::from(now.micro()) - i128::from(before.micro());
    let percent =
        (difference.abs() * 200 + i128::from(before.micro())) / (i128::from(before.micro()) * 2);
    match percent {
        0 => Change::Steady,
        percent if percent > MOST_PERCENT => Change::Up(format!("> {MOST_PERCENT} %")),
        percent if difference > 0 => Change::Up(format!("{percent} %")),
        percent => Change::Down(format!("{percent} %")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits_of(text: &str) -> Credits {
        text.parse().unwrap()
    }

    #[test]
    fn quotients_are_rounded_to_what_is_compared() {
        let of = |text| quotient(credits_of(text));
        assert_eq!(of("33.333333"), "33.33");
        assert_eq!(of("1234.005"), "1,234.01");
        assert_eq!(of("0.016667"), "0.017");
        assert_eq!(of("0.000123"), "0.000123");
        assert_eq!(of("0"), "0");
    }

    #[test]
    fn thousands_are_separated_and_nothing_is_rounded() {
        assert_eq!(credits(credits_of("61240.5")), "61,240.5");
        assert_eq!(credits(credits_of("-1234567")), "\u{2212}1,234,567");
        assert_eq!(credits(Credits::ZERO), "0");
        assert_eq!(whole_credits(credits_of("999.5")), "1,000");
        assert_eq!(whole_credits(credits_of("-0.2")), "0");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(
            [0, 1, 2_000].map(events),
            ["0 events", "1 event", "2,000 events"]
        );
    }

    #[test]
    fn a_share_never_lies_about_something_or_all() {
        assert_eq!(percent(credits_of("1"), credits_of("1000")), "< 1 %");
        assert_eq!(percent(credits_of("999"), credits_of("1000")), "> 99 %");
        assert_eq!(percent(credits_of("372"), credits_of("1000")), "37 %");
        assert_eq!(percent(Credits::ZERO, Credits::ZERO), "0 %");
    }

    #[test]
    fn a_change_has_a_direction() {
        assert_eq!(
            change(credits_of("138"), credits_of("100")),
            Change::Up("38 %".into())
        );
        assert_eq!(
            change(credits_of("96"), credits_of("100")),
            Change::Down("4 %".into())
        );
        assert_eq!(
            change(credits_of("100.1"), credits_of("100")),
            Change::Steady
        );
        assert_eq!(
            change(credits_of("2000"), credits_of("0.5")),
            Change::Up("> 999 %".into())
        );
        assert_eq!(change(credits_of("1"), Credits::ZERO), Change::New);
        assert_eq!(change(Credits::ZERO, Credits::ZERO), Change::None);
    }
}
