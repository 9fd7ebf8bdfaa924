//! What pays for usage. One plan allocation per cycle pays for everything.

use serde::{Deserialize, Serialize};

use crate::Credits;

/// How much of a cycle's allocation is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Credits of the cycle.
    pub allocation: Credits,
    /// Credits spent in the cycle, also past the allocation.
    pub used: Credits,
}

/// How close an allocation is to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Under three quarters used.
    Fine,
    /// Three quarters or more used.
    Watch,
    /// Nine tenths or more used.
    NearlyOut,
    /// Nothing left.
    Stopped,
}

impl Balance {
    /// What is left; never below zero.
    pub fn remaining(self) -> Credits {
        self.allocation.saturating_sub(self.used).max(Credits::ZERO)
    }

    /// What was spent past the allocation; never below zero.
    pub fn overage(self) -> Credits {
        self.used.saturating_sub(self.allocation).max(Credits::ZERO)
    }

    /// The level that colour, text and icon show.
    pub fn level(self) -> Level {
        let used = i128::from(self.used.micro()) * 100;
        let allocation = i128::from(self.allocation.micro());
        match used {
            _ if self.used >= self.allocation => Level::Stopped,
            used if used >= allocation * 90 => Level::NearlyOut,
            used if used >= allocation * 75 => Level::Watch,
            _ => Level::Fine,
        }
    }
}

impl Level {
    /// The level in words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fine => "On track",
            Self::Watch => "Three quarters used",
            Self::NearlyOut => "Nearly out",
            Self::Stopped => "Out of credits",
        }
    }

    /// The name in CSS classes.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Watch => "watch",
            Self::NearlyOut => "nearly-out",
            Self::Stopped => "stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 100, Level::Fine, 100, 0)]
    #[case(74, 100, Level::Fine, 26, 0)]
    #[case(75, 100, Level::Watch, 25, 0)]
    #[case(90, 100, Level::NearlyOut, 10, 0)]
    #[case(100, 100, Level::Stopped, 0, 0)]
    #[case(130, 100, Level::Stopped, 0, 30)]
    #[case(0, 0, Level::Stopped, 0, 0)]
    fn levels_remaining_and_overage(
        #[case] used: i64,
        #[case] allocation: i64,
        #[case] level: Level,
        #[case] remaining: i64,
        #[case] overage: i64,
    ) {
        let balance = Balance {
            allocation: Credits::from_micro(allocation),
            used: Credits::from_micro(used),
        };
        assert_eq!(balance.level(), level);
        assert_eq!(balance.remaining().micro(), remaining);
        assert_eq!(balance.overage().micro(), overage);
    }
}
