//! The state of one account's ledger, and everything that moves credits in it.

mod balance;
mod ended;
mod give;
mod give_back;
mod spend;

use std::collections::{BTreeMap, BTreeSet};

use super::grant::{Entry, EntryKind, Grant, GrantNo, Payer};
pub use ended::{Refunded, Since};
pub use give_back::{Carry, Returned};

use crate::{Credits, Seq, Time, TimeRange};

/// A sum does not fit into an amount of credits. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a total is larger than can be counted")]
pub struct OutOfRange;

/// When something happens to the books: the instant, and the billing cycle that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub now: Time,
    /// The cycle that holds it.
    pub cycle: TimeRange,
}

/// A grant that paid usage which had gone past all grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover {
    /// Which grant.
    pub grant: GrantNo,
    /// How much it paid and did not get back.
    pub credits: Credits,
}

/// Usage of one cycle that went past all grants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overage {
    /// What nobody has paid.
    pub due: Credits,
    /// What later grants paid, oldest first.
    pub covers: Vec<Cover>,
}

/// What has to be stored after the books were changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Grants that are new or spent differently, as they are now.
    pub grants: Vec<Grant>,
    /// Overage that changed, as it is now, by start of its cycle.
    pub overage: Vec<(Time, Overage)>,
    /// New lines, in order.
    pub entries: Vec<Entry>,
}

/// The state of one account's ledger.
///
/// Invariants: no grant pays more than its amount; parts of a payment add up to it; overage of the running cycle is due
/// only while no active grant has anything left (see [`Books::settle`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    grants: Vec<Grant>,
    overage: BTreeMap<Time, Overage>,
    last_number: i64,
    changed_grants: BTreeSet<GrantNo>,
    changed_overage: BTreeSet<Time>,
    entries: Vec<Entry>,
}

impl Books {
    /// The books of an account: its grants, the overage of its cycles, and the last number given to a grant.
    ///
    /// Grants that cannot matter any more may be left out.
    pub fn new(mut grants: Vec<Grant>, overage: BTreeMap<Time, Overage>, last_number: i64) -> Self {
        grants.sort_unstable_by_key(Grant::order);
        Self {
            grants,
            overage,
            last_number,
            ..Self::default()
        }
    }

    /// The grants, in the order they pay.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The last number given to a grant.
    pub const fn last_number(&self) -> i64 {
        self.last_number
    }

    /// One grant.
    pub fn grant(&self, number: GrantNo) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.number == number)
    }

    /// The overage of a cycle that nobody has paid.
    pub fn due(&self, cycle_start: Time) -> Credits {
        self.overage
            .get(&cycle_start)
            .map_or(Credits::ZERO, |overage| overage.due)
    }

    /// What was changed since the books were made or this was asked last.
    pub fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed_grants);
        Changes {
            grants: self
                .grants
                .iter()
                .filter(|grant| changed.contains(&grant.number))
                .cloned()
                .collect(),
            overage: std::mem::take(&mut self.changed_overage)
                .into_iter()
                .map(|start| (start, self.overage.get(&start).cloned().unwrap_or_default()))
                .collect(),
            entries: std::mem::take(&mut self.entries),
        }
    }

    fn remaining_of(&self, number: GrantNo) -> Credits {
        self.grant(number).map_or(Credits::ZERO, Grant::remaining)
    }

    fn take(&mut self, number: GrantNo, credits: Credits) {
        self.change(number, |spent| spent.saturating_add(credits));
    }

    fn put_back(&mut self, number: GrantNo, credits: Credits) {
        self.change(number, |spent| spent.saturating_sub(credits));
    }

    fn change(&mut self, number: GrantNo, change: impl FnOnce(Credits) -> Credits) {
        if let Some(grant) = self.grants.iter_mut().find(|grant| grant.number == number) {
            grant.spent = change(grant.spent);
            self.changed_grants.insert(number);
        }
    }

    fn enter(
        &mut self,
        kind: EntryKind,
        payer: Payer,
        credits: Credits,
        cycle_start: Time,
        moment: Moment,
        why: &Why,
    ) {
        let balance_after = self.available(moment);
        self.entries.push(Entry {
            kind,
            payer,
            cycle_start,
            credits,
            balance_after,
            effective_at: moment.now,
            event: why.event,
            reason: why.reason.clone(),
            actor: why.actor.clone(),
        });
    }
}

/// Who renews and settles by itself.
pub const RENEWAL: &str = "renewal";

/// Who moved credits, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Who.
    pub actor: String,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The event it is about.
    pub event: Option<Seq>,
}

impl Why {
    /// Someone, for a reason.
    pub fn by(actor: &str, reason: Option<String>) -> Self {
        Self {
            actor: actor.to_owned(),
            reason,
            event: None,
        }
    }
}

fn negative(credits: Credits) -> Credits {
    Credits::ZERO.saturating_sub(credits)
}

/// A wide sum as an amount; amounts that leave the range are for display only and stop at its ends.
fn clamped(micro: i128) -> Credits {
    let bounds = (i128::from(i64::MIN), i128::from(i64::MAX));
    Credits::from_wide(micro.clamp(bounds.0, bounds.1)).unwrap_or_default()
}
