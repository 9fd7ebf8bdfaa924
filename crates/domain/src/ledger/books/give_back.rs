//! Giving back what was paid.

use super::{Books, Moment, Why};
use crate::{
    Credits, Time, TimeRange,
    ledger::{EntryKind, GrantKind, GrantNo, NewGrant, PRIORITY, Part, Payer},
};

/// What is given back of.
#[derive(Debug, Clone, Copy)]
pub struct Returned<'a> {
    /// How it was paid.
    pub parts: &'a [Part],
    /// How much of it was given back before.
    pub before: Credits,
    /// Start of the cycle it belongs to.
    pub cycle_start: Time,
    /// The cycle whose left-overs still move into the running one.
    pub carry: Option<Carry>,
}

/// A cycle that has ended and still takes late events: what its plan has left moves into the running one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carry {
    /// The cycle that ended.
    pub from: TimeRange,
    /// Most credits that move.
    pub cap: Credits,
}

/// Where credits went that came back, and what of them needs a grant of its own.
#[derive(Debug, Default)]
struct Back {
    parts: Vec<Part>,
    /// Left-overs of the cycle before.
    carried: Credits,
    /// Of other grants that have ended.
    refunded: Credits,
}

impl Back {
    fn went_to(&mut self, payer: Payer, credits: Credits) {
        match self.parts.iter_mut().find(|part| part.payer == payer) {
            Some(part) => part.credits = part.credits.saturating_add(credits),
            None => self.parts.push(Part { payer, credits }),
        }
    }
}

impl Books {
    /// Gives back what an event of a cycle cost, or a part of it, last paid first; says where each credit went.
    ///
    /// Each credit goes to exactly one place. What went past all grants lowers what is due; what later grants had paid of
    /// that goes back to them, the latest first. A grant that can still pay gets back what it paid. A grant that has ended
    /// stays as it was: what it paid comes back as left-overs of the cycle before, as far as those still move into the
    /// running cycle, and otherwise as a grant of its own that lasts as long as the running cycle. Then what the running
    /// cycle owes is paid.
    pub fn give_back(
        &mut self,
        returned: Returned<'_>,
        credits: Credits,
        moment: Moment,
        why: &Why,
    ) -> Vec<Part> {
        let mut back = Back::default();
        let slice = slice_from_end(returned.parts, returned.before, credits);
        let paid = slice
            .iter()
            .fold(Credits::ZERO, |sum, part| sum.saturating_add(part.credits));
        // Usage from before there was a ledger names nobody who paid.
        back.refunded = credits.saturating_sub(paid);
        for part in slice {
            match part.payer {
                Payer::Grant(number) => {
                    self.hand_back(number, part.credits, returned, moment, why, &mut back);
                }
                Payer::Overage => self.forgive(part.credits, returned, moment, why, &mut back),
            }
        }
        self.give_anew(returned, moment, why, &mut back);
        self.settle(moment, &why.actor);
        back.parts
    }

    fn hand_back(
        &mut self,
        number: GrantNo,
        credits: Credits,
        returned: Returned<'_>,
        moment: Moment,
        why: &Why,
        back: &mut Back,
    ) {
        let can_pay = self
            .grant(number)
            .is_some_and(|grant| grant.active.end > moment.now);
        if can_pay {
            self.put_back(number, credits);
            self.returned(Payer::Grant(number), credits, returned, moment, why);
            back.went_to(Payer::Grant(number), credits);
            return;
        }
        let carried = self
            .room_to_carry(number, returned, moment)
            .saturating_sub(back.carried)
            .min(credits);
        back.carried = back.carried.saturating_add(carried);
        let rest = credits.saturating_sub(carried);
        back.refunded = back.refunded.saturating_add(rest);
    }

    /// How much more of what a grant has left may move into the running cycle.
    fn room_to_carry(&self, number: GrantNo, returned: Returned<'_>, moment: Moment) -> Credits {
        let is_of = |from: TimeRange| {
            self.grant(number).is_some_and(|grant| {
                grant.kind == GrantKind::Plan && grant.cycle_start == Some(from.start)
            })
        };
        returned
            .carry
            .filter(|carry| is_of(carry.from))
            .map_or(Credits::ZERO, |carry| {
                let before = self.carried_into(moment.cycle.start);
                carry.cap.saturating_sub(before).max(Credits::ZERO)
            })
    }

    /// Lowers what a cycle owes; what others have paid of it goes back to them.
    fn forgive(
        &mut self,
        credits: Credits,
        returned: Returned<'_>,
        moment: Moment,
        why: &Why,
        back: &mut Back,
    ) {
        let overage = self.overage.entry(returned.cycle_start).or_default();
        let off = overage.due.min(credits);
        overage.due = overage.due.saturating_sub(off);
        let mut left = credits.saturating_sub(off);
        let mut repaid = Vec::new();
        while left > Credits::ZERO
            && let Some(cover) = overage.covers.last_mut()
        {
            let part = cover.credits.min(left);
            cover.credits = cover.credits.saturating_sub(part);
            left = left.saturating_sub(part);
            repaid.push((cover.grant, part));
            if cover.credits.is_zero() {
                overage.covers.pop();
            }
        }
        self.changed_overage.insert(returned.cycle_start);
        if off > Credits::ZERO {
            self.returned(Payer::Overage, off, returned, moment, why);
            back.went_to(Payer::Overage, off);
        }
        for (number, part) in repaid {
            self.hand_back(number, part, returned, moment, why, back);
        }
    }

    /// Gives what nobody could take back: what is carried over first.
    fn give_anew(&mut self, returned: Returned<'_>, moment: Moment, why: &Why, back: &mut Back) {
        if let Some(carry) = returned.carry {
            let grant = NewGrant {
                kind: GrantKind::Rollover,
                name: "Rollover".to_owned(),
                amount: back.carried,
                active: TimeRange::new(carry.from.start, moment.cycle.end),
                priority: PRIORITY,
                cycle_start: Some(moment.cycle.start),
                reference: why.reason.clone(),
                actor: why.actor.clone(),
            };
            self.give_some(grant, moment, why, back);
        }
        let grant = NewGrant {
            kind: GrantKind::Refund,
            name: "Refund".to_owned(),
            amount: back.refunded,
            // Whatever paid has ended by now, so the running cycle ends later than it did.
            active: TimeRange::new(moment.now, moment.cycle.end),
            priority: PRIORITY,
            cycle_start: None,
            reference: why.reason.clone(),
            actor: why.actor.clone(),
        };
        self.give_some(grant, moment, why, back);
    }

    fn give_some(&mut self, grant: NewGrant, moment: Moment, why: &Why, back: &mut Back) {
        let credits = grant.amount;
        if credits > Credits::ZERO {
            let number = self.add(grant, moment, why);
            back.went_to(Payer::Grant(number), credits);
        }
    }

    fn returned(
        &mut self,
        payer: Payer,
        credits: Credits,
        returned: Returned<'_>,
        moment: Moment,
        why: &Why,
    ) {
        self.enter(
            EntryKind::Returned,
            payer,
            credits,
            returned.cycle_start,
            moment,
            why,
        );
    }
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
