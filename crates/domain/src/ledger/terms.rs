//! What a plan gives, version by version.

use serde::{Deserialize, Serialize};

use crate::{Credits, Time};

/// One version of what a plan gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanTerms {
    /// Its number in the plan, from 1.
    pub version: i64,
    /// When it took the place of the one before.
    pub effective_at: Time,
    /// Display name of the plan.
    pub plan_name: String,
    /// Credits of one billing cycle.
    pub monthly_credits: Credits,
    /// Most credits that are carried into the next cycle.
    pub rollover: Option<Credits>,
}

/// The terms of an account's plan since the account moved to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanHistory {
    /// Those the account moved to.
    moved_to: PlanTerms,
    /// Those that followed, the oldest first.
    later: Vec<PlanTerms>,
}

impl PlanHistory {
    /// The terms an account moved to, and those that followed them.
    pub fn new(moved_to: PlanTerms, mut later: Vec<PlanTerms>) -> Self {
        later.sort_unstable_by_key(|terms| terms.version);
        Self { moved_to, later }
    }

    /// The terms of a billing cycle: those in force at its start, or at the account's move to the plan when that was later.
    ///
    /// A version that began in the very instant of the cycle's start is the next cycle's: whoever looked before it in that
    /// instant saw the one before.
    pub fn of_cycle(&self, start: Time) -> &PlanTerms {
        let in_force = |terms: &&PlanTerms| terms.effective_at < start;
        self.later.iter().rfind(in_force).unwrap_or(&self.moved_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(version: i64, effective_at: i64) -> PlanTerms {
        PlanTerms {
            version,
            effective_at: Time::from_micros(effective_at),
            plan_name: "Growth".to_owned(),
            monthly_credits: Credits::from_micro(version * 100),
            rollover: None,
        }
    }

    #[test]
    fn a_cycle_has_the_terms_in_force_at_its_start_or_at_the_move_to_the_plan() {
        let history = PlanHistory::new(terms(2, 10), vec![terms(4, 40), terms(3, 20)]);
        let of = |start| history.of_cycle(Time::from_micros(start)).version;
        // Cycles that began before the move have what the account moved to, whatever was in force then.
        assert_eq!([of(0), of(10), of(20)], [2, 2, 2]);
        assert_eq!([of(21), of(40), of(41), of(99)], [3, 3, 4, 4]);
    }
}
