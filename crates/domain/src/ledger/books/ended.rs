//! What a cycle that is over came to.

use super::{Books, clamped};
use crate::{
    Credits, TimeRange,
    ledger::{Balance, Grant, OveragePolicy},
};

/// What has moved since a cycle ended: it is told from this what its grants had left when it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The balance of the running cycle, which follows the one that is over.
    pub running: Balance,
    /// Credits that corrections have taken off in it.
    pub corrected: Credits,
    /// Credits that were given back.
    pub refunded: Refunded,
}

/// What was given back since a cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refunded {
    /// For usage of the cycle, as grants of their own in a later one.
    pub anew: Credits,
    /// For earlier usage, to grants that outlast the cycle: they had less left at its end.
    pub earlier: Credits,
}

impl Books {
    /// The final figures of the cycle before the running one: `used` was booked to it. What its grants carried beyond its
    /// end is what remained. What is refunded later lowers what was used and not what was granted. The books must hold
    /// every grant.
    pub fn ended(&self, cycle: TimeRange, used: Credits, since: Since) -> Balance {
        let sum = |grants: &mut dyn Iterator<Item = &Grant>| -> i128 {
            grants
                .map(|grant| i128::from(grant.remaining().micro()))
                .sum()
        };
        let expired = sum(&mut self
            .grants
            .iter()
            .filter(|grant| grant.active.end > cycle.start && grant.active.end <= cycle.end));
        let carried = self.carried_beyond(cycle, since);
        let overage = self.due(cycle.start);
        let refunded = since.refunded.anew;
        let allocation = i128::from(used.micro()) - i128::from(overage.micro())
            + expired
            + carried
            + i128::from(refunded.micro());
        let plan: i128 = self
            .grants
            .iter()
            .filter(|grant| grant.kind.is_of_plan() && grant.cycle_start == Some(cycle.start))
            .map(|grant| i128::from(grant.amount.micro()))
            .sum();
        Balance {
            allocation: clamped(allocation),
            added: clamped(allocation - plan),
            used,
            held: Credits::ZERO,
            remaining: clamped(carried),
            overage,
            expired: clamped(expired),
            refunded,
            policy: OveragePolicy::HardStop,
        }
    }

    /// What grants that outlast a cycle had left at its end: what they have left now, and what they have paid since. That
    /// is all that was paid since, less what younger grants paid.
    fn carried_beyond(&self, cycle: TimeRange, since: Since) -> i128 {
        let outlasts =
            |grant: &&Grant| grant.active.start < cycle.end && grant.active.end > cycle.end;
        let (mut left, mut most) = (0, 0);
        for grant in self.grants.iter().filter(outlasts) {
            left += i128::from(grant.remaining().micro());
            most += i128::from(grant.amount.micro());
        }
        if most == 0 {
            return 0;
        }
        left -= i128::from(since.refunded.earlier.micro());
        let by_younger: i128 = self
            .grants
            .iter()
            .filter(|grant| grant.active.start >= cycle.end)
            .map(|grant| i128::from(grant.spent.micro()))
            .sum();
        let running = since.running;
        let paid_since = i128::from(running.used.micro()) - i128::from(running.overage.micro())
            + i128::from(since.corrected.micro());
        (left + paid_since - by_younger).clamp(left, most)
    }
}
