//! Sums that may be wider than a column.
//!
//! SQLite adds up in 64 bits. What may be more than that is added up in two halves, or stored in two columns: `credits`,
//! below a trillion of credits, and how many trillions there are besides.

use domain::Credits;

use crate::error::{Error, Result};

/// A trillion credits, in micro-credits.
const TRILLION: i128 = 1_000_000_000_000_000_000;

/// A sum whose halves, of 32 bits and what is above, were added up apart.
pub(crate) const fn joined(high: i64, low: i64) -> i128 {
    ((high as i128) << 32) + low as i128
}

/// A sum whose trillions stand apart from its halves.
pub(crate) const fn with_trillions(trillions: i64, high: i64, low: i64) -> i128 {
    trillions as i128 * TRILLION + joined(high, low)
}

/// A sum that has to be an amount.
///
/// # Errors
/// When it is wider: an account is counted less far, so nothing that this version wrote adds up to that.
pub(crate) fn credits(micro: i128) -> Result<Credits> {
    Credits::from_wide(micro).ok_or(Error::Overflow("what moved in an account's ledger"))
}

/// What stands in a column, and how many trillions besides.
pub(crate) fn split(micro: i128) -> (i64, i64) {
    let part = |part: i128| i64::try_from(part).unwrap_or(i64::MAX);
    (part(micro % TRILLION), part(micro / TRILLION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_split_is_joined_to_the_same() {
        let least = -3 * TRILLION - 1;
        for micro in [0, 1, -1, TRILLION - 1, TRILLION, 50 * TRILLION + 7, least] {
            let (rest, trillions) = split(micro);
            let halves = (rest >> 32, rest & 0xffff_ffff);
            assert_eq!(with_trillions(trillions, halves.0, halves.1), micro);
        }
    }
}
