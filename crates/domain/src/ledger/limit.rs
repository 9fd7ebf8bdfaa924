//! Whether an agent may spend: the account's balance, a company's budget, an agent's cap; the tightest wins.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Credits;

impl FromStr for Reason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [
            Self::Ok,
            Self::OutOfCredits,
            Self::CompanyBudgetReached,
            Self::AgentCapReached,
            Self::AccountSuspended,
        ]
        .into_iter()
        .find(|reason| reason.id() == text)
        .ok_or(())
    }
}

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// The account's credits of the cycle.
    Account,
    /// The company's budget of the cycle.
    CompanyBudget,
    /// The agent's cap in the company and cycle.
    AgentCap,
}

/// A limit and how much of it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Which.
    pub kind: LimitKind,
    /// How much it allows in the cycle.
    pub amount: Credits,
    /// How much is spent and held of it.
    pub used: Credits,
    /// What it still lets through, never below zero; none when it lets any amount through.
    pub remaining: Option<Credits>,
}

/// A budget or a cap, and what counts against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How much it allows in the cycle.
    pub amount: Credits,
    /// What was spent in the cycle and what is held.
    pub used: Credits,
}

/// Everything a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// How much is to be spent; any amount when none is said.
    pub credits: Option<Credits>,
    /// The account's balance.
    pub balance: super::Balance,
    /// The company's budget.
    pub budget: Option<Quota>,
    /// The agent's cap in the company.
    pub cap: Option<Quota>,
    /// Whether the account is suspended.
    pub is_suspended: bool,
}

/// Why a check was answered as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Allowed.
    Ok,
    /// The account has too little left.
    OutOfCredits,
    /// The company's budget has too little left.
    CompanyBudgetReached,
    /// The agent's cap has too little left.
    AgentCapReached,
    /// The account is stopped by the operator.
    AccountSuspended,
}

impl Reason {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::OutOfCredits => "out_of_credits",
            Self::CompanyBudgetReached => "company_budget_reached",
            Self::AgentCapReached => "agent_cap_reached",
            Self::AccountSuspended => "account_suspended",
        }
    }
}

/// What would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Buy a pack, or a larger plan.
    BuyPack,
    /// Raise the budget or the cap.
    RaiseBudget,
    /// Wait: for the next cycle, or for the operator.
    Wait,
}

/// The answer to "may this agent spend".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Why.
    pub reason: Reason,
    /// What the tightest limit still lets through, never below zero; none when any amount may be spent.
    pub remaining: Option<Credits>,
    /// The limit that decided, when it was denied.
    pub limit: Option<Limit>,
    /// What would help, when it was denied.
    pub remedy: Option<Remedy>,
}

impl Decision {
    /// Whether the agent may spend.
    pub fn is_allowed(&self) -> bool {
        self.reason == Reason::Ok
    }

    /// Whether no limit has an end.
    pub const fn is_unlimited(&self) -> bool {
        self.remaining.is_none()
    }
}

impl Limit {
    /// Whether it lets an amount through, or anything at all when no amount is said.
    fn allows(&self, credits: Option<Credits>) -> bool {
        let wanted = credits.unwrap_or(Credits::ZERO);
        self.remaining.is_none_or(|remaining| {
            wanted <= remaining && (remaining > Credits::ZERO || !wanted.is_zero())
        })
    }
}

/// Decides: the tightest limit wins.
pub fn decide(ask: &Ask) -> Decision {
    let limits = [
        Some(account(&ask.balance)),
        ask.budget
            .map(|quota| limit(LimitKind::CompanyBudget, quota)),
        ask.cap.map(|quota| limit(LimitKind::AgentCap, quota)),
    ];
    let tightest = limits
        .into_iter()
        .flatten()
        .min_by_key(|limit| (limit.remaining.is_none(), limit.remaining, limit.kind))
        .unwrap_or_else(|| account(&ask.balance));
    if ask.is_suspended {
        return Decision {
            reason: Reason::AccountSuspended,
            remaining: tightest.remaining,
            limit: Some(account(&ask.balance)),
            remedy: Some(Remedy::Wait),
        };
    }
    if tightest.allows(ask.credits) {
        return Decision {
            reason: Reason::Ok,
            remaining: tightest.remaining,
            limit: None,
            remedy: None,
        };
    }
    let (reason, remedy) = match tightest.kind {
        LimitKind::Account => (Reason::OutOfCredits, Remedy::BuyPack),
        LimitKind::CompanyBudget => (Reason::CompanyBudgetReached, Remedy::RaiseBudget),
        LimitKind::AgentCap => (Reason::AgentCapReached, Remedy::RaiseBudget),
    };
    Decision {
        reason,
        remaining: tightest.remaining,
        limit: Some(tightest),
        remedy: Some(remedy),
    }
}

fn account(balance: &super::Balance) -> Limit {
    let headroom = balance.policy.headroom(balance.allocation);
    let remaining = headroom.and_then(|headroom| balance.available().checked_add(headroom));
    Limit {
        kind: LimitKind::Account,
        amount: balance.allocation,
        used: balance.allocation.saturating_sub(balance.available()),
        remaining: remaining.map(|remaining| remaining.max(Credits::ZERO)),
    }
}

fn limit(kind: LimitKind, quota: Quota) -> Limit {
    Limit {
        kind,
        amount: quota.amount,
        used: quota.used,
        remaining: Some(quota.amount.saturating_sub(quota.used).max(Credits::ZERO)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Balance, OveragePolicy};

    fn whole(credits: i64) -> Credits {
        Credits::from_whole(credits).unwrap_or_default()
    }

    fn ask(remaining: i64, held: i64, credits: Option<i64>) -> Ask {
        Ask {
            credits: credits.map(whole),
            balance: Balance {
                allocation: whole(100),
                used: whole(100 - remaining),
                remaining: whole(remaining),
                held: whole(held),
                ..Balance::EMPTY
            },
            budget: None,
            cap: None,
            is_suspended: false,
        }
    }

    #[test]
    fn what_is_held_is_not_there() {
        assert!(decide(&ask(10, 0, Some(10))).is_allowed());
        let denied = decide(&ask(10, 1, Some(10)));
        assert_eq!(denied.reason, Reason::OutOfCredits);
        assert_eq!(denied.remaining, Some(whole(9)));
        assert_eq!(denied.remedy, Some(Remedy::BuyPack));
        assert!(!decide(&ask(10, 10, None)).is_allowed());
    }

    #[test]
    fn the_tightest_limit_wins_and_is_named() {
        let quota = |amount, used| {
            Some(Quota {
                amount: whole(amount),
                used: whole(used),
            })
        };
        let both = Ask {
            budget: quota(50, 45),
            cap: quota(30, 27),
            ..ask(10, 0, Some(4))
        };
        let denied = decide(&both);
        assert_eq!(denied.reason, Reason::AgentCapReached);
        assert_eq!(
            denied.limit.map(|limit| (limit.amount, limit.used)),
            Some((whole(30), whole(27)))
        );
        let budget = Ask {
            budget: quota(50, 50),
            cap: quota(30, 27),
            ..ask(10, 0, None)
        };
        assert_eq!(decide(&budget).reason, Reason::CompanyBudgetReached);
    }

    #[test]
    fn a_policy_lets_spending_go_on_past_zero() {
        let past = |policy, overage| Ask {
            balance: Balance {
                allocation: whole(100),
                used: whole(100 + overage),
                overage: whole(overage),
                policy,
                ..Balance::EMPTY
            },
            ..ask(0, 0, Some(1))
        };
        assert!(!decide(&past(OveragePolicy::HardStop, 0)).is_allowed());
        assert!(decide(&past(OveragePolicy::Grace { percent: 10 }, 9)).is_allowed());
        assert!(!decide(&past(OveragePolicy::Grace { percent: 10 }, 10)).is_allowed());
        assert!(decide(&past(OveragePolicy::Overage, 1_000)).is_allowed());
    }

    #[test]
    fn what_has_no_end_is_not_told_as_an_amount() {
        let without_end = |policy, allocation| Ask {
            balance: Balance {
                allocation,
                remaining: allocation,
                policy,
                ..Balance::EMPTY
            },
            ..ask(0, 0, Some(1))
        };
        let overage = without_end(OveragePolicy::Overage, whole(100));
        let decision = decide(&overage);
        assert!(decision.is_allowed() && decision.is_unlimited());
        // A grace that cannot be counted is no amount either.
        let most = without_end(
            OveragePolicy::Grace { percent: 1_000 },
            whole(2_000_000_000_000),
        );
        assert!(decide(&most).is_unlimited());
        let suspended = Ask {
            is_suspended: true,
            ..overage
        };
        assert_eq!(
            decide(&suspended).limit.map(|limit| limit.remaining),
            Some(None)
        );
        // A budget ends what the account would let through.
        let budget = Ask {
            budget: Some(Quota {
                amount: whole(50),
                used: whole(48),
            }),
            ..overage
        };
        assert_eq!(decide(&budget).remaining, Some(whole(2)));
        let stopped = Ask {
            credits: Some(whole(3)),
            ..budget
        };
        assert_eq!(decide(&stopped).reason, Reason::CompanyBudgetReached);
    }

    #[test]
    fn a_suspended_account_is_denied_whatever_is_left() {
        let suspended = Ask {
            is_suspended: true,
            ..ask(100, 0, None)
        };
        assert_eq!(decide(&suspended).reason, Reason::AccountSuspended);
    }
}
