//! Giving credits: allocations, packs, what is carried over.

use super::{Books, Moment, RENEWAL, Why, clamped, negative};
use crate::{
    Credits, Time, TimeRange,
    ledger::{EntryKind, Grant, GrantKind, GrantNo, NewGrant, PRIORITY, Payer},
};

impl Books {
    /// Gives credits. What the running cycle owes is paid from them first.
    pub fn give(&mut self, new: NewGrant, moment: Moment) -> GrantNo {
        let why = Why::by(&new.actor, new.reference.clone());
        let number = self.add(new, moment, &why);
        self.settle(moment, &why.actor);
        number
    }

    /// Adds a grant; what is due stays so until it is settled.
    pub(super) fn add(&mut self, new: NewGrant, moment: Moment, why: &Why) -> GrantNo {
        self.last_number += 1;
        let number = GrantNo(self.last_number);
        let grant = Grant {
            number,
            kind: new.kind,
            name: new.name,
            amount: new.amount,
            spent: Credits::ZERO,
            active: new.active,
            priority: new.priority,
            cycle_start: new.cycle_start,
            reference: new.reference,
            actor: new.actor,
            created_at: moment.now,
        };
        let place = self
            .grants
            .partition_point(|other| other.order() < grant.order());
        self.grants.insert(place, grant);
        self.changed_grants.insert(number);
        self.enter(
            EntryKind::Granted,
            Payer::Grant(number),
            new.amount,
            moment.cycle.start,
            moment,
            why,
        );
        number
    }

    /// The plan's allocation of a cycle, unless it was given: exactly once, however often it is asked for.
    ///
    /// A larger `amount` than was given so far (a larger plan) gives the difference; a smaller one takes nothing away.
    pub fn allot(&mut self, cycle: TimeRange, amount: Credits, name: &str, moment: Moment) {
        let given = i128::from(self.allotted(cycle.start).micro());
        let is_first = self.allocation_of(cycle.start).next().is_none();
        let missing = clamped(i128::from(amount.micro()) - given);
        if is_first || missing > Credits::ZERO {
            self.give(
                NewGrant {
                    kind: GrantKind::Plan,
                    name: name.to_owned(),
                    amount: missing.max(Credits::ZERO),
                    active: cycle,
                    priority: PRIORITY,
                    cycle_start: Some(cycle.start),
                    reference: None,
                    actor: RENEWAL.to_owned(),
                },
                moment,
            );
        }
    }

    /// What plans gave to a cycle so far.
    pub fn allotted(&self, cycle_start: Time) -> Credits {
        let given = self.allocation_of(cycle_start);
        clamped(given.map(|grant| i128::from(grant.amount.micro())).sum())
    }

    /// Whether a cycle has its allocation.
    pub fn is_allotted(&self, cycle_start: Time) -> bool {
        self.allocation_of(cycle_start).next().is_some()
    }

    /// What was carried over into a cycle so far.
    pub(super) fn carried_into(&self, cycle_start: Time) -> Credits {
        let carried = self.grants.iter().filter(|grant| {
            grant.kind == GrantKind::Rollover && grant.cycle_start == Some(cycle_start)
        });
        carried.fold(Credits::ZERO, |sum, grant| sum.saturating_add(grant.amount))
    }

    fn allocation_of(&self, cycle_start: Time) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |grant| {
            grant.kind == GrantKind::Plan && grant.cycle_start == Some(cycle_start)
        })
    }

    /// Carries what is left of one cycle's allocation into the next, at most `cap`, once.
    ///
    /// The carried credits could pay from the start of the cycle they come from, so that usage reported late finds them.
    pub fn carry_over(&mut self, from: TimeRange, to: TimeRange, cap: Credits, moment: Moment) {
        let is_done = self
            .grants
            .iter()
            .any(|grant| grant.kind == GrantKind::Rollover && grant.cycle_start == Some(to.start));
        let sources: Vec<_> = self
            .allocation_of(from.start)
            .filter(|grant| grant.remaining() > Credits::ZERO)
            .map(|grant| grant.number)
            .collect();
        if is_done || sources.is_empty() || cap <= Credits::ZERO {
            return;
        }
        let mut carried = Credits::ZERO;
        for number in sources {
            let left = self.remaining_of(number);
            let taken = left.min(cap.saturating_sub(carried));
            if taken > Credits::ZERO {
                self.take(number, taken);
                carried = carried.saturating_add(taken);
                self.enter(
                    EntryKind::CarriedOver,
                    Payer::Grant(number),
                    negative(taken),
                    from.start,
                    moment,
                    &Why::by(RENEWAL, None),
                );
            }
        }
        self.give(
            NewGrant {
                kind: GrantKind::Rollover,
                name: "Rollover".to_owned(),
                amount: carried,
                active: TimeRange::new(from.start, to.end),
                priority: PRIORITY,
                cycle_start: Some(to.start),
                reference: None,
                actor: RENEWAL.to_owned(),
            },
            moment,
        );
    }
}
