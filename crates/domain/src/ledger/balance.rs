//! What is left of a billing cycle, as everybody sees it.

use serde::{Deserialize, Serialize};

use super::OveragePolicy;
use crate::{Agent, Credits, Time};

/// Credits of the running cycle. `allocation + overage = used + remaining + expired`, always.
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
    /// What grants that ended in the cycle had left.
    pub expired: Credits,
    /// What happens at zero.
    pub policy: OveragePolicy,
}

/// How close an allocation is to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Under half used.
    Fine,
    /// Half or more used.
    Half,
    /// Three quarters or more used.
    Watch,
    /// Nine tenths or more used.
    NearlyOut,
    /// Nothing left, and AI features go on: the policy allows it, for now or for good.
    Past,
    /// Nothing left: AI features have stopped.
    Stopped,
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
        policy: OveragePolicy::HardStop,
    };

    /// What may still be promised: what is left without what is held; below zero past the allocation.
    pub fn available(self) -> Credits {
        self.remaining
            .saturating_sub(self.overage)
            .saturating_sub(self.held)
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

    /// The level that colour, text and icon show.
    pub fn level(self) -> Level {
        let gone = i128::from(self.allocation.micro()) - i128::from(self.remaining.micro());
        let (gone, allocation) = (gone * 100, i128::from(self.allocation.micro()));
        match gone {
            _ if self.is_stopped() => Level::Stopped,
            _ if self.remaining.is_zero() => Level::Past,
            gone if gone >= allocation * 90 => Level::NearlyOut,
            gone if gone >= allocation * 75 => Level::Watch,
            gone if gone >= allocation * 50 => Level::Half,
            _ => Level::Fine,
        }
    }
}

impl Level {
    /// The level in words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fine => "On track",
            Self::Half => "Half used",
            Self::Watch => "Three quarters used",
            Self::NearlyOut => "Nearly out",
            Self::Past => "Past the allocation",
            Self::Stopped => "Out of credits",
        }
    }

    /// The name in CSS classes.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Half => "half",
            Self::Watch => "watch",
            Self::NearlyOut => "nearly-out",
            Self::Past => "past",
            Self::Stopped => "stopped",
        }
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
    /// Running calls of the companies the caller looks at, oldest first; at most [`MAX_SHOWN_HOLDS`].
    pub holds: Vec<RunningHold>,
    /// Whether nothing is left and AI features have stopped; everybody is told, also those who see no balance.
    pub is_stopped: bool,
    /// Whether the operator has stopped the account.
    pub is_suspended: bool,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 100, OveragePolicy::HardStop, Level::Fine)]
    #[case(49, 100, OveragePolicy::HardStop, Level::Fine)]
    #[case(50, 100, OveragePolicy::HardStop, Level::Half)]
    #[case(75, 100, OveragePolicy::HardStop, Level::Watch)]
    #[case(90, 100, OveragePolicy::HardStop, Level::NearlyOut)]
    #[case(100, 100, OveragePolicy::HardStop, Level::Stopped)]
    #[case(130, 100, OveragePolicy::HardStop, Level::Stopped)]
    #[case(0, 0, OveragePolicy::HardStop, Level::Stopped)]
    #[case(105, 100, OveragePolicy::Grace { percent: 10 }, Level::Past)]
    #[case(110, 100, OveragePolicy::Grace { percent: 10 }, Level::Stopped)]
    #[case(900, 100, OveragePolicy::Overage, Level::Past)]
    fn levels_follow_what_is_left_and_the_policy(
        #[case] used: i64,
        #[case] allocation: i64,
        #[case] policy: OveragePolicy,
        #[case] level: Level,
    ) {
        let balance = Balance {
            allocation: Credits::from_micro(allocation),
            used: Credits::from_micro(used),
            remaining: Credits::from_micro((allocation - used).max(0)),
            overage: Credits::from_micro((used - allocation).max(0)),
            policy,
            ..Balance::EMPTY
        };
        assert_eq!(balance.level(), level);
    }
}
