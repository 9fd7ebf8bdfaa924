//! Leads and what they are worth, in words.

use domain::{
    Credits,
    lead::{Gain, LeadKind},
    number,
};

pub(super) fn per_lead(gain: &Gain) -> Option<Credits> {
    gain.credits_per(gain.all_leads())
}

pub(super) fn leads_words(count: u64) -> String {
    match count {
        1 => "1 lead".to_owned(),
        count => format!("{} leads", number::count(count)),
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
    let micro = i64::try_from(micro).unwrap_or(i64::MAX);
    format!("{} {currency}", number::credits(Credits::from_micro(micro)))
}

/// What one credit brought in.
pub(super) fn rate(micro: i64, currency: &str) -> String {
    format!(
        "{} {currency}",
        number::quotient(Credits::from_micro(micro))
    )
}
