//! Who caused a spike: what is above the usual, by company, agent, activity and hour.

use std::collections::BTreeMap;

use super::{Slot, median};
use crate::{Agent, CompanyId, Credits, Time};

/// What a company's agent used for an activity in one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which company.
    pub company: CompanyId,
    /// Which agent.
    pub agent: Agent,
    /// What it did.
    pub activity: String,
    /// Start of the hour.
    pub start: Time,
    /// What was used.
    pub credits: Credits,
}

/// A company's agent with an activity, and what of a spike is its.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Which company.
    pub company: CompanyId,
    /// Which agent.
    pub agent: Agent,
    /// What it did.
    pub activity: String,
    /// What it used in the spike.
    pub used: Credits,
    /// What was expected of it.
    pub expected: Credits,
    /// Each hour's use above the usual; hours that used less are below zero.
    pub hours: Vec<(Time, Credits)>,
}

impl Cause {
    /// By how much it was more than usual.
    pub const fn excess(&self) -> Credits {
        self.used.saturating_sub(self.expected)
    }
}

/// Takes a spike apart, what is most above the usual first. `parts` are of its hours and of the hours before that say
/// what is usual of them.
pub fn explain(parts: &[Part], slots: &[Slot]) -> Vec<Cause> {
    let mut used: BTreeMap<(CompanyId, Agent, &str), BTreeMap<Time, i64>> = BTreeMap::new();
    for part in parts {
        let hours = used
            .entry((part.company, part.agent, &part.activity))
            .or_default();
        *hours.entry(part.start).or_default() += part.credits.micro();
    }
    let mut causes: Vec<_> = used
        .into_iter()
        .map(|((company, agent, activity), hours)| {
            let mut cause = Cause {
                company,
                agent,
                activity: activity.to_owned(),
                used: Credits::ZERO,
                expected: Credits::ZERO,
                hours: Vec::with_capacity(slots.len()),
            };
            for slot in slots {
                cause.add(slot, &hours);
            }
            cause
        })
        .filter(|cause| !cause.used.is_zero() || !cause.expected.is_zero())
        .collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.excess()));
    causes
}

impl Cause {
    fn add(&mut self, slot: &Slot, hours: &BTreeMap<Time, i64>) {
        let of = |time: &Time| hours.get(time).copied().unwrap_or(0);
        let mut before: Vec<_> = slot.before.iter().map(of).collect();
        let used = Credits::from_micro(of(&slot.start));
        let expected = Credits::from_micro(median(&mut before));
        self.used = self.used.saturating_add(used);
        self.expected = self.expected.saturating_add(expected);
        self.hours.push((slot.start, used.saturating_sub(expected)));
    }
}
