//! How credits stand, in one word: what gauge, notices, tips and files say.

use serde::{Deserialize, Serialize};

use super::Balance;
use crate::{Credits, number};

/// Running low from this part of the credits on, in percent.
const RUNNING_LOW: i128 = 75;
/// Almost out from this part on.
const ALMOST_OUT: i128 = 90;

/// Everything a state follows from.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are facts of their own: every combination of them may be"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditFacts {
    /// Whether this is about the whole account, and not about some of its companies.
    pub is_account: bool,
    /// Whether the billing cycle is over: then only figures are said, and nothing of what goes on now.
    pub is_over: bool,
    /// Whether the operator has suspended the account.
    pub is_suspended: bool,
    /// Whether the account has nothing left and its policy stops AI features.
    pub is_stopped: bool,
    /// Used in the cycle.
    pub used: Credits,
    /// What use is measured against: the account's credits, or a company's budget; none where nothing limits.
    pub balance: Option<Balance>,
}

/// How credits stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreditState {
    /// The operator has suspended the account.
    Suspended,
    /// Nothing is left in the account, and AI features have stopped.
    OutOfCredits,
    /// The account was given nothing, and AI features have not begun.
    NoCredits,
    /// The company's budget is used up, and its AI features have stopped.
    BudgetUsed,
    /// Nothing is left, and AI features go on, for now or for good.
    Overage,
    /// Nine tenths or more are used.
    AlmostOut,
    /// Three quarters or more are used.
    RunningLow,
    /// Less is used.
    Used,
    /// Something is used, and nothing limits it.
    Unlimited,
    /// Nothing is used.
    NoUsage,
}

impl CreditFacts {
    /// Of a whole account in its running cycle.
    pub fn of_account(balance: Balance, is_suspended: bool) -> Self {
        Self {
            is_account: true,
            is_over: false,
            is_suspended,
            is_stopped: balance.is_stopped(),
            used: balance.used,
            balance: Some(balance),
        }
    }

    /// What follows.
    pub fn state(&self) -> CreditState {
        if self.is_over {
            return self.ended();
        }
        let is_used = self.used > Credits::ZERO;
        match self.balance {
            _ if self.is_suspended => CreditState::Suspended,
            Some(balance)
                if self.is_stopped
                    && self.is_account
                    && !is_used
                    && balance.allocation <= Credits::ZERO =>
            {
                CreditState::NoCredits
            }
            _ if self.is_stopped => CreditState::OutOfCredits,
            Some(budget) if !self.is_account && self.used >= budget.allocation => {
                CreditState::BudgetUsed
            }
            _ if !is_used => CreditState::NoUsage,
            None => CreditState::Unlimited,
            Some(balance) if balance.remaining.is_zero() => CreditState::Overage,
            Some(balance) => self.level(balance.allocation),
        }
    }

    /// Of a cycle that is over: what was used, and whether that was past what was given.
    fn ended(&self) -> CreditState {
        match self.balance {
            _ if self.used <= Credits::ZERO => CreditState::NoUsage,
            None => CreditState::Unlimited,
            Some(balance) if balance.overage > Credits::ZERO => CreditState::Overage,
            Some(_) => CreditState::Used,
        }
    }

    /// Levels compare what is used exactly: they are reached when they are, not when a rounded figure says so.
    fn level(&self, limit: Credits) -> CreditState {
        let (used, limit) = (i128::from(self.used.micro()), i128::from(limit.micro()));
        match used * 100 {
            part if part >= limit * ALMOST_OUT => CreditState::AlmostOut,
            part if part >= limit * RUNNING_LOW => CreditState::RunningLow,
            _ => CreditState::Used,
        }
    }

    /// The state in words; none when there is nothing to say.
    pub fn label(&self) -> Option<String> {
        let words = match self.state() {
            CreditState::Suspended => "Suspended",
            CreditState::OutOfCredits => "Out of credits",
            CreditState::NoCredits => "No credits",
            CreditState::BudgetUsed => "Budget used up",
            CreditState::Overage => "Overage",
            CreditState::AlmostOut => "Almost out",
            CreditState::RunningLow => "Running low",
            CreditState::Used => return self.percent_used(),
            CreditState::Unlimited => return None,
            CreditState::NoUsage if self.is_over => "No usage",
            CreditState::NoUsage => "No usage yet",
        };
        Some(words.to_owned())
    }

    /// `74% used`; none where nothing limits.
    pub fn percent_used(&self) -> Option<String> {
        let balance = self.balance?;
        let percent = number::percent_used(self.used, balance.allocation);
        Some(format!("{percent} used"))
    }
}

impl CreditState {
    /// Whether AI features have stopped.
    pub const fn is_stopped(self) -> bool {
        matches!(
            self,
            Self::Suspended | Self::OutOfCredits | Self::NoCredits | Self::BudgetUsed
        )
    }

    /// The name in CSS classes.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::OutOfCredits => "out-of-credits",
            Self::NoCredits => "no-credits",
            Self::BudgetUsed => "budget-used",
            Self::Overage => "overage",
            Self::AlmostOut => "almost-out",
            Self::RunningLow => "running-low",
            Self::Used => "used",
            Self::Unlimited => "unlimited",
            Self::NoUsage => "no-usage",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::ledger::OveragePolicy;

    const POLICIES: [OveragePolicy; 3] = [
        OveragePolicy::HardStop,
        OveragePolicy::Grace { percent: 10 },
        OveragePolicy::Overage,
    ];

    fn balance(used: i64, allocation: i64, policy: OveragePolicy) -> Balance {
        let credits = Credits::from_micro;
        Balance {
            allocation: credits(allocation),
            used: credits(used),
            remaining: credits((allocation - used).max(0)),
            overage: credits((used - allocation).max(0)),
            policy,
            ..Balance::EMPTY
        }
    }

    fn account(used: i64, allocation: i64, policy: OveragePolicy) -> CreditFacts {
        CreditFacts::of_account(balance(used, allocation, policy), false)
    }

    fn company(used: i64, budget: Option<i64>) -> CreditFacts {
        CreditFacts {
            is_account: false,
            is_stopped: false,
            balance: budget.map(|budget| balance(used, budget, OveragePolicy::HardStop)),
            ..account(used, 100, OveragePolicy::HardStop)
        }
    }

    #[rstest]
    #[case(0, 1_000, 0, "No usage yet")]
    #[case(1, 1_000, 0, "< 1% used")]
    #[case(499, 1_000, 0, "49% used")]
    #[case(749, 1_000, 0, "74% used")]
    #[case(750, 1_000, 0, "Running low")]
    #[case(899, 1_000, 0, "Running low")]
    #[case(900, 1_000, 0, "Almost out")]
    #[case(999, 1_000, 0, "Almost out")]
    #[case(1_000, 1_000, 0, "Out of credits")]
    #[case(1_300, 1_000, 0, "Out of credits")]
    #[case(1_000, 1_000, 1, "Overage")]
    #[case(1_099, 1_000, 1, "Overage")]
    #[case(1_100, 1_000, 1, "Out of credits")]
    #[case(9_000, 1_000, 2, "Overage")]
    #[case(0, 0, 0, "No credits")]
    #[case(0, 0, 2, "No usage yet")]
    #[case(5, 0, 0, "Out of credits")]
    #[case(5, 0, 2, "Overage")]
    fn an_account_is_said_to_stand_as_it_does(
        #[case] used: i64,
        #[case] allocation: i64,
        #[case] policy: usize,
        #[case] words: &str,
    ) {
        let facts = account(used, allocation, POLICIES[policy]);
        assert_eq!(facts.label().as_deref(), Some(words));
        let suspended = CreditFacts {
            is_suspended: true,
            ..facts
        };
        assert_eq!(suspended.label().as_deref(), Some("Suspended"));
    }

    #[rstest]
    #[case(0, Some(100), Some("No usage yet"))]
    #[case(74, Some(100), Some("74% used"))]
    #[case(75, Some(100), Some("Running low"))]
    #[case(90, Some(100), Some("Almost out"))]
    #[case(100, Some(100), Some("Budget used up"))]
    #[case(583, Some(100), Some("Budget used up"))]
    #[case(0, Some(0), Some("Budget used up"))]
    #[case(0, None, Some("No usage yet"))]
    #[case(7, None, None)]
    fn a_company_is_measured_against_its_own_budget(
        #[case] used: i64,
        #[case] budget: Option<i64>,
        #[case] words: Option<&str>,
    ) {
        let facts = company(used, budget);
        assert_eq!(facts.label().as_deref(), words);
        let without_credits = CreditFacts {
            is_stopped: true,
            ..facts
        };
        assert_eq!(without_credits.label().as_deref(), Some("Out of credits"));
    }

    /// Every combination of facts there is.
    fn all_facts() -> Vec<CreditFacts> {
        let mut all = Vec::new();
        let flags = [false, true];
        for (is_account, is_over) in flags.map(|flag| [(flag, false), (flag, true)]).concat() {
            for (is_suspended, is_stopped) in
                flags.map(|flag| [(flag, false), (flag, true)]).concat()
            {
                for used in [0, 1, 74, 75, 89, 90, 99, 100, 101, 110, 500] {
                    let limited = [0, 1, 100].iter().flat_map(|allocation| {
                        POLICIES.map(|policy| Some(balance(used, *allocation, policy)))
                    });
                    for balance in limited.chain([None]) {
                        let of_it = balance.filter(|_| is_account).map(Balance::is_stopped);
                        all.push(CreditFacts {
                            is_account,
                            is_over,
                            is_suspended,
                            is_stopped: of_it.unwrap_or(is_stopped),
                            used: Credits::from_micro(used),
                            balance,
                        });
                    }
                }
            }
        }
        all
    }

    #[test]
    fn no_combination_of_facts_is_told_what_is_not_so() {
        for facts in all_facts() {
            let state = facts.state();
            let limit = facts.balance.map(|balance| balance.allocation.micro());
            let used = facts.used.micro();
            let part = limit
                .filter(|limit| *limit > 0)
                .map(|limit| used * 100 / limit);
            let runs = !facts.is_over;
            assert_eq!(
                state == CreditState::Suspended,
                runs && facts.is_suspended,
                "{facts:?}"
            );
            if state.is_stopped() {
                let stops = facts.is_suspended || facts.is_stopped;
                let is_past_budget = !facts.is_account && limit.is_some_and(|limit| used >= limit);
                assert!(runs && (stops || is_past_budget), "{facts:?}");
            } else if runs {
                assert!(!facts.is_suspended && !facts.is_stopped, "{facts:?}");
            }
            let is_as_said = match state {
                CreditState::NoUsage => used == 0,
                CreditState::NoCredits => used == 0 && limit == Some(0) && facts.is_account,
                CreditState::Used => used > 0 && (facts.is_over || part < Some(75)),
                CreditState::RunningLow => (Some(75)..Some(90)).contains(&part),
                CreditState::AlmostOut => (Some(90)..Some(100)).contains(&part),
                CreditState::Overage => used >= limit.unwrap_or(i64::MAX),
                CreditState::BudgetUsed => !facts.is_account && used >= limit.unwrap_or(i64::MAX),
                CreditState::Unlimited => used > 0 && limit.is_none(),
                CreditState::Suspended | CreditState::OutOfCredits => true,
            };
            assert!(is_as_said, "{state:?} of {facts:?}");
            let says_all = facts.label().is_some_and(|label| label.starts_with("100%"));
            assert!(!says_all || part >= Some(100), "{facts:?}");
        }
    }
}
