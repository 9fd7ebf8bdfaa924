//! Giving back what was paid.

use super::{Books, Moment, Why};
use crate::{
    Credits, Time,
    ledger::{EntryKind, Part, Payer},
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
}

impl Books {
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
