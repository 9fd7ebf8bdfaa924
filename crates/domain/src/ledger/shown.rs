//! A balance in whole credits that add up.

use super::Balance;
use crate::{
    Credits,
    number::{rounded, whole_credits, whole_parts, whole_text},
};

/// A balance as the gauge shows it: `granted + overage = used + remaining + expired + refunded` holds for what is read, and
/// every one of them is within a credit or two of what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownBalance {
    /// The allocation.
    pub granted: String,
    /// The plan's part of it; with [`Self::added`] it is what is granted.
    pub of_plan: String,
    /// What was added to it or taken off.
    pub added: String,
    /// Used in the cycle: the same as wherever else this sum is shown in whole credits.
    pub used: String,
    /// What is left.
    pub remaining: String,
    /// Used past the allocation.
    pub overage: String,
    /// Ended without having been used.
    pub expired: String,
    /// Refunded after the cycle ended.
    pub refunded: String,
}

impl Balance {
    /// The balance in whole credits that add up.
    pub fn shown(&self) -> ShownBalance {
        let [of_plan, added] = [self.of_plan(), self.added];
        let mut granted = whole_parts(&[of_plan, added]).into_iter();
        // Granted and used are shown elsewhere too, and are the same there. The others make up the difference.
        let unused = rounded(self.allocation) - rounded(self.used);
        let refunded = if self.refunded.is_zero() {
            0
        } else {
            let others = rounded(self.remaining) + rounded(self.expired) - rounded(self.overage);
            (unused - others).max(0)
        };
        let unused = unused - refunded;
        let (remaining, expired, overage) = if self.overage > Credits::ZERO {
            let expired = rounded(self.expired).max(unused);
            (0, expired, expired - unused)
        } else if self.remaining.is_zero() {
            (0, unused, 0)
        } else {
            let expired = rounded(self.expired).clamp(0, unused.max(0));
            (unused - expired, expired, 0)
        };
        ShownBalance {
            granted: whole_credits(self.allocation),
            of_plan: granted.next().unwrap_or_default(),
            added: granted.next().unwrap_or_default(),
            used: whole_credits(self.used),
            remaining: whole_text(self.remaining, remaining),
            overage: whole_text(self.overage, overage),
            expired: whole_text(self.expired, expired),
            refunded: whole_text(self.refunded, refunded),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> i128 {
        match text {
            "< 1" | "> \u{2212}1" => 0,
            text => text
                .replace(',', "")
                .replace('\u{2212}', "-")
                .parse()
                .unwrap(),
        }
    }

    #[test]
    fn what_is_shown_of_a_balance_adds_up() {
        let of = |used: &str, remaining: &str| {
            let [used, remaining] = [used, remaining].map(|text| text.parse::<Credits>().unwrap());
            let allocation = used.saturating_add(remaining);
            let shown = Balance {
                allocation,
                used,
                remaining,
                ..Balance::EMPTY
            }
            .shown();
            (shown.used, shown.remaining, shown.granted)
        };
        let texts = |used: &str, remaining: &str, granted: &str| {
            (used.to_owned(), remaining.to_owned(), granted.to_owned())
        };
        assert_eq!(
            of("55289.5", "19710.5"),
            texts("55,290", "19,710", "75,000")
        );
        assert_eq!(of("99.7", "0.3"), texts("100", "< 1", "100"));
        assert_eq!(of("0.3", "99.7"), texts("< 1", "100", "100"));
        assert_eq!(
            of("9223372036854.775807", "0"),
            texts("9,223,372,036,855", "0", "9,223,372,036,855")
        );
    }

    proptest! {
        #[test]
        fn whatever_was_granted_and_used_the_figures_shown_add_up(
            paid in 0_i64..5_000_000_000,
            left in 0_i64..5_000_000_000,
            over in prop_oneof![Just(0_i64), 1_i64..3_000_000_000],
            expired in prop_oneof![Just(0_i64), 1_i64..3_000_000_000],
            added in -1_000_000_000_i64..1_000_000_000,
            refunded in prop_oneof![Just(0_i64), 1_i64..3_000_000_000],
        ) {
            let credits = Credits::from_micro;
            let left = if over > 0 { 0 } else { left };
            let balance = Balance {
                allocation: credits(paid + left + expired + refunded),
                added: credits(added),
                used: credits(paid + over),
                remaining: credits(left),
                overage: credits(over),
                expired: credits(expired),
                refunded: credits(refunded),
                ..Balance::EMPTY
            };
            let shown = balance.shown();
            let granted = number(&shown.granted);
            prop_assert_eq!(granted + number(&shown.overage), number(&shown.used) + number(&shown.remaining) + number(&shown.expired) + number(&shown.refunded));
            prop_assert_eq!(number(&shown.of_plan) + number(&shown.added), granted);
            for (text, exact) in [(&shown.remaining, left), (&shown.overage, over), (&shown.expired, expired), (&shown.refunded, refunded)] {
                prop_assert!((number(text) * 1_000_000 - i128::from(exact)).abs() < 2_000_000, "{text} for {exact}");
                prop_assert_eq!(text == "0", exact == 0, "{} for {}", text, exact);
            }
        }
    }
}
