//! What happens when no credits remain.

use serde::{Deserialize, Serialize};

use crate::Credits;

/// What happens when no credits remain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OveragePolicy {
    /// AI features stop at zero.
    #[default]
    HardStop,
    /// They go on until this share of the allocation has been spent past it.
    Grace {
        /// In percent of the allocation.
        percent: u32,
    },
    /// They go on.
    Overage,
}

/// Largest grace, in percent of the allocation.
pub const MAX_GRACE_PERCENT: u32 = 1_000;

impl OveragePolicy {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::HardStop => "hard_stop",
            Self::Grace { .. } => "grace",
            Self::Overage => "overage",
        }
    }

    /// The grace in percent, when there is one.
    pub const fn percent(self) -> Option<u32> {
        match self {
            Self::Grace { percent } => Some(percent),
            Self::HardStop | Self::Overage => None,
        }
    }

    /// From its name and, for `grace`, its percentage.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn named(name: &str, percent: Option<u32>) -> Result<Self, &'static str> {
        match (name, percent) {
            ("hard_stop", None) => Ok(Self::HardStop),
            ("overage", None) => Ok(Self::Overage),
            ("grace", Some(percent)) if percent <= MAX_GRACE_PERCENT => Ok(Self::Grace { percent }),
            ("grace", Some(_)) => Err("may have a grace of at most 1000 percent"),
            ("grace", None) => Err("needs grace_percent"),
            ("hard_stop" | "overage", Some(_)) => Err("goes without grace_percent"),
            _ => Err("must be one of hard_stop, grace, overage"),
        }
    }

    /// How far past the allocation spending may go; none when nothing ends it, or nothing that can be counted.
    pub fn headroom(self, allocation: Credits) -> Option<Credits> {
        match self {
            Self::HardStop => Some(Credits::ZERO),
            Self::Grace { percent } => {
                let micro = i128::from(allocation.micro().max(0)) * i128::from(percent) / 100;
                Credits::from_wide(micro)
            }
            Self::Overage => None,
        }
    }
}
