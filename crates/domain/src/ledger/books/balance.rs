//! What is left.

use super::{Books, Moment, clamped};
use crate::{
    Credits,
    ledger::{Balance, Grant, OveragePolicy},
};

impl Books {
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
            refunded: Credits::ZERO,
            policy,
        }
    }
}
