//! Leads and what they are worth, in words.

use domain::{
    Credits,
    lead::{Gain, LeadKind},
    number,
};

/// Below this many millionths, coins are too coarse.
const A_COIN_MICRO: u64 = 1_000_000;

/// Credits for one lead: bookings and sales are counted by themselves.
pub(super) fn per_lead(gain: &Gain) -> Option<Credits> {
    per(gain, LeadKind::Lead)
}

/// Credits for one of a kind.
pub(super) fn per(gain: &Gain, kind: LeadKind) -> Option<Credits> {
    gain.credits_per(gain.of(kind))
}

/// What came in: `1 lead · 2 bookings`.
pub(super) fn came_in(gain: &Gain) -> String {
    let kinds = LeadKind::ALL.into_iter();
    let some = kinds.filter(|kind| gain.of(*kind) > 0);
    let words: Vec<_> = some.map(|kind| counted(kind, gain.of(kind))).collect();
    if words.is_empty() {
        "0 leads".to_owned()
    } else {
        words.join(" · ")
    }
}

pub(super) fn counted(kind: LeadKind, count: u64) -> String {
    let name = if count == 1 {
        kind.id().to_owned()
    } else {
        kind.plural().to_lowercase()
    };
    format!("{} {name}", number::count(count))
}

pub(super) fn money(micro: i128, currency: &str) -> String {
    number::money(micro, currency)
}

/// What one credit brought in.
pub(super) fn rate(micro: i64, currency: &str) -> String {
    if micro == 0 || micro.unsigned_abs() >= A_COIN_MICRO {
        return number::money(i128::from(micro), currency);
    }
    // Less than a few coins: the digits that matter.
    let amount = number::quotient(Credits::from_micro(micro));
    format!("{currency}\u{a0}{amount}")
}
