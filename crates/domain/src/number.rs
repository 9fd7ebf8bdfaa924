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

/// Whole credits for headings, cards and lists: rounded half away from zero, and never 0 when something is there.
/// The exact figure belongs beside it, on hover and focus.
pub fn whole_credits(amount: Credits) -> String {
    whole_text(amount, rounded(amount))
}

/// Whole credits of parts that stand below their total: what is shown adds up to what
/// [`whole_credits`] shows of their sum. A part below one credit may read `< 1`; it counts as nothing.
pub fn whole_parts(parts: &[Credits]) -> Vec<String> {
    let wholes: Vec<i128> = parts
        .iter()
        .map(|part| i128::from(part.micro()).div_euclid(MICRO))
        .collect();
    let total: i128 = parts.iter().map(|part| i128::from(part.micro())).sum();
    let missing = round(total, MICRO) - wholes.iter().sum::<i128>();
    let rests: Vec<i128> = parts
        .iter()
        .map(|part| i128::from(part.micro()).rem_euclid(MICRO))
        .collect();
    raise_largest(wholes, &rests, missing)
        .into_iter()
        .zip(parts)
        .map(|(whole, part)| whole_text(*part, whole))
        .collect()
}

/// Shares of `whole` in whole percent, which add up to the share of the parts together: 100 where the parts are
/// all there is. Negative parts have none.
pub fn percent_parts(parts: &[Credits], whole: Credits) -> Vec<String> {
    let whole_micro = i128::from(whole.micro());
    if whole_micro <= 0 {
        return vec![percent_text(0, 0, 1); parts.len()];
    }
    let hundredfold = |part: &Credits| i128::from(part.micro().max(0)) * 100;
    let floors: Vec<i128> = parts
        .iter()
        .map(|part| hundredfold(part) / whole_micro)
        .collect();
    let rests: Vec<i128> = parts
        .iter()
        .map(|part| hundredfold(part) % whole_micro)
        .collect();
    let missing =
        round(parts.iter().map(hundredfold).sum(), whole_micro) - floors.iter().sum::<i128>();
    raise_largest(floors, &rests, missing)
        .into_iter()
        .zip(parts)
        .map(|(percent, part)| percent_text(percent, i128::from(part.micro().max(0)), whole_micro))
        .collect()
}

/// Gives one more to each of the `missing` values with the largest rests; the first of equal ones comes first.
fn raise_largest(mut values: Vec<i128>, rests: &[i128], missing: i128) -> Vec<i128> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(rests[*index]));
    let missing = usize::try_from(missing).unwrap_or(0);
    for index in order.into_iter().take(missing) {
        values[index] += 1;
    }
    values
}

const MICRO: i128 = crate::credits::MICRO as i128;

/// `amount / unit`, half away from zero.
fn round(amount: i128, unit: i128) -> i128 {
    (amount.abs() + unit / 2) / unit * amount.signum()
}

pub(crate) fn rounded(amount: Credits) -> i128 {
    round(i128::from(amount.micro()), MICRO)
}

pub(crate) fn whole_text(amount: Credits, whole: i128) -> String {
    match whole {
        0 if amount.is_zero() => "0".to_owned(),
        0 if amount.is_negative() => "> \u{2212}1".to_owned(),
        0 => "< 1".to_owned(),
        whole if whole < 0 => format!("\u{2212}{}", group(&whole.unsigned_abs().to_string())),
        whole => group(&whole.to_string()),
    }
}

/// Whole credits where room is short: from a hundred million on in millions, billions or trillions to three digits
/// that say something, `123M`, `4.57B`.
pub fn short_credits(amount: Credits) -> String {
    let whole = rounded(amount);
    let (unit, name) = match whole.unsigned_abs() {
        0..100_000_000 => return whole_credits(amount),
        100_000_000..999_500_000 => (1_000_000, "M"),
        999_500_000..999_500_000_000 => (1_000_000_000, "B"),
        _ => (1_000_000_000_000, "T"),
    };
    let decimals = match whole.unsigned_abs() / unit {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    let scale = 10_i128.pow(decimals);
    let scaled = round(whole * scale, i128::try_from(unit).unwrap_or(1)).unsigned_abs();
    let sign = if whole < 0 { "\u{2212}" } else { "" };
    let places = usize::try_from(decimals).unwrap_or(0);
    let (units, rest) = (scaled / scale.unsigned_abs(), scaled % scale.unsigned_abs());
    let digits = if places == 0 {
        units.to_string()
    } else {
        format!("{units}.{rest:0places$}")
    };
    format!("{sign}{digits}{name}")
}

/// Money in the way English writes it: `€15.00`, `$1,200.50`, `CHF 7.00`. `micro` is in millionths of a unit and
/// is rounded to the currency's smallest coin.
pub fn money(micro: i128, currency: &str) -> String {
    let decimals = match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "UGX" | "XAF" | "XOF" | "XPF" | "PYG" | "RWF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    };
    let coin = 10_i128.pow(6 - decimals);
    let coins = round(micro, coin);
    let scale = 10_u128.pow(decimals);
    let (units, rest) = (coins.unsigned_abs() / scale, coins.unsigned_abs() % scale);
    let sign = if coins < 0 { "\u{2212}" } else { "" };
    let units = group(&units.to_string());
    let places = usize::try_from(decimals).unwrap_or(0);
    let digits = if places == 0 {
        units
    } else {
        format!("{units}.{rest:0places$}")
    };
    match symbol(currency) {
        Some(symbol) => format!("{sign}{symbol}{digits}"),
        None => format!("{sign}{currency}\u{a0}{digits}"),
    }
}

fn symbol(currency: &str) -> Option<&'static str> {
    Some(match currency {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        "INR" => "₹",
        _ => return None,
    })
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

/// A figure of credits as it is shown, with its unit: `1 credit`, `2,000 credits`.
pub fn with_unit(shown: &str) -> String {
    let unit = if matches!(shown, "1" | "< 1") {
        "credit"
    } else {
        "credits"
    };
    format!("{shown} {unit}")
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
    let (part, whole) = (i128::from(part.micro()), i128::from(whole.micro()));
    if part == 0 || whole <= 0 {
        return percent_text(0, 0, 1);
    }
    percent_text(round(part * 100, whole), part, whole)
}

/// How much of a limit is used: rounded down, so that a level (75, 90, 100) is read only once it is reached.
pub fn percent_used(used: Credits, limit: Credits) -> String {
    let (used, limit) = (i128::from(used.micro().max(0)), i128::from(limit.micro()));
    if used == 0 || limit <= 0 {
        return percent_text(0, 0, 1);
    }
    percent_text(used * 100 / limit, used, limit)
}

fn percent_text(percent: i128, part: i128, whole: i128) -> String {
    match percent {
        0 if part > 0 => "< 1%".to_owned(),
        100 if part < whole => "> 99%".to_owned(),
        percent if percent < 0 => {
            format!("\u{2212}{}%", group(&percent.unsigned_abs().to_string()))
        }
        percent => format!("{}%", group(&percent.to_string())),
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
        percent if percent > MOST_PERCENT => Change::Up(format!("> {MOST_PERCENT}%")),
        percent if difference > 0 => Change::Up(format!("{percent}%")),
        percent => Change::Down(format!("{percent}%")),
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
        assert_eq!(whole_credits(credits_of("-1.5")), "\u{2212}2");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(
            [0, 1, 2_000].map(events),
            ["0 events", "1 event", "2,000 events"]
        );
    }

    #[test]
    fn one_credit_is_no_credits() {
        assert_eq!(
            ["0", "< 1", "1", "2,000"].map(with_unit),
            ["0 credits", "< 1 credit", "1 credit", "2,000 credits"]
        );
    }

    #[test]
    fn a_share_never_lies_about_something_or_all() {
        assert_eq!(percent(credits_of("1"), credits_of("1000")), "< 1%");
        assert_eq!(percent(credits_of("999"), credits_of("1000")), "> 99%");
        assert_eq!(percent(credits_of("372"), credits_of("1000")), "37%");
        assert_eq!(percent(Credits::ZERO, Credits::ZERO), "0%");
    }

    #[test]
    fn a_change_has_a_direction() {
        assert_eq!(
            change(credits_of("138"), credits_of("100")),
            Change::Up("38%".into())
        );
        assert_eq!(
            change(credits_of("96"), credits_of("100")),
            Change::Down("4%".into())
        );
        assert_eq!(
            change(credits_of("100.1"), credits_of("100")),
            Change::Steady
        );
        assert_eq!(
            change(credits_of("2000"), credits_of("0.5")),
            Change::Up("> 999%".into())
        );
        assert_eq!(change(credits_of("1"), Credits::ZERO), Change::New);
        assert_eq!(change(Credits::ZERO, Credits::ZERO), Change::None);
    }

    #[test]
    fn something_is_never_shown_as_no_credits() {
        let whole = |text| whole_credits(credits_of(text));
        assert_eq!(whole("0"), "0");
        assert_eq!(whole("0.000001"), "< 1");
        assert_eq!(whole("0.5"), "1");
        assert_eq!(whole("-0.2"), "> \u{2212}1");
    }

    #[test]
    fn parts_in_whole_credits_add_up_to_their_total() {
        let parts = |texts: &[&str]| {
            whole_parts(
                &texts
                    .iter()
                    .map(|text| credits_of(text))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(parts(&["0.4", "0.4", "0.4"]), ["1", "< 1", "< 1"]);
        assert_eq!(parts(&["10.5", "20.5", "30.5"]), ["11", "21", "30"]);
        assert_eq!(parts(&["-1.5", "2.5", "1"]), ["\u{2212}1", "2", "1"]);
        assert_eq!(parts(&["0", "7"]), ["0", "7"]);
        assert!(parts(&[]).is_empty());
    }

    #[test]
    fn shares_in_percent_add_up_to_all() {
        let shares = |texts: &[&str], whole| {
            let parts: Vec<_> = texts.iter().map(|text| credits_of(text)).collect();
            percent_parts(&parts, credits_of(whole))
        };
        assert_eq!(shares(&["1", "1", "1"], "3"), ["34%", "33%", "33%"]);
        assert_eq!(shares(&["999", "1", "0"], "1000"), ["> 99%", "< 1%", "0%"]);
        assert_eq!(shares(&["3", "0"], "3"), ["100%", "0%"]);
        assert_eq!(shares(&["0", "0"], "0"), ["0%", "0%"]);
    }

    #[test]
    fn a_level_is_shown_only_once_it_is_reached() {
        let used = |text| percent_used(credits_of(text), credits_of("1000"));
        assert_eq!(used("749.999999"), "74%");
        assert_eq!(used("750"), "75%");
        assert_eq!(used("999.9"), "99%");
        assert_eq!(used("1040"), "104%");
        assert_eq!(used("1"), "< 1%");
        assert_eq!(used("0"), "0%");
    }

    #[test]
    fn large_amounts_are_shortened_where_room_is_short() {
        let short = |text| short_credits(credits_of(text));
        assert_eq!(short("99999999"), "99,999,999");
        assert_eq!(short("123456789"), "123M");
        assert_eq!(short("999600000"), "1.00B");
        assert_eq!(short("4567890123"), "4.57B");
        assert_eq!(short("-45678901234"), "\u{2212}45.7B");
        assert_eq!(short("9223372036854"), "9.22T");
    }

    #[test]
    fn money_stands_as_english_writes_it() {
        assert_eq!(money(15_000_000, "EUR"), "€15.00");
        assert_eq!(money(1_200_505_000, "USD"), "$1,200.51");
        assert_eq!(money(-7_000_000, "CHF"), "\u{2212}CHF\u{a0}7.00");
        assert_eq!(money(1_500_000_000, "JPY"), "¥1,500");
        assert_eq!(money(1_234_500, "KWD"), "KWD\u{a0}1.235");
    }
}
