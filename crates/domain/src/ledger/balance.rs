//! What is left of a billing cycle, as everybody sees it.

use serde::{Deserialize, Serialize};

use super::OveragePolicy;
use crate::{Agent, Credits, Time};

/// Credits of a cycle. `allocation + overage = used + remaining + expired + refunded`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// What the cycle could spend: the plan's allocation and what was added to it.
    pub allocation: Credits,
    /// The part of the allocation that the plan did not give: packs, promotions, corrections; below zero when
    /// corrections took more than was added.
    pub added: Credits,
    /// Credits spent in the cycle, also past the allocation.
    pub used: Credits,
    /// Credits that running calls reserve.
    pub held: Credits,
    /// What is left, holds included; never below zero.
    pub remaining: Credits,
    /// What was spent past the allocation and not paid since; never below zero.
    pub overage: Credits,
    /// What remained of grants that expired in the cycle.
    pub expired: Credits,
    /// What was refunded of its usage after it ended, and can be spent in a later cycle; nothing while it runs.
    pub refunded: Credits,
    /// What happens at zero.
    pub policy: OveragePolicy,
}

impl Balance {
    /// Nothing given, nothing used.
    pub const EMPTY: Self = Self {
        allocation: Credits::ZERO,
        added: Credits::ZERO,
        used: Credits::ZERO,
        held: Credits::ZERO,
        remaining: Credits::ZERO,
        overage: Credits::ZERO,
        expired: Credits::ZERO,
        refunded: Credits::ZERO,
        policy: OveragePolicy::HardStop,
    };

    /// What may still be promised: what is left without what is held; below zero past the allocation.
    pub fn available(self) -> Credits {
        self.remaining
            .saturating_sub(self.overage)
            .saturating_sub(self.held)
    }

    /// What is left of a company's budget in the running cycle.
    pub fn of_budget(budget: Credits, used: Credits, held: Credits) -> Self {
        let left = budget.saturating_sub(used);
        Self {
            allocation: budget,
            used,
            held,
            remaining: left.max(Credits::ZERO),
            overage: Credits::ZERO.saturating_sub(left).max(Credits::ZERO),
            ..Self::EMPTY
        }
    }

    /// The plan's own part of the allocation.
    pub fn of_plan(self) -> Credits {
        self.allocation.saturating_sub(self.added)
    }

    /// Whether AI features have stopped: exactly when a check of this account without an amount is denied for lack of
    /// credits, running calls aside.
    pub fn is_stopped(self) -> bool {
        let left = self.remaining.saturating_sub(self.overage);
        self.policy
            .headroom(self.allocation)
            .is_some_and(|headroom| left.saturating_add(headroom) <= Credits::ZERO)
    }
}

/// Most running calls that a page is told of one by one; further ones are counted in what is held.
pub const MAX_SHOWN_HOLDS: u32 = 50;

/// A running call as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningHold {
    /// Its id.
    pub id: String,
    /// Who spends.
    pub agent: Agent,
    /// Display name of the company.
    pub company: String,
    /// When it began.
    pub since: Time,
    /// What it has used so far.
    pub used: Credits,
    /// What it reserves.
    pub reserved: Credits,
}

/// What a page shows of the books besides usage, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BooksView {
    /// Counts the changes of the books; of two views of one place, that with the larger one is newer.
    pub version: i64,
    /// Counts what changed besides usage and running calls: grants, orders, disputes, corrections. 0 for callers who see
    /// some companies only.
    pub billing: i64,
    /// The whole account's balance; none when the caller sees some companies only.
    pub balance: Option<Balance>,
    /// What is left of the budget of the one company looked at; none when it has no budget, or when more are looked at.
    pub budget: Option<Balance>,
    /// What a cycle that is over came to in the end, when that is what is looked at for the whole account.
    pub ended: Option<Balance>,
    /// Reserved by active calls of the companies the caller looks at.
    pub reserved: Credits,
    /// Running calls of the companies the caller looks at, oldest first; at most [`MAX_SHOWN_HOLDS`].
    pub holds: Vec<RunningHold>,
    /// Whether nothing is left and AI features have stopped; everybody is told, also those who see no balance.
    pub is_stopped: bool,
    /// Whether the operator has stopped the account.
    pub is_suspended: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_is_passed_has_nothing_left_and_shows_by_how_much() {
        let whole = |credits| Credits::from_whole(credits).unwrap();
        let balance = Balance::of_budget(whole(100), whole(112), whole(5));
        assert_eq!(
            (balance.remaining, balance.overage),
            (Credits::ZERO, whole(12))
        );
        let within = Balance::of_budget(whole(100), whole(12), whole(5));
        assert_eq!(
            (within.remaining, within.available()),
            (whole(88), whole(83))
        );
    }
}
