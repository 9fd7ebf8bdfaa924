//! How much of something one amount may be, and how far an account is counted.
//!
//! Amounts are whole millionths in 64 bits, which end at 9.2 · 10¹². One amount is so small beside that, and what an account
//! has used or has left is held so far below it, that no sum over whatever rows an account can have comes near the end:
//! figures are refused at the door, never cut off.

use crate::{Credits, FieldError, Quantity, credits::MICRO};

/// Most credits of one amount: of an event, hold, grant, correction, allowance, pack, budget, cap or threshold.
///
/// A billion is a thousand times what the largest plan gives in a month, so whoever sends more has mistaken the unit.
pub const MOST_CREDITS: Credits = Credits::from_micro(1_000_000_000 * MICRO);

/// Most credits that an account is counted to: what it has used in all, what it has left, and what it owes.
///
/// A thousand of the largest amounts; nine such sums can still be added up.
pub const MOST_COUNTED: Credits = Credits::from_micro(1_000_000_000_000 * MICRO);

/// Most of a metered quantity in one event: tokens, seconds, replies. Quantities are priced one by one and never added up.
pub const MOST_QUANTITY: Quantity = Quantity::from_micro(1_000_000_000_000 * MICRO);

/// Most of a price or of what a lead is worth, in millionths of its currency.
pub const MOST_MONEY_MICRO: i64 = 1_000_000_000 * MICRO;

/// What an amount may be below its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Something.
    Positive,
    /// Something or nothing.
    NotNegative,
    /// Something, to be given or taken off.
    NotZero,
}

/// Checks an amount of credits, if there is one, and names the field it came in.
pub fn check_credits(
    field: &str,
    credits: impl Into<Option<Credits>>,
    sign: Sign,
    errors: &mut Vec<FieldError>,
) {
    if let Some(credits) = credits.into() {
        errors.extend(wrong_sign(field, credits, sign).or_else(|| too_large(field, credits)));
    }
}

fn wrong_sign(field: &str, credits: Credits, sign: Sign) -> Option<FieldError> {
    match sign {
        Sign::Positive if credits <= Credits::ZERO => {
            Some(FieldError::invalid(field, "must be more than zero"))
        }
        Sign::NotNegative if credits.is_negative() => {
            Some(FieldError::new(field, "negative", "must not be negative"))
        }
        Sign::NotZero if credits.is_zero() => Some(FieldError::invalid(field, "must not be zero")),
        Sign::Positive | Sign::NotNegative | Sign::NotZero => None,
    }
}

/// What is wrong with an amount that is larger than one may be.
pub fn too_large(field: &str, credits: Credits) -> Option<FieldError> {
    let is_larger = credits.micro().unsigned_abs() > MOST_CREDITS.micro().unsigned_abs();
    is_larger.then(|| past(field, &format!("{MOST_CREDITS} credits")))
}

/// What is wrong with a quantity that is larger than one may be.
pub fn too_much(field: &str, quantity: Quantity) -> Option<FieldError> {
    (quantity > MOST_QUANTITY).then(|| past(field, &format!("{MOST_QUANTITY} units")))
}

fn past(field: &str, most: &str) -> FieldError {
    let message = format!("must be at most {most} in one amount: check its unit, or split it");
    FieldError::new(field, OUT_OF_RANGE, message)
}

/// The reason of an error about an amount that is too large.
pub const OUT_OF_RANGE: &str = "out_of_range";

/// What is said when a total of an account would go past [`MOST_COUNTED`].
pub fn past_counting() -> String {
    format!(
        "would take a total of the account past {MOST_COUNTED} credits, which is as far as is counted: nothing was \
         stored; reverse what was reported by mistake"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(micro: i64, sign: Sign) -> Vec<String> {
        let mut errors = Vec::new();
        check_credits("credits", Credits::from_micro(micro), sign, &mut errors);
        errors.into_iter().map(|error| error.reason).collect()
    }

    #[test]
    fn an_amount_is_taken_up_to_its_bound_and_named_past_it() {
        let most = MOST_CREDITS.micro();
        for sign in [Sign::Positive, Sign::NotNegative, Sign::NotZero] {
            for micro in [1, most - 1, most] {
                assert!(found(micro, sign).is_empty(), "{micro}");
            }
            for micro in [most + 1, i64::MAX - 1, i64::MAX] {
                assert_eq!(found(micro, sign), [OUT_OF_RANGE], "{micro}");
            }
        }
        assert_eq!(found(-1, Sign::NotNegative), ["negative"]);
        assert_eq!(found(0, Sign::Positive), ["invalid"]);
        assert_eq!(found(0, Sign::NotZero), ["invalid"]);
        assert!(found(-most, Sign::NotZero).is_empty());
        for micro in [-most - 1, i64::MIN + 1, i64::MIN] {
            assert_eq!(found(micro, Sign::NotZero), [OUT_OF_RANGE], "{micro}");
        }
    }

    #[test]
    fn the_bound_leaves_room_for_every_sum() {
        // Nine totals at once, each a thousand of the largest amounts.
        assert!(9 * i128::from(MOST_COUNTED.micro()) < i128::from(i64::MAX));
        assert_eq!(MOST_COUNTED.micro() / MOST_CREDITS.micro(), 1_000);
    }
}
