//! The state of one account's ledger, and everything that moves credits in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Balance, OveragePolicy,
    grant::{
        Entry, EntryKind, Grant, GrantKind, GrantNo, NewGrant, PRIORITY, Part, Payer, Payment,
    },
};
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

    /// What active grants have left, less what is due: what may be spent, holds aside. Below zero past all grants.
    pub fn available(&self, moment: Moment) -> Credits {
        let left: i128 = self
            .grants
            .iter()
            .filter(|grant| grant.active.contains(moment.now))
            .map(|grant| i128::from(grant.remaining().micro()))
            .sum();
        let due = i128::from(self.due(moment.cycle.start).micro());
        clamped(left - due)
    }

    /// The balance of the running cycle. `used` is its usage so far, `held` what running calls reserve.
    pub fn balance(
        &self,
        moment: Moment,
        used: Credits,
        held: Credits,
        policy: OveragePolicy,
    ) -> Balance {
        let available = self.available(moment);
        let (remaining, overage) = (
            available.max(Credits::ZERO),
            clamped(-i128::from(available.micro())).max(Credits::ZERO),
        );
        let of_cycle = |grant: &&Grant| {
            grant.active.end > moment.cycle.start && grant.active.end <= moment.now
        };
        let expired = self
            .grants
            .iter()
            .filter(of_cycle)
            .map(|grant| i128::from(grant.remaining().micro()))
            .sum();
        let allocation = i128::from(used.micro()) - i128::from(overage.micro())
            + i128::from(remaining.micro())
            + expired;
        let plan: i128 = self
            .grants
            .iter()
            .filter(|grant| {
                grant.kind.is_of_plan() && grant.cycle_start == Some(moment.cycle.start)
            })
            .map(|grant| i128::from(grant.amount.micro()))
            .sum();
        let allocation = clamped(allocation);
        Balance {
            allocation,
            added: clamped(i128::from(allocation.micro()) - plan),
            used,
            held,
            remaining,
            overage,
            expired: clamped(expired),
            policy,
        }
    }

    /// Pays for usage of `time`, which belongs to the cycle that starts at `cycle_start`, from the grants active then.
    ///
    /// # Errors
    /// [`OutOfRange`] when the cycle's overage cannot be counted any more.
    pub fn spend(
        &mut self,
        time: Time,
        cycle_start: Time,
        credits: Credits,
    ) -> Result<Vec<Part>, OutOfRange> {
        let mut left = credits;
        let mut parts = Vec::with_capacity(1);
        for grant in &mut self.grants {
            if left.is_zero() {
                return Ok(parts);
            }
            if grant.pays_at(time) {
                let paid = grant.remaining().min(left);
                grant.spent = grant.spent.saturating_add(paid);
                left = left.saturating_sub(paid);
                self.changed_grants.insert(grant.number);
                parts.push(Part {
                    payer: Payer::Grant(grant.number),
                    credits: paid,
                });
            }
        }
        if left > Credits::ZERO {
            self.owe(cycle_start, left).inspect_err(|_| {
                // Whoever asked gives up: what was taken goes back.
                for part in &parts {
                    if let Payer::Grant(number) = part.payer {
                        self.put_back(number, part.credits);
                    }
                }
            })?;
            parts.push(Part {
                payer: Payer::Overage,
                credits: left,
            });
        }
        Ok(parts)
    }

    fn owe(&mut self, cycle_start: Time, credits: Credits) -> Result<(), OutOfRange> {
        let due = self
            .due(cycle_start)
            .checked_add(credits)
            .ok_or(OutOfRange)?;
        self.overage.entry(cycle_start).or_default().due = due;
        self.changed_overage.insert(cycle_start);
        Ok(())
    }

    /// Gives credits. What the running cycle owes is paid from them first.
    pub fn give(&mut self, new: NewGrant, moment: Moment) -> GrantNo {
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
            reference: new.reference.clone(),
            actor: new.actor.clone(),
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
            &Why::by(&new.actor, new.reference),
        );
        self.settle(moment, &new.actor);
        number
    }

    /// The plan's allocation of a cycle, unless it was given: exactly once, however often it is asked for.
    ///
    /// A larger `amount` than was given so far (a larger plan) gives the difference; a smaller one takes nothing away.
    pub fn allot(&mut self, cycle: TimeRange, amount: Credits, name: &str, moment: Moment) {
        let given: i128 = self
            .allocation_of(cycle.start)
            .map(|grant| i128::from(grant.amount.micro()))
            .sum();
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

    /// Whether a cycle has its allocation.
    pub fn is_allotted(&self, cycle_start: Time) -> bool {
        self.allocation_of(cycle_start).next().is_some()
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
                name: "Carried over".to_owned(),
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

    /// Takes credits off by a correction, from the grants active now; what they lack becomes due.
    ///
    /// # Errors
    /// [`OutOfRange`] when what is due cannot be counted any more.
    pub fn correct(
        &mut self,
        credits: Credits,
        moment: Moment,
        reason: &str,
        actor: &str,
    ) -> Result<(), OutOfRange> {
        let why = Why::by(actor, Some(reason.to_owned()));
        for part in self.spend(moment.now, moment.cycle.start, credits)? {
            self.enter(
                EntryKind::Corrected,
                part.payer,
                negative(part.credits),
                moment.cycle.start,
                moment,
                &why,
            );
        }
        Ok(())
    }

    /// Gives back what an event of a cycle cost, or a part of it: to those who paid, in reverse order.
    ///
    /// `parts` is how it was paid, `returned` how much of it was given back before. What went past all grants first lowers
    /// what is due; what later grants had paid of it goes back to them, the latest first.
    pub fn give_back(
        &mut self,
        returned: Returned<'_>,
        credits: Credits,
        moment: Moment,
        why: &Why,
    ) -> Vec<Part> {
        let back = slice_from_end(returned.parts, returned.before, credits);
        for part in &back {
            match part.payer {
                Payer::Grant(number) => {
                    self.put_back(number, part.credits);
                    self.returned(
                        Payer::Grant(number),
                        part.credits,
                        returned.cycle_start,
                        moment,
                        why,
                    );
                }
                Payer::Overage => {
                    self.forgive(returned.cycle_start, part.credits, moment, why);
                }
            }
        }
        self.settle(moment, &why.actor);
        back
    }

    fn forgive(&mut self, cycle_start: Time, credits: Credits, moment: Moment, why: &Why) {
        let overage = self.overage.entry(cycle_start).or_default();
        let off = overage.due.min(credits);
        overage.due = overage.due.saturating_sub(off);
        let mut left = credits.saturating_sub(off);
        let mut repaid = Vec::new();
        while left > Credits::ZERO
            && let Some(cover) = overage.covers.last_mut()
        {
            let back = cover.credits.min(left);
            cover.credits = cover.credits.saturating_sub(back);
            left = left.saturating_sub(back);
            repaid.push((cover.grant, back));
            if cover.credits.is_zero() {
                overage.covers.pop();
            }
        }
        self.changed_overage.insert(cycle_start);
        if off > Credits::ZERO {
            self.returned(Payer::Overage, off, cycle_start, moment, why);
        }
        for (number, back) in repaid {
            self.put_back(number, back);
            self.returned(Payer::Grant(number), back, cycle_start, moment, why);
        }
    }

    fn returned(
        &mut self,
        payer: Payer,
        credits: Credits,
        cycle_start: Time,
        moment: Moment,
        why: &Why,
    ) {
        self.enter(
            EntryKind::Returned,
            payer,
            credits,
            cycle_start,
            moment,
            why,
        );
    }

    /// Pays what the running cycle owes from grants that have something left: nothing is due while credits are there.
    pub fn settle(&mut self, moment: Moment, actor: &str) {
        let cycle_start = moment.cycle.start;
        while self.due(cycle_start) > Credits::ZERO {
            let payer = self.grants.iter().find(|grant| grant.pays_at(moment.now));
            let Some((number, left)) = payer.map(|grant| (grant.number, grant.remaining())) else {
                return;
            };
            let paid = left.min(self.due(cycle_start));
            self.take(number, paid);
            let overage = self.overage.entry(cycle_start).or_default();
            overage.due = overage.due.saturating_sub(paid);
            match overage.covers.last_mut() {
                Some(last) if last.grant == number => {
                    last.credits = last.credits.saturating_add(paid);
                }
                _ => overage.covers.push(Cover {
                    grant: number,
                    credits: paid,
                }),
            }
            self.changed_overage.insert(cycle_start);
            self.enter(
                EntryKind::Covered,
                Payer::Grant(number),
                negative(paid),
                cycle_start,
                moment,
                &Why::by(actor, None),
            );
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
            event: why.event,
            reason: why.reason.clone(),
            actor: why.actor.clone(),
        });
    }

    /// Usage of a time, paid, with what is left afterwards.
    ///
    /// # Errors
    /// As [`Books::spend`].
    pub fn pay(
        &mut self,
        time: Time,
        cycle_start: Time,
        credits: Credits,
        moment: Moment,
    ) -> Result<Payment, OutOfRange> {
        let parts = self.spend(time, cycle_start, credits)?;
        Ok(Payment {
            parts,
            balance_after: self.available(moment),
        })
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

/// What is given back of.
#[derive(Debug, Clone, Copy)]
pub struct Returned<'a> {
    /// How it was paid.
    pub parts: &'a [Part],
    /// How much of it was given back before.
    pub before: Credits,
    /// Start of the cycle it belongs to.
    pub cycle_start: Time,
}

/// The parts that make up the last `credits` of a payment, without the `before` ones after them, last part first.
fn slice_from_end(parts: &[Part], before: Credits, credits: Credits) -> Vec<Part> {
    let (mut skip, mut left) = (before, credits);
    let mut slice = Vec::new();
    for part in parts.iter().rev() {
        let skipped = part.credits.min(skip);
        skip = skip.saturating_sub(skipped);
        let taken = part.credits.saturating_sub(skipped).min(left);
        left = left.saturating_sub(taken);
        if taken > Credits::ZERO {
            slice.push(Part {
                payer: part.payer,
                credits: taken,
            });
        }
    }
    slice
}

fn negative(credits: Credits) -> Credits {
    Credits::ZERO.saturating_sub(credits)
}

/// A wide sum as an amount; amounts that leave the range are for display only and stop at its ends.
fn clamped(micro: i128) -> Credits {
    let bounds = (i128::from(i64::MIN), i128::from(i64::MAX));
    Credits::from_wide(micro.clamp(bounds.0, bounds.1)).unwrap_or_default()
}
