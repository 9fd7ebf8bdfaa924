//! Paying for usage, and for what went past all grants.

use super::{Books, Cover, Moment, OutOfRange, Why, negative};
use crate::{
    Credits, Time,
    ledger::{EntryKind, Part, Payer, Payment},
};

impl Books {
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

    fn owe(&mut self, cycle_start: Time, credits: Credits) -> Result<(), OutOfRange> {
        let due = self
            .due(cycle_start)
            .checked_add(credits)
            .ok_or(OutOfRange)?;
        self.overage.entry(cycle_start).or_default().due = due;
        self.changed_overage.insert(cycle_start);
        Ok(())
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
}
