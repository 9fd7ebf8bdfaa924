//! An amount is what was written, to the last digit, or it is refused; and it is shown as what it is.
#![no_main]

mod decimal;

use decimal::Decimal;
use domain::{Credits, Quantity, number};
use libfuzzer_sys::fuzz_target;

/// Finer than this no amount is.
const DECIMALS: u64 = 6;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes) {
        as_text(text);
        as_json(text);
    }
    if let Some((first, rest)) = bytes.split_first_chunk() {
        let second = rest.first_chunk().copied().unwrap_or_default();
        as_number(i64::from_le_bytes(*first), i64::from_le_bytes(second));
    }
});

fn as_text(text: &str) {
    let read = text.parse::<Credits>();
    let quantity = text.parse::<Quantity>();
    assert_eq!(
        read.map(Credits::micro),
        quantity.map(Quantity::micro),
        "credits and quantities are read alike"
    );
    match read {
        Ok(credits) => {
            assert_eq!(Decimal::read(text), Decimal::read(&credits.to_string()));
            survives(credits);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A JSON number passes through a double; whatever is not finer than an amount must come out of it whole.
fn as_json(text: &str) {
    let Ok(credits) = serde_json::from_str::<Credits>(text) else {
        return;
    };
    let written = match serde_json::from_str::<String>(text) {
        Ok(quoted) => quoted,
        Err(_) => text.trim().to_owned(),
    };
    let written = Decimal::read(&written).expect("only a decimal is an amount");
    if written.decimals() <= DECIMALS {
        assert_eq!(Some(written), Decimal::read(&credits.to_string()));
    }
    survives(credits);
}

fn survives(credits: Credits) {
    let text = credits.to_string();
    assert_eq!(text.parse(), Ok(credits));
    let json = serde_json::to_string(&credits).expect("an amount is written");
    assert_eq!(json, format!("\"{text}\""));
    assert_eq!(serde_json::from_str::<Credits>(&json).ok(), Some(credits));
}

fn as_number(first: i64, second: i64) {
    let (one, other) = (Credits::from_micro(first), Credits::from_micro(second));
    // The one amount without a negation can be held, but not written: amounts end alike on both sides.
    if first != i64::MIN {
        survives(one);
    }
    let (wide_one, wide_other) = (i128::from(first), i128::from(second));
    assert_eq!(
        one.checked_add(other),
        Credits::from_wide(wide_one + wide_other)
    );
    assert_eq!(
        one.checked_sub(other),
        Credits::from_wide(wide_one - wide_other)
    );
    shown(one, other);
}

/// What people see says the same, with thousands separated and a typographer's minus.
fn shown(one: Credits, other: Credits) {
    let plain = number::credits(one)
        .replace(',', "")
        .replace('\u{2212}', "-");
    assert_eq!(plain, one.to_string());
    let whole_micro = whole_shown(&number::whole_credits(one)) * 1_000_000;
    assert!((whole_micro - i128::from(one.micro())).abs() <= 500_000);
    parts_add_up(one, other);
    assert!(one.share_of(other).is_finite());
    assert!(number::percent(one, other).ends_with('%'));
    let _ = number::change(one, other);
}

/// What is shown of parts is what is shown of their sum.
fn parts_add_up(one: Credits, other: Credits) {
    let Some(total) = one.checked_add(other) else {
        return;
    };
    let parts = number::whole_parts(&[one, other]);
    let sum: i128 = parts.iter().map(|part| whole_shown(part)).sum();
    assert_eq!(sum, whole_shown(&number::whole_credits(total)));
}

/// The whole number that a text stands for: what is less than one, either way, counts as nothing.
fn whole_shown(text: &str) -> i128 {
    if matches!(text, "< 1" | "> \u{2212}1") {
        return 0;
    }
    text.replace(',', "")
        .replace('\u{2212}', "-")
        .parse()
        .expect("a whole number")
}
